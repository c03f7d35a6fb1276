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
} from '@reprise/core/plugin';
import { mayPass } from './log.ts';

/** Pauses before a read is tried again that was not answered, in ms: the first, doubled up to the last. */
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 2000;

/** The reads of the store, and where it ends. */
export interface FollowedStore extends Pick<EventStore, 'read' | 'readAll'> {
  end(): Promise<Position>;
  endOf(stream: string): Promise<number>;
  /** There is a subscription where there was none, or none where there was one. */
  onFollowed(followed: boolean): void;
}

/** One subscription, which can be woken, and be told not to wait for the server any longer. */
interface Follower {
  readonly stream: string | undefined;
  readonly subscription: PullSubscription;
  giveUp(): void;
}

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
    const readPage = await this.#reads(options);
    const { promise: gaveUp, resolve } = Promise.withResolvers<void>();
    let given = this.#closed;
    const giveUp = (): void => {
      given = true;
      resolve();
    };
    const subscription = new PullSubscription(options, {
      readPage: (last, limit) =>
        patiently(
          () => readPage(last, limit),
          gaveUp,
          () => given,
        ),
      onEnded: () => this.#ended(follower),
    });
    const follower: Follower = { stream: options.stream, subscription, giveUp };
    if (this.#followers.size === 0) this.#store.onFollowed(true);
    this.#followers.add(follower);
    return {
      close: () => {
        giveUp();
        return subscription.close();
      },
    };
  }

  /** Something was appended to the stream. */
  appended(stream: string): void {
    for (const follower of this.#followers)
      if (follower.stream === undefined || follower.stream === stream) follower.subscription.wake();
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
  async #reads(
    options: SubscribeOptions,
  ): Promise<(last: RecordedEvent | undefined, limit: number) => Promise<EventPage>> {
    const { read, readAll } = this.#store;
    if (options.stream === undefined) {
      const after = options.after === 'end' ? await this.#store.end() : (options.after ?? BEGINNING);
      return (last, limit) => readAll({ after: last?.position ?? after, limit });
    }
    const { stream } = options;
    const after = options.after === 'end' ? await this.#store.endOf(stream) : (options.after ?? NO_STREAM);
    return (last, limit) => read(stream, { from: (last?.revision ?? after) + 1, limit });
  }

  #ended(follower: Follower): void {
    if (this.#followers.delete(follower) && this.#followers.size === 0) this.#store.onFollowed(false);
  }
}

/** Reads until it is answered. Gives an empty page, which nobody sees, to a subscription that is being closed. */
async function patiently(
  read: () => Promise<EventPage>,
  gaveUp: Promise<void>,
  given: () => boolean,
): Promise<EventPage> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LAST_PAUSE_MS)) {
    if (given()) return [];
    try {
      return await Promise.race([read(), gaveUp.then(() => [])]);
    } catch (error) {
      if (!mayPass(error) || given()) throw error;
      // Keeps the process alive, as what it waits for would.
      await Promise.race([sleep(pause), gaveUp]);
    }
  }
}
