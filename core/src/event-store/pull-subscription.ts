import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventStoreSubscription, RecordedEvent, SubscribeOptions } from './event-store.ts';

const PAGE = 500;

/** The subscription whose handler is running here, so that a handler may await its own close() without a deadlock. */
const handling = new AsyncLocalStorage<PullSubscription>();

export interface PullSource {
  /** One page of all streams in global order, from a position (inclusive). */
  readPage(from: number, limit: number): Promise<readonly RecordedEvent[]>;
  /** Called once, when the subscription will read no more. */
  onEnded(subscription: PullSubscription): void;
}

/**
 * A subscription over a store that can page through its global order and say when something was appended.
 *
 *   reading ──page──► delivering ──handler done──► reading
 *      └──nothing there──► caught up, waiting ──wake()──► reading
 *   any of them ──close(), or a throw of a callback or a read──► ended
 *
 * One page is in memory at a time and the next is read when the handler is done: that is the back-pressure. Without an
 * onError, the error that ended the subscription is what close() rejects with.
 */
export class PullSubscription implements EventStoreSubscription {
  readonly #options: SubscribeOptions;
  readonly #source: PullSource;
  readonly #ended: Promise<void>;
  #next: number;
  #closing = false;
  #woken = false;
  #resume: (() => void) | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: SubscribeOptions, from: number, source: PullSource) {
    this.#options = options;
    this.#source = source;
    this.#next = from;
    this.#ended = this.#run();
  }

  /** Says that there may be something new. */
  wake(): void {
    this.#woken = true;
    this.#resume?.();
  }

  /** No callback starts after this call; resolves when one that is running is done (at once inside that callback). */
  async close(): Promise<void> {
    this.#closing = true;
    this.#resume?.();
    if (handling.getStore() === this) return;
    await this.#ended;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #run(): Promise<void> {
    await Promise.resolve();
    try {
      await this.#deliver();
    } catch (error) {
      if (this.#options.onError === undefined) this.#failure = { error };
      else if (!this.#closing) this.#options.onError(error);
    } finally {
      this.#closing = true;
      this.#source.onEnded(this);
    }
  }

  async #deliver(): Promise<void> {
    let behind = true;
    while (!this.#closing) {
      this.#woken = false;
      const page = await this.#source.readPage(this.#next, PAGE);
      if (this.#closing) return;
      const last = page.at(-1);
      if (last === undefined) {
        if (behind) handling.run(this, () => this.#options.onCaughtUp?.());
        behind = false;
        if (!this.#woken && !this.#closing) await this.#waitForWake();
      } else {
        behind = true;
        await handling.run(this, () => this.#options.onEvents(page));
        this.#next = last.position + 1;
      }
    }
  }

  #waitForWake(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = () => {
        this.#resume = undefined;
        resolve();
      };
    });
  }
}
