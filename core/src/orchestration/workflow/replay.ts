import { stateDigest } from './digest/state-digest.ts';
import { endDigest, isEnd } from './end-of-run.ts';
import type { RunEvent } from './events.ts';
import { evolve } from './evolve.ts';
import type { RunView } from './run-view.ts';
import { initialState, type RunState } from './state.ts';
import { viewOf } from './view-of.ts';

/** What a replay found. `recordedDigest` is undefined for a run that has not ended: there is nothing to compare with. */
export interface ReplayResult {
  readonly state: RunView;
  readonly events: number;
  readonly replayedDigest: string;
  readonly recordedDigest: string | undefined;
  /** Whether the replayed state equals the recorded one; undefined when nothing is recorded yet. */
  readonly matches: boolean | undefined;
}

/** Folds a history, comparing the state before its terminal event with what that event recorded. Calls nothing else. */
export class Replay {
  readonly #state: RunState = initialState();
  #events = 0;
  #recorded: string | undefined;
  #replayed: string | undefined;

  /** The run as folded so far. */
  get state(): RunView {
    return viewOf(this.#state);
  }

  fold(event: RunEvent): void {
    if (isEnd(event) && this.#recorded === undefined) {
      // An end that lost its digest matches nothing.
      this.#recorded = event.stateDigest ?? '';
      this.#replayed = endDigest(this.#state, event);
    }
    this.#events += 1;
    evolve(this.#state, event);
  }

  result(): ReplayResult {
    const replayedDigest = this.#replayed ?? stateDigest(this.#state);
    return {
      state: this.state,
      events: this.#events,
      replayedDigest,
      recordedDigest: this.#recorded,
      matches: this.#recorded === undefined ? undefined : this.#recorded === replayedDigest,
    };
  }
}

/** Folds events from the first one on. */
export function replay(events: Iterable<RunEvent>): ReplayResult {
  const run = new Replay();
  for (const event of events) run.fold(event);
  return run.result();
}
