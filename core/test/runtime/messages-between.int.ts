import {
  type AgentTask,
  defineAgent,
  isRepriseError,
  type Json,
  type Message,
  parseWorkflow,
  workflow,
} from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { mailboxRun } from '../../src/orchestration/workflow/messaging/elsewhere.ts';
import { eventsOf, eventually, gate, only, orchestrators } from './support.ts';

// Agents of several runs that talk, through workers and the engine.

const answering = (name: string, times: number, answer: (message: Message) => Json) =>
  defineAgent({
    name,
    handle: async (_: AgentTask, { messages }) => {
      for (let count = 0; count < times; count += 1) {
        const asked = await messages.receive();
        if (asked !== undefined) await messages.reply(asked, answer(asked));
      }
      return name;
    },
  });

describe('Agents of two runs', () => {
  const { start } = orchestrators();

  it('ask again when their run goes on from one that ended before it was answered', async () => {
    let fails = true;
    const asker = defineAgent({
      name: 'asker',
      handle: async (_: AgentTask, { messages }) => {
        const answer = messages.request('@desk', 'what?', { key: 'q', deadline: '20s' });
        if (!fails) return (await answer).data;
        answer.catch(() => undefined);
        await messages.send('@desk', 'asked');
        throw new Error('before the answer');
      },
    });
    const flow = workflow('asks').task('asker', asker, { may: 'sendAcross', retry: 1 }).build();
    const reprise = await start({ workflows: [flow] });
    const bob = reprise.messages('bob');
    const first = await reprise.startRun(flow, null);
    expect((await first.outcome()).status).to.equal('failed');
    const asked = await bob.receive('@desk', { performative: 'request' });
    expect(asked?.run).to.equal(first.id);
    await asked?.ack();
    fails = false;
    const second = await reprise.retryRun(first.id);
    const again = await bob.receive('@desk', { performative: 'request' });
    expect(again).to.deep.include({ id: asked?.id, run: second.id });
    await again?.reply('that');
    expect(await second.result()).to.equal('that');
    expect((await reprise.runs.replay(second.id)).matches).to.equal(true);
  });

  it('are told that they wait for each other, by explain of each', async () => {
    const asker = (name: string, other: string) =>
      defineAgent({
        name,
        handle: async ({ input }: AgentTask<{ run: string }>, { messages }) =>
          (await messages.request(other, 'after you', { run: input.run, deadline: '1h' })).data,
      });
    const [left, right] = [asker('left', 'right'), asker('right', 'left')];
    const lefts = workflow<{ run: string }>('lefts').task('left', left, { may: 'sendAcross' }).build();
    const rights = workflow<{ run: string }>('rights').task('right', right, { may: 'sendAcross' }).build();
    const reprise = await start({ workflows: [lefts, rights] });
    const one = await reprise.startRun(lefts, { run: 'r' }, { id: 'l' });
    const other = await reprise.startRun(rights, { run: 'l' }, { id: 'r' });
    const circleOf = async (id: string) => {
      const [waits] = (await reprise.run(id).explain()).waitsFor;
      return waits?.reason === 'message' ? waits : undefined;
    };
    await eventually(async () => (await circleOf('l'))?.circle.length === 2);
    expect((await circleOf('l'))?.circle).to.deep.equal(['left', 'right of run r']);
    expect((await circleOf('r'))?.circle).to.deep.equal(['right', 'left of run l']);
    expect((await circleOf('l'))?.waits).to.contain('they wait for each other: left, right of run r, left');
    for (const run of [one, other]) await run.cancel('enough');
    for (const run of [one, other]) expect((await run.outcome()).status).to.equal('cancelled');
  });

  it('ask and answer', async () => {
    const writer = defineAgent({
      name: 'writer',
      handle: async ({ input }: AgentTask<{ run: string }>, { messages }) =>
        (await messages.request('critic', { draft: 'Once' }, { run: input.run, type: 'review' })).data,
    });
    const critic = answering('critic', 1, ({ data, from, run, type }) => ({
      data,
      from,
      run: run ?? null,
      type: type ?? null,
    }));
    const asks = workflow<{ run: string }>('asks').task('writer', writer, { may: 'sendAcross' }).build();
    const answers = workflow('answers').task('critic', critic).build();
    const reprise = await start({ workflows: [asks, answers] });
    const other = await reprise.startRun(answers, null);
    const run = await reprise.startRun(asks, { run: other.id });
    expect(await run.result()).to.deep.equal({ data: { draft: 'Once' }, from: 'writer', run: run.id, type: 'review' });
    expect(await other.result()).to.equal('critic');
    for (const one of [run, other]) {
      const events = await eventsOf(reprise, one.id);
      expect(only(events, 'MessageSent')).to.have.length(1);
      expect(only(events, 'MessageReceived')).to.have.length(1);
      expect(only(events, 'MessagesHandedOver')).to.have.length(1);
      expect((await reprise.runs.replay(one.id)).matches).to.equal(true);
    }
  });
});

describe('Agents of two runs, one of which answers something else', () => {
  const { start } = orchestrators();

  it('are told that no answer will come, also after an agree', async () => {
    const asker = defineAgent({
      name: 'asker',
      handle: async ({ input: run }: AgentTask<string>, { messages }) => {
        const why = (error: unknown) => (isRepriseError(error) ? error.code : String(error));
        return await messages.request('b', 'what?', { run }).then(({ data }) => data, why);
      },
    });
    const strays = defineAgent({
      name: 'strays',
      handle: async (_: AgentTask, { messages }) => {
        const asked = await messages.receive();
        if (asked?.run === undefined) return null;
        const { conversation = '', run } = asked;
        await messages.reply(asked, 'soon', { performative: 'agree' });
        await messages.send('a', 'that', { run, performative: 'inform', conversation, inReplyTo: 'another' });
        return 'said';
      },
    });
    const asks = workflow<string>('asks').task('a', asker, { may: 'sendAcross' }).build();
    const answers = workflow('answers').task('b', strays, { may: 'sendAcross' }).build();
    const reprise = await start({ workflows: [asks, answers] });
    const other = await reprise.startRun(answers, null);
    const run = await reprise.startRun(asks, other.id);
    expect(await run.result()).to.equal('REPRISE_CONVERSATION_ENDED');
    expect(await other.result()).to.equal('said');
    for (const one of [run, other]) expect((await reprise.runs.replay(one.id)).matches).to.equal(true);
  });
});

describe('A program', () => {
  const { start } = orchestrators();

  it('asks a task, and reads the answer where it is on record', async () => {
    const critic = answering('critic', 1, ({ data, from }) => ({ data, from }));
    const flow = workflow('answers').task('critic', critic).build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    const answer = await reprise.messages('kim').request('critic', { n: 1 }, { run: run.id });
    expect(answer).to.deep.include({ from: 'critic', data: { data: { n: 1 }, from: 'kim' }, performative: 'inform' });
    expect(await run.result()).to.equal('critic');
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });

  it('is told when nobody answers: in time, at all, or because it is refused', async () => {
    const deaf = defineAgent({
      name: 'deaf',
      handle: async (_: AgentTask, { messages }) => (await messages.receive({ type: 'end' }))?.data ?? null,
    });
    const no = defineAgent({
      name: 'no',
      handle: async (_: AgentTask, { messages }) => {
        const asked = await messages.receive();
        if (asked !== undefined) await messages.reply(asked, 'never', { performative: 'refuse' });
        return null;
      },
    });
    const flow = workflow('silent').task('deaf', deaf).task('no', no).build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    const kim = reprise.messages('kim');
    const codeOf = (promise: Promise<unknown>) =>
      promise.then(
        () => 'answered',
        (error) => error.code,
      );
    expect(await codeOf(kim.request('deaf', 1, { run: run.id, deadline: 50 }))).to.equal('REPRISE_REPLY_TIMEOUT');
    expect(await codeOf(kim.request('no', 1, { run: run.id }))).to.equal('REPRISE_REQUEST_REFUSED');
    expect(await codeOf(kim.request('nobody', 1, { run: run.id }))).to.equal('REPRISE_MAILBOX_UNKNOWN');
    expect(await codeOf(kim.request('deaf', 1, { run: 'none' }))).to.equal('REPRISE_RUN_NOT_FOUND');
    expect(await codeOf(kim.request('deaf', 1))).to.equal('REPRISE_MESSAGE_INVALID');
    const left = codeOf(kim.request('deaf', 1, { run: run.id }));
    await kim.send('deaf', 'over', { run: run.id, type: 'end' });
    expect(await left).to.equal('REPRISE_REQUEST_REFUSED');
    await run.result();
  });

  it('is told what an answer with an error says, and that a key is not for programs', async () => {
    const no = defineAgent({
      name: 'no',
      handle: async (_: AgentTask, { messages }) => {
        const asked = await messages.receive();
        if (asked !== undefined) await messages.reply(asked, { message: 'None is left.' }, { performative: 'failure' });
        return null;
      },
    });
    const flow = workflow('no').task('no', no).build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    const kim = reprise.messages('kim');
    const why = await kim.request('no', 1, { run: run.id }).catch((error) => error.message);
    expect(why).to.equal("'no' answered with failure: None is left.");
    const keyed = await kim.send('@desk', 1, { key: 'once' } as object).catch((error) => error);
    expect(keyed).to.include({ code: 'REPRISE_MESSAGE_INVALID' });
    expect(keyed.message).to.include('`requestId`');
  });

  it('may be called as the task of a name of no run is', async () => {
    const reprise = await start({ workflows: [] });
    const closed = reprise.messages('closed');
    const asked = closed.request('@desk', 'what?', { deadline: 300 }).catch((error) => error.code);
    const taken = await reprise.messages('bob').receive('@desk');
    expect(taken).to.deep.include({ from: 'closed', data: 'what?' });
    expect(await asked).to.equal('REPRISE_REPLY_TIMEOUT');
    const events = await eventsOf(reprise, mailboxRun(undefined, 'desk'));
    expect(only(events, 'MessageSent').map(({ from }) => from)).to.deep.equal([{ client: 'closed' }]);
    const again = closed.request('@desk', 'what now?');
    const second = await reprise.messages('bob').receive('@desk', { timeout: '5s' });
    await second?.reply('that');
    expect((await again).data).to.equal('that');
  });

  it('takes from a name, for so long, and is done with it or gives it back', async () => {
    const reprise = await start({ workflows: [] });
    const [kim, bob] = [reprise.messages('kim'), reprise.messages('bob')];
    const waiting = bob.receive('@desk');
    await kim.send('@desk', { n: 1 });
    const first = await waiting;
    expect(first).to.deep.include({ from: 'kim', data: { n: 1 }, delivery: 1 });
    await first?.nack({ reason: 'not mine', delay: 0 });
    const again = await bob.receive('@desk', { lease: 100, timeout: '5s' });
    expect(again).to.deep.include({ data: { n: 1 }, delivery: 2 });
    // Its time is up: others have it.
    const kims = await kim.receive('@desk', { timeout: '5s' });
    expect(kims).to.deep.include({ data: { n: 1 }, delivery: 3 });
    expect(await again?.ack().catch((error) => error.code)).to.equal('REPRISE_MESSAGE_NOT_HELD');
    await kims?.extend('1m');
    await kims?.ack();
    expect(await bob.receive('@desk', { timeout: 20 })).to.equal(undefined);
  });

  it('and a run talk through a name of no run', async () => {
    const asker = defineAgent({
      name: 'asker',
      handle: async (_: AgentTask, { messages }) => (await messages.request('@desk', 'what?')).data,
    });
    const flow = workflow('asks').task('asker', asker, { may: 'sendAcross' }).build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    const bob = reprise.messages('bob');
    const asked = await bob.receive('@desk');
    expect(asked).to.deep.include({ from: 'asker', run: run.id, data: 'what?', performative: 'request' });
    await asked?.reply('that');
    expect(await run.result()).to.equal('that');
  });

  it('asks through a name of no run, and another program answers', async () => {
    const reprise = await start({ workflows: [] });
    const answered = reprise.messages('kim').request('@desk', 1, { deadline: '5s' });
    const asked = await reprise.messages('bob').receive('@desk');
    await asked?.reply(2);
    expect((await answered).data).to.equal(2);
  });

  it('that asks again under the same id has the answer that was given meanwhile', async () => {
    const reprise = await start({ workflows: [] });
    const [kim, bob] = [reprise.messages('kim'), reprise.messages('bob')];
    const gone = new AbortController();
    const first = kim.request('@desk', 1, { requestId: 'r1', deadline: '20s', signal: gone.signal });
    const asked = await bob.receive('@desk');
    gone.abort();
    expect(await first.catch((error) => error.message)).to.equal(
      "'@desk' had not answered when the signal was aborted.",
    );
    await asked?.reply(2);
    const again = await kim.request('@desk', 1, { requestId: 'r1', deadline: '20s' });
    expect(again.data).to.equal(2);
    expect(await bob.receive('@desk', { timeout: 20 })).to.equal(undefined);
  });

  it('is refused what is no name, and nothing is made of it', async () => {
    const reprise = await start({ workflows: [] });
    const kim = reprise.messages('kim');
    const codeOf = (promise: Promise<unknown>) =>
      promise.then(
        () => 'ok',
        (error) => error.code,
      );
    for (const name of ['@', '@ ', '@a/b', '@__proto__', '@ünï']) {
      expect(await codeOf(kim.send(name, 1)), name).to.equal('REPRISE_MAILBOX_UNKNOWN');
      expect(await codeOf(kim.receive(name, { timeout: 5 })), name).to.equal('REPRISE_MAILBOX_UNKNOWN');
      expect(await codeOf(reprise.runs.last(mailboxRun(undefined, name.slice(1)))), name).to.equal(
        'REPRISE_RUN_NOT_FOUND',
      );
    }
    for (const name of [7, null, undefined, {}, Symbol('desk')] as unknown as string[])
      expect(await codeOf(kim.send(name, 1))).to.equal('REPRISE_MESSAGE_INVALID');
    await kim.send('@desk', 1);
    const taken = await kim.receive('@desk');
    expect(await codeOf(taken?.extend('x' as unknown as number) ?? Promise.resolve())).to.equal(
      'REPRISE_MESSAGE_INVALID',
    );
  });

  it('each of several has each message once', async () => {
    const reprise = await start({ workflows: [] });
    const kim = reprise.messages('kim');
    for (let n = 0; n < 30; n += 1) await kim.send('@work', n);
    const had: Json[] = [];
    const work = async (name: string): Promise<void> => {
      for (;;) {
        const some = await reprise.messages(name).receiveMany('@work', { max: 4, timeout: 50 });
        if (some.length === 0) return;
        for (const one of some) {
          had.push(one.data);
          await one.ack();
        }
      }
    };
    await Promise.all([work('a'), work('b'), work('c')]);
    expect(had.toSorted((a, b) => Number(a) - Number(b))).to.deep.equal(Array.from({ length: 30 }, (_, n) => n));
  });
});

describe('Agents of several runs that take from a name of no run', () => {
  const { start } = orchestrators();

  it('share the work, also while they come and go', async () => {
    const worker = defineAgent({
      name: 'worker',
      handle: async (_: AgentTask, { messages }) => {
        const done: Json[] = [];
        for (;;) {
          const order = await messages.receive({ mailbox: '@orders', timeout: 300 });
          if (order === undefined) return done;
          done.push(order.data);
          await messages.ack(order);
        }
      },
    });
    const flow = workflow('works').task('worker', worker, { may: 'sendAcross' }).build();
    const reprise = await start({ workflows: [flow] });
    const runs = await Promise.all([1, 2, 3].map(() => reprise.startRun(flow, null)));
    const kim = reprise.messages('kim');
    for (let n = 0; n < 20; n += 1) await kim.send('@orders', n);
    const done = await Promise.all(runs.map((run) => run.result()));
    expect((done.flat() as number[]).toSorted((a, b) => a - b)).to.deep.equal(Array.from({ length: 20 }, (_, n) => n));
    for (const run of runs) expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });

  it('give back what they fail with: another has it', async () => {
    const fails = defineAgent({
      name: 'fails',
      handle: async (_: AgentTask, { messages }) => {
        await messages.receive({ mailbox: '@orders' });
        throw new Error('cannot');
      },
    });
    const does = defineAgent({
      name: 'does',
      handle: async (_: AgentTask, { messages }) => {
        const order = await messages.receive({ mailbox: '@orders' });
        if (order !== undefined) await messages.reply(order, 'done');
        return order?.delivery ?? 0;
      },
    });
    const failing = workflow('failing').task('fails', fails, { may: 'sendAcross', retry: 1 }).build();
    const doing = workflow('doing').task('does', does, { may: 'sendAcross' }).build();
    const reprise = await start({ workflows: [failing, doing] });
    const first = await reprise.startRun(failing, null);
    const answer = reprise.messages('kim').request('@orders', 'x', { deadline: '20s' });
    expect((await first.outcome()).status).to.equal('failed');
    const second = await reprise.startRun(doing, null);
    expect((await answer).data).to.equal('done');
    expect(await second.result()).to.equal(2);
  });

  it('give back what they have when their run is ended by force, which tells those who wait for a receipt', async () => {
    const stays = gate('stays', { obeys: true });
    const holds = defineAgent({
      name: 'holds',
      handle: async (_: AgentTask, { messages, signal }) => {
        await messages.receive({ mailbox: '@orders' });
        await messages.receive();
        return new Promise<null>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    });
    const kid = parseWorkflow('{ name: kid, tasks: { stay: { agent: stays } } }');
    const holding = parseWorkflow(`
name: holding
tasks:
  holds: { agent: holds, may: sendAcross }
  kid: { workflow: kid }
`);
    const tells = parseWorkflow(`
name: tells
tasks:
  tell: { send: { to: holds, run: "\${ input.run }", data: 1, until: acknowledged } }
`);
    const reprise = await start({ workflows: [kid, holding, tells], agents: [stays.agent, holds] });
    const kim = reprise.messages('kim');
    const { id } = await kim.send('@orders', 'x');
    const run = await reprise.startRun(holding, null);
    const teller = await reprise.startRun(tells, { run: run.id });
    await eventually(async () => only(await eventsOf(reprise, run.id), 'MessageDelivered').length === 2);
    await eventually(() => stays.waiting === 1);
    await run.cancel('now', { force: true });
    expect(await run.outcome()).to.deep.equal({ status: 'cancelled', reason: 'now' });
    const outcome = await teller.outcome();
    expect(outcome.status === 'failed' && outcome.error.details).to.deep.include({ code: 'REPRISE_MAILBOX_CLOSED' });
    expect(await kim.receive('@orders', { timeout: '5s' })).to.deep.include({ id, delivery: 1 });
    // Its child run was told to end.
    await eventually(() => stays.contexts[0]?.signal.aborted === true);
    const events = await eventsOf(reprise, run.id);
    expect(only(events, 'TaskClosing')).to.have.length(1);
    // What was sent to its task is closed with it, as whoever sent it was told.
    const [told] = only(events, 'MessageReceived').filter(({ receipt }) => receipt === 'wanted');
    expect(only(events, 'MessagesClosed').flatMap(({ messages }) => messages)).to.deep.equal([told?.message]);
    for (const one of [run, teller]) expect((await reprise.runs.replay(one.id)).matches).to.equal(true);
  });

  it('leave there what nobody can do anything with: it is made a message again when their run is long over', async () => {
    const refuses = defineAgent({
      name: 'refuses',
      handle: async (_: AgentTask, { messages }) => {
        const order = await messages.receive({ mailbox: '@orders' });
        if (order !== undefined) await messages.nack(order, { reason: 'no address', requeue: false });
        return null;
      },
    });
    const refusing = workflow('refusing').task('refuses', refuses, { may: 'sendAcross' }).build();
    const waits = workflow('waits')
      .wait('w', { message: { mailbox: '@orders' } })
      .build();
    const reprise = await start({ workflows: [refusing, waits] });
    const sent = await reprise.messages('kim').send('@orders', { to: 'nowhere' });
    const first = await reprise.startRun(refusing, null);
    expect((await first.outcome()).status).to.equal('completed');
    expect(only(await eventsOf(reprise, first.id), 'MessageDeadLettered')).to.have.length(0);
    const name = mailboxRun(undefined, 'orders');
    expect(only(await eventsOf(reprise, name), 'MessageDeadLettered').map(({ message }) => message)).to.deep.equal([
      sent.id,
    ]);
    await reprise.run(name).editDeadLetter(sent.id, { to: 'Rome' });
    await reprise.run(name).redriveDeadLetters([sent.id]);
    const second = await reprise.startRun(waits, null);
    expect(await second.result()).to.deep.include({ id: sent.id, data: { to: 'Rome' }, delivery: 1 });
    for (const id of [first.id, second.id]) expect((await reprise.runs.replay(id)).matches).to.equal(true);
  });

  it('are told when it is closed, those that wait and those that come', async () => {
    const hears = defineAgent({
      name: 'hears',
      handle: async (_: AgentTask, { messages }) => {
        const codes: Json[] = [];
        for (let count = 0; count < 2; count += 1)
          await messages.receive({ mailbox: '@orders' }).catch((error) => codes.push(error.code));
        return codes;
      },
    });
    const agents = workflow('agents').task('hears', hears, { may: 'sendAcross' }).build();
    const waits = workflow('waits')
      .wait('w', { message: { mailbox: '@orders' } })
      .build();
    const reprise = await start({ workflows: [agents, waits] });
    const [hearing, waiting] = await Promise.all([reprise.startRun(agents, null), reprise.startRun(waits, null)]);
    const name = mailboxRun(undefined, 'orders');
    const askedAt = () => eventsOf(reprise, name).catch(() => []);
    await eventually(async () => only(await askedAt(), 'MessageReceived').length === 2);
    const closed = reprise.run(name);
    await closed.signal('close', null);
    expect(await hearing.result()).to.deep.equal(['REPRISE_MAILBOX_CLOSED', 'REPRISE_MAILBOX_CLOSED']);
    const outcome = await waiting.outcome();
    expect(outcome.status === 'failed' && outcome.error.cause?.code).to.equal('REPRISE_MAILBOX_CLOSED');
    expect((await closed.outcome()).status).to.equal('completed');
    for (const id of [hearing.id, waiting.id, name]) expect((await reprise.runs.replay(id)).matches).to.equal(true);
  });

  it('end without an answer: the program that asked is told at once', async () => {
    const ends = defineAgent({
      name: 'ends',
      handle: async (_: AgentTask, { messages }) => {
        const asked = await messages.receive({ mailbox: '@orders' });
        if (asked !== undefined) await messages.nack(asked, { reason: 'cannot', requeue: false });
        return null;
      },
    });
    const flow = workflow('ending').task('ends', ends, { may: 'sendAcross' }).build();
    const reprise = await start({ workflows: [flow] });
    const answer = reprise.messages('kim').request('@orders', 'x', { deadline: '1m' });
    const run = await reprise.startRun(flow, null);
    expect(await answer.catch((error) => error.code)).to.equal('REPRISE_REQUEST_REFUSED');
    expect((await run.outcome()).status).to.equal('completed');
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });

  for (const how of ['is cancelled', 'fails elsewhere', 'takes too long'] as const)
    it(`give back what they have when their run ${how}`, async () => {
      const had = Promise.withResolvers<void>();
      const holds = defineAgent({
        name: 'holds',
        handle: async (_: AgentTask, { messages, signal }) => {
          await messages.receive({ mailbox: '@orders' });
          had.resolve();
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          return null;
        },
      });
      const fails = defineAgent({
        name: 'fails',
        handle: async () => {
          await had.promise;
          throw new Error('cannot');
        },
      });
      const holding = workflow('holding', how === 'takes too long' ? { timeout: 500 } : {}).task('holds', holds, {
        may: 'sendAcross',
      });
      const flow = (how === 'fails elsewhere' ? holding.task('fails', fails, { retry: 1 }) : holding).build();
      const reprise = await start({ workflows: [flow] });
      const kim = reprise.messages('kim');
      await kim.send('@orders', 'x');
      const run = await reprise.startRun(flow, null);
      await had.promise;
      if (how === 'is cancelled') await run.cancel('not wanted');
      expect((await run.outcome()).status).to.equal(how === 'is cancelled' ? 'cancelled' : 'failed');
      expect(await kim.receive('@orders', { timeout: '5s' })).to.deep.include({ data: 'x', delivery: 1 });
      expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
    });
});
