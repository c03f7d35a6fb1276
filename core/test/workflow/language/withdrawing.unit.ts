import { isRepriseError, parseWorkflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { types } from '../pure-run.ts';
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
