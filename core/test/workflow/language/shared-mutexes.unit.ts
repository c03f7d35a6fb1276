import { parseWorkflow, workflowToYaml } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { mutexName } from '../../../src/orchestration/workflow/transitions/mutex.ts';
import { errorData } from '../../../src/shared/errors.ts';
import { type PureRun, types } from '../pure-run.ts';
import { run } from './yaml-run.ts';

const KEY = mutexName('k', 'workflow');

const grant = (r: PureRun, taskId: string) => r.send({ type: 'GrantMutex', taskId, mutex: KEY });

describe('a mutex of several runs', () => {
  const one = (more = '') => run(`a: { agent: a, retry: 2, mutex: { key: k, across: workflow }${more} }`);

  it('is asked for on record, and the task is ready once it was granted', () => {
    const r = one();
    expect(r.events.at(-1)).to.include({ type: 'TaskReady', mutex: 'k', across: 'workflow' });
    expect(r.ready()).to.deep.equal([]);
    expect([...r.state.shared]).to.deep.equal([KEY]);
    expect(types(grant(r, 'a'))).to.deep.equal(['MutexGranted']);
    expect(r.ready()).to.deep.equal(['a']);
    r.run('a');
    expect(r.state.status).to.equal('completed');
    expect(r.state.shared.size).to.equal(0);
  });

  it('is granted once, and to the task that asks for it', () => {
    const r = one();
    expect(r.send({ type: 'GrantMutex', taskId: 'a', mutex: mutexName('other', 'workflow') })).to.deep.equal([]);
    expect(r.send({ type: 'GrantMutex', taskId: 'nobody', mutex: KEY })).to.deep.equal([]);
    grant(r, 'a');
    expect(grant(r, 'a')).to.deep.equal([]);
  });

  it('is kept while the task waits for a retry, and falls back', () => {
    const r = one(', fallback: { agent: b }');
    grant(r, 'a');
    for (const attempt of [1, 2]) {
      r.schedule();
      r.fail('a', { code: `F${attempt}`, retryable: true });
      expect(r.task('a').granted, `after attempt ${attempt}`).to.equal(true);
      if (r.status('a') === 'waiting') r.send({ type: 'RetryTasks', taskId: 'a' });
    }
    expect(r.ready()).to.deep.equal(['a']);
    r.run('a');
    expect(r.state.status).to.equal('completed');
  });

  it('is asked for by one task of a run at a time', () => {
    const r = run(
      'a: { agent: a, mutex: { key: k, across: workflow } }\nb: { agent: b, mutex: { key: k, across: workflow } }',
    );
    expect(grant(r, 'b'), 'it is behind a').to.deep.equal([]);
    grant(r, 'a');
    r.run('a');
    expect(r.ready(), 'the next one asks anew').to.deep.equal([]);
    grant(r, 'b');
    r.run('b');
    expect(r.state.status).to.equal('completed');
  });

  it('is another one than that of the run with the same key', () => {
    const r = run('a: { agent: a, mutex: { key: k, across: workflow } }\nb: { agent: b, mutex: k }');
    expect(r.ready()).to.deep.equal(['b']);
  });

  it('need not be asked for in a block that has it', () => {
    const r = run(`
block:
  mutex: { key: k, across: workflow }
  scope: { in: { agent: a, mutex: { key: k, across: workflow } } }`);
    grant(r, 'block');
    expect(r.ready()).to.deep.equal(['block/in']);
  });

  it('that would never be had fails the task, and a fallback stands in', () => {
    const refused = errorData('REPRISE_MUTEX_DEADLOCK', 'a circle');
    const r = one();
    r.send({ type: 'GrantMutex', taskId: 'a', mutex: KEY, refused });
    expect(r.task('a').error).to.include({ code: 'REPRISE_MUTEX_DEADLOCK' });
    const saved = one(', fallback: { value: instead }');
    saved.send({ type: 'GrantMutex', taskId: 'a', mutex: KEY, refused });
    expect(saved.state).to.include({ status: 'completed', output: 'instead' });
  });

  it('is asked for no more by a task that was cancelled', () => {
    const r = run(`
a: { agent: a, mutex: { key: k, across: workflow } }
go: { agent: go }
stop: { cancel: a, after: go }`);
    r.run('go');
    expect(r.state.status).to.equal('completed');
    expect(r.status('a')).to.equal('cancelled');
  });

  it('is written with how far it reaches', () => {
    const text = (mutex: string) => `name: w\ntasks:\n  a: { agent: a, mutex: ${mutex} }\n`;
    for (const mutex of ['k', '{ key: k, across: workflow }', `{ key: "\${ input.id }", across: tenant }`]) {
      const { definition } = parseWorkflow(text(mutex));
      expect(parseWorkflow(workflowToYaml(definition)).definition).to.deep.equal(definition);
    }
    expect(() => parseWorkflow(text('{ key: k, across: world }'))).to.throw('across');
  });
});
