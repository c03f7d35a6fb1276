import { seededRandom } from '@reprise/core/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import type { TaskDefinition } from '../../../src/definition/definition.ts';
import { mailboxWorkflow } from '../../../src/orchestration/runtime/mailbox-run.ts';
import type { ReceiveMessage } from '../../../src/orchestration/workflow/commands.ts';
import { deliveredBefore } from '../../../src/orchestration/workflow/effects.ts';
import type { RunEvent } from '../../../src/orchestration/workflow/events.ts';
import { mailboxRun } from '../../../src/orchestration/workflow/messaging/elsewhere.ts';
import type { Outgoing } from '../../../src/orchestration/workflow/messaging/message.ts';
import { MailRun, mailWorkflow } from './mail-run.ts';
import { PostOffice } from './post-office.ts';

const across = { may: ['send', 'sendAcross'] as const };

/** Two runs whose agents have begun: `a` and `b` of run one, `x` and `y` of run two. */
function pair(mailboxes?: Parameters<typeof mailWorkflow>[1]) {
  const one = new MailRun(mailWorkflow({ a: across, b: across }, mailboxes), null, { runId: 'one' });
  const two = new MailRun(mailWorkflow({ x: across, y: across }, mailboxes), null, { runId: 'two' });
  one.beginAll();
  two.beginAll();
  return { one, two, post: new PostOffice(one, two) };
}

const typesOf = (events: readonly RunEvent[], from = 0): string[] => events.slice(from).map(({ type }) => type);

describe('messages between runs', () => {
  it('are on their way, then there, and then gone where they came from', () => {
    const { one, two, post } = pair();
    expect(one.say('a', 'x', { n: 1 }, { run: 'two' })).to.deep.equal(['MessageSent']);
    expect(one.of('MessageSent')[0]).to.deep.include({ to: 'x', run: 'two', n: 1 });
    post.run();
    expect(two.of('MessageReceived')[0]).to.deep.include({
      from: { task: 'a', attempt: 1, run: 'one' },
      origin: { run: 'one', to: 'x', n: 1 },
      to: 'x',
    });
    expect(one.of('MessagesHandedOver')).to.have.length(1);
    expect(one.state.mail?.open.size).to.equal(0);
    two.hear('x');
    expect(two.of('MessageDelivered')).to.have.length(1);
    two.complete('x');
    expect(two.state.mail?.open.size).to.equal(0);
    one.check();
    two.check();
  });

  it('are taken once, however often and late they are brought', () => {
    const { one, two, post } = pair();
    for (const n of [1, 2, 3]) one.say('a', 'x', n, { run: 'two' });
    const [first, second, third] = post.offers(one);
    if (first === undefined || second === undefined || third === undefined) throw new Error('nothing is on its way');
    // Before those that come before it, none is taken.
    expect(post.bring(third)).to.equal('REPRISE_MESSAGE_OUT_OF_ORDER');
    expect(post.bring(second)).to.equal('REPRISE_MESSAGE_OUT_OF_ORDER');
    for (const offer of [first, first, second, first, third, second, third])
      expect(post.bring(offer)).to.equal(undefined);
    expect(two.of('MessageReceived').map(({ data }) => data)).to.deep.equal([1, 2, 3]);
    post.note(third);
    expect(one.state.mail?.open.size).to.equal(0);
    expect(post.offers(one)).to.deep.equal([]);
    expect(post.bring(second)).to.equal(undefined);
    expect(two.of('MessageReceived')).to.have.length(3);
  });

  it('to one mailbox do not hold up those to another', () => {
    const { one, two, post } = pair({ narrow: { limit: 1 } });
    for (const to of ['#narrow', '#narrow', 'x']) one.say('a', to, to, { run: 'two' });
    const offers = post.offers(one);
    expect(offers.map((offer) => post.bring(offer))).to.deep.equal([undefined, 'REPRISE_MAILBOX_FULL', undefined]);
    expect(two.of('MessageReceived').map(({ to }) => to)).to.deep.equal(['#narrow', 'x']);
  });

  it('that another run refuses for good are dead letters where they were sent, and may be redriven', () => {
    const { one, two, post } = pair();
    one.say('a', 'nobody', 1, { run: 'two' });
    one.say('a', 'x', 2, { run: 'two' });
    post.run();
    expect(one.of('MessageDeadLettered')[0]).to.deep.include({
      code: 'REPRISE_MAILBOX_UNKNOWN',
      mailbox: '>two/nobody',
    });
    expect(two.of('MessageReceived').map(({ data }) => data)).to.deep.equal([2]);
    const [{ message = '' } = {}] = one.of('MessageDeadLettered');
    one.send({ type: 'RedriveDeadLetters', messages: [message] });
    expect(post.offers(one).map(({ n }) => n)).to.deep.equal([2]);
    one.check();
  });

  it('that come too late are not taken', () => {
    const { one, two, post } = pair();
    one.say('a', 'x', 1, { run: 'two', expiresMs: 100 });
    const [offer] = post.offers(one);
    two.now += 100;
    expect(offer && post.bring(offer)).to.equal('REPRISE_MESSAGE_EXPIRED');
    offer && post.refuse(offer, 'REPRISE_MESSAGE_EXPIRED');
    expect(typesOf(one.events).slice(-2)).to.deep.equal(['MessageExpired', 'MessageDeadLettered']);
    one.say('a', 'x', 2, { run: 'two', expiresMs: 100, drop: true });
    const [dropped] = post.offers(one);
    dropped && post.refuse(dropped, 'REPRISE_MESSAGE_EXPIRED');
    expect(typesOf(one.events).slice(-1)).to.deep.equal(['MessageExpired']);
    expect([...(one.state.mail?.open.values() ?? [])].map(({ mailbox }) => mailbox)).to.deep.equal(['#dead-letters']);
    one.check();
  });

  it('of a run that was not heard of for a week are not taken for new', () => {
    const { one, two, post } = pair();
    one.say('a', 'x', 1, { run: 'two' });
    const [offer] = post.offers(one);
    two.now += 8 * 86_400_000;
    expect(offer && post.bring(offer)).to.equal('REPRISE_MESSAGE_STALE');
    two.now -= 2 * 86_400_000;
    expect(offer && post.bring(offer)).to.equal(undefined);
    // What it has had of a silent run is forgotten when others write.
    two.now += 8 * 86_400_000;
    one.now = two.now;
    one.say('a', 'y', 2, { run: 'two' });
    post.run();
    expect([...(two.state.mail?.marks.keys() ?? [])]).to.deep.equal(['>one/y']);
    two.check();
  });

  it('need the permission, but for answers', () => {
    const one = new MailRun(mailWorkflow({ a: across }), null, { runId: 'one' });
    const two = new MailRun(mailWorkflow({ x: {} }), null, { runId: 'two' });
    one.beginAll();
    two.beginAll();
    const post = new PostOffice(one, two);
    one.say('a', 'x', 1, { run: 'two', performative: 'request' });
    post.run();
    two.hear('x');
    expect(two.say('x', 'a', 'no', { run: 'one' })).to.equal('REPRISE_MESSAGE_INVALID');
    two.events.pop();
    const id = two.of('MessageReceived')[0]?.message ?? '';
    expect(two.say('x', 'a', 'yes', { run: 'one', inReplyTo: id, conversation: id })).to.deep.equal([
      'MessageSent',
      'MessageAcknowledged',
    ]);
    post.run();
    one.hear('a', { wanted: { inReplyTo: id } });
    expect(one.of('MessageDelivered')).to.have.length(1);
    expect(one.state.mail?.conversations.size).to.equal(0);
    expect(two.state.mail?.conversations.size).to.equal(0);
    one.check();
    two.check();
  });

  it('are of whom they are of: a task of the same name here is another', () => {
    const { one, two, post } = pair();
    two.say('x', 'a', 'from afar', { run: 'one' });
    post.run();
    one.hear('a', { wanted: { from: 'x' } });
    expect(one.of('MessageDelivered')).to.deep.equal([]);
    one.hear('a', { wanted: { from: 'x', run: 'two' } });
    expect(one.of('MessageDelivered')).to.have.length(1);
    one.check();
  });

  it('end the run only once others have them', () => {
    const { one, two, post } = pair();
    one.say('a', 'x', 'last words', { run: 'two' });
    one.complete('a');
    one.complete('b');
    expect(typesOf(one.events).slice(-1)).to.deep.equal(['HandOverAwaited']);
    expect(one.state.status).to.equal('running');
    post.run();
    expect(typesOf(one.events).slice(-2)).to.deep.equal(['MessagesHandedOver', 'RunCompleted']);
    one.check();
    // What comes again is known after the end, too.
    two.complete('x');
    two.complete('y');
    expect(two.state.status).to.equal('completed');
    expect(post.bring({ ...offerOf('one', 'two', 1) })).to.equal(undefined);
    expect(post.bring({ ...offerOf('one', 'two', 2) })).to.equal('REPRISE_RUN_CLOSED');
  });

  it('end it all the same after a while, as dead letters', () => {
    const { one } = pair();
    one.say('a', 'x', 'last words', { run: 'two' });
    one.complete('a');
    one.complete('b');
    one.now += 5 * 60_000;
    one.due();
    expect(typesOf(one.events).slice(-3)).to.deep.equal(['MessageDeadLettered', 'MessagesClosed', 'RunCompleted']);
    expect(one.of('MessageDeadLettered')[0]?.code).to.equal('REPRISE_MESSAGE_UNDELIVERED');
    one.check();
  });

  it('do not hold up an end by force, the second time that it is said', () => {
    const { one } = pair();
    one.say('a', 'x', 'last words', { run: 'two' });
    one.send({ type: 'CancelRun', force: true });
    expect(typesOf(one.events).slice(-2)).to.deep.equal(['TaskClosing', 'HandOverAwaited']);
    expect(one.of('TaskClosing')[0]).to.deep.include({ why: 'cancel', compensate: false, force: true });
    for (const id of ['a', 'b']) expect(one.status(id)).to.equal('cancelled');
    expect(one.state.status).to.equal('running');
    one.send({ type: 'CancelRun', force: true });
    expect(typesOf(one.events).slice(-2)).to.deep.equal(['MessagesClosed', 'RunCancelled']);
    expect(one.of('MessagesClosed')[0]?.open).to.equal(1);
    one.check();
  });

  it('are handed over before an end by force, which waits for nothing else', () => {
    const { one, two, post } = pair();
    one.say('a', 'x', 'last words', { run: 'two' });
    // It waited for its attempts: they could be undone, or not.
    one.send({ type: 'CancelRun', compensate: false });
    one.send({ type: 'CancelRun', force: true });
    post.run();
    expect(two.of('MessageReceived').map(({ data }) => data)).to.deep.equal(['last words']);
    expect(one.state.status).to.equal('cancelled');
    expect(one.of('MessagesClosed')).to.have.length(0);
    for (const run of [one, two]) run.check();
  });

  it('are dead letters when an end by force has waited for 5 minutes', () => {
    const { one } = pair();
    one.say('a', 'x', 'last words', { run: 'two' });
    one.send({ type: 'CancelRun', force: true });
    one.now += 5 * 60_000;
    one.due();
    expect(one.of('MessageDeadLettered')[0]?.code).to.equal('REPRISE_MESSAGE_UNDELIVERED');
    expect(one.state.status).to.equal('cancelled');
    one.check();
  });

  it('that ask are answered by the run for whoever ended without an answer', () => {
    const { one, two, post } = pair();
    one.say('a', 'x', 'why?', { run: 'two', performative: 'request' });
    post.run();
    two.complete('x');
    const [answer] = two.of('MessageSent');
    expect(answer).to.deep.include({ to: 'a', run: 'one', performative: 'failure', onBehalf: true });
    post.run();
    expect(one.state.mail?.conversations.size).to.equal(0);
    one.hear('a');
    expect(one.of('MessageDelivered')).to.have.length(1);
    one.check();
    two.check();
  });

  it('that ask a name are answered when the run ends before anybody took them', () => {
    const { one, two, post } = pair({ desk: {} });
    one.say('a', '#desk', 'why?', { run: 'two', performative: 'request' });
    post.run();
    two.complete('x');
    two.complete('y');
    expect(typesOf(two.events).slice(-3)).to.deep.equal(['ConversationExpired', 'MessageSent', 'HandOverAwaited']);
    post.run();
    expect(two.state.status).to.equal('completed');
    expect(one.state.mail?.conversations.size).to.equal(0);
    one.check();
    two.check();
  });

  it('that break their conversation there are dead letters, and not understood', () => {
    const { one, two, post } = pair();
    one.say('a', 'x', 'why?', { run: 'two', performative: 'request', deadlineMs: 100 });
    post.run();
    const id = one.of('MessageSent')[0]?.message ?? '';
    // By its own clock, the time is up.
    one.now += 100;
    one.due();
    expect(one.of('ConversationExpired')).to.have.length(1);
    one.say('a', 'x', 'that', { run: 'two', performative: 'accept-proposal', conversation: id });
    const [offer] = post.offers(one);
    expect(offer && post.bring(offer)).to.equal('REPRISE_CONVERSATION_BROKEN');
    offer && post.refuse(offer, 'REPRISE_CONVERSATION_BROKEN');
    expect(one.of('MessageSent').at(-1)).to.deep.include({
      from: { task: 'x', run: 'two' },
      to: 'a',
      performative: 'not-understood',
      inReplyTo: offer?.sent.message,
      onBehalf: true,
    });
    expect(one.of('MessageDeadLettered')).to.have.length(1);
    one.check();
    two.check();
  });

  for (const answersAgain of [false, true])
    it(`that answer another message than a send waits for are refused, or there, and not understood${answersAgain ? '; then answer' : ''}`, () => {
      const text = (template: string) => ({ kind: 'template', template }) as const;
      const send = { to: text('x'), run: text('two'), data: text('why?'), until: 'replied' } as const;
      const one = new MailRun(mailWorkflow({ ask: { ...across, send } }), null, { runId: 'one' });
      const two = new MailRun(mailWorkflow({ x: across, y: across }), null, { runId: 'two' });
      one.beginAll();
      two.beginAll();
      const post = new PostOffice(one, two);
      post.run();
      const id = one.of('MessageSent')[0]?.message ?? '';
      const answers = { run: 'one', performative: 'inform', conversation: id } as const;
      // As long as what was asked is there, it is refused to whoever says it, who may answer still.
      expect(two.say('x', 'ask', 'so', { ...answers, inReplyTo: 'another' })).to.equal('REPRISE_CONVERSATION_BROKEN');
      expect(two.events.pop()).to.have.property('message').that.contains(`Say inReplyTo: '${id}'`);
      two.hear('x');
      two.settle('x', { acknowledge: [id] });
      two.say('x', 'ask', 'so', { ...answers, inReplyTo: 'another' });
      const [offer] = post.offers(two);
      expect(offer && post.bring(offer)).to.equal('REPRISE_CONVERSATION_BROKEN');
      offer && post.refuse(offer, 'REPRISE_CONVERSATION_BROKEN');
      expect(two.of('MessageSent').at(-1)).to.include({ to: 'x', performative: 'not-understood', onBehalf: true });
      // What was asked stays asked: its deadline ends the wait, unless an answer comes all the same.
      expect(one.state.mail?.conversations.get(id)?.stage).to.equal('asked');
      if (answersAgain) {
        two.say('x', 'ask', 'so', { ...answers, inReplyTo: id });
        post.run();
        expect(one.task('ask').output).to.include({ data: 'so' });
      } else {
        one.now += 10 * 60 * 1000;
        one.due();
        expect(one.of('TaskFailed')[0]?.error).to.include({ code: 'REPRISE_REPLY_TIMEOUT' });
      }
      one.check();
      two.check();
    });

  it('are said once under a key, also when the run is another fork of who said it', () => {
    const { one, two, post } = pair();
    expect(one.say('a', 'x', 1, { run: 'two', key: 'k' })).to.deep.equal(['MessageSent']);
    expect(one.say('a', 'x', 1, { run: 'two', key: 'k' })).to.deep.equal([]);
    expect(one.say('a', 'y', 1, { run: 'two', key: 'k' })).to.equal('REPRISE_MESSAGE_CONFLICT');
    one.events.pop();
    const [offer] = post.offers(one);
    post.run();
    expect(
      offer && post.bring({ ...offer, from: 'fork', sent: { ...offer.sent, from: { task: 'a', run: 'fork' } } }),
    ).to.equal(undefined);
    expect(two.of('MessageReceived')).to.have.length(1);
    one.check();
    two.check();
  });

  it('to a run of another tenant find nobody there', () => {
    const { one, two, post } = pair();
    one.say('a', 'x', 1, { run: 'two' });
    const [offer] = post.offers(one);
    expect(offer && post.bring({ ...offer, tenant: 'acme' })).to.equal('REPRISE_RUN_NOT_FOUND');
    expect(two.state.mail).to.equal(undefined);
  });

  it('are what they are to the run itself, when it names itself', () => {
    const { one } = pair();
    one.say('a', 'b', 1, { run: 'one' });
    expect(one.of('MessageSent')[0]).to.not.have.property('run');
    expect(one.say('a', 'b', 1, { run: 'parent' })).to.equal('REPRISE_MAILBOX_UNKNOWN');
    one.events.pop();
    expect(one.say('a', '@desk', 1, { run: 'two' })).to.equal('REPRISE_MESSAGE_INVALID');
    one.events.pop();
    expect(one.say('a', 'b', 1, { run: 'no/id' })).to.equal('REPRISE_MESSAGE_INVALID');
    one.events.pop();
    one.check();
  });

  it('are each in one place, however they are brought, and however often', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 120 }), (seed, steps) => {
        const dice = seededRandom(seed);
        const pick = <T>(all: readonly T[]): T => all[Math.floor(dice() * all.length)] as T;
        const one = new MailRun(mailWorkflow({ a: across, b: across }, { narrow: { limit: 3 } }), null, {
          runId: 'one',
        });
        const two = new MailRun(mailWorkflow({ a: across, b: across }, { narrow: { limit: 3 } }), null, {
          runId: 'two',
        });
        const runs = [one, two];
        const post = new PostOffice(one, two);
        const offers: ReceiveMessage[] = [];
        for (const run of runs) run.beginAll();
        for (let step = 0; step < steps; step += 1) {
          const run = pick(runs);
          const other = run === one ? two : one;
          for (const each of runs) each.now += Math.floor(dice() * 50);
          const what = dice();
          if (what < 0.35) {
            const more = {
              ...(dice() < 0.3 && { performative: 'request' as const, deadlineMs: 300 }),
              ...(dice() < 0.2 && { expiresMs: 100 }),
            };
            const told = run.say(pick(['a', 'b']), pick(['a', 'b', '#narrow', 'nobody']), step, {
              run: other.runId,
              ...more,
            });
            if (typeof told === 'string') run.events.pop();
          } else if (what < 0.7) {
            // Old ones are brought again.
            const offer = dice() < 0.3 ? offers[Math.floor(dice() * offers.length)] : pick(post.offers(run));
            if (offer === undefined) continue;
            offers.push(offer);
            const code = post.bring(offer);
            if (dice() < 0.2) continue;
            if (code === undefined) post.note(offer);
            else if (code !== 'REPRISE_MAILBOX_FULL' && code !== 'REPRISE_MESSAGE_OUT_OF_ORDER')
              post.refuse(offer, code);
          } else if (what < 0.85) {
            const told = run.hear(pick(['a', 'b']), dice() < 0.3 ? { mailbox: '#narrow' } : {});
            if (typeof told === 'string') run.events.pop();
          } else if (what < 0.95) {
            const task = pick(['a', 'b']);
            const held = [...(run.state.mail?.attempts.get(task)?.held ?? [])].slice(0, 1);
            if (held.length > 0) run.settle(task, { acknowledge: held });
          } else run.due();
        }
        // What each has had of the other: once, and in the order in which it was sent to each mailbox.
        for (const [from, to] of [
          [one, two],
          [two, one],
        ] as const) {
          for (const [outbox, received] of Map.groupBy(to.of('MessageReceived'), ({ origin }) => origin.to)) {
            const numbers = received.map(({ origin }) => origin.n);
            expect(numbers, outbox).to.deep.equal([...new Set(numbers)].toSorted((a, b) => a - b));
          }
          const had = new Set(to.of('MessageReceived').map(({ message }) => message));
          const left = new Set(from.state.mail?.open.keys());
          const gone = new Set(from.of('MessageDeadLettered').map(({ message }) => message));
          for (const event of from.of('MessageExpired')) for (const id of event.messages) gone.add(id);
          for (const { message, run: where, onBehalf } of from.of('MessageSent')) {
            // What both say for whoever does not has one id: whoever is told is told once.
            if (where === undefined || onBehalf === true) continue;
            expect(had.has(message) || left.has(message) || gone.has(message), `${message} is nowhere`).to.equal(true);
          }
          from.check();
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a send that waits for what becomes of its message in another run', () => {
  const sender = (to: string) =>
    new MailRun(
      mailWorkflow({
        a: {
          send: {
            to: { kind: 'template', template: to },
            run: { kind: 'template', template: 'two' },
            data: { kind: 'template', template: 1 },
            until: 'acknowledged',
          },
        } as never,
      }),
      null,
      { runId: 'one' },
    );

  it('is told that somebody is done with it', () => {
    const one = sender('x');
    const two = new MailRun(mailWorkflow({ x: {} }), null, { runId: 'two' });
    two.beginAll();
    const post = new PostOffice(one, two);
    post.run();
    expect(one.status('a')).to.equal('running');
    two.hear('x');
    two.complete('x');
    // Its own end waits until the other knows.
    expect(two.state.status).to.equal('running');
    post.run();
    expect(one.state.status).to.equal('completed');
    expect(two.state.status).to.equal('completed');
    one.check();
    two.check();
  });

  it('is told that nobody will be', () => {
    const one = sender('x');
    const two = new MailRun(mailWorkflow({ x: {} }), null, { runId: 'two' });
    two.beginAll();
    const post = new PostOffice(one, two);
    post.run();
    two.complete('x');
    post.run();
    expect(one.task('a').error?.code).to.equal('REPRISE_MAILBOX_CLOSED');
    expect(one.state.status).to.equal('failed');
    expect(two.state.status).to.equal('completed');
    one.check();
    two.check();
  });

  it('is told that nobody will be by a run that is ended by force', () => {
    const one = sender('x');
    const two = new MailRun(mailWorkflow({ x: {} }), null, { runId: 'two' });
    two.beginAll();
    const post = new PostOffice(one, two);
    post.run();
    two.hear('x');
    two.send({ type: 'CancelRun', force: true });
    expect(two.status('x')).to.equal('cancelled');
    post.run();
    expect(one.task('a').error?.code).to.equal('REPRISE_MAILBOX_CLOSED');
    expect(one.state.status).to.equal('failed');
    expect(two.state.status).to.equal('cancelled');
    for (const run of [one, two]) run.check();
  });

  it('is told once: that it is a dead letter, and not that somebody dealt with that', () => {
    const one = sender('x');
    const two = new MailRun(mailWorkflow({ x: {} }), null, { runId: 'two' });
    two.beginAll();
    const post = new PostOffice(one, two);
    post.run();
    two.hear('x');
    const message = two.of('MessageReceived')[0]?.message ?? '';
    two.settle('x', { reject: [{ message, reason: 'no', requeue: false }] });
    two.hear('x', { mailbox: '#dead-letters' });
    two.settle('x', { acknowledge: [message] });
    expect(two.state.mail?.open.has(message)).to.equal(false);
    two.complete('x');
    post.run();
    expect(two.of('MessageSent').map(({ receipt }) => receipt)).to.deep.equal(['failed']);
    expect(one.task('a').error?.code).to.equal('REPRISE_MESSAGE_REJECTED');
    one.check();
    two.check();
  });

  it('fails when the other run refuses it', () => {
    const one = sender('nobody');
    const two = new MailRun(mailWorkflow({ x: {} }), null, { runId: 'two' });
    two.beginAll();
    const post = new PostOffice(one, two);
    const [offer] = post.offers(one);
    const [refused] = offer === undefined ? [] : two.send(offer);
    expect(refused)
      .to.have.property('message')
      .that.matches(/^In run 'two': There is no mailbox "nobody": no task /);
    post.run();
    expect(one.task('a').error?.code).to.equal('REPRISE_MAILBOX_UNKNOWN');
    one.check();
  });
});

describe('a name of no run', () => {
  const DESK = mailboxRun(undefined, 'desk');
  const desk = () => new MailRun({ definition: mailboxWorkflow().definition }, { name: 'desk' }, { runId: DESK });

  /** Two runs, and the name that they share. */
  function sharing() {
    const { one, two } = pair();
    const at = desk();
    return { one, two, at, post: new PostOffice(one, two, at) };
  }

  it('hands what it is sent to whoever has asked for longest', () => {
    const { one, two, at, post } = sharing();
    two.hear('x', { mailbox: '@desk' });
    two.hear('y', { mailbox: '@desk' });
    post.run();
    expect(at.of('MessageReceived').map(({ ask }) => ask?.id)).to.have.length(2);
    one.say('a', '@desk', 1);
    one.say('a', '@desk', 2);
    post.run();
    expect(two.of('MessageDelivered').map(({ taskId }) => taskId)).to.deep.equal(['x', 'y']);
    expect(two.of('MessageReceived').map(({ from, to, data }) => [from, to, data])).to.deep.equal([
      [{ task: 'a', attempt: 1, run: 'one' }, '@desk', 1],
      [{ task: 'a', attempt: 1, run: 'one' }, '@desk', 2],
    ]);
    expect(at.state.mail?.open.size).to.equal(0);
    two.complete('x');
    two.complete('y');
    expect(two.state.status).to.equal('completed');
    for (const run of [one, two, at]) run.check();
  });

  it('keeps what nobody asks for, and hands it out when somebody does', () => {
    const { one, two, at, post } = sharing();
    one.say('a', '@desk', { kind: 'small' }, { type: 'small' });
    one.say('a', '@desk', { kind: 'large' }, { type: 'large' });
    post.run();
    two.hear('x', { mailbox: '@desk', wanted: { where: "message.data.kind == 'large'" } });
    post.run();
    expect(two.of('MessageReceived').map(({ subject }) => subject)).to.deep.equal(['large']);
    expect([...(at.state.mail?.open.values() ?? [])].map(({ subject }) => subject)).to.deep.equal(['small']);
    for (const run of [one, two, at]) run.check();
  });

  it('has back what was given back, and hands it to another', () => {
    const { one, two, at, post } = sharing();
    two.hear('x', { mailbox: '@desk' });
    post.run();
    one.say('a', '@desk', 'try', { performative: 'request' });
    post.run();
    const id = one.of('MessageSent')[0]?.message ?? '';
    two.settle('x', { reject: [{ message: id, reason: 'not mine' }] });
    post.run();
    expect(at.state.mail?.open.get(id)).to.deep.include({ mailbox: '#inbox', deliveries: 1 });
    one.now += 60_000;
    two.now = one.now;
    at.now = one.now;
    two.hear('y', { mailbox: '@desk' });
    post.run();
    expect(two.of('MessageDelivered').map(({ taskId }) => taskId)).to.deep.equal(['x', 'y']);
    expect(two.say('y', 'a', 'done', { run: 'one', inReplyTo: id, conversation: id })).to.include(
      'MessageAcknowledged',
    );
    post.run();
    expect(one.of('MessageReceived')[0]).to.deep.include({ data: 'done', from: { task: 'y', attempt: 1, run: 'two' } });
    for (const run of [one, two, at]) {
      expect(run.state.mail?.conversations.size ?? 0).to.equal(0);
      run.check();
    }
  });

  it('is told when nobody waits any more: what was on its way comes back', () => {
    const { one, two, at, post } = sharing();
    two.hear('x', { mailbox: '@desk', timeoutMs: 10 });
    post.run();
    one.say('a', '@desk', 1);
    // It is handed on, and has not arrived when the time is up.
    const [offer] = post.offers(one);
    offer && post.bring(offer);
    offer && post.note(offer);
    expect(at.of('MessageHandedOn')).to.have.length(1);
    two.now += 10;
    two.due();
    expect(two.of('MessageMissed')).to.have.length(1);
    post.run();
    expect([...(at.state.mail?.open.values() ?? [])].map(({ mailbox }) => mailbox)).to.deep.equal(['#inbox']);
    expect(at.state.mail?.boxes.get('#inbox')?.receivers.size).to.equal(0);
    for (const run of [one, two, at]) run.check();
  });

  it('has back what a run that is gone cannot take', () => {
    const { one, two, at, post } = sharing();
    two.hear('x', { mailbox: '@desk' });
    post.run();
    two.send({ type: 'CancelRun', force: true });
    one.say('a', '@desk', 1);
    post.run();
    expect(at.of('MessageHandedOn').map(({ to }) => to)).to.deep.equal(['@desk', '#inbox']);
    expect([...(at.state.mail?.open.values() ?? [])].map(({ mailbox }) => mailbox)).to.deep.equal(['#inbox']);
    for (const run of [one, at]) run.check();
  });

  it('has back what a run has that is ended by force', () => {
    const { one, two, at, post } = sharing();
    two.hear('x', { mailbox: '@desk' });
    one.say('a', '@desk', 1);
    post.run();
    expect(two.of('MessageDelivered')).to.have.length(1);
    two.send({ type: 'CancelRun', force: true });
    expect(two.of('MessageRejected').map(({ because }) => because)).to.deep.equal(['ended']);
    post.run();
    expect(two.state.status).to.equal('cancelled');
    expect(
      [...(at.state.mail?.open.values() ?? [])].map(({ mailbox, deliveries }) => [mailbox, deliveries]),
    ).to.deep.equal([['#inbox', 0]]);
    for (const run of [one, two, at]) run.check();
  });

  it('hands a run what it said itself', () => {
    const { one, at, post } = sharing();
    one.hear('b', { mailbox: '@desk' });
    one.say('a', '@desk', 'to myself', { performative: 'request' });
    post.run();
    expect(one.of('MessageReceived')[0]?.from).to.deep.equal({ task: 'a', attempt: 1 });
    expect(one.of('MessageDelivered')[0]?.taskId).to.equal('b');
    const id = one.of('MessageSent').find(({ ask }) => ask === undefined)?.message ?? '';
    one.say('b', 'a', 'yes', { inReplyTo: id, conversation: id });
    expect(one.state.mail?.conversations.size).to.equal(0);
    for (const run of [one, at]) run.check();
  });

  it('has as its dead letter what expires in a run that took it from there', () => {
    const { one, two, at, post } = sharing();
    one.say('a', '@desk', 'soon', { expiresMs: 1000 });
    two.hear('x', { mailbox: '@desk' });
    post.run();
    const id = two.of('MessageReceived')[0]?.message ?? '';
    for (const run of [one, two, at]) run.now += 2000;
    two.settle('x', { reject: [{ message: id, reason: 'busy', delayMs: 0 }] });
    post.run();
    expect(two.of('MessageDeadLettered')).to.deep.equal([]);
    expect(two.open(id)).to.equal(undefined);
    expect(at.of('MessageDeadLettered').map(({ code, mailbox }) => [code, mailbox])).to.deep.equal([
      ['REPRISE_MESSAGE_EXPIRED', '#inbox'],
    ]);
    for (const run of [one, two, at]) run.check();
  });

  it('has back what a run asked there itself, which waits for the answer still', () => {
    const { one, two, at, post } = sharing();
    one.hear('b', { mailbox: '@desk' });
    one.say('a', '@desk', 'to anybody', { performative: 'request' });
    const id = one.of('MessageSent').find(({ ask }) => ask === undefined)?.message ?? '';
    one.hear('a', { wanted: { inReplyTo: id }, question: { message: id, conversation: id } });
    post.run();
    one.settle('b', { reject: [{ message: id, reason: 'busy', delayMs: 0 }] });
    post.run();
    expect(one.of('MessageMissed')).to.deep.equal([]);
    two.hear('x', { mailbox: '@desk' });
    post.run();
    two.say('x', 'a', 'yes', { run: 'one', inReplyTo: id, conversation: id });
    post.run();
    expect(one.of('MessageDelivered').at(-1)).to.include({ taskId: 'a' });
    for (const run of [one, two, at]) run.check();
  });

  describe('is asked something that nobody takes in time', () => {
    const CODES = [['REPRISE_MESSAGE_EXPIRED', '#inbox']];
    const dead = (run: MailRun) => run.of('MessageDeadLettered').map(({ code, mailbox }) => [code, mailbox]);
    const later = (...runs: readonly MailRun[]): void => {
      for (const run of runs) run.now += 1000;
    };

    it('has it as a dead letter, and hands it to nobody', () => {
      const { one, two, at, post } = sharing();
      one.say('a', '@desk', 'do it', { performative: 'request', deadlineMs: 1000 });
      post.run();
      later(one, two, at);
      two.hear('x', { mailbox: '@desk' });
      post.run();
      expect(at.of('MessageHandedOn'), 'before the clock rings').to.deep.equal([]);
      at.due();
      one.due();
      post.run();
      expect(dead(at)).to.deep.equal(CODES);
      expect(one.of('MessageReceived'), 'whoever asked knows').to.deep.equal([]);
      expect(one.of('MessageSent').at(-1)).to.deep.include({ to: 'a', performative: 'failure', onBehalf: true });
      expect(one.of('MessageSent').at(-1)?.data).to.include({ code: 'REPRISE_REPLY_TIMEOUT' });
      for (const run of [one, two, at]) run.check();
    });

    for (const more of [{ performative: 'request', deadlineMs: 1000 }, { expiresMs: 1000 }] as const)
      it(`has it as a dead letter when it was on its way to whoever asked for it (${Object.keys(more).at(-1)})`, () => {
        const { one, two, at, post } = sharing();
        two.hear('x', { mailbox: '@desk' });
        two.hear('y', { mailbox: '@desk' });
        post.run();
        one.say('a', '@desk', 'do it', more);
        const [sent] = post.offers(one);
        expect(sent === undefined ? 'nothing' : post.bring(sent)).to.equal(undefined);
        later(one, two, at);
        post.run();
        expect(at.of('MessageHandedOn')).to.have.length(1);
        expect(two.of('MessageDelivered')).to.deep.equal([]);
        expect(dead(at)).to.deep.equal(CODES);
        expect(two.of('MessageDeadLettered')).to.deep.equal([]);
        // Both wait there still.
        one.say('a', '@desk', 'and this');
        one.say('a', '@desk', 'and that');
        post.run();
        expect(two.of('MessageDelivered').map(({ taskId }) => taskId)).to.have.members(['x', 'y']);
        for (const run of [one, two, at]) run.check();
      });

    it('does not take it when it comes too late; whoever asked has it as a dead letter', () => {
      const { one, at, post } = sharing();
      one.say('a', '@desk', 'do it', { performative: 'request', deadlineMs: 1000 });
      later(one, at);
      one.due();
      post.run();
      expect(at.of('MessageReceived')).to.deep.equal([]);
      expect(one.of('MessageDeadLettered').map(({ code }) => code)).to.deep.equal(['REPRISE_MESSAGE_EXPIRED']);
      expect(one.of('MessageSent').filter(({ onBehalf }) => onBehalf)).to.have.length(1);
      for (const run of [one, at]) run.check();
    });
  });

  it('is asked by a wait of a workflow, which takes one', () => {
    const { one, at } = sharing();
    const waits = new MailRun(mailWorkflow({ w: { wait: { message: { mailbox: '@desk' } } } }), null, {
      runId: 'waits',
    });
    const post = new PostOffice(one, at, waits);
    post.run();
    one.say('a', '@desk', 'come in');
    post.run();
    expect(waits.task('w').output).to.deep.include({ from: 'a', run: 'one', data: 'come in', mailbox: '@desk' });
    expect(waits.state.status).to.equal('completed');
    for (const run of [one, at, waits]) run.check();
  });

  describe('what was taken from it and is given up for good', () => {
    const dead = ({ state }: MailRun) =>
      [...(state.mail?.boxes.get('#dead-letters')?.messages.values() ?? [])].map(({ data, dead }) => [
        data,
        dead?.code,
      ]);

    function takenBy(more: Partial<Outgoing> = {}, count = 1) {
      const all = sharing();
      const { one, two, post } = all;
      for (let n = 1; n <= count; n += 1) one.say('a', '@desk', n, more);
      post.run();
      for (let n = 1; n <= count; n += 1) {
        two.hear('x', { mailbox: '@desk' });
        post.run();
      }
      return { ...all, ids: two.of('MessageDelivered').flatMap(({ messages }) => messages) };
    }

    it('is a dead letter of the name, with what became of it, however many at once', () => {
      const { one, two, at, post, ids } = takenBy({}, 2);
      two.settle('x', { reject: ids.map((message) => ({ message, reason: 'no', code: 'BAD', requeue: false })) });
      expect(two.of('MessageHandedOn').map(({ to, run, dead }) => [to, run, dead?.code])).to.deep.equal([
        ['@desk', DESK, 'REPRISE_MESSAGE_REJECTED'],
        ['@desk', DESK, 'REPRISE_MESSAGE_REJECTED'],
      ]);
      two.hear('y', { mailbox: '#dead-letters' });
      post.run();
      expect(two.of('MessageDeadLettered'), 'of the run that had it').to.have.length(0);
      expect(two.state.mail?.open.size).to.equal(0);
      expect(dead(at)).to.deep.equal([
        [1, 'REPRISE_MESSAGE_REJECTED'],
        [2, 'REPRISE_MESSAGE_REJECTED'],
      ]);
      expect(at.of('MessageDeadLettered')[0]).to.deep.include({
        mailbox: '#inbox',
        from: { task: 'a', attempt: 1, run: 'one' },
      });
      expect(at.of('MessageDeadLettered')[0]?.error.cause).to.deep.include({ code: 'BAD', message: 'no' });
      expect(at.of('MessageDeadLettered')[0]?.deliveries).to.deep.include({
        task: 'x',
        attempt: 1,
        at: two.now,
        code: 'BAD',
        reason: 'no',
      });
      for (const run of [one, two, at]) run.check();
    });

    it('is made a message again after the run that had it has ended', () => {
      const { one, two, at, post, ids } = takenBy();
      two.settle('x', { reject: ids.map((message) => ({ message, reason: 'no', requeue: false })) });
      two.complete('x');
      two.complete('y');
      // Its own end waits until the name has it.
      expect(two.state.status).to.equal('running');
      post.run();
      expect(two.state.status).to.equal('completed');
      at.send({ type: 'RedriveDeadLetters', messages: ids });
      one.hear('b', { mailbox: '@desk' });
      post.run();
      expect(one.of('MessageDelivered').map(({ taskId, messages }) => [taskId, messages])).to.deep.equal([['b', ids]]);
      expect(one.open(ids[0] ?? '')).to.deep.include({ deliveries: 0, dead: undefined });
      for (const run of [one, two, at]) run.check();
    });

    it('is answered by the name for whoever asked', () => {
      const { one, two, at, post, ids } = takenBy({ performative: 'request' });
      two.settle('x', { reject: ids.map((message) => ({ message, reason: 'no', requeue: false })) });
      post.run();
      expect(one.of('MessageReceived').map(({ performative, inReplyTo }) => [performative, inReplyTo])).to.deep.equal([
        ['failure', ids[0]],
      ]);
      for (const run of [one, two, at]) expect(run.state.mail?.conversations.size).to.equal(0);
      for (const run of [one, two, at]) run.check();
    });

    it('is that also when its time is up meanwhile', () => {
      const { one, two, at, post, ids } = takenBy({ expiresMs: 10 });
      for (const run of [one, two, at]) run.now += 20;
      two.settle('x', { reject: ids.map((message) => ({ message, reason: 'no', requeue: false })) });
      post.run();
      expect(dead(at)).to.deep.equal([[1, 'REPRISE_MESSAGE_REJECTED']]);
      for (const run of [one, two, at]) run.check();
    });

    it('is so when the time to answer it is over: nobody is handed it, and who asked knows', () => {
      const { one, two, at, post, ids } = takenBy({ performative: 'request', deadlineMs: 1000 });
      for (const run of [one, two, at]) {
        run.now += 1000;
        run.due();
      }
      two.settle('x', { reject: ids.map((message) => ({ message, reason: 'busy' })) });
      two.hear('y', { mailbox: '@desk' });
      post.run();
      expect(two.of('MessageDelivered')).to.have.length(1);
      expect(dead(at)).to.deep.equal([[1, 'REPRISE_MESSAGE_EXPIRED']]);
      expect(one.of('MessageSent').at(-1)?.data).to.include({ code: 'REPRISE_REPLY_TIMEOUT' });
      for (const run of [one, two, at]) expect(run.state.mail?.conversations.size).to.equal(0);
      for (const run of [one, two, at]) run.check();
    });

    it('is a dead letter of the run that had it when the name is closed, for the reason that it had', () => {
      const { one, two, at, post, ids } = takenBy();
      at.send({ type: 'SendSignal', signal: 'close', data: null });
      two.settle('x', { reject: ids.map((message) => ({ message, reason: 'no', requeue: false })) });
      post.run();
      expect(at.state.status).to.equal('completed');
      expect(dead(two)).to.deep.equal([[1, 'REPRISE_MESSAGE_REJECTED']]);
      for (const run of [one, two, at]) run.check();
    });

    it('is that after its last delivery, too', () => {
      const { one, two, at, post, ids } = takenBy();
      for (let count = 1; count < 5; count += 1) {
        two.settle('x', { reject: ids.map((message) => ({ message, reason: 'no' })) });
        post.run();
        expect(dead(at)).to.deep.equal([]);
        for (const run of [one, two, at]) run.now += 120_000;
        two.hear('x', { mailbox: '@desk' });
        post.run();
        at.due();
        post.run();
        expect(two.of('MessageDelivered')).to.have.length(count + 1);
      }
      two.settle('x', { reject: ids.map((message) => ({ message, reason: 'no' })) });
      post.run();
      expect(dead(at)).to.deep.equal([[1, 'REPRISE_MESSAGE_REJECTED']]);
      expect(at.of('MessageDeadLettered')[0]?.deliveries).to.have.length(5);
      for (const run of [one, two, at]) run.check();
    });
  });

  describe('that is closed', () => {
    const waiting = (more: Partial<TaskDefinition> = {}) =>
      new MailRun(
        mailWorkflow({ w: { wait: { message: { mailbox: '@desk' } }, ...more } as Partial<TaskDefinition> }),
        null,
        { runId: 'waits' },
      );

    it('fails a task that waits there, and is gone once that is told', () => {
      const at = desk();
      const waits = waiting();
      const post = new PostOffice(at, waits);
      post.run();
      expect(at.state.mail?.boxes.get('#inbox')?.receivers.size).to.equal(1);
      at.send({ type: 'SendSignal', signal: 'close', data: null });
      expect(at.state.status).to.equal('running');
      expect(at.of('MessageSent')[0]).to.deep.include({ from: { client: '@desk' }, to: '@desk', run: 'waits' });
      post.run();
      expect(at.state.status).to.equal('completed');
      expect(waits.task('w').error?.code).to.equal('REPRISE_MAILBOX_CLOSED');
      expect(waits.state.status).to.equal('failed');
      // Nothing is left to say to it.
      expect(waits.of('MessageSent')).to.have.length(1);
      for (const run of [at, waits]) run.check();
    });

    it('fails one that comes to wait there, which may have something that stands in', () => {
      const at = desk();
      at.send({ type: 'SendSignal', signal: 'close', data: null });
      const waits = waiting({ fallback: { kind: 'value', value: 'nobody' } });
      new PostOffice(at, waits).run();
      expect(waits.task('w').output).to.equal('nobody');
      expect(waits.state.status).to.equal('completed');
      waits.check();
    });

    it('refuses a call that waits there, or comes to, and the attempt goes on', () => {
      const { two, at, post } = sharing();
      two.hear('x', { mailbox: '@desk' });
      post.run();
      at.send({ type: 'SendSignal', signal: 'close', data: null });
      post.run();
      expect(two.of('MessageMissed').map(({ taskId, call, error }) => [taskId, call, error?.code])).to.deep.equal([
        ['x', 1, 'REPRISE_MAILBOX_CLOSED'],
      ]);
      const again = deliveredBefore(two.state, { taskId: 'x', attempt: 1, call: 1, worker: 'w' });
      expect(again?.error?.code, 'the call comes again').to.equal('REPRISE_MAILBOX_CLOSED');
      two.hear('y', { mailbox: '@desk' });
      post.run();
      expect(two.of('MessageMissed')[1]).to.deep.include({ taskId: 'y', call: 1 });
      expect(two.of('MessageMissed')[1]?.error?.code).to.equal('REPRISE_MAILBOX_CLOSED');
      expect([...(two.state.mail?.asks ?? [])]).to.deep.equal([]);
      two.complete('x');
      two.complete('y');
      expect(two.state.status).to.equal('completed');
      for (const run of [two, at]) run.check();
    });
  });

  it('is not for agents that may not', () => {
    const plain = new MailRun(mailWorkflow({ x: {} }), null, { runId: 'plain' });
    plain.beginAll();
    expect(plain.hear('x', { mailbox: '@desk' })).to.equal('REPRISE_MESSAGE_INVALID');
  });

  it('has each message in one place, whatever is done', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 100 }), (seed, steps) => {
        const dice = seededRandom(seed);
        const pick = <T>(all: readonly T[]): T => all[Math.floor(dice() * all.length)] as T;
        const { one, two, at, post } = sharing();
        const runs = [one, two];
        const pop = (run: MailRun, told: unknown): void => {
          if (typeof told === 'string') run.events.pop();
        };
        for (let step = 0; step < steps; step += 1) {
          const run = pick(runs);
          const task = pick(run === one ? ['a', 'b'] : ['x', 'y']);
          for (const each of [...runs, at]) each.now += Math.floor(dice() * 300);
          const what = dice();
          const held = [...(run.state.mail?.attempts.get(task)?.held ?? [])].slice(0, 1);
          if (what < 0.25)
            pop(run, run.say(task, '@desk', step, dice() < 0.3 ? { performative: 'request', deadlineMs: 2000 } : {}));
          else if (what < 0.5)
            pop(
              run,
              run.hear(task, {
                mailbox: '@desk',
                ...(dice() < 0.5 && { timeoutMs: 100 }),
                ...(dice() < 0.3 && { max: 2 }),
              }),
            );
          else if (what < 0.7) {
            const offer = pick([...runs, at].flatMap((each) => post.offers(each)));
            if (offer === undefined) continue;
            const code = post.bring(offer);
            if (dice() < 0.2) continue;
            if (code === undefined) post.note(offer);
            else if (code !== 'REPRISE_MESSAGE_OUT_OF_ORDER') post.refuse(offer, code);
          } else if (what < 0.8 && held.length > 0) run.settle(task, { acknowledge: held });
          else if (what < 0.9 && held.length > 0)
            run.settle(task, { reject: held.map((message) => ({ message, reason: 'dice' })) });
          else if (what < 0.97) pick([...runs, at]).due();
          else pop(run, run.fail(task, { lost: true }));
        }
        post.run();
        const sent = runs.flatMap((run) =>
          run.of('MessageSent').filter(({ ask, onBehalf, run: to }) => to === DESK && !ask && !onBehalf),
        );
        const ended = new Set<string>();
        for (const run of runs) {
          for (const { messages } of run.of('MessageAcknowledged')) for (const id of messages) ended.add(id);
        }
        for (const { message } of sent) {
          const places =
            [...runs, at].filter((run) => run.state.mail?.open.has(message) === true).length +
            (ended.has(message) ? 1 : 0);
          expect(places, message).to.equal(1);
        }
        for (const run of [...runs, at]) run.check();
      }),
      { numRuns: 60 },
    );
  });
});

const offerOf = (from: string, to: string, n: number) => ({
  type: 'ReceiveMessage' as const,
  commandId: `late${n}`,
  runId: to,
  from,
  n,
  after: 0,
  since: 1,
  sent: { message: `late${n}`, from: { task: 'a', run: from }, sentAt: 1, to: 'x', data: null },
});
