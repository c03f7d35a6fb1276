import { cel, DEFAULT_RETRY, type Json, workflow } from '@reprise/core';
import { expect } from 'chai';
import { decide } from '../../../src/orchestration/workflow/decide.ts';
import { stateDigest } from '../../../src/orchestration/workflow/digest/state-digest.ts';
import { evolve } from '../../../src/orchestration/workflow/evolve.ts';
import { SourceHistory } from '../../../src/orchestration/workflow/fork/source.ts';
import { initialState } from '../../../src/orchestration/workflow/state.ts';
import { restoreState, serializeState } from '../../../src/orchestration/workflow/state-codec.ts';
import { followsFlaw } from '../../../src/orchestration/workflow/untrusted/follows.ts';
import { goOnFrom } from '../language/going-on.ts';
import { type PureRun, types } from '../pure-run.ts';
import { MailRun, mailWorkflow } from './mail-run.ts';

const two = mailWorkflow({ a: {}, b: {} }, { desk: {} });

const talking = (workflow = two): MailRun => {
  const run = new MailRun(workflow);
  run.beginAll();
  return run;
};

describe('messages in a run', () => {
  let run: MailRun;
  beforeEach(() => {
    run = talking();
  });
  afterEach(() => run.check());

  describe('to a task', () => {
    it('is there before anybody waits, and is handed out in the order of its arrival', () => {
      expect(run.say('a', 'b', 1)).to.deep.equal(['MessageSent']);
      run.say('a', 'b', 2);
      expect(run.hear('b')).to.deep.equal(['MessageAwaited', 'MessageDelivered']);
      const [first] = run.of('MessageDelivered');
      expect(run.open(first?.messages[0] ?? '')?.data).to.equal(1);
    });

    it('is handed to whoever waits for it, in the same turn', () => {
      run.hear('b');
      expect(run.say('a', 'b', 1)).to.deep.equal(['MessageSent', 'MessageDelivered']);
    });

    it('is done with when the attempt gives its output', () => {
      run.say('a', 'b', 1);
      run.hear('b');
      expect(types(run.complete('b'))).to.deep.equal(['MessageAcknowledged', 'TaskCompleted']);
      expect(run.state.mail?.open.size).to.equal(0);
    });

    it('comes back when the attempt fails, in its place, and is had by the next one', () => {
      run.say('a', 'b', 1);
      run.say('a', 'b', 2);
      run.hear('b');
      expect(types(run.fail('b'))).to.deep.equal(['TaskAttemptFailed', 'MessageRejected']);
      run.now += 10_000;
      run.retry('b');
      run.beginAll();
      run.hear('b');
      const [, again] = run.of('MessageDelivered');
      expect(run.open(again?.messages[0] ?? '')).to.include({ data: 1, deliveries: 1 });
    });

    it('that may be had again at one moment is had by all that wait, whoever else is told something then', () => {
      const retry = { maxAttempts: 5, initialDelayMs: 700, factor: 1, maxDelayMs: 700, jitter: 0, nonRetryable: [] };
      const boxes = { p: { retry }, q: { retry }, r: { retry } };
      run = talking(mailWorkflow({ a: {}, b: {}, c: {}, d: {} }, boxes));
      for (const box of ['#p', '#q', '#r', '#r']) {
        run.post(box, box);
        run.hear('a', { mailbox: box });
      }
      const held = run.of('MessageDelivered').flatMap(({ messages }) => messages);
      run.settle('a', { reject: held.map((message) => ({ message, reason: 'later' })) });
      run.hear('b', { mailbox: '#p' });
      run.hear('b', { mailbox: '#q' });
      run.hear('c', { mailbox: '#r' });
      run.hear('d', { mailbox: '#r' });
      run.hear('d', { timeoutMs: 700 });
      run.now += 700;
      while (run.due().length > 0);
      expect(run.of('MessageDelivered').slice(4)).to.have.lengthOf(4);
    });

    it('of a lost worker comes back at once, and is not counted', () => {
      run.say('a', 'b', 1);
      run.hear('b');
      run.fail('b', { code: 'REPRISE_WORKER_LOST', lost: true });
      const [back] = run.of('MessageRejected');
      expect(back).to.include({ because: 'lost', retryAt: run.now });
      expect([...(run.state.mail?.open.values() ?? [])][0]).to.include({ deliveries: 0, losses: 1 });
    });
  });

  describe('waiting', () => {
    it('takes no room', () => {
      expect(run.state.inFlight).to.equal(2);
      run.hear('b');
      expect(run.state.inFlight).to.equal(1);
      run.hear('b', { wanted: { from: 'nobody' } });
      expect(run.state.inFlight).to.equal(1);
      run.say('a', 'b', 1);
      // Its other call waits still.
      expect(run.state.inFlight).to.equal(1);
      run.complete('b');
      expect(run.state.inFlight).to.equal(1);
    });

    it('ends when its time is up, with nothing', () => {
      run.hear('b', { timeoutMs: 100 });
      run.now += 100;
      expect(types(run.due())).to.deep.equal(['MessageMissed']);
      expect(run.state.inFlight).to.equal(2);
      expect(run.state.mail?.boxes.size).to.equal(0);
    });

    it('is for what is wanted, and leaves the rest', () => {
      run.say('a', 'b', { n: 1 }, { type: 'small' });
      run.say('a', 'b', { n: 20 }, { type: 'large', performative: 'request', conversation: 'c' });
      run.hear('b', { wanted: { where: 'message.data.n > 10' } });
      run.hear('b', { wanted: { type: 'small', from: 'a', performative: 'inform' } });
      expect(
        run.of('MessageDelivered').map(({ call, messages }) => [call, run.open(messages[0] ?? '')?.data]),
      ).to.deep.equal([
        [1, { n: 20 }],
        [2, { n: 1 }],
      ]);
    });

    it('takes as many as are there, up to so many', () => {
      for (const n of [1, 2, 3]) run.say('a', 'b', n);
      run.hear('b', { max: 2 });
      expect(run.of('MessageDelivered')[0]?.messages).to.have.lengthOf(2);
    });

    it('what cannot be asked of a message does not fit', () => {
      run.hear('b', { wanted: { where: 'message.data.n > 10' } });
      expect(run.say('a', 'b', 'text')).to.deep.equal(['MessageSent']);
      expect(run.say('a', 'b', { n: 11 })).to.deep.equal(['MessageSent', 'MessageDelivered']);
    });
  });

  describe('a name', () => {
    it('is a queue: whoever has waited longest gets the oldest', () => {
      run.hear('b', { mailbox: '#desk' });
      run.hear('a', { mailbox: '#desk' });
      run.post('#desk', 1);
      run.post('#desk', 2);
      expect(run.of('MessageDelivered').map(({ taskId }) => taskId)).to.deep.equal(['b', 'a']);
    });

    it('takes what comes from outside once', () => {
      const post = { type: 'PostMessage', commandId: 'x', from: 'me', message: { to: '#desk', data: 1 } } as const;
      expect(types(run.send(post))).to.deep.equal(['MessageSent']);
      expect(run.send(post)).to.deep.equal([]);
    });
  });

  describe('calls', () => {
    const sent = {
      type: 'SendMessages',
      taskId: 'a',
      attempt: 1,
      worker: 'w',
      messages: [{ to: 'b', data: 1 }],
    } as const;

    it('that come again are taken once', () => {
      expect(types(run.send({ ...sent, call: 1 }))).to.deep.equal(['MessageSent']);
      expect(run.send({ ...sent, call: 1 })).to.deep.equal([]);
      expect(types(run.send({ ...sent, call: 2 }))).to.deep.equal(['MessageSent']);
    });

    it('of another worker that makes the attempt begin anew; the one before is heard no more', () => {
      run.post('a', 'for a');
      run.hear('a');
      expect(run.open(run.of('MessageSent')[0]?.message ?? '')?.holder).to.include({ taskId: 'a' });
      const taken = run.send({ ...sent, worker: 'x', call: 1 });
      expect(types(taken)).to.deep.equal(['MessageSent', 'MessageRejected']);
      expect(taken[0]).to.have.property('message', 'run-1/a/1~1/1');
      expect(taken[1]).to.include({ because: 'ended' });
      const [late] = run.send({ ...sent, call: 2 });
      expect(late).to.include({ type: 'CommandRejected', code: 'REPRISE_MESSAGE_NOT_HELD' });
      run.events.pop();
      expect(types(run.send({ ...sent, worker: 'x', call: 2 }))).to.deep.equal(['MessageSent']);
    });

    it('of another worker that makes the attempt: what the one before fails with, which can do nothing more, is not its outcome', () => {
      run.say('a', 'b', 1);
      run.hear('b');
      const hear = { type: 'AwaitMessages', taskId: 'b', attempt: 1, worker: 'x', call: 1 } as const;
      expect(types(run.send(hear))).to.deep.equal(['MessageAwaited', 'MessageRejected', 'MessageDelivered']);
      const refused = run.hear('b');
      expect(refused).to.equal('REPRISE_MESSAGE_NOT_HELD');
      const error = { code: 'REPRISE_MESSAGE_NOT_HELD', message: 'made by another worker', retryable: false };
      const fail = { type: 'FailTask', taskId: 'b', attempt: 1, error } as const;
      expect(run.send({ ...fail, worker: 'w' })).to.deep.equal([]);
      expect(run.task('b').status).to.equal('running');
      expect(types(run.send({ ...fail, worker: 'x' }))[0]).to.equal('TaskAttemptFailed');
    });

    it('of an attempt that is over are refused, and leave no trace', () => {
      run.complete('b');
      const before = run.state.revision;
      const [late] = run.send({ ...sent, taskId: 'b', call: 1 });
      expect(late).to.include({ code: 'REPRISE_MESSAGE_NOT_HELD' });
      run.events.pop();
      expect(run.state.revision).to.equal(before);
    });

    it('send all of their messages, or none', () => {
      const [refused] = run.send({
        ...sent,
        call: 1,
        messages: [
          { to: 'b', data: 1 },
          { to: 'nobody', data: 2 },
        ],
      });
      run.events.pop();
      expect(refused).to.include({ code: 'REPRISE_MAILBOX_UNKNOWN' });
      expect(run.state.mail).to.equal(undefined);
    });
  });

  it('to an address that is nearly right is told which one may be meant', () => {
    run = talking(mailWorkflow({ a: {}, writer: {} }, { desk: {} }, { news: {} }));
    const meant = (to: string): string => {
      const [refused] = run.send({ type: 'PostMessage', from: 'me', message: { to, data: 1 } });
      run.events.pop();
      return refused?.type === 'CommandRejected' ? refused.message : '';
    };
    expect(meant('writr')).to.contain("is called so; did you mean 'writer'?");
    expect(meant('#dsek')).to.contain("no mailbox 'dsek'; did you mean '#desk'?");
    expect(meant('desk')).to.contain('did you mean "#desk"?');
    expect(meant('#news')).to.contain('it is a topic: publish to it.');
    expect(meant('nothing-like-it')).to.match(/is called so\.$/);
  });

  describe('keys', () => {
    it('are said once by all attempts of a task', () => {
      run.say('a', 'b', 1, { key: 'once' });
      run.fail('a');
      run.retry('a');
      run.beginAll();
      expect(run.say('a', 'b', 1, { key: 'once' })).to.deep.equal([]);
      expect(run.say('a', 'b', 2, { key: 'once' })).to.equal('REPRISE_MESSAGE_CONFLICT');
      run.events.pop();
      expect(run.say('a', 'b', 1)).to.deep.equal(['MessageSent']);
      expect(run.state.mail?.open.size).to.equal(2);
    });
  });

  describe('settling', () => {
    beforeEach(() => {
      run.post('b', 1, { type: 'one' });
      run.hear('b');
    });
    const id = () => run.of('MessageSent')[0]?.message ?? '';

    it('acknowledges once', () => {
      expect(run.settle('b', { acknowledge: [id()] })).to.deep.equal(['MessageAcknowledged']);
      expect(run.settle('b', { acknowledge: [id()] })).to.equal('REPRISE_MESSAGE_NOT_HELD');
      run.events.pop();
    });

    it('gives back after a delay; what is not due holds nobody else up', () => {
      expect(run.settle('b', { reject: [{ message: id(), reason: 'later', delayMs: 500 }] })).to.deep.equal([
        'MessageRejected',
      ]);
      run.post('b', 2);
      expect(run.hear('b')).to.deep.equal(['MessageAwaited', 'MessageDelivered']);
      run.hear('b');
      run.now += 500;
      expect(types(run.due())).to.deep.equal(['MessageDelivered']);
      expect(run.open(id())?.holder?.taskId).to.equal('b');
    });

    it('holds up its own conversation', () => {
      run.post('b', 'first', { conversation: 'c' });
      run.post('b', 'second', { conversation: 'c' });
      run.hear('b');
      const first = run.of('MessageDelivered').at(-1)?.messages[0] ?? '';
      run.settle('b', { reject: [{ message: first, reason: 'later', delayMs: 500 }] });
      expect(run.hear('b')).to.deep.equal(['MessageAwaited']);
      run.now += 500;
      run.due();
      expect(run.open(run.of('MessageDelivered').at(-1)?.messages[0] ?? '')?.data).to.equal('first');
      run.hear('b');
      expect(run.open(run.of('MessageDelivered').at(-1)?.messages[0] ?? '')?.data).to.equal('second');
    });

    it('makes a dead letter at the last time, with what became of it each time', () => {
      for (let time = 1; time <= 5; time += 1) {
        run.settle('b', { reject: [{ message: id(), reason: `no ${time}`, code: 'NO' }] });
        run.now += 60_000;
        if (time < 5) run.hear('b');
      }
      const [dead] = run.of('MessageDeadLettered');
      expect(dead).to.include({ code: 'REPRISE_MESSAGE_REJECTED', mailbox: 'b', subject: 'one' });
      expect(dead?.deliveries.map(({ reason }) => reason)).to.deep.equal(['no 1', 'no 2', 'no 3', 'no 4', 'no 5']);
      expect(dead?.error.cause).to.include({ code: 'NO', message: 'no 5' });
      expect(run.open(id())?.mailbox).to.equal('#dead-letters');
    });

    it('makes one at once when that is asked', () => {
      expect(run.settle('b', { reject: [{ message: id(), reason: 'never', requeue: false }] })).to.deep.equal([
        'MessageRejected',
        'MessageDeadLettered',
      ]);
    });

    it('by an error that is not to be retried is closed with a run that ends by it', () => {
      expect(types(run.fail('b', { retryable: false })).slice(0, 4)).to.include.members(['TaskAttemptFailed']);
      expect(run.of('RunFailed')).to.have.lengthOf(1);
      // The run ended with it: what came back is closed.
      expect(run.of('MessagesClosed')[0]).to.include({ scope: '', open: 1 });
    });

    it('by an error that is not to be retried makes one, too', () => {
      run = talking(mailWorkflow({ a: {}, b: { fallback: { kind: 'value', value: 0 } } }));
      run.post('b', 1);
      run.hear('b');
      expect(types(run.fail('b', { retryable: false }))).to.deep.equal([
        'TaskAttemptFailed',
        'TaskCompleted',
        'MessageRejected',
        'MessageDeadLettered',
      ]);
      expect(run.of('MessageDeadLettered')[0]).to.include({ code: 'REPRISE_MESSAGE_REJECTED', mailbox: 'b' });
    });

    it('by a final reply is done with, and by no other', () => {
      run.say('a', 'b', 'q', { performative: 'request' });
      run.hear('b');
      const asked = run.of('MessageSent').at(-1)?.message ?? '';
      const answer = { conversation: asked, inReplyTo: asked };
      expect(run.say('b', 'a', null, { ...answer, performative: 'agree' })).to.deep.equal(['MessageSent']);
      expect(run.say('b', 'a', 'done', answer)).to.deep.equal(['MessageSent', 'MessageAcknowledged']);
      expect(run.of('MessageAcknowledged')[0]?.messages).to.deep.equal([asked]);
    });
  });

  describe('dead letters', () => {
    const id = () => run.of('MessageSent')[0]?.message ?? '';
    beforeEach(() => {
      run.post('b', 'bad');
      run.hear('b');
      run.settle('b', { reject: [{ message: id(), reason: 'never', requeue: false }] });
    });

    it('are edited and redriven', () => {
      run.send({ type: 'EditDeadLetter', message: id(), data: 'good' });
      run.hear('b');
      expect(types(run.send({ type: 'RedriveDeadLetters', messages: [id()] }))).to.deep.equal([
        'DeadLettersRedriven',
        'MessageDelivered',
      ]);
      expect(run.open(id())).to.include({ data: 'good', deliveries: 0, mailbox: 'b' });
    });

    it('are redriven to somebody else', () => {
      run.send({ type: 'RedriveDeadLetters', messages: [id()], to: 'a' });
      expect(run.hear('a')).to.deep.equal(['MessageAwaited', 'MessageDelivered']);
    });

    it('are discarded', () => {
      run.send({ type: 'DiscardDeadLetters', messages: [id()] });
      expect(run.state.mail?.open.size).to.equal(0);
      const [refused] = run.send({ type: 'DiscardDeadLetters', messages: [id()] });
      expect(refused).to.include({ code: 'REPRISE_DEAD_LETTER_UNKNOWN' });
    });

    it('are taken by a task like any message, and come back as often as it fails', () => {
      run.hear('a', { mailbox: '#dead-letters' });
      expect(run.of('MessageDelivered').at(-1)).to.include({ taskId: 'a' });
      for (let times = 0; times < 7; times += 1) {
        run.fail('a', { code: 'REPRISE_WORKER_LOST', lost: true });
        run.retry('a');
        run.beginAll();
        run.hear('a', { mailbox: '#dead-letters' });
      }
      run.complete('a');
      expect(run.state.mail?.open.size).to.equal(0);
      expect(run.of('MessageDeadLettered')).to.have.lengthOf(1);
    });
  });

  describe('expiry', () => {
    it('makes a dead letter of what nobody has by then', () => {
      run.say('a', 'b', 1, { expiresMs: 1000 });
      run.say('a', 'b', 2, { expiresMs: 1000, drop: true });
      run.now += 999;
      expect(run.due()).to.deep.equal([]);
      run.now += 1;
      expect(types(run.due())).to.deep.equal(['MessageExpired', 'MessageDeadLettered']);
      expect(run.of('MessageDeadLettered')[0]).to.include({ code: 'REPRISE_MESSAGE_EXPIRED' });
      expect(run.state.mail?.open.size).to.equal(1);
    });

    it('lets be what somebody has, until it comes back', () => {
      run.say('a', 'b', 1, { expiresMs: 1000 });
      run.hear('b');
      run.now += 2000;
      expect(run.due()).to.deep.equal([]);
      run.fail('b');
      expect(types(run.due())).to.deep.equal(['MessageExpired', 'MessageDeadLettered']);
    });

    it('is not handed out when its time is up and nobody has looked', () => {
      run.say('a', 'b', 1, { expiresMs: 1000 });
      run.now += 1000;
      expect(run.hear('b')).to.deep.equal(['MessageAwaited']);
    });

    it('of several things at once comes in one order, whatever was noted first, and after a snapshot', () => {
      const notes = [
        (one: MailRun) => one.hear('b', { timeoutMs: 1000 }),
        (one: MailRun) => one.say('a', '#desk', 1, { performative: 'request', deadlineMs: 1000 }),
        (one: MailRun) => one.post('#desk', 1, { expiresMs: 1000 }),
      ];
      const told = [notes, notes.toReversed()].flatMap((noted) => {
        const one = talking();
        for (const note of noted) note(one);
        const copy = restoreState(serializeState(one.state), (definition) => definition);
        const now = one.now + 1000;
        const due = {
          type: 'FireTimer',
          commandId: 'due',
          runId: one.state.runId,
          timer: { kind: 'messages' },
        } as const;
        const context = { now, random: () => 0.5, maxPayloadChars: 1000 };
        return [one.state, copy].map((state) => types(decide(state, { ...due, at: now }, context)).join(' '));
      });
      const all =
        'ConversationExpired MessageSent MessageMissed MessageExpired MessageDeadLettered MessageDeadLettered';
      expect(told).to.deep.equal([all, all, all, all]);
    });

    it('goes on while the run is paused', () => {
      run.say('a', 'b', 1, { expiresMs: 1000 });
      run.send({ type: 'PauseRun' });
      run.now += 1000;
      expect(types(run.due())).to.deep.equal(['MessageExpired', 'MessageDeadLettered']);
    });
  });

  describe('bad input', () => {
    it('is refused with a code, and changes nothing', () => {
      const before = stateDigest(run.state);
      const refusals: readonly (readonly [string, string | readonly string[]])[] = [
        ['REPRISE_MAILBOX_UNKNOWN', run.say('a', 'nobody', 1)],
        ['REPRISE_MAILBOX_UNKNOWN', run.say('a', '#nowhere', 1)],
        ['REPRISE_MAILBOX_UNKNOWN', run.say('a', '#dead-letters', 1)],
        ['REPRISE_MAILBOX_UNKNOWN', run.say('a', '../b', 1)],
        ['REPRISE_MESSAGE_INVALID', run.say('a', '', 1)],
        ['REPRISE_PAYLOAD_TOO_LARGE', run.say('a', 'b', 'x'.repeat(300_000))],
        ['REPRISE_INVALID_PAYLOAD', run.say('a', 'b', JSON.parse('{"__proto__":1}'))],
        ['REPRISE_MESSAGE_INVALID', run.say('a', 'b', 1, { performative: 'shout' as never })],
        ['REPRISE_MESSAGE_INVALID', run.say('a', 'b', 1, { expiresMs: -1 })],
        ['REPRISE_MESSAGE_INVALID', run.say('a', 'b', 1, { key: '' })],
        ['REPRISE_MESSAGE_INVALID', run.say('a', 'b', 1, { odd: 1 } as never)],
        ['REPRISE_MAILBOX_UNKNOWN', run.hear('a', { mailbox: 'b' })],
        ['REPRISE_MESSAGE_INVALID', run.hear('a', { max: 0 })],
        ['REPRISE_MESSAGE_INVALID', run.hear('a', { wanted: { where: 'this is no CEL' } })],
        ['REPRISE_MESSAGE_NOT_HELD', run.settle('a', { acknowledge: ['run/x/1/1'] })],
        ['REPRISE_MESSAGE_INVALID', run.settle('a', {})],
      ];
      for (const [code, told] of refusals) {
        expect(told).to.equal(code);
        run.events.splice(
          run.events.findIndex(({ type }) => type === 'CommandRejected'),
          1,
        );
      }
      expect(stateDigest(run.state)).to.equal(before);
    });

    it('that is an address of something else is told what is meant', () => {
      const why = (to: string): unknown => {
        run.say('a', to, 1);
        const [refused] = run.of('CommandRejected').slice(-1);
        run.events.splice(
          run.events.findIndex(({ type }) => type === 'CommandRejected'),
          1,
        );
        return refused?.message;
      };
      expect(why('desk')).to.match(/is called so; did you mean "#desk"\?$/);
      expect(why('dusk')).to.match(/is called so\.$/);
      expect(why('@bot')).to.match(/to other runs, or to names of no run,.*may: \[sendAcross\]/);
    });

    it('of people is refused on record', () => {
      expect(run.post('nobody', 1)).to.equal('REPRISE_MAILBOX_UNKNOWN');
      const [named] = run.send({ type: 'PostMessage', from: 'a', message: { to: 'b', data: 1 } });
      expect(named).to.include({ code: 'REPRISE_MESSAGE_INVALID' });
      expect(run.of('CommandRejected')).to.have.lengthOf(2);
    });
  });
});

describe('messages beside everything else', () => {
  it('may not be sent by an agent that may not; what it has taken it may answer', () => {
    const run = talking(mailWorkflow({ a: {}, b: { may: [] } }));
    expect(run.say('b', 'a', 1)).to.equal('REPRISE_MESSAGE_INVALID');
    run.events.pop();
    run.say('a', 'b', 'what?', { performative: 'request' });
    run.hear('b');
    const [asked] = run.of('MessageSent');
    expect(run.say('b', 'a', 'that', { inReplyTo: asked?.message ?? '' })).to.deep.equal([
      'MessageSent',
      'MessageAcknowledged',
    ]);
    run.check();
  });

  it('a mailbox takes as many as it does', () => {
    const run = talking(mailWorkflow({ a: {} }, { desk: { limit: 2 } }));
    run.say('a', '#desk', 1);
    run.say('a', '#desk', 2);
    expect(run.say('a', '#desk', 3)).to.equal('REPRISE_MAILBOX_FULL');
    run.events.pop();
    run.check();
  });

  it('what may not happen twice is a dead letter at once when nobody knows', () => {
    const run = talking(
      mailWorkflow({ a: {}, b: { delivery: 'at-most-once', fallback: { kind: 'value', value: 0 } } }),
    );
    run.say('a', 'b', 1);
    run.hear('b');
    run.fail('b', { code: 'REPRISE_OUTCOME_UNKNOWN', lost: true });
    expect(run.of('MessageDeadLettered')[0]).to.include({ code: 'REPRISE_OUTCOME_UNKNOWN' });
    run.check();
  });

  it('a dead letter that comes back so is one of where it was sent, still', () => {
    const fallback = { kind: 'value', value: 0 } as const;
    const once = { delivery: 'at-most-once', fallback } as const;
    const run = talking(mailWorkflow({ a: {}, b: once, c: once }));
    run.say('a', 'b', 1);
    run.hear('b');
    run.fail('b', { code: 'REPRISE_OUTCOME_UNKNOWN', lost: true });
    run.hear('c', { mailbox: '#dead-letters' });
    run.fail('c', { code: 'REPRISE_OUTCOME_UNKNOWN', lost: true });
    expect(run.of('MessageDeadLettered').map(({ mailbox }) => mailbox)).to.deep.equal(['b', 'b']);
    const id = run.of('MessageSent')[0]?.message ?? '';
    run.send({ type: 'RedriveDeadLetters', messages: [id] });
    expect(run.open(id)).to.include({ mailbox: 'b', dead: undefined });
    run.check();
  });

  it('the end of the run closes what is open, in one event', () => {
    const run = talking();
    run.say('a', 'b', 1);
    run.complete('a');
    const end = run.complete('b');
    expect(types(end)).to.deep.equal(['TaskCompleted', 'MessagesClosed', 'RunCompleted']);
    expect(run.state.mail).to.equal(undefined);
    run.check();
  });

  it('a run that goes on from there has it, and not its closing', () => {
    const run = talking();
    run.say('a', 'b', 1);
    run.send({ type: 'CancelRun', force: true });
    const history = new SourceHistory();
    for (const event of run.events) history.fold(event);
    expect(types(run.events.slice((history.cut()?.revision ?? 0) + 1))).to.deep.equal([
      'MessagesClosed',
      'RunCancelled',
    ]);
  });

  const asTold = (next: PureRun, data: Json = 1) =>
    types(
      next.send({
        type: 'SendMessages',
        taskId: 'a',
        attempt: next.task('a').attempt,
        worker: 'w',
        call: 1,
        messages: [{ to: '#desk', data, key: 'once' }],
      }),
    );

  it('what was said under a key is not said again by a run that goes on, whether or not it was taken', () => {
    for (const isTaken of [false, true]) {
      const run = talking();
      run.say('a', '#desk', 1, { key: 'once' });
      if (isTaken) {
        run.hear('b', { mailbox: '#desk' });
        run.settle('b', { acknowledge: [...(run.state.mail?.open.keys() ?? [])] });
      }
      run.send({ type: 'CancelRun', force: true });
      const next = goOnFrom(run);
      next.schedule('a');
      next.begin('a');
      expect(asTold(next)).to.deep.equal([]);
      expect(asTold(next, 2)).to.deep.equal(['CommandRejected']);
      expect(next.of('MessageSent')).to.have.length(1);
    }
  });

  it('nor by one that failed for good before the run did', () => {
    for (const isTaken of [false, true]) {
      const retry = { ...DEFAULT_RETRY, maxAttempts: 1 };
      const run = talking(mailWorkflow({ a: { retry }, b: {}, c: { after: ['a', 'b'], join: 2 } }, { desk: {} }));
      run.say('a', '#desk', 1, { key: 'once' });
      if (isTaken) {
        run.hear('b', { mailbox: '#desk' });
        run.settle('b', { acknowledge: [...(run.state.mail?.open.keys() ?? [])] });
      }
      run.fail('a');
      expect(run.state.status).to.equal('failed');
      const next = goOnFrom(run);
      next.schedule('a');
      next.begin('a');
      expect(asTold(next)).to.deep.equal([]);
      expect(asTold(next, 2)).to.deep.equal(['CommandRejected']);
      next.complete('a');
      next.send({ type: 'CancelRun', force: true });
      expect(next.replayed().stateDigest).to.equal(next.state.stateDigest);
    }
  });

  it('a run without messages has nothing of them', () => {
    const run = talking();
    expect(run.state.mail).to.equal(undefined);
    run.complete('a');
    expect(types(run.complete('b'))).to.deep.equal(['TaskCompleted', 'RunCompleted']);
    run.check();
  });

  it('cancelled by force, it closes them, too', () => {
    const run = talking();
    run.say('a', 'b', 1);
    run.hear('b');
    expect(types(run.send({ type: 'CancelRun', force: true }))).to.deep.equal(['MessagesClosed', 'RunCancelled']);
    run.check();
  });

  it('to a run that has ended is refused', () => {
    const run = talking();
    run.complete('a');
    run.complete('b');
    const [refused] = run.send({ type: 'PostMessage', from: 'me', message: { to: 'b', data: 1 } });
    expect(refused).to.include({ code: 'REPRISE_RUN_CLOSED' });
  });
});

describe('a wait for a message', () => {
  const waits = (message: object, more: object = {}) =>
    mailWorkflow({ a: {}, w: { wait: { message }, ...more }, after: { after: ['w'] } });

  it('takes the oldest that fits, and gives it', () => {
    const run = talking(waits({ from: 'a', where: { kind: 'cel', source: 'message.data.n > 3' } }));
    run.say('a', 'w', { n: 0 });
    run.post('w', { n: 9 });
    expect(run.status('w')).to.equal('running');

    expect(run.say('a', 'w', { n: 5 }))
      .to.include('TaskCompleted')
      .and.to.have.lengthOf.above(1);
    expect(run.task('w').output).to.include({ from: 'a', mailbox: 'w', performative: 'inform', delivery: 1 });
    run.check();
  });

  it('is woken by what was there before it began', () => {
    const run = talking(mailWorkflow({ a: {}, w: { wait: { message: {} }, after: ['a'] } }));
    run.say('a', 'w', 1);
    expect(types(run.complete('a'))).to.deep.equal(['TaskCompleted', 'TaskEntered', 'TaskCompleted', 'RunCompleted']);
    run.check();
  });

  it('with a repeat takes another in each round', () => {
    const repeat = {
      from: 'w',
      until: { kind: 'cel', source: 'output.data == 3' },
      max: 5,
      onExhausted: 'fail',
    } as const;
    const run = talking(mailWorkflow({ a: {}, w: { wait: { message: {} }, repeat } }));
    for (const n of [1, 2, 3]) run.say('a', 'w', n);
    expect(run.task('w')).to.include({ status: 'completed', round: 3 });
    expect(run.state.mail?.open.size).to.equal(0);
    run.check();
  });

  it('gives its default when its time is up', () => {
    const run = talking(
      mailWorkflow({
        w: { wait: { message: {}, default: { kind: 'template', template: 'none' } }, timeouts: { taskMs: 50 } },
      }),
    );
    run.now += 50;
    run.fire({ kind: 'task', taskId: 'w', since: run.task('w').firstScheduledAt ?? 0 });
    expect(run.task('w').output).to.equal('none');
    run.check();
  });
});

describe('the performer send', () => {
  const to = { kind: 'template', template: 'b' } as const;
  const data = { kind: 'template', template: { n: 1 } } as const;

  it('sends, and gives the id', () => {
    const run = talking(mailWorkflow({ s: { send: { to, data } }, b: { after: ['s'] } }));
    const [sent] = run.of('MessageSent');
    expect(sent).to.deep.include({ to: 'b', data: { n: 1 }, from: { task: 's' } });
    expect(run.task('s').output).to.deep.equal({ id: sent?.message });
    run.check();
  });

  it('waits until somebody is done with it', () => {
    const run = talking(mailWorkflow({ s: { send: { to, data, until: 'acknowledged' } }, b: {} }));
    expect(run.status('s')).to.equal('running');
    run.hear('b');
    expect(types(run.complete('b'))).to.deep.equal([
      'MessageAcknowledged',
      'TaskCompleted',
      'TaskCompleted',
      'RunCompleted',
    ]);
    run.check();
  });

  it('fails with what became of it', () => {
    const run = talking(mailWorkflow({ s: { send: { to, data, until: 'acknowledged', expiresMs: 100 } }, b: {} }));
    run.now += 100;
    run.due();
    expect(run.task('s').error).to.include({ code: 'REPRISE_MESSAGE_EXPIRED' });
    run.check();
  });

  it('to nobody fails on the one path', () => {
    const nobody = { kind: 'template', template: 'nobody' } as const;
    const run = talking(
      mailWorkflow({ s: { send: { to: nobody, data }, fallback: { kind: 'value', value: 'none' } }, b: {} }),
    );
    expect(run.task('s').output).to.equal('none');
    run.check();
  });
});

describe('a mailbox whose task, or whose block, is over', () => {
  const inBlock = workflow('m')
    .task('a', 'a', { may: 'send' })
    .scope('blk', (block) => block.task('x', 'x').task('y', 'y'))
    .send('ask', { to: 'blk/x', data: 1, until: 'acknowledged' })
    .build();

  it('fails a send that waits there when the task ends', () => {
    const run = talking(inBlock);
    run.beginAll();
    expect(types(run.complete('blk/x'))).to.include('TaskFailed');
    const [failed] = run.of('TaskFailed');
    expect(failed).to.deep.include({ taskId: 'ask' });
    expect(failed?.error.code).to.equal('REPRISE_MAILBOX_CLOSED');
    run.check();
  });

  it('fails a send whose dead letter somebody takes at once', () => {
    const run = talking(
      workflow('m')
        .task('x', 'x')
        .send('ask', { to: 'x', data: 1, until: 'acknowledged', expires: 100 })
        .wait('dead', { message: { mailbox: '#dead-letters' } })
        .build(),
    );
    run.now += 100;
    run.due();
    expect(run.of('TaskFailed')[0]?.error.code).to.equal('REPRISE_MESSAGE_EXPIRED');
    run.check();
  });

  it('fails a send to a task that had ended', () => {
    const run = talking(
      workflow('m').task('x', 'x').send('ask', { to: 'x', data: 1, until: 'acknowledged' }, { after: 'x' }).build(),
    );
    run.complete('x');
    expect(run.of('TaskFailed')[0]?.error.code).to.equal('REPRISE_MAILBOX_CLOSED');
    run.check();
  });

  it('waits where another round may take it', () => {
    const run = talking(
      workflow('m')
        .task('x', 'x', { repeat: { until: cel('round == 3'), max: 3 } })
        .send('ask', { to: 'x', data: 1, until: 'acknowledged' })
        .build(),
    );
    run.complete('x');
    run.beginAll();
    expect(run.of('TaskFailed')).to.deep.equal([]);
    run.hear('x');
    run.complete('x');
    expect(run.status('ask')).to.equal('completed');
    run.check();
  });

  it('is closed once, when blocks in blocks end together', () => {
    const { tasks } = mailWorkflow({ pay: {} }).definition;
    const inner = mailWorkflow({ inner: { scope: { tasks } }, other: {} }).definition;
    const run = talking(mailWorkflow({ book: { scope: { tasks: inner.tasks } }, a: {} }));
    run.say('a', 'book/inner/pay', 1);
    run.say('a', 'book/other', 2);
    run.send({ type: 'SkipTask', taskId: 'book' });
    const closed = run.of('MessagesClosed');
    expect(closed.map(({ scope, open }) => `${scope}: ${open}`)).to.deep.equal(['book/inner: 1', 'book: 1']);
    run.check();
  });

  it('is that of whatever undoes what was done in a block that is over', () => {
    const retry = { ...DEFAULT_RETRY, maxAttempts: 1 };
    const undone = { compensate: { agent: 'undoer', retry, timeouts: {} } };
    const { tasks } = mailWorkflow({ pay: undone }).definition;
    const run = talking(mailWorkflow({ book: { scope: { tasks } }, b: { after: ['book'], retry } }));
    run.complete('book/pay');
    run.beginAll();
    run.fail('b');
    run.beginAll();
    expect(run.hear('book/pay@1', { timeoutMs: 10 })).to.deep.equal(['MessageAwaited']);
    run.check();
  });

  it('takes nothing when its block is over, nor what is redriven', () => {
    const run = talking(
      workflow('m')
        .task('a', 'a', { may: 'send' })
        .scope('blk', (block) => block.task('x', 'x').task('y', 'y'))
        .build(),
    );
    run.beginAll();
    run.say('a', 'blk/x', 'q', { expiresMs: 10 });
    const id = run.of('MessageSent').at(-1)?.message ?? '';
    run.now += 10;
    run.due();
    run.complete('blk/x');
    run.complete('blk/y');
    expect(run.say('a', 'blk/x', 'q')).to.equal('REPRISE_MAILBOX_CLOSED');
    const redriven = run.send({ type: 'RedriveDeadLetters', messages: [id] });
    expect(redriven[0]).to.deep.include({ type: 'CommandRejected', code: 'REPRISE_MAILBOX_CLOSED' });
    run.check();
  });
});

describe('whoever writes from outside', () => {
  it('has the name of no mailbox, task or item, so that an answer to it opens nothing', () => {
    const run = talking(mailWorkflow({ a: {}, b: { may: [] } }, { desk: {} }));
    for (const from of ['#desk', '@desk', '>one/a', 'client:me', 'a', 'a[0]', 'a/b', ''])
      expect(types(run.send({ type: 'PostMessage', from, message: { to: 'b', data: 1 } }))).to.deep.equal([
        'CommandRejected',
      ]);
    run.post('b', 1);
    const id = run.of('MessageSent').at(-1)?.message ?? '';
    run.hear('b');
    // They are answered on record, where they can read it.
    expect(run.say('b', 'me', 'x', { inReplyTo: id })).to.deep.equal(['MessageSent', 'MessageAcknowledged']);
    expect(run.of('MessageSent').at(-1)?.to).to.equal('client:me');
    expect(run.state.mail?.open.size).to.equal(0);
    expect(run.say('b', 'client:me', 'x')).to.equal('REPRISE_MESSAGE_INVALID');
    run.events.pop();
    run.check();
  });
});

describe('more dead letters than a run keeps', () => {
  it('are the oldest of them, and they are discarded by an event', () => {
    const run = talking();
    for (let round = 0; round < 21; round++) {
      for (let n = 0; n < 500; n++) run.post('#desk', round * 500 + n, { expiresMs: 1000 });
      run.now += 1000;
      while (run.due().length > 0);
    }
    const discarded = run.of('DeadLettersDiscarded');
    const gone = discarded.flatMap(({ messages }) => messages);
    const dead = run.of('MessageDeadLettered').map(({ message }) => message);
    expect(gone).to.deep.equal(dead.slice(0, 500));
    expect(discarded.every((event) => !('commandId' in event))).to.equal(true);
    expect(run.state.mail?.open.size).to.equal(10_000);
    expect(run.state.mail?.open.has(dead[500] ?? '')).to.equal(true);
    let again = initialState();
    for (const event of run.events) {
      if (event.type === 'DeadLettersDiscarded') {
        expect(followsFlaw(again, event)).to.equal(undefined);
        expect(followsFlaw(again, { ...event, messages: [dead[900] ?? ''] })).to.not.equal(undefined);
      }
      again = evolve(again, event);
    }
    expect(stateDigest(again)).to.equal(stateDigest(run.state));
  });
});
