import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventPage, EventStoreSubscription, RecordedEvent, SubscriptionCallbacks } from './event-store.ts';

const PAGE = 500;

/** The subscription whose handler is running here, so that a handler may await its own close() without a deadlock. */
const handling = new AsyncLocalStorage<PullSubscription>();

export interface PullSource {
  /** One page of what the subscription is to: after the last event that was delivered, or from where it starts. */
  readPage(last: RecordedEvent | undefined, limit: number): Promise<EventPage>;
  /** Called once, when the subscription will read no more. */
  onEnded(subscription: PullSubscription): void;
}

/**
 * A subscription over a store that can be read page by page and says when something was appended.
 *
 *   reading ──page──► delivering ──handler done──► reading
 *      └──nothing there──► caught up, waiting ──wake()──► reading
 *   any of them ──close(), or a throw of a callback or a read──► ended
 *
 * One page is in memory at a time and the next is read when the handler is done: that is the back-pressure. Without an
 * onError, the error that ended the subscription is what close() rejects with.
 */
export class PullSubscription implements EventStoreSubscription {
  readonly #options: SubscriptionCallbacks;
  readonly #source: PullSource;
  readonly #ended: Promise<void>;
  #last: RecordedEvent | undefined;
  #closing = false;
  #woken = false;
  #resume: (() => void) | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: SubscriptionCallbacks, source: PullSource) {
    this.#options = options;
    this.#source = source;
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
      const page = await this.#source.readPage(this.#last, PAGE);
      if (this.#closing) return;
      const last = page.at(-1);
      if (last !== undefined) {
        behind = true;
        await handling.run(this, () => this.#options.onEvents(page));
        this.#last = last;
        // Without a word that nothing followed, only an empty page is the end.
        if (page.complete !== true) continue;
      }
      if (behind) handling.run(this, () => this.#options.onCaughtUp?.());
      behind = false;
      if (!this.#woken && !this.#closing) await this.#waitForWake();
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
