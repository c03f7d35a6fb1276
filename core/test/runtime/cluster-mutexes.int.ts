import { defineAgent, type Orchestrator, parseWorkflow, sleep, type Workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { limitStream } from '../../src/orchestration/runtime/permits/limit-events.ts';
import { clusterWorld } from './cluster-world.ts';
import { eventsOf, eventually, gate, orchestrators } from './support.ts';
import { byHash } from './test-ownership.ts';

const of = (tasks: string, name = 'w'): Workflow =>
  parseWorkflow(`name: ${name}\ntasks:\n${tasks.replaceAll(/^/gm, '  ')}\n`) as Workflow;

const BOOK = of(`
book:
  mutex: { key: one, across: workflow }
  scope:
    pay: { agent: work, retry: { maxAttempts: 5, initialDelay: 1ms } }
    check: { agent: work, after: pay, retry: { maxAttempts: 5, initialDelay: 1ms } }`);
const HELD = of('book: { mutex: { key: one, across: workflow }, scope: { go: { wait: { signal: go } } } }');
const NAME = JSON.stringify(['workflow', 'w', 'one']);

describe('a mutex across runs that several orchestrators share', () => {
  const { start } = orchestrators();
  const limits = { leaseMs: 400, redispatchMs: 100 };

  /** By the histories, which say the same of all processes: when each run had it. */
  async function intervals(reprise: Orchestrator, ids: readonly string[]) {
    const all: { runId: string; from: number; to: number }[] = [];
    for (const runId of ids) {
      const events = await eventsOf(reprise, runId);
      // What a retry has copied was another run's.
      const from = events.findLast(({ type }) => type === 'MutexGranted')?.at ?? Number.NaN;
      const to = events.findLast((event) => event.type === 'TaskCompleted' && event.taskId === 'book')?.at;
      all.push({ runId, from, to: to ?? Number.POSITIVE_INFINITY });
    }
    return all.sort((one, other) => one.from - other.from);
  }

  async function expectApart(reprise: Orchestrator, ids: readonly string[]): Promise<void> {
    const had = await intervals(reprise, ids);
    for (const [index, { runId, from }] of had.entries())
      expect(from, `${runId} after ${had[index - 1]?.runId}`).to.be.at.least(had[index - 1]?.to ?? 0);
  }

  /** How many work at once, over all. */
  function counted() {
    let now = 0;
    const seen = { most: 0, calls: 0 };
    const agent = defineAgent({
      name: 'work',
      concurrency: 50,
      handle: async () => {
        now += 1;
        seen.calls += 1;
        seen.most = Math.max(seen.most, now);
        await sleep(2);
        now -= 1;
        return null;
      },
    });
    return { agent, seen };
  }

  it('lets one run in at a time, whoever drives it, and all of them in the end', async () => {
    const world = await clusterWorld(start, { workflows: [BOOK], limits });
    const { agent, seen } = counted();
    const members: Orchestrator[] = [];
    for (const name of ['a', 'b', 'c']) members.push(await world.open(name, [agent]));
    const ids = Array.from({ length: 24 }, (_, n) => `r-${n}`);
    const handles = await Promise.all(
      ids.map((id, n) => (members[n % 3] as Orchestrator).startRun(BOOK, null, { id })),
    );
    for (const handle of handles) expect((await handle.outcome()).status).to.equal('completed');
    expect(seen).to.deep.equal({ most: 1, calls: 48 });
    await expectApart(members[0] as Orchestrator, ids);
    expect(new Set(ids.map((id) => world.ownership.ownerOf(id))).size).to.equal(3);
    for (const id of ids) expect((await (members[0] as Orchestrator).runs.replay(id)).matches).to.equal(true);
  });

  it('is granted in the order in which it was asked for, and explain says who has it, from any process', async () => {
    const world = await clusterWorld(start, { workflows: [HELD], limits });
    const names = ['a', 'b'];
    const { agent } = gate('work');
    const [a, b] = [await world.open('a', [agent]), await world.open('b', [agent])];
    const [first, second, third] = [
      world.runOf('a', names, 'first'),
      world.runOf('b', names, 'second'),
      world.runOf('a', names, 'third'),
    ];
    const waits = async (by: Orchestrator, id: string) =>
      (await by.run(id).explain()).tasks.find(({ taskId }) => taskId === 'book')?.waits ?? '';
    await a.startRun(HELD, null, { id: first });
    await eventually(async () => (await a.run(first).state()).tasks.get('book/go')?.status === 'running');
    await a.startRun(HELD, null, { id: second });
    await eventually(async () => (await waits(a, second)) === `waits for the mutex 'one', which run '${first}' has`);
    await b.startRun(HELD, null, { id: third });
    await eventually(async () => (await waits(b, third)).endsWith(`which run '${first}' has (1 more run before it)`));
    for (const id of [first, second, third]) {
      await eventually(async () => (await a.run(id).state()).tasks.get('book/go')?.status === 'running');
      await b.run(id).signal('go');
      expect((await b.run(id).outcome()).status).to.equal('completed');
    }
    await expectApart(a, [first, second, third]);
  });

  it('stays with a run whose orchestrator is killed, and goes on when that has ended', async () => {
    const world = await clusterWorld(start, { workflows: [HELD], limits });
    const names = ['a', 'b'];
    const { agent } = gate('work');
    const [a, b] = [await world.open('a', [agent]), await world.open('b', [agent])];
    const [first, second] = [world.runOf('a', names, 'first'), world.runOf('b', names, 'second')];
    await a.startRun(HELD, null, { id: first });
    await eventually(async () => (await b.run(first).state()).tasks.get('book/go')?.status === 'running');
    await b.startRun(HELD, null, { id: second });
    await world.kill('a');
    await sleep(3 * limits.leaseMs);
    expect((await b.run(second).state()).tasks.get('book')?.status, 'the first has it still').to.equal('pending');
    await b.run(first).signal('go');
    expect((await b.run(first).outcome()).status).to.equal('completed');
    await eventually(async () => (await b.run(second).state()).tasks.get('book/go')?.status === 'running');
    await b.run(second).signal('go');
    expect((await b.run(second).outcome()).status).to.equal('completed');
    await expectApart(b, [first, second]);
  });

  it('is given back by who waits when whoever had to died after the run had ended', async () => {
    const world = await clusterWorld(start, { workflows: [BOOK], limits });
    const { agent, seen } = counted();
    const b = await world.open('b', [agent]);
    const entry = { limit: NAME, most: 1, holder: 'never-was', request: 'x', by: 'dead', has: 1, wants: 1 };
    await world.storage.events.append(
      limitStream(NAME),
      [
        {
          id: '00000000-0000-4000-8000-000000000000',
          type: 'PermitsAsked',
          time: Date.now(),
          data: entry,
          metadata: { causationId: 'x', correlationId: 'x', schemaVersion: 1 },
        },
      ],
      -1,
    );
    const run = await b.startRun(BOOK, null, { id: 'r' });
    await sleep(limits.leaseMs / 2);
    expect(seen.calls).to.equal(0);
    expect((await run.outcome()).status).to.equal('completed');
  });

  it('holds while runs move between orchestrators all the time, and one is killed', async function () {
    this.timeout(60_000);
    const world = await clusterWorld(start, { workflows: [BOOK], limits, admission: { breaker: false } });
    const { agent } = counted();
    const members: Orchestrator[] = [];
    for (const name of ['a', 'b', 'c']) members.push(await world.open(name, [agent]));
    let over = false;
    const moves = (async () => {
      for (let turn = 1; !over; turn += 1) {
        await sleep(40);
        world.ownership.reassign(byHash(turn));
        if (turn === 8) await world.kill('c');
      }
    })();
    const ids = Array.from({ length: 18 }, (_, n) => `m-${n}`);
    const [a] = members as [Orchestrator];
    try {
      const handles = await Promise.all(ids.map((id) => a.startRun(BOOK, null, { id })));
      for (const handle of handles) expect((await handle.outcome()).status).to.equal('completed');
    } finally {
      over = true;
      await moves;
    }
    await expectApart(a, ids);
    for (const id of ids) expect((await a.runs.replay(id)).matches).to.equal(true);
  });

  it('is not had twice when one stood still, and goes on with what it was about to do', async function () {
    this.timeout(60_000);
    const world = await clusterWorld(start, { workflows: [BOOK], limits, admission: { breaker: false } });
    const { agent, seen } = counted();
    const members: Orchestrator[] = [];
    for (const name of ['a', 'b', 'c']) members.push(await world.open(name, [agent]));
    const [a] = members as [Orchestrator];
    const ids = Array.from({ length: 15 }, (_, n) => `z-${n}`);
    const handles = await Promise.all(ids.map((id) => a.startRun(BOOK, null, { id })));
    await eventually(() => seen.calls > 4);
    const goOn = await world.stall('c');
    await sleep(3 * limits.leaseMs);
    goOn();
    for (const handle of handles) expect((await handle.outcome()).status).to.equal('completed');
    await sleep(100);
    expect(seen.most).to.equal(1);
    await expectApart(a, ids);
    for (const id of ids) expect((await a.runs.replay(id)).matches).to.equal(true);
  });

  it('that would close a circle over several orchestrators fails the task that asks last', async () => {
    const crossed = of(`
outer:
  mutex: { key: "\${ input.first }", across: workflow }
  scope:
    hold: { wait: { signal: go } }
    inner: { agent: work, after: hold, mutex: { key: "\${ input.second }", across: workflow } }`);
    const world = await clusterWorld(start, { workflows: [crossed], limits });
    const { agent } = counted();
    const [a, b] = [await world.open('a', [agent]), await world.open('b', [agent])];
    const ids = [world.runOf('a', ['a', 'b'], 'one'), world.runOf('b', ['a', 'b'], 'two')] as const;
    const [one, two] = [
      await a.startRun(crossed, { first: 'x', second: 'y' }, { id: ids[0] }),
      await b.startRun(crossed, { first: 'y', second: 'x' }, { id: ids[1] }),
    ];
    for (const id of ids)
      await eventually(async () => (await a.run(id).state()).tasks.get('outer/hold')?.status === 'running');
    await one.signal('go');
    await eventually(async () => (await a.run(ids[0]).state()).tasks.get('outer/inner')?.status === 'pending');
    await sleep(5);
    await two.signal('go');
    const failed = await b.run(ids[1]).outcome();
    expect(failed).to.have.nested.property('error.cause.code', 'REPRISE_MUTEX_DEADLOCK');
    expect((await a.run(ids[0]).outcome()).status).to.equal('completed');
  });

  it('is free again when its run is cancelled, fails, or is done again by a retry', async () => {
    const leaf = of('book: { mutex: { key: one, across: workflow }, agent: work }');
    const world = await clusterWorld(start, { workflows: [leaf], limits });
    const [here, there] = [gate('work', { obeys: true }), gate('work', { obeys: true })];
    const [a, b] = [await world.open('a', [here.agent]), await world.open('b', [there.agent])];
    const waiting = () => [here, there].find((one) => one.waiting > 0);
    const first = await a.startRun(leaf, null, { id: 'first' });
    await eventually(() => waiting() !== undefined);
    const second = await b.startRun(leaf, null, { id: 'second' });
    await first.cancel();
    await eventually(() => (waiting()?.calls.at(-1)?.runId ?? '') === 'second');
    waiting()?.refuse(Object.assign(new Error('no'), { retryable: false }));
    expect((await second.outcome()).status).to.equal('failed');
    const third = await a.startRun(leaf, null, { id: 'third' });
    await eventually(() => (waiting()?.calls.at(-1)?.runId ?? '') === 'third');
    const again = await b.retryRun('second', { id: 'again' });
    for (let n = 0; n < 2; n += 1) {
      await eventually(() => waiting() !== undefined);
      waiting()?.answer();
    }
    expect((await third.outcome()).status).to.equal('completed');
    expect((await again.outcome()).status).to.equal('completed');
    await expectApart(a, ['third', 'again']);
  });

  it('is asked for again by runs that were forked from within, whoever drives them, also when they move', async function () {
    this.timeout(60_000);
    const ship = of(`
book:
  mutex: { key: one, across: workflow }
  scope:
    pay: { agent: work, retry: { maxAttempts: 9, initialDelay: 1ms } }
    approved: { wait: { signal: go }, after: pay }
    ship: { agent: work, after: approved, retry: { maxAttempts: 9, initialDelay: 1ms } }`);
    const world = await clusterWorld(start, { workflows: [ship], limits, admission: { breaker: false } });
    const { agent, seen } = counted();
    const members: Orchestrator[] = [];
    for (const name of ['a', 'b', 'c']) members.push(await world.open(name, [agent]));
    const [a] = members as [Orchestrator];
    const first = await a.startRun(ship, null, { id: 'first' });
    const isApproving = async (id: string) =>
      (await a.run(id).state()).tasks.get('book/approved')?.status === 'running';
    await eventually(() => isApproving('first'));
    const forks = await Promise.all(
      Array.from({ length: 8 }, (_, n) => (members[n % 3] as Orchestrator).forkRun('first', { id: `fork-${n}` })),
    );
    for (const { id } of forks) await eventually(() => isApproving(id));
    for (const fork of forks) await fork.signal('go');
    for (const turn of [1, 2, 3]) {
      world.ownership.reassign(byHash(turn));
      await sleep(100);
    }
    expect(seen.calls, 'the first has it still').to.equal(1);
    await world.kill('c');
    await first.signal('go');
    for (const { id } of [first, ...forks]) {
      expect((await a.run(id).outcome()).status).to.equal('completed');
      expect((await a.runs.replay(id)).matches).to.equal(true);
    }
    expect(seen.most).to.equal(1);
    await expectApart(a, ['first', ...forks.map(({ id }) => id)]);
  });
});
