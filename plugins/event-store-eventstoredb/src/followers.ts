import {
  BEGINNING,
  type EventPage,
  type EventStore,
  type EventStoreSubscription,
  NO_STREAM,
  type Position,
  PullSubscription,
  type RecordedEvent,
  type SubscribeOptions,
  sleep,
  systemClock,
} from '@reprise/core/plugin';
import { mayPass } from './log.ts';

/** Pauses before a read is tried again that was not answered, in ms: the first, doubled up to the last. */
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 2000;
/** For how long something is looked for that was heard of, and is not in what is read, in ms: the node that answers may be behind. */
const BEHIND_MS = 10_000;

/** The reads of the store, and where it ends. */
export interface FollowedStore extends Pick<EventStore, 'read' | 'readAll'> {
  end(): Promise<Position>;
  endOf(stream: string): Promise<number>;
  /** There is a subscription where there was none, or none where there was one. */
  onFollowed(followed: boolean): void;
}

/** What a subscription is to. */
interface Reads {
  readPage(last: RecordedEvent | undefined, limit: number): Promise<EventPage>;
  /** Whether a subscription that is `at` a place (undefined: where it began) has had `place`. */
  reached(at: Place | undefined, place: Place): boolean;
}

/** One subscription, which can be woken, and be told not to wait for the server any longer. */
interface Follower {
  readonly stream: string | undefined;
  readonly subscription: PullSubscription;
  /** Something of its that is there for certain. */
  heardOf(place: Place): void;
  giveUp(): void;
}

/** Where an event stands. */
export type Place = Pick<RecordedEvent, 'revision' | 'position'>;

/**
 * The open subscriptions. Each reads by itself, from where it was, when it hears that there is something new: nothing is lost and nothing comes
 * twice, whatever becomes of the connection. While the server does not answer, it asks again.
 */
export class Followers {
  readonly #store: FollowedStore;
  readonly #followers = new Set<Follower>();
  #closed = false;

  constructor(store: FollowedStore) {
    this.#store = store;
  }

  async open(options: SubscribeOptions): Promise<EventStoreSubscription> {
    const { readPage, reached } = await this.#reads(options);
    const { promise: gaveUp, resolve } = Promise.withResolvers<void>();
    let given = this.#closed;
    const giveUp = (): void => {
      given = true;
      resolve();
    };
    const patience = { gaveUp, given: () => given };
    let heard: Place | undefined;
    const subscription = new PullSubscription(options, {
      readPage: (last, limit) =>
        patiently(
          patience,
          () => readPage(last, limit),
          (page) => heard === undefined || reached(page.at(-1) ?? last, heard),
        ),
      onEnded: () => this.#ended(follower),
    });
    const heardOf = (place: Place): void => {
      if (heard === undefined || !reached(heard, place)) heard = place;
    };
    const follower: Follower = { stream: options.stream, subscription, heardOf, giveUp };
    if (this.#followers.size === 0) this.#store.onFollowed(true);
    this.#followers.add(follower);
    return {
      close: () => {
        giveUp();
        return subscription.close();
      },
    };
  }

  /** An event was appended to the stream. */
  appended(stream: string, place: Place): void {
    for (const follower of this.#followers) {
      if (follower.stream !== undefined && follower.stream !== stream) continue;
      follower.heardOf(place);
      follower.subscription.wake();
    }
  }

  /** Something may have been appended to any stream. */
  wakeAll(): void {
    for (const { subscription } of this.#followers) subscription.wake();
  }

  /** Closes all of them. Does not reject. */
  async close(): Promise<void> {
    this.#closed = true;
    const open = [...this.#followers];
    for (const { giveUp } of open) giveUp();
    await Promise.allSettled(open.map(({ subscription }) => subscription.close()));
  }

  /** The store is asked where it ends before the subscription is there. */
  async #reads(options: SubscribeOptions): Promise<Reads> {
    const { read, readAll } = this.#store;
    if (options.stream === undefined) {
      const after = options.after === 'end' ? await this.#store.end() : (options.after ?? BEGINNING);
      return {
        readPage: (last, limit) => readAll({ after: last?.position ?? after, limit }),
        reached: (at, { position }) => (at?.position ?? after) >= position,
      };
    }
    const { stream } = options;
    const after = options.after === 'end' ? await this.#store.endOf(stream) : (options.after ?? NO_STREAM);
    return {
      readPage: (last, limit) => read(stream, { from: (last?.revision ?? after) + 1, limit }),
      reached: (at, { revision }) => (at?.revision ?? after) >= revision,
    };
  }

  #ended(follower: Follower): void {
    if (this.#followers.delete(follower) && this.#followers.size === 0) this.#store.onFollowed(false);
  }
}

interface Patience {
  readonly gaveUp: Promise<void>;
  given(): boolean;
}

/**
 * Reads until it is answered, and has `reached` what it was heard of; after BEHIND_MS without that it is as it is. Gives an empty page, which
 * nobody sees, to a subscription that is being closed.
 */
async function patiently(
  { gaveUp, given }: Patience,
  read: () => Promise<EventPage>,
  reached: (page: EventPage) => boolean,
): Promise<EventPage> {
  let until: number | undefined;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LAST_PAUSE_MS)) {
    if (given()) return [];
    try {
      const page = await Promise.race([read(), gaveUp.then(() => [])]);
      if (reached(page) || given()) return page;
      // More is there: it is read when these are delivered.
      if (page.length > 0) return [...page];
      until ??= systemClock.now() + BEHIND_MS;
      if (systemClock.now() >= until) return page;
    } catch (error) {
      if (!mayPass(error) || given()) throw error;
    }
    // Keeps the process alive, as what it waits for would.
    await Promise.race([sleep(pause), gaveUp]);
  }
}
