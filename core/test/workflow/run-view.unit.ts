import { inspect } from 'node:util';
import {
  createReprise,
  defineAgent,
  type Json,
  Replay,
  type RunEvent,
  type RunView,
  replay,
  summaryOf,
  workflow,
} from '@reprise/core';
import { given, simulate, started } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { stateDigest } from '../../src/orchestration/workflow/digest/state-digest.ts';
import { stateOf, viewOf } from '../../src/orchestration/workflow/view-of.ts';
import { PureRun } from './pure-run.ts';

const flow = workflow<{ readonly parts: readonly Json[] }>('flow')
  .task('each', 'agent', { forEach: ({ input }) => input.parts, retry: 1 })
  .task('end', 'agent', { after: 'each', input: () => ({ deep: [{ inner: 1 }] }) })
  .build();

function sampleRun(): PureRun {
  const run = new PureRun(flow, { parts: ['a', { b: [1] }] });
  run.run('each[0]', { list: [1, { two: 2 }] });
  return run;
}

/** Every way to set, add or delete a member of what `value` holds; those that were not refused. */
function changed(value: unknown, path: string, seen = new Set<unknown>()): string[] {
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  seen.add(value);
  const keys = Object.keys(value);
  const taken = [
    ...keys.filter((key) => Reflect.set(value, key, 'changed') || Reflect.deleteProperty(value, key)),
    ...(Reflect.set(value, 'added', 1) ? ['added'] : []),
  ].map((key) => `${path}.${key}`);
  return [...taken, ...Object.entries(value).flatMap(([key, member]) => changed(member, `${path}.${key}`, seen))];
}

/** As changed(), the tasks of a view included. */
const changedOf = (view: RunView, path: string): string[] => [
  ...changed(view, path),
  ...[...view.tasks].flatMap(([id, task]) => changed(task, `${path}[${id}]`)),
];

describe('the view of a run', () => {
  it('cannot be changed, and nothing that it reaches', () => {
    const run = sampleRun();
    const before = stateDigest(run.state);
    const view = viewOf(run.state);
    expect(changedOf(view, 'view')).to.deep.equal([]);
    expect('set' in view.tasks || 'delete' in view.tasks || 'clear' in view.tasks).to.equal(false);
    expect(stateDigest(run.state)).to.equal(before);
    run.run('each[1]');
    run.run('end');
    expect(run.state.status).to.equal('completed');
    expect(replay(run.events).matches).to.equal(true);
  });

  it('has no way to the inner workings', () => {
    const view = viewOf(sampleRun().state);
    const task = view.tasks.get('each');
    for (const inner of ['frontier', 'ready', 'graph', 'tickets', 'held', 'commands', 'open', 'failure'])
      expect(view).to.not.have.property(inner);
    for (const inner of ['waitingOn', 'skippedDependencies', 'ticket', 'ignoredAttempt', 'held'])
      expect(task).to.not.have.property(inner);
    const enough = { need: undefined, dropped: 0, yielded: false };
    expect(task?.items).to.deep.equal({ total: 2, active: 1, ended: 1, completed: 1, expired: undefined, ...enough });
  });

  it('reads its tasks like any map', () => {
    const { tasks } = viewOf(sampleRun().state);
    expect(tasks.size).to.equal(4);
    expect([...tasks.keys()]).to.deep.equal(['each', 'end', 'each[0]', 'each[1]']);
    expect([...tasks.values()].map(({ status }) => status)).to.deep.equal(['running', 'pending', 'completed', 'ready']);
    expect([...tasks.entries()].map(([id, task]) => id === task.id)).to.deep.equal([true, true, true, true]);
    expect([...tasks]).to.deep.equal([...tasks.entries()]);
    expect([tasks.has('each[1]'), tasks.has('each[2]'), tasks.get('each[2]')]).to.deep.equal([true, false, undefined]);
    const seen: unknown[] = [];
    tasks.forEach((task, id, all) => {
      seen.push([id, task, all === tasks]);
    });
    expect(seen).to.deep.equal([...tasks].map(([id, task]) => [id, task, true]));
  });

  it('prints, compares, spreads and goes into JSON as what it says', () => {
    const run = sampleRun();
    const view = viewOf(run.state);
    expect({ ...view }).to.include({ runId: 'run-1', status: 'running', revision: run.events.length - 1, inFlight: 0 });
    expect(view).to.not.deep.equal(viewOf({ ...run.state, status: 'paused' }));
    expect(inspect(view))
      .to.match(/runId: 'run-1'/)
      .and.match(/'each\[0\]' => /);
    const json = JSON.parse(JSON.stringify(view)) as { status: string; tasks: Record<string, { output: Json }> };
    expect(json.status).to.equal('running');
    expect(json.tasks['each[0]']?.output).to.deep.equal({ list: [1, { two: 2 }] });
    expect(summaryOf(view)).to.include({ kind: 'run', name: 'flow', status: 'running' });
  });

  it('is of the moment: a replay that goes on is looked at again', () => {
    const { events } = sampleRun();
    const fold = new Replay();
    for (const event of events.slice(0, 1)) fold.fold(event);
    const first = fold.state;
    for (const event of events.slice(1)) fold.fold(event);
    expect([first.revision, fold.state.revision]).to.deep.equal([0, events.length - 1]);
  });

  it('is told from what only looks like one', () => {
    const view = viewOf(sampleRun().state);
    expect(stateOf(view).runId).to.equal('run-1');
    expect(() => stateOf({ ...view })).to.throw(TypeError);
  });

  it('is all that is handed out of a state', async () => {
    const agent = defineAgent({ name: 'agent', handle: ({ input }: { readonly input: Json }) => input });
    const one = workflow<Json>('one').task('a', agent).build();
    const reprise = await createReprise({ workflows: [one] });
    await reprise.start();
    const run = await reprise.startRun(one, { n: [1] });
    await run.result();
    const events: RunEvent[] = [];
    for await (const { event } of run.follow()) events.push(event);
    const views: Record<string, RunView> = {
      handle: await run.state(),
      reader: await reprise.runs.state(run.id),
      replayed: (await reprise.runs.replay(run.id)).state,
      replay: replay(events).state,
      simulated: (await simulate(one, { input: { n: [1] }, agents: { agent: { output: {} } } })).state,
      given: given(started(one)).when({ type: 'PauseRun' }).state,
    };
    for (const [from, view] of Object.entries(views)) {
      expect(changedOf(view, from)).to.deep.equal([]);
      expect(() => stateOf(view), from).to.not.throw();
    }
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
    await reprise.stop();
  });
});
