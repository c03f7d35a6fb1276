import { defineAgent, type Json, schemaFlaws, workflow } from '@reprise/core';
import { replaySimulation, type SimFault, type SimulatedRun, simulateRuns } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { z } from 'zod';
import { exampleOf } from '../../src/testing/sim/example.ts';
import { dicesOf, FaultPlan } from '../../src/testing/sim/fault.ts';
import { brokenBy } from '../../src/testing/sim/invariants.ts';
import { shrink } from '../../src/testing/sim/shrink.ts';

const paid = z.object({ id: z.uuid(), amount: z.number().min(1).max(50) });
const pay = defineAgent({
  name: 'pay',
  outputSchema: paid,
  handle: () => {
    throw new Error('the real agent was called');
  },
});
const order = workflow('order', { input: z.object({ who: z.email(), count: z.int().min(1) }) })
  .task('pay', pay, { delivery: 'at-most-once', timeout: '1m' })
  .task('ship', 'ship', { after: 'pay', retry: 5 })
  .wait('signed', { signal: 'signed', timeout: '2d', default: null }, { after: 'ship' })
  .task('file', 'filer', { after: 'signed', retry: 5 })
  .build();

const shipped = ({ calls }: SimulatedRun): readonly unknown[] => calls.filter(({ agent }) => agent === 'ship');
const shipsOnce = (run: SimulatedRun): boolean => shipped(run).length <= 1;

describe('simulateRuns', () => {
  it('plays runs under every fault, and tells what befell them and how they ended', async () => {
    const told: number[] = [];
    const report = await simulateRuns(order, { runs: 60, onProgress: ({ runs }) => told.push(runs) });
    expect(report.failure).to.equal(undefined);
    expect(report.runs).to.equal(60);
    expect(report.calm).to.equal('completed');
    expect(report.ends['completed']).to.be.greaterThan(30);
    expect(Object.values(report.ends).reduce((sum, one) => sum + one, 0)).to.equal(60);
    expect(report.faults).to.have.all.keys(
      ...['fail', 'slow', 'drop', 'delay', 'duplicate', 'reorder', 'unavailable', 'unknown', 'crash'],
    );
    expect(report.cast).to.deep.equal({ pay: 'schema', ship: 'nothing', filer: 'nothing' });
    expect(told).to.deep.equal(Array.from({ length: 60 }, (_, nth) => nth + 1));
  });

  it('finds what breaks an invariant, leaves one fault of it, and plays that again to the same history', async () => {
    const { failure } = await simulateRuns(order, {
      runs: 200,
      faults: ['fail', 'slow', 'crash'],
      invariants: { shipsOnce },
    });
    expect(failure?.broken).to.deep.equal({ invariant: 'shipsOnce', detail: 'it gave false' });
    expect(failure?.run.faults.length).to.be.lessThanOrEqual(2).and.greaterThan(0);
    if (failure === undefined) return;
    const { seed, input, faults, history } = failure.run;
    const again = await replaySimulation(order, { seed, input, faults, invariants: { shipsOnce } });
    expect(again.broken).to.deep.equal(failure.broken);
    expect(again.run.history).to.deep.equal(history);
    // Without the faults it holds.
    expect((await replaySimulation(order, { seed, input, faults: [], invariants: { shipsOnce } })).broken).to.equal(
      undefined,
    );
  });

  it('says of a run that stands still what it waits for', async () => {
    const endless = workflow('endless').wait('x', { signal: 'go' }).build();
    const { failure, ends } = await simulateRuns(endless, { runs: 50, faults: ['silence'], maxDuration: '1d' });
    expect(failure?.broken.invariant).to.equal('ends');
    expect(failure?.broken.detail).to.match(/has not ended within 24h.*waits for the signal 'go'/);
    expect(failure?.run.faults.map(({ kind }) => kind)).to.deep.equal(['silence']);
    expect(ends).to.have.property('open', 1);
  });

  it('answers forms and signals, by their schemas and with what is said of them', async () => {
    const flow = workflow('asks')
      .wait('form', { form: { type: 'object', properties: { ok: { const: true } }, required: ['ok'] } })
      .wait('signal', { signal: 'go' })
      .output(({ outputs }) => [outputs.form, outputs.signal] as Json)
      .build();
    const seen: unknown[] = [];
    const { ends } = await simulateRuns(flow, {
      runs: 5,
      signals: { go: { by: 'Ada' } },
      invariants: { noted: ({ output }) => void seen.push(output) },
    });
    expect(ends).to.deep.equal({ completed: 5 });
    expect(seen[0]).to.deep.equal([{ ok: true }, { by: 'Ada' }]);
  });

  it('plays agents by scripts, and by their own functions when it is told to', async () => {
    const scripted = await simulateRuns(order, {
      runs: 3,
      faults: [],
      scripts: { pay: { output: { id: '00000000-0000-4000-8000-000000000001', amount: 7 } } },
      invariants: { amount: ({ history }) => JSON.stringify(history).includes('"amount":7') || 'another amount' },
    });
    expect(scripted.cast['pay']).to.equal('script');
    expect(scripted.failure).to.equal(undefined);
    const real = await simulateRuns(order, { runs: 1, real: true });
    expect(real.cast['pay']).to.equal('project');
    expect(real.calm).to.equal('failed REPRISE_OUTCOME_UNKNOWN'.replace('OUTCOME_UNKNOWN', 'TASK_FAILED'));
  });

  it('simulates child runs, whatever befalls them', async () => {
    const child = workflow('child').task('c', 'worker', { delivery: 'at-most-once' }).build();
    const parent = workflow('parent').workflow('kid', child).task('after', 'worker', { after: 'kid' }).build();
    const { failure, ends } = await simulateRuns(parent, { runs: 60 });
    expect(failure).to.equal(undefined);
    expect(ends['completed']).to.be.greaterThan(20);
  });

  it('rejects with what is to be mended, and not with a failure', async () => {
    const rejection = await simulateRuns(order, { runs: 3, input: { who: 'nobody' } }).catch((error: unknown) => error);
    expect(rejection).to.have.property('code', 'REPRISE_INPUT_INVALID');
  });

  it('has the same faults whatever else is asked for, and none but those that were asked for', () => {
    const seeded = FaultPlan.bySeed(4, ['fail', 'slow']);
    const uses = Array.from({ length: 200 }, (_, nth) => [`task ${nth % 3}`, ['fail', 'slow', 'hang']] as const);
    for (const [at, kinds] of uses) seeded.use(at, kinds);
    expect(seeded.happened.length).to.be.greaterThan(0);
    const other = FaultPlan.bySeed(4, ['fail', 'slow']);
    for (const [at, kinds] of uses.toReversed()) other.use(at, kinds);
    const sorted = (faults: readonly SimFault[]) => faults.map((fault) => JSON.stringify(fault)).sort();
    expect(sorted(other.happened)).to.deep.equal(sorted(seeded.happened));
    expect(new Set(seeded.happened.map(({ kind }) => kind))).to.not.include('hang');
  });

  it('leaves the fewest of a list for which something is true', async () => {
    const numbers = Array.from({ length: 40 }, (_, nth) => nth);
    const both = async (some: readonly number[]): Promise<boolean> => some.includes(7) && some.includes(31);
    expect(await shrink(numbers, both, { most: 300 })).to.deep.equal([7, 31]);
    expect(await shrink(numbers, async () => true, { most: 300 })).to.deep.equal([]);
    let asked = 0;
    await shrink(
      numbers,
      async () => {
        asked += 1;
        return false;
      },
      { most: 10 },
    );
    expect(asked).to.be.lessThanOrEqual(11);
  });
});

describe('invariants of every workflow', () => {
  const good = async (): Promise<SimulatedRun> =>
    (await replaySimulation(order, { seed: 1, input: { who: 'a@example.org', count: 1 }, faults: [] })).run;

  it('are broken by an at-most-once task that was done twice, an early call, another state, a run that goes on', async () => {
    const run = await good();
    expect(await brokenBy(run, {})).to.equal(undefined);
    const payment = run.calls.find(({ agent }) => agent === 'pay');
    if (payment === undefined) throw new Error('nobody paid');
    expect(await brokenBy({ ...run, calls: [...run.calls, payment] }, {})).to.have.property(
      'invariant',
      'at-most-once',
    );
    expect(await brokenBy({ ...run, calls: [{ ...payment, recorded: false }] }, {})).to.have.property(
      'invariant',
      'recorded-first',
    );
    const without = run.history.filter(({ type }) => type !== 'SignalReceived');
    const other = without.map((event) => (event.type === 'TaskCompleted' ? { ...event, output: 1 } : event));
    expect(await brokenBy({ ...run, history: other as typeof run.history }, {})).to.have.property(
      'invariant',
      'replay',
    );
    expect(await brokenBy({ ...run, children: new Map([['kid', run.history.slice(0, 3)]]) }, {})).to.have.property(
      'invariant',
      'children-end',
    );
  });
});

describe('examples of a schema', () => {
  const schemas: readonly Json[] = [
    {
      type: 'object',
      properties: { a: { type: 'integer', minimum: 3, maximum: 3 }, b: { enum: ['x'] } },
      required: ['a', 'b'],
    },
    { type: 'array', items: { type: 'string', format: 'date-time' }, minItems: 2, maxItems: 4 },
    { $ref: '#/$defs/tree', $defs: { tree: { type: 'object', properties: { left: { $ref: '#/$defs/tree' } } } } },
    {
      oneOf: [
        { type: 'string', minLength: 60 },
        { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
      ],
    },
    { allOf: [{ type: 'object', required: ['a'] }, { properties: { a: { type: 'boolean' } } }] },
    { type: 'string', pattern: '^[A-Z]{3}-[0-9]+$' },
    { type: 'number', multipleOf: 0.25, minimum: -1, maximum: 1 },
    { type: ['null', 'string'] },
    { const: { a: [1] } },
    true,
  ];

  it('fit it, and are another by other numbers', () => {
    for (const schema of schemas) {
      const made = Array.from({ length: 20 }, (_, seed) => exampleOf(schema, dicesOf(seed, 'x')));
      for (const value of made) expect(schemaFlaws(schema, value), JSON.stringify({ schema, value })).to.deep.equal([]);
    }
    const texts = new Set(Array.from({ length: 20 }, (_, seed) => exampleOf({ type: 'string' }, dicesOf(seed, 'x'))));
    expect(texts.size).to.be.greaterThan(10);
  });

  it('are refused where there are none', () => {
    expect(() => exampleOf({ type: 'string', pattern: '^ß{9}$' }, dicesOf(1, 'x')))
      .to.throw(/No value could be made that fits the schema.*examples/)
      .with.property('code', 'REPRISE_INPUT_INVALID');
  });
});
