import {
  type Delivery,
  nextTurn,
  type OutgoingMessage,
  sha256,
  type TransportSubscription,
} from '@reprise/core/plugin';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { distinct, fresh, idsOf, message, Recorder } from './fixtures.ts';
import type { TransportUnderTest } from './transport-under-test.ts';

type Step =
  | { readonly kind: 'publish'; readonly keys: readonly number[] }
  | { readonly kind: 'join'; readonly concurrency: number }
  | { readonly kind: 'leave' }
  | { readonly kind: 'pause' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      keys: fc.array(fc.nat(3), { minLength: 1, maxLength: 8 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('join' as const), concurrency: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'leave' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'pause' as const }) },
);

/** Deliveries of one message that may fail before it is acknowledged. */
const MAX_FAILURES = 3;

/** What a handler does with a delivery, by its message and attempt alone: so that a failing example can be run again. */
function fate(delivery: Delivery, seed: number): 'ack' | 'late ack' | 'nack' | 'late nack' | 'delayed nack' | 'throw' {
  const roll = Number.parseInt(sha256(`${delivery.envelope.id}/${delivery.deliveryAttempt}/${seed}`).slice(0, 4), 16);
  if (delivery.deliveryAttempt > MAX_FAILURES) return roll % 2 === 0 ? 'ack' : 'late ack';
  return (
    (['ack', 'ack', 'late ack', 'late ack', 'nack', 'late nack', 'delayed nack', 'throw'] as const)[roll % 8] ?? 'ack'
  );
}

/** One group that plays the fates, and checks at each first delivery what the port promises about order. */
class PlayedGroup {
  readonly recorder: Recorder;
  readonly acknowledged = new Set<string>();
  readonly broken: string[] = [];
  readonly #seed: number;
  readonly #seen = new Set<string>();
  /** Nacked and not delivered again, by key. */
  readonly #returning = new Map<string, Set<string>>();
  readonly #members: TransportSubscription[] = [];

  constructor(recorder: Recorder, seed: number) {
    this.recorder = recorder;
    this.#seed = seed;
  }

  get size(): number {
    return this.#members.length;
  }

  async join(concurrency: number): Promise<void> {
    let unsettled = 0;
    const member = await this.recorder.join(
      async (delivery) => {
        unsettled += 1;
        if (unsettled > concurrency) this.broken.push(`${unsettled} unacknowledged, not ${concurrency}`);
        this.#look(delivery);
        try {
          await this.#play(delivery, () => {
            unsettled -= 1;
          });
        } finally {
          this.recorder.changed();
        }
      },
      { concurrency },
    );
    this.#members.push(member);
  }

  async leave(): Promise<void> {
    await this.#members.shift()?.close();
  }

  #look({ envelope }: Delivery): void {
    const { id, partitionkey } = envelope;
    const returning = this.#returning.get(partitionkey);
    if (!this.#seen.has(id) && (returning?.size ?? 0) > 0)
      this.broken.push(`${id} came before ${[...(returning ?? [])].join(', ')}, nacked earlier`);
    this.#seen.add(id);
    returning?.delete(id);
  }

  async #play(delivery: Delivery, settled: () => void): Promise<void> {
    const { id, partitionkey } = delivery.envelope;
    const chosen = fate(delivery, this.#seed);
    if (chosen.startsWith('late')) await nextTurn();
    settled();
    if (chosen === 'ack' || chosen === 'late ack') {
      this.acknowledged.add(id);
      delivery.ack();
      return;
    }
    // When a rejection reaches the transport is its own affair; from a nack on, the key has to wait.
    if (chosen === 'throw') throw new Error('as the fates will');
    const returning = this.#returning.get(partitionkey) ?? new Set();
    this.#returning.set(partitionkey, returning.add(id));
    delivery.nack({ reason: 'as the fates will', ...(chosen === 'delayed nack' ? { delayMs: 2 } : {}) });
  }
}

export function propertySuite(under: TransportUnderTest): void {
  describe('properties', () => {
    it('gets every message of every group acknowledged, in the order of its key, whoever comes and goes', async () => {
      const transport = under.current();
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 25 }),
          fc.integer({ min: 1, max: 3 }),
          fc.nat(),
          async (script, count, seed) => {
            const channel = fresh('channel');
            const sent: OutgoingMessage[] = [];
            const groups = Array.from(
              { length: count },
              (_, index) => new PlayedGroup(new Recorder(transport, channel), seed + index),
            );
            for (const group of groups) await group.join(2);
            for (const one of script) {
              if (one.kind === 'publish') {
                const batch = one.keys.map((key) => message(channel, `key-${key}`));
                sent.push(...batch);
                await transport.publish(batch);
              } else if (one.kind === 'pause') await nextTurn();
              else
                for (const group of groups) await (one.kind === 'join' ? group.join(one.concurrency) : group.leave());
            }
            for (const group of groups) {
              if (group.size === 0) await group.join(3);
              await group.recorder.until(() => group.acknowledged.size === sent.length);
              expect(group.broken).to.deep.equal([]);
              expect([...group.acknowledged].sort()).to.deep.equal(idsOf(sent).sort());
              for (const key of [0, 1, 2, 3].map((number) => `key-${number}`)) {
                const own = sent.filter(({ envelope }) => envelope.partitionkey === key);
                const seen = group.recorder.deliveries.filter(({ envelope }) => envelope.partitionkey === key);
                expect(distinct(seen.map(({ envelope }) => envelope.id))).to.deep.equal(idsOf(own));
              }
              while (group.size > 0) await group.leave();
            }
          },
        ),
        { numRuns: 40 },
      );
    });
  });
}
