import type { RunEvent } from '../workflow/events.ts';
import { evolve } from '../workflow/evolve.ts';
import type { RunView } from '../workflow/run-view.ts';
import { initialState, type RunState } from '../workflow/state.ts';
import { restoreState } from '../workflow/state-codec.ts';
import { viewOf } from '../workflow/view-of.ts';

/**
 * Folds the history of one run, event by event, as whoever drives it does. Needs neither a store nor Node, so a page in a browser folds by the same code. Events
 * are folded in the order of their revisions, each once; a view is of its moment, and is to be read before the next event.
 */
export class RunFold {
  readonly #state: RunState;

  private constructor(state: RunState) {
    this.#state = state;
  }

  /** From the beginning; or from a keyframe, as RunFrames.keyframe() gives it. */
  static from(keyframe?: string): RunFold {
    return new RunFold(keyframe === undefined ? initialState() : restoreState(keyframe, (recorded) => recorded));
  }

  /** Of the last event that was folded; -1 before the first. */
  get revision(): number {
    return this.#state.revision;
  }

  fold(event: RunEvent): void {
    evolve(this.#state, event);
  }

  /** The run as it is after that event. */
  get view(): RunView {
    return viewOf(this.#state);
  }
}
