import { expect } from 'chai';
import { describe, it } from 'mocha';
import { types } from '../pure-run.ts';
import { run } from './yaml-run.ts';

describe('join any', () => {
  const race = (more = '') =>
    run(`a: { agent: a, retry: 1 }\nb: { agent: a, retry: 1 }\nfirst: { agent: a, after: [a, b], join: any${more} }`);

  it('begins with the first that completes; the outputs that it sees are those of that moment', () => {
    const r = race();
    r.schedule('a', 'b');
    r.complete('b', 'B');
    r.complete('a', 'A');
    expect(r.schedule('first')[0]).to.deep.include({ input: { a: null, b: 'B' } });
    r.complete('first', 'done');
    expect(r.state.status).to.equal('completed');
  });

  it('takes no notice of one that fails while another may complete', () => {
    const r = race();
    r.schedule();
    expect(types(r.fail('a'))).to.deep.equal(['TaskAttemptFailed', 'TaskFailed']);
    r.complete('b', 'B');
    r.run('first');
    expect(r.state.status).to.equal('completed');
  });

  it('fails with REPRISE_JOIN_UNMET when none can complete any more, and the last failure as its cause', () => {
    const r = race();
    r.schedule();
    r.fail('a', { code: 'ONE' });
    r.fail('b', { code: 'TWO' });
    expect(r.task('first').error)
      .to.include({ code: 'REPRISE_JOIN_UNMET' })
      .and.have.nested.property('cause.code', 'TWO');
    expect(r.state.status).to.equal('failed');
    const saved = race(', fallback: { value: neither }');
    saved.schedule();
    saved.fail('a');
    saved.fail('b');
    expect(saved.state).to.include({ status: 'completed', output: 'neither' });
  });

  it('is skipped when all were', () => {
    const r = run(
      "a: { agent: a, when: 'false' }\nb: { agent: a, when: 'false' }\nfirst: { agent: a, after: [a, b], join: any }",
    );
    expect(r.status('first')).to.equal('skipped');
  });

  it('cancels the rest when it says so, a block and a wait, too', () => {
    const r = run(`
a: { agent: a }
b: { scope: { in: { agent: a } } }
c: { wait: { signal: s } }
first: { agent: a, after: [a, b, c], join: any, rest: cancel }`);
    r.schedule();
    expect(types(r.complete('a'))).to.deep.equal(['TaskCompleted', 'TaskCancelled', 'TaskCancelled', 'TaskReady']);
    expect([r.status('b'), r.status('b/in'), r.status('c')]).to.deep.equal(['cancelled', 'cancelled', 'cancelled']);
    r.run('first');
    expect(r.state.status).to.equal('completed');
  });

  it('waits for the child run of a loser to end', () => {
    const r = run(
      'a: { agent: a }\nb: { workflow: other }\nfirst: { agent: a, after: [a, b], join: any, rest: cancel }',
    );
    r.schedule();
    expect(types(r.complete('a'))).to.deep.equal(['TaskCompleted', 'TaskClosing', 'TaskReady']);
    const { child = '', attempt } = r.task('b');
    r.run('first');
    expect(r.state.status, 'the loser is awaited').to.equal('running');
    r.send({ type: 'EndChild', taskId: 'b', attempt, child, outcome: { status: 'cancelled' } });
    expect(r.status('b')).to.equal('cancelled');
    expect(r.state.status).to.equal('completed');
  });
});

describe('a child run that stands in for a loser', () => {
  it('is told to end, and waited for', () => {
    const r = run(`
a: { agent: a, retry: 1, fallback: { task: f } }
f: { workflow: other }
b: { agent: a }
c: { agent: a, after: [a, b], join: any, rest: cancel }`);
    r.schedule();
    r.fail('a');
    expect(r.status('f')).to.equal('running');
    expect(types(r.complete('b'))).to.deep.equal(['TaskCompleted', 'TaskClosing', 'TaskReady']);
    const { child = '', attempt } = r.task('f');
    r.run('c');
    expect(r.state.status).to.equal('running');
    r.send({ type: 'EndChild', taskId: 'f', attempt, child, outcome: { status: 'cancelled' } });
    expect([r.status('a'), r.status('f')]).to.deep.equal(['cancelled', 'cancelled']);
    expect(r.state.status).to.equal('completed');
  });
});

describe('join of a number', () => {
  it('begins once so many have completed', () => {
    const r = run(
      `${['a', 'b', 'c'].map((id) => `${id}: { agent: a }`).join('\n')}\nmost: { agent: a, after: [a, b, c], join: 2 }`,
    );
    r.run('c');
    expect(r.status('most')).to.equal('pending');
    r.run('a');
    expect(r.status('most')).to.equal('ready');
  });
});

describe('a switch', () => {
  const routed = (input: number) =>
    run(
      `
route: { switch: [{ when: input > 10, then: big }, { when: input > 5, then: middle }, { else: small }] }
big: { agent: a, after: route }
mid: { agent: a, after: route, case: middle }
small: { agent: a, after: route }
always: { agent: a, after: route }
late: { agent: a, after: [route, slow], case: middle }
slow: { agent: a }`,
      input,
    );

  it('that something stands in for has chosen no case', () => {
    const r = run(
      'route: { switch: [{ when: "false", then: yes }, { when: "false", then: no }], fallback: { value: 1 } }\nyes: { agent: a, after: route }\nno: { agent: a, after: route }\nall: { agent: a, after: route }',
    );
    expect([r.status('route'), r.status('yes'), r.status('no')]).to.deep.equal(['completed', 'skipped', 'skipped']);
    expect(r.ready()).to.deep.equal(['all']);
  });

  it('chooses the first case that holds; the others are skipped at once, whatever else they wait for', () => {
    const r = routed(20);
    expect(['big', 'mid', 'small', 'late'].map((id) => r.status(id))).to.deep.equal([
      'ready',
      'skipped',
      'skipped',
      'skipped',
    ]);
    expect(r.task('route')).to.deep.include({ chosen: 'big', output: 20 });
    expect(r.schedule('always')[0], 'hands its input on').to.deep.include({ input: 20 });
    expect(routed(7).ready()).to.include('mid').and.not.include('big');
    expect(routed(1).ready()).to.include('small');
  });

  it('fails when no case holds and there is no else', () => {
    const r = run("route: { switch: [{ when: 'false', then: a }] }\na: { agent: a, after: route }");
    expect(r.task('route').error?.code).to.equal('REPRISE_SWITCH_UNMATCHED');
    const saved = run("route: { switch: [{ when: 'false', then: a }], fallback: { value: 1 } }");
    expect(saved.state).to.include({ status: 'completed', output: 1 });
  });
});

describe('values, ends and errors of the workflow', () => {
  it('set gives a value, without an agent, null too', () => {
    expect(run(`v: { set: { n: '\${ input + 1 }' } }`, 1).state.output).to.deep.equal({ n: 2 });
    expect(run('v: { set: null }').state.output).to.equal(null);
    expect(run(`v: { set: '\${ input.nothing }', fallback: { value: 3 } }`, {}).state.output).to.equal(3);
  });

  it('end completes the run with its output, whatever is under way', () => {
    const r = run('a: { agent: a }\nb: { agent: a }\nstop: { end: { output: enough }, after: a }');
    r.schedule();
    r.complete('a');
    expect(r.state).to.include({ status: 'completed', output: 'enough' });
    expect(r.status('b')).to.equal('cancelled');
  });

  it('raise fails with a code, a message and details, and can be caught', () => {
    const r = run(
      `no: { raise: { code: TOO_BIG, message: '\${ input }', status: 413, details: { size: '\${ input.size() }' } } }`,
      'abc',
    );
    expect(r.task('no').error).to.deep.include({ code: 'TOO_BIG', message: 'abc', status: 413, details: { size: 3 } });
    const caught = run(
      'no: { raise: { code: TOO_BIG } }',
      null,
      'catch: [{ on: { code: TOO_BIG }, then: continue, output: fine }]',
    );
    expect(caught.state.output).to.equal('fine');
  });
});

describe('a wait for a signal', () => {
  const approval = `ok: { wait: { signal: '\${ "approve-" + input }', timeout: 1m, default: { ok: false } } }`;

  it('takes what came for its name, before it began or after, each signal once, the oldest first', () => {
    const r = run('a: { agent: a }\none: { wait: { signal: s }, after: a }\ntwo: { wait: { signal: s }, after: a }');
    r.send({ type: 'SendSignal', signal: 's', data: 1 });
    r.send({ type: 'SendSignal', signal: 'other', data: 9 });
    r.run('a');
    expect(r.task('one')).to.include({ status: 'completed', output: 1 });
    expect(r.status('two')).to.equal('running');
    r.send({ type: 'SendSignal', signal: 's', data: 2 });
    expect(r.state.output).to.deep.equal({ one: 1, two: 2 });
  });

  it('gives its default when its time is up, or fails', () => {
    const r = run(approval, 'x');
    expect(r.task('ok')).to.include({ signal: 'approve-x', status: 'running' });
    const since = r.task('ok').firstScheduledAt ?? 0;
    r.fire({ kind: 'task', taskId: 'ok', since });
    expect(r.state.output).to.deep.equal({ ok: false });
    const strict = run('ok: { wait: { signal: s, timeout: 1m } }');
    strict.fire({ kind: 'task', taskId: 'ok', since });
    expect(strict.task('ok').error?.code).to.equal('REPRISE_TASK_TIMEOUT');
  });

  it('takes a signal once, however often it is sent with the same id', () => {
    const r = run('one: { wait: { signal: s } }\ntwo: { wait: { signal: s } }');
    r.send({ type: 'SendSignal', commandId: 'once', signal: 's', data: 1 });
    expect(r.send({ type: 'SendSignal', commandId: 'once', signal: 's', data: 1 })).to.deep.equal([]);
    expect(r.status('two')).to.equal('running');
  });

  it('is answered after the end of the run', () => {
    const r = run('v: { set: 1 }');
    expect(r.send({ type: 'SendSignal', signal: 's', data: 1 })[0]).to.include({ code: 'REPRISE_RUN_CLOSED' });
  });

  it("is nobody's when the wait that was to take it is cancelled: the next one takes it", () => {
    const r = run(`
a: { agent: a }
lost: { wait: { signal: s } }
first: { agent: a, after: [a, lost], join: any, rest: cancel }
next: { wait: { signal: s }, after: first }`);
    r.run('a');
    r.send({ type: 'SendSignal', signal: 's', data: 'kept' });
    r.run('first');
    expect(r.task('next')).to.include({ status: 'completed', output: 'kept' });
  });
});

describe('a sleep', () => {
  it('ends at its time, and hands its input on', () => {
    const r = run('a: { agent: a }\nnap: { sleep: 1h, after: a }');
    r.run('a', 'x');
    const { wakeAt, attempt } = r.task('nap');
    expect(wakeAt).to.equal(r.now + 3_600_000);
    r.fire({ kind: 'wake', taskId: 'nap', attempt });
    expect(r.state.output).to.equal('x');
  });

  it('takes a computed duration, or a moment; anything else fails', () => {
    expect(run(`nap: { sleep: { for: '\${ input }' } }`, '5s').task('nap').wakeAt).to.equal(
      run('nap: { sleep: 5s }').task('nap').wakeAt,
    );
    const at = '2030-01-01T00:00:00Z';
    expect(run(`nap: { sleep: { until: '\${ input }' } }`, at).task('nap').wakeAt).to.equal(Date.parse(at));
    expect(run(`nap: { sleep: { for: '\${ input }' } }`, 'soon').task('nap').error?.code).to.equal(
      'REPRISE_EXPRESSION_FAILED',
    );
  });

  it('does not begin while the run is paused', () => {
    const r = run('a: { agent: a }\nnap: { sleep: 1h, after: a }');
    r.schedule();
    r.send({ type: 'PauseRun' });
    r.complete('a');
    expect(r.status('nap')).to.equal('ready');
    r.send({ type: 'ResumeRun' });
    expect(r.status('nap')).to.equal('running');
  });
});

describe('a child run', () => {
  const parent = (more = '') => run(`a: { agent: a }\nchild: { workflow: other, after: a${more} }`);

  it("is started with the input of its task, and its output is the task's", () => {
    const r = parent();
    r.run('a', { n: 1 });
    const { child = '', attempt, input } = r.task('child');
    expect(input).to.deep.equal({ n: 1 });
    r.send({ type: 'EndChild', taskId: 'child', attempt, child, outcome: { status: 'completed', output: 'c' } });
    expect(r.state.output).to.equal('c');
  });

  it('that fails may be tried again as another run; the code of the failure is its cause', () => {
    const r = parent(', retry: 2');
    r.run('a');
    const end = () => {
      const { child = '', attempt } = r.task('child');
      const cause = { code: 'DEEP', message: 'deep', retryable: true };
      const error = { code: 'REPRISE_TASK_FAILED', message: 'm', retryable: true, cause };
      r.send({ type: 'EndChild', taskId: 'child', attempt, child, outcome: { status: 'failed', error } });
      return child;
    };
    const first = end();
    r.retry('child');
    expect(r.task('child').child).to.not.equal(first);
    end();
    expect(r.task('child').error)
      .to.include({ code: 'REPRISE_CHILD_FAILED' })
      .and.have.nested.property('cause.code', 'DEEP');
  });

  it('is waited for when the run is cancelled', () => {
    const r = parent();
    r.run('a');
    expect(types(r.send({ type: 'CancelRun' }))).to.deep.equal(['TaskClosing']);
    expect(r.state.status).to.equal('running');
    const { child = '', attempt } = r.task('child');
    r.send({ type: 'EndChild', taskId: 'child', attempt, child, outcome: { status: 'cancelled' } });
    expect(r.state.status).to.equal('cancelled');
  });
});

describe('a mutex', () => {
  it('lets one task of a key go on at a time, in their order', () => {
    const r = run(
      ['a', 'b', 'c'].map((id) => `${id}: { agent: a, retry: 2, mutex: '\${ "customer-" + input }' }`).join('\n'),
      'x',
    );
    expect(r.ready()).to.deep.equal(['a']);
    r.schedule();
    r.fail('a');
    expect(r.ready(), 'it keeps it while it is tried again').to.deep.equal([]);
    r.retry('a');
    r.run('a');
    expect(r.ready()).to.deep.equal(['b']);
    r.run('b');
    r.run('c');
    expect(r.state.status).to.equal('completed');
  });

  it('is not waited for inside a block that has it, and a deadlock is an error', () => {
    const again = run('a: { mutex: k, scope: { in: { agent: a, mutex: k } } }');
    expect(again.ready()).to.deep.equal(['a/in']);
    const crossed = run(`
one: { mutex: k1, scope: { first: { agent: a }, then: { agent: a, after: first, mutex: k2 } } }
two: { mutex: k2, scope: { first: { agent: a }, then: { agent: a, after: first, mutex: k1 } } }`);
    crossed.run('one/first');
    crossed.run('two/first');
    expect(crossed.task('two/then').error?.code).to.equal('REPRISE_MUTEX_DEADLOCK');
  });
});

describe('a task of a case, which need not wait for the switch', () => {
  for (const across of ['run', 'tenant'])
    it(`is skipped while it waits for its mutex (across: ${across}), and not let in without it`, () => {
      const r = run(
        `first: { agent: a }\nholds: { agent: a, mutex: { key: k, across: ${across} } }\nother: { agent: a }\nroute: { switch: [{ when: input == 'b', then: b }, { else: a }], after: first }\nt: { agent: b, after: [route, other], join: any, case: b, mutex: { key: k, across: ${across} } }`,
      );
      r.run('other');
      expect(r.task('t').mutex).to.not.equal(undefined);
      r.run('first');
      expect(r.of('TaskSkipped').map(({ taskId, reason }) => [taskId, reason])).to.deep.equal([['t', 'case']]);
      expect(r.ready()).to.deep.equal(across === 'run' ? ['holds'] : []);
    });
});
