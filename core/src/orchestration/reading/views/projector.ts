import { didYouMean } from '../../../definition/did-you-mean.ts';
import type { EventStore } from '../../../event-store/event-store.ts';
import { BEGINNING, type Position } from '../../../event-store/position.ts';
import type { Clock } from '../../../shared/clock.ts';
import { isRepriseError, RepriseError } from '../../../shared/errors.ts';
import { nextTurn } from '../../../shared/system.ts';
import { thrownText } from '../../../shared/thrown-text.ts';
import type { Notice } from '../../monitoring/monitor.ts';
import { lastDeletion } from '../deletion/deletions.ts';
import { EventFeed, type FeedPage } from './event-feed.ts';
import { FollowedView, isConflict } from './followed-view.ts';
import type { Projection } from './projection.ts';
import type { ViewStore } from './view-store.ts';

/** What a projector reads from, writes to, and says what happens to. */
export interface ProjectorParts {
  readonly store: Pick<EventStore, 'read' | 'readAll' | 'subscribe'>;
  readonly views: ViewStore;
  readonly projections: readonly Projection[];
  readonly clock: Clock;
  /** What monitors are told: a projection that threw, events that cannot be read, a view store that does not answer. */
  notice(notice: Notice): void;
  readonly options?: ProjectorOptions;
}

export interface ProjectorOptions {
  /** Events that are folded in one commit, at most. Default 500. */
  readonly batchSize?: number;
  /** How long few new events wait for more, while nobody waits for them; ms. Default 20. */
  readonly gatherMs?: number;
}

/** How far a view is behind, as far as this process knows. */
export interface ViewLag {
  readonly view: string;
  readonly version: number;
  /** Up to where it is built. */
  readonly position: Position;
  /** It has had everything that there was. */
  readonly caughtUp: boolean;
  /** Age of the last event that it was built from; 0 when it has caught up, undefined when it was built from none yet. */
  readonly behindMs: number | undefined;
  /** Events that this build could not read: what they say is missing in the rows. */
  readonly skipped: number;
  /** Why it is built no further: its projection threw. */
  readonly failure?: RepriseError;
}

const BATCH = 500;
const GATHER_MS = 20;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5000;
/** How often it is said how far a view is that takes its time to be built; ms. */
const PROGRESS_MS = 5000;

interface Loop {
  readonly view: FollowedView;
  /** Asked for by rebuild(). */
  rebuilds: PromiseWithResolvers<void>[];
  /** Told after each batch, and when the view will come no further. */
  readonly watchers: Set<() => void>;
  loaded: boolean;
  /** While it is behind: since when, how many events it was built from since, and when that was said last. */
  progress: { readonly since: number; events: number; saidAt: number } | undefined;
  readonly ended: Promise<void>;
}

/**
 * Follows all streams for a set of projections, and keeps their views.
 *
 *   new ──start()──► following ──close()──► closed
 *
 * Each view goes its own way: from its checkpoint, page by page, each page in one commit. One that throws is stopped, and harms no other; one that
 * another process has built further goes on from there; one whose checkpoint is not of this store, or whose version is new, is built anew. While
 * the view store does not answer, it is asked again, ever more rarely.
 */
export class Projector {
  readonly #parts: ProjectorParts;
  readonly #loops = new Map<string, Loop>();
  readonly #closing = new AbortController();
  #feed: EventFeed | undefined;
  #deaf: (() => void) | undefined;

  constructor(parts: ProjectorParts) {
    this.#parts = parts;
  }

  /** Reads the checkpoints, and begins. Rejects when the view store or the event store cannot be read: then nothing has begun. */
  async start(): Promise<void> {
    const { store, views, projections, clock, options = {} } = this.#parts;
    const followed = projections.map((projection) => new FollowedView(projection, views));
    this.#deaf = views.onRemade?.((why) => this.#report('warn', `Views are built anew: ${why}.`));
    for (const view of followed) await this.#load(view);
    const first =
      followed
        .map(({ position }) => position)
        .sort()
        .at(-1) ?? BEGINNING;
    const feed = new EventFeed(
      {
        store,
        clock,
        pageSize: options.batchSize ?? BATCH,
        gatherMs: options.gatherMs ?? GATHER_MS,
        report: (level, message) => this.#report(level, message),
      },
      first,
    );
    this.#feed = feed;
    for (const view of followed) {
      const loop = { view, rebuilds: [], watchers: new Set<() => void>(), loaded: true, progress: undefined };
      // Begins in the next turn, so that it is known by then.
      const ended = Promise.resolve().then(() => this.#run(feed, view.projection.name));
      this.#loops.set(view.projection.name, { ...loop, ended });
    }
    try {
      await feed.start();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Of views that were built from something. */
  get lags(): Readonly<Record<string, number>> {
    const ages = [...this.#loops.keys()].map((name) => [name, this.lag(name).behindMs] as const);
    return Object.fromEntries(ages.flatMap(([name, age]) => (age === undefined ? [] : [[name, age]])));
  }

  /** Throws REPRISE_VIEW_UNKNOWN. */
  lag(name: string): ViewLag {
    const { view } = this.#loop(name);
    const { projection, position, time, skipped, failure } = view;
    const caughtUp = failure === undefined && this.#feed?.isAtEnd(position) === true;
    const age = time === undefined ? undefined : Math.max(0, this.#parts.clock.now() - time);
    return {
      view: name,
      version: projection.version,
      position,
      caughtUp,
      behindMs: caughtUp ? 0 : age,
      skipped,
      ...(failure === undefined ? {} : { failure }),
    };
  }

  /**
   * Waits until the view has had the event at `position`, for `withinMs` at most (decisions.md: 1 s for who reads his own command). Says whether it
   * has; how far it is otherwise, lag() says.
   */
  async caughtUp(name: string, position: Position, { withinMs }: { readonly withinMs: number }): Promise<boolean> {
    const loop = this.#loop(name);
    const done = (): boolean => loop.view.position >= position;
    if (done()) return true;
    const calm = this.#feed?.hurry();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#parts.clock.schedule(withinMs, resolve);
    const look = (): void => {
      if (done() || loop.view.failure !== undefined || this.#closing.signal.aborted) resolve();
    };
    loop.watchers.add(look);
    look();
    await promise;
    loop.watchers.delete(look);
    timer.cancel();
    calm?.();
    return done();
  }

  /**
   * Waits until the view has had everything that was in the store at some moment after the call; `withinMs` at most, when it is given. Says whether it
   * has. Rejects with what stopped the view, and REPRISE_STOPPED once the projector is closed.
   */
  async reachEnd(name: string, { withinMs }: { readonly withinMs?: number } = {}): Promise<boolean> {
    const loop = this.#loop(name);
    const { clock, store } = this.#parts;
    const until = clock.now() + (withinMs ?? Number.POSITIVE_INFINITY);
    const calm = this.#feed?.hurry();
    try {
      for (;;) {
        const { position, failure } = loop.view;
        if (failure !== undefined) throw failure;
        this.#assertOpen(name);
        const [next] = await store.readAll({ after: position, limit: 1 });
        if (next === undefined) return true;
        const left = until - clock.now();
        if (left <= 0) return false;
        await this.caughtUp(name, next.position, { withinMs: Math.min(left, LONGEST_RETRY_MS) });
      }
    } finally {
      calm?.();
    }
  }

  /** Builds the view anew, from the first event on; also one that its projection stopped. Resolves when it has begun. */
  async rebuild(name: string): Promise<void> {
    const loop = this.#loop(name);
    this.#assertOpen(name);
    const asked = Promise.withResolvers<void>();
    loop.rebuilds.push(asked);
    this.#feed?.wake();
    await asked.promise;
  }

  /** Waits for the commits under way. The stores stay open. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#deaf?.();
    await this.#feed?.close();
    for (const { watchers, ended } of this.#loops.values()) {
      for (const watcher of [...watchers]) watcher();
      await ended;
    }
  }

  #assertOpen(name: string): void {
    if (this.#closing.signal.aborted) throw stopped(name);
  }

  #loop(name: string): Loop {
    const loop = this.#loops.get(name);
    if (loop === undefined) throw unknownView(name, this.#parts.projections);
    return loop;
  }

  async #run(feed: EventFeed, name: string): Promise<void> {
    const loop = this.#loop(name);
    let delay = 0;
    while (!this.#closing.signal.aborted) {
      try {
        await this.#step(feed, loop);
        delay = 0;
      } catch (error) {
        loop.loaded = false;
        if (isConflict(error)) continue;
        if (isRepriseError(error, 'REPRISE_STORE_CLOSED') || isRepriseError(error, 'REPRISE_VIEW_STORE_CLOSED')) break;
        if (delay === 0)
          this.#report('error', `The view '${name}' cannot be built now, and is tried again: ${thrownText(error)}`);
        delay = Math.min(LONGEST_RETRY_MS, delay * 2 || FIRST_RETRY_MS);
        await this.#pause(delay);
      }
      for (const watcher of [...loop.watchers]) watcher();
    }
    for (const asked of loop.rebuilds) asked.reject(stopped(name));
  }

  /** One batch, or what has to be done before the next one. */
  async #step(feed: EventFeed, loop: Loop): Promise<void> {
    const { view } = loop;
    if (loop.rebuilds.length > 0) {
      const asked = loop.rebuilds;
      loop.loaded = false;
      await view.clear();
      loop.loaded = true;
      loop.rebuilds = loop.rebuilds.filter((one) => !asked.includes(one));
      for (const one of asked) one.resolve();
    }
    if (!loop.loaded) {
      await this.#load(view);
      loop.loaded = true;
    }
    if (view.failure !== undefined) return feed.idle();
    const page = await this.#next(feed, loop);
    if (page === undefined || loop.rebuilds.length > 0 || this.#closing.signal.aborted) return;
    if (page.deletion !== undefined && page.deletion > view.deletions) {
      // What it has of the runs that are gone, nobody can take out of it again.
      this.#report('info', `The view '${view.projection.name}' is built anew: runs were deleted.`);
      loop.loaded = false;
      await view.clear();
      return;
    }
    await view.take(page);
    this.#reportFailure(view);
    if (view.failure === undefined) this.#reportProgress(loop, page.recorded.length);
    // Stores in memory answer at once: whatever else the process does has its turn between two batches.
    await nextTurn();
  }

  async #next(feed: EventFeed, loop: Loop): Promise<FeedPage | undefined> {
    const { position } = loop.view;
    const { ends } = feed;
    const isLast = feed.isLast(position);
    if (feed.isAtEnd(position)) this.#built(loop);
    const page = await feed.next(position);
    // It came to the end while it waited.
    if (isLast && feed.ends > ends) this.#built(loop);
    return page;
  }

  async #load(view: FollowedView): Promise<void> {
    await view.load();
    const { store } = this.#parts;
    if (!(await view.isOf(async (after) => (await store.readAll({ after, limit: 1 }))[0]))) {
      const outdated = await lastDeletion(store).then((deletion) => deletion > view.deletions);
      const why = outdated ? 'Runs were deleted, so the' : 'The';
      const from = outdated ? '' : ' was built from another store, and';
      this.#report(outdated ? 'info' : 'warn', `${why} view '${view.projection.name}'${from} is built anew.`);
      await view.clear();
    }
    if (view.position !== BEGINNING) return;
    view.begin(await lastDeletion(store));
    this.#feed?.forget();
  }

  #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#parts.clock.schedule(ms, resolve);
    const { signal } = this.#closing;
    const over = (): void => resolve();
    signal.addEventListener('abort', over);
    return promise.then(() => {
      timer.cancel();
      signal.removeEventListener('abort', over);
    });
  }

  #reportFailure({ failure }: FollowedView): void {
    if (failure !== undefined) this.#report('error', failure.message, { code: failure.code, ...failure.details });
  }

  /** A long fold says how far it is. */
  #reportProgress(loop: Loop, events: number): void {
    const now = this.#parts.clock.now();
    loop.progress ??= { since: now, events: 0, saidAt: now };
    const { progress, view } = loop;
    progress.events += events;
    if (now - progress.saidAt < PROGRESS_MS) return;
    progress.saidAt = now;
    const count = progress.events.toLocaleString('en');
    const at = new Date(view.time ?? 0).toISOString();
    this.#report(
      'info',
      `The view '${view.projection.name}' is being built: ${count} events so far, the last of ${at}.`,
    );
  }

  /** The view has had everything that there was. */
  #built(loop: Loop): void {
    const { view, progress } = loop;
    loop.progress = undefined;
    if (progress === undefined || progress.saidAt === progress.since) return;
    this.#report(
      'info',
      `The view '${view.projection.name}' is built, from ${progress.events.toLocaleString('en')} events.`,
    );
  }

  #report(level: 'info' | 'warn' | 'error', message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#parts.notice({ kind: 'log', level, message, ...(fields === undefined ? {} : { fields }) });
  }
}

const stopped = (name: string): RepriseError =>
  new RepriseError('REPRISE_STOPPED', `The view '${name}' is built no further: its projector was closed.`);

/** REPRISE_VIEW_UNKNOWN, with what there is. */
export function unknownView(name: string, projections: readonly Projection[]): RepriseError {
  const known = projections.map((one) => one.name);
  const there = known.length === 0 ? 'there is none' : `there are ${known.join(', ')}`;
  return new RepriseError('REPRISE_VIEW_UNKNOWN', `There is no view '${name}'${didYouMean(name, known)} (${there}).`, {
    details: { view: name, known },
  });
}
