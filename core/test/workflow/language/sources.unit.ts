import { encodeEvent, type Json, type RunEvent, UntrustedHistory, uuidv5 } from '@reprise/core';
import { TEST_RUN_ID } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { stateDigest } from '../../../src/orchestration/workflow/digest/state-digest.ts';
import { evolve } from '../../../src/orchestration/workflow/evolve.ts';
import type { Source } from '../../../src/orchestration/workflow/sources/source.ts';
import { initialState, type RunState } from '../../../src/orchestration/workflow/state.ts';
import { restoreState, serializeState } from '../../../src/orchestration/workflow/state-codec.ts';
import type { PureRun } from '../pure-run.ts';
import { run } from './yaml-run.ts';

// What is large and stands in the history already is recorded by where it is from.

/** More than is recorded as it is. */
const big = (name: string): Json => ({ name, text: name.repeat(300) });

/** The source that the event which handed a task its last new input recorded. */
function sourceOf(r: PureRun, taskId: string): Source | undefined {
  const found = r.events.findLast(
    (event) =>
      (event.type === 'TaskScheduled' || event.type === 'TaskEntered' || event.type === 'TaskExpanded') &&
      event.taskId === taskId &&
      ('source' in event || 'input' in event || 'items' in event),
  );
  if (found === undefined) throw new Error(`${taskId} was handed nothing`);
  expect('input' in found || 'items' in found, 'either the value or where it is from').to.equal(!('source' in found));
  return 'source' in found ? found.source : undefined;
}

const revisionOf = (r: PureRun, wanted: Partial<RunEvent> & Record<string, unknown>, last = false): number => {
  const fits = (event: RunEvent): boolean =>
    Object.entries(wanted).every(([key, value]) => (event as unknown as Record<string, unknown>)[key] === value);
  return last ? r.events.findLastIndex(fits) : r.events.findIndex(fits);
};

/** The history folds again to the same state, from its stored form, from outside, and from a snapshot taken after any event. */
function expectWhole(r: PureRun): void {
  const digest = stateDigest(r.state);
  expect(stateDigest(r.replayed())).to.equal(digest);
  const untrusted = new UntrustedHistory(TEST_RUN_ID);
  for (const [revision, event] of r.events.entries()) {
    const id = uuidv5('sources', String(revision));
    const metadata = { causationId: 'c', correlationId: TEST_RUN_ID, schemaVersion: 1 };
    const record: unknown = JSON.parse(JSON.stringify({ revision, id, ...encodeEvent(event), metadata }));
    expect(untrusted.add(record), `revision ${revision}`).to.equal(undefined);
  }
  for (let taken = 1; taken < r.events.length; taken += 1) {
    const before = replayed(r.events.slice(0, taken));
    const text = serializeState(before);
    const state = restoreState(text, (recorded) => recorded);
    expect(serializeState(state)).to.equal(text);
    for (const event of r.events.slice(taken)) evolve(state, event);
    expect(stateDigest(state), `from a snapshot after ${taken} events`).to.equal(digest);
  }
}

const replayed = (events: readonly RunEvent[]): RunState => events.reduce(evolve, initialState());

describe('an input by reference', () => {
  it('is the input of the run, or a place in it', () => {
    const input = { doc: big('doc'), list: [big('one'), big('two')] };
    const r = run(
      `whole: { agent: a }\npart: { agent: a, input: '\${ input.doc }' }\nplace: { agent: a, input: '\${ input["list"][1] }' }`,
      input,
    );
    r.schedule();
    expect(sourceOf(r, 'whole')).to.deep.equal({ revision: 0, of: 'input', task: '' });
    expect(sourceOf(r, 'part')).to.deep.equal({ revision: 0, of: 'input', task: '', path: ['doc'] });
    expect(sourceOf(r, 'place')).to.deep.equal({ revision: 0, of: 'input', task: '', path: ['list', 1] });
    expect(r.task('part').input, 'the very object').to.equal((r.state.input as { doc: Json }).doc);
    expect(r.task('place').input).to.deep.equal(big('two'));
    expectWhole(r);
  });

  it('is recorded as it is when it is small, or anything was computed', () => {
    const r = run(
      `small: { agent: a, input: '\${ input.doc.name }' }\ncomputed: { agent: a, input: '\${ input.doc.text + "!" }' }\nchosen: { agent: a, input: '\${ true ? input.doc : input }' }`,
      { doc: big('doc') },
    );
    r.schedule();
    for (const id of ['small', 'computed', 'chosen']) expect(sourceOf(r, id), id).to.equal(undefined);
    expectWhole(r);
  });

  it('is the output of the only dependency, or those of all by task id', () => {
    const r = run(
      'one: { agent: a }\ntwo: { agent: a }\nnext: { agent: a, after: one }\nall: { agent: a, after: [one, two] }',
    );
    r.run('one', big('one'));
    r.run('two', 'little');
    r.schedule();
    const one = { revision: revisionOf(r, { type: 'TaskCompleted', taskId: 'one' }), of: 'output', task: 'one' };
    expect(sourceOf(r, 'next')).to.deep.equal(one);
    expect(sourceOf(r, 'all')).to.deep.equal({ fields: { one, two: { value: 'little' } } });
    expect(r.task('all').input).to.deep.equal({ one: big('one'), two: 'little' });
    expectWhole(r);
  });

  it('is built of places where a template has them', () => {
    const r = run(
      `one: { agent: a }\nnext:\n  agent: a\n  after: one\n  input: { say: '$\${ as it is', doc: '\${ outputs.one }', parts: ['\${ input.list[0] }', '\${ size(input.list) }', { n: 1 }] }`,
      { list: [big('part')] },
    );
    r.run('one', big('one'));
    r.schedule();
    const part = { revision: 0, of: 'input', task: '', path: ['list', 0] };
    expect(sourceOf(r, 'next')).to.deep.equal({
      fields: {
        say: { value: `\${ as it is` },
        doc: { revision: revisionOf(r, { type: 'TaskCompleted', taskId: 'one' }), of: 'output', task: 'one' },
        parts: { list: [part, { value: 1 }, { value: { n: 1 } }] },
      },
    });
    expect(r.task('next').input).to.deep.equal({
      say: `\${ as it is`,
      doc: big('one'),
      parts: [big('part'), 1, { n: 1 }],
    });
    expectWhole(r);
  });

  it('is kept by another attempt, at an agent or not', () => {
    const r = run(`task: { agent: a, retry: 2 }\nchild: { workflow: { name: other }, retry: 2 }`, big('doc'));
    r.schedule();
    r.fail('task');
    r.retry('task');
    const again = r.schedule('task')[0];
    expect(again).to.include({ type: 'TaskScheduled', attempt: 2 });
    expect(again).to.not.have.any.keys('input', 'source');
    expect(r.task('task').input).to.equal(r.state.input);
    const { child = '' } = r.task('child');
    const error = { code: 'BOOM', message: '', retryable: true };
    r.send({ type: 'EndChild', taskId: 'child', attempt: 1, child, outcome: { status: 'failed', error } });
    r.retry('child');
    expect(
      r.of('TaskEntered').map(({ attempt, source, input }) => [attempt, source !== undefined, input]),
    ).to.deep.equal([
      [1, true, undefined],
      [2, false, undefined],
    ]);
    expect(r.task('child')).to.include({ attempt: 2, input: r.state.input });
    expectWhole(r);
  });

  it('means what the round before gave, whatever a later one does', () => {
    const r = run(
      `draft: { agent: a }\ncheck: { agent: a, after: draft, repeat: { from: draft, until: 'output == "good"', max: 3 } }`,
    );
    r.run('draft', big('first'));
    r.schedule('check');
    const [before] = r.events.slice(-1);
    r.complete('check', 'bad');
    r.run('draft', big('second'));
    r.schedule('check');
    const drafts = r.events.flatMap((event, revision) =>
      event.type === 'TaskCompleted' && event.taskId === 'draft' ? [revision] : [],
    );
    expect(before).to.have.nested.property('source.revision', drafts[0]);
    expect(sourceOf(r, 'check')).to.include({ revision: drafts[1], task: 'draft' });
    expect(r.task('check').input).to.deep.equal(big('second'));
    expectWhole(r);
  });

  it('is what a sleep handed on, the leaves of a block gave, the items gave, and the task that stood in gave', () => {
    const r = run(
      `
one: { agent: a }
rest: { sleep: 1m, after: one }
slept: { agent: a, after: rest }
block: { after: one, scope: { inner: { agent: a }, also: { agent: a } } }
left: { agent: a, after: block, input: '\${ outputs.block.inner }' }
each: { agent: a, after: one, forEach: { items: '[1, 2]' }, input: 1 }
listed: { agent: a, after: each }
spare: { agent: a }
weak: { agent: a, after: one, retry: 1, fallback: { task: spare } }
stood: { agent: a, after: weak }`,
    );
    r.run('one', big('one'));
    r.fire({ kind: 'wake', taskId: 'rest', attempt: 1 });
    for (const id of ['block/inner', 'block/also', 'each[0]', 'each[1]']) r.run(id, big(id));
    r.schedule('weak');
    r.fail('weak', { retryable: false });
    r.run('spare', big('spare'));
    r.schedule();
    const ended = (task: string) => ({
      revision: revisionOf(r, { type: 'TaskCompleted', taskId: task }),
      of: 'output',
      task,
    });
    expect(sourceOf(r, 'slept')).to.deep.equal(ended('rest'));
    expect(sourceOf(r, 'left')).to.deep.equal({ ...ended('block'), path: ['inner'] });
    expect(sourceOf(r, 'listed')).to.deep.equal(ended('each'));
    expect(sourceOf(r, 'stood')).to.deep.equal(ended('weak'));
    expect(r.task('left').input).to.deep.equal(big('block/inner'));
    expect(r.task('stood').input).to.deep.equal(big('spare'));
    const weak = revisionOf(r, { type: 'TaskScheduled', taskId: 'weak' });
    const handed = (sourceOf(r, 'spare') as { fields: Record<string, Source> }).fields;
    expect(handed['input'], 'what the failed task was handed').to.deep.equal({
      revision: weak,
      of: 'input',
      task: 'weak',
    });
    expect(handed['error']).to.have.nested.property('value.code', 'BOOM');
    expectWhole(r);
  });

  it('of the tasks in a block is what that was handed: also of one that is an item', () => {
    const r = run(
      `each:\n  forEach: { items: '\${ input.docs }' }\n  scope:\n    first: { agent: a }\n    next: { agent: a, after: first, input: { whole: '\${ block.input }', text: '\${ item.text }' } }`,
      { docs: [big('zero'), big('one')] },
    );
    expect(sourceOf(r, 'each')).to.deep.equal({ revision: 0, of: 'input', task: '', path: ['docs'] });
    r.run('each[1]/first');
    r.schedule('each[1]/next');
    const expanded = revisionOf(r, { type: 'TaskExpanded' });
    const entered = revisionOf(r, { type: 'TaskEntered', taskId: 'each[1]' });
    expect(sourceOf(r, 'each[1]')).to.deep.equal({ revision: expanded, of: 'items', task: 'each', path: [1] });
    const handed = { revision: entered, of: 'input', task: 'each[1]' };
    expect(sourceOf(r, 'each[1]/first')).to.deep.equal(handed);
    expect(sourceOf(r, 'each[1]/next')).to.deep.equal({
      fields: { whole: handed, text: { revision: expanded, of: 'items', task: 'each', path: [1, 'text'] } },
    });
    expect(r.task('each[1]/first').input).to.deep.equal(big('one'));
    expectWhole(r);
  });

  it('of an item is the item; items that were computed are recorded once', () => {
    const r = run(`each: { agent: a, forEach: { items: 'input.docs.filter(x, true)' } }`, {
      docs: [big('zero'), big('one')],
    });
    expect(sourceOf(r, 'each'), 'computed').to.equal(undefined);
    r.schedule();
    expect(sourceOf(r, 'each[1]')).to.deep.equal({
      revision: revisionOf(r, { type: 'TaskExpanded' }),
      of: 'items',
      task: 'each',
      path: [1],
    });
    expectWhole(r);
  });

  it('sees nothing that came after its join was met', () => {
    const r = run(
      `fast: { agent: a }\nlate: { agent: a }\nany: { agent: a, after: [fast, late], join: any, input: { fast: '\${ outputs.fast }', late: '\${ outputs.late }' } }`,
    );
    r.schedule('fast', 'late');
    r.complete('fast', big('fast'));
    r.complete('late', big('late'));
    r.schedule('any');
    const fast = { revision: revisionOf(r, { type: 'TaskCompleted', taskId: 'fast' }), of: 'output', task: 'fast' };
    expect(sourceOf(r, 'any')).to.deep.equal({ fields: { fast, late: { value: null } } });
    expectWhole(r);
  });

  it('of a handler, and of what undoes a task, is what those were handed and gave', () => {
    const r = run(
      `
book:
  scope:
    pay: { agent: a, compensate: { agent: undo } }
    gone: { agent: a, compensate: { agent: undo, input: { back: '\${ output.text }', for: '\${ block.input }' } } }
    ship: { agent: a, after: [pay, gone], input: 1, retry: 1 }
  catch:
    - { do: { tell: { agent: a } }, then: fail }`,
      big('order'),
    );
    r.run('book/pay', big('paid'));
    r.run('book/gone', big('left'));
    r.schedule('book/ship');
    r.fail('book/ship', { retryable: false });
    const entered = revisionOf(r, { type: 'TaskEntered', taskId: 'book' });
    r.schedule('book/tell');
    const told = (sourceOf(r, 'book/tell') as { fields: Record<string, Source> }).fields;
    expect(told['input']).to.deep.equal({ revision: entered, of: 'input', task: 'book' });
    r.complete('book/tell');
    r.run('book/gone@1');
    r.run('book/pay@1');
    const undone = (task: string, key: string) => ({
      revision: revisionOf(r, { type: 'TaskCompleted', taskId: task }),
      of: 'undone',
      task: `${task}@1`,
      path: [key],
    });
    const left = undone('book/gone', 'output');
    expect(sourceOf(r, 'book/gone@1')).to.deep.equal({
      fields: { back: { ...left, path: ['output', 'text'] }, for: { revision: entered, of: 'input', task: 'book' } },
    });
    expect(sourceOf(r, 'book/pay@1')).to.deep.equal({
      fields: {
        input: undone('book/pay', 'input'),
        output: undone('book/pay', 'output'),
        outcome: { value: 'completed' },
      },
    });
    expect(r.task('book/pay@1').input).to.deep.equal({
      input: big('order'),
      output: big('paid'),
      outcome: 'completed',
    });
    expect(r.state.status).to.equal('failed');
    expectWhole(r);
  });

  it('to what is not there is null, and an empty list: a damaged history folds', () => {
    const r = run(`each: { agent: a, forEach: { items: '[1]' } }\nafter: { agent: a, after: each }`);
    const damaged = r.events.map((event): RunEvent => {
      if (event.type !== 'TaskExpanded') return event;
      const { items: _items, ...rest } = event;
      return { ...rest, source: { list: [{ revision: 7, of: 'output', task: 'after' }] } };
    });
    expect(replayed(damaged).tasks.get('each')?.items).to.deep.include({ values: [], total: 0 });
    const source = { fields: { a: { revision: 1, of: 'input', task: 'nobody' } } } as const;
    const scheduled: RunEvent = { type: 'TaskScheduled', at: 1, taskId: 'each[0]', attempt: 1, agent: 'a', source };
    expect(replayed([...r.events, scheduled]).tasks.get('each[0]')).to.include({ status: 'scheduled', input: null });
  });

  it('counts with its own size: a run over one large value holds that once', () => {
    const tasks = Array.from({ length: 50 }, (_, n) => `t${n}: { agent: a }`).join('\n');
    const r = run(tasks, big('document'));
    const { held } = r.state;
    r.schedule();
    expect(r.state.held - held).to.be.lessThan(50 * 60);
    expect(serializeState(r.state).split('documentdocument'), 'and so does its snapshot').to.have.length(
      'document'.repeat(300).split('documentdocument').length,
    );
    expectWhole(r);
  });
});
