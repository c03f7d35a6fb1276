import type { Clock, ScheduledCall } from '@reprise/core';

/** How often the loop is looked at, in ms, and how long it may stand still. */
const TICK_MS = 500;
const STILL_MS = 10_000;

export interface Answer {
  readonly ok: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Whether the loop of this process turns. While it stands still nothing answers at all; a request that is answered before the loop has turned again, or
 * after what ended the process's work for good, is told so.
 */
export class Liveness {
  readonly #clock: Clock;
  readonly #fault: () => string | undefined;
  #turned = 0;
  #next: ScheduledCall | undefined;

  constructor(clock: Clock, fault: () => string | undefined = () => undefined) {
    this.#clock = clock;
    this.#fault = fault;
    this.#turn();
  }

  answer(): Answer {
    const fault = this.#fault();
    if (fault !== undefined) return { ok: false, body: { status: 'down', detail: fault } };
    const stillMs = this.#clock.now() - this.#turned;
    if (stillMs <= STILL_MS) return { ok: true, body: { status: 'live' } };
    return { ok: false, body: { status: 'down', detail: `the loop of the process stood still for ${stillMs} ms` } };
  }

  close(): void {
    this.#next?.cancel();
  }

  #turn(): void {
    this.#turned = this.#clock.now();
    this.#next = this.#clock.schedule(TICK_MS, () => this.#turn());
  }
}
