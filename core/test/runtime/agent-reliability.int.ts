import {
  defineAgent,
  definePlugin,
  type Json,
  type Orchestrator,
  type RunEvent,
  type RunHandle,
  remoteAgent,
  workflow,
} from '@reprise/core';
import type { SchedulerStrategy } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { limits, world } from './remote-world.ts';
import { eventsOf, gate, manualTime, only, orchestrators } from './support.ts';

const REST_MS = 30_000;
const admission = { breaker: { failures: 3, rest: REST_MS } };

/** Who made the attempts of a task, in order. */
const agentsOf = async (reprise: Orchestrator, runId: string): Promise<readonly string[]> =>
  only(await eventsOf(reprise, runId), 'TaskScheduled').map(({ agent }) => agent);

const typesOf = async (reprise: Orchestrator, runId: string): Promise<readonly string[]> =>
  (await eventsOf(reprise, runId)).map(({ type }) => type);

const restsOf = (events: readonly RunEvent[]) => only(events, 'AgentRested');

/** An attempt that goes on for longer than this is on record as begun; ms. */
const CLAIMED_MS = 10;

describe('What a slow or failing agent has', () => {
  const { engine, worker, until, quiet, pass } = world();

  const ada = remoteAgent<Json, Json>({ name: 'ada', capabilities: ['print'] });
  const ben = remoteAgent<Json, Json>({ name: 'ben', capabilities: ['print'] });
  const print = workflow('print')
    .task('print', { capability: 'print' }, { timeout: { attempt: '10s' }, retry: { maxAttempts: 6, initialDelay: 0 } })
    .build();

  it('is given to the next one that has the capability once its time is up, however loaded that is', async () => {
    const hangs = gate('ada', { capabilities: ['print'] });
    const works = gate('ben', { capabilities: ['print'] });
    await worker(hangs.agent);
    await worker(works.agent);
    const busy = workflow('busy').task('t', ben).build();
    const reprise = await engine({ workflows: [print, busy], agents: [ada, ben] });
    for (let more = 0; more < 3; more += 1) await reprise.startRun(busy, null);
    const run = await reprise.startRun(print, null);
    await until(() => hangs.calls.length === 1);
    await pass(CLAIMED_MS);
    await pass(10_000);
    await until(() => works.calls.length === 4);
    for (let more = 0; more < 4; more += 1) works.answer('done');
    expect((await run.outcome()).status).to.equal('completed');
    expect(await agentsOf(reprise, run.id)).to.deep.equal(['ada', 'ben']);
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });

  it('is given to the next one once the lease is over, when its worker was killed', async () => {
    const lost = gate('ada', { capabilities: ['print'] });
    const { kill } = await worker(lost.agent);
    const reprise = await engine({
      workflows: [workflow('w').task('t', { capability: 'print' }).build()],
      agents: [ada, ben],
    });
    const run = await reprise.startRun('w', null);
    await until(() => lost.calls.length === 1);
    await pass(CLAIMED_MS);
    await kill();
    await pass(2 * limits.leaseMs);
    // One with the same name, and nothing to do.
    await worker(gate('ada', { capabilities: ['print'] }).agent);
    const works = gate('ben', { capabilities: ['print'] });
    await worker(works.agent);
    await until(() => works.calls.length === 1);
    works.answer('done');
    expect((await run.outcome()).status).to.equal('completed');
    expect(await agentsOf(reprise, run.id)).to.deep.equal(['ada', 'ben']);
    expect(only(await eventsOf(reprise, run.id), 'TaskAttemptFailed')[0]?.lost).to.equal(true);
  });

  it('goes back to the one that failed longest ago, when all have', async () => {
    const order: string[] = [];
    const fails = (name: string) =>
      defineAgent({
        name,
        capabilities: ['print'],
        handle: ({ attempt }: { attempt: number }): Json => {
          order.push(name);
          if (attempt < 6) throw new Error('not yet');
          return name;
        },
      });
    await worker(fails('ada'), fails('ben'), fails('cy'));
    const agents = [ada, ben, remoteAgent<Json, Json>({ name: 'cy', capabilities: ['print'] })];
    const reprise = await engine({ workflows: [print], agents });
    const run = await reprise.startRun(print, null);
    await pass(60_000);
    expect(await run.outcome()).to.deep.include({ status: 'completed', output: 'cy' });
    expect(order).to.deep.equal(['ada', 'ben', 'cy', 'ada', 'ben', 'cy']);
  });

  it('is not given on when it may be made only once', async () => {
    const hangs = gate('ada', { capabilities: ['print'] });
    const other = gate('ben', { capabilities: ['print'] });
    await worker(hangs.agent);
    await worker(other.agent);
    const once = workflow('once')
      .task('t', { capability: 'print' }, { delivery: 'at-most-once', timeout: { attempt: '10s' } })
      .build();
    const reprise = await engine({ workflows: [once], agents: [ada, ben] });
    const run = await reprise.startRun(once, null);
    await until(() => hangs.calls.length === 1);
    await pass(10_000);
    expect((await run.outcome()).status).to.equal('failed');
    expect(other.calls).to.deep.equal([]);
  });

  describe('an agent whose attempts of three tasks were lost, one after another', () => {
    /** Three runs whose attempts were at `ada` when its worker was killed; another worker of it is there since they were lost. */
    async function killed() {
      const lost = gate('ada', { capabilities: ['print'] });
      const { kill } = await worker(lost.agent);
      const named = workflow('named').task('t', ada).build();
      const reprise = await engine({ workflows: [named, print], agents: [ada, ben], admission });
      const runs: RunHandle[] = [];
      for (const id of ['one', 'two', 'three']) runs.push(await reprise.startRun(named, null, { id }));
      await until(() => lost.calls.length === 3);
      await pass(CLAIMED_MS);
      await kill();
      await pass(40_000);
      const again = gate('ada', { capabilities: ['print'] });
      await worker(again.agent);
      await until(() => again.calls.length === 3);
      // The messages of the attempts that were lost, which nobody acknowledged.
      for (const { attempt } of again.calls) again.answer(`attempt ${attempt}`);
      await quiet();
      const presence = () => reprise.agents.find(({ name }) => name === 'ada');
      return { reprise, runs, again, presence };
    }

    it('rests, which is on record in the run whose attempt was the last of them; what is for it waits, and says until when', async () => {
      const { reprise, runs, again, presence } = await killed();
      await quiet();
      const rested: { readonly id: string; readonly event: ReturnType<typeof restsOf>[number] }[] = [];
      for (const { id } of runs) rested.push(...restsOf(await eventsOf(reprise, id)).map((event) => ({ id, event })));
      expect(rested).to.have.length(1);
      const [{ id, event } = { id: '', event: undefined }] = rested;
      expect(event).to.deep.include({ agent: 'ada', failures: 3, until: (event?.at ?? 0) + REST_MS });
      const types = await typesOf(reprise, id);
      expect(types[types.indexOf('AgentRested') - 1]).to.equal('TaskAttemptFailed');
      expect(presence()).to.deep.include({ restedUntil: event?.until });
      expect(presence()?.lastFailure?.error.code).to.equal('REPRISE_WORKER_LOST');
      expect(again.waiting).to.equal(0);
      const explained = await reprise.run(id).explain();
      expect(explained.waitsFor[0]).to.deep.include({
        reason: 'rested',
        agent: 'ada',
        until: event?.until,
        mover: 'timer',
      });
      expect(explained.waitsFor[0]?.waits).to.equal("waits for 'ada', which failed too often and rests");
    });

    it('is tried with one attempt when the rest is over, and is back when that ends well, which is on record in its run', async () => {
      const { reprise, again, presence } = await killed();
      await reprise.startRun('named', null, { id: 'four' });
      await quiet();
      expect([again.waiting, presence()?.state]).to.deep.equal([0, 'rested']);
      await until(() => again.waiting > 0, REST_MS);
      await quiet();
      expect([again.waiting, presence()?.state]).to.deep.equal([1, 'trying']);
      expect((await reprise.run('four').explain()).waitsFor[0]).to.deep.include({ reason: 'rested', trying: true });
      again.answer('well');
      await quiet();
      expect([again.waiting, presence()?.state]).to.deep.equal([3, 'ready']);
      for (let more = 0; more < 3; more += 1) again.answer('well');
      await quiet();
      const back: string[] = [];
      for (const id of ['one', 'two', 'three', 'four']) {
        expect((await reprise.run(id).outcome()).status, id).to.equal('completed');
        expect((await reprise.runs.replay(id)).matches, id).to.equal(true);
        back.push(...only(await eventsOf(reprise, id), 'AgentBack').map(({ agent }) => `${id} ${agent}`));
      }
      expect(back).to.have.length(1);
      const [where = ''] = back[0]?.split(' ') ?? [];
      expect((await typesOf(reprise, where)).slice(-3)).to.deep.equal(['TaskCompleted', 'AgentBack', 'RunCompleted']);
    });

    it('is passed over by tasks that ask for a capability', async () => {
      const { reprise, again } = await killed();
      const works = gate('ben', { capabilities: ['print'] });
      await worker(works.agent);
      const run = await reprise.startRun(print, null);
      await until(() => works.calls.length === 1);
      works.answer('done');
      expect((await run.outcome()).status).to.equal('completed');
      expect([await agentsOf(reprise, run.id), again.waiting]).to.deep.equal([['ben'], 0]);
    });
  });
});

describe('The rest of an agent', () => {
  const { start } = orchestrators();
  const broken = defineAgent({
    name: 'broken',
    handle: (): Json => {
      throw new Error('no');
    },
  });

  it('is on record before the end of the run whose last attempt led to it', async () => {
    const { time, parts } = manualTime();
    const definition = workflow('w').task('t', broken, { retry: 1 }).build();
    const reprise = await start({ ...parts(), workflows: [definition], admission });
    const ends: string[] = [];
    for (const id of ['one', 'two', 'three']) {
      const run = await reprise.startRun(definition, null, { id });
      await time.quiet();
      ends.push((await run.outcome()).status);
    }
    expect(ends).to.deep.equal(['failed', 'failed', 'failed']);
    expect((await typesOf(reprise, 'three')).slice(-4)).to.deep.equal([
      'TaskAttemptFailed',
      'TaskFailed',
      'AgentRested',
      'RunFailed',
    ]);
    expect((await reprise.runs.replay('three')).matches).to.equal(true);
    const waits = await reprise.startRun(definition, null, { id: 'four' });
    await time.quiet();
    expect((await waits.explain()).waitsFor[0]?.reason).to.equal('rested');
    await time.until(() => false, REST_MS);
    expect((await waits.outcome()).status).to.equal('failed');
    // Tried in vain, so it rests for longer.
    const [event] = only(await eventsOf(reprise, 'four'), 'AgentRested');
    expect([(event?.until ?? 0) - (event?.at ?? 0), event?.failures]).to.deep.equal([2 * REST_MS, 4]);
  });

  it('is none of a strategy to decide about: what it assigns beyond room is passed over', async () => {
    const { time, parts } = manualTime();
    const shown: boolean[] = [];
    const pushy: SchedulerStrategy = {
      name: 'pushy',
      select: (view) => {
        shown.push(view.agents.get('broken')?.rested === true);
        return Array.from(view.ready, ({ taskId }) => ({ taskId, agent: 'broken' }));
      },
    };
    const { plugins = [], ...rest } = parts();
    const scheduler = definePlugin({ name: 'pushy', kind: 'scheduler', create: () => pushy });
    const one = workflow('one').task('t', broken, { retry: 1 }).build();
    // Two groups: there is room for the other, so that the strategy is asked.
    const two = workflow('two', { strategy: 'pushy' })
      .task('t', { capability: 'any' }, { retry: 1 })
      .task('u', broken, { retry: 1 })
      .build();
    const other = gate('other', { capabilities: ['any'] });
    const reprise = await start({
      ...rest,
      plugins: [...plugins, scheduler],
      workflows: [one, two],
      agents: [other.agent],
      admission,
    });
    for (const id of ['r1', 'r2', 'r3']) {
      await reprise.startRun(one, null, { id });
      await time.quiet();
    }
    const run = await reprise.startRun(two, null);
    await time.quiet();
    expect(shown).to.include(true);
    expect(only(await eventsOf(reprise, run.id), 'TaskScheduled')).to.deep.equal([]);
  });

  it('is forgotten with the process: attempts that ended with it are none of the agent', async () => {
    const { time, parts } = manualTime();
    const work = gate('work');
    const definition = workflow('w').task('t', work.agent).build();
    const first = await start({ ...parts(), workflows: [definition], admission });
    for (const id of ['one', 'two', 'three', 'four']) await first.startRun(definition, null, { id });
    await time.until(() => work.calls.length === 4, 0);
    await first.stop({ drainMs: 0 });
    const second = await start({ ...parts(), workflows: [definition], admission });
    await time.until(() => work.calls.length === 8, 0);
    expect(second.agents.map(({ name, state }) => [name, state])).to.deep.equal([['work', 'ready']]);
    const lost = only(await eventsOf(second, 'four'), 'TaskAttemptFailed');
    expect(lost.map((event) => event.lost)).to.deep.equal([true]);
  });

  it('is not taken when that is not wanted', async () => {
    const { time, parts } = manualTime();
    const definition = workflow('w').task('t', broken, { retry: 1 }).build();
    const reprise = await start({ ...parts(), workflows: [definition], admission: { breaker: false } });
    for (let runs = 0; runs < 9; runs += 1) {
      const run = await reprise.startRun(definition, null);
      await time.quiet();
      expect((await run.outcome()).status).to.equal('failed');
    }
    expect(reprise.agents[0]).to.deep.include({ state: 'ready', lastFailure: undefined });
  });
});
