import { type Delivery, nextTurn, type OutgoingMessage, sleep, type TransportSubscription } from '@reprise/core/plugin';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { distinct, fresh, idsOf, message, Recorder } from './fixtures.ts';
import type { TransportUnderTest } from './transport-under-test.ts';

// Deliveries that are kept, and settled by the script in any order: also twice, and after they were revoked. A model says what has to hold.

type Step =
  | { readonly kind: 'publish'; readonly keys: readonly number[] }
  | { readonly kind: 'join'; readonly concurrency: number }
  | { readonly kind: 'close' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'wait' }
  | { readonly kind: 'ack' | 'nack' | 'late nack'; readonly which: number };

const of = <Kind extends Step['kind']>(kind: Kind): fc.Arbitrary<{ readonly kind: Kind }> => fc.constant({ kind });
const settling = fc.constantFrom('ack' as const, 'nack' as const, 'late nack' as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      keys: fc.array(fc.nat(2), { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: settling, which: fc.nat(1000) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('join' as const), concurrency: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 2, arbitrary: of('close') },
  { weight: 3, arbitrary: of('pause') },
  // Long enough for what was nacked to come back.
  { weight: 2, arbitrary: of('wait') },
);

interface Member {
  readonly concurrency: number;
  readonly subscription: TransportSubscription;
  /** Delivered to it and neither settled nor revoked, by the model. */
  readonly out: Set<Delivery>;
  closed: boolean;
}

/** One group, and what has to hold of it. */
class HeldGroup {
  readonly recorder: Recorder;
  readonly flaws: string[] = [];
  readonly acknowledged = new Set<string>();
  readonly #members: Member[] = [];
  readonly #ended = new Map<Delivery, 'settled' | 'revoked'>();
  /** Nacked, and not delivered again since, by key. */
  readonly #returning = new Map<string, Set<string>>();
  readonly #seen = new Set<string>();

  constructor(recorder: Recorder) {
    this.recorder = recorder;
  }

  get members(): readonly Member[] {
    return this.#members.filter(({ closed }) => !closed);
  }

  async join(concurrency: number): Promise<void> {
    const out = new Set<Delivery>();
    // What comes before subscribe() has resolved is noted all the same.
    const early: { closed: boolean } = { closed: false };
    let own: { closed: boolean } = early;
    const subscription = await this.recorder.join((delivery) => this.#came(delivery, out, concurrency, own), {
      concurrency,
    });
    const member = { concurrency, subscription, out, closed: false };
    own = member;
    this.#members.push(member);
  }

  #came(delivery: Delivery, out: Set<Delivery>, concurrency: number, member: { readonly closed: boolean }): void {
    const { id, partitionkey } = delivery.envelope;
    if (member.closed) this.flaws.push(`${id} came to a member that had left`);
    if (delivery.revoked) this.flaws.push(`${id} was revoked as it came`);
    const returning = this.#returning.get(partitionkey);
    if (!this.#seen.has(id) && (returning?.size ?? 0) > 0)
      this.flaws.push(`${id} came before ${[...(returning ?? [])].join(', ')}, nacked earlier`);
    this.#seen.add(id);
    returning?.delete(id);
    out.add(delivery);
    if (out.size > concurrency) this.flaws.push(`${out.size} unacknowledged, not ${concurrency}`);
  }

  /** Any delivery that there ever was: a second word, and one on a delivery that was revoked, have to do nothing. */
  settle(kind: 'ack' | 'nack' | 'late nack', which: number): void {
    const { deliveries } = this.recorder;
    const delivery = deliveries[which % Math.max(1, deliveries.length)];
    if (delivery === undefined) return;
    const counts = !this.#ended.has(delivery);
    const { id, partitionkey } = delivery.envelope;
    if (counts) {
      this.#ended.set(delivery, 'settled');
      for (const { out } of this.#members) out.delete(delivery);
      if (kind === 'ack') this.acknowledged.add(id);
      else this.#returning.set(partitionkey, (this.#returning.get(partitionkey) ?? new Set()).add(id));
    }
    if (kind === 'ack') delivery.ack();
    else delivery.nack({ reason: 'as the script says', ...(kind === 'nack' ? {} : { delayMs: 1 }) });
    this.#compare();
  }

  async close(): Promise<void> {
    const [member] = this.members;
    if (member === undefined) return;
    await member.subscription.close();
    member.closed = true;
    for (const delivery of member.out) this.#ended.set(delivery, 'revoked');
    member.out.clear();
    this.#compare();
  }

  #compare(): void {
    for (const delivery of this.recorder.deliveries) {
      const revoked = this.#ended.get(delivery) === 'revoked';
      if (delivery.revoked !== revoked)
        this.flaws.push(
          `${delivery.envelope.id}/${delivery.deliveryAttempt} says that it is ${revoked ? 'not ' : ''}revoked`,
        );
    }
  }

  /** Acknowledges everything that is out or comes yet, until all was. */
  async finish(sent: readonly OutgoingMessage[]): Promise<void> {
    if (this.members.length === 0) await this.join(3);
    while (idsOf(sent).some((id) => !this.acknowledged.has(id))) {
      for (const { out } of this.members)
        for (const delivery of [...out]) this.settle('ack', this.recorder.deliveries.indexOf(delivery));
      await nextTurn();
    }
    while (this.members.length > 0) await this.close();
  }
}

export function heldSuite(under: TransportUnderTest): void {
  describe('deliveries that are kept', () => {
    it('come to somebody until they are acknowledged, whoever settles, revokes and leaves when', async () => {
      const transport = under.current();
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 50, size: 'max' }), async (script) => {
          const channel = fresh('channel');
          const group = new HeldGroup(new Recorder(transport, channel));
          await group.join(2);
          const sent: OutgoingMessage[] = [];
          for (const one of script) {
            if (one.kind === 'publish') {
              const batch = one.keys.map((key) => message(channel, `key-${key}`));
              sent.push(...batch);
              await transport.publish(batch);
            } else if (one.kind === 'pause') await nextTurn();
            else if (one.kind === 'wait') await sleep(2);
            else if (one.kind === 'close') await group.close();
            else if (one.kind === 'join') await group.join(one.concurrency);
            else group.settle(one.kind, one.which);
          }
          await group.finish(sent);
          expect(group.flaws).to.deep.equal([]);
          for (const key of ['key-0', 'key-1', 'key-2']) {
            const own = sent.filter(({ envelope }) => envelope.partitionkey === key);
            const seen = group.recorder.deliveries.filter(({ envelope }) => envelope.partitionkey === key);
            expect(distinct(seen.map(({ envelope }) => envelope.id))).to.deep.equal(idsOf(own));
          }
        }),
        { numRuns: 25 },
      );
    });
  });
}
