import { expect } from 'chai';
import { describe, it } from 'mocha';
import { idempotencyKey } from '../../../src/orchestration/workflow/attempt-key.ts';
import { effectsOf, openEffects } from '../../../src/orchestration/workflow/effects.ts';
import { explainState } from '../../../src/orchestration/workflow/explain/explain-run.ts';
import { viewOf } from '../../../src/orchestration/workflow/view-of.ts';
import type { PureRun } from '../pure-run.ts';
import { types } from '../pure-run.ts';
import { add, answer, expectSame, tasks } from './add.ts';
import { run } from './yaml-run.ts';

const chain = 'first: { agent: a }\nmiddle: { agent: a, after: first }\nlast: { agent: a, after: middle }';

describe('added tasks', () => {
  it('run beside the others, and the run waits for them; its output stays that of its definition', () => {
    const r = run(chain);
    expect(answer(add(r, '', tasks(`new: { agent: b, input: { n: "\${ input }" } }`)))).to.equal('TasksAdded');
    expectSame(r);
    expect(r.ready()).to.deep.equal(['first', 'new']);
    expect(r.schedule('new')[0]).to.deep.include({ attempt: 1, input: { n: null } });
    for (const id of ['first', 'middle', 'last']) r.run(id, id);
    expect(r.state.status, 'new is open').to.equal('running');
    r.complete('new', 'n');
    expect(r.state).to.deep.include({ status: 'completed', output: 'last' });
    expectSame(r);
  });

  it('come after what has ended, what is under way and what waits, and read what comes before them', () => {
    const r = run(chain);
    r.run('first', 'f');
    r.schedule('middle');
    add(
      r,
      '',
      tasks(
        `
one: { agent: b, after: first, input: "\${ outputs.first }" }
two: { agent: b, after: middle, input: { far: "\${ outputs.first }", near: "\${ outputs.middle }" } }
three: { agent: b, after: [last, two] }`,
        chain,
      ),
    );
    expect(r.ready()).to.deep.equal(['one']);
    expect(r.schedule('one')[0]).to.include({ input: 'f' });
    expectSame(r);
    r.complete('middle', 'm');
    expect(r.schedule('two')[0]).to.deep.include({ input: { far: 'f', near: 'm' } });
    r.run('last', 'l');
    r.complete('two', 2);
    expect(r.schedule('three')[0]).to.deep.include({ input: { last: 'l', two: 2 } });
    expectSame(r);
  });

  it('are put before tasks that wait, which are handed what they would be without, and read them', () => {
    const r = run(
      `first: { agent: a }\nlast: { agent: a, after: first }\nall: { agent: a, after: first, input: '\${ outputs["n" + "ew"] }' }`,
    );
    add(r, '', tasks('new: { agent: b, after: first }', chain), [
      ['last', 'new'],
      ['all', 'new'],
    ]);
    r.run('first', 'f');
    expect(r.ready()).to.deep.equal(['new']);
    const { tasks: reasons } = explainState(r.state, { now: r.now, takers: undefined });
    expect(reasons.find(({ taskId }) => taskId === 'last')).to.deep.include({ waitsFor: ['new'], needed: 2, met: 1 });
    expect(viewOf(r.state).tasks.get('last')?.putBehind).to.deep.equal(['new']);
    expect(viewOf(r.state).tasks.get('new')?.added).to.include({ id: 'new', agent: 'b' });
    expectSame(r);
    r.run('new', 'n');
    expect(r.schedule('last')[0]).to.include({ input: 'f' });
    expect(r.schedule('all')[0]).to.include({ input: 'n' });
  });

  it('come after each other in one batch and over several, however they are cut', () => {
    const r = run('first: { agent: a }\nlast: { agent: a, after: first }');
    add(r, '', tasks('a1: { agent: b }\na2: { agent: b, after: a1 }'));
    add(
      r,
      '',
      tasks(`b1: { agent: b, after: a2, input: "\${ outputs.a1 }" }`, 'a1: { agent: b }\na2: { agent: b, after: a1 }'),
      [['last', 'b1']],
    );
    expect(answer(add(r, '', tasks('x: { agent: b, after: b1 }', 'b1: { agent: b }'), [['a2', 'x']]))).to.equal(
      'REPRISE_CYCLE',
    );
    expect(answer(add(r, '', tasks('c: { agent: b }'), [['a2', 'c']]))).to.equal('TasksAdded');
    expectSame(r);
    r.run('a1', 1);
    r.run('c');
    r.run('a2', 2);
    expect(r.schedule('b1')[0]).to.include({ input: 1 });
    r.run('first');
    expect(r.status('last')).to.equal('pending');
    r.complete('b1');
    expect(r.status('last')).to.equal('ready');
  });

  it('have conditions, lists, switches and joins of their own', () => {
    const r = run('first: { agent: a }\nlast: { agent: a, after: first }', [1, 2]);
    add(
      r,
      '',
      tasks(
        `
no: { agent: b, when: 'false' }
passed: { agent: b, after: no }
each: { agent: b, forEach: input, after: first }
way: { switch: [{ when: 'true', then: left }, { else: right }] }
left: { agent: b, after: way, case: left }
right: { agent: b, after: way, case: right }
any: { agent: b, after: [last, left], join: any }`,
        chain,
      ),
    );
    expect([r.status('no'), r.status('passed'), r.status('right')]).to.deep.equal(['skipped', 'skipped', 'skipped']);
    expectSame(r);
    r.run('left', 'l');
    expect(r.ready()).to.include('any');
    r.run('first');
    expect(r.ready()).to.include.members(['each[0]', 'each[1]']);
    add(
      r,
      '',
      tasks(
        'late: { agent: b, after: way, case: right }',
        'way: { switch: [{ when: "true", then: left }, { else: right }] }',
      ),
    );
    expect(r.status('late'), 'the switch has chosen').to.equal('skipped');
    r.run('each[0]', 1);
    expectSame(r);
    r.run('each[1]', 2);
    expect(r.task('each').output).to.deep.equal([1, 2]);
    r.run('any');
    r.run('last', 'end');
    expect(r.state).to.deep.include({ status: 'completed', output: 'end' });
  });

  it('meet the join of a task that they are put before, as any dependency does', () => {
    const r = run('x: { agent: a }\ny: { agent: a }\nj: { agent: a, after: [x, y], join: any }');
    add(r, '', tasks('new: { agent: b }'), [['j', 'new']]);
    r.run('new');
    expect(r.status('j')).to.equal('ready');
  });

  it('of which one failed in vain count for the joins that were there', () => {
    const r = run('x: { agent: a, retry: 1 }\ny: { agent: a, retry: 1 }\nj: { agent: a, after: [x, y], join: any }');
    r.schedule();
    r.fail('x');
    expect(answer(add(r, '', tasks('n: { agent: b, after: x }', 'x: { agent: a }')))).to.equal(
      'REPRISE_DEPENDENCY_UNMET',
    );
    expect(
      answer(add(r, '', tasks('n: { agent: b, after: [x, y], join: any }', 'x: { agent: a }\ny: { agent: a }'))),
    ).to.equal('TasksAdded');
    r.fail('y');
    expect(r.state.status, 'nothing can complete').to.equal('failed');
  });

  it('fail the run as any task does, or fall back to tasks that come with them', () => {
    const r = run('first: { agent: a }');
    add(
      r,
      '',
      tasks(
        'new: { agent: b, retry: 1, fallback: { task: instead } }\ninstead: { agent: c }\nbad: { agent: b, retry: 1 }',
      ),
    );
    expect(r.ready()).to.deep.equal(['first', 'new', 'bad']);
    r.schedule();
    r.fail('new');
    expect(r.status('instead')).to.equal('ready');
    expectSame(r);
    r.run('instead', 'i');
    expect(r.task('new')).to.include({ status: 'completed', output: 'i' });
    r.fail('bad');
    expect(r.state.status).to.equal('failed');
    expectSame(r);
  });

  it('wait while the run is paused, and are cancelled with it', () => {
    const r = run('first: { agent: a }');
    r.send({ type: 'PauseRun' });
    add(r, '', tasks('new: { agent: b }\nblock: { scope: { x: { agent: b } } }'));
    expect(r.status('new')).to.equal('ready');
    expect(r.status('block'), 'nothing begins').to.equal('ready');
    expectSame(r);
    r.send({ type: 'ResumeRun' });
    expect(r.status('block/x')).to.equal('ready');
    r.send({ type: 'CancelRun' });
    expect([r.status('new'), r.status('block'), r.status('block/x')]).to.deep.equal([
      'cancelled',
      'cancelled',
      'cancelled',
    ]);
    expectSame(r);
  });

  it('take effect once for one command', () => {
    const r = run('first: { agent: a }');
    const command = { type: 'AddTasks', commandId: 'once', scope: '', tasks: tasks('new: { agent: b }') } as const;
    expect(answer(r.send(command))).to.equal('TasksAdded');
    expect(r.send(command)).to.deep.equal([]);
  });
});

describe('an added task', () => {
  const kinds = `
first: { agent: a }
pending: { agent: a, after: first }
ready: { agent: a }
scheduled: { agent: a }
running: { agent: a }
waiting: { agent: a }
completed: { agent: a }
lost: { agent: a, retry: 1 }
loser: { agent: a }
race: { agent: a, after: [completed, loser], join: any, rest: cancel }
any: { agent: a, after: [ready, lost], join: any }
skipped: { agent: a, when: 'false' }
block: { scope: { x: { agent: a } } }
list: { agent: a, forEach: '[1, 2]' }
sleep: { sleep: 5m }
wait: { wait: { signal: go } }
child: { workflow: c }
mutex: { agent: a, mutex: { key: k } }
queued: { agent: a, mutex: { key: k } }`;

  const started = (): PureRun => {
    const r = run(kinds);
    r.schedule('scheduled', 'running', 'waiting', 'completed', 'lost', 'mutex');
    r.begin('running');
    r.fail('waiting');
    r.complete('completed');
    r.fail('lost');
    return r;
  };

  /** What the status of a new task is that comes after one, and whether it can be put before it. */
  const EXPECTED: Readonly<Record<string, readonly [after: string, before: string]>> = {
    pending: ['pending', 'TasksAdded'],
    ready: ['pending', 'REPRISE_TASK_BEGUN'],
    scheduled: ['pending', 'REPRISE_TASK_BEGUN'],
    running: ['pending', 'REPRISE_TASK_BEGUN'],
    waiting: ['pending', 'REPRISE_TASK_BEGUN'],
    completed: ['ready', 'REPRISE_TASK_BEGUN'],
    lost: ['REPRISE_DEPENDENCY_UNMET', 'REPRISE_TASK_BEGUN'],
    loser: ['REPRISE_DEPENDENCY_UNMET', 'REPRISE_TASK_BEGUN'],
    race: ['pending', 'REPRISE_TASK_BEGUN'],
    any: ['pending', 'TasksAdded'],
    skipped: ['skipped', 'REPRISE_TASK_BEGUN'],
    block: ['pending', 'REPRISE_TASK_BEGUN'],
    list: ['pending', 'REPRISE_TASK_BEGUN'],
    sleep: ['pending', 'REPRISE_TASK_BEGUN'],
    wait: ['pending', 'REPRISE_TASK_BEGUN'],
    child: ['pending', 'REPRISE_TASK_BEGUN'],
    mutex: ['pending', 'REPRISE_TASK_BEGUN'],
    queued: ['pending', 'REPRISE_TASK_BEGUN'],
  };
  const [plain] = tasks('new: { agent: b }');
  if (plain === undefined) throw new Error('no task');

  for (const [id, [after, before]] of Object.entries(EXPECTED)) {
    it(`comes after, or before, one that is ${id}`, () => {
      const r = started();
      const said = answer(add(r, '', [{ ...plain, after: [id] }]));
      expect(after.startsWith('REPRISE') ? said : r.status('new')).to.equal(after);
      expectSame(r);
      const other = started();
      expect(answer(add(other, '', [plain], [[id, 'new']]))).to.equal(before);
      if (before === 'TasksAdded') expect(other.task(id).waitingOn).to.equal(2);
      expectSame(other);
    });
  }

  it('may come to a run that is parked, and begins when that goes on', () => {
    const r = run('first: { agent: a }');
    r.send({ type: 'ParkRun', error: { code: 'X', message: 'x', retryable: false } });
    expect(answer(add(r, '', tasks('new: { agent: b }\nvalue: { set: 1 }')))).to.equal('TasksAdded');
    expectSame(r);
    r.send({ type: 'ResumeRun' });
    expect([r.status('new'), r.status('value')]).to.deep.equal(['ready', 'completed']);
  });

  it('ends the run as any end does', () => {
    const r = run('first: { agent: a }');
    add(r, '', tasks('new: { end: { output: 7 } }'));
    expect(r.state).to.include({ status: 'completed', output: 7 });
    expect(r.status('first'), 'it had not begun').to.equal('skipped');
    expectSame(r);
  });

  it('has limits of its own', () => {
    const r = run('first: { agent: a }');
    add(r, '', tasks('new: { agent: b, timeout: { task: 1m } }'));
    r.schedule('new');
    r.now += 60_000;
    r.fire({ kind: 'task', taskId: 'new', since: r.task('new').firstScheduledAt ?? 0 });
    expect(r.state.status).to.equal('failed');
    expectSame(r);
  });
});

describe('tasks added to a block', () => {
  const book = `
book:
  scope:
    pay: { agent: a }
    ship: { agent: a, after: pay }
after: { agent: a, after: book }`;

  it('hold it up, see what its tasks see, and leave its output alone', () => {
    const r = run(book, { n: 1 });
    add(r, 'book', tasks('new: { agent: b }\nthen: { agent: b, after: new }'), [['book/ship', 'new']]);
    r.run('book/pay');
    expect(r.status('book/ship')).to.equal('pending');
    r.run('book/new', 'n');
    r.run('book/ship', 's');
    expect(r.status('book')).to.equal('running');
    expectSame(r);
    r.run('book/then');
    expect(r.task('book')).to.include({ status: 'completed', output: 's' });
    expectSame(r);
  });

  it('are kept apart in blocks that are items', () => {
    const r = run(
      'each:\n  forEach: { items: input, concurrency: 2 }\n  scope:\n    one: { agent: a }\n    two: { agent: a, after: one }',
      ['x', 'y'],
    );
    const [task] = tasks('new: { agent: b }');
    if (task === undefined) throw new Error('no task');
    add(r, 'each[0]', [{ ...task, input: { kind: 'template', template: `\${ item }` } }], [['each[0]/two', 'new']]);
    add(r, 'each[1]', [
      { ...task, agent: 'c', input: { kind: 'template', template: { i: `\${ index }`, b: `\${ block.input }` } } },
    ]);
    expect(r.task('each[1]/new').definitionId).to.equal('each[1]/new');
    expect(r.schedule('each[0]/new')[0]).to.include({ input: 'x' });
    expect(r.schedule('each[1]/new')[0]).to.deep.include({ input: { i: 1, b: 'y' } });
    r.run('each[0]/one', 1);
    r.run('each[1]/one', 1);
    expectSame(r);
    expect([r.status('each[0]/two'), r.status('each[1]/two')]).to.deep.equal(['pending', 'ready']);
    const after = tasks(
      `more: { agent: b, after: [new, one], input: "\${ outputs.new }" }`,
      'new: { agent: b }\none: { agent: a }',
    );
    add(r, 'each[0]', after);
    r.complete('each[0]/new', 'n');
    expect(r.schedule('each[0]/more')[0]).to.include({ input: 'n' });
    r.complete('each[1]/new');
    r.run('each[1]/two', 2);
    expect(r.status('each[1]')).to.equal('completed');
    r.run('each[0]/two', 2);
    r.complete('each[0]/more');
    expect(r.state).to.deep.include({ status: 'completed', output: [2, 2] });
    expectSame(r);
  });

  it('are dropped when a loop goes on; attempts go on, and keys name the round', () => {
    const r = run('loop:\n  scope: { one: { agent: a } }\n  loop: { until: round >= 2, max: 3 }');
    const fresh = () => tasks('new: { agent: b }\ninner: { scope: { x: { agent: b } } }');
    add(r, 'loop', fresh());
    add(r, 'loop/inner', tasks('deep: { agent: b }'));
    r.run('loop/new');
    for (const id of ['one', 'inner/x', 'inner/deep']) r.run(`loop/${id}`);
    expect(r.task('loop/one').round).to.equal(2);
    expect([...r.state.tasks.keys()]).to.deep.equal(['loop', 'loop/one']);
    expectSame(r);
    expect(answer(add(r, 'loop', fresh()))).to.equal('TasksAdded TaskEntered');
    expect(answer(add(r, 'loop/inner', tasks('deep: { agent: b }')))).to.equal('TasksAdded');
    expect(idempotencyKey(r.state, r.task('loop/new'))).to.match(/\/loop~2\/new$/);
    expect(r.schedule('loop/new')[0]).to.include({ attempt: 2 });
    r.complete('loop/new');
    for (const id of ['one', 'inner/x', 'inner/deep']) r.run(`loop/${id}`);
    expect(r.state.status).to.equal('completed');
    expectSame(r);
  });

  it('are dropped by a catch that retries, and belong to the handler while it runs', () => {
    const r = run(`
book:
  scope:
    pay: { agent: a, retry: 1 }
    other: { agent: a }
  catch:
    - { do: { ask: { agent: a } }, then: retry, max: 1 }`);
    add(r, 'book', tasks('new: { agent: b }'));
    r.schedule();
    r.fail('book/pay');
    expect(r.status('book/new')).to.equal('cancelled');
    expect(answer(add(r, 'book', tasks('n2: { agent: b, after: pay }', 'pay: { agent: a }')))).to.equal(
      'REPRISE_DEPENDENCY_UNKNOWN',
    );
    const n2 = tasks('n2: { agent: b, after: ask }\nn3: { agent: b }', 'ask: { agent: a }');
    expect(answer(add(r, 'book', n2))).to.equal('TasksAdded');
    expect(r.schedule('book/n3')[0]).to.have.nested.property('input.error.code', 'BOOM');
    r.run('book/ask');
    expectSame(r);
    r.run('book/n2');
    r.complete('book/n3');
    expect([...r.state.tasks.keys()]).to.deep.equal(['book', 'book/pay', 'book/other']);
    r.run('book/pay');
    r.run('book/other');
    expect(r.state.status).to.equal('completed');
    expectSame(r);
  });

  it('are given up with it, what is at an agent included', () => {
    const r = run('book: { scope: { x: { agent: a } } }\nafter: { agent: a, after: book }');
    add(r, 'book', tasks('slow: { agent: b }\nstop: { agent: b }\nend: { end: {}, after: stop }'));
    r.schedule('book/slow');
    const events = r.run('book/stop');
    const effects = events.flatMap((event) => effectsOf(r.state, event));
    expect(effects).to.deep.include({
      kind: 'close-attempt',
      taskId: 'book/slow',
      attempt: 1,
      reason: 'cancelled',
    });
    expect(r.status('book')).to.equal('completed');
    expect(openEffects(r.state).filter(({ kind }) => kind === 'dispatch')).to.deep.equal([]);
    expectSame(r);
  });

  it('whose failure is caught as any', () => {
    const r = run('book:\n  scope: { pay: { agent: a } }\n  catch: [{ then: continue, output: caught }]');
    add(r, 'book', tasks('new: { agent: b, retry: 1 }'));
    r.schedule();
    r.fail('book/new');
    expect(r.state).to.include({ status: 'completed', output: 'caught' });
  });

  it('may be added to blocks that were added', () => {
    const r = run('first: { agent: a }', [1, 2]);
    add(
      r,
      '',
      tasks(
        'new:\n  forEach: { items: input, concurrency: 2 }\n  scope:\n    x: { agent: b }\n    y: { agent: b, after: x }',
      ),
    );
    const more = tasks(`z: { agent: c, after: x, input: "\${ outputs.x }" }`, 'x: { agent: b }');
    add(r, 'new[1]', more, [['new[1]/y', 'z']]);
    r.run('new[1]/x', 'x1');
    expectSame(r);
    expect(r.schedule('new[1]/z')[0]).to.include({ input: 'x1' });
    expect(r.status('new[1]/y')).to.equal('pending');
    r.complete('new[1]/z');
    r.run('new[1]/y', 'y1');
    r.run('new[0]/x');
    r.run('new[0]/y', 'y0');
    expect(r.task('new').output).to.deep.equal(['y0', 'y1']);
    r.run('first', 'f');
    expect(r.state).to.include({ status: 'completed', output: 'f' });
    expectSame(r);
  });

  it('outside of a segment that repeats, are not run again, and what waits waits for the next round', () => {
    const r = run(
      'a: { agent: a }\nb: { agent: a, after: a, repeat: { from: a, until: round >= 2, max: 3 } }\nc: { agent: a }',
    );
    add(
      r,
      '',
      tasks('mid: { agent: b, after: a }\nlate: { agent: b, after: [a, c] }', 'a: { agent: a }\nc: { agent: a }'),
      [['b', 'mid']],
    );
    r.run('a', 1);
    r.run('mid');
    expect(r.task('late').waitingOn).to.equal(1);
    r.run('b', 1);
    expect(r.task('a').round).to.equal(2);
    expect(r.task('late').waitingOn, 'a runs again').to.equal(2);
    expect([r.status('mid'), r.task('b').waitingOn]).to.deep.equal(['completed', 1]);
    expectSame(r);
    r.run('c');
    expect(r.status('late')).to.equal('pending');
    r.run('a', 2);
    r.run('late');
    r.run('b', 2);
    expect(r.state.status).to.equal('completed');
  });

  it('outside of a segment that repeats, and ready when it begins again, wait for the next round: what they would be handed is gone', () => {
    const r = run(
      'a: { agent: a }\nb: { agent: a, after: a, repeat: { from: a, until: round >= 2, max: 3 } }\nc: { agent: a }',
    );
    const there = 'a: { agent: a }\nc: { agent: a }';
    add(
      r,
      '',
      tasks(
        'late: { agent: b, after: a }\nalone: { agent: b, after: a, mutex: k }\nqueued: { agent: b, after: a, mutex: k }\nfirst: { agent: b, after: [a, c], join: any }',
        there,
      ),
    );
    r.run('a', 1);
    r.run('c', 'c');
    r.run('b', 1);
    expect(r.ready(), 'c is enough for it').to.deep.equal(['first', 'a']);
    expect(r.schedule('first')[0]).to.deep.include({ input: { a: null, c: 'c' } });
    expectSame(r);
    r.run('a', 2);
    expect(r.schedule('late', 'alone').map((event) => 'input' in event && event.input)).to.deep.equal([2, 2]);
    r.run('b', 2);
    for (const id of ['late', 'alone', 'first']) r.complete(id);
    r.run('queued');
    expect(r.state.status).to.equal('completed');
    expectSame(r);
  });
});

describe('added tasks that have to be waited for or undone', () => {
  const failing = 'first: { agent: a }\nlast: { agent: a, retry: 1, after: first }';

  it('are undone in the order in which all was done', () => {
    const r = run(failing);
    expect(r.state.graph.hasOutstanding).to.equal(false);
    add(r, '', tasks('new: { agent: b, compensate: undo }\nblock: { scope: { x: { agent: b, compensate: undo } } }'));
    r.run('new', 'n');
    r.run('block/x', 'x');
    r.run('first');
    r.schedule('last');
    r.fail('last');
    expect(r.ready()).to.deep.equal(['block/x@1']);
    expectSame(r);
    r.run('block/x@1');
    expect(r.schedule('new@1')[0]).to.deep.include({ input: { input: null, output: 'n', outcome: 'completed' } });
    expectSame(r);
    r.complete('new@1');
    expect(r.state.status).to.equal('failed');
  });

  it('are undone by what was to undo them, also when their round is over and the id has another meaning', () => {
    const r = run(
      'loop:\n  scope: { one: { agent: a } }\n  loop: { until: round >= 2, max: 3 }\nno: { agent: a, retry: 1, after: loop }',
    );
    add(r, 'loop', tasks('new: { agent: b, compensate: { agent: undoer } }'));
    r.run('loop/new', 'first');
    r.run('loop/one');
    expectSame(r, 'dropped, and to be undone');
    add(r, 'loop', tasks('new: { agent: b, compensate: { agent: other } }'));
    r.run('loop/new', 'second');
    r.run('loop/one');
    r.schedule('no');
    r.fail('no');
    const agents: (string | undefined)[] = [];
    for (const id of ['loop/new@2', 'loop/new@1']) {
      const node = r.state.graph.node(r.task(id).definitionId);
      agents.push(node?.definition.agent);
      expectSame(r, id);
      r.run(id);
    }
    expect(agents).to.deep.equal(['other', 'undoer']);
    expect(r.state.status).to.equal('failed');
    expectSame(r);
  });

  it('are child runs, which a cancelled run waits for', () => {
    const r = run('first: { agent: a }');
    add(r, '', tasks('new: { workflow: child }'));
    const { child = '', attempt } = r.task('new');
    expect(child).to.not.equal('');
    expect(types(r.send({ type: 'CancelRun' }))).to.deep.equal(['TaskClosing']);
    expect(answer(add(r, '', tasks('more: { agent: b }')))).to.equal('REPRISE_BLOCK_CLOSED');
    expectSame(r);
    r.send({ type: 'EndChild', taskId: 'new', attempt, child, outcome: { status: 'cancelled' } });
    expect(r.state.status).to.equal('cancelled');
    expectSame(r);
  });
});

describe('an addition is refused', () => {
  const refused = (
    r: PureRun,
    ...[scope, added, before]: [string, Parameters<typeof add>[2], Parameters<typeof add>[3]?]
  ) => {
    const before0 = r.state.tasks.size;
    const code = answer(add(r, scope, added, before));
    expect(r.state.tasks.size, 'nothing is added').to.equal(before0);
    return code;
  };
  const one = tasks('new: { agent: b }');
  const [plain] = one;
  if (plain === undefined) throw new Error('no task');

  it('to what is no block under way', () => {
    const r = run('book:\n  after: first\n  scope: { x: { agent: a } }\nfirst: { agent: a }');
    for (const scope of ['book', 'nobody', 'first', 'book[0]', 'a b']) {
      expect(refused(r, scope, one), scope).to.match(/REPRISE_BLOCK_CLOSED|REPRISE_DEFINITION_INVALID/);
    }
    r.run('first');
    expect(answer(add(r, 'book', one))).to.equal('TasksAdded');
    r.run('book/x');
    r.run('book/new');
    expect(r.state.status).to.equal('completed');
    expect(answer(add(r, '', tasks('more: { agent: b }')))).to.equal('REPRISE_RUN_CLOSED');
  });

  it('with an id that is taken: in the block, by a handler or a stand-in, around it, inside it', () => {
    const r = run(
      `
first: { agent: a, fallback: { task: standin } }
standin: { agent: a }
book:
  scope:
    x: { agent: a }
    inner: { scope: { deep: { agent: a } } }
`,
      null,
      'catch: [{ do: { handler: { agent: a } }, then: continue }]',
    );
    for (const id of ['first', 'standin', 'book', 'x', 'deep', 'handler'])
      expect(refused(r, '', [{ ...plain, id }]), id).to.equal('REPRISE_TASK_EXISTS');
    for (const id of ['first', 'standin', 'x', 'deep', 'handler'])
      expect(refused(r, 'book', [{ ...plain, id }]), id).to.equal('REPRISE_TASK_EXISTS');
    expect(refused(r, '', tasks('n: { scope: { first: { agent: b } } }'))).to.equal('REPRISE_TASK_EXISTS');
    add(r, 'book/inner', one);
    expect(refused(r, '', one), 'added inside').to.equal('REPRISE_TASK_EXISTS');
    expect(refused(r, 'book', one), 'added inside').to.equal('REPRISE_TASK_EXISTS');
    expect(
      refused(
        r,
        '',
        [plain, plain].map((task) => ({ ...task, id: 'twice' })),
      ),
    ).to.equal('REPRISE_DEFINITION_INVALID');
  });

  it('with edges to what is not there, is a stand-in, or elsewhere', () => {
    const r = run(
      'first: { agent: a, fallback: { task: standin } }\nstandin: { agent: a }\nlast: { agent: a, after: first }\nbook: { scope: { x: { agent: a } } }',
    );
    for (const id of ['nobody', 'standin', 'x'])
      expect(refused(r, '', [{ ...plain, after: [id] }]), id).to.equal('REPRISE_DEPENDENCY_UNKNOWN');
    expect(refused(r, 'book', [{ ...plain, after: ['first'] }])).to.equal('REPRISE_DEPENDENCY_UNKNOWN');
    expect(refused(r, '', one, [['nobody', 'new']])).to.equal('REPRISE_DEPENDENCY_UNKNOWN');
    expect(refused(r, '', one, [['book/x', 'new']])).to.equal('REPRISE_DEPENDENCY_UNKNOWN');
    expect(refused(r, '', one, [['last', 'first']])).to.equal('REPRISE_DEPENDENCY_UNKNOWN');
    expect(refused(r, '', [{ ...plain, after: ['new'] }])).to.equal('REPRISE_DEFINITION_INVALID');
    expect(
      refused(r, '', one, [
        ['last', 'new'],
        ['last', 'new'],
      ]),
    ).to.equal('REPRISE_DEFINITION_INVALID');
  });

  it('before what waits for nothing any more', () => {
    const r = run(
      'first: { agent: a }\nready: { agent: a }\nran: { agent: a }\nlast: { agent: a, after: first, mutex: { key: k } }\nholder: { agent: a, mutex: { key: k } }',
    );
    r.run('ran');
    r.schedule('first');
    for (const id of ['first', 'ready', 'ran', 'holder'])
      expect(refused(r, '', one, [[id, 'new']]), id).to.equal('REPRISE_TASK_BEGUN');
    r.complete('first');
    expect(r.status('last'), 'waits for the mutex').to.equal('pending');
    expect(refused(r, '', one, [['last', 'new']])).to.equal('REPRISE_TASK_BEGUN');
  });

  it('that closes a cycle, through the run or within', () => {
    const r = run(chain);
    expect(refused(r, '', [{ ...plain, after: ['last'] }], [['middle', 'new']])).to.equal('REPRISE_CYCLE');
    expect(refused(r, '', [{ ...plain, after: ['middle'] }], [['middle', 'new']])).to.equal('REPRISE_CYCLE');
    expect(
      refused(
        r,
        '',
        [
          { ...plain, after: ['n2'] },
          { ...plain, id: 'n2', after: ['last'] },
        ],
        [['middle', 'new']],
      ),
    ).to.equal('REPRISE_CYCLE');
    expect(answer(add(r, '', [{ ...plain, after: ['middle'] }], [['last', 'new']])), 'none').to.equal('TasksAdded');
  });

  it('of what is invalid, is a function, or too much', () => {
    const r = run('first: { agent: a }\nlast: { agent: a, after: first }');
    const input = (source: string) => [{ ...plain, input: { kind: 'cel', source } as const }];
    expect(refused(r, '', [])).to.equal('REPRISE_DEFINITION_INVALID');
    expect(refused(r, '', [{ ...plain, input: { kind: 'function', digest: 'd' } }])).to.equal(
      'REPRISE_DEFINITION_INVALID',
    );
    expect(refused(r, '', [{ ...plain, input: { kind: 'function', digest: 'd', fn: () => 1 } }])).to.equal(
      'REPRISE_DEFINITION_INVALID',
    );
    for (const source of ['outputs.first', 'outputs.nobody', 'item', 'block.input', 'feedback', '1 +', 'error'])
      expect(refused(r, '', input(source)), source).to.equal('REPRISE_DEFINITION_INVALID');
    expect(refused(r, '', [{ ...plain, priority: Number.NaN }])).to.equal('REPRISE_DEFINITION_INVALID');
    expect(refused(r, '', [{ ...plain, id: 'a/b' }])).to.equal('REPRISE_DEFINITION_INVALID');
    expect(refused(r, '', [{ ...plain, fallback: { kind: 'task', task: 'first' } }])).to.equal(
      'REPRISE_DEFINITION_INVALID',
    );
    const repeat = { from: 'first', until: { kind: 'cel', source: 'true' }, max: 2, onExhausted: 'fail' } as const;
    expect(refused(r, '', [{ ...plain, after: ['first'], repeat }])).to.equal('REPRISE_DEFINITION_INVALID');
    const many = Array.from({ length: 1001 }, (_, n) => ({ ...plain, id: `n${n}` }));
    expect(refused(r, '', many)).to.equal('REPRISE_TOO_MANY_TASKS');
    r.maxPayloadChars = 50;
    expect(refused(r, '', one)).to.equal('REPRISE_PAYLOAD_TOO_LARGE');
  });

  it('that a join with rest: cancel would be needed by others, too', () => {
    const r = run(
      'x: { agent: a }\ny: { agent: a }\nj: { agent: a, after: [x, y], join: any, rest: cancel }\nz: { agent: a }\nk: { agent: a, after: z }',
    );
    expect(refused(r, '', [{ ...plain, after: ['x'] }])).to.equal('REPRISE_DEFINITION_INVALID');
    expect(refused(r, '', tasks('n: { agent: b }\nm: { agent: b, after: n }'), [['j', 'n']])).to.equal(
      'REPRISE_DEFINITION_INVALID',
    );
    expect(refused(r, '', [{ ...plain, after: ['z'], join: 'any', rest: 'cancel' }])).to.equal(
      'REPRISE_DEFINITION_INVALID',
    );
    expect(answer(add(r, '', one, [['j', 'new']]))).to.equal('TasksAdded');
    r.run('x');
    expect([r.status('y'), r.status('new')]).to.deep.equal(['cancelled', 'cancelled']);
  });
});
