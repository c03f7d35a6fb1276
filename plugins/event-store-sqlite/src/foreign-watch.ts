import { sleep, systemClock } from '@reprise/core/plugin';

/**
 * Looks for appends of other processes every `intervalMs`, as long as someone is interested.
 *
 *   idle ──first watch()──► looking ──last stop──► idle
 *
 * A watch that keeps the process alive (a subscription) does so as a socket would; others do not.
 */
export class ForeignWatch {
  readonly #intervalMs: number;
  readonly #look: () => void;
  #watches = 0;
  #keepAlive = 0;
  #looping = false;

  constructor(intervalMs: number, look: () => void) {
    this.#intervalMs = intervalMs;
    this.#look = look;
  }

  /** Returns the function that ends the watch; calling it again does nothing. */
  watch(keepsAlive: boolean): () => void {
    const weight = keepsAlive ? 1 : 0;
    this.#watches += 1;
    this.#keepAlive += weight;
    if (!this.#looping) void this.#loop();
    let watching = true;
    return () => {
      if (!watching) return;
      watching = false;
      this.#watches -= 1;
      this.#keepAlive -= weight;
    };
  }

  async #loop(): Promise<void> {
    this.#looping = true;
    while (this.#watches > 0) {
      await this.#pause();
      if (this.#watches > 0) this.#look();
    }
    this.#looping = false;
  }

  #pause(): Promise<void> {
    if (this.#keepAlive > 0) return sleep(this.#intervalMs);
    return new Promise((resolve) => systemClock.schedule(this.#intervalMs, resolve));
  }
}
