import { RepriseError, sleep, systemClock } from '@reprise/core/plugin';
import type { ResolvedOptions } from './options.ts';
import { type Fault, transportError } from './transport-error.ts';

/** How long a client of Kafka waits between its own tries, in ms: from the first, twice as long each time, to the last. */
export const [FIRST_RETRY_MS, LAST_RETRY_MS] = [100, 1000];

/**
 * Tries what may come right by itself (a broker that is away, a coordinator that still loads) again, and none of it for longer than
 * `retryMs`, whatever the client does. What it throws are RepriseErrors. `over` says that nobody waits any more.
 */
export class Insisting {
  readonly #options: Pick<ResolvedOptions, 'retryMs' | 'brokers'>;
  readonly #faultOf: (error: unknown) => Fault;

  constructor(options: Pick<ResolvedOptions, 'retryMs' | 'brokers'>, faultOf: (error: unknown) => Fault) {
    this.#options = options;
    this.#faultOf = faultOf;
  }

  async do<T>(what: string, action: (over: () => boolean) => Promise<T>): Promise<T> {
    const { retryMs } = this.#options;
    let last: RepriseError | undefined;
    let isOver = false;
    const late = Promise.withResolvers<never>();
    const timer = systemClock.schedule(retryMs, () => {
      isOver = true;
      late.reject(last ?? this.#told(new Error(`no answer within ${retryMs} ms`), what));
    });
    const attempt = async (): Promise<T> => {
      for (;;) {
        try {
          return await action(() => isOver);
        } catch (error) {
          last = this.#told(error, what);
          if (isOver || !last.retryable) throw last;
          await sleep(FIRST_RETRY_MS);
        }
      }
    };
    try {
      return await Promise.race([attempt(), late.promise]);
    } finally {
      timer.cancel();
    }
  }

  #told(error: unknown, what: string): RepriseError {
    return error instanceof RepriseError ? error : transportError(this.#faultOf(error), what, this.#options.brokers);
  }
}
