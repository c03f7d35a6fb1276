import { sleep } from '@reprise/core/plugin';

/**
 * How soon after one request to Kafka the next of its kind is made, at the least, in ms. A request costs the client and the broker more than the messages in it, so what comes
 * soon after each other goes together; what comes after a pause waits for nothing.
 */
const PACE_MS = 4;

/** Makes requests of one kind keep their distance. */
export class Pace {
  #next: Promise<void> | undefined;

  /** A request is made now, or has been answered: the next one is to wait. */
  begin(): void {
    this.#next = sleep(PACE_MS);
  }

  /** Resolves when the next may be made. */
  async wait(): Promise<void> {
    await this.#next;
  }
}
