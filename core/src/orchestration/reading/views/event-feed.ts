import type {
  EventMetadata,
  EventStore,
  EventStoreSubscription,
  RecordedEvent,
} from '../../../event-store/event-store.ts';
import type { Position } from '../../../event-store/position.ts';
import type { Clock, ScheduledCall } from '../../../shared/clock.ts';
import { streamRunId } from '../../../shared/ids.ts';
import { copyJson, freezeJson, type Json } from '../../../shared/json.ts';
import { thrownText } from '../../../shared/thrown-text.ts';
import { decodeEvent } from '../../workflow/event-schema.ts';
import type { RunEvent } from '../../workflow/events.ts';
import { isDeletion } from '../deletion/deletions.ts';
import type { ViewEvent } from './projection.ts';
import { RunFactsCache } from './run-facts.ts';

/** What followers of all streams read in one go. */
export interface FeedPage {
  /** What projections are handed. */
  readonly events: readonly ViewEvent[];
  /** Where the page begins, and every event on it, of whatever stream: there is at least one. */
  readonly after: Position;
  readonly recorded: readonly Pick<RecordedEvent, 'position' | 'id' | 'time'>[];
  /** Events that this build cannot read; they are left out. */
  readonly skipped: number;
  /** Of the last deletion of a run on it. */
  readonly deletion: Position | undefined;
}

export interface FeedOptions {
  readonly store: Pick<EventStore, 'read' | 'readAll' | 'subscribe'>;
  readonly clock: Clock;
  /** Events on a page that is read, at most. */
  readonly pageSize: number;
  /** How long a page with few events waits for more, while nobody is in a hurry; ms. */
  readonly gatherMs: number;
  /** Told of each kind of event that cannot be read, once, and of a subscription that broke. */
  report(level: 'warn' | 'error', message: string): void;
}

/** Plain JSON that shares nothing with `value`. */
function frozenCopy<T extends RunEvent | EventMetadata>(value: T): T {
  const copy = copyJson(value as unknown as Json);
  freezeJson(copy);
  return copy as unknown as T;
}

/** Pages that are kept for followers that come a little later. */
const KEPT = 4;
const RETRY_MS = 1000;

/**
 * All streams of a store for several followers, each at its own pace. One subscription brings what is new; whoever is further behind reads. Pages
 * are decoded once and kept for a while, so followers that are near each other read together. The subscription waits for the fastest follower, and
 * memory holds a few pages, however slow the others are.
 */
export class EventFeed {
  readonly #options: FeedOptions;
  readonly #facts: RunFactsCache;
  /** By the position that each begins after. */
  readonly #pages = new Map<Position, Promise<FeedPage>>();
  readonly #told = new Set<string>();
  readonly #sleepers = new Set<() => void>();
  #subscription: EventStoreSubscription | undefined;
  /** The last position that the subscription has brought. */
  #last: Position;
  /** Nothing followed it when it was brought. */
  #atEnd = false;
  #ends = 0;
  #alive = false;
  /** What broke the subscription, until it is whole again. */
  #broke: string | undefined;
  #taken: (() => void) | undefined;
  #timer: ScheduledCall | undefined;
  #hurries = 0;
  #closed = false;

  /** The subscription begins after `from`: what most followers have had already. */
  constructor(options: FeedOptions, from: Position) {
    this.#options = options;
    this.#facts = new RunFactsCache(options.store);
    this.#last = from;
  }

  async start(): Promise<void> {
    this.#alive = true;
    this.#subscription = await this.#options.store.subscribe({
      after: this.#last,
      onEvents: (events) => this.#bring(events),
      onCaughtUp: () => {
        this.#broke = undefined;
        this.#atEnd = true;
        this.#ends += 1;
        this.wake();
      },
      onError: (error) => this.#broken(error),
    });
  }

  /** Whether a follower at `position` has had everything that was there, as far as known. */
  isAtEnd(position: Position): boolean {
    return this.#atEnd && position >= this.#last;
  }

  /** How often nothing followed what the subscription had brought. */
  get ends(): number {
    return this.#ends;
  }

  /** Whether the subscription has brought nothing behind that position. */
  isLast(position: Position): boolean {
    return position >= this.#last;
  }

  /** The next page after a position; undefined when there was none, and something may have changed since. */
  async next(after: Position): Promise<FeedPage | undefined> {
    const known = this.#pages.get(after);
    if (after >= this.#last) this.#release();
    if (known !== undefined) return known;
    // Whatever follows, the subscription brings.
    if (after === this.#last && this.#alive) return this.idle();
    const events = await this.#options.store.readAll({ after, limit: this.#options.pageSize });
    // It may have been brought meanwhile.
    const page = this.#pages.get(after) ?? (events.length === 0 ? undefined : this.#keep(after, events));
    return page ?? this.idle();
  }

  /** Pages are read again: they may have what is not in the store any more. */
  forget(): void {
    this.#pages.clear();
  }

  /** Everybody who waits for a page looks again at what it waits for. */
  wake(): void {
    for (const sleeper of [...this.#sleepers]) sleeper();
  }

  /** Until the returned function is called, no page waits for more events. */
  hurry(): () => void {
    this.#hurries += 1;
    this.#gathered();
    let over = false;
    return () => {
      if (!over) this.#hurries -= 1;
      over = true;
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#release();
    this.#gathered();
    this.wake();
    await this.#subscription?.close();
  }

  /** Until something may have changed. */
  idle(): Promise<undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const awake = (): void => {
      this.#sleepers.delete(awake);
      resolve(undefined);
    };
    this.#sleepers.add(awake);
    return promise;
  }

  /** The next page is brought once somebody has taken this one, and, when it was small, has waited for more. */
  async #bring(events: readonly RecordedEvent[]): Promise<void> {
    const last = events.at(-1);
    if (last === undefined || this.#closed) return;
    void this.#keep(this.#last, events);
    this.#last = last.position;
    this.#atEnd = false;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#taken = resolve;
    this.wake();
    await promise;
    if (events.length < this.#options.pageSize / 2) await this.#gather();
  }

  #release(): void {
    this.#taken?.();
    this.#taken = undefined;
  }

  #gathered: () => void = () => undefined;

  async #gather(): Promise<void> {
    if (this.#hurries > 0 || this.#closed || this.#options.gatherMs === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gathered = resolve;
    this.#timer = this.#options.clock.schedule(this.#options.gatherMs, resolve);
    await promise;
    this.#timer.cancel();
  }

  #keep(after: Position, events: readonly RecordedEvent[]): Promise<FeedPage> {
    if (events.some(isDeletion)) this.forget();
    const page = this.#decode(after, events);
    this.#pages.set(after, page);
    if (this.#pages.size > KEPT) this.#pages.delete(this.#pages.keys().next().value ?? '');
    // What cannot be read now is read again, by whoever asks next.
    page.catch(() => this.#pages.delete(after));
    return page;
  }

  async #decode(after: Position, recorded: readonly RecordedEvent[]): Promise<FeedPage> {
    const events: ViewEvent[] = [];
    let skipped = 0;
    for (const one of recorded) {
      const runId = streamRunId(one.stream);
      if (runId === undefined) continue;
      const event = await this.#viewEvent(one, runId);
      if (event === undefined) skipped += 1;
      else events.push(event);
    }
    return { events, after, recorded, skipped, deletion: recorded.findLast(isDeletion)?.position };
  }

  async #viewEvent(recorded: RecordedEvent, runId: string): Promise<ViewEvent | undefined> {
    const { revision, position, time, metadata, type } = recorded;
    try {
      // A projection may do to it what it likes: nobody else has it, and it cannot be changed.
      const event = frozenCopy(decodeEvent(recorded));
      const facts = this.#facts.of(runId, revision, event);
      const run = facts instanceof Promise ? await facts : facts;
      if (run !== undefined)
        return Object.freeze({ runId, revision, position, time, event, metadata: frozenCopy(metadata), run });
      this.#tell(type, `event ${revision} of run '${runId}': the history of the run does not begin with its start`);
    } catch (error) {
      this.#tell(type, `event ${revision} of run '${runId}': ${thrownText(error)}`);
    }
    return undefined;
  }

  #tell(type: string, what: string): void {
    if (this.#told.has(type)) return;
    this.#told.add(type);
    this.#options.report(
      'warn',
      `Views leave out events of type ${type} that cannot be read, the first of them ${what}`,
    );
  }

  /** Whoever waits goes on reading by itself; the subscription is tried again. */
  #broken(error: unknown): void {
    if (this.#closed) return;
    const why = thrownText(error);
    // It may be made again, and break, for as long as the process lives.
    if (why !== this.#broke)
      this.#options.report('warn', `The subscription of the views broke, and is made again: ${why}`);
    this.#broke = why;
    this.#atEnd = false;
    this.#alive = false;
    this.#pages.clear();
    this.wake();
    this.#timer = this.#options.clock.schedule(RETRY_MS, () => {
      this.start().then(
        () => this.wake(),
        (again: unknown) => this.#broken(again),
      );
    });
  }
}
