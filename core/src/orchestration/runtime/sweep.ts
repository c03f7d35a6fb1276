import type { Clock, ScheduledCall } from '../../shared/clock.ts';

/**
 * A look at what is due, at regular times for as long as it asks for another. It says when it comes far too late itself: the process was
 * asleep, or something kept its event loop; then nobody was heard, and nobody's silence means anything.
 */
export class Sweep {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #look: (late: boolean) => boolean;
  #next: ScheduledCall | undefined;

  /** `look` returns whether there is to be another. */
  constructor(clock: Clock, periodMs: number, look: (late: boolean) => boolean) {
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.#look = look;
  }

  arm(): void {
    const dueAt = this.#clock.now() + this.#periodMs;
    this.#next ??= this.#clock.schedule(this.#periodMs, () => {
      this.#next = undefined;
      if (this.#look(this.#clock.now() - dueAt > this.#periodMs)) this.arm();
    });
  }

  cancel(): void {
    this.#next?.cancel();
    this.#next = undefined;
  }
}
