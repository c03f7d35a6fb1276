import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type PureRun, types } from '../pure-run.ts';
import { goOnFrom } from './going-on.ts';
import { run } from './yaml-run.ts';

const list = (forEach = '', more = '') =>
  run(
    `each: { agent: a, retry: 1, forEach: { items: input, concurrency: 2${forEach} }${more} }\nnext: { agent: b, after: each }`,
    ['a', 'b'],
  );

const add = (r: PureRun, items: readonly unknown[], more: object = {}, taskId = 'each') =>
  r.send({ type: 'AddItems', taskId, items: items as never, ...more });

const refused = (r: PureRun, items: readonly unknown[] = ['x'], taskId = 'each') => {
  const [event] = add(r, items, {}, taskId);
  return event?.type === 'CommandRejected' ? `${event.code} ${event.message}` : 'taken';
};

describe('items that are added to a list', () => {
  it('begin like those that were there, within its places, and are in its output', () => {
    const r = list();
    r.schedule();
    expect(add(r, ['c', { d: 1 }])[0]).to.deep.include({
      type: 'ItemsAdded',
      from: 2,
      items: ['c', { d: 1 }],
    });
    expect(r.ready(), 'both places are taken').to.deep.equal([]);
    r.complete('each[0]', 0);
    expect(r.schedule('each[2]')[0]).to.deep.include({ input: 'c' });
    for (const [index, id] of ['each[1]', 'each[2]'].entries()) r.complete(id, index + 1);
    r.run('each[3]', 3);
    expect(r.schedule('next')[0]).to.deep.include({ input: [0, 1, 2, 3] });
    r.complete('next');
    expect(r.state.status).to.equal('completed');
    expect(r.replayed().stateDigest).to.equal(r.state.stateDigest);
  });

  it('begin at once when there is a place, in a list that was about to have none left', () => {
    const r = list();
    r.schedule();
    r.complete('each[0]');
    expect(types(add(r, ['c']))).to.deep.equal(['ItemsAdded']);
    expect(r.ready()).to.deep.equal(['each[2]']);
  });

  it('leave the list alone that they were a part of', () => {
    const large = ['x'.repeat(400), 'y'];
    const r = run(
      `first: { agent: a }\neach: { agent: a, after: first, forEach: outputs.first }\nlast: { set: "\${ outputs.first.size() }", after: each }`,
    );
    r.run('first', large);
    expect(r.of('TaskExpanded')[0]).to.have.property('source');
    add(r, ['z']);
    for (const index of [0, 1, 2]) r.run(`each[${index}]`);
    expect(r.state).to.include({ status: 'completed', output: 2 });
    expect(r.replayed().stateDigest).to.equal(r.state.stateDigest);
  });

  it('count for what the list needs, and are seen by until', () => {
    const r = list(', need: 2');
    r.schedule();
    add(r, ['c']);
    r.fail('each[0]');
    expect(r.status('each'), 'two of three can').to.equal('running');
    r.complete('each[1]');
    r.run('each[2]');
    expect(r.ready()).to.deep.equal(['next']);
    const until = list(", until: 'total > 3'");
    until.schedule();
    until.complete('each[0]');
    expect(types(add(until, ['c', 'd']))).to.deep.equal(['ItemsAdded', 'TaskYielded']);
  });

  it('go on in a list that has yielded', () => {
    const r = list(', need: 1');
    r.schedule();
    r.complete('each[0]');
    add(r, ['c']);
    r.run('each[2]');
    r.complete('each[1]');
    expect(r.status('each')).to.equal('completed');
    expect(r.task('each').output).to.deep.equal(['each[0] done', null]);
  });

  it('are undone like the others, and come along when a run is gone on with', () => {
    const r = list('', ', compensate: undo');
    r.schedule();
    add(r, ['c']);
    r.complete('each[0]');
    r.complete('each[1]');
    r.schedule('each[2]');
    r.fail('each[2]');
    expect(r.ready()).to.deep.equal(['each[1]@1']);
    const other = list();
    other.schedule();
    add(other, ['c']);
    other.complete('each[0]');
    other.complete('each[1]');
    other.schedule('each[2]');
    other.fail('each[2]');
    const next = goOnFrom(other);
    expect(next.ready()).to.deep.equal(['each[2]']);
    next.run('each[2]', 'mended');
    expect(next.schedule('next')[0]).to.deep.include({ input: ['each[0] done', 'each[1] done', 'mended'] });
  });

  it('are added once, however often the command comes', () => {
    const r = list();
    add(r, ['c'], { commandId: 'once' });
    expect(add(r, ['c'], { commandId: 'once' })).to.deep.equal([]);
    expect(r.task('each').items?.total).to.equal(3);
  });

  it('are taken while the run is paused, and begin afterwards', () => {
    const r = list();
    r.send({ type: 'PauseRun' });
    expect(types(add(r, ['c']))).to.deep.equal(['ItemsAdded']);
    r.send({ type: 'ResumeRun' });
    for (const index of [0, 1, 2]) r.run(`each[${index}]`);
    expect(r.ready()).to.deep.equal(['next']);
  });

  it('are refused with a code that says why', () => {
    expect(refused(list(), ['x'], 'nobody')).to.include('REPRISE_TASK_UNKNOWN');
    expect(refused(list(), ['x'], 'next')).to.include('it is no list');
    expect(refused(list(), ['x'], 'each[0]')).to.include('name the list');
    expect(refused(list(), [])).to.include('items is empty');
    expect(
      refused(
        list(),
        Array.from({ length: 1001 }, () => 1),
      ),
    ).to.include('REPRISE_TOO_MANY_TASKS');
    expect(refused(list(), ['x'.repeat(1024 * 1024)])).to.include('REPRISE_PAYLOAD_TOO_LARGE');
    expect(refused(list(), [() => 1])).to.include('REPRISE_INVALID_PAYLOAD');
    const waiting = run('a: { agent: a }\neach: { agent: a, after: a, forEach: input }', []);
    expect(refused(waiting)).to.include('it has not begun');
    const joined = run('a: { agent: a }\nb: { agent: a }\neach: { agent: a, after: [a, b], join: each }');
    joined.run('a');
    expect(refused(joined)).to.include('its items are what it comes after');
    const ended = list();
    for (const id of ['each[0]', 'each[1]']) ended.run(id);
    expect(refused(ended)).to.include('REPRISE_BLOCK_CLOSED').and.include('it is completed');
    const stopped = list(', need: 1, rest: cancel', ', compensate: undo');
    stopped.schedule();
    stopped.complete('each[0]');
    expect(refused(stopped)).to.include('cancels the rest');
    const late = list('', ', timeout: { all: 1m }, fallback: { agent: other }');
    late.fire({ kind: 'all', taskId: 'each', since: late.task('each').firstScheduledAt ?? 0 });
    expect(refused(late)).to.include('its time is up');
    const over = list();
    over.send({ type: 'CancelRun' });
    expect(refused(over)).to.include('REPRISE_RUN_CLOSED');
  });
});
