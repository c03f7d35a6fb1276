import {
  type AdmissionConfig,
  defineAgent,
  definePlugin,
  type Orchestrator,
  type RunHandle,
  workflow,
} from '@reprise/core';
import { assignInOrder, type SchedulerStrategy, type SchedulingView } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { z } from 'zod';
import { eventsOf, eventually, gate, manualTime, only, orchestrators } from './support.ts';

/** How long a call takes, in ms of a clock that only the test moves. */
const CALL_MS = 10;

const input = z.object({ count: z.number() });

interface Call {
  readonly runId: string;
  readonly at: number;
}

/** An orchestrator over time that passes by itself, with agents that take CALL_MS for each call. */
async function office(
  start: ReturnType<typeof orchestrators>['start'],
  concurrency: number,
  admission: AdmissionConfig = {},
) {
  const { time, clock, parts } = manualTime();
  const calls: Call[] = [];
  const started = new Map<string, number>();
  const endedAt = new Map<string, number>();
  let atOnce = 0;
  let most = 0;
  const agent = defineAgent({
    name: 'worker',
    capabilities: ['work'],
    concurrency,
    handle: async ({ runId }: { input: unknown; runId: string }): Promise<null> => {
      calls.push({ runId, at: clock.now() });
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise<void>((resolve) => clock.schedule(CALL_MS, resolve));
      atOnce -= 1;
      return null;
    },
  });
  const wide = (name: string, priority: number, wanted: 'agent' | 'capability' = 'agent') => {
    const options = {
      priority,
      forEach: { items: ({ input: { count } }: { input: { count: number } }) => list(count) },
    };
    const building = workflow(name, { version: '1', input, concurrency: 1000 });
    return (
      wanted === 'agent'
        ? building.task('each', agent, options)
        : building.task('each', { capability: 'work' }, options)
    ).build();
  };
  const workflows = [wide('usual', 0), wide('urgent', 100), wide('capable', 0, 'capability')];
  const reprise = await start({ ...parts(), workflows, agents: [agent], admission });
  const begin = async (id: string, name: string, count: number, more: { tenant?: string } = {}): Promise<RunHandle> => {
    started.set(id, clock.now());
    const run = await reprise.startRun<{ count: number }>(name, { count }, { id, ...more });
    void run.outcome().then(
      () => endedAt.set(id, clock.now()),
      () => undefined,
    );
    return run;
  };
  const tookMs = (id: string): number => (endedAt.get(id) ?? Number.POSITIVE_INFINITY) - (started.get(id) ?? 0);
  const until = (done: () => boolean): Promise<boolean> => time.until(done, 10_000_000);
  return { reprise, begin, calls, tookMs, until, clock, most: () => most, ended: (id: string) => endedAt.has(id) };
}

const list = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

/** Calls before the first one of a run, of those that were made from the time on. */
const callsBefore = (calls: readonly Call[], runId: string, from: number): number =>
  calls.filter(({ at }) => at >= from).findIndex((call) => call.runId === runId);

describe('Admission over all runs of a process', () => {
  const { start } = orchestrators();

  it('begins a task of a higher priority before what other runs have ready, at an agent that makes one call at a time', async () => {
    const { begin, calls, until, clock, ended } = await office(start, 1);
    for (const id of ['a', 'b', 'c']) await begin(id, 'usual', 30);
    await until(() => calls.length >= 10);
    const at = clock.now();
    await begin('now', 'urgent', 1);
    await until(() => ended('now'));
    expect(
      callsBefore(calls, 'now', at),
      'at the most the call that is under way, and the one that follows',
    ).to.be.at.most(1);
  });

  it('does not let one run of thousands of tasks hold up small ones', async () => {
    const small = list(20).map((index) => `s${index}`);
    const p95 = async (large: boolean): Promise<number> => {
      const { begin, calls, until, tookMs, ended } = await office(start, 4);
      if (large) {
        await begin('large', 'usual', 2000);
        await until(() => calls.length > 100);
      }
      for (const id of small) await begin(id, 'usual', 3);
      await until(() => small.every(ended));
      if (large) expect(ended('large')).to.equal(false);
      return small.map(tookMs).sort((one, other) => one - other)[18] ?? 0;
    };
    const alone = await p95(false);
    expect(await p95(true)).to.be.at.most(2 * alone);
  });

  it('gives each tenant its share, by weight, whatever the priorities of another', async () => {
    const tenants = { acme: { weight: 3 } };
    const { begin, calls, until } = await office(start, 1, { tenants });
    await begin('loud', 'urgent', 400, { tenant: 'other' });
    await until(() => calls.length > 10);
    await begin('fair', 'usual', 400, { tenant: 'acme' });
    await until(() => calls.length > 90);
    const after = calls.slice(-60).filter(({ runId }) => runId === 'fair').length;
    expect(after).to.be.within(44, 46);
  });

  it('never has more under way than a limit of the process, a workflow, a tenant or an agent allows', async () => {
    for (const admission of [
      { process: { concurrency: 3 } },
      { workflows: { usual: { concurrency: 3 } } },
      { tenants: { acme: { concurrency: 3 } } },
      { agents: { worker: { concurrency: 3 } } },
      { agents: { '*': { concurrency: 3 } } },
    ]) {
      const { begin, until, ended, most } = await office(start, 16, admission);
      for (const id of ['a', 'b']) await begin(id, 'usual', 20, { tenant: 'acme' });
      await until(() => ended('a') && ended('b'));
      expect(most(), JSON.stringify(admission)).to.equal(3);
    }
  });

  it('limits what asks for a capability, and nothing else', async () => {
    const { begin, until, ended, most, calls } = await office(start, 16, {
      capabilities: { work: { concurrency: 2 } },
    });
    await begin('a', 'capable', 10);
    await until(() => ended('a'));
    expect(most()).to.equal(2);
    await begin('b', 'usual', 20);
    await until(() => ended('b'));
    expect(most()).to.equal(16);
    expect(calls).to.have.length(30);
  });

  it('keeps to a rate', async () => {
    const rate = { limit: 10, per: '1s', burst: 2 };
    const { begin, until, ended, calls } = await office(start, 16, { agents: { worker: { rate } } });
    const run = await begin('a', 'usual', 22);
    await until(() => calls.length === 3);
    const waiting = (await run.explain()).tasks.find(({ reason }) => reason === 'admission');
    expect(waiting?.waits).to.equal("waits for the rate of agent 'worker'");
    expect(waiting?.moves).to.match(/^The next attempt there may begin in \d+ms/);
    await until(() => ended('a'));
    const from = calls[0]?.at ?? 0;
    for (const [index, { at }] of calls.entries()) expect(at - from).to.be.at.least(Math.max(0, (index - 1) * 100));
    expect((calls.at(-1)?.at ?? 0) - from).to.equal(2000);
  });

  it('frees what a cancelled run, a pause or a failure leaves, and begins what waited', async () => {
    const { begin, until, ended, calls, reprise } = await office(start, 1);
    const run = await begin('a', 'usual', 50);
    await begin('b', 'usual', 2);
    await until(() => calls.length > 4);
    await run.pause();
    await until(() => ended('b'));
    expect(ended('b'), 'a paused run holds no slot').to.equal(true);
    await begin('c', 'usual', 2);
    await run.resume();
    await run.cancel('enough');
    await until(() => ended('c'));
    expect(ended('c')).to.equal(true);
    expect((await reprise.runs.state('a')).status).to.equal('cancelled');
  });

  it('is not had by a strategy out of its turn, nor can it take agents or tasks that are not there', async () => {
    const views: SchedulingView[] = [];
    const agent = defineAgent({ name: 'a', concurrency: 2, handle: () => 1 });
    const strategies: Readonly<Record<string, SchedulerStrategy['select']>> = {
      keeping: (view) => {
        views.push(view);
        return assignInOrder(view, view.slots);
      },
      clearing: (view) => {
        (view.agents as Map<string, unknown>).clear();
        return [];
      },
      inventing: () => [{ taskId: 'no', agent: 'a' }],
    };
    const plugins = Object.entries(strategies).map(([name, select]) =>
      definePlugin({ name, kind: 'scheduler', create: () => ({ name, select }) }),
    );
    const made = (strategy: string) => workflow(strategy, { version: '1', strategy }).task('a', agent).build();
    const workflows = [...Object.keys(strategies), 'graph'].map(made);
    const reprise = await start({ plugins, workflows });
    await (await reprise.startRun('keeping', null)).outcome();
    for (const view of views) for (let times = 0; times < 5; times += 1) expect(view.room('a')).to.equal(0);
    for (const name of ['clearing', 'inventing']) {
      const stuck = await (await reprise.startRun(name, null)).outcome({ orStuck: true });
      expect(stuck, name).to.have.nested.property('hold.reason', 'strategy');
    }
    expect(await (await reprise.startRun('graph', null)).outcome()).to.include({ status: 'completed' });
  });

  it('is not recorded: what waits is ready, and is handed to nobody', async () => {
    const slow = gate('slow', { concurrency: 1 });
    const definition = workflow('w', { version: '1' }).task('a', slow.agent).build();
    const reprise: Orchestrator = await start({ workflows: [definition] });
    await reprise.startRun(definition, null, { id: 'first' });
    await eventually(() => slow.calls.length === 1);
    const second = await reprise.startRun(definition, null, { id: 'second' });
    await eventually(async () => (await second.explain()).tasks[0]?.reason === 'admission');
    expect(only(await eventsOf(reprise, 'second'), 'TaskScheduled')).to.deep.equal([]);
    const [task] = (await second.explain()).tasks;
    expect(task?.mover).to.equal('run');
    expect(task?.waits).to.equal("waits for room at agent 'slow', where 1 of 1 is under way");
    slow.answer();
    await eventually(() => slow.calls.length === 2);
    slow.answer();
    expect(await second.outcome()).to.include({ status: 'completed' });
  });
});
