import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { AdmissionConfig } from '../../../src/orchestration/runtime/admission/options.ts';
import { ModelRun, World } from './world.ts';

/** Ends what began first, one after the other, until nothing is under way; the runs in the order in which they were served. */
async function workOff(world: World, agent: string): Promise<void> {
  for (;;) {
    const busy = [...world.runs.values()].flatMap((run) =>
      [...run.underWay.values()].filter((task) => task.agent === agent).map((task) => ({ run, task })),
    );
    const [first] = busy;
    if (first === undefined) return;
    world.turn(first.run, [first.task.id]);
    await world.settle();
  }
}

describe('admission', () => {
  it('gives an agent no more than it has room for, and the next slot to whoever waits', async () => {
    const world = new World({}, { a: 2 });
    const one = world.add(new ModelRun('one'));
    const two = world.add(new ModelRun('two'));
    one.ready = Array.from({ length: 5 }, () => world.task('a'));
    two.ready = [world.task('a')];
    world.turn(one);
    await world.tick(1);
    world.turn(two);
    await world.settle();
    expect([one.underWay.size, two.underWay.size]).to.deep.equal([2, 0]);
    const end = async (run: ModelRun): Promise<void> => {
      const [first = ''] = run.underWay.keys();
      world.turn(run, [first]);
      await world.tick(1);
    };
    await end(one);
    expect([one.underWay.size, two.underWay.size], 'one has waited a little longer').to.deep.equal([2, 0]);
    await end(one);
    expect([one.underWay.size, two.underWay.size]).to.deep.equal([1, 1]);
    expect(world.load.get('a')).to.equal(2);
  });

  it('gives a freed slot back to its run in the same turn, while nobody else waits', () => {
    const world = new World({}, { a: 1 });
    const run = world.add(new ModelRun('run'));
    run.ready = [world.task('a'), world.task('a')];
    world.turn(run);
    const [first = ''] = run.underWay.keys();
    world.turn(run, [first]);
    expect(run.underWay.size, 'completed and begun in one turn').to.equal(1);
    expect(run.began).to.equal(2);
  });

  it('has what was granted for one thing used for another that passes the same limits, and waits for what is left', async () => {
    const world = new World({ capabilities: { read: { concurrency: 1 } } }, { a: 1, b: 1 });
    const busy = world.add(new ModelRun('busy'));
    busy.ready = [world.task('a')];
    world.turn(busy);
    const run = world.add(new ModelRun('run'));
    run.ready = [world.task('a', 0, 'read')];
    world.turn(run);
    const other = world.add(new ModelRun('other'));
    other.ready = [world.task('b', 0, 'read')];
    const [first = ''] = busy.underWay.keys();
    world.turn(busy, [first]);
    // It is granted; meanwhile the run has something else, which goes first.
    const named = world.task('a', 5);
    run.ready.push(named);
    await world.settle();
    expect([...run.underWay.keys()]).to.deep.equal([named.id]);
    // What the exchange gave back is there for others.
    world.turn(other);
    expect(other.underWay.size).to.equal(1);
    world.turn(run, [named.id]);
    await world.settle();
    expect(run.underWay.size, 'the capability is used up').to.equal(0);
    const [read = ''] = other.underWay.keys();
    world.turn(other, [read]);
    await world.settle();
    expect(run.underWay.size).to.equal(1);
  });

  it('lets a higher priority go first, whoever waited before, and its own run keep the slot for it', async () => {
    const world = new World({}, { a: 1 });
    const low = world.add(new ModelRun('low'));
    const high = world.add(new ModelRun('high'));
    low.ready = Array.from({ length: 4 }, () => world.task('a'));
    world.turn(low);
    await world.tick(5);
    high.ready = [world.task('a', 100), world.task('a', 100)];
    world.turn(high);
    await world.settle();
    await workOff(world, 'a');
    expect(world.log).to.deep.equal(['low', 'high', 'high', 'low', 'low', 'low']);
  });

  it('lets runs of one priority take turns: a large one holds up nobody', async () => {
    const world = new World({}, { a: 1 });
    const large = world.add(new ModelRun('large'));
    large.ready = Array.from({ length: 100 }, () => world.task('a'));
    world.turn(large);
    await world.tick(60_000);
    for (const id of ['s1', 's2', 's3']) {
      const small = world.add(new ModelRun(id));
      small.ready = [world.task('a'), world.task('a')];
      world.turn(small);
    }
    await world.settle();
    await workOff(world, 'a');
    expect(world.log.slice(1, 10).filter((id) => id === 'large')).to.have.length(3);
    expect(world.log.slice(0, 10)).to.include.members(['s1', 's2', 's3']);
    expect(world.log).to.have.length(106);
  });

  it('shares between tenants before priorities', async () => {
    const world = new World({}, { a: 1 });
    for (const [tenant, priority] of [
      ['loud', 100],
      ['quiet', 0],
    ] as const) {
      const run = world.add(new ModelRun(tenant, { tenant }));
      run.ready = Array.from({ length: 10 }, () => world.task('a', priority));
      world.turn(run);
    }
    await world.settle();
    await workOff(world, 'a');
    expect(world.log.slice(0, 10).filter((id) => id === 'quiet')).to.have.length.within(4, 5);
  });

  it('has a run wait where there is no room, and passes who comes next on to where they wait', async () => {
    const world = new World({ labels: { customer: { concurrency: 1 } } }, { a: 2, b: 5 });
    const runs = ['x', 'x', 'y'].map((customer, index) =>
      world.add(new ModelRun(`r${index}`, { labels: { customer } })),
    );
    for (const run of runs) {
      run.ready = [world.task('a')];
      world.turn(run);
    }
    await world.settle();
    expect(runs.map((run) => run.underWay.size)).to.deep.equal([1, 0, 1]);
    expect(world.admission.waitingAt('r1', 'a', undefined)?.limit).to.equal("label customer 'x'");
    const [first, , third] = runs;
    world.turn(third as ModelRun, [...(third?.underWay.keys() ?? [])]);
    await world.settle();
    expect(runs[1]?.underWay.size, 'the agent has room, the customer has not').to.equal(0);
    world.turn(first as ModelRun, [...(first?.underWay.keys() ?? [])]);
    await world.settle();
    expect(runs[1]?.underWay.size).to.equal(1);
  });

  it('lets through what a rate allows, when it allows it', async () => {
    const world = new World({ agents: { a: { rate: { limit: 10, per: '1s', burst: 2 } } } }, { a: 100 });
    const run = world.add(new ModelRun('run'));
    run.ready = Array.from({ length: 6 }, () => world.task('a'));
    world.turn(run);
    await world.settle();
    expect(run.began).to.equal(2);
    await world.tick(99);
    expect(run.began).to.equal(2);
    await world.tick(1);
    expect(run.began).to.equal(3);
    await world.tick(300);
    expect(run.began).to.equal(6);
    expect(world.clock.pending, 'nobody waits, nothing is timed').to.equal(0);
  });

  it('counts what is taken for a capability at the agent that takes it', async () => {
    const world = new World({ capabilities: { read: { concurrency: 1 } } }, { a: 5 });
    const run = world.add(new ModelRun('run'));
    run.ready = [world.task('a', 0, 'read'), world.task('a', 0, 'read'), world.task('a')];
    world.turn(run);
    await world.settle();
    expect(run.began).to.equal(2);
    expect(world.load.get('a')).to.equal(2);
  });

  it('lets an agent that comes take what waited for it', async () => {
    const world = new World({}, {});
    const run = world.add(new ModelRun('run'));
    run.ready = [world.task('late')];
    world.turn(run);
    await world.settle();
    expect(run.began).to.equal(0);
    world.capacity.set('late', 1);
    world.admission.changed('late');
    await world.settle();
    expect(run.began).to.equal(1);
  });

  it('gives what was granted to a run that has gone to the next', async () => {
    const world = new World({}, { a: 1 });
    const runs = ['one', 'two', 'three'].map((id) => world.add(new ModelRun(id)));
    for (const run of runs) {
      run.ready = [world.task('a')];
      world.turn(run);
    }
    await world.settle();
    const [one, two, three] = runs as [ModelRun, ModelRun, ModelRun];
    world.turn(one, [...one.underWay.keys()]);
    world.end(two);
    await world.settle();
    expect(three.underWay.size).to.equal(1);
  });

  it('takes back what a turn did whose append failed', async () => {
    const world = new World({}, { a: 1 });
    const run = world.add(new ModelRun('run'));
    const other = world.add(new ModelRun('other'));
    run.ready = [world.task('a'), world.task('a')];
    world.turn(run);
    other.ready = [world.task('a')];
    world.turn(other);
    const [first = ''] = run.underWay.keys();
    world.turn(run, [first], true);
    await world.settle();
    // What was given to another meanwhile cannot be taken back; it is one too many for as long as it lasts.
    expect(world.load.get('a')).to.equal(run.underWay.size + other.underWay.size);
    world.turn(run, [first]);
    await world.settle();
    for (const one of [run, other]) while (one.underWay.size > 0) world.turn(one, [...one.underWay.keys()]);
    await world.settle();
    await workOff(world, 'a');
    expect(world.log).to.have.length(3);
  });

  it('keeps no limit of a customer that has gone', async () => {
    const world = new World({ labels: { customer: { concurrency: 1 } } }, { a: 1000 });
    for (let index = 0; index < 25_000; index += 1) {
      const run = world.add(new ModelRun(`r${index}`, { labels: { customer: `c${index}` } }));
      run.ready = [world.task('a')];
      world.turn(run);
      world.turn(run, [...run.underWay.keys()]);
      world.end(run);
    }
    await world.settle();
    expect(world.admission.ways.size).to.be.at.most(10_001);
  });

  it('has whoever waits served in the end, however much of a higher priority comes (property)', async () => {
    const step = fc.record({ priority: fc.integer({ min: 0, max: 20 }), passes: fc.integer({ min: 1, max: 2000 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 60 }), async (steps) => {
        const world = new World({ ageing: '1s' }, { a: 1 });
        const busy = world.add(new ModelRun('busy'));
        busy.ready = [world.task('a', 50)];
        world.turn(busy);
        const poor = world.add(new ModelRun('poor'));
        poor.ready = [world.task('a', 0)];
        world.turn(poor);
        const since = world.clock.now();
        for (const [index, { priority, passes }] of steps.entries()) {
          const run = world.add(new ModelRun(`rich${index}`));
          run.ready = [world.task('a', priority), world.task('a', priority)];
          world.turn(run);
          await world.tick(passes);
          for (const one of world.runs.values()) if (one.underWay.size > 0) world.turn(one, [...one.underWay.keys()]);
          await world.settle();
          // 20 points of priority are 20 s; all that came before may be served before it.
          if (poor.began > 0) return;
          expect(world.clock.now() - since).to.be.below(20_000 + 2000 * 2 * steps.length);
        }
        await workOff(world, 'a');
        expect(poor.began).to.equal(1);
      }),
      { numRuns: 50 },
    );
  });

  it('never goes beyond a limit, and never leaves room that somebody could use, whatever happens (property)', async () => {
    const config: AdmissionConfig = {
      process: { concurrency: 6 },
      agents: { a: { concurrency: 3 } },
      capabilities: { read: { concurrency: 2 } },
      workflows: { w0: { concurrency: 4 } },
      tenants: { '*': { concurrency: 5 } },
      labels: { customer: { concurrency: 2 } },
    };
    const runOf = fc.record({
      tenant: fc.constantFrom('', 'acme'),
      workflow: fc.constantFrom('w0', 'w1'),
      customer: fc.constantFrom('x', 'y', 'z'),
      concurrency: fc.integer({ min: 1, max: 5 }),
    });
    const taskOf = fc.record({
      agent: fc.constantFrom('a', 'b', 'c'),
      priority: fc.integer({ min: 0, max: 3 }),
      reads: fc.boolean(),
    });
    const step = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), run: fc.nat(), tasks: fc.array(taskOf, { maxLength: 4 }) }),
      fc.record({ kind: fc.constant('end' as const), run: fc.nat(), which: fc.nat(), failing: fc.boolean() }),
      fc.record({ kind: fc.constant('stop' as const), run: fc.nat() }),
      fc.record({ kind: fc.constant('tick' as const), ms: fc.nat({ max: 5000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(runOf, { minLength: 2, maxLength: 6 }),
        fc.array(step, { maxLength: 60 }),
        async (of, steps) => {
          const world = new World(config, { a: 4, b: 3, c: 1 });
          const runs = of.map(({ tenant, workflow, customer, concurrency }, index) =>
            world.add(new ModelRun(`r${index}`, { tenant, workflow, concurrency, labels: { customer } })),
          );
          for (const one of steps) {
            if (one.kind === 'tick') await world.tick(one.ms);
            else {
              const run = runs[one.run % runs.length] as ModelRun;
              if (run.ended) continue;
              if (one.kind === 'add') {
                const added = one.tasks.map((task) =>
                  world.task(task.agent, task.priority, task.reads ? 'read' : undefined),
                );
                run.ready.push(...added);
                world.turn(run);
              } else if (one.kind === 'end') {
                const ids = [...run.underWay.keys()];
                const id = ids[one.which % (ids.length || 1)];
                // A turn that fails is taken again at once, as the engine does.
                if (id !== undefined && one.failing) world.turn(run, [id], true);
                if (id !== undefined) world.turn(run, [id]);
              } else world.end(run);
            }
            await world.settle();
            assertSound(world);
          }
          for (let left = 1000; left > 0 && world.count(() => true) > 0; left -= 1) {
            for (const run of world.runs.values()) {
              const [id] = run.underWay.keys();
              if (id !== undefined) world.turn(run, [id]);
            }
            await world.settle();
            assertSound(world);
          }
          expect(world.count(() => true)).to.equal(0);
          expect([...world.runs.values()].filter((run) => run.ready.length > 0).map(({ id }) => id)).to.deep.equal([]);
        },
      ),
      { numRuns: 200 },
    );
  });
});

function assertSound(world: World): void {
  const checks: readonly (readonly [
    number,
    (run: ModelRun, task: { agent: string; capability?: string | undefined }) => boolean,
  ])[] = [
    [6, () => true],
    [3, (_, task) => task.agent === 'a'],
    [3, (_, task) => task.agent === 'b'],
    [1, (_, task) => task.agent === 'c'],
    [2, (_, task) => task.capability === 'read'],
    [4, (run) => run.workflow === 'w0'],
    ...['', 'acme'].map((tenant) => [5, (run: ModelRun) => run.tenant === tenant] as const),
    ...['x', 'y', 'z'].map((customer) => [2, (run: ModelRun) => run.labels['customer'] === customer] as const),
  ];
  const used = checks.map(([, of]) => world.count(of));
  for (const [index, [most]] of checks.entries()) expect(used[index], `limit ${index}`).to.be.at.most(most);
  for (const agent of ['a', 'b', 'c'])
    expect(world.load.get(agent) ?? 0).to.equal(world.count((_, task) => task.agent === agent));
  for (const run of world.runs.values()) {
    if (run.underWay.size >= run.concurrency) continue;
    for (const task of run.ready) {
      const full = checks.some(([most, of], index) => of(run, task) && (used[index] ?? 0) >= most);
      expect(full, `${run.id} could begin ${task.id} at ${task.agent}`).to.equal(true);
    }
  }
}
