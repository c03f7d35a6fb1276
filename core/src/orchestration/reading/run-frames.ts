import { evolve } from '../workflow/evolve.ts';
import type { RunView } from '../workflow/run-view.ts';
import { initialState, type RunState } from '../workflow/state.ts';
import { restoreState, serializeState } from '../workflow/state-codec.ts';
import { viewOf } from '../workflow/view-of.ts';
import type { RunReader } from './run-reader.ts';

export interface RunFramesOptions {
  /** A keyframe is kept at every so many events. Default 5,000. */
  readonly every?: number;
  /** Characters of keyframes that are kept, of all runs together. Default 64 Mi. */
  readonly maxChars?: number;
}

const EVERY = 5000;
const MAX_CHARS = 64 * 1024 * 1024;

interface Frames {
  /** By revision, ascending. */
  readonly states: Map<number, string>;
  chars: number;
}

/**
 * States of runs at any revision, for whoever goes back and forth in them. A run is folded from its beginning once; on the way its state is kept at every
 * 5,000th event, and from then on a state costs the fold from the one before it. What is kept is a cache of a bounded size: runs that were not asked
 * for longest are forgotten first, and of one run that alone is too large every other keyframe.
 */
export class RunFrames {
  readonly #reader: Pick<RunReader, 'history'>;
  readonly #every: number;
  readonly #maxChars: number;
  /** The one that was asked for last is the last. */
  readonly #runs = new Map<string, Frames>();
  #chars = 0;
  /** Runs that are being folded: whoever asks for the same one meanwhile waits, and finds the keyframes that were made. */
  readonly #folding = new Map<string, Promise<void>>();

  constructor(reader: Pick<RunReader, 'history'>, { every = EVERY, maxChars = MAX_CHARS }: RunFramesOptions = {}) {
    this.#reader = reader;
    this.#every = every;
    this.#maxChars = maxChars;
  }

  /** The state after revision `at`; that of the last revision, when there are fewer or `at` is absent. Throws REPRISE_RUN_NOT_FOUND. */
  async state(runId: string, at = Number.POSITIVE_INFINITY): Promise<RunView> {
    const before = this.#folding.get(runId);
    const own = Promise.withResolvers<void>();
    this.#folding.set(runId, own.promise);
    await before;
    try {
      return await this.#fold(runId, at);
    } finally {
      own.resolve();
      if (this.#folding.get(runId) === own.promise) this.#folding.delete(runId);
    }
  }

  /**
   * The last keyframe that is not after revision `at`, for whoever folds on from there (RunFold.from()); undefined when that is the beginning. It is folded as
   * state() folds, where it was not before. Throws REPRISE_RUN_NOT_FOUND.
   */
  async keyframe(
    runId: string,
    at: number,
  ): Promise<{ readonly revision: number; readonly state: string } | undefined> {
    await this.state(runId, at);
    let found: { readonly revision: number; readonly state: string } | undefined;
    for (const [revision, state] of this.#runs.get(runId)?.states ?? []) {
      if (revision > at) break;
      found = { revision, state };
    }
    return found;
  }

  async #fold(runId: string, at: number): Promise<RunView> {
    const state = this.#before(runId, at);
    for await (const { revision, event } of this.#reader.history(runId, state.revision + 1)) {
      if (revision > at) break;
      evolve(state, event);
      if ((revision + 1) % this.#every === 0) this.#keep(runId, state);
    }
    return viewOf(state);
  }

  /** Characters that are kept now. */
  get size(): number {
    return this.#chars;
  }

  #before(runId: string, at: number): RunState {
    const frames = this.#runs.get(runId);
    if (frames === undefined) return initialState();
    this.#runs.delete(runId);
    this.#runs.set(runId, frames);
    let text: string | undefined;
    for (const [revision, state] of frames.states) {
      if (revision > at) break;
      text = state;
    }
    return text === undefined ? initialState() : restoreState(text, (recorded) => recorded);
  }

  #keep(runId: string, state: RunState): void {
    const frames = this.#runs.get(runId) ?? { states: new Map<number, string>(), chars: 0 };
    this.#runs.set(runId, frames);
    if (frames.states.has(state.revision)) return;
    const text = serializeState(state);
    const after = [...frames.states].filter(([revision]) => revision > state.revision);
    for (const [revision] of after) frames.states.delete(revision);
    frames.states.set(state.revision, text);
    for (const [revision, kept] of after) frames.states.set(revision, kept);
    this.#count(frames, text.length);
    this.#forget(runId);
  }

  #forget(runId: string): void {
    for (const [other, frames] of this.#runs) {
      if (this.#chars <= this.#maxChars) return;
      if (other === runId) continue;
      this.#runs.delete(other);
      this.#chars -= frames.chars;
    }
    const frames = this.#runs.get(runId);
    while (frames !== undefined && this.#chars > this.#maxChars && frames.states.size > 0) {
      for (const [index, [revision, text]] of [...frames.states].entries()) {
        if (index % 2 === 1 && frames.states.size > 1) continue;
        frames.states.delete(revision);
        this.#count(frames, -text.length);
      }
    }
  }

  #count(frames: Frames, chars: number): void {
    frames.chars += chars;
    this.#chars += chars;
  }
}
