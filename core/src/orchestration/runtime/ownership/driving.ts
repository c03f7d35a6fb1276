import type { Ownership, OwnershipChange } from '../../../event-store/ownership.ts';
import type { Clock } from '../../../shared/clock.ts';
import { silentText } from '../../reading/drivers.ts';
import type { MonitorHub } from '../monitor-hub.ts';
import { DriverWatch } from './driver-watch.ts';

/** `driver`: this process carries out the runs that it owns. `client`: it owns none yet; commands given here reach their drivers through the store. */
export type Role = 'driver' | 'client';

export interface DrivingParts {
  readonly ownership: Ownership;
  readonly clock: Clock;
  /** Begins to drive what is owned. When it rejects, it has not begun, and may be tried again. */
  drive(): Promise<unknown>;
  /** What this process owns has changed while it drives. */
  changed(change: OwnershipChange): void;
  readonly monitors: Pick<MonitorHub, 'notice'>;
}

/** For how long a problem counts that is not told again, in ms. */
const PROBLEM_MS = 10_000;

/** How long a process that could not begin to drive leaves the runs to others before it competes again, in ms. */
const AGAIN_MS = 250;

/**
 * Whether this process drives runs: from the moment on that some fall to it. While it waits for that, it watches whether those who drive them show
 * signs of life.
 *
 *   new ──begin()──► client ──runs fall to it, drive()──► driver
 *                      └──stop()──► stopped ◄──stop()────────┘
 */
export class Driving {
  readonly #parts: DrivingParts;
  #role: Role | 'stopped' | 'new' = 'new';
  #begun: Promise<void> | undefined;
  #takeover: Promise<void> | undefined;
  #standing = false;
  /** It is known what fell to this process at first. */
  #stood = false;
  /** What kept it last from driving what it should. */
  #problem: { readonly text: string; readonly at: number } | undefined;
  #deaf: (() => void) | undefined;
  readonly #watch: DriverWatch;

  constructor(parts: DrivingParts) {
    this.#parts = parts;
    const { clock, ownership, monitors } = parts;
    this.#watch = new DriverWatch({
      clock,
      drivers: async () => (await ownership.drivers?.()) ?? [],
      silent: (driver) => {
        const message = `${silentText(driver)} This one takes over then.`;
        monitors.notice({ kind: 'log', level: 'error', message, fields: { code: 'REPRISE_DRIVER_SILENT' } });
      },
      back: ({ pid }) => {
        const message = `process ${pid}, which drives the runs of this store, shows signs of life again`;
        monitors.notice({ kind: 'log', level: 'info', message });
      },
      failed: (error) => {
        const message = `whether the driver shows signs of life cannot be told: ${String(error)}`;
        monitors.notice({ kind: 'log', level: 'warn', message });
      },
    });
  }

  get role(): Role | 'stopped' | 'new' {
    return this.#role;
  }

  /** Whether it is known which runs this process drives, and it drives them. */
  get settlement(): { readonly ok: boolean; readonly detail: string } {
    if (!this.#stood) return { ok: false, detail: "not known yet which runs are this process's" };
    const { ownership, clock } = this.#parts;
    // What goes on trying says so again; that it is over, nobody says.
    if (this.#problem !== undefined && clock.now() - this.#problem.at < PROBLEM_MS)
      return { ok: false, detail: `cannot take the runs over: ${this.#problem.text}` };
    if (ownership.unsettled?.() !== undefined) return { ok: false, detail: 'the runs are being shared out anew' };
    return { ok: true, detail: this.#role };
  }

  begin(): void {
    this.#role = 'client';
  }

  /** Competes for runs, and drives those that fall to this process, now or later. Rejects when what fell to it at once cannot be driven. */
  async stand(): Promise<void> {
    const { ownership } = this.#parts;
    this.#deaf = ownership.onChange((change) => this.#onChange(change));
    this.#standing = true;
    try {
      await ownership.start();
      await this.#begun;
      this.#stood = true;
      if (this.#role === 'client') this.#watch.start();
    } finally {
      this.#standing = false;
    }
  }

  stop(): void {
    if (this.#role === 'driver') this.#parts.ownership.drain?.();
    this.#role = 'stopped';
    this.#watch.stop();
  }

  /** A takeover that is under way, when there is one. Does not reject. */
  get takeover(): Promise<void> | undefined {
    return this.#takeover;
  }

  /** Leaves the runs to whoever wants them. */
  async release(): Promise<void> {
    this.#deaf?.();
    await this.#parts.ownership.stop();
  }

  #onChange(change: OwnershipChange): void {
    if (change.error !== undefined) this.#failed(change.error);
    if (this.#role === 'driver') this.#parts.changed(change);
    if (this.#role !== 'client' || !change.gained) return;
    this.#role = 'driver';
    this.#watch.stop();
    this.#begun = this.#drive();
    // stand() is to know; a later one that fails is tried again.
    if (this.#standing) this.#takeover = this.#begun.catch(() => undefined);
    else this.#takeover = this.#begun.catch((error: unknown) => this.#giveUp(error));
  }

  async #drive(): Promise<void> {
    try {
      await this.#parts.drive();
      this.#problem = undefined;
    } catch (error) {
      if (this.#role === 'driver') this.#role = 'client';
      throw error;
    }
  }

  /** Does not reject: what keeps this process from driving now may be gone at the next try. */
  async #giveUp(error: unknown): Promise<void> {
    this.#failed(error);
    try {
      await this.#parts.ownership.stop();
    } catch (failure) {
      this.#failed(failure);
    }
    if (this.#role !== 'client') return;
    this.#watch.start();
    this.#competeLater();
  }

  /** Said, and tried again: another process may take the runs meanwhile. */
  #failed(error: unknown): void {
    const text = String(error);
    this.#problem = { text, at: this.#parts.clock.now() };
    const message = `cannot take the runs over: ${text}`;
    this.#parts.monitors.notice({ kind: 'log', level: 'error', message });
  }

  #competeLater(): void {
    this.#parts.clock.schedule(AGAIN_MS, () => {
      if (this.#role !== 'client') return;
      this.#parts.ownership.start().catch((error: unknown) => {
        this.#failed(error);
        if (this.#role === 'client') this.#competeLater();
      });
    });
  }
}
