import { parseWorkflow, type RunEvent, workflowToYaml } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { evolve } from '../../../src/orchestration/workflow/evolve.ts';
import { explainState } from '../../../src/orchestration/workflow/explain/explain-run.ts';
import { initialState } from '../../../src/orchestration/workflow/state.ts';
import { followsFlaw } from '../../../src/orchestration/workflow/untrusted/follows.ts';
import { types } from '../pure-run.ts';
import { run } from './yaml-run.ts';

describe('a value that stands in for a task that never began', () => {
  const saved = ', fallback: { value: instead }';
  const FAILS = `\${ input.no.such }`;

  for (const [what, tasks, code] of [
    ['an input that fails', `a: { agent: a, input: { x: '${FAILS}' }${saved} }`, 'REPRISE_EXPRESSION_FAILED'],
    ['a condition that fails', `a: { agent: a, when: input.no.such == 1${saved} }`, 'REPRISE_EXPRESSION_FAILED'],
    ['a mutex whose key fails', `a: { agent: a, mutex: '${FAILS}'${saved} }`, 'REPRISE_EXPRESSION_FAILED'],
    ['a send to nobody', `a: { send: { to: '\${ "nobody" }', data: 1 }${saved} }`, 'REPRISE_MAILBOX_UNKNOWN'],
    ['what a set computes', `a: { set: { x: '${FAILS}' }${saved} }`, 'REPRISE_EXPRESSION_FAILED'],
  ] as const)
    it(`for ${what}, has that on record`, () => {
      const r = run(tasks, {});
      r.schedule();
      const [done] = r.of('TaskCompleted');
      expect(done).to.include({ via: 'fallback-value', output: 'instead' });
      expect(done?.error).to.have.property('code', code);
      expect(r.task('a')).to.deep.include({ status: 'completed', error: done?.error });
      expect(explainState(r.state, { now: r.now }).standIns).to.deep.equal([{ taskId: 'a', error: done?.error }]);
      expect(r.replayed().tasks.get('a')?.error).to.deep.equal(done?.error);
    });

  it('in each round of a repeat', () => {
    const r = run(
      `a: { agent: a, input: { x: '${FAILS}' }${saved}, repeat: { until: '\${ false }', max: 2, onExhausted: accept } }`,
      {},
    );
    r.schedule();
    r.schedule();
    expect(r.of('TasksReset')[0]?.error).to.have.property('code', 'REPRISE_EXPRESSION_FAILED');
    expect(r.of('TaskCompleted')[0]?.error).to.have.property('code', 'REPRISE_EXPRESSION_FAILED');
  });

  it('may not stand beside anything else, in a history from elsewhere', () => {
    const r = run('a: { agent: a }');
    r.run('a');
    const before = initialState();
    const at = r.events.findIndex(({ type }) => type === 'TaskCompleted');
    for (const event of r.events.slice(0, at)) evolve(before, event);
    const error = { code: 'E', message: 'no', retryable: false };
    expect(followsFlaw(before, { ...r.events[at], error } as RunEvent)).to.include({ field: 'data.error' });
  });
});

describe('fallbacks one after the other', () => {
  const chain = (last: string, more = '') =>
    run(
      `
a:
  agent: big
  retry: 1
  input: { ask: '\${ input }' }
  fallback: [{ agent: middle }, { agent: small, input: { ask: '\${ input }', because: '\${ error.code }' } }${last}]
${more}`,
      'Why?',
    );

  it('stand in each for the one before, and are handed what it was, or what they ask for', () => {
    const r = chain('');
    expect(r.schedule()[0]).to.deep.include({ input: { ask: 'Why?' } });
    expect(types(r.fail('a', { code: 'BIG' }))).to.deep.equal(['TaskAttemptFailed', 'TaskFellBack']);
    const second = r.schedule()[0];
    expect(second, 'as before').to.include({ attempt: 2 }).and.not.have.property('input');
    expect(r.task('a')).to.include({ agent: 'agent', passed: 0 });
    r.fail('a', { code: 'MIDDLE' });
    expect(r.events.at(-1)).to.deep.include({ type: 'TaskFellBack', to: { kind: 'agent', agent: 'small' } });
    expect(r.schedule()[0]).to.deep.include({ attempt: 3, input: { ask: 'Why?', because: 'MIDDLE' } });
    r.complete('a', 'because');
    expect(r.state).to.include({ status: 'completed', output: 'because' });
  });

  it('fail the task when the last of them has', () => {
    const r = chain('');
    for (const code of ['BIG', 'MIDDLE', 'SMALL']) {
      r.schedule();
      r.fail('a', { code });
      // Those that stand in have the retries of the task.
    }
    expect(r.task('a').error).to.include({ code: 'SMALL' });
    expect(r.state.status).to.equal('failed');
  });

  it('may end with a value, or with a task', () => {
    for (const [last, more, output] of [
      [', { value: nobody knows }', '', 'nobody knows'],
      [', { task: human }', 'human: { agent: human }', 'human done'],
    ] as const) {
      const r = chain(last, more);
      for (const code of ['BIG', 'MIDDLE', 'SMALL']) {
        r.schedule();
        r.fail('a', { code });
      }
      if (r.state.status === 'running') {
        expect(r.schedule()[0]).to.deep.include({ taskId: 'human' });
        expect(r.task('human').input).to.have.nested.property('error.code', 'SMALL');
        r.complete('human');
      }
      expect(r.state).to.include({ status: 'completed', output });
    }
  });

  it('end with a task that has fallbacks of its own', () => {
    const r = run(`
a: { agent: a, retry: 1, fallback: [{ agent: b }, { task: c }] }
c: { agent: c, retry: 1, fallback: [{ agent: d }, { value: last }] }`);
    for (const id of ['a', 'a', 'c', 'c']) {
      r.schedule(id);
      r.fail(id);
    }
    expect(r.state).to.include({ status: 'completed', output: 'last' });
  });

  it('of an attempt that may have taken effect are passed over, up to a value', () => {
    const r = run('a: { agent: a, delivery: at-most-once, fallback: [{ agent: b }, { value: unclear }] }');
    r.schedule();
    r.fail('a', { code: 'REPRISE_OUTCOME_UNKNOWN' });
    expect(r.state).to.include({ status: 'completed', output: 'unclear' });
  });

  it('are tried again from the first in the next round', () => {
    const r = run(`
again:
  scope: { a: { agent: a, retry: 1, fallback: [{ agent: b }, { agent: c }] } }
  loop: { until: round >= 2, max: 2 }`);
    for (const round of [1, 2]) {
      for (const wanted of [undefined, 'b', 'c']) {
        const [ready] = r.ready();
        expect(r.task(ready ?? '').agent, `round ${round}`).to.equal(wanted);
        r.schedule();
        if (wanted === 'c') r.complete('again/a');
        else r.fail('again/a');
      }
    }
    expect(r.state.status).to.equal('completed');
  });

  it('each have what the one before did undone first', () => {
    const r = run(
      'a: { agent: a, retry: 1, compensate: undo, timeout: { task: 5s }, fallback: [{ agent: b }, { value: none }] }',
    );
    r.schedule();
    r.begin('a');
    expect(types(r.fail('a', { code: 'REPRISE_ATTEMPT_TIMEOUT', retryable: false }))).to.include('TaskClosing');
    r.run('a@1');
    expect(r.events.some(({ type }) => type === 'TaskFellBack')).to.equal(true);
    r.schedule();
    r.fail('a');
    expect(r.state).to.include({ status: 'completed', output: 'none' });
  });

  it('are written as a list, and one alone as before', () => {
    const text = (fallback: string) => `name: w\ntasks:\n  a:\n    agent: a\n    fallback: ${fallback}\n`;
    for (const fallback of [
      '{ value: 1 }',
      '{ agent: b }',
      `[{ agent: b }, { agent: c, input: "\${ error }" }, { value: 1 }]`,
    ]) {
      const { definition } = parseWorkflow(text(fallback));
      expect(parseWorkflow(workflowToYaml(definition)).definition).to.deep.equal(definition);
    }
    const refused = (fallback: string) => () => parseWorkflow(text(fallback));
    expect(refused('[{ value: 1 }, { agent: b }]')).to.throw(
      'fallback[0]: is a value, which does not fail; let it stand last',
    );
    expect(refused('[]')).to.throw('fallback: is empty');
    expect(refused('{ value: 1, input: 2 }')).to.throw('a value is handed nothing');
    expect(refused('[{ agent: b, value: 2 }]')).to.throw('exactly one of agent, task and value');
    expect(refused(`{ agent: b, input: "\${ eror }" }`)).to.throw("there is no name 'eror'");
    expect(refused(`{ agent: b, input: "\${ outputs.c }" }`)).to.throw("there is no task 'c'");
  });
});
