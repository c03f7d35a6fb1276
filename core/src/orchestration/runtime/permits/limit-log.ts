import type { EventStore } from '../../../event-store/event-store.ts';
import { readStream } from '../../../event-store/read-stream.ts';
import type { Clock } from '../../../shared/clock.ts';
import { isRepriseError } from '../../../shared/errors.ts';
import { Fifo } from '../../../shared/fifo.ts';
import { whenIdle } from '../../../shared/system.ts';
import { untilKnown } from '../until-known.ts';
import { decideLimit, type LimitCommand } from './limit-decide.ts';
import { type LimitEvent, limitStream, readLimitEvent, toNewEvents } from './limit-events.ts';
import { evolveLimit, initialLimit, type LimitState } from './limit-state.ts';

export interface LimitLogParts {
  /** Names this orchestrator: unique to this process. */
  readonly id: string;
  readonly store: EventStore;
  readonly clock: Clock;
  readonly maxPauseMs: number;
  /** Whatever could not be read or appended is tried again. */
  failed(limit: string, error: unknown): void;
}

export interface LimitItem {
  readonly command: LimitCommand;
  /** What it led to is durable. */
  done?(events: readonly LimitEvent[]): void;
}

/** Conflicts in a row after which there is a pause before the next try, and the longest, in ms. */
const CONFLICTS_AT_ONCE = 4;
const LONGEST_PAUSE_MS = 250;
/** After how long what failed for no known cause is tried again, in ms. */
const AGAIN_MS = 1000;
/** Commands that one append is made of at most. */
const MOST_COMMANDS = 256;
const BACKWARDS = 250;

/**
 * The history of one limit, as this process knows it. There is no owner: whoever has a command decides it by what he knows, and appends at the revision of
 * that; who was slower conflicts, reads what came, and decides again. So there is nothing to be taken over, and nothing that is lost with anybody.
 *
 * Commands are served in their order, those that wait in one append.
 *
 *   unread ──submit(), heard()──► syncing ──nothing more to do──► known ──heard()──► syncing
 *     ▲                             │ conflict, failure
 *     └─────────────────────────────┘
 */
export class LimitLog {
  readonly limit: string;
  readonly stream: string;
  readonly #parts: LimitLogParts;
  readonly #items = new Fifo<LimitItem>();
  readonly #listeners = new Set<(state: LimitState) => void>();
  #state: LimitState | undefined;
  #syncing = false;
  #working: Promise<void> = Promise.resolve();
  #isBehind = false;
  #closed = false;

  constructor(limit: string, parts: LimitLogParts) {
    this.limit = limit;
    this.stream = limitStream(limit);
    this.#parts = parts;
  }

  /** As far as this process has heard; not to be changed. Undefined while it is being read. */
  get state(): LimitState | undefined {
    return this.#syncing ? undefined : this.#state;
  }

  /** Nobody waits for anything here. */
  get isQuiet(): boolean {
    return !this.#syncing && this.#listeners.size === 0;
  }

  submit(item: LimitItem): void {
    if (this.#closed) return;
    this.#items.push(item);
    this.#sync();
  }

  /** Somebody else may have appended. */
  heard(): void {
    // Nobody asks: it is found out by the next append.
    if (this.#closed || this.#listeners.size === 0) return;
    this.#isBehind = true;
    this.#sync();
  }

  /** Calls back with what is known after each change of that. Returns a function that stops it. */
  onChange(listener: (state: LimitState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves once there is nothing to do. */
  async idle(): Promise<void> {
    while (this.#syncing) await this.#working;
  }

  /** What waits is let go of. */
  close(): void {
    this.#closed = true;
    this.#items.take(this.#items.size);
    this.#listeners.clear();
  }

  #sync(): void {
    if (this.#syncing) return;
    this.#syncing = true;
    this.#working = this.#work().then(() => {
      this.#syncing = false;
      if (!this.#closed && (this.#items.size > 0 || this.#isBehind)) return this.#sync();
      if (this.#state !== undefined) for (const listener of [...this.#listeners]) listener(this.#state);
    });
  }

  /** Does not reject. */
  async #work(): Promise<void> {
    let conflicts = 0;
    // What is said one after another is one append.
    await new Promise<void>((resolve) => whenIdle(resolve));
    while (!this.#closed && (this.#items.size > 0 || this.#isBehind)) {
      const items = this.#items.take(MOST_COMMANDS);
      try {
        await this.#serve(items);
        conflicts = 0;
      } catch (error) {
        this.#state = undefined;
        this.#items.unshift(items);
        if (this.#closed) return;
        const isConflict = isRepriseError(error, 'REPRISE_STORE_CONFLICT');
        conflicts += 1;
        if (!isConflict) this.#parts.failed(this.limit, error);
        const pauseMs = isConflict ? Math.min(2 ** (conflicts - CONFLICTS_AT_ONCE), LONGEST_PAUSE_MS) : AGAIN_MS;
        if (pauseMs >= 1) await this.#pause(pauseMs);
      }
    }
  }

  async #serve(items: readonly LimitItem[]): Promise<void> {
    const state = await this.#read();
    const { revision } = state;
    const decided = items.map(({ command }) => decideLimit(state, command));
    const events = decided.flat();
    if (events.length > 0) {
      const { id, store, clock } = this.#parts;
      const added = toNewEvents(this.stream, revision, events, id, clock.now());
      await this.#untilKnown(() => store.append(this.stream, added, revision));
    }
    this.#state = state;
    for (const [index, item] of items.entries()) item.done?.(decided[index] ?? []);
  }

  /** As of now. What is handed out is nobody else's until it is known again: a state that ran ahead of a failed append is lost. */
  async #read(): Promise<LimitState> {
    const known = this.#state;
    this.#state = undefined;
    const isBehind = this.#isBehind;
    this.#isBehind = false;
    if (known !== undefined && !isBehind) return known;
    try {
      const state = known ?? (await this.#untilKnown(() => readLimit(this.#parts.store, this.stream)));
      if (known !== undefined) await this.#untilKnown(() => foldOn(this.#parts.store, this.stream, state));
      return state;
    } catch (error) {
      this.#isBehind ||= isBehind;
      throw error;
    }
  }

  #untilKnown<T>(use: () => Promise<T>): Promise<T> {
    const { clock, maxPauseMs, failed } = this.#parts;
    return untilKnown(use, clock, {
      maxPauseMs,
      stopping: () => this.#closed,
      onRetry: (error) => failed(this.limit, error),
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#parts.clock.schedule(ms, resolve));
  }
}

/** Folds a limit from its last sum on, so that it costs the same however long its history is. */
export async function readLimit(store: Pick<EventStore, 'read'>, stream: string): Promise<LimitState> {
  const state = initialLimit();
  let from = 0;
  for (let before: number | undefined; ; ) {
    const page = await store.read(stream, {
      direction: 'backwards',
      limit: BACKWARDS,
      ...(before === undefined ? {} : { from: before }),
    });
    const sum = page.find(({ type }) => type === 'LimitSummed');
    if (sum !== undefined) from = sum.revision;
    const first = page.at(-1);
    if (sum !== undefined || first === undefined || first.revision === 0) break;
    before = first.revision - 1;
  }
  state.revision = from - 1;
  await foldOn(store, stream, state);
  return state;
}

async function foldOn(store: Pick<EventStore, 'read'>, stream: string, state: LimitState): Promise<void> {
  for await (const recorded of readStream(store, stream, state.revision + 1))
    evolveLimit(state, readLimitEvent(recorded));
}
