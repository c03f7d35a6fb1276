import type { DriverSign } from '../../../event-store/ownership.ts';
import type { Clock, ScheduledCall } from '../../../shared/clock.ts';
import { isSilent } from '../../reading/drivers.ts';

export interface DriverWatchParts {
  readonly clock: Clock;
  drivers(): Promise<readonly DriverSign[]>;
  /** Said once when a driver has fallen silent, and once when that one shows signs of life again. */
  silent(driver: DriverSign): void;
  back(driver: DriverSign): void;
  /** The look failed; said once until one succeeds. */
  failed(error: unknown): void;
}

/** How often it is looked, in ms. */
const LOOK_MS = 1000;

/** Looks in a row at which a driver is silent before it is told: after the machine slept, it needs a moment to show itself. */
const LOOKS = 3;

/**
 * Looks whether those who drive show signs of life, for a process that waits for what they own.
 *
 *   idle ──start()──► looking ──stop()──► idle
 */
export class DriverWatch {
  readonly #parts: DriverWatchParts;
  /** By process: at how many looks in a row it was silent. */
  #looks = new Map<string, number>();
  #call: ScheduledCall | undefined;
  #failing = false;

  constructor(parts: DriverWatchParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#call ??= this.#later();
  }

  stop(): void {
    this.#call?.cancel();
    this.#call = undefined;
    this.#looks.clear();
  }

  #later(): ScheduledCall {
    return this.#parts.clock.schedule(LOOK_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    const call = this.#call;
    let drivers: readonly DriverSign[] | undefined;
    try {
      drivers = await this.#parts.drivers();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#parts.failed(error);
      this.#failing = true;
    }
    // Stopped meanwhile, or stopped and started again.
    if (this.#call !== call) return;
    if (drivers !== undefined) this.#compare(drivers);
    this.#call = this.#later();
  }

  #compare(drivers: readonly DriverSign[]): void {
    const before = this.#looks;
    this.#looks = new Map();
    for (const driver of drivers) {
      const key = `${driver.pid} ${driver.host} ${driver.since}`;
      const looks = before.get(key) ?? 0;
      if (isSilent(driver)) {
        this.#looks.set(key, looks + 1);
        if (looks + 1 === LOOKS) this.#parts.silent(driver);
      } else if (looks >= LOOKS) {
        this.#parts.back(driver);
      }
    }
  }
}
