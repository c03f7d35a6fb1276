import type { Clock, ScheduledCall } from '../../../shared/clock.ts';
import type { AnnouncedAgent, Announcement } from '../../messaging/announcements.ts';
import { WORKER_CHANNEL } from '../../messaging/channels.ts';
import { toAllEnvelope } from '../../messaging/messages.ts';
import type { Transport } from '../../messaging/transport.ts';

export interface AnnouncerParts {
  readonly worker: string;
  readonly transport: Transport;
  readonly clock: Clock;
  /** How long an announcement counts, in ms; undefined: until it is taken back. */
  readonly leaseMs: number | undefined;
  agents(): readonly AnnouncedAgent[];
  failed(error: unknown): void;
}

/** How soon after it has changed who has room, and where, is announced, in ms: what is full and free again in between is not worth a message. */
const SOON_MS = 300;

/**
 * Says what a worker takes.
 *
 *   silent ──begin()──► announcing, again in a third of the lease ──end(): it takes nothing──► silent
 */
export class Announcer {
  readonly #parts: AnnouncerParts;
  #announcing = false;
  #next: ScheduledCall | undefined;
  #soon: ScheduledCall | undefined;
  /** The agents that had room, as last announced. */
  #told = '';
  #count = 0;

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
  }

  async begin(): Promise<void> {
    this.#announcing = true;
    await this.#publish();
  }

  /** Somebody asks. Does not reject. */
  answer(): void {
    if (this.#announcing) this.#publish().catch((error: unknown) => this.#parts.failed(error));
  }

  /** An agent may have become full, or have room again. */
  changed(): void {
    if (this.#parts.leaseMs === undefined || !this.#announcing || this.#soon !== undefined) return;
    if (withRoom(this.#parts.agents()) === this.#told) return;
    this.#soon = this.#parts.clock.schedule(SOON_MS, () => this.answer());
  }

  /** Does not reject: who was not told hears nothing more, which says the same after the lease. */
  async end(): Promise<void> {
    if (!this.#announcing) return;
    this.#announcing = false;
    this.#cancel();
    try {
      await this.#send([]);
    } catch (error) {
      this.#parts.failed(error);
    }
  }

  async #publish(): Promise<void> {
    this.#cancel();
    const { leaseMs, clock } = this.#parts;
    if (leaseMs !== undefined) this.#next = clock.schedule(leaseMs / 3, () => this.answer());
    const agents = this.#parts.agents();
    this.#told = withRoom(agents);
    await this.#send(agents);
  }

  async #send(agents: readonly AnnouncedAgent[]): Promise<void> {
    const { transport, clock, worker, leaseMs } = this.#parts;
    this.#count += 1;
    const announcement: Announcement = { worker, agents, ...(leaseMs === undefined ? {} : { leaseMs }) };
    const id = `${worker}/announcement/${this.#count}`;
    const envelope = toAllEnvelope('announcement', { id, source: worker, at: clock.now() }, announcement);
    await transport.publish([{ channel: WORKER_CHANNEL, envelope }]);
  }

  #cancel(): void {
    this.#next?.cancel();
    this.#soon?.cancel();
    this.#soon = undefined;
  }
}

const withRoom = (agents: readonly AnnouncedAgent[]): string =>
  agents
    .filter(({ free }) => free > 0)
    .map(({ name, places = [] }) => `${name}:${places.join(',')}`)
    .join(' ');
