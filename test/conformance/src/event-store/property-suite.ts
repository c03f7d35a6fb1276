import { type EventStore, type NewEvent, NO_STREAM, type Position } from '@reprise/core/plugin';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { Collector, events, expectConflict, expectRecorded, freshStream, ids } from './fixtures.ts';
import type { StoreUnderTest } from './store-under-test.ts';

type Step =
  | { readonly kind: 'append'; readonly count: number }
  | { readonly kind: 'stale' | 'ahead'; readonly by: number }
  | { readonly kind: 'repeat'; readonly which: number }
  | { readonly kind: 'read'; readonly from: number; readonly limit: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 20 }) }) },
  fc.record({ kind: fc.constantFrom('stale' as const, 'ahead' as const), by: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant('repeat' as const), which: fc.nat(50) }),
  fc.record({ kind: fc.constant('read' as const), from: fc.nat(60), limit: fc.nat(30) }),
);

/** Plays a script on a stream of its own, and checks each answer against what a list would say. */
async function play(store: EventStore, stream: string, script: readonly Step[]): Promise<NewEvent[]> {
  const model: NewEvent[] = [];
  const appends: { readonly batch: NewEvent[]; readonly at: number; readonly position: Position }[] = [];
  for (const one of script) {
    const head = model.length - 1;
    if (one.kind === 'append') {
      const batch = events(one.count);
      const { revision, position } = await store.append(stream, batch, head);
      model.push(...batch);
      appends.push({ batch, at: head, position });
      expect(revision).to.equal(model.length - 1);
    } else if (one.kind === 'repeat') {
      const done = appends[one.which % Math.max(1, appends.length)];
      if (done === undefined) continue;
      const { batch, at, position } = done;
      expect(await store.append(stream, batch, at)).to.deep.equal({ revision: at + batch.length, position });
    } else if (one.kind === 'read') {
      const page = await store.read(stream, { from: one.from, limit: one.limit });
      expectRecorded(page, stream, model.slice(one.from, one.from + one.limit), one.from);
    } else {
      const wrong = one.kind === 'ahead' ? head + one.by : Math.max(NO_STREAM, head - one.by);
      if (wrong !== head) await expectConflict(store.append(stream, events(1), wrong), head);
    }
  }
  return model;
}

/** At most RUNS * STREAMS * STEPS appends, a quarter of that as a rule: a store at 20 ms an append, one after the other, is done in time. */
const RUNS = 25;
const STREAMS = 5;
const STEPS = 10;

export function propertySuite(under: StoreUnderTest): void {
  describe('properties', () => {
    it('behaves as a list per stream and one list of all, however appends interleave', async () => {
      const store = under.current();
      const [live, subscription] = await Collector.start(store);
      let before = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(step, { maxLength: STEPS }), { minLength: 1, maxLength: STREAMS }),
          async (scripts) => {
            const streams = scripts.map(() => freshStream());
            const models = await Promise.all(scripts.map((script, index) => play(store, streams[index] ?? '', script)));
            const all = await store.readAll({ limit: Number.MAX_SAFE_INTEGER });
            const added = all.slice(before);
            before = all.length;
            for (const [index, model] of models.entries()) {
              const stream = streams[index] ?? '';
              const own = added.filter((one) => one.stream === stream);
              expectRecorded(own, stream, model);
              expect(own).to.deep.equal(await store.read(stream));
            }
            expect(added).to.have.length(models.flat().length);
            for (const [index, one] of all.entries()) {
              if (index > 0) expect(one.position > (all[index - 1]?.position ?? one.position)).to.equal(true);
            }
            await live.until(({ received }) => received.length >= all.length);
            expect(ids(live.received)).to.deep.equal(ids(all));
          },
        ),
        { numRuns: RUNS },
      );
      await subscription.close();
    });
  });
}
