import type { EventStore } from '../../event-store/event-store.ts';
import type { Clock } from '../../shared/clock.ts';
import { thrownText } from '../../shared/thrown-text.ts';
import type { Transport } from '../messaging/transport.ts';

/** One thing without which a process does not do its work. */
export interface HealthCheck {
  readonly name: 'store' | 'transport' | 'ownership' | 'draining';
  readonly ok: boolean;
  /** In words, for people. */
  readonly detail: string;
}

/** How a process stands, beside what its parts say. */
export type Standing = 'starting' | 'started' | 'stopped';

/** How long a store may take to answer, in ms. */
const STORE_MS = 2000;

/** No run has this name. Whether the store finds it or not, it has answered. */
const NO_RUN = 'run-.health';

/** Asks the parts of a process how they do. Nothing here throws or takes longer than STORE_MS. */
export class Health {
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #store: EventStore | undefined;
  /** A question to the store that has no answer yet: a store that hangs is not asked ever more. */
  #asked: Promise<string | undefined> | undefined;

  constructor({ clock, transport, store }: { clock: Clock; transport: Transport; store?: EventStore }) {
    this.#clock = clock;
    this.#transport = transport;
    this.#store = store;
  }

  draining(standing: Standing): HealthCheck {
    const ok = standing !== 'stopped';
    return { name: 'draining', ok, detail: ok ? 'takes work' : 'stops: takes nothing new' };
  }

  transport(standing: Standing): HealthCheck {
    const name = 'transport';
    if (standing !== 'started') return { name, ok: false, detail: `not subscribed: ${standing}` };
    try {
      return { name, ...(this.#transport.health?.() ?? { ok: true, detail: 'subscribed' }) };
    } catch (error) {
      return { name, ok: false, detail: thrownText(error) };
    }
  }

  async store(): Promise<readonly HealthCheck[]> {
    if (this.#store === undefined) return [];
    const problem = await this.#ask(this.#store);
    return [{ name: 'store', ok: problem === undefined, detail: problem ?? 'answers' }];
  }

  /** What is wrong with the store. */
  async #ask(store: EventStore): Promise<string | undefined> {
    this.#asked ??= problemOf(store).finally(() => {
      this.#asked = undefined;
    });
    const late = Promise.withResolvers<string>();
    const timer = this.#clock.schedule(STORE_MS, () => late.resolve(`no answer within ${STORE_MS} ms`));
    const problem = await Promise.race([this.#asked, late.promise]);
    timer.cancel();
    return problem;
  }
}

async function problemOf(store: EventStore): Promise<string | undefined> {
  try {
    await store.read(NO_RUN, { limit: 1 });
    return undefined;
  } catch (error) {
    return thrownText(error);
  }
}
