import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventEntry, noticeEntry } from '../src/mapping.ts';
import { observed } from './support.ts';

const error = { code: 'E_NET', message: 'no route', retryable: true, details: { secret: 's3cret' } };

describe('monitor-log mapping', () => {
  it('names run, task, attempt and agent', () => {
    const entry = eventEntry(
      observed('TaskStarted', { at: 1, taskId: 'inspect.4', attempt: 2, worker: 'w1' }),
      false,
      'reader',
    );
    expect(entry.level).to.equal('debug');
    expect(entry.message).to.equal('run1/inspect.4 #2: task started');
    expect(entry.fields).to.deep.equal({
      event: 'TaskStarted',
      run: 'run1',
      task: 'inspect.4',
      attempt: 2,
      agent: 'reader',
      worker: 'w1',
      revision: 3,
      at: '2023-11-14T22:13:20.000Z',
      causationId: 'command1',
    });
  });

  for (const [type, level] of [
    ['RunStarted', 'info'],
    ['RunCompleted', 'info'],
    ['RunFailed', 'error'],
    ['RunCancelled', 'warn'],
    ['AgentRested', 'warn'],
    ['BudgetReached', 'warn'],
    ['BudgetRaised', 'info'],
    ['TaskScheduled', 'debug'],
    ['TaskCompleted', 'info'],
    ['TaskAttemptFailed', 'info'],
    ['TaskFellBack', 'info'],
    ['TaskFailed', 'error'],
    ['CommandRejected', 'warn'],
    ['SomethingNewer', 'info'],
  ] as const) {
    it(`${type} is ${level}`, () => {
      expect(eventEntry(observed(type, { at: 1 }), false).level).to.equal(level);
    });
  }

  it('TaskAttemptFailed that is tried again is warn', () => {
    expect(eventEntry(observed('TaskAttemptFailed', { at: 1, retryAt: 2 }), false).level).to.equal('warn');
  });

  it('says of an agent that rests until when, and why', () => {
    const data = { at: 1, agent: 'a', until: 30_001, failures: 3 };
    const { fields, message } = eventEntry(observed('AgentRested', data), false);
    expect(message).to.contain('agent rested');
    expect(fields).to.deep.include({ agent: 'a', failures: 3, until: '1970-01-01T00:00:30.001Z' });
  });

  it('says of budgets what is used up, raised, reserved and used', () => {
    const facts = {
      scope: 'book',
      budget: 'tokens',
      raised: { tokens: 5 },
      reserved: { tokens: 9 },
      usage: { tokens: 7 },
    };
    const { fields } = eventEntry(observed('BudgetReached', { at: 1, ...facts }), false);
    expect(fields).to.deep.include(facts);
  });

  it('leaves payloads out by default', () => {
    const data = {
      at: 1,
      taskId: 't',
      attempt: 1,
      input: { key: 's3cret' },
      output: 's3cret',
      items: ['s3cret'],
      definition: { name: 'flow', version: '1', tasks: ['s3cret'] },
      error,
    };
    const { fields, message } = eventEntry(observed('TaskCompleted', data), false);
    expect(JSON.stringify(fields) + message).not.to.contain('s3cret');
    expect(fields['workflow']).to.equal('flow');
    expect(fields['error']).to.deep.equal({ code: 'E_NET', message: 'no route', retryable: true });
  });

  it('takes payloads in on request', () => {
    const data = { at: 1, taskId: 't', attempt: 1, output: { key: 's3cret' }, error };
    const { fields } = eventEntry(observed('TaskCompleted', data), true);
    expect(fields['data']).to.equal(data);
    expect(fields['error']).to.equal(error);
  });

  it("keeps an event's own message apart from the line's", () => {
    const data = { at: 1, command: 'PauseRun', code: 'REPRISE_COMMAND_INVALID', message: 'It is paused.' };
    const entry = eventEntry(observed('CommandRejected', data), false);
    expect(entry.message).to.equal('run1: command rejected');
    expect(entry.fields).to.include({
      command: 'PauseRun',
      problem: 'It is paused.',
      problemCode: 'REPRISE_COMMAND_INVALID',
    });
  });

  it('says when a retry is due', () => {
    const entry = eventEntry(
      observed('TaskAttemptFailed', { at: 1, taskId: 't', attempt: 1, error, retryAt: 0 }),
      false,
    );
    expect(entry.fields['retryAt']).to.equal('1970-01-01T00:00:00.000Z');
  });

  it('writes what agents log, at their level', () => {
    const place = { runId: 'run1', taskId: 't', attempt: 1, agent: 'reader' };
    const entry = noticeEntry({ kind: 'log', level: 'warn', message: 'slow', ...place, fields: { ms: 5 } }, false);
    expect(entry).to.deep.equal({
      level: 'warn',
      message: 'slow',
      fields: { notice: 'log', run: 'run1', task: 't', attempt: 1, agent: 'reader', fields: { ms: 5 } },
    });
  });

  it('writes progress only with payloads', () => {
    const progress = { kind: 'progress', runId: 'run1', taskId: 't', attempt: 1, progress: { done: 5 } } as const;
    expect(noticeEntry(progress, false)).to.equal(undefined);
    expect(noticeEntry(progress, true)?.fields).to.deep.include({ run: 'run1', task: 't', progress: { done: 5 } });
  });
});
