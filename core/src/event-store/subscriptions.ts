import {
  type EventStore,
  type EventStoreSubscription,
  NO_STREAM,
  type SubscribeOptions,
  type SubscribeToAll,
  type SubscribeToStream,
} from './event-store.ts';
import { BEGINNING, type Position } from './position.ts';
import { type PullSource, PullSubscription } from './pull-subscription.ts';

/** How a store is read, and where it ends. */
export interface SubscribedStore extends Pick<EventStore, 'read' | 'readAll'> {
  /** The last position; BEGINNING when there is none. */
  end(): Position;
  /** The last revision of a stream; NO_STREAM when there is none. */
  endOf(stream: string): number;
  /** A subscription is over. Called once for each. */
  onEnded?(subscription: EventStoreSubscription): void;
}

/** The open subscriptions of a store, by what they are to: an append wakes those to its stream, and those to all. */
export class Subscriptions {
  readonly #store: SubscribedStore;
  readonly #toAll = new Set<PullSubscription>();
  readonly #toStream = new Map<string, Set<PullSubscription>>();

  constructor(store: SubscribedStore) {
    this.#store = store;
  }

  /** Whether any is to a stream of its own. */
  get toStreams(): boolean {
    return this.#toStream.size > 0;
  }

  open(options: SubscribeOptions): EventStoreSubscription {
    return options.stream === undefined ? this.#openToAll(options) : this.#openToStream(options);
  }

  /** Something was appended to the stream. */
  appended(stream: string): void {
    for (const subscription of this.#toAll) subscription.wake();
    if (this.#toStream.size === 0) return;
    const same = this.#toStream.get(stream);
    if (same !== undefined) for (const subscription of same) subscription.wake();
  }

  /** Something may have been appended to any stream. */
  wakeAll(): void {
    for (const subscription of this.#all()) subscription.wake();
  }

  /** Closes all of them. Does not reject. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#all().map((subscription) => subscription.close()));
  }

  #all(): readonly PullSubscription[] {
    return [...this.#toAll, ...[...this.#toStream.values()].flatMap((same) => [...same])];
  }

  #openToAll(options: SubscribeToAll): EventStoreSubscription {
    const start = options.after === 'end' ? this.#store.end() : (options.after ?? BEGINNING);
    return this.#add(options, this.#toAll, {
      readPage: (last, limit) => this.#store.readAll({ after: last?.position ?? start, limit }),
      onEnded: (ended) => this.#toAll.delete(ended),
    });
  }

  #openToStream(options: SubscribeToStream): EventStoreSubscription {
    const { stream } = options;
    const start = options.after === 'end' ? this.#store.endOf(stream) : (options.after ?? NO_STREAM);
    const same = this.#toStream.get(stream) ?? new Set();
    this.#toStream.set(stream, same);
    return this.#add(options, same, {
      readPage: (last, limit) => this.#store.read(stream, { from: (last?.revision ?? start) + 1, limit }),
      onEnded: (ended) => {
        same.delete(ended);
        if (same.size === 0) this.#toStream.delete(stream);
      },
    });
  }

  #add(options: SubscribeOptions, to: Set<PullSubscription>, source: PullSource): EventStoreSubscription {
    const subscription = new PullSubscription(options, {
      readPage: source.readPage,
      onEnded: (ended) => {
        source.onEnded(ended);
        this.#store.onEnded?.(ended);
      },
    });
    to.add(subscription);
    return subscription;
  }
}
