import { expect } from 'chai';
import type { RunEvent } from '../../../src/orchestration/workflow/events.ts';
import { evolve } from '../../../src/orchestration/workflow/evolve.ts';
import { explain } from '../../../src/orchestration/workflow/explain/explain.ts';
import { initialState } from '../../../src/orchestration/workflow/state.ts';
import { followsFlaw } from '../../../src/orchestration/workflow/untrusted/follows.ts';
import { types } from '../pure-run.ts';
import { MailRun, mailWorkflow } from './mail-run.ts';

const three = mailWorkflow({ a: {}, b: {}, c: {} }, { desk: {} });

const talking = (workflow = three): MailRun => {
  const run = new MailRun(workflow);
  run.beginAll();
  return run;
};

const last = (run: MailRun) => run.of('MessageSent').at(-1)?.message ?? '';

describe('conversations', () => {
  let run: MailRun;
  beforeEach(() => {
    run = talking();
  });
  afterEach(() => run.check());

  const ask = (to: string, more: object = {}) => {
    run.say('a', to, 'do it', { performative: 'request', type: 'draft', ...more });
    return last(run);
  };

  it('are opened by a request, and ended by its answer', () => {
    const id = ask('b');
    expect([...(run.state.mail?.conversations.values() ?? [])]).to.deep.include.members([
      {
        id,
        conversation: id,
        protocol: 'request',
        stage: 'asked',
        initiator: 'a',
        mailbox: 'b',
        participant: 'b',
        subject: 'draft',
        since: run.now,
        deadline: run.now + 10 * 60 * 1000,
      },
    ]);
    run.hear('b');
    run.say('b', 'a', null, { performative: 'agree', conversation: id, inReplyTo: id });
    expect(run.state.mail?.conversations.get(id)?.stage).to.equal('agreed');
    run.say('b', 'a', 'done', { performative: 'inform', conversation: id, inReplyTo: id });
    expect(run.state.mail?.conversations.size).to.equal(0);
  });

  it('refuse what breaks them, and say what may be said', () => {
    const id = ask('b');
    const [refused] = run.send({
      type: 'SendMessages',
      taskId: 'b',
      attempt: 1,
      worker: 'w',
      call: 1,
      messages: [{ to: 'a', data: 1, performative: 'propose', conversation: id }],
    });
    run.events.pop();
    expect(refused).to.include({ code: 'REPRISE_CONVERSATION_BROKEN' });
    expect(refused).to.have.property('message').that.contains('agree, refuse, inform, failure, query, not-understood');
    expect(run.say('a', 'b', 1, { performative: 'inform', conversation: id })).to.equal('REPRISE_CONVERSATION_BROKEN');
    run.events.pop();
  });

  it('with a name are those of whoever answers first', () => {
    const id = ask('#desk');
    run.hear('b', { mailbox: '#desk' });
    run.say('b', 'a', null, { performative: 'agree', conversation: id, inReplyTo: id });
    expect(run.state.mail?.conversations.get(id)?.participant).to.equal('b');
    // Another one is no part of it: what it says is a message like any other.
    expect(run.say('c', 'a', null, { performative: 'failure', conversation: id })).to.include('MessageSent');
    expect(run.state.mail?.conversations.get(id)?.stage).to.equal('agreed');
  });

  it('begin again when what was asked comes back', () => {
    const id = ask('b');
    run.hear('b');
    run.say('b', 'a', null, { performative: 'agree', conversation: id, inReplyTo: id });
    run.fail('b');
    expect(run.state.mail?.conversations.get(id)?.stage).to.equal('asked');
    run.now += 5000;
    run.retry('b');
    run.beginAll();
    run.hear('b');
    expect(run.say('b', 'a', null, { performative: 'agree', conversation: id, inReplyTo: id })).to.deep.equal([
      'MessageSent',
    ]);
  });

  it('are answered for who ends without an answer', () => {
    const id = ask('b');
    run.hear('b');
    run.hear('a', { wanted: { inReplyTo: id } });
    const end = run.complete('b');
    expect(types(end)).to.deep.equal([
      'MessageAcknowledged',
      'TaskCompleted',
      'ConversationExpired',
      'MessageSent',
      'MessageDelivered',
    ]);
    const answer = run.of('MessageSent').at(-1);
    expect(answer).to.deep.include({
      performative: 'failure',
      from: { task: 'b' },
      to: 'a',
      inReplyTo: id,
      onBehalf: true,
    });
    expect(answer?.data).to.include({ code: 'REPRISE_REQUEST_REFUSED' });
  });

  it('are answered for who had ended before', () => {
    run.complete('b');
    ask('b');
    expect(run.of('MessageSent').at(-1)).to.include({ performative: 'failure' });
  });

  it('are not, where another round may answer', () => {
    const repeat = { from: 'b', until: { kind: 'cel', source: 'output == 2' }, max: 5, onExhausted: 'fail' } as const;
    run = talking(mailWorkflow({ a: {}, b: { repeat } }));
    const id = ask('b');
    run.complete('b', 1);
    expect(run.state.mail?.conversations.has(id)).to.equal(true);
    run.beginAll();
    run.hear('b');
    expect(run.say('b', 'a', 'here', { conversation: id, inReplyTo: id })).to.deep.equal([
      'MessageSent',
      'MessageAcknowledged',
    ]);
  });

  it('a proposal after the deadline is rejected as late, by the run; whoever called hears nothing of it', () => {
    const id = ask('b', { performative: 'cfp', deadlineMs: 1000 });
    run.hear('b');
    run.now += 1000;
    run.due();
    const open = run.state.mail?.boxes.get('a')?.messages.size;
    run.hear('b');
    const how = { performative: 'propose', conversation: id, inReplyTo: id } as const;
    expect(run.say('b', 'a', 10, how)).to.deep.equal(['MessageSent', 'MessageSent', 'MessageDelivered']);
    const [proposal, rejection] = run.of('MessageSent').slice(-2);
    expect(proposal).to.include({ late: true, to: 'a' });
    expect(rejection).to.include({
      performative: 'reject-proposal',
      to: 'b',
      inReplyTo: proposal?.message,
      onBehalf: true,
    });
    expect(rejection?.data).to.include({ code: 'REPRISE_REPLY_TIMEOUT' });
    expect(run.state.mail?.boxes.get('a')?.messages.size).to.equal(open);
  });

  it('are over at their deadline, and whoever waits is told', () => {
    const id = ask('b', { deadlineMs: 1000 });
    run.hear('a', { wanted: { inReplyTo: id } });
    run.now += 1000;
    expect(types(run.due())).to.deep.equal([
      'ConversationExpired',
      'MessageSent',
      'MessageExpired',
      'MessageDeadLettered',
      'MessageDelivered',
    ]);
    expect(run.of('MessageSent').at(-1)?.data).to.include({ code: 'REPRISE_REPLY_TIMEOUT' });
    expect(run.state.mail?.conversations.size).to.equal(0);
  });

  describe('at their deadline', () => {
    for (const to of ['b', '#desk'])
      it(`leave a dead letter of a question at ${to} that nobody has taken, and that nobody takes after it`, () => {
        const id = ask(to, { deadlineMs: 1000 });
        run.now += 1000;
        // The clock has not rung yet.
        run.hear('b', { mailbox: to });
        expect(run.of('MessageDelivered')).to.deep.equal([]);
        run.due();
        const [dead] = run.of('MessageDeadLettered');
        expect(dead).to.include({ message: id, mailbox: to, code: 'REPRISE_MESSAGE_EXPIRED' });
        expect(dead?.error.message).to.equal(
          'Nobody took the message within the 1000 ms in which it was to be answered.',
        );
        expect(run.of('MessageDelivered')).to.deep.equal([]);
        // Who redrives it wants it done.
        run.send({ type: 'RedriveDeadLetters', messages: [id] });
        expect(run.of('MessageDelivered')[0]?.messages).to.deep.equal([id]);
      });

    it('drop a question that was to be dropped', () => {
      ask('b', { deadlineMs: 1000, expiresMs: 5000, drop: true });
      run.now += 1000;
      expect(types(run.due())).to.deep.equal(['ConversationExpired', 'MessageSent', 'MessageExpired']);
      expect(run.of('MessageSent').at(-1)?.data).to.include({ code: 'REPRISE_REPLY_TIMEOUT' });
      expect([...(run.state.mail?.open.values() ?? [])].map(({ mailbox }) => mailbox)).to.deep.equal(['a']);
    });

    it('leave a question to whoever has it, who may answer still', () => {
      const id = ask('b', { deadlineMs: 1000 });
      run.hear('b');
      run.now += 1000;
      run.due();
      expect(run.of('ConversationExpired')[0]).to.include({ message: id, held: true });
      expect(run.say('b', 'a', 'late', { inReplyTo: id })).to.deep.equal(['MessageSent', 'MessageAcknowledged']);
      expect(run.open(id)).to.equal(undefined);
    });

    const BACK: readonly (readonly [string, (id: string) => void])[] = [
      ['is given back', (id) => run.settle('b', { reject: [{ message: id, reason: 'busy' }] })],
      ['comes back with a failed attempt', () => run.fail('b')],
      ['comes back with a lost worker', () => run.fail('b', { lost: true })],
      [
        'comes back from a worker that another one takes over from',
        () => run.send({ type: 'AwaitMessages', taskId: 'b', attempt: 1, worker: 'v', call: 1 }),
      ],
    ];
    for (const [how, back] of BACK)
      it(`leave a dead letter of one that ${how} after it`, () => {
        const id = ask('b', { deadlineMs: 1000 });
        run.hear('b');
        run.now += 1000;
        run.due();
        back(id);
        const [dead] = run.of('MessageDeadLettered');
        expect(dead).to.include({ message: id, code: 'REPRISE_MESSAGE_EXPIRED' });
        expect(dead?.error.message).to.contain('the time in which it was to be answered is over. The last reason: ');
        expect(run.of('MessageRejected')[0]?.retryAt).to.equal(undefined);
      });

    it('leave one of what was published to each', () => {
      run = talking(mailWorkflow({ a: {}, b: {}, c: {} }, { desk: {} }, { news: { subscribers: ['b', 'c'] } }));
      run.publish('a', '#news', 'who?', { performative: 'cfp', deadlineMs: 1000 });
      run.hear('b');
      run.now += 1000;
      run.due();
      expect(run.of('MessageDeadLettered').map(({ mailbox }) => mailbox)).to.deep.equal(['c']);
    });

    it('are so in a history of before that had not heard of it', () => {
      const id = ask('b', { deadlineMs: 1000 });
      run.hear('b');
      run.now += 1000;
      run.due();
      const { held: _, ...before } = run.of('ConversationExpired')[0] ?? ({} as never);
      const state = initialState();
      for (const event of run.events) {
        const told = event.type === 'ConversationExpired' ? before : event;
        expect(event.type === 'RunStarted' ? undefined : followsFlaw(state, told)).to.equal(undefined);
        evolve(state, told);
      }
      expect(state.mail?.open.get(id)).to.include({ doomed: false });
      expect(followsFlaw(state, { ...before, message: id } as RunEvent)).to.include({ field: 'data.message' });
    });
  });

  it('have the deadline that an agree promises', () => {
    const id = ask('b', { deadlineMs: 1000 });
    run.hear('b');
    run.say('b', 'a', null, { performative: 'agree', conversation: id, inReplyTo: id, deadlineMs: 5000 });
    run.now += 1000;
    expect(run.due()).to.deep.equal([]);
    run.now += 4000;
    expect(types(run.due())).to.deep.equal(['ConversationExpired', 'MessageSent']);
  });

  it('are told of when what was asked is a dead letter', () => {
    const id = ask('b', { expiresMs: 100 });
    run.hear('a', { wanted: { inReplyTo: id } });
    run.now += 100;
    expect(types(run.due())).to.deep.equal([
      'MessageExpired',
      'MessageDeadLettered',
      'ConversationExpired',
      'MessageSent',
      'MessageDelivered',
    ]);
  });

  it('of a call for proposals have a half for each', () => {
    for (const to of ['b', 'c'])
      run.say('a', to, 'who?', { performative: 'cfp', conversation: 'net', deadlineMs: 1000 });
    run.hear('b');
    run.say('b', 'a', 7, { performative: 'propose', conversation: 'net' });
    run.say('a', 'b', null, { performative: 'accept-proposal', conversation: 'net' });
    expect(
      [...(run.state.mail?.conversations.values() ?? [])].map(({ participant, stage }) => [participant, stage]),
    ).to.deep.equal([
      ['b', 'accepted'],
      ['c', 'asked'],
    ]);
    run.say('b', 'a', 'made', { conversation: 'net' });
    run.now += 1000;
    run.due();
    expect(run.of('ConversationExpired')).to.have.lengthOf(1);
  });

  it('of an order that came back while it is being cancelled are still being cancelled', () => {
    const id = ask('b');
    run.hear('b');
    run.say('a', 'b', null, { performative: 'cancel', conversation: id });
    run.fail('b');
    expect(run.state.mail?.conversations.get(id)?.stage).to.equal('cancelling');
  });

  it('are over at their deadline for who was asked back, too', () => {
    const id = ask('b', { deadlineMs: 1000 });
    run.hear('b');
    run.say('b', 'a', 'which?', { performative: 'query', conversation: id, inReplyTo: id });
    run.now += 1000;
    expect(types(run.due())).to.deep.equal(['ConversationExpired', 'MessageSent']);
    const told = run.of('MessageSent').at(-1);
    expect(told).to.deep.include({ to: 'a', performative: 'failure', inReplyTo: id });
    expect(told?.data).to.deep.include({ code: 'REPRISE_REPLY_TIMEOUT' });
  });

  it('are over when what was asked was dropped', () => {
    const id = ask('b', { expiresMs: 10, drop: true });
    run.now += 10;
    expect(types(run.due())).to.deep.equal(['MessageExpired', 'ConversationExpired', 'MessageSent']);
    expect(run.of('MessageSent').at(-1)).to.deep.include({ to: 'a', performative: 'failure', inReplyTo: id });
  });

  it('are not brought further by several messages at once', () => {
    const id = ask('b');
    run.hear('b');
    const answer = { to: 'a', data: 1, conversation: id, inReplyTo: id };
    const sent = run.send({
      type: 'SendMessages',
      taskId: 'b',
      attempt: 1,
      worker: 'w',
      call: 2,
      messages: [answer, answer],
    });
    expect(sent).to.have.lengthOf(1);
    expect(sent[0]).to.deep.include({ type: 'CommandRejected', code: 'REPRISE_MESSAGE_INVALID' });
  });

  it('are explained: who owes what, since when, and until when; and who waits in a circle', () => {
    const id = ask('b', { deadlineMs: 60_000 });
    run.hear('b');
    run.say('b', 'a', null, { performative: 'agree', conversation: id, inReplyTo: id });
    // The first is the agree itself.
    for (let times = 0; times < 2; times += 1) run.hear('a', { wanted: { inReplyTo: id } });
    run.hear('b', { wanted: { from: 'a' } });
    run.now += 40_000;
    const told = explain(run.state, { now: run.now });
    const of = (task: string) => told.find(({ taskId }) => taskId === task);
    expect(of('a')?.waits).to.contain("b agreed to 'draft' 40.0s ago, due in 20.0s");
    expect(of('a')?.waits).to.contain('they wait for each other: a, b, a');
    expect(of('b')).to.deep.include({ circle: ['b', 'a'] });
    expect(of('b')?.moves).to.contain('Somebody else sends one');
    run.say('c', 'b', 'not for it');
    expect(explain(run.state, { now: run.now }).find(({ taskId }) => taskId === 'b')).to.deep.include({ lying: 1 });
  });
});
