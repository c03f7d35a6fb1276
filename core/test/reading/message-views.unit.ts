import {
  type ConversationRow,
  conversations,
  createInMemoryStorage,
  createInMemoryViewStore,
  type DeadLetterRow,
  deadLetters,
  foldView,
  type JsonObject,
  NO_STREAM,
  type Projection,
  Projector,
  parseQuery,
  type RunEvent,
  runStream,
  type Storage,
  type ViewStore,
  type WhoToldWhomRow,
  whoToldWhom,
} from '@reprise/core';
import { seededRandom } from '@reprise/core/testing';
import { createSqliteViewStore } from '@reprise/view-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { randomMail } from '../../../test/simulation/support/random-mail.ts';
import { partKeyOf } from '../../src/orchestration/reading/views/built-in/open-messages.ts';
import { mailboxWorkflow } from '../../src/orchestration/runtime/mailbox-run.ts';
import { toNewEvent } from '../../src/orchestration/runtime/new-event.ts';
import { mailboxRun } from '../../src/orchestration/workflow/messaging/elsewhere.ts';
import { temporaryFiles } from '../runtime/support.ts';
import { MailRun, mailWorkflow } from '../workflow/messaging/mail-run.ts';
import { PostOffice } from '../workflow/messaging/post-office.ts';
import { hastyClock, viewEvents } from './view-events.ts';

const flow = mailWorkflow({ a: {}, b: {}, w: { wait: { message: { mailbox: '#desk' } } } }, { desk: {} });
/** Nobody takes anything from `#desk`. */
const quiet = mailWorkflow({ a: {}, b: {} }, { desk: {}, other: {} });

const across = { may: ['send', 'sendAcross'] as const };

const talking = (runId: string, workflow = quiet): MailRun => {
  const run = new MailRun(workflow, null, { runId });
  run.beginAll();
  return run;
};

let ids = 0;
async function stored(runs: readonly Pick<MailRun, 'runId' | 'events' | 'state'>[], origin?: number): Promise<Storage> {
  const storage = createInMemoryStorage();
  for (const { runId, events, state } of runs) {
    const all = events.map((event, index) => {
      ids += 1;
      const recorded = toNewEvent(event, `event-${ids}`, { commandId: 'c' }, state);
      if (origin === undefined || index >= origin) return recorded;
      return { ...recorded, metadata: { ...recorded.metadata, origin: { runId: 'other', revision: index, id: 'x' } } };
    });
    await storage.events.append(runStream(runId), all as never, NO_STREAM);
  }
  return storage;
}

const folded = async (view: Projection, ...runs: readonly MailRun[]): Promise<ReadonlyMap<string, JsonObject>> =>
  foldView(view, await viewEvents(await stored(runs)));

const letters = async (...runs: readonly MailRun[]): Promise<readonly DeadLetterRow[]> =>
  [...(await folded(deadLetters, ...runs))].flatMap(([key, row]) =>
    key.startsWith('~') ? [] : [row as unknown as DeadLetterRow],
  );

const pairs = async (...runs: readonly MailRun[]) =>
  [...(await folded(whoToldWhom, ...runs))].flatMap(([key, row]) => {
    if (key.startsWith('~')) return [];
    const { from, to, across, sent, acknowledged, dead } = row as unknown as WhoToldWhomRow;
    return [`${from} ${across === undefined ? '' : `${across} `}${to} ${sent}/${acknowledged}/${dead}`];
  });

/** Sends to b, who gives it back for good. Returns the id. */
function kill(run: MailRun, data: string, code = 'CARD_DECLINED'): string {
  run.say('a', 'b', data, { type: 'payment', performative: 'request' });
  run.hear('b');
  const [message = ''] = run.of('MessageDelivered').at(-1)?.messages ?? [];
  run.settle('b', { reject: [{ message, reason: 'The card was declined.', code, requeue: false }] });
  return message;
}

const dealWith = (
  run: MailRun,
  type: 'RedriveDeadLetters' | 'DiscardDeadLetters',
  ...messages: readonly string[]
): readonly RunEvent[] => run.send({ type, messages });

describe('the view dead-letters', () => {
  it('has a row for each, with whose it was, where, why, and how it stands; none of it is its data', async () => {
    const run = talking('r');
    const message = kill(run, 'secret');
    const rows = await folded(deadLetters, run);
    expect(rows.get(`r/${message}`)).to.deep.equal({
      run: 'r',
      workflow: 'mail',
      message,
      mailbox: 'b',
      from: 'a',
      subject: 'payment',
      performative: 'request',
      code: 'CARD_DECLINED',
      reason: 'The card was declined.',
      since: run.now,
      deliveries: 1,
      status: 'open',
      edited: 0,
      redriven: 0,
    });
    expect(JSON.stringify([...rows])).to.not.contain('secret');
  });

  it('calls the mailbox of a name of no run by that name', async () => {
    const at = new MailRun(
      { definition: mailboxWorkflow().definition },
      { name: 'desk' },
      { runId: mailboxRun(undefined, 'desk'), labels: { mailbox: 'desk' } },
    );
    at.post('@desk', 'hello');
    at.send({ type: 'TakeMessages', client: 'kim', mailbox: '@desk', max: 1, leaseMs: 1000 });
    const [message = ''] = at.of('MessageTaken').at(-1)?.messages ?? [];
    at.send({ type: 'SettleTaken', client: 'kim', reject: [{ message, reason: 'No such order.', requeue: false }] });
    expect(at.of('MessageDeadLettered')).to.have.length(1);
    const open = async () => (await letters(at)).map(({ mailbox, status }) => [mailbox, status]);
    expect(await open()).to.deep.equal([['@desk', 'open']]);
    // It goes back to where programs take it from.
    dealWith(at, 'RedriveDeadLetters', message);
    expect(await open()).to.deep.equal([['@desk', 'redriven']]);
    expect(at.state.mail?.open.get(message)).to.include({ mailbox: '#inbox', dead: undefined });
  });

  it('says of one that expired that it did, and of whom it was outside', async () => {
    const run = talking('r');
    run.post('#desk', 1, { expiresMs: 10 });
    run.now += 11;
    run.due();
    const [row] = await letters(run);
    expect(row).to.include({
      code: 'REPRISE_MESSAGE_EXPIRED',
      from: 'me',
      mailbox: '#desk',
      performative: 'inform',
      deliveries: 0,
      since: run.now,
    });
  });

  it('follows what people do with it, and that it dies again', async () => {
    const run = talking('r');
    const [one, two] = [kill(run, 'one'), kill(run, 'two')];
    run.send({ type: 'EditDeadLetter', message: one, data: 'better' });
    dealWith(run, 'RedriveDeadLetters', one);
    dealWith(run, 'DiscardDeadLetters', two);
    const told = async () => (await letters(run)).map(({ status, edited, redriven }) => [status, edited, redriven]);
    expect(await told()).to.deep.equal([
      ['redriven', 1, 1],
      ['discarded', 0, 0],
    ]);
    run.hear('b');
    run.settle('b', { reject: [{ message: one, reason: 'Declined again.', requeue: false }] });
    expect(await told()).to.deep.equal([
      ['open', 1, 1],
      ['discarded', 0, 0],
    ]);
    expect((await letters(run))[0]).to.include({ reason: 'Declined again.', code: 'REPRISE_MESSAGE_REJECTED' });
  });

  it('says that somebody of the run dealt with it: an attempt, or a wait', async () => {
    const run = talking('r');
    const message = kill(run, 'one');
    run.hear('b', { mailbox: '#dead-letters' });
    expect((await letters(run)).map(({ status }) => status)).to.deep.equal(['open']);
    run.settle('b', { acknowledge: [message] });
    expect((await letters(run)).map(({ status }) => status)).to.deep.equal(['taken']);
    const waits = talking('q', mailWorkflow({ a: {}, b: {}, w: { wait: { message: { mailbox: '#dead-letters' } } } }));
    kill(waits, 'two');
    expect(waits.status('w')).to.equal('completed');
    expect((await letters(waits)).map(({ status }) => status)).to.deep.equal(['taken']);
  });

  it('keeps those of runs that have ended as closed, however many, and remembers nothing more of the run', async () => {
    const run = talking('r');
    const kept = kill(run, 'kept');
    dealWith(run, 'DiscardDeadLetters', kept);
    for (let count = 0; count < 1_100; count += 1) run.post('#desk', count, { expiresMs: 10 });
    run.now += 11;
    while (run.due().length > 0);
    expect(run.of('MessageDeadLettered')).to.have.length(1001);
    run.send({ type: 'CancelRun' });
    const [closed] = run.of('MessagesClosed');
    expect(closed).to.include({ dead: 1000, scope: '' });
    const rows = await folded(deadLetters, run);
    expect([...rows.keys()].filter((key) => key.startsWith('~'))).to.deep.equal([]);
    const told = [...rows.values()].map(({ status }) => status);
    expect(told.filter((one) => one === 'closed')).to.have.length(1000);
    expect(rows.get(`r/${kept}`)?.['status']).to.equal('discarded');
  });

  it('spreads what is open in a run over many rows: an event about one touches one of them', () => {
    const parts = new Set(Array.from({ length: 10_000 }, (_, index) => partKeyOf('r', `r/a/1/${index}`)));
    expect(parts.size).to.equal(512);
  });

  it('has those that came along with the history of another run as its own: they are open there', async () => {
    const run = talking('r');
    kill(run, 'one');
    const rows = foldView(deadLetters, await viewEvents(await stored([run], run.events.length)));
    expect([...rows.values()].filter(({ status }) => status === 'open')).to.have.length(1);
  });

  it('has tenant and labels of the run', async () => {
    const run = talking('r');
    kill(run, 'one');
    const [start, ...others] = run.events;
    const events = [{ ...start, tenant: 'acme', labels: { team: 'eu' } } as RunEvent, ...others];
    const rows = foldView(deadLetters, await viewEvents(await stored([{ runId: 'r', events, state: run.state }])));
    const open = [...rows.values()].filter(({ status }) => status === 'open');
    expect(open[0]).to.deep.include({ tenant: 'acme', labels: { team: 'eu' } });
  });

  it('takes ids that no key can have in it', async () => {
    const run = talking('r');
    kill(run, 'one');
    for (const odd of ['x'.repeat(4_000), '\ud800', '__proto__']) {
      const events = JSON.parse(JSON.stringify(run.events)) as RunEvent[];
      const renamed = events.map((event) => {
        if (event.type === 'MessageSent' || event.type === 'MessageDeadLettered') return { ...event, message: odd };
        return event;
      });
      const redriven: RunEvent = { type: 'DeadLettersRedriven', at: run.now, messages: [odd], commandId: 'c' };
      const history = { runId: 'r', events: [...renamed, redriven], state: run.state };
      for (const view of [deadLetters, whoToldWhom]) {
        const rows = foldView(view, await viewEvents(await stored([history])));
        const row = [...rows].find(([key]) => !key.startsWith('~'))?.[1];
        expect(row?.[view === deadLetters ? 'status' : 'dead']).to.equal(view === deadLetters ? 'redriven' : 1);
      }
    }
  });
});

const talks = async (...runs: readonly MailRun[]): Promise<readonly ConversationRow[]> =>
  [...(await folded(conversations, ...runs))].flatMap(([key, row]) =>
    key.startsWith('~') ? [] : [row as unknown as ConversationRow],
  );

/** That the view has open what the run has; how many that are. */
async function compared(run: MailRun, what: string): Promise<number> {
  const open = [...(run.state.mail?.conversations.values() ?? [])].map((one) =>
    [one.id, one.conversation, one.initiator, one.participant ?? one.mailbox, one.stage, one.deadline ?? 0].join(' '),
  );
  const told = (await talks(run))
    .filter(({ status }) => status === 'open')
    .map((row) =>
      [row.message, row.conversation, row.initiator, row.participant, row.stage, row.deadline ?? 0].join(' '),
    );
  expect(told, what).to.have.members(open);
  return open.length;
}

describe('the view conversations', () => {
  it('has a row for each, with who asked whom, where it is, until when, and how it ended', async () => {
    const run = talking('r');
    const at = run.now;
    run.say('a', '#desk', 'draft it', { performative: 'request', type: 'draft', deadlineMs: 60_000 });
    const id = run.of('MessageSent')[0]?.message ?? '';
    const row = {
      run: 'r',
      workflow: 'mail',
      message: id,
      conversation: id,
      protocol: 'request',
      initiator: 'a',
      participant: '#desk',
      subject: 'draft',
      status: 'open',
      stage: 'asked',
      opened: at,
      since: at,
      deadline: at + 60_000,
    };
    expect(await talks(run)).to.deep.equal([row]);
    run.hear('b', { mailbox: '#desk' });
    run.now += 10;
    run.say('b', 'a', null, { performative: 'agree', conversation: id, inReplyTo: id, deadlineMs: 1000 });
    const agreed = { ...row, participant: 'b', stage: 'agreed', since: at + 10, deadline: at + 1010 };
    expect(await talks(run)).to.deep.equal([agreed]);
    run.now += 5;
    run.say('b', 'a', 'done', { conversation: id, inReplyTo: id });
    const ended = { status: 'ended', stage: 'done', since: at + 15, ended: at + 15 };
    expect(await talks(run)).to.deep.equal([{ ...agreed, ...ended }]);
  });

  it('says how those ended that nobody ended: late, with whoever asked, with the run', async () => {
    const run = talking('r');
    run.say('a', 'b', 1, { performative: 'query', deadlineMs: 5 });
    run.now += 5;
    run.due();
    run.say('a', 'b', 2, { performative: 'query' });
    run.say('b', 'a', 3, { performative: 'request' });
    run.complete('a');
    run.say('b', 'b', 4, { performative: 'subscribe' });
    run.send({ type: 'CancelRun', force: true });
    expect((await talks(run)).map(({ stage }) => stage)).to.deep.equal(['expired', 'left', 'expired', 'closed']);
    const rows = await folded(conversations, run);
    expect([...rows.keys()].filter((key) => key.startsWith('~'))).to.deep.equal([]);
  });

  it('has one for each whom a question was published to', async () => {
    const topics = { news: { subscribers: ['b', '#desk'] } };
    const run = new MailRun(mailWorkflow({ a: {}, b: {} }, { desk: {} }, topics), null, { runId: 'p' });
    run.beginAll();
    run.publish('a', '#news', 'who?', { performative: 'cfp' });
    expect((await talks(run)).map(({ participant, conversation }) => [participant, conversation])).to.deep.equal([
      ['b', 'p/a/1/1'],
      ['#desk', 'p/a/1/1'],
    ]);
  });

  it('has open what is open in the run, whatever is done', async () => {
    let seen = 0;
    for (let seed = 1; seed <= 60; seed += 1) {
      const dice = seededRandom(seed);
      const topics = { news: { subscribers: ['#desk', 'a'] } };
      const run = new MailRun(mailWorkflow({ a: {}, b: {}, c: {} }, { desk: {} }, topics), null, { runId: 'w' });
      run.beginAll();
      for (let step = 1; step <= 80; step += 1) {
        run.now += Math.floor(dice() * 400);
        run.send(randomMail(run.state, `${step}`, dice));
        if (dice() < 0.03) run.fail('a');
        if (run.state.tasks.get('a')?.retryAt !== undefined) run.retry('a');
        run.beginAll();
        if (step === 70 && dice() < 0.5) run.complete('b');
        if (step % 10 === 0) seen += await compared(run, `seed ${seed}, step ${step}`);
      }
    }
    expect(seen).to.be.greaterThan(30);
  });
});

describe('the view who-told-whom', () => {
  it('counts by sender and mailbox what was sent, acknowledged, and died', async () => {
    const run = talking('r', flow);
    kill(run, 'one');
    run.say('a', 'b', 'two');
    run.say('a', 'b', 'three');
    run.hear('b', { max: 2 });
    run.post('#desk', 'for the wait');
    expect(run.status('w')).to.equal('completed');
    expect(await pairs(run)).to.deep.equal(['a b 3/0/1', 'me #desk 1/1/0']);
    run.complete('b');
    expect(await pairs(run)).to.deep.equal(['a b 3/2/1', 'me #desk 1/1/0']);
    const other = talking('q', flow);
    other.say('b', 'a', 1);
    expect(await pairs(run, other)).to.deep.equal(['a b 3/2/1', 'me #desk 1/1/0', 'b a 1/0/0']);
  });

  it('counts what was published by each that has it', async () => {
    const topics = { news: { subscribers: ['b', '#desk'] } };
    const run = new MailRun(mailWorkflow({ a: {}, b: {}, c: {} }, { desk: { limit: 1 } }, topics), null, {
      runId: 'p',
    });
    run.beginAll();
    run.subscribe('c', '#news', { type: 'large' });
    run.publish('a', '#news', 1, { type: 'large' });
    run.publish('a', '#news', 2);
    run.hear('b', { max: 2 });
    run.settle('b', { acknowledge: [...(run.of('MessageDelivered')[0]?.messages ?? [])] });
    expect(await pairs(run)).to.have.members(['a b 2/2/0', 'a #desk 2/0/1', 'a c 1/0/0']);
    expect((await letters(run)).map(({ mailbox, code, message }) => [mailbox, code, message])).to.deep.equal([
      ['#desk', 'REPRISE_MAILBOX_FULL', `${run.of('MessageSent')[1]?.message}@#desk`],
    ]);
  });

  it('counts a redriven one where it was redriven to, and no acknowledgement of what is dead', async () => {
    const run = talking('r');
    const [one, two] = [kill(run, 'one'), kill(run, 'two')];
    run.send({ type: 'RedriveDeadLetters', messages: [one], to: '#other' });
    run.hear('b', { mailbox: '#other' });
    run.settle('b', { acknowledge: [one] });
    run.hear('b', { mailbox: '#dead-letters' });
    run.settle('b', { acknowledge: [two] });
    expect(await pairs(run)).to.deep.equal(['a b 2/0/2', 'a #other 0/1/0']);
  });

  it('has items of a list as the list, and forgets what was dropped, closed and discarded', async () => {
    const items = mailWorkflow({ each: { forEach: { items: { kind: 'cel', source: '[1, 2, 3]' } } }, a: {} } as never, {
      desk: {},
    });
    const run = new MailRun(items, null, { runId: 'r' });
    run.beginAll();
    run.say('a', 'each[0]', 1);
    run.say('a', 'each[2]', 1);
    run.say('each[1]', 'a', 1);
    run.post('#desk', 1, { expiresMs: 10, drop: true });
    run.now += 11;
    run.due();
    expect(run.of('MessageDeadLettered')).to.have.length(0);
    expect(await pairs(run)).to.deep.equal(['a each 2/0/0', 'each a 1/0/0', 'me #desk 1/0/0']);
    run.send({ type: 'CancelRun', force: true });
    const rows = await folded(whoToldWhom, run);
    expect([...rows.keys()].filter((key) => key.startsWith('~'))).to.deep.equal([]);
  });

  it('counts what was copied from another run where it happened, and what becomes of it where that happens', async () => {
    const run = talking('r');
    run.say('a', 'b', 1);
    run.hear('b');
    const copied = run.events.length;
    run.complete('b');
    const rows = foldView(whoToldWhom, await viewEvents(await stored([run], copied)));
    const [row] = [...rows].filter(([key]) => !key.startsWith('~')).map(([, one]) => one);
    expect(row).to.include({ sent: 0, acknowledged: 1 });
  });
});

describe('messages between runs, in views', () => {
  const pair = () => {
    const one = new MailRun(mailWorkflow({ a: across, b: across }, { desk: {} }), null, { runId: 'one' });
    const two = new MailRun(mailWorkflow({ x: across }, { desk: {} }), null, { runId: 'two' });
    one.beginAll();
    two.beginAll();
    return { one, two, post: new PostOffice(one, two) };
  };
  const remembered = async (...runs: readonly MailRun[]): Promise<number> =>
    [...(await folded(whoToldWhom, ...runs)).entries()].filter(
      ([key, row]) => key.startsWith('~') && Object.hasOwn(row, 'open'),
    ).length;

  it('are counted where they were sent, and where they came to; nobody remembers those that are on their way', async () => {
    const { one, two, post } = pair();
    one.say('a', 'x', 1, { run: 'two' });
    one.say('a', 'x', 2, { run: 'two' });
    one.say('b', '#desk', 3, { run: 'two' });
    expect(await pairs(one)).to.deep.equal(['a out x 2/0/0', 'b out #desk 1/0/0']);
    expect(await remembered(one)).to.equal(0);
    post.run();
    two.hear('x', { max: 2 });
    two.complete('x');
    expect(await pairs(one, two)).to.deep.equal([
      'a out x 2/0/0',
      'b out #desk 1/0/0',
      'a in x 2/2/0',
      'b in #desk 1/0/0',
    ]);
    expect(await remembered(one, two)).to.equal(0);
  });

  it('that nobody took there are dead letters here, with the run that they were to go to', async () => {
    const { one, post } = pair();
    one.say('a', 'nobody', 1, { run: 'two' });
    post.run();
    const [letter] = await letters(one);
    expect(letter).to.include({ run: 'one', mailbox: 'nobody', toRun: 'two', from: 'a', status: 'open' });
    expect(letter).to.not.have.property('fromRun');
    expect(await pairs(one)).to.deep.equal(['a out nobody 1/0/1']);
    const message = letter?.message ?? '';
    dealWith(one, 'RedriveDeadLetters', message);
    post.run();
    expect(await pairs(one)).to.deep.equal(['a out nobody 1/0/2']);
    one.send({ type: 'RedriveDeadLetters', messages: [message], to: '#desk' });
    one.hear('b', { mailbox: '#desk' });
    one.complete('b');
    expect(await pairs(one)).to.deep.equal(['a out nobody 1/0/2', 'a #desk 0/1/0']);
    expect((await letters(one))[0]).to.include({ status: 'redriven', redriven: 2, toRun: 'two' });
    expect(await remembered(one)).to.equal(0);
  });

  it('that came from another run and died say which', async () => {
    const { one, two, post } = pair();
    one.say('a', 'x', 1, { run: 'two' });
    post.run();
    two.hear('x');
    const [message = ''] = two.of('MessageDelivered')[0]?.messages ?? [];
    two.settle('x', { reject: [{ message, reason: 'no', requeue: false }] });
    const [letter] = await letters(two);
    expect(letter).to.include({ run: 'two', mailbox: 'x', from: 'a', fromRun: 'one' });
    expect(letter).to.not.have.property('toRun');
    expect(await pairs(two)).to.deep.equal(['a in x 1/0/1']);
  });

  it('to a program are done with as they are said, and what runs tell each other about messages counts as none', async () => {
    const { one } = pair();
    one.post('a', 'what?', { performative: 'request', deadlineMs: 1000 });
    one.hear('a');
    const [{ message = '' } = {}] = one.of('MessageSent');
    one.say('a', 'me', 'that', { inReplyTo: message, conversation: message });
    expect(await pairs(one)).to.deep.equal(['me a 1/1/0', 'a client:me 1/1/0']);
    expect(await remembered(one)).to.equal(0);
    const told: RunEvent = {
      type: 'MessageSent',
      at: one.now,
      message: 'q?',
      from: { client: 'one' },
      to: 'x',
      run: 'two',
      n: 1,
      receipt: 'acknowledged',
      inReplyTo: 'q',
      data: null,
      onBehalf: true,
    };
    const all = { runId: 'one', events: [...one.events, told], state: one.state };
    const rows = foldView(whoToldWhom, await viewEvents(await stored([all])));
    expect([...rows.keys()].filter((key) => !key.startsWith('~'))).to.have.length(2);
  });
});

describe('messages of a name of no run, in views', () => {
  it('are counted as they come to it, and in each run that it hands them on to; asking for them counts as none', async () => {
    const one = new MailRun(mailWorkflow({ a: across }), null, { runId: 'one' });
    const two = new MailRun(mailWorkflow({ x: across }), null, { runId: 'two' });
    const runId = mailboxRun(undefined, 'desk');
    const at = new MailRun({ definition: mailboxWorkflow().definition }, { name: 'desk' }, { runId });
    const post = new PostOffice(one, two, at);
    one.beginAll();
    two.beginAll();
    two.hear('x', { mailbox: '@desk' });
    post.run();
    expect(await pairs(at, two)).to.deep.equal([]);
    one.say('a', '@desk', 1);
    post.run();
    const [message = ''] = two.of('MessageDelivered')[0]?.messages ?? [];
    two.settle('x', { reject: [{ message, reason: 'later', delayMs: 0 }] });
    post.run();
    expect(at.state.mail?.open.size).to.equal(1);
    expect(await pairs(at)).to.deep.equal(['a in #inbox 1/0/0']);
    at.send({ type: 'TakeMessages', client: 'kim', mailbox: '@desk', max: 1, leaseMs: 1000 });
    at.send({ type: 'SettleTaken', client: 'kim', acknowledge: [message] });
    expect(at.of('MessageAcknowledged')).to.have.length(1);
    expect(await pairs(one, two, at)).to.deep.equal(['a out @desk 1/0/0', 'a in @desk 1/0/0', 'a in #inbox 1/1/0']);
    for (const run of [two, at]) {
      const rows = [...(await folded(whoToldWhom, run))].filter(([, row]) => Object.hasOwn(row, 'open'));
      expect(rows).to.deep.equal([]);
    }
  });
});

describe('the views of messages', () => {
  const file = temporaryFiles();
  const stores: Readonly<Record<string, () => Promise<ViewStore>>> = {
    'in memory': async () => createInMemoryViewStore(),
    sqlite: () => createSqliteViewStore({ path: file() }),
  };

  for (const [name, open] of Object.entries(stores)) {
    it(`are the same in batches of any size, as a store ${name} keeps them, and are asked in the one language`, async () => {
      const runs = ['one', 'two', 'three'].map((id) => talking(id));
      for (const run of runs) {
        const all = ['x', 'y', 'z'].map((data, index) => kill(run, data, index === 0 ? 'CARD_DECLINED' : 'OTHER'));
        run.say('a', '#desk', 1);
        run.hear('b', { mailbox: '#desk' });
        dealWith(run, 'RedriveDeadLetters', all[1] ?? '');
        run.now += 1000;
      }
      runs[0]?.send({ type: 'CancelRun', force: true });
      const storage = await stored(runs);
      const events = await viewEvents(storage);
      for (const batchSize of [1, 3, 500]) {
        const views = await open();
        const projector = new Projector({
          store: storage.events,
          views,
          projections: [deadLetters, whoToldWhom, conversations],
          clock: hastyClock(),
          notice: () => undefined,
          options: { batchSize },
        });
        await projector.start();
        for (const view of [deadLetters, whoToldWhom, conversations]) {
          await projector.reachEnd(view.name);
          const expected = [...foldView(view, events)].filter(([key]) => !key.startsWith('~'));
          const page = await views.list(view, {});
          expect(Object.fromEntries(page.rows.map(({ key, row }) => [key, row]))).to.deep.equal(
            Object.fromEntries(expected),
          );
        }
        const found = async (text: string): Promise<number> => {
          const where = parseQuery(text, { fields: deadLetters.fields ?? {}, now: (runs[0]?.now ?? 0) + 5000 });
          return (await views.list(deadLetters, { where })).rows.length;
        };
        expect(await found('mailbox:b code:CARD_DECLINED status:open')).to.equal(2);
        expect(await found('status:closed run:one')).to.equal(2);
        expect(await found('status:redriven from:a')).to.equal(3);
        expect(await found('mailbox:#desk')).to.equal(0);
        expect(await found('since<-1h')).to.equal(0);
        await projector.close();
        await views.close();
      }
    });
  }
});
