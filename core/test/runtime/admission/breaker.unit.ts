import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { AttemptEnd } from '../../../src/orchestration/runtime/admission/breaker.ts';
import { type AdmissionConfig, admissionOptions } from '../../../src/orchestration/runtime/admission/options.ts';
import { ModelRun, type ModelTask, World } from './world.ts';

const REST_MS = 30_000;
const BREAKER = { failures: 3, rest: REST_MS };

/** One run with as many tasks for the agent as there are, of which those under way can be ended. */
function office(config: AdmissionConfig = {}, agents: Readonly<Record<string, number>> = { a: 2 }) {
  const world = new World(
    { ...config, ...(config.breaker !== false && { breaker: { ...BREAKER, ...config.breaker } }) },
    agents,
  );
  const run = world.add(new ModelRun('run'));
  const tasks = (count: number, agent = 'a', capability?: string): ModelTask[] =>
    Array.from({ length: count }, () => world.task(agent, 0, capability));
  /** Begins what is ready, and ends the attempt that is under way the longest. */
  const end = async (how: AttemptEnd['agent'] | undefined, again = false): Promise<void> => {
    const [first] = run.underWay.values();
    if (first === undefined) throw new Error('nothing is under way');
    if (again) run.ready.push(first);
    world.turn(run, [first.id], false, how);
    await world.settle();
  };
  const begin = async (): Promise<void> => {
    world.turn(run);
    await world.settle();
  };
  const health = () => world.admission.health('a');
  return { world, run, tasks, end, begin, health };
}

async function restedOffice(config: AdmissionConfig = {}) {
  const all = office(config, { a: 1 });
  all.run.ready = all.tasks(10);
  await all.begin();
  for (let failed = 0; failed < 3; failed += 1) await all.end('ill');
  return all;
}

describe('an agent that fails', () => {
  it('is handed nothing once attempts of three different tasks have failed in a row, then one attempt, and all when that ends well', async () => {
    const { world, run, health, end } = await restedOffice();
    const until = world.clock.now() + REST_MS;
    expect(run.underWay.size).to.equal(0);
    expect(health()).to.deep.include({ state: 'rested', until });
    expect(health()?.lastFailure).to.deep.include({ runId: 'run', taskId: 't3' });
    expect(world.notes).to.deep.equal([{ agent: 'a', rested: { until, failures: 3 } }]);
    await world.tick(REST_MS - 1);
    expect(run.underWay.size).to.equal(0);
    world.capacity.set('a', 5);
    await world.tick(1);
    expect([run.underWay.size, health()?.state]).to.deep.equal([1, 'trying']);
    await end('well');
    expect([run.underWay.size, health()?.state]).to.deep.equal([5, 'ready']);
    expect(world.notes.slice(1)).to.deep.equal([{ agent: 'a' }]);
    expect(world.clock.pending, 'nothing is left to be looked at').to.equal(0);
  });

  it('is waited for without looking: what waits is woken when the rest ends', async () => {
    const { world } = await restedOffice();
    const { scheduled } = world.clock;
    await world.tick(REST_MS - 1);
    expect([world.clock.pending, world.clock.scheduled]).to.deep.equal([1, scheduled]);
  });

  it('rests twice as long each time that it is tried in vain, up to the most', async () => {
    const { world, end } = await restedOffice({ breaker: { rest: '30s', maxRest: '100s' } });
    for (const [restMs, failures] of [
      [60_000, 4],
      [100_000, 5],
      [100_000, 6],
    ] as const) {
      await world.tick((world.notes.at(-1)?.rested?.until ?? 0) - world.clock.now());
      await end('ill');
      expect(world.notes.at(-1)).to.deep.equal({
        agent: 'a',
        rested: { until: world.clock.now() + restMs, failures },
      });
    }
  });

  it('begins with the first rest again after it was back', async () => {
    const { world, end } = await restedOffice();
    await world.tick(REST_MS);
    await end('ill');
    await world.tick(2 * REST_MS);
    await end('well');
    for (let failed = 0; failed < 3; failed += 1) await end('ill');
    expect(world.notes.at(-1)?.rested).to.deep.equal({ until: world.clock.now() + REST_MS, failures: 3 });
  });

  it('is not rested for one task, however often that fails', async () => {
    const { run, tasks, begin, end, health, world } = office({}, { a: 1 });
    run.ready = tasks(1);
    await begin();
    for (let tries = 0; tries < 20; tries += 1) await end('ill', true);
    expect([run.underWay.size, health()?.state, world.notes]).to.deep.equal([1, 'ready', []]);
  });

  for (const [how, tells] of [
    ['well', 'one that ends well, or with an answer that is an error, breaks the row'],
    ['unknown', 'one that says nothing of it does not break the row'],
  ] as const)
    it(`is judged by attempts in a row: ${tells}`, async () => {
      const { run, tasks, begin, end, health } = office({}, { a: 1 });
      run.ready = tasks(10);
      await begin();
      for (const one of ['ill', 'ill', how, 'ill'] as const) await end(one);
      expect(health()?.state).to.equal(how === 'well' ? 'ready' : 'rested');
      if (how === 'unknown') return;
      for (const one of ['ill', 'ill'] as const) await end(one);
      expect(health()?.state).to.equal('rested');
    });

  it('is judged over all runs', async () => {
    const { world, health } = office({}, { a: 3 });
    const runs = ['r1', 'r2', 'r3'].map((id) => world.add(new ModelRun(id)));
    for (const run of runs) {
      run.ready = [{ id: 'same', agent: 'a', priority: 0, capability: undefined }];
      world.turn(run);
    }
    for (const run of runs) world.turn(run, ['same'], false, 'ill');
    expect(health()?.state).to.equal('rested');
  });

  it('is tried by one attempt only, whoever asks, and whatever ends that was under way before', async () => {
    const { world, run, tasks, begin, health } = office({}, { a: 5 });
    run.ready = tasks(20);
    await begin();
    const [one = '', two = '', three = '', four = ''] = run.underWay.keys();
    world.turn(run, [one, two, three], false, 'ill');
    const other = world.add(new ModelRun('other'));
    other.ready = tasks(3);
    world.turn(other);
    await world.settle();
    expect([run.underWay.size, other.underWay.size]).to.deep.equal([2, 0]);
    await world.tick(REST_MS);
    expect(run.underWay.size + other.underWay.size).to.equal(3);
    world.turn(run, [four], false, 'well');
    await world.settle();
    expect([run.underWay.size + other.underWay.size, health()?.state]).to.deep.equal([2, 'trying']);
  });

  it('is tried with another attempt when one says nothing of it', async () => {
    const { run, end, world, health } = await restedOffice();
    await world.tick(REST_MS);
    const [first] = run.underWay.keys();
    await end(undefined);
    expect([run.underWay.size, health()?.state]).to.deep.equal([1, 'trying']);
    expect([...run.underWay.keys()]).to.not.include(first);
    await end('unknown');
    expect([run.underWay.size, health()?.state]).to.deep.equal([1, 'trying']);
    await end('well');
    expect(health()?.state).to.equal('ready');
  });

  it('is tried with another attempt when one takes longer than the rest did', async () => {
    const { run, world, health } = await restedOffice();
    world.capacity.set('a', 3);
    await world.tick(REST_MS);
    expect(run.underWay.size).to.equal(1);
    await world.tick(REST_MS - 1);
    expect(run.underWay.size).to.equal(1);
    await world.tick(1);
    expect(run.underWay.size).to.equal(2);
    world.turn(run, [[...run.underWay.keys()][1] ?? ''], false, 'well');
    await world.settle();
    expect(health()?.state).to.equal('ready');
    expect(run.underWay.size).to.equal(3);
  });

  it('is tried by another run when the one that was to try it has nothing for it any more', async () => {
    const { run, world, tasks } = await restedOffice();
    const other = world.add(new ModelRun('other'));
    other.ready = tasks(1);
    world.turn(other);
    // Skipped, say; that it waits is not withdrawn yet.
    run.ready = [];
    await world.tick(REST_MS);
    expect([run.underWay.size, other.underWay.size]).to.deep.equal([0, 1]);
  });

  it('is back, or rests, by what an attempt of a run says that is let go of meanwhile', async () => {
    const { run, world, health, tasks } = await restedOffice();
    await world.tick(REST_MS);
    world.end(run);
    expect(health()?.state).to.equal('trying');
    const other = world.add(new ModelRun('other'));
    other.ready = tasks(2);
    world.turn(other);
    await world.settle();
    expect(other.underWay.size).to.equal(1);
  });

  it('has nothing that a run was granted before', async () => {
    const { world, tasks } = office({}, { a: 3 });
    const failing = world.add(new ModelRun('failing'));
    failing.ready = tasks(3);
    world.turn(failing);
    const waiting = world.add(new ModelRun('waiting'));
    waiting.ready = tasks(1);
    world.turn(waiting);
    const [one = '', two = '', three = ''] = failing.underWay.keys();
    world.turn(failing, [one], false, 'ill');
    // The slot is the other run's, which has not had its turn.
    await Promise.resolve();
    world.turn(failing, [two, three], false, 'ill');
    await world.settle();
    expect(waiting.underWay.size).to.equal(0);
    await world.tick(REST_MS);
    expect(waiting.underWay.size).to.equal(1);
  });

  it('stands as before when the turn that said so came to nothing', async () => {
    const { world, run, tasks, begin, end, health } = office({}, { a: 1 });
    run.ready = tasks(10);
    await begin();
    await end('ill');
    await end('ill');
    const [third = ''] = run.underWay.keys();
    world.turn(run, [third], true, 'ill');
    expect([health()?.state, world.notes, world.clock.pending]).to.deep.equal(['ready', [], 0]);
    await begin();
    world.turn(run, [third], false, 'ill');
    expect(health()?.state).to.equal('rested');
    await world.tick(REST_MS);
    const [trial = ''] = run.underWay.keys();
    world.turn(run, [trial], true, 'ill');
    expect(health()?.state).to.equal('trying');
    world.turn(run, [trial], true, 'well');
    expect(health()?.state).to.equal('trying');
    world.turn(run, [trial], false, 'well');
    expect(health()?.state).to.equal('ready');
  });

  it('is passed over by what others can do as well', async () => {
    const { world, run, tasks, begin, end } = office({}, { a: 1, b: 1 });
    run.ready = tasks(3);
    await begin();
    for (let failed = 0; failed < 3; failed += 1) await end('ill');
    const [task] = tasks(1, 'a', 'read');
    if (task === undefined) return;
    run.ready = [task, { ...task, agent: 'b' }];
    world.turn(run);
    expect(Array.from(run.underWay.values(), ({ agent }) => agent)).to.deep.equal(['b']);
  });

  it('is told of to whoever asks why a run waits; not as long as another could take it', async () => {
    const { world, run, tasks, begin } = await restedOffice();
    const until = world.notes[0]?.rested?.until;
    expect(world.admission.waitingAt('run', 'a', undefined)?.rested).to.deep.equal({
      agent: 'a',
      until,
      trying: false,
    });
    world.capacity.set('b', 1);
    run.ready = [...tasks(1, 'a', 'read'), ...tasks(2, 'b', 'read')];
    await begin();
    expect(world.admission.waitingAt('run', undefined, 'read')).to.deep.include({ limit: "agent 'b'" });
    expect(world.admission.waitingAt('run', undefined, 'read')?.rested).to.equal(undefined);
    run.ready = tasks(2);
    await begin();
    await world.tick(REST_MS);
    expect(world.admission.waitingAt('run', 'a', undefined)?.rested).to.deep.include({ agent: 'a', trying: true });
  });

  it('is never rested when that is not wanted', async () => {
    const { run, tasks, begin, end, health } = office({ breaker: false }, { a: 1 });
    run.ready = tasks(10);
    await begin();
    for (let failed = 0; failed < 9; failed += 1) await end('ill');
    expect([run.underWay.size, health()]).to.deep.equal([1, undefined]);
  });

  it('leaves nothing behind that looks at it when nothing is driven any more', async () => {
    const { world } = await restedOffice();
    world.admission.clear();
    expect(world.clock.pending).to.equal(0);
  });

  it('starves nobody: whatever attempts come to, all begins once agents answer', async () => {
    const step = fc.record({
      run: fc.nat(2),
      how: fc.constantFrom('ill', 'ill', 'ill', 'well', 'unknown', undefined),
      failing: fc.boolean(),
      ms: fc.constantFrom(0, 1, 10_000, REST_MS, 700_000),
      again: fc.boolean(),
      skipped: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), async (steps, failures) => {
        const { world, tasks } = office({ breaker: { failures } }, { a: 2, b: 1 });
        const runs = ['r1', 'r2', 'r3'].map((id) => world.add(new ModelRun(id)));
        for (const run of runs) {
          run.ready = [...tasks(4), ...tasks(2, 'b')];
          world.turn(run);
        }
        await world.settle();
        for (const { run: index, how, failing, ms, again, skipped } of steps) {
          const run = runs[index];
          const [first] = run?.underWay.values() ?? [];
          if (run !== undefined && first !== undefined) {
            if (again && !failing) run.ready.push(first);
            world.turn(run, [first.id], failing, how);
            // As the engine does: a turn that came to nothing is taken again.
            if (failing) world.turn(run);
            await world.settle();
          }
          // What it waits for with that, it gives back when it has it.
          if (skipped) run?.ready.splice(0, 3);
          await world.tick(ms);
        }
        for (
          let rounds = 0;
          rounds < 200 && runs.some(({ ready, underWay }) => ready.length + underWay.size > 0);
          rounds += 1
        ) {
          for (const run of runs) world.turn(run, [...run.underWay.keys()], false, 'well');
          await world.settle();
          await world.tick(600_000);
        }
        expect(runs.map(({ ready, underWay }) => ready.length + underWay.size)).to.deep.equal([0, 0, 0]);
        expect([world.load.get('a') ?? 0, world.load.get('b') ?? 0]).to.deep.equal([0, 0]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the options of the breaker', () => {
  it('are read, and have defaults', () => {
    expect(admissionOptions().breaker).to.deep.equal({ failures: 5, restMs: 5000, maxRestMs: 600_000 });
    expect(admissionOptions({ breaker: { failures: 5, rest: '20m' } }).breaker).to.deep.equal({
      failures: 5,
      restMs: 1_200_000,
      maxRestMs: 1_200_000,
    });
    expect(admissionOptions({ breaker: false }).breaker).to.equal(undefined);
  });

  for (const [breaker, said] of [
    [true, 'admission.breaker must be an object'],
    [{ failure: 3 }, 'admission.breaker.failure is not known'],
    [{ failures: 0 }, 'admission.breaker.failures must be a whole number above 0, not 0'],
    [{ failures: 1.5 }, 'admission.breaker.failures must be a whole number above 0, not 1.5'],
    [{ rest: 0 }, 'admission.breaker.rest must be a time above 0'],
    [{ rest: 'soon' }, 'admission.breaker.rest must be a time above 0'],
    [{ rest: '1m', maxRest: '30s' }, 'admission.breaker.maxRest must not be less than rest, which is 60000 ms'],
  ] as const)
    it(`refuses ${JSON.stringify(breaker)}`, () => {
      expect(() => admissionOptions({ breaker } as never))
        .to.throw(said)
        .with.property('code', 'REPRISE_CONFIG_INVALID');
    });
});
