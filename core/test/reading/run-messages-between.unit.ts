import type { RunMessage } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { liesIn, RunMessages } from '../../src/orchestration/reading/run-messages.ts';
import { mailboxWorkflow } from '../../src/orchestration/runtime/mailbox-run.ts';
import { mailboxRun } from '../../src/orchestration/workflow/messaging/elsewhere.ts';
import { MailRun, mailWorkflow } from '../workflow/messaging/mail-run.ts';
import { PostOffice } from '../workflow/messaging/post-office.ts';

const across = { may: ['send', 'sendAcross'] as const };

function pair() {
  const one = new MailRun(mailWorkflow({ a: across, b: across }, { desk: {} }), null, { runId: 'one' });
  const two = new MailRun(mailWorkflow({ x: across }, { desk: {} }), null, { runId: 'two' });
  one.beginAll();
  two.beginAll();
  return { one, two, post: new PostOffice(one, two) };
}

/** What the history says of the messages of a run; those that are open lie where the run itself has them. */
function messagesOf(run: MailRun): readonly RunMessage[] {
  const messages = new RunMessages();
  for (const [revision, event] of run.events.entries()) messages.fold(event, revision);
  const isOpen = ({ status }: RunMessage): boolean => ['on-its-way', 'open', 'held', 'dead'].includes(status);
  const lying = messages.all.filter(isOpen).map((one) => `${one.id} ${liesIn(one)}`);
  const open = [...(run.state.mail?.open.values() ?? [])]
    .filter(({ receipt, ask }) => ask === undefined && (receipt === undefined || receipt === 'wanted'))
    .map(({ id, mailbox }) => `${id} ${mailbox}`);
  expect(lying).to.have.members(open);
  return messages.all;
}

const told = (run: MailRun): readonly string[] =>
  messagesOf(run).map(({ from, run: to, mailbox, status }) => {
    const sender = `${from.run === undefined ? '' : `${from.run}:`}${from.task ?? from.client}`;
    return `${sender} ${to === undefined ? '' : `${to}:`}${mailbox} ${status}`;
  });

const lastDead = (run: MailRun): string => run.of('MessageDeadLettered').at(-1)?.message ?? '';

describe('messages between runs, in the history of each', () => {
  it('are on their way, then handed over, and there open until somebody is done with them', () => {
    const { one, two, post } = pair();
    one.say('a', 'x', 1, { run: 'two' });
    one.say('b', 'x', 2, { run: 'two' });
    one.say('a', '#desk', 3, { run: 'two' });
    expect(told(one)).to.deep.equal(['a two:x on-its-way', 'b two:x on-its-way', 'a two:#desk on-its-way']);
    const [first] = post.offers(one);
    if (first === undefined) throw new Error('nothing is on its way');
    post.bring(first);
    one.now += 5;
    post.note(first);
    expect(told(one)).to.deep.equal(['a two:x handed-over', 'b two:x on-its-way', 'a two:#desk on-its-way']);
    expect(messagesOf(one)[0]).to.deep.include({ since: one.now, deliveries: [] });
    post.run();
    expect(told(two)).to.deep.equal(['one:a x open', 'one:b x open', 'one:a #desk open']);
    two.hear('x');
    two.complete('x');
    expect(told(two)[0]).to.equal('one:a x acknowledged');
    const [there] = messagesOf(two);
    const [here] = messagesOf(one);
    expect([there?.id, there?.sentAt]).to.deep.equal([here?.id, here?.sentAt]);
    expect(there?.revision).to.equal(two.events.findIndex(({ type }) => type === 'MessageReceived'));
    expect(there?.deliveries.map(({ task, outcome }) => [task, outcome])).to.deep.equal([['x', 'acknowledged']]);
  });

  it('that nobody takes there are dead letters here; redriven, they are on their way again, or in this run', () => {
    const { one, post } = pair();
    one.say('a', 'nobody', 1, { run: 'two' });
    one.say('a', 'nowhere', 2, { run: 'two' });
    post.run();
    expect(told(one)).to.deep.equal(['a two:nobody dead', 'a two:nowhere dead']);
    const [first] = messagesOf(one);
    expect(first?.death).to.deep.include({ code: 'REPRISE_MAILBOX_UNKNOWN' });
    expect(first && liesIn(first)).to.equal('#dead-letters');
    one.say('a', 'nobody', 3, { run: 'two' });
    one.send({ type: 'RedriveDeadLetters', messages: [first?.id ?? ''] });
    expect(told(one)[0]).to.equal('a two:nobody on-its-way');
    const [other, again] = post.offers(one);
    expect([other?.n, again?.n]).to.deep.equal([2, 3]);
    // Its number was another before.
    other && post.note(other);
    expect(told(one)).to.deep.equal(['a two:nobody on-its-way', 'a two:nowhere dead', 'a two:nobody handed-over']);
    again && post.note(again);
    expect(told(one)[0]).to.equal('a two:nobody handed-over');
    one.send({ type: 'RedriveDeadLetters', messages: [lastDead(one)], to: '#desk' });
    expect(told(one)[1]).to.equal('a #desk open');
  });

  it('that were to be dropped are expired, and closed with the run, those handed over are not', () => {
    const { one, two, post } = pair();
    one.say('a', 'x', 0, { run: 'two' });
    post.run();
    one.say('a', 'x', 1, { run: 'two', expiresMs: 10, drop: true });
    one.now += 11;
    two.now += 11;
    post.run();
    one.say('a', 'x', 2, { run: 'two' });
    one.send({ type: 'CancelRun', force: true });
    one.send({ type: 'CancelRun', force: true });
    expect(told(one)).to.deep.equal(['a two:x handed-over', 'a two:x expired', 'a two:x closed']);
  });

  it('are no messages of a block of the same name here', () => {
    const inner = mailWorkflow({ pay: {} }).definition.tasks;
    const flow = mailWorkflow({ a: across, book: { scope: { tasks: inner } as never } });
    const one = new MailRun(flow, null, { runId: 'one' });
    one.beginAll();
    one.say('a', 'book/pay', 1, { run: 'two' });
    one.say('a', 'book/pay', 2);
    one.complete('book/pay');
    expect(told(one)).to.deep.equal(['a two:book/pay on-its-way', 'a book/pay closed']);
  });

  it('come with what became of them there, when their sender waits for that; that is no message', () => {
    for (const [to, outcome] of [
      ['x', 'acknowledged'],
      ['x', 'failed'],
    ] as const) {
      const send = {
        to: { kind: 'template', template: to },
        run: { kind: 'template', template: 'two' },
        data: { kind: 'template', template: 1 },
        until: 'acknowledged',
      };
      const one = new MailRun(mailWorkflow({ a: { send } as never }), null, { runId: 'one' });
      const two = new MailRun(mailWorkflow({ x: {} }), null, { runId: 'two' });
      two.beginAll();
      const post = new PostOffice(one, two);
      post.run();
      if (outcome === 'acknowledged') two.hear('x');
      two.complete('x');
      // Word of it is on its way, and is no message.
      expect(told(two)).to.deep.equal([`one:a x ${outcome === 'failed' ? 'open' : 'acknowledged'}`]);
      post.run();
      expect(two.of('MessageSent').map(({ receipt }) => receipt)).to.deep.equal([outcome]);
      expect(told(one)).to.deep.equal(['a two:x handed-over']);
      const [{ receipt } = {}] = messagesOf(one);
      expect(receipt).to.deep.include({ outcome, at: one.now });
      expect(receipt?.error?.code).to.equal(outcome === 'failed' ? 'REPRISE_MAILBOX_CLOSED' : undefined);
    }
  });

  it('that were on their way when another run went on from this one are not that one to send', () => {
    const { one, post } = pair();
    one.say('a', 'x', 1, { run: 'two' });
    const messages = new RunMessages();
    for (const [revision, event] of one.events.entries()) messages.fold(event, revision);
    const at = one.now;
    messages.fold({ type: 'RunForked', at, runId: 'fork' }, one.events.length);
    expect(messages.all.map(({ status }) => status)).to.deep.equal(['closed']);
    post.run();
    messages.fold({ type: 'MessagesHandedOver', at, run: 'two', to: 'x', upTo: 1 }, one.events.length + 1);
    expect(messages.all.map(({ status }) => status)).to.deep.equal(['closed']);
  });

  it('of forks of one run are here once at a time', () => {
    const messages = new RunMessages();
    const came = (run: string, revision: number) =>
      messages.fold(
        {
          type: 'MessageReceived',
          at: revision,
          message: 'one/a/1/1',
          from: { task: 'a', run },
          origin: { run, to: 'x', n: 1 },
          sentAt: 0,
          to: 'x',
          data: null,
        },
        revision,
      );
    came('one', 1);
    came('fork', 2);
    expect(messages.all.map(({ revision }) => revision)).to.deep.equal([1]);
    messages.fold({ type: 'MessageAcknowledged', at: 3, messages: ['one/a/1/1'], taskId: 'x', attempt: 1 }, 3);
    came('fork', 4);
    expect(messages.all.map(({ status, from }) => [status, from.run])).to.deep.equal([
      ['acknowledged', 'one'],
      ['open', 'fork'],
    ]);
  });
});

describe('messages of a name of no run, in the history of each run', () => {
  function sharing() {
    const { one, two } = pair();
    const runId = mailboxRun(undefined, 'desk');
    const at = new MailRun({ definition: mailboxWorkflow().definition }, { name: 'desk' }, { runId });
    return { one, two, at, runId, post: new PostOffice(one, two, at) };
  }

  it('are handed on to whoever asks, which is no message, and are listed once where they come back', () => {
    const { one, two, at, runId, post } = sharing();
    two.hear('x', { mailbox: '@desk' });
    post.run();
    expect(told(at)).to.deep.equal([]);
    one.say('a', '@desk', 1);
    const [offer] = post.offers(one);
    offer && post.bring(offer);
    expect(told(one)).to.deep.equal([`a ${runId}:@desk on-its-way`]);
    expect(told(at)).to.deep.equal(['one:a two:@desk on-its-way']);
    expect(messagesOf(at)[0]?.handedOn).to.equal(true);
    post.run();
    expect(told(at)).to.deep.equal(['one:a two:@desk handed-over']);
    expect(told(two)).to.deep.equal(['one:a @desk held']);
    const [message = ''] = two.of('MessageDelivered')[0]?.messages ?? [];
    two.settle('x', { reject: [{ message, reason: 'not mine', delayMs: 0 }] });
    post.run();
    expect(told(two)).to.deep.equal([`one:a ${runId}:@desk handed-over`]);
    expect(told(at)).to.deep.equal(['one:a #inbox open']);
    expect(messagesOf(at)[0]).to.not.have.property('handedOn');
    two.now += 60_000;
    at.now = two.now;
    two.hear('x', { mailbox: '@desk' });
    post.run();
    two.complete('x');
    expect(told(two)).to.deep.equal(['one:a @desk acknowledged']);
    expect(messagesOf(two)[0]?.deliveries.map(({ outcome }) => outcome)).to.deep.equal(['returned', 'acknowledged']);
    expect(told(at)).to.deep.equal(['one:a two:@desk handed-over']);
  });

  it('go to the run that has sent them as to any other, and are its own again', () => {
    const { one, at, post } = sharing();
    one.hear('b', { mailbox: '@desk' });
    post.run();
    one.say('a', '@desk', 1);
    post.run();
    expect(told(one)).to.deep.equal(['a @desk held']);
    expect(told(at)).to.deep.equal(['one:a one:@desk handed-over']);
  });

  it('are back where nobody is any more who asked', () => {
    const { one, two, at, post } = sharing();
    two.hear('x', { mailbox: '@desk' });
    post.run();
    one.say('a', '@desk', 1);
    const [offer] = post.offers(one);
    offer && post.bring(offer);
    const [on] = post.offers(at);
    on && post.refuse(on, 'REPRISE_RUN_CLOSED');
    expect(told(at)).to.deep.equal(['one:a #inbox open']);
  });
});

describe('messages of programs, in the history of a run', () => {
  const take = (run: MailRun, client: string, leaseMs = 1000): void => {
    run.send({ type: 'TakeMessages', client, mailbox: '#desk', max: 1, leaseMs });
  };

  it('are done with as they are said, when they are to one', () => {
    const { one } = pair();
    one.post('a', 'what?', { performative: 'request', deadlineMs: 1000 });
    one.hear('a');
    const [{ message = '' } = {}] = one.of('MessageSent');
    one.say('a', 'me', 'that', { inReplyTo: message, conversation: message });
    expect(told(one)).to.deep.equal(['me a acknowledged', 'a client:me acknowledged']);
    expect(messagesOf(one)[1]?.deliveries).to.deep.equal([]);
  });

  it('are had for so long, given back, had for longer, and done with', () => {
    const { one } = pair();
    one.post('#desk', 1);
    take(one, 'kim');
    const [{ message = '' } = {}] = one.of('MessageSent');
    expect(told(one)).to.deep.equal(['me #desk held']);
    one.now += 1001;
    one.due();
    expect(told(one)).to.deep.equal(['me #desk open']);
    take(one, 'bob');
    const until = one.now + 5000;
    one.send({ type: 'SettleTaken', client: 'bob', extend: [message], leaseMs: 5000 });
    one.send({ type: 'SettleTaken', client: 'bob', reject: [{ message, reason: 'not mine', delayMs: 0 }] });
    take(one, 'kim');
    one.send({ type: 'SettleTaken', client: 'kim', acknowledge: [message] });
    expect(told(one)).to.deep.equal(['me #desk acknowledged']);
    const [{ deliveries = [] } = {}] = messagesOf(one);
    expect(deliveries.map(({ client, task, outcome, because }) => [client, task, outcome, because])).to.deep.equal([
      ['kim', undefined, 'returned', 'lost'],
      ['bob', undefined, 'returned', undefined],
      ['kim', undefined, 'acknowledged', undefined],
    ]);
    expect(deliveries[1]).to.deep.include({ until, reason: 'not mine' });
  });
});
