import type { RunMessage } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { liesIn, RunMessages } from '../../src/orchestration/reading/run-messages.ts';
import { MailRun, mailWorkflow } from '../workflow/messaging/mail-run.ts';

const flow = mailWorkflow(
  { a: {}, b: {}, w: { wait: { message: { mailbox: '#desk' } } } },
  { desk: {}, other: {}, lost: {} },
);

const talking = (workflow = flow): MailRun => {
  const run = new MailRun(workflow);
  run.beginAll();
  return run;
};

function messagesOf(run: MailRun, options: { data?: boolean } = {}): readonly RunMessage[] {
  const messages = new RunMessages(options);
  for (const [revision, event] of run.events.entries()) messages.fold(event, revision);
  return messages.all;
}

const statuses = (run: MailRun): readonly string[] => messagesOf(run).map(({ status }) => status);

const lastHeld = (run: MailRun): string => run.of('MessageDelivered').at(-1)?.messages[0] ?? '';

describe('the messages of a run', () => {
  it('are in the order in which they were sent, with who told whom what, and say nothing unless they are asked to', () => {
    const run = talking();
    run.say('a', 'b', { n: 1 }, { type: 'sum', performative: 'inform', conversation: 'c' });
    run.post('#other', 'x');
    const [first, second] = messagesOf(run);
    const at = run.now;
    expect(first).to.deep.equal({
      id: run.of('MessageSent')[0]?.message,
      revision: run.events.findIndex(({ type }) => type === 'MessageSent'),
      sentAt: at,
      from: { task: 'a', attempt: 1 },
      mailbox: 'b',
      performative: 'inform',
      type: 'sum',
      conversation: 'c',
      size: 7,
      status: 'open',
      since: at,
      deliveries: [],
      edited: 0,
      redriven: 0,
    });
    expect(second).to.deep.include({ from: { client: 'me' }, mailbox: '#other', size: 3 });
    expect(messagesOf(run, { data: true }).map(({ data }) => data)).to.deep.equal([{ n: 1 }, 'x']);
  });

  it('are one for each that was published to, with the topic', () => {
    const topics = { news: { subscribers: ['b', '#other'] } };
    const run = new MailRun(mailWorkflow({ a: {}, b: {} }, { other: {} }, topics));
    run.beginAll();
    run.publish('a', '#news', 'x');
    run.hear('b');
    const id = run.of('MessageSent')[0]?.message;
    expect(messagesOf(run).map(({ id, mailbox, topic, status }) => [id, mailbox, topic, status])).to.deep.equal([
      [`${id}@b`, 'b', '#news', 'held'],
      [`${id}@#other`, '#other', '#news', 'open'],
    ]);
  });

  it('are held, come back, and are done with by an attempt or a wait', () => {
    const run = talking();
    run.say('a', 'b', 1);
    run.hear('b');
    expect(statuses(run)).to.deep.equal(['held']);
    run.settle('b', { reject: [{ message: lastHeld(run), reason: 'later', delayMs: 0 }] });
    expect(statuses(run)).to.deep.equal(['open']);
    run.hear('b');
    run.complete('b');
    run.post('#desk', 2);
    expect(statuses(run)).to.deep.equal(['acknowledged', 'acknowledged']);
    const [first, second] = messagesOf(run);
    expect(first?.deliveries).to.deep.equal([
      { task: 'b', attempt: 1, at: run.now, outcome: 'returned', endedAt: run.now, reason: 'later' },
      { task: 'b', attempt: 1, at: run.now, outcome: 'acknowledged', endedAt: run.now },
    ]);
    expect(second?.deliveries).to.deep.equal([{ task: 'w', at: run.now, outcome: 'acknowledged', endedAt: run.now }]);
  });

  it('die, are mended, redriven elsewhere, discarded, dropped and closed', () => {
    const run = talking();
    for (const data of ['one', 'two']) {
      run.say('a', 'b', data);
      run.hear('b');
      run.settle('b', { reject: [{ message: lastHeld(run), reason: 'no', code: 'BAD', requeue: false }] });
    }
    run.post('#lost', 3, { expiresMs: 5, drop: true });
    run.post('#lost', 4);
    run.now += 6;
    run.due();
    expect(statuses(run)).to.deep.equal(['dead', 'dead', 'expired', 'open']);
    const [one, two] = messagesOf(run);
    expect(one && liesIn(one)).to.equal('#dead-letters');
    expect(one?.death).to.deep.include({ code: 'BAD', reason: 'no', causes: [] });
    run.send({ type: 'EditDeadLetter', message: one?.id ?? '', data: 'longer' });
    run.send({ type: 'RedriveDeadLetters', messages: [one?.id ?? ''], to: '#other' });
    run.send({ type: 'DiscardDeadLetters', messages: [two?.id ?? ''] });
    expect(messagesOf(run, { data: true })[0]).to.deep.include({
      mailbox: '#other',
      status: 'open',
      edited: 1,
      lastEdit: { at: run.now },
      redriven: 1,
      size: 8,
      data: 'longer',
    });
    expect(messagesOf(run)[0]).to.not.have.property('data');
    run.send({ type: 'CancelRun', force: true });
    expect(statuses(run)).to.deep.equal(['closed', 'discarded', 'expired', 'closed']);
    // A fork from before the end has them.
    run.events.pop();
    expect(run.events.at(-1)).to.include({ type: 'MessagesClosed' });
    expect(statuses(run)).to.deep.equal(['open', 'discarded', 'expired', 'open']);
  });

  it('say which of them the run says for whoever will not answer', () => {
    const run = talking();
    run.say('a', 'b', 1, { performative: 'request', deadlineMs: 1000 });
    run.hear('b');
    run.complete('b');
    const [asked, answer] = messagesOf(run);
    expect(asked?.deadline).to.equal(run.now + 1000);
    expect(answer).to.deep.include({ from: { task: 'b' }, mailbox: 'a', performative: 'failure', onBehalf: true });
  });

  it('of a block are closed with it, those of others stay', () => {
    const run = talking(
      mailWorkflow(
        { a: {}, book: { scope: { tasks: mailWorkflow({ pay: {} }).definition.tasks } as never } },
        { other: {} },
      ),
    );
    run.say('a', 'book/pay', 1);
    run.post('#other', 1);
    run.complete('book/pay');
    expect(run.of('MessagesClosed')).to.have.length(1);
    expect(statuses(run)).to.deep.equal(['closed', 'open']);
  });
});
