import { type Json, parseWorkflow, RunReader, runStream, type Storage, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { changedStore, eventsOf, eventually, gate, lastingStore, only, orchestrators, storePlugin } from './support.ts';

// The input of a child run stands in the history of the run above it, and only there.

const document = { title: 'the document', text: 'much of it '.repeat(100) };

const PART = parseWorkflow('{ name: part, tasks: { work: { agent: worker } } }');
const ABOVE = parseWorkflow('{ name: above, tasks: { part: { workflow: part } } }');

const worker = { name: 'worker', handle: ({ input }: { input: Json }) => input };

describe('the input of a child run', () => {
  const { start } = orchestrators();

  /** A run to its end, and what the store has of the first event of each of its children. */
  async function play(text: string, input: Json) {
    const store = lastingStore();
    const flow = parseWorkflow(text);
    const reprise = await start({ plugins: [storePlugin(store)], workflows: [flow, ABOVE, PART], agents: [worker] });
    const run = await reprise.startRun(flow, input as never);
    const outcome = await run.outcome();
    const recorded: Record<string, Json>[] = [];
    for (const { child = '' } of only(await eventsOf(reprise, run.id), 'TaskEntered')) {
      if (child === '') continue;
      const [first] = await store.events.read(runStream(child));
      recorded.push(first?.data as Record<string, Json>);
      const [started] = await eventsOf(reprise, child);
      expect(started, 'what a reader sees').to.have.property('input');
      expect((await reprise.runs.replay(child)).matches).to.equal(true);
    }
    return { reprise, store, run, outcome, recorded };
  }

  it('is a place in what the run was handed', async () => {
    const { run, outcome, recorded, reprise } = await play(
      `{ name: flow, tasks: { part: { workflow: part, input: "\${ input.docs[1] }" } } }`,
      { docs: [1, document] },
    );
    expect(outcome).to.deep.include({ output: document });
    const [first] = recorded;
    expect(first).to.not.have.property('input');
    expect(first?.['inputFrom']).to.deep.equal({ runId: run.id, revision: 0, path: ['input', 'docs', 1] });
    const [started] = await eventsOf(reprise, String(first?.['runId']));
    expect(started).to.have.deep.property('input', document);
  });

  it('is what a task gave, or was computed for it: the event that has it', async () => {
    const { run, reprise, recorded } = await play(
      `
name: flow
tasks:
  read: { agent: worker }
  given: { workflow: part, after: read, input: "\${ outputs.read.text }" }
  made: { workflow: part, after: read, input: "\${ outputs.read.text + '!' }" }
  small: { workflow: part, after: read, input: 1 }`,
      document,
    );
    const events = await eventsOf(reprise, run.id);
    const read = events.findIndex((event) => event.type === 'TaskCompleted' && event.taskId === 'read');
    const made = events.findIndex((event) => event.type === 'TaskEntered' && event.taskId === 'made');
    expect(recorded.map(({ input, inputFrom }) => inputFrom ?? input)).to.deep.equal([
      { runId: run.id, revision: read, path: ['output', 'text'] },
      { runId: run.id, revision: made, path: ['input'] },
      1,
    ]);
  });

  it('is built of such places: of templates, items, and what blocks were handed', async () => {
    const { run, outcome, recorded } = await play(
      `
name: flow
tasks:
  each:
    forEach: { items: input.docs }
    input: { n: "\${ index }", doc: "\${ item }", list: ["\${ input.docs }"] }
    scope:
      part: { workflow: part, input: { doc: "\${ block.input.doc }", again: "\${ block.input.list[0] }", n: "\${ block.input.n }" } }`,
      { docs: [document] },
    );
    expect(outcome).to.deep.include({ output: [{ doc: document, again: [document], n: 0 }] });
    const docs = { runId: run.id, revision: 0, path: ['input', 'docs'] };
    expect(recorded[0]?.['inputFrom']).to.deep.equal({
      fields: { doc: { ...docs, path: ['input', 'docs', 0] }, again: docs, n: { value: 0 } },
    });
  });

  it('is recorded where no event has it: what items gave together, and computed items', async () => {
    const { outcome, recorded } = await play(
      `
name: flow
tasks:
  each: { agent: worker, forEach: { items: "input.docs.map(doc, doc)" } }
  part: { workflow: part, after: each }
  parts: { workflow: part, after: each, forEach: { items: "input.docs.map(doc, doc)" } }`,
      { docs: [document] },
    );
    expect(outcome).to.have.deep.property('output', { part: [document], parts: [document] });
    expect(recorded.map(({ input, inputFrom }) => inputFrom ?? input)).to.deep.equal([[document], document]);
  });

  it('of a child of a child is in the run that has it', async () => {
    const { run, store, recorded, reprise } = await play(
      '{ name: flow, tasks: { top: { workflow: above } } }',
      document,
    );
    const above = String(recorded[0]?.['runId']);
    const [entered] = only(await eventsOf(reprise, above), 'TaskEntered');
    const [first] = await store.events.read(runStream(entered?.child ?? ''));
    expect(first?.data['inputFrom']).to.deep.equal({ runId: run.id, revision: 0, path: ['input'] });
    expect(await reprise.run(entered?.child ?? '').result()).to.deep.equal(document);
  });

  it('is there after a restart', async () => {
    const store = lastingStore();
    const plugins = () => [storePlugin(store)];
    const workflows = [ABOVE, PART];
    const held = gate('worker', { obeys: true });
    const before = await start({ plugins: plugins(), workflows, agents: [held.agent] });
    const { id } = await before.startRun(ABOVE, document as never);
    await eventually(() => held.waiting === 1);
    await before.stop({ drainMs: 0 });
    const reprise = await start({ plugins: plugins(), workflows, agents: [worker] });
    expect(await reprise.run(id).result()).to.deep.equal(document);
  });

  it('that a schema has changed is recorded; one that it has only looked at is not', async () => {
    const schema = (change: (value: unknown) => unknown) => ({
      '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value: change(value) }) } as const,
    });
    for (const [changed, change] of [
      [true, (value: unknown) => ({ ...(value as object), more: 1 })],
      [false, (value: unknown) => ({ ...(value as object) })],
    ] as const) {
      const store = lastingStore();
      const checked = workflow('part', { input: schema(change) })
        .task('work', 'worker', {})
        .build();
      const reprise = await start({ plugins: [storePlugin(store)], workflows: [ABOVE, checked], agents: [worker] });
      const run = await reprise.startRun(ABOVE, document as never);
      expect(await run.result()).to.deep.equal(changed ? { ...document, more: 1 } : document);
      const [entered] = only(await eventsOf(reprise, run.id), 'TaskEntered');
      const [first] = await store.events.read(runStream(entered?.child ?? ''));
      expect(first?.data).to.have.property(changed ? 'input' : 'inputFrom');
      expect(first?.data).to.not.have.property(changed ? 'inputFrom' : 'input');
    }
  });

  it('that is gone makes its history unreadable, and says where it was', async () => {
    const { store, run, recorded } = await play('{ name: flow, tasks: { part: { workflow: part } } }', document);
    const without: Storage = changedStore(store, {
      read: async (stream, options) => (stream === runStream(run.id) ? [] : store.events.read(stream, options)),
    });
    const error: unknown = await new RunReader(without).state(String(recorded[0]?.['runId'])).catch((one) => one);
    expect(error).to.include({ code: 'REPRISE_EVENT_UNREADABLE' });
    expect(error).to.have.property('message').that.contains(`event 0 of run '${run.id}'`);
  });
});
