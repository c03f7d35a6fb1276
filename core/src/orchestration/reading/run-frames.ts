import { evolve } from '../workflow/evolve.ts';
import type { RunView } from '../workflow/run-view.ts';
import { initialState, type RunState } from '../workflow/state.ts';
import { restoreState, serializeState } from '../workflow/state-codec.ts';
import { viewOf } from '../workflow/view-of.ts';
import { KEYFRAME_VERSION, type Keyframe, type KeyframeStore } from './keyframe-store.ts';
import type { RunReader } from './run-reader.ts';

/** How many keyframes there are, and where. */
export interface RunFramesOptions {
  /** A keyframe is kept at every so many events. Default 5,000. */
  readonly every?: number;
  /** Characters of keyframes that are kept, of all runs together. Default 64 Mi. */
  readonly maxChars?: number;
  /** Where keyframes outlive this process. Default: nowhere. What it fails with costs no more than folding again. */
  readonly store?: KeyframeStore;
  /** Told the first failure of the store. */
  onError?(error: unknown): void;
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
 * for longest are forgotten first, and of one run that alone is too large every other keyframe. One from a store is gone on with only where the history has
 * the event that it was made at.
 */
export class RunFrames {
  readonly #reader: Pick<RunReader, 'history'>;
  readonly #every: number;
  readonly #maxChars: number;
  readonly #store: KeyframeStore | undefined;
  #onError: (error: unknown) => void;
  /** The one that was asked for last is the last. */
  readonly #runs = new Map<string, Frames>();
  #chars = 0;
  /** Runs that are being folded: whoever asks for the same one meanwhile waits, and finds the keyframes that were made. */
  readonly #folding = new Map<string, Promise<void>>();

  constructor(reader: Pick<RunReader, 'history'>, options: RunFramesOptions = {}) {
    const { every = EVERY, maxChars = MAX_CHARS, store, onError = () => undefined } = options;
    this.#reader = reader;
    this.#store = store;
    this.#onError = onError;
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
    const remembered = this.#before(runId, at);
    const state = (await this.#stored(runId, remembered.revision, at)) ?? remembered;
    for await (const { revision, event, recorded } of this.#reader.history(runId, state.revision + 1)) {
      if (revision > at) break;
      evolve(state, event);
      if ((revision + 1) % this.#every !== 0) continue;
      const text = this.#keep(runId, state);
      if (text !== undefined)
        await this.#try((store) =>
          store.save(runId, KEYFRAME_VERSION, { revision, eventId: recorded.id, state: text }),
        );
    }
    return viewOf(state);
  }

  /** A state out of the store that spares folding; undefined where there is none of this very history. */
  async #stored(runId: string, after: number, at: number): Promise<RunState | undefined> {
    if (at - after <= this.#every) return undefined;
    const frame = await this.#try((store) => store.load(runId, KEYFRAME_VERSION, { after, at }));
    if (frame === undefined) return undefined;
    const state = (await this.#isOf(runId, frame)) ? restored(runId, frame) : undefined;
    if (state === undefined) await this.#try((store) => store.forget(runId));
    else this.#remember(runId, frame.revision, frame.state);
    return state;
  }

  async #isOf(runId: string, { revision, eventId }: Keyframe): Promise<boolean> {
    for await (const { recorded } of this.#reader.history(runId, revision)) return recorded.id === eventId;
    return false;
  }

  async #try<Result>(work: (store: KeyframeStore) => Promise<Result>): Promise<Result | undefined> {
    if (this.#store === undefined) return undefined;
    try {
      return await work(this.#store);
    } catch (error) {
      this.#onError(error);
      this.#onError = () => undefined;
      return undefined;
    }
  }

  /** Characters that are kept now. */
  get size(): number {
    return this.#chars;
  }

  /** Closes the store. */
  async close(): Promise<void> {
    await this.#try((store) => store.close());
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

  /** Its text, if it was not kept yet. */
  #keep(runId: string, state: RunState): string | undefined {
    if (this.#runs.get(runId)?.states.has(state.revision) === true) return undefined;
    const text = serializeState(state);
    this.#remember(runId, state.revision, text);
    return text;
  }

  #remember(runId: string, at: number, text: string): void {
    const frames = this.#runs.get(runId) ?? { states: new Map<number, string>(), chars: 0 };
    this.#runs.set(runId, frames);
    if (frames.states.has(at)) return;
    const after = [...frames.states].filter(([revision]) => revision > at);
    for (const [revision] of after) frames.states.delete(revision);
    frames.states.set(at, text);
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

/** Undefined for a text that is not what was written: it is a cache. */
function restored(runId: string, { revision, state }: Keyframe): RunState | undefined {
  try {
    const found = restoreState(state, (recorded) => recorded);
    return found.runId === runId && found.revision === revision ? found : undefined;
  } catch {
    return undefined;
  }
}
