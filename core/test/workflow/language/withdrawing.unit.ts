import { isRepriseError, parseWorkflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type PureRun, types } from '../pure-run.ts';
import { expectKept } from './add.ts';
import { run } from './yaml-run.ts';

const problemsOf = (tasks: string): string => {
  try {
    parseWorkflow(`name: w\ntasks:\n${tasks.replaceAll(/^/gm, '  ')}\n`);
  } catch (error) {
    if (isRepriseError(error)) return error.message;
    throw error;
  }
  return '';
};

describe('cancel', () => {
  it('ends what is in flight, what waits and what has not begun, and says which', () => {
    const r = run(`
a: { agent: a }
b: { wait: { signal: s } }
c: { agent: a, after: a }
d: { agent: a }
stop: { cancel: [a, b, c, d], after: go }
go: { agent: a }`);
    r.schedule();
    r.complete('d');
    expect(types(r.complete('go'))).to.deep.equal([
      'TaskCompleted',
      'TaskCompleted',
      'TaskCancelled',
      'TaskCancelled',
      'TaskCancelled',
      'RunCompleted',
    ]);
    expect(['a', 'b', 'c', 'd'].map((id) => r.status(id))).to.deep.equal([
      'cancelled',
      'cancelled',
      'cancelled',
      'completed',
    ]);
    expect(r.task('stop').output).to.deep.equal(['a', 'b', 'c']);
    expect(r.events.find(({ type }) => type === 'TaskCancelled')).to.include({ reason: 'cancel', by: 'stop' });
  });

  it('counts as a skip for what comes after what it cancels', () => {
    const r = run(`
a: { agent: a }
b: { agent: a }
stop: { cancel: a, after: b }
only: { agent: a, after: a }
both: { agent: a, after: [a, b] }`);
    r.schedule();
    r.complete('b', 'B');
    expect(r.status('only')).to.equal('skipped');
    expect(r.schedule('both')[0]).to.deep.include({ input: { a: null, b: 'B' } });
    r.complete('both');
    expect(r.state.status).to.equal('completed');
  });

  it('waits for what can be undone, and undoes it, while it goes on itself', () => {
    const r = run(`
pay: { agent: a, compensate: refund }
stop: { cancel: pay, after: go }
go: { agent: a }
after: { agent: a, after: stop }`);
    r.schedule();
    r.begin('pay');
    expect(types(r.complete('go'))).to.deep.equal(['TaskCompleted', 'TaskCompleted', 'TaskClosing']);
    r.run('after');
    expect(r.state.status, 'the payment is awaited').to.equal('running');
    expect(types(r.complete('pay'))).to.deep.equal(['TaskAttemptCompleted', 'CompensationBegan']);
    r.run('pay@1');
    expect(r.status('pay')).to.equal('cancelled');
    expect(r.events.findLast(({ type }) => type === 'TaskCancelled')).to.include({ taskId: 'pay', by: 'stop' });
    expect(r.state.status).to.equal('completed');
  });

  it('tells a child run to end', () => {
    const r = run('kid: { workflow: other }\nstop: { cancel: kid, after: go }\ngo: { agent: a }');
    r.schedule();
    r.complete('go');
    const { child = '', attempt } = r.task('kid');
    expect(r.state.status).to.equal('running');
    r.send({ type: 'EndChild', taskId: 'kid', attempt, child, outcome: { status: 'cancelled' } });
    expect(r.status('kid')).to.equal('cancelled');
    expect(r.state.status).to.equal('completed');
  });

  it('ends the block that it is in, and what is beside that', () => {
    const r = run(`
block:
  scope:
    work: { agent: a }
    check: { agent: a }
    stop: { cancel: [block, other], after: check }
    later: { agent: a, after: stop }
other: { agent: a }
last: { agent: a, after: [block, more] }
more: { agent: a }`);
    r.schedule();
    r.complete('more', 'M');
    r.complete('block/check');
    expect(['block', 'block/work', 'block/later', 'other'].map((id) => r.status(id))).to.deep.equal([
      'cancelled',
      'cancelled',
      'cancelled',
      'cancelled',
    ]);
    expect(r.status('block/stop')).to.equal('completed');
    expect(r.schedule('last')[0]).to.deep.include({ input: { block: null, more: 'M' } });
  });

  it('from one item ends the whole list', () => {
    const r = run(
      `
each:
  forEach: input
  scope:
    look: { agent: a }
    stop: { cancel: each, after: look }
after: { agent: a, after: each }`,
      [1, 2, 3],
    );
    r.schedule();
    r.complete('each[1]/look');
    expect(r.status('each')).to.equal('cancelled');
    expect([0, 1, 2].map((index) => r.status(`each[${index}]`))).to.deep.equal(['cancelled', 'cancelled', 'cancelled']);
    expect(r.status('after')).to.equal('skipped');
    expect(r.state.status).to.equal('completed');
  });

  it('names a block and what is in it, and the block is enough', () => {
    const r = run(`
block:
  scope:
    inner:
      scope:
        work: { agent: a, compensate: undo }
        check: { agent: a }
        stop: { cancel: [work, block], after: check }
      `);
    r.schedule();
    r.begin('block/inner/work');
    r.complete('block/inner/check');
    r.complete('block/inner/work');
    r.run('block/inner/work@1');
    expect(r.status('block')).to.equal('cancelled');
    expect(r.state.status).to.equal('completed');
  });

  it('gives up a race that can no longer be won', () => {
    const r = run(`
a: { agent: a }
b: { agent: a }
stop: { cancel: [a, b], after: go }
go: { agent: a }
first: { agent: a, after: [a, b], join: any }`);
    r.schedule();
    r.complete('go');
    expect(r.status('first')).to.equal('skipped');
  });

  it('of what has ended is nothing', () => {
    const r = run('a: { agent: a }\nstop: { cancel: a, after: go }\ngo: { agent: a }');
    r.schedule();
    r.complete('a');
    r.complete('go');
    expect(r.task('stop').output).to.deep.equal([]);
    expect(r.status('a')).to.equal('completed');
  });

  it('is refused where it makes no sense', () => {
    expect(problemsOf('a: { agent: a }\nstop: { cancel: b }')).to.include("there is no task 'b'");
    expect(problemsOf('a: { agent: a }\nstop: { cancel: a, after: a }')).to.include('has ended by then');
    expect(problemsOf('stop: { cancel: stop }')).to.include('cannot cancel itself');
    expect(problemsOf('a: { agent: a }\nstop: { cancel: [a, a] }')).to.include("names 'a' twice");
    expect(problemsOf('stop: { cancel: [] }')).to.include('names no task');
    expect(problemsOf('a: { agent: a, fallback: { task: f } }\nf: { agent: a }\nstop: { cancel: f }')).to.include(
      "only as the fallback of 'a'",
    );
    expect(problemsOf('a: { scope: { in: { agent: a } } }\nstop: { cancel: in }')).to.include("there is no task 'in'");
    expect(problemsOf('a: { agent: a }\nstop: { cancel: a, forEach: input }')).to.include('names its tasks once');
  });
});

describe('cancel … complete', () => {
  const list = `
look: { agent: a, forEach: { items: input, concurrency: 2 }, retry: 1 }
enough: { wait: { signal: enough } }
stop: { cancel: { tasks: look, complete: true }, after: enough }
sum: { agent: a, after: look }`;
  const enough = (r: PureRun) => r.send({ type: 'SendSignal', signal: 'enough', data: null });

  it('lets a list complete with what it has: what has not ended is cancelled, what has not begun never does', () => {
    const r = run(list, [1, 2, 3, 4]);
    r.schedule();
    r.complete('look[1]', 'two');
    expect(types(enough(r)).slice(1)).to.deep.equal([
      'TaskCompleted',
      'TaskCompleted',
      'TaskYielded',
      'TaskCancelled',
      'TaskCancelled',
      'TaskCompleted',
    ]);
    expect(r.of('TaskYielded')[0]).to.deep.include({ taskId: 'look', rest: 'cancel', by: 'stop' });
    expect(r.task('stop').output).to.deep.equal(['look']);
    expect(r.task('look')).to.deep.include({ status: 'completed', output: [null, 'two', null, null] });
    expect(r.schedule('sum')[0]).to.deep.include({ input: [null, 'two', null, null] });
    r.complete('sum');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  it('of one that has not begun cancels it, and of one that has ended does nothing', () => {
    const late = run(
      `first: { agent: a }\n${list.trim().replace('look: { agent: a,', 'look: { agent: a, after: first,')}`,
      [1],
    );
    late.schedule();
    enough(late);
    expect(late.status('look')).to.equal('cancelled');
    expect(late.status('sum')).to.equal('skipped');
    expectKept(late);
    const over = run(list, [1]);
    over.run('look[0]');
    enough(over);
    expect(over.task('stop').output).to.deep.equal([]);
    expectKept(over);
  });

  it('ends the rest of one that has yielded and goes on; its output stays', () => {
    const r = run(list.replace('concurrency: 2', 'need: 1'), ['a', 'b', 'c']);
    r.schedule();
    r.complete('look[2]', 'C');
    expect(r.schedule('sum')[0]).to.deep.include({ input: [null, null, 'C'] });
    enough(r);
    expect(r.of('TaskYielded')).to.have.length(2);
    expect(r.task('look')).to.deep.include({ status: 'completed', output: [null, null, 'C'] });
    expectKept(r);
    r.complete('sum');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  it('awaits and undoes what can be undone of it, while what comes after it goes on', () => {
    const r = run(list.replace('retry: 1', 'retry: 1, compensate: { agent: undo }'), [1, 2]);
    r.schedule();
    r.complete('look[0]', 'one');
    enough(r);
    expect(r.status('look')).to.equal('running');
    expect(r.schedule('sum')[0]).to.deep.include({ input: ['one', null] });
    r.complete('look[1]', 'late');
    r.run('look[1]@1');
    expect(r.task('look')).to.deep.include({ status: 'completed', output: ['one', null] });
    r.complete('sum');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  it('needs fewer than were needed, and bears what has failed', () => {
    const r = run(list.replace('concurrency: 2', 'need: 3'), [1, 2, 3, 4]);
    r.schedule();
    r.fail('look[0]');
    r.complete('look[1]', 'two');
    enough(r);
    expect(r.task('look')).to.deep.include({ status: 'completed', output: [null, 'two', null, null] });
    expectKept(r);
  });

  it('of a list whose items are being recorded still records them to the last', () => {
    const r = run(list, ['x'.repeat(400), 'y'.repeat(400), 'z'.repeat(400)]);
    expect(r.status('look')).to.equal('running');
    enough(r);
    expect(r.status('look')).to.equal('completed');
    expectKept(r);
  });

  it('is refused of what is no list, and of one that a repeat runs again', () => {
    const stop = 'b: { cancel: { tasks: a, complete: true } }';
    expect(problemsOf(`a: { agent: a }\n${stop}`)).to.include("'a' is no list (it has no forEach)");
    expect(
      problemsOf(
        `a: { agent: a, forEach: input }\nc: { agent: a, after: a, repeat: { from: a, until: 'output', max: 2 } }\n${stop}`,
      ),
    ).to.include("the list 'a' may leave items under way that the repeat of 'c' runs again");
    expect(problemsOf('a: { agent: a, forEach: input }\nb: { cancel: { tasks: a, complete: false } }')).to.include(
      'must be true, or be left out',
    );
    expect(problemsOf('a: { agent: a, forEach: input }\nb: { cancel: { complete: true } }')).to.include(
      'names no task',
    );
  });
});

describe('while', () => {
  const offer = `
offer: { agent: a }
accept: { wait: { signal: yes }, after: offer, while: status.depart == 'pending' }
board: { agent: a, after: offer }
depart: { agent: a, after: board }`;

  it('lets a task go on as long as it holds', () => {
    const r = run(offer);
    r.run('offer');
    r.send({ type: 'SendSignal', signal: 'yes', data: 'in time' });
    expect(r.task('accept')).to.include({ status: 'completed', output: 'in time' });
  });

  it('cancels it once it holds no longer, and what comes later finds nobody', () => {
    const r = run(offer);
    r.run('offer');
    r.schedule();
    expect(types(r.complete('board'))).to.deep.equal(['TaskCompleted', 'TaskCancelled']);
    expect(r.events.at(-1)).to.include({ taskId: 'accept', reason: 'while' });
    r.send({ type: 'SendSignal', signal: 'yes', data: 'too late' });
    expect(r.task('accept')).to.include({ status: 'cancelled', output: null });
    r.run('depart');
    expect(r.state.status).to.equal('completed');
  });

  it('skips it when it does not hold at the start', () => {
    const r = run(`
a: { agent: a }
b: { agent: a, after: a, while: status.c != 'completed' }
c: { agent: a }`);
    r.run('c');
    expect(types(r.complete('a'))).to.deep.equal([]);
    r.run('a');
    expect(r.events.findLast(({ type }) => type === 'TaskSkipped')).to.include({ taskId: 'b', reason: 'while' });
    expect(r.state.status).to.equal('completed');
  });

  it('withdraws an attempt, a list and a block', () => {
    for (const what of ['agent: a', 'agent: a, forEach: input', 'scope: { in: { agent: a } }', 'workflow: kid']) {
      const r = run(`a: { ${what}, while: status.b == 'running' }\nb: { agent: a }`, [1, 2]);
      r.schedule();
      const events = types(r.complete('b'));
      const isChild = what.startsWith('workflow');
      expect(events, what).to.include(isChild ? 'TaskClosing' : 'TaskCancelled');
      if (!isChild) expect(r.state.status, what).to.equal('completed');
    }
  });

  it('undoes what it withdraws', () => {
    const r = run(`a: { agent: a, compensate: undo, while: status.b == 'running' }\nb: { agent: a }`);
    r.schedule();
    r.begin('a');
    expect(r.complete('b').at(-1)).to.include({ type: 'TaskClosing', taskId: 'a', why: 'while' });
    r.complete('a');
    r.run('a@1');
    expect(r.status('a')).to.equal('cancelled');
    expect(r.state.status).to.equal('completed');
  });

  it('skips a task that waits for its mutex', () => {
    const r = run(`
a: { agent: a, mutex: m }
b: { agent: a, mutex: m, while: status.c == 'running' }
c: { agent: a }`);
    r.schedule();
    expect(r.status('b')).to.equal('pending');
    r.complete('c');
    expect(r.status('b')).to.equal('skipped');
    r.complete('a');
    expect(r.state.status).to.equal('completed');
  });

  it('fails the task when it cannot be asked; a fallback stands in, and is not asked', () => {
    const asked = `while: "status.b == 'running' || input.missing > 1"`;
    const r = run(`a: { agent: a, ${asked} }\nb: { agent: a }`, {});
    r.schedule();
    r.complete('b');
    expect(r.task('a').error).to.include({ code: 'REPRISE_EXPRESSION_FAILED' });
    const saved = run(`a: { agent: a, ${asked}, fallback: { agent: other } }\nb: { agent: a }`, {});
    saved.schedule();
    saved.complete('b');
    expect(saved.ready()).to.deep.equal(['a']);
    saved.run('a');
    expect(saved.state.status).to.equal('completed');
  });

  it('is asked again in each round of a loop', () => {
    const r = run(`
again:
  scope:
    a: { agent: a, while: status.b != 'completed' }
    b: { agent: a }
  loop: { until: round >= 2, max: 2 }`);
    for (const round of [1, 2]) {
      r.schedule();
      expect(r.status('again/a'), `round ${round}`).to.equal('scheduled');
      r.complete('again/b');
    }
    expect(r.status('again/a')).to.equal('cancelled');
    expect(r.state.status).to.equal('completed');
  });

  it('is asked of what stands in for a task that could not begin', () => {
    const standIn = (milestone: string) => {
      const r = run(`
a: { agent: a }
c: { agent: a }
stop: { cancel: a, after: c }
b: { agent: b, after: [a, c], join: 2, fallback: { agent: other }, while: ${milestone} }`);
      r.schedule();
      const decided = types(r.complete('c'));
      expect(decided).to.include('TaskFellBack');
      return { decided, status: r.status('b') };
    };
    const over = standIn("status.c != 'completed'");
    expect(over.status).to.equal('cancelled');
    expect(over.decided).to.include('RunCompleted');
    expect(standIn("status.c == 'completed'").status).to.equal('ready');
  });

  it('is refused where it makes no sense', () => {
    const asking = (milestone: string) => problemsOf(`a: { agent: a, while: ${milestone} }\nbee: { agent: a }`);
    expect(asking("status.bees == 'running'")).to.include("no task 'bees' beside this one; did you mean 'bee'?");
    expect(asking("status.a == 'running'")).to.include('how far it is itself');
    expect(asking('size(status) > 1')).to.include('by the name of a task');
    expect(asking(`'status[input] == 1'`)).to.include('by the name of a task');
    expect(problemsOf('a: { agent: a, when: status.b == 1 }\nb: { agent: a }')).to.include("'status' is not available");
    expect(problemsOf('a: { agent: a, fallback: { task: f } }\nf: { agent: a, while: "true" }')).to.include(
      'may not have while',
    );
  });
});
