import type { OutgoingMessage, Transport, TransportSubscription } from '../orchestration/messaging/transport.ts';
import type { Clock, ScheduledCall } from '../shared/clock.ts';
import { RepriseError } from '../shared/errors.ts';
import { systemClock } from '../shared/system.ts';
import { seededRandom } from './deterministic.ts';

/**
 * How likely it is, from 0 (the default) to 1, that something befalls a message. What comes later does so within `withinMs`.
 *
 * The first three are what any transport may do, which carries messages at least once and in the order of their keys; an engine that cannot bear
 * them is wrong. The last two are what none may do. The engine relies on no order. It says again what is not answered (dispatches, calls, answers), and
 * makes up for no outcome that was lost of an attempt: then a run may stand still.
 */
export interface TransportFaults {
  /** A delivery is lost on its way, and made again later, as when a receiver was gone before it acknowledged. Of 1 none arrives until heal(). */
  readonly drop?: number;
  /** It comes later, and what is published after it under its key (on its channel) waits behind it. Whoever subscribes meanwhile to a broadcast gets it, too. */
  readonly delay?: number;
  /** It comes, and once more later: then behind what was published meanwhile, as after a hand-over. */
  readonly duplicate?: number;
  /** It comes later, and what is published meanwhile comes before it, whatever its key. */
  readonly reorder?: number;
  /** It never comes. */
  readonly lose?: number;
  /** The longest that a message is held back, in ms; a random time from 1 up to it. Default 3,000; of `drop` 5,000 at the most. */
  readonly withinMs?: number;
}

/** Counts of messages; `dropped` of deliveries. What waits behind a delayed one is not counted. */
export type FaultCounts = Readonly<Record<'dropped' | 'delayed' | 'duplicated' | 'reordered' | 'lost', number>>;

/** The same faults for all, or those of a message: by its channel, its `envelope.type` (`reprise.answer`), or whatever it has. */
export type FaultsOf = TransportFaults | ((message: OutgoingMessage) => TransportFaults | undefined);

/** What befalls messages, by which seed (1), in whose time. */
export interface FaultyTransportOptions {
  readonly faults: FaultsOf;
  /** With equal seeds, and a manual clock, the same befalls the same messages. Default 1. */
  readonly seed?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
}

export interface FaultyTransport extends Transport {
  /** What it has done so far. */
  readonly counts: FaultCounts;
  /** Nothing befalls a message any more, and what is held back comes now. A delivery that was dropped comes in its time. */
  heal(): void;
}

/**
 * A transport that drops, delays, duplicates, reorders and loses messages of another, by seed.
 *
 * ```ts
 * const transport = faultyTransport(createInProcessTransport(clock), {
 *   seed: 7,
 *   clock,
 *   faults: ({ channel }) => (channel === 'reprise.heartbeats' ? { lose: 0.5 } : { drop: 0.1, duplicate: 0.3 }),
 * });
 * ```
 *
 * What it holds back it has taken over. When it is stopped that goes to a transport that is durable, and ends with one that is not. Throws
 * REPRISE_CONFIG_INVALID for probabilities that are none.
 */
export function faultyTransport(transport: Transport, options: FaultyTransportOptions): FaultyTransport {
  if (typeof options.faults !== 'function') check(options.faults);
  return new Weather(transport, options);
}

const DEFAULT_WITHIN_MS = 3000;

type Chance = Exclude<keyof TransportFaults, 'withinMs'>;

const COUNTED = {
  drop: 'dropped',
  delay: 'delayed',
  duplicate: 'duplicated',
  reorder: 'reordered',
  lose: 'lost',
} as const satisfies Record<Chance, keyof FaultCounts>;

function check(faults: TransportFaults): void {
  for (const [name, value] of Object.entries(faults) as [string, unknown][]) {
    const most = name === 'withinMs' ? Number.MAX_SAFE_INTEGER : 1;
    if (
      value === undefined ||
      ((name in COUNTED || name === 'withinMs') && Number(value) >= 0 && Number(value) <= most)
    )
      continue;
    const known = `${Object.keys(COUNTED).join(', ')} (each from 0 to 1) and withinMs`;
    throw new RepriseError(
      'REPRISE_CONFIG_INVALID',
      `faults: ${name}: ${String(value)} is not possible. There are ${known}.`,
    );
  }
}

interface Held {
  readonly message: OutgoingMessage;
  readonly dueAt: number;
  readonly timer: ScheduledCall;
}

/**
 * A message that is held back stands in a line: of its channel and key when it is delayed, else of its own. When its time is up it goes, and with it what
 * stands before it.
 */
class Weather implements FaultyTransport {
  readonly counts: Record<keyof FaultCounts, number> = { dropped: 0, delayed: 0, duplicated: 0, reordered: 0, lost: 0 };
  readonly #transport: Transport;
  readonly #faults: FaultsOf;
  readonly #clock: Clock;
  readonly #dice: () => number;
  readonly #lines = new Map<string | symbol, Held[]>();
  #state: 'foul' | 'healed' | 'stopped' = 'foul';

  constructor(transport: Transport, { faults, seed = 1, clock = systemClock }: FaultyTransportOptions) {
    this.#transport = transport;
    this.#faults = faults;
    this.#clock = clock;
    this.#dice = seededRandom(seed);
    if (transport.spans !== undefined) this.spans = transport.spans;
    if (transport.places !== undefined) this.places = transport.places;
  }

  readonly spans?: boolean;
  readonly places?: true;

  get durable(): boolean {
    return this.#transport.durable;
  }

  start(): Promise<void> {
    return this.#transport.start();
  }

  publish(messages: readonly OutgoingMessage[]): Promise<void> {
    return this.#transport.publish(messages.filter((message) => this.#passes(message)));
  }

  subscribe(...[channel, handler, options]: Parameters<Transport['subscribe']>): Promise<TransportSubscription> {
    const handled: typeof handler = (delivery) => {
      const faults = this.#faultsOf({ channel, envelope: delivery.envelope });
      if (!this.#befalls('drop', faults)) return handler(delivery);
      delivery.nack({ reason: 'injected: the delivery was lost', delayMs: this.#later(faults) });
    };
    return this.#transport.subscribe(channel, handled, options);
  }

  heal(): void {
    if (this.#state === 'foul') this.#state = 'healed';
    for (const line of [...this.#lines.keys()]) this.#release(line);
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    const held = [...this.#lines.values()].flat();
    for (const { timer } of held) timer.cancel();
    this.#lines.clear();
    if (this.durable && held.length > 0) await this.#transport.publish(held.map(({ message }) => message));
    await this.#transport.stop();
  }

  /** Whether it goes at once. */
  #passes(message: OutgoingMessage): boolean {
    const faults = this.#faultsOf(message);
    if (this.#befalls('lose', faults)) return false;
    if (this.#befalls('duplicate', faults)) this.#hold(message, this.#later(faults));
    if (this.#befalls('reorder', faults)) {
      this.#hold(message, this.#later(faults));
      return false;
    }
    const line = `${message.channel}\n${message.envelope.partitionkey}`;
    const isDelayed = this.#befalls('delay', faults);
    if (!isDelayed && !this.#lines.has(line)) return true;
    this.#hold(message, isDelayed ? this.#later(faults) : 0, line);
    return false;
  }

  #faultsOf(message: OutgoingMessage): TransportFaults {
    if (this.#state !== 'foul') return {};
    return (typeof this.#faults === 'function' ? this.#faults(message) : this.#faults) ?? {};
  }

  #befalls(what: Chance, faults: TransportFaults): boolean {
    const chance = faults[what] ?? 0;
    if (chance === 0 || this.#dice() >= chance) return false;
    this.counts[COUNTED[what]] += 1;
    return true;
  }

  #later({ withinMs = DEFAULT_WITHIN_MS }: TransportFaults): number {
    return Math.ceil(this.#dice() * withinMs);
  }

  #hold(message: OutgoingMessage, ms: number, line: string | symbol = Symbol(message.channel)): void {
    const before = this.#lines.get(line) ?? [];
    const now = this.#clock.now();
    // Not before what it waits behind.
    const dueAt = Math.max(now + ms, before.at(-1)?.dueAt ?? 0);
    const held: Held = { message, dueAt, timer: this.#clock.schedule(dueAt - now, () => this.#release(line, held)) };
    this.#lines.set(line, [...before, held]);
  }

  /** What stands in a line, as far as `last`, goes. What cannot goes later. */
  #release(line: string | symbol, last?: Held): void {
    const held = this.#lines.get(line) ?? [];
    const count = last === undefined ? held.length : held.indexOf(last) + 1;
    const [going, rest] = [held.slice(0, count), held.slice(count)];
    if (rest.length > 0) this.#lines.set(line, rest);
    else this.#lines.delete(line);
    for (const { timer } of going) timer.cancel();
    const messages = going.map(({ message }) => message);
    this.#transport.publish(messages).catch(() => {
      if (this.#state !== 'stopped') for (const message of messages) this.#hold(message, DEFAULT_WITHIN_MS);
    });
  }
}
