import { type Json, parseWorkflow, runStream } from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  eventsOf,
  eventually,
  gate,
  lastingStore,
  only,
  orchestrators,
  storePlugin,
  temporaryFiles,
} from './support.ts';

const PART = parseWorkflow(`
name: part
tasks:
  work: { agent: worker }
`);

const LIST = parseWorkflow(`
name: list
tasks:
  each: { workflow: part, forEach: { items: input, concurrency: 2 } }
`);

const STAYING = parseWorkflow('{ name: staying, tasks: { stay: { agent: stayer } } }');
const ABOVE = parseWorkflow('{ name: above, tasks: { part: { workflow: staying } } }');
const TOP = parseWorkflow('{ name: top, tasks: { part: { workflow: above } } }');

const echo = { name: 'worker', handle: ({ input }: { input: Json }) => ({ of: input }) };

describe('a child run through the engine', () => {
  const { make, start } = orchestrators();
  const file = temporaryFiles();

  it('is one of many: a list of them, each with its input and its output', async () => {
    const reprise = await start({ workflows: [LIST, PART], agents: [echo] });
    const run = await reprise.startRun(LIST, [1, 2, 3]);
    expect(await run.result()).to.deep.equal([{ of: 1 }, { of: 2 }, { of: 3 }]);
    const children = only(await eventsOf(reprise, run.id), 'TaskEntered').map(({ child }) => child ?? '');
    expect(new Set(children).size).to.equal(3);
    const [started] = await eventsOf(reprise, children[1] ?? '');
    expect(started).to.have.property('input', 2);
    expect(started).to.deep.include({
      parent: { runId: run.id, taskId: 'each[1]', attempt: 1, rootRunId: run.id, depth: 1, key: `${run.id}/each[1]` },
    });
  });

  it('has the correlation id of the root, and is in one trace with it, as deep as it goes', async () => {
    const stayer = { name: 'stayer', handle: () => 'done' };
    const store = lastingStore();
    const plugins = [storePlugin(store)];
    const reprise = await start({ plugins, workflows: [TOP, ABOVE, STAYING], agents: [stayer] });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    for (const options of [{ id: 'root-1' }, { id: 'root-2', traceparent }]) {
      const run = await reprise.startRun(TOP, {}, options);
      expect(await run.result()).to.equal('done');
      const traces = new Set<string>();
      let [at, depth]: [string | undefined, number] = [run.id, 0];
      for (; at !== undefined; depth += 1) {
        const recorded = await store.events.read(runStream(at));
        for (const { metadata } of recorded) {
          expect(metadata.correlationId).to.equal(run.id);
          traces.add(metadata.traceparent?.split('-')[1] ?? '');
        }
        at = recorded.find(({ type }) => type === 'TaskEntered')?.data['child'] as string | undefined;
      }
      expect(depth, 'runs').to.equal(3);
      expect(traces.size, 'traces').to.equal(1);
      if ('traceparent' in options) expect([...traces]).to.deep.equal(['0af7651916cd43dd8448eb211c80319c']);
    }
  });

  it('may be a run of the same workflow, that ends', async () => {
    const countdown = parseWorkflow(`
name: countdown
tasks:
  more: { workflow: countdown, when: input.n > 0, input: { n: "\${ input.n - 1 }" } }
  sum: { set: "\${ input.n + (outputs.more == null ? 0 : outputs.more) }", after: more, join: all }
  alone: { set: 0, when: input.n == 0 }
output: "\${ input.n == 0 ? 0 : outputs.sum }"
`);
    const reprise = await start({ workflows: [countdown] });
    const run = await reprise.startRun(countdown, { n: 5 });
    expect(await run.result()).to.equal(15);
  });

  it('that starts itself without end fails, at a depth that is said', async () => {
    const endless = parseWorkflow('{ name: endless, tasks: { more: { workflow: endless } } }');
    const store = lastingStore();
    const reprise = await start({ plugins: [storePlugin(store)], workflows: [endless] });
    const outcome = await (await reprise.startRun(endless, {})).outcome();
    expect(outcome).to.have.nested.property('error.cause.code', 'REPRISE_CHILD_FAILED');
    expect(outcome).to.have.nested.property('error.cause.cause.code', 'REPRISE_CHILD_TOO_DEEP');
    expect(await reprise.runs.list({ limit: 1000 })).to.have.length(33);
  });

  it('is told to end with its parent, which awaits it, all the way down', async () => {
    const stayer = gate('stayer', { obeys: true });
    const reprise = await start({ workflows: [TOP, ABOVE, STAYING], agents: [stayer.agent] });
    const run = await reprise.startRun(TOP, {});
    await eventually(() => stayer.waiting === 1);
    await run.cancel('enough');
    expect(await run.outcome()).to.deep.equal({ status: 'cancelled', reason: 'enough' });
    // The parent was told of their ends before its own.
    for (const { runId, status } of await reprise.runs.list({})) expect(status, runId).to.equal('cancelled');
    await eventually(() => stayer.contexts[0]?.signal.aborted === true);
    const child = await reprise.run(stayer.calls[0]?.runId ?? '').outcome();
    expect(child)
      .to.have.property('reason')
      .that.matches(/its parent run '.*' ended its task \(cancel\)/);
  });

  it('is told to end when its parent is ended by force, here or by another process', async () => {
    const stayer = gate('stayer', { obeys: true });
    const path = file();
    const plugins = () => [sqliteEventStore({ path, pollIntervalMs: 5 })];
    const reprise = await start({ plugins: plugins(), workflows: [ABOVE, STAYING], agents: [stayer.agent] });
    const elsewhere = await make({ plugins: plugins() });
    for (const [index, by] of [reprise, elsewhere].entries()) {
      const run = await reprise.startRun(ABOVE, {});
      await eventually(() => stayer.calls.length === index + 1);
      await by.run(run.id).cancel('now', { force: true });
      expect(await run.outcome()).to.deep.equal({ status: 'cancelled', reason: 'now' });
      const child = stayer.calls[index]?.runId ?? '';
      expect((await reprise.run(child).outcome()).status).to.equal('cancelled');
    }
  });

  it('that was cancelled by itself fails its task, without another attempt', async () => {
    const stayer = gate('stayer', { obeys: true });
    const reprise = await start({ workflows: [ABOVE, STAYING], agents: [stayer.agent] });
    const run = await reprise.startRun(ABOVE, {});
    await eventually(() => stayer.waiting === 1);
    await reprise.run(stayer.calls[0]?.runId ?? '').cancel('not this one');
    const outcome = await run.outcome();
    expect(outcome).to.have.nested.property('error.cause.code', 'REPRISE_CHILD_CANCELLED');
    expect(outcome).to.have.nested.property('error.cause.message').that.contains('not this one');
  });

  it('that cannot be started fails its task: the process that goes on with the run has no such workflow', async () => {
    const later = parseWorkflow(`
name: later
tasks:
  go: { wait: { signal: go } }
  part: { workflow: part, after: go, fallback: { value: none } }
`);
    const plugins = [storePlugin(lastingStore())];
    const before = await start({ plugins, workflows: [later, PART], agents: [echo] });
    const { id } = await before.startRun(later, {});
    await before.stop();
    const reprise = await start({ plugins, workflows: [], agents: [echo] });
    await reprise.run(id).signal('go');
    expect(await reprise.run(id).result()).to.equal('none');
    const [failed] = only(await eventsOf(reprise, id), 'TaskAttemptFailed');
    expect(failed).to.have.nested.property('error.code', 'REPRISE_CHILD_FAILED');
    expect(failed).to.have.nested.property('error.cause.code', 'REPRISE_WORKFLOW_UNKNOWN');
  });
});
