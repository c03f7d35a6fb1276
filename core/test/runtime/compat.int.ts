import {
  type AnyWorkflow,
  CompatCheck,
  cel,
  compatOf,
  defineAgent,
  definitionChanges,
  parseWorkflow,
  type RunCompat,
  recordDefinition,
  workflow,
} from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventsOf, eventually, gate, lastingStore, orchestrators, storePlugin } from './support.ts';

interface Changes {
  readonly version?: string;
  readonly first?: string;
  readonly middle?: string | null;
  readonly last?: string | null;
  readonly priority?: number;
  readonly added?: boolean;
  readonly withoutLast?: boolean;
  readonly agent?: 'agent' | 'else';
}

const agentOf = (name: string) =>
  defineAgent({ name, handle: ({ input }: { input: unknown }) => `${String(input)} by ${name}` });
const [agent, other] = [agentOf('agent'), agentOf('else')];

/** first, then `middle`, at which the run stands, then last; the texts are what their functions give. */
function chain(work: ReturnType<typeof gate>, changes: Changes = {}): AnyWorkflow {
  const { version = '1', first = 'f', middle = 'm', last = 'l', priority = 0 } = changes;
  // Without a function of its own, a task has one that is none: CEL.
  const giving = (text: string | null): never => (text === null ? cel('"none"') : functionOf(text)) as never;
  const builder = workflow<string>('chain', { version })
    .task('first', agent, { input: giving(first), priority })
    .task('middle', work.agent, { after: 'first', input: giving(middle) });
  if (changes.withoutLast === true) return builder.build();
  const whole = builder.task('last', changes.agent === 'else' ? other : agent, {
    after: 'middle',
    input: giving(last),
  });
  return changes.added === true ? whole.task('added', agent, { after: 'last' }).build() : whole.build();
}

/** Functions of different texts, and so of different digests. */
const functionOf = (text: string): (() => string) =>
  ({ f: () => 'f', m: () => 'm', l: () => 'l', new: () => 'new' })[text] ?? (() => 'else');

describe('Whether an open run can go on with a workflow that was changed', () => {
  const { start } = orchestrators();

  /** What is said of a run that stands at its second task, and what really becomes of it. */
  const after = async (changes: Changes | undefined) => {
    const store = lastingStore();
    const work = gate('work');
    const before = chain(work);
    const old = await start({ plugins: [storePlugin(store)], workflows: [before] });
    const run = await old.startRun(before, 'in', { id: 'open' });
    await eventually(() => work.waiting === 1);
    const events = await eventsOf(old, run.id);
    await old.stop({ drainMs: 0 });
    const later = gate('work');
    const now = changes === undefined ? [] : [chain(later, changes)];
    const said = compatOf(events, now);
    const reprise = await start({
      plugins: [storePlugin(store)],
      workflows: now,
      agents: now.length === 0 ? [agent, later.agent] : [],
    });
    await eventually(() => later.waiting > 0 || reprise.holdOf('open') !== undefined);
    const hold = reprise.holdOf('open');
    expect(said.next, JSON.stringify(hold)).to.equal(hold?.reason === 'function' ? 'held' : 'goes-on');
    if (hold !== undefined) return { said, hold, reprise };
    later.answer('done');
    const outcome = await reprise.run('open').outcome();
    return { said, output: 'output' in outcome ? outcome.output : outcome.status, reprise };
  };
  const brief = ({ changes }: RunCompat) =>
    changes.map(({ task, part, kind, standing }) => [task, part, kind, standing]);

  it('is so for the very same definition', async () => {
    const { said, output } = await after({});
    expect(said).to.deep.include({ next: 'goes-on', definition: 'same', changes: [], touched: false, fork: undefined });
    expect(output).to.equal('l by agent');
  });

  it('is so when functions ahead of it are others: it goes on with those', async () => {
    const { said, output } = await after({ last: 'new' });
    expect(brief(said)).to.deep.equal([['last', 'input', 'function', 'ahead']]);
    expect(said).to.deep.include({ definition: 'changed', touched: false, fork: { at: undefined } });
    expect(said.changes[0]?.taken).to.equal(true);
    expect(output).to.equal('new by agent');
  });

  it('is so when data ahead of it is other: it goes on as it was recorded, and a fork has the new', async () => {
    const { said, output, reprise } = await after({ agent: 'else', added: true });
    expect(brief(said)).to.deep.equal([
      ['last', 'agent', 'changed', 'ahead'],
      ['added', 'task', 'added', 'ahead'],
    ]);
    expect(said.changes.every(({ taken }) => !taken)).to.equal(true);
    expect(output).to.equal('l by agent');
    const fork = await reprise.forkRun('open', { at: (await eventsOf(reprise, 'open')).length - 4 });
    expect(await fork.result()).to.equal('l by else by agent');
  });

  it('says what it has done of what was changed, and from where a fork does that anew', async () => {
    const { said, output, reprise } = await after({ first: 'new', priority: 7, middle: 'new' });
    expect(brief(said)).to.deep.equal([
      ['first', 'input', 'function', 'done'],
      ['middle', 'input', 'function', 'under-way'],
      ['first', 'priority', 'changed', 'done'],
    ]);
    expect(said).to.deep.include({ next: 'goes-on', touched: true, fork: { at: 0 } });
    expect(output).to.equal('l by agent');
    const fork = await reprise.forkRun('open', said.fork?.at === undefined ? {} : { at: said.fork.at });
    await eventually(async () => (await fork.state()).tasks.get('middle')?.status === 'running');
    expect((await fork.state()).tasks.get('first')?.output).to.equal('new by agent');
    await fork.cancel();
  });

  it('is not so without a function that it needs, wherever it stands: it is held, and a fork goes on', async () => {
    for (const changes of [{ last: null }, { withoutLast: true }]) {
      const { said, hold } = await after(changes);
      expect(said).to.deep.include({ next: 'held', missing: ["task 'last': input"], fork: { at: undefined } });
      expect(said.changes[0]).to.deep.include({ task: 'last', part: 'input', kind: 'missing', standing: 'ahead' });
      expect(hold?.details).to.deep.equal({ missing: ["task 'last': input"] });
    }
    const removed = (await after({ withoutLast: true })).said;
    expect(brief(removed)).to.deep.include(['last', 'task', 'removed', 'ahead']);
    // What it has done needs its function, too: nobody knows whether it is asked for again.
    const { said } = await after({ first: 'f', middle: null });
    expect(said.missing).to.deep.equal(["task 'middle': input"]);
  });

  it('with another version alone is so for data, and not for functions; there is nothing to fork to', async () => {
    const held = await after({ version: '2' });
    expect(held.said).to.deep.include({ next: 'held', definition: 'none', fork: undefined });
    expect(held.said.missing).to.have.length(3);
    expect(await held.reprise.forkRun('open').catch(({ code }) => code)).to.equal('REPRISE_WORKFLOW_UNKNOWN');
    expect((await after(undefined)).said.next).to.equal('held');
  });

  it('of data alone is so, whatever is there', async () => {
    const store = lastingStore();
    const work = gate('work');
    const text = 'name: data\nversion: "1"\ntasks:\n  a: { agent: work }\n  b: { agent: agent, after: a }\n';
    const mended = text.replace('b: { agent: agent', 'b: { agent: else').replace('"1"', '"2"');
    const before = parseWorkflow(text);
    const old = await start({ plugins: [storePlugin(store)], workflows: [before], agents: [agent, work.agent] });
    await old.startRun('data', 'in', { id: 'open' });
    await eventually(() => work.waiting === 1);
    const events = await eventsOf(old, 'open');
    await old.stop({ drainMs: 0 });
    for (const now of [[], [parseWorkflow(mended)], [parseWorkflow(mended), before]]) {
      const said = compatOf(events, now);
      expect(said.next).to.equal('goes-on');
      expect(said.definition).to.equal(now.length === 2 ? 'same' : 'none');
    }
    const later = gate('work');
    const agents = [agent, other, later.agent];
    const reprise = await start({ plugins: [storePlugin(store)], workflows: [parseWorkflow(mended)], agents });
    await eventually(() => later.waiting === 1);
    later.answer('done');
    expect(await reprise.run('open').result()).to.equal('done by agent');
    const ended = new CompatCheck();
    for (const event of await eventsOf(reprise, 'open')) ended.fold(event);
    expect(ended.result([parseWorkflow(mended.replace('"2"', '"1"'))])).to.deep.include({
      next: 'ended',
      fork: undefined,
    });
  });

  it('follows rounds and blocks: what was done in a round before is under way while the block is', async () => {
    const text = (inner: string, outer = 'a') =>
      parseWorkflow(
        `name: looped\nversion: "1"\ntasks:\n  first: { agent: ${outer} }\n  block:\n    after: first\n    scope:\n      x: { agent: ${inner} }\n      y: { agent: work, after: x }\n    loop: { until: outputs.y == true, max: 5 }\n    catch: [{ then: continue }]\n`,
      );
    const work = gate('work');
    const reprise = await start({ workflows: [text('a')], agents: [agentOf('a'), work.agent] });
    const run = await reprise.startRun('looped', 1, { id: 'open' });
    await eventually(() => work.waiting === 1);
    work.answer(false);
    await eventually(() => work.calls.length === 2);
    const events = await eventsOf(reprise, run.id);
    expect(brief(compatOf(events, [text('b')]))).to.deep.equal([['block/x', 'agent', 'changed', 'done']]);
    const reset = events.findIndex(({ type }) => type === 'TasksReset');
    const between = compatOf(events.slice(0, reset + 1), [text('b')]);
    expect(brief(between)).to.deep.equal([['block/x', 'agent', 'changed', 'under-way']]);
    const begun = events.findIndex((event) => event.type === 'TaskScheduled' && event.taskId === 'block/x');
    expect(between.fork).to.deep.equal({ at: begun - 1 });
    expect(compatOf(events, [text('b', 'b')]).fork).to.deep.equal({ at: 0 });
    await run.cancel('', { force: true });
  });
});

describe('the changes of a definition', () => {
  const of = (before: string, now: string) =>
    definitionChanges(
      recordDefinition(parseWorkflow(`name: w\n${before}`).definition),
      parseWorkflow(`name: w\n${now}`).definition,
    ).map(({ task, part, kind }) => [task, part, kind]);

  it('name tasks in blocks and handlers, and parts of the workflow itself', () => {
    const before =
      'concurrency: 2\noutput: { of: 1 }\ncatch: [{ do: { h: { agent: x } }, then: continue }]\ntasks:\n  a:\n    scope: { i: { agent: x }, j: { agent: x } }\n    loop: { until: "true", max: 3 }\n  b: { agent: x }\n';
    expect(of(before, before)).to.deep.equal([]);
    expect(of(before, `description: told\n${before.replace('b: {', 'b: { description: told,')}`)).to.deep.equal([]);
    const now = before
      .replace('concurrency: 2', 'concurrency: 3')
      .replace('h: { agent: x }', 'h: { agent: y }')
      .replace('i: { agent: x }', 'i: { agent: x, priority: 3 }')
      .replace(', j: { agent: x }', ', k: { agent: x }')
      .replace('max: 3', 'max: 4')
      .replace('b: { agent: x }', 'b: { scope: { c: { agent: x } } }');
    expect(of(before, now)).to.have.deep.members([
      ['', 'concurrency', 'changed'],
      ['h', 'agent', 'changed'],
      ['a/i', 'priority', 'changed'],
      ['a/j', 'task', 'removed'],
      ['a/k', 'task', 'added'],
      ['a', 'loop', 'changed'],
      ['b', 'agent', 'changed'],
      ['b', 'retry', 'changed'],
      ['b', 'scope', 'changed'],
    ]);
    expect(of(before, before.replace('then: continue', 'then: fail'))).to.deep.equal([['', 'catch', 'changed']]);
  });
});
