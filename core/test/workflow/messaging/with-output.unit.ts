import { expect } from 'chai';
import type { Outgoing } from '../../../src/orchestration/workflow/messaging/message.ts';
import { types } from '../pure-run.ts';
import { MailRun, mailWorkflow } from './mail-run.ts';

const talking = (tasks: Parameters<typeof mailWorkflow>[0] = { a: {}, b: {}, c: {} }): MailRun => {
  const topics = { news: { subscribers: ['b', '#narrow'] } };
  const run = new MailRun(mailWorkflow(tasks, { narrow: { limit: 1 } }, topics));
  run.beginAll();
  return run;
};

const completes = (run: MailRun, task: string, ...messages: readonly Outgoing[]) =>
  run.send({
    type: 'CompleteTask',
    taskId: task,
    attempt: run.task(task).attempt,
    output: 'done',
    directives: messages.map((message) => ({ kind: 'send', message })),
  });

describe('messages that are sent with the output', () => {
  let run: MailRun;
  afterEach(() => run.check());

  it('are on record with it, before it', () => {
    run = talking();
    const events = completes(run, 'a', { to: 'b', data: 1 }, { to: 'c', data: 2, type: 'two' });
    expect(types(events)).to.deep.equal(['MessageSent', 'MessageSent', 'TaskCompleted']);
    const [first, second] = run.of('MessageSent');
    expect(first).to.deep.include({ message: 'run-1/a/1/end', from: { task: 'a', attempt: 1 }, on: 'completion' });
    expect(second).to.include({ message: 'run-1/a/1/end.1', subject: 'two' });
    run.hear('b');
    expect(run.of('MessageDelivered')[0]?.messages).to.deep.equal(['run-1/a/1/end']);
  });

  it('are not there when the attempt fails, nor when it comes too late', () => {
    run = talking();
    run.fail('a');
    completes(run, 'a', { to: 'b', data: 1 });
    expect(run.of('MessageSent')).to.deep.equal([]);
  });

  it('are one with it: what cannot be sent fails the attempt, and the others are not sent', () => {
    run = talking();
    const events = completes(run, 'a', { to: 'b', data: 1 }, { to: 'nobody', data: 2 });
    expect(types(events)).to.deep.equal(['TaskAttemptFailed']);
    const [failed] = run.of('TaskAttemptFailed');
    expect(failed?.error.code).to.equal('REPRISE_DIRECTIVE_REFUSED');
    expect(failed?.error.message).to.contain('REPRISE_MAILBOX_UNKNOWN');
    expect(run.state.mail?.open.size ?? 0).to.equal(0);
  });

  it('are published, too; a mailbox that they have filled themselves is full', () => {
    run = talking();
    const events = completes(run, 'a', { to: '#narrow', data: 1 }, { topic: '#news', data: 2 });
    expect(types(events)).to.deep.equal(['MessageSent', 'MessageSent', 'MessageDeadLettered', 'TaskCompleted']);
    expect(run.of('MessageDeadLettered')[0]).to.include({ mailbox: '#narrow', code: 'REPRISE_MAILBOX_FULL' });
  });

  it('answer what the attempt has without leave, and are then done with it', () => {
    run = talking({ a: {}, mute: { may: [] } });
    run.say('a', 'mute', 'do it', { performative: 'request' });
    const id = run.of('MessageSent')[0]?.message ?? '';
    run.hear('mute');
    const answer = { to: 'a', data: 'done', conversation: id, inReplyTo: id };
    expect(types(completes(run, 'mute', answer))).to.deep.equal([
      'MessageSent',
      'MessageAcknowledged',
      'TaskCompleted',
    ]);
    expect(run.state.mail?.conversations.size).to.equal(0);
  });

  it('take leave to send otherwise', () => {
    run = talking({ a: {}, mute: { may: [] } });
    expect(types(completes(run, 'mute', { to: 'a', data: 1 }))).to.deep.equal(['TaskAttemptFailed']);
    expect(run.of('TaskAttemptFailed')[0]?.error.message).to.contain('say so on the task: may: [send]');
  });

  it('under a key are said once by all attempts', () => {
    run = talking();
    run.say('a', 'b', 1, { key: 'once' });
    run.fail('a');
    run.retry('a');
    run.beginAll();
    expect(types(completes(run, 'a', { to: 'b', data: 1, key: 'once' }))).to.deep.equal(['TaskCompleted']);
  });

  it('that depend on each other are refused together', () => {
    run = talking();
    const events = completes(run, 'a', { to: 'b', data: 1, key: 'k' }, { to: 'b', data: 2, key: 'k' });
    expect(types(events)).to.deep.equal(['TaskAttemptFailed']);
    expect(run.of('TaskAttemptFailed')[0]?.error.message).to.contain('send the first of them at once');
  });

  it('go with a hand-off', () => {
    run = talking({ a: { may: ['send', 'handOff'] }, b: {} });
    const [event] = run.send({
      type: 'CompleteTask',
      taskId: 'a',
      attempt: 1,
      output: 'half',
      directives: [
        { kind: 'handOff', agent: 'other' },
        { kind: 'send', message: { to: 'b', data: 1 } },
      ],
    });
    expect(event).to.include({ type: 'MessageSent', on: 'completion' });
    expect(run.of('TaskHandedOff')).to.have.lengthOf(1);
  });

  it('of any program are looked at as what they may be', () => {
    run = talking();
    for (const message of [null, { to: 'b' }, { to: 'b', topic: '#news', data: 1 }, { to: 'b', data: 1, on: 'x' }]) {
      completes(run, 'a', message as never);
      run.retry('a');
      run.beginAll();
    }
    expect(run.of('TaskAttemptFailed').map(({ error }) => error.code)).to.deep.equal([
      'REPRISE_DIRECTIVE_REFUSED',
      'REPRISE_DIRECTIVE_REFUSED',
      'REPRISE_DIRECTIVE_REFUSED',
    ]);
    expect(run.of('MessageSent')).to.deep.equal([]);
  });
});
