import type { Json } from '@reprise/core';
import { expect } from 'chai';
import type { TaskDefinition } from '../../../src/definition/definition.ts';
import type { DecisionContext } from '../../../src/orchestration/workflow/decisions/decision-context.ts';
import type { RunEvent } from '../../../src/orchestration/workflow/events.ts';
import { evolve } from '../../../src/orchestration/workflow/evolve.ts';
import { explain } from '../../../src/orchestration/workflow/explain/explain.ts';
import { settle } from '../../../src/orchestration/workflow/settle.ts';
import { initialState } from '../../../src/orchestration/workflow/state.ts';
import { restoreState, serializeState } from '../../../src/orchestration/workflow/state-codec.ts';
import { followsFlaw } from '../../../src/orchestration/workflow/untrusted/follows.ts';
import { types } from '../pure-run.ts';
import { MailRun, mailWorkflow } from './mail-run.ts';

const text = (template: string) => ({ kind: 'template', template }) as const;
const ASK = { send: { to: text('b'), data: text('do it'), until: 'replied' } } as const;

const OR_ELSE = { fallback: { kind: 'task', task: 'instead' } } as const;

const asking = (more: Partial<TaskDefinition> = {}, send: object = {}): MailRun => {
  const ask = { ...ASK, send: { ...ASK.send, ...send }, ...more };
  const run = new MailRun(
    mailWorkflow({ b: {}, ask, then: { after: ['ask'] }, instead: { set: text('else') } }, { desk: {} }),
  );
  run.beginAll();
  return run;
};

describe('a send that waits for its answer', () => {
  let run: MailRun;
  afterEach(() => run.check());

  const id = () => run.of('MessageSent')[0]?.message ?? '';
  const failure = () => run.of('TaskFellBack')[0]?.error;
  const answer = (performative: 'inform' | 'agree' | 'refuse' | 'failure' | 'query' | 'propose', data: string) =>
    run.say('b', 'ask', data, { performative, conversation: id(), inReplyTo: id() });

  it('asks, and has the answer as its output', () => {
    run = asking();
    expect(run.of('MessageSent')[0]).to.include({
      performative: 'request',
      conversation: id(),
      deadline: run.now + 600_000,
    });
    expect(run.status('ask')).to.equal('running');
    run.hear('b');
    expect(answer('inform', 'done')).to.deep.equal(['MessageSent', 'MessageAcknowledged', 'TaskCompleted']);
    expect(run.task('ask').output).to.include({ data: 'done', from: 'b', performative: 'inform', inReplyTo: id() });
    expect(run.state.mail?.open.size).to.equal(0);
    expect(run.state.mail?.conversations.size).to.equal(0);
  });

  it('is told nothing more of its message once an agent stands in for it, which waits for its retry as ever', () => {
    run = asking({ fallback: { kind: 'agent', agent: 'other' } }, { deadlineMs: 1000 });
    run.hear('b');
    run.now += 1000;
    run.fire({ kind: 'messages' }, run.now);
    expect(run.of('TaskFellBack')[0]?.to).to.deep.equal({ kind: 'agent', agent: 'other' });
    run.schedule('ask');
    run.fail('ask', { lost: true });
    expect(run.status('ask')).to.equal('waiting');
    run.fail('b', { lost: true });
    expect(run.of('MessageDeadLettered')).to.have.length(1);
    expect([run.status('ask'), run.of('TaskReady')]).to.deep.equal(['waiting', []]);
  });

  it('waits on when the other agrees, and takes no other message meanwhile', () => {
    run = asking();
    run.hear('b');
    expect(answer('agree', 'soon')).to.deep.equal(['MessageSent', 'MessageAcknowledged']);
    run.post('ask', 'not this');
    expect(run.status('ask')).to.equal('running');
    answer('inform', 'done');
    expect(run.task('ask').output).to.include({ data: 'done' });
  });

  for (const performative of ['refuse', 'failure'] as const)
    it(`fails by ${performative}, on the one path`, () => {
      run = asking(OR_ELSE);
      run.hear('b');
      expect(answer(performative, 'no')).to.include('TaskFellBack');
      const [fell] = run.of('TaskFellBack');
      expect(fell?.error).to.deep.include({
        code: 'REPRISE_REQUEST_REFUSED',
        details: { message: run.of('MessageSent').at(-1)?.message, performative, data: 'no' },
      });
      expect(run.task('ask').output).to.equal('else');
      expect(run.state.mail?.open.size).to.equal(0);
    });

  it('tells in its error what an answer with an error says, as far as that is for people', () => {
    const told = (data: Json): string | undefined => {
      run = asking(OR_ELSE);
      run.hear('b');
      run.say('b', 'ask', data, { performative: 'failure', conversation: id(), inReplyTo: id() });
      return failure()?.message;
    };
    expect(told({ code: 'NO_STOCK', message: 'None is left.' })).to.equal("'b' answered with failure: None is left.");
    expect(told({ message: 'x'.repeat(600) })).to.equal(`'b' answered with failure: ${'x'.repeat(500)}.`);
    for (const data of ['gone', { message: 7 }, null]) expect(told(data)).to.equal("'b' answered with failure.");
  });

  it('is read from a history of before that was refused', () => {
    run = asking();
    run.say('b', 'ask', 'done', { performative: 'inform', conversation: id() });
    const at = run.events.findIndex((event) => event.type === 'MessageSent' && event.inReplyTo === id());
    const before = initialState();
    for (const event of run.events.slice(0, at)) evolve(before, event);
    const answer = { ...run.events[at], inReplyTo: 'another' } as RunEvent;
    expect(followsFlaw(before, answer)).to.equal(undefined);
    expect(followsFlaw(before, { ...answer, performative: 'propose' } as RunEvent)).to.include({
      field: 'data.performative',
    });
  });

  it('fails where a history of before has an answer to something else, which ended its conversation', () => {
    for (const isSnapshot of [false, true]) {
      run = asking(OR_ELSE);
      run.hear('b');
      const [asked] = run.of('MessageSent');
      if (asked === undefined) return;
      const stray: RunEvent = {
        type: 'MessageSent',
        at: run.now,
        message: 'stray',
        from: { task: 'b', attempt: 1 },
        to: 'ask',
        data: 'done',
        conversation: id(),
        inReplyTo: 'another',
      };
      const state = initialState();
      for (const event of [...run.events, stray]) evolve(state, event);
      const taken = isSnapshot ? restoreState(serializeState(state), (definition) => definition) : state;
      const context = { now: run.now, random: () => 0, maxPayloadChars: 1000 } as unknown as DecisionContext;
      const events = settle(taken, context);
      expect(types(events)).to.include('TaskFellBack');
      expect(events.find(({ type }) => type === 'TaskFellBack')).to.have.nested.property(
        'error.code',
        'REPRISE_CONVERSATION_ENDED',
      );
    }
  });

  it('refuses what ends its conversation and answers another message, or none: it would wait for ever', () => {
    run = asking({}, { conversation: text('talk') });
    run.hear('b');
    const say = (more: object) =>
      run.say('b', 'ask', 'done', { performative: 'inform', conversation: 'talk', ...more });
    expect(String(say({ inReplyTo: 'another' }))).to.match(/REPRISE_CONVERSATION_BROKEN/);
    expect(String(say({ key: 'once' }))).to.match(/REPRISE_CONVERSATION_BROKEN/);
    expect(run.status('ask')).to.equal('running');
    // Without a word about it, it is the question that is answered.
    run.say('b', 'ask', 'done', { performative: 'inform', conversation: 'talk' });
    expect(run.task('ask').output).to.include({ data: 'done', inReplyTo: id() });
  });

  it('answers a question back with not-understood, and fails', () => {
    run = asking(OR_ELSE);
    run.hear('b');
    run.hear('b', { wanted: { performative: 'not-understood' } });
    answer('query', 'which?');
    const told = run.of('MessageSent').at(-1);
    expect(told).to.include({ performative: 'not-understood', to: 'b', onBehalf: true });
    expect(run.of('MessageDelivered').at(-1)?.messages).to.deep.equal([told?.message]);
    expect(failure()?.code).to.equal('REPRISE_REQUEST_REFUSED');
  });

  it('has what is said in its conversation for an answer, though it does not say what it answers; again under its key, too', () => {
    run = asking();
    run.hear('b');
    const said = (performative: 'agree' | 'inform') =>
      run.say('b', 'ask', performative, { performative, conversation: id(), key: performative });
    expect(said('agree')).to.deep.equal(['MessageSent', 'MessageAcknowledged']);
    expect(said('inform')).to.include('TaskCompleted');
    expect(run.task('ask').output).to.include({ data: 'inform', inReplyTo: id() });
    expect(said('inform'), 'the conversation is over').to.deep.equal([]);
  });

  it('has it in a conversation that was given a name, too', () => {
    run = asking({}, { conversation: text('order 5') });
    run.hear('b');
    expect(run.say('b', 'ask', 'done', { conversation: 'order 5' })).to.include('TaskCompleted');
    expect(run.task('ask').output).to.include({ data: 'done', inReplyTo: id() });
  });

  it('of a definition of before has a proposal for an answer to a cfp', () => {
    run = asking({}, { performative: 'cfp' });
    run.hear('b');
    answer('propose', '10');
    expect(run.task('ask').output).to.include({ data: '10', performative: 'propose' });
  });

  it('fails at its deadline, by its own code', () => {
    run = asking(OR_ELSE, { deadlineMs: 1000 });
    run.now += 1000;
    expect(types(run.due())).to.include.members(['ConversationExpired', 'MessageAcknowledged', 'TaskFellBack']);
    expect(failure()?.code).to.equal('REPRISE_REPLY_TIMEOUT');
  });

  it('fails when the other ends without an answer', () => {
    run = asking(OR_ELSE);
    run.hear('b');
    run.complete('b');
    expect(failure()?.code).to.equal('REPRISE_REQUEST_REFUSED');
    expect(failure()?.message).to.contain("'b' answered with failure");
  });

  it('fails by what became of the message, when nobody took it', () => {
    run = asking(OR_ELSE, { expiresMs: 500 });
    run.now += 500;
    run.due();
    expect(failure()?.code).to.equal('REPRISE_MESSAGE_EXPIRED');
  });

  it('fails when it cannot be asked at all', () => {
    run = asking(OR_ELSE, { to: { kind: 'cel', source: '"nobody"' } });
    expect(failure()?.code).to.equal('REPRISE_MAILBOX_UNKNOWN');
  });

  it('hears an answer from whoever takes it from a name', () => {
    run = asking({}, { to: text('#desk') });
    run.hear('b', { mailbox: '#desk' });
    answer('inform', 'done');
    expect(run.task('ask').output).to.include({ from: 'b', data: 'done' });
  });

  it('is explained by who owes the answer', () => {
    run = asking();
    run.hear('b');
    answer('agree', 'soon');
    const found = explain(run.state, { now: run.now }).find(({ taskId }) => taskId === 'ask');
    expect(found).to.deep.include({ reason: 'message', mailbox: 'ask' });
    expect(found?.waits).to.match(/^waits for a message in 'ask': b agreed/);
  });
});
