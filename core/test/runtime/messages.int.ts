import {
  type AgentTask,
  defineAgent,
  encodeEvent,
  isRepriseError,
  type Json,
  type Message,
  runStream,
  uuidv5,
  workflow,
} from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventsOf, eventually, gate, lastingStore, only, orchestrators, storePlugin } from './support.ts';

// Agents that talk, through workers and the engine.

const codeOf = (error: unknown): string => (isRepriseError(error) ? error.code : String(error));

/** Answers what it is asked, as often as it is told to. */
const answering = (name: string, times: number, answer: (message: Message) => Json, concurrency = 16) =>
  defineAgent({
    name,
    concurrency,
    handle: async (_: AgentTask, { messages }) => {
      for (let count = 0; count < times; count += 1) {
        const asked = await messages.receive();
        if (asked !== undefined) await messages.reply(asked, answer(asked));
      }
      return name;
    },
  });

describe('Agents that talk', () => {
  const { start } = orchestrators();

  it('ask and answer', async () => {
    const writer = defineAgent({
      name: 'writer',
      handle: async (_: AgentTask, { messages }) => {
        const answer = await messages.request('critic', { draft: 'Once' }, { type: 'review' });
        return answer.data;
      },
    });
    const critic = answering('critic', 1, ({ data, from, type }) => ({ data, from, type: type ?? null }));
    const flow = workflow('asking').task('writer', writer, { may: 'send' }).task('critic', critic).build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    expect(await run.result()).to.deep.equal({
      writer: { data: { draft: 'Once' }, from: 'writer', type: 'review' },
      critic: 'critic',
    });
    const events = await eventsOf(reprise, run.id);
    // The answer was final: what it answers was done with, with it.
    expect(only(events, 'MessageAcknowledged').map(({ taskId }) => taskId)).to.deep.equal(['critic', 'writer']);
    expect(only(events, 'MessagesClosed')).to.deep.equal([]);
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });

  it('take no room while they wait: one at a time is enough', async () => {
    const answer = answering('b', 1, ({ data }) => data);
    const asker = defineAgent({
      name: 'a',
      handle: async (_: AgentTask, { messages }) => (await messages.request('b', 1)).data,
    });
    const flow = workflow('narrow', { concurrency: 1 }).task('a', asker, { may: 'send' }).task('b', answer).build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    expect(await run.result()).to.deep.equal({ a: 1, b: 'b' });
  });

  it('nor does an agent of one slot: it may wait for itself', async () => {
    const one = defineAgent({
      name: 'one',
      concurrency: 1,
      handle: async ({ taskId }: AgentTask, { messages }) => {
        if (taskId === 'a') return (await messages.request('b', 'what?')).data;
        const asked = await messages.receive();
        if (asked !== undefined) await messages.reply(asked, 'that');
        return null;
      },
    });
    const flow = workflow('self').task('a', one, { may: 'send' }).task('b', one).build();
    const reprise = await start({ workflows: [flow], limits: {} });
    const run = await reprise.startRun(flow, null);
    expect(await run.result()).to.deep.equal({ a: 'that', b: null });
  });

  it('ask several at once', async () => {
    const all = ['x', 'y', 'z'];
    const asker = defineAgent({
      name: 'asker',
      concurrency: 1,
      handle: async (_: AgentTask, { messages }) => {
        const answers = await Promise.all(all.map((one) => messages.request(one, one)));
        return answers.map(({ data }) => data as Json);
      },
    });
    const answer = answering('answer', 1, ({ data }) => `${String(data)}!`, 1);
    const flow = workflow('several', { concurrency: 1 })
      .task('asker', asker, { may: 'send' })
      .task('x', answer)
      .task('y', answer)
      .task('z', answer)
      .build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    expect(await run.result())
      .to.have.property('asker')
      .that.deep.equals(['x!', 'y!', 'z!']);
  });

  it('are asked back, and answer, as far as they can', async () => {
    const critic = defineAgent({
      name: 'critic',
      handle: async (_: AgentTask, { messages }) => {
        const asked = await messages.receive();
        if (asked === undefined) return null;
        await messages.reply(asked, 'which?', { performative: 'query' });
        const told = await messages.receive({ conversation: asked.conversation ?? '' });
        if (told?.performative === 'inform') await messages.reply(asked, `${String(told.data)}!`);
        return told?.performative ?? null;
      },
    });
    const ask = (onQuery: boolean) =>
      defineAgent({
        name: onQuery ? 'answers' : 'does-not',
        handle: async (_: AgentTask, { messages }) => {
          const answered = await messages
            .request('critic', 'x', onQuery ? { onQuery: ({ data }) => `${String(data)} that` } : {})
            .catch(codeOf);
          return typeof answered === 'string' ? answered : answered.data;
        },
      });
    const flows = [true, false].map((onQuery) =>
      workflow(`asked-back-${onQuery}`).task('a', ask(onQuery), { may: 'send' }).task('critic', critic).build(),
    );
    const reprise = await start({ workflows: flows });
    const outputs: unknown[] = [];
    for (const flow of flows) outputs.push(await (await reprise.startRun(flow, null)).result());
    expect(outputs).to.deep.equal([
      { a: 'which? that!', critic: 'inform' },
      { a: 'REPRISE_REQUEST_REFUSED', critic: 'not-understood' },
    ]);
  });

  it('do not ask for ever: what a key was answered with before is over, and what nobody answers is refused', async () => {
    const asker = defineAgent({
      name: 'asker',
      handle: async ({ attempt }: AgentTask, { messages }) => {
        const told = await messages.request('b', 1, { performative: 'inform' }).catch(codeOf);
        const answer = await messages.request('b', 1, { key: 'once', deadline: '1s' }).catch(codeOf);
        if (typeof answer === 'string') return [attempt, told, answer];
        await messages.ack(answer);
        throw new Error(`attempt ${attempt}`);
      },
    });
    const flow = workflow('twice')
      .task('a', asker, { may: 'send', retry: { maxAttempts: 2, initialDelay: '1ms' } })
      .task(
        'b',
        answering('b', 1, ({ data }) => data),
      )
      .build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    expect(await run.result()).to.deep.equal({
      a: [2, 'REPRISE_MESSAGE_INVALID', 'REPRISE_CONVERSATION_ENDED'],
      b: 'b',
    });
  });

  for (const first of ['agree', 'query', undefined] as const)
    it(`are told when what they asked is ended by an answer to something else${first === undefined ? '' : `, after ${first}`}`, async () => {
      const asker = defineAgent({
        name: 'asker',
        handle: async (_: AgentTask, { messages }) =>
          await messages.request('b', 'what?', { onQuery: () => 'this' }).then(({ data }) => data, codeOf),
      });
      const strays = defineAgent({
        name: 'strays',
        handle: async (_: AgentTask, { messages }) => {
          const asked = await messages.receive();
          if (asked === undefined) return null;
          const conversation = asked.conversation ?? '';
          if (first !== undefined) await messages.reply(asked, 'hm', { performative: first });
          if (first === 'query') await messages.receive({ conversation });
          await messages.send('a', 'that', { performative: 'inform', conversation, inReplyTo: 'another' });
          return 'said';
        },
      });
      const flow = workflow('strays').task('a', asker, { may: 'send' }).task('b', strays, { may: 'send' }).build();
      const reprise = await start({ workflows: [flow] });
      const run = await reprise.startRun(flow, null);
      expect(await run.result()).to.deep.equal({ a: 'REPRISE_CONVERSATION_ENDED', b: 'said' });
      const [missed] = only(await eventsOf(reprise, run.id), 'MessageMissed');
      expect(missed).to.deep.include({ taskId: 'a', attempt: 1 });
      expect(missed?.error?.code).to.equal('REPRISE_CONVERSATION_ENDED');
      expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
    });

  it('and so is a task whose run was recorded when a send took such an answer', async () => {
    const store = lastingStore();
    const work = gate('work', { obeys: true });
    const flow = workflow('recorded')
      .task('b', work.agent)
      .send('ask', { to: 'b', data: 'what?', until: 'replied' }, { fallback: { value: 'nothing' } })
      .build();
    const old = await start({ plugins: [storePlugin(store)], workflows: [flow] });
    const run = await old.startRun(flow, null);
    await eventually(async () => only(await eventsOf(old, run.id), 'MessageSent').length === 1);
    const { message: conversation } = only(await eventsOf(old, run.id), 'MessageSent')[0] ?? { message: '' };
    await old.stop({ drainMs: 0 });
    const [last] = await store.events.read(runStream(run.id), { direction: 'backwards', limit: 1 });
    const said = {
      message: 'm',
      from: { task: 'b', attempt: 1 },
      to: 'ask',
      data: 1,
      conversation,
      inReplyTo: 'another',
    };
    const event = encodeEvent({ type: 'MessageSent', at: Date.now(), ...said });
    const metadata = { ...event.metadata, causationId: 'old', correlationId: run.id };
    const summary = { kind: 'run', name: 'recorded', status: 'running', createdAt: 0, updatedAt: 0 };
    await store.events.append(
      runStream(run.id),
      [{ ...event, metadata, id: uuidv5('old', run.id) }],
      last?.revision ?? -1,
      {
        summary,
      },
    );
    const reprise = await start({ plugins: [storePlugin(store)], workflows: [flow] });
    await eventually(async () => only(await eventsOf(reprise, run.id), 'TaskCompleted').length > 0);
    const [done] = only(await eventsOf(reprise, run.id), 'TaskCompleted');
    expect(done).to.include({ taskId: 'ask', via: 'fallback-value' });
    expect(done?.error).to.have.property('code', 'REPRISE_CONVERSATION_ENDED');
    work.answer();
  });

  it('that return while they wait have not seen what comes: it is for another', async () => {
    const hasty = defineAgent({
      name: 'hasty',
      handle: async (_: AgentTask, { messages }) => {
        void messages.receive({ mailbox: '#q' });
        return 'done';
      },
    });
    const patient = defineAgent({
      name: 'patient',
      handle: async (_: AgentTask, { messages }) => (await messages.receive({ mailbox: '#q' }))?.data ?? null,
    });
    const flow = workflow('hasty', { mailboxes: { q: {} } })
      .send('say', { to: '#q', data: () => 1 })
      .task('hasty', hasty, { after: 'say' })
      .task('patient', patient, { after: 'hasty' })
      .build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    expect(await run.result()).to.equal(1);
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });

  it('share the work of a name', async () => {
    const worker = defineAgent({
      name: 'worker',
      handle: async (_: AgentTask, { messages }) => {
        const done: Json[] = [];
        for (;;) {
          const message = await messages.receive({ mailbox: '#work' });
          if (message === undefined || message.data === 'stop') return done;
          done.push(message.data);
          await messages.ack(message);
        }
      },
    });
    const boss = defineAgent({
      name: 'boss',
      handle: async (_: AgentTask, { messages }) => {
        await Promise.all([1, 2, 3, 4, 5, 6].map((n) => messages.send('#work', n)));
        await messages.send('#work', 'stop');
        await messages.send('#work', 'stop');
      },
    });
    const flow = workflow('work', { mailboxes: { work: {} } })
      .task('boss', boss, { may: 'send' })
      .task('one', worker)
      .task('two', worker)
      .build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    const { one, two } = (await run.result()) as { one: number[]; two: number[] };
    expect([...one, ...two].toSorted()).to.deep.equal([1, 2, 3, 4, 5, 6]);
  });

  it('are told what cannot be, and the run has no trace of it', async () => {
    const codes: string[] = [];
    const odd = defineAgent({
      name: 'odd',
      handle: async (_: AgentTask, { messages }) => {
        for (const attempt of [
          () => messages.send('nobody', 1),
          () => messages.send('odd', 'x'.repeat(300_000)),
          () => messages.send('odd', new Map()),
          () => messages.send('odd', 1, { performative: 'shout' as never }),
          () => messages.send('odd', 1, { expires: 'soon' }),
          () => messages.receive({ mailbox: '#nowhere' }),
          () => messages.receive({ timeout: 'never' }),
          () => messages.ack({ id: 'x' }),
          () => messages.reply({ id: 'x' }, 1),
        ])
          await attempt().catch((error: unknown) => codes.push(codeOf(error)));
        return codes.length;
      },
    });
    const flow = workflow('odd').task('odd', odd, { may: 'send' }).build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    expect(await run.result()).to.equal(9);
    expect(codes).to.deep.equal([
      'REPRISE_MAILBOX_UNKNOWN',
      'REPRISE_PAYLOAD_TOO_LARGE',
      'REPRISE_INVALID_PAYLOAD',
      'REPRISE_MESSAGE_INVALID',
      'REPRISE_MESSAGE_INVALID',
      'REPRISE_MAILBOX_UNKNOWN',
      'REPRISE_MESSAGE_INVALID',
      'REPRISE_MESSAGE_NOT_HELD',
      'REPRISE_MESSAGE_NOT_HELD',
    ]);
    const types = (await eventsOf(reprise, run.id)).map(({ type }) => type);
    expect(types.filter((type) => type.startsWith('Message') || type === 'CommandRejected')).to.deep.equal([]);
  });

  it('fail when something that they did not wait for was refused', async () => {
    const careless = defineAgent({
      name: 'careless',
      handle: (_: AgentTask, { messages }) => {
        void messages.send('nobody', 1);
        return 'done';
      },
    });
    const flow = workflow('careless').task('careless', careless, { may: 'send', retry: 1 }).build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    const outcome = await run.outcome();
    expect(outcome).to.have.property('status', 'failed');
    expect(only(await eventsOf(reprise, run.id), 'TaskFailed')[0]?.error.code).to.equal('REPRISE_MAILBOX_UNKNOWN');
  });

  it('end no process by calls that nobody awaits', async () => {
    const unheard: unknown[] = [];
    const note = (reason: unknown): void => void unheard.push(reason);
    process.on('unhandledRejection', note);
    try {
      const leaves = defineAgent({
        name: 'leaves',
        handle: async ({ input: stays }: AgentTask<boolean>, { messages, signal }) => {
          void messages.receive();
          void messages.ack({ id: 'nope' });
          void messages.send('nobody', 1, { expires: 10n as unknown as number });
          // Calls are answered in their order: those before are, then.
          await messages.send('#box', 1);
          if (stays) await new Promise((resolve) => signal.addEventListener('abort', resolve));
          return 'fine';
        },
      });
      const flow = workflow<boolean>('leaves', { mailboxes: { box: {} } })
        .task('leaves', leaves, { may: 'send', retry: 1, input: ({ input }) => input })
        .build();
      const reprise = await start({ workflows: [flow] });
      expect(await (await reprise.startRun(flow, false)).result()).to.equal('fine');
      const waits = await reprise.startRun(flow, true);
      await eventually(async () => only(await eventsOf(reprise, waits.id), 'MessageSent').length === 1);
      await waits.cancel('enough');
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      process.off('unhandledRejection', note);
    }
    expect(unheard).to.deep.equal([]);
  });

  it('that go on calling once they are over leave time for others', async () => {
    let over = false;
    const stubborn = defineAgent({
      name: 'stubborn',
      handle: async (_: AgentTask, { messages }) => {
        while (!over) await messages.receive().catch(() => undefined);
      },
    });
    const flow = workflow('stubborn').task('stubborn', stubborn).build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    await eventually(async () => only(await eventsOf(reprise, run.id), 'MessageAwaited').length === 1);
    await run.cancel('enough');
    await new Promise((resolve) => setTimeout(resolve, 50));
    over = true;
    expect(await run.outcome()).to.have.property('status', 'cancelled');
  });

  it('give back what they had when they fail, and another has it', async () => {
    let failures = 0;
    const unsteady = defineAgent({
      name: 'unsteady',
      handle: async (_: AgentTask, { messages }) => {
        const message = await messages.receive();
        failures += 1;
        if (failures < 3) throw new Error('not yet');
        return [message?.data ?? null, message?.delivery ?? 0];
      },
    });
    const flow = workflow('unsteady')
      .task('u', unsteady, { retry: { maxAttempts: 3, initialDelay: 0 } })
      .build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    await run.send('u', { n: 1 }, { from: 'me' });
    expect(await run.result()).to.deep.equal([{ n: 1 }, 3]);
  }).timeout(20_000);

  it('and programs: a message from outside, once, and a dead letter dealt with', async () => {
    const taken: Json[] = [];
    const picky = defineAgent({
      name: 'picky',
      handle: async (_: AgentTask, { messages }) => {
        for (;;) {
          const message = await messages.receive();
          if (message === undefined) continue;
          taken.push(message.data);
          if (message.data === 'bad') await messages.nack(message, { reason: 'bad', requeue: false });
          else return message.data;
        }
      },
    });
    const flow = workflow('picky').task('picky', picky).build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    const sent = await run.send('picky', 'bad', { requestId: 'r' });
    expect(await run.send('picky', 'bad', { requestId: 'r' })).to.deep.equal(sent);
    await eventually(async () => only(await eventsOf(reprise, run.id), 'MessageDeadLettered').length === 1);
    const [dead] = only(await eventsOf(reprise, run.id), 'MessageDeadLettered');
    expect(dead?.message).to.equal(sent.id);
    await run.editDeadLetter(sent.id, 'good', { by: 'me', reason: 'it was bad' });
    await run.redriveDeadLetters(sent.id);
    expect(await run.result()).to.equal('good');
    expect(taken).to.deep.equal(['bad', 'good']);
    await run.send('picky', 1).then(
      () => expect.fail('was taken'),
      (error: unknown) => expect(codeOf(error)).to.equal('REPRISE_RUN_CLOSED'),
    );
  });

  it('wait for a time, and get nothing', async () => {
    const patient = defineAgent({
      name: 'patient',
      handle: async (_: AgentTask, { messages }) => (await messages.receive({ timeout: 30 })) ?? 'nothing',
    });
    const flow = workflow('patient').task('patient', patient).build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    expect(await run.result()).to.equal('nothing');
  });

  it('are heard no more once they are cancelled', async () => {
    const waiting = defineAgent({
      name: 'waiting',
      handle: async (_: AgentTask, { messages }) => {
        await messages.receive();
      },
    });
    const flow = workflow('cancelled').task('waiting', waiting).build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    await eventually(async () => only(await eventsOf(reprise, run.id), 'MessageAwaited').length === 1);
    const { waitsFor } = await run.explain();
    expect(waitsFor[0]).to.include({ reason: 'message', mailbox: 'waiting', mover: 'signal' });
    await run.cancel('enough');
    expect(await run.outcome()).to.deep.equal({ status: 'cancelled', reason: 'enough' });
  });

  it('do so from a workflow, too', async () => {
    const answer = answering('answer', 1, ({ data }) => ({ got: data }));
    const flow = workflow<{ n: number }>('flow', { mailboxes: { desk: {} } })
      .send('ask', { to: 'answer', data: ({ input }) => ({ n: input.n }), performative: 'request' })
      .task('answer', answer)
      .wait(
        'answered',
        { message: { from: 'answer', inReplyTo: ({ outputs }) => outputs.ask.id, mailbox: 'ask' } },
        { after: 'ask' },
      )
      .build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, { n: 1 });
    const output = await run.result();
    expect(output.answered.data).to.deep.equal({ got: { n: 1 } });
  });

  it('are woken for what is due next, when what was due before has been taken', async () => {
    const flow = workflow('due', { mailboxes: { desk: {}, box: {} } })
      .send('soon', { to: '#desk', data: 1, expires: '1s' })
      .send(
        'late',
        { to: '#box', data: 2, expires: '1200ms', until: 'acknowledged' },
        { fallback: { value: 'expired' } },
      )
      .sleep('pause', '20ms')
      .wait('taken', { message: { mailbox: '#desk' } }, { after: ['soon', 'pause'] })
      .build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    expect(await run.result()).to.deep.include({ late: 'expired' });
    expect(only(await eventsOf(reprise, run.id), 'MessageExpired')).to.have.length(1);
  });

  it('and when nobody wants what was due', async () => {
    const giver = defineAgent({
      name: 'giver',
      handle: async (_: AgentTask, { messages }) => {
        const message = await messages.receive({ mailbox: '#desk' });
        if (message !== undefined) await messages.nack(message, { reason: 'not now', delay: 100 });
        return null;
      },
    });
    const flow = workflow('nobody', { mailboxes: { desk: {}, box: {} } })
      .task('giver', giver)
      .send('given', { to: '#desk', data: 1 })
      .wait(
        'other',
        { message: { mailbox: '#desk', performative: 'request' }, timeout: '3s', default: null },
        { after: 'giver' },
      )
      .send(
        'late',
        { to: '#box', data: 2, expires: '400ms', until: 'acknowledged' },
        { fallback: { value: 'expired' } },
      )
      .build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    await run.result();
    const events = await eventsOf(reprise, run.id);
    const order = events.flatMap((event) =>
      event.type === 'MessageExpired'
        ? ['late expired']
        : event.type === 'TaskCompleted' && event.taskId === 'other'
          ? ['other gave up']
          : [],
    );
    expect(order).to.deep.equal(['late expired', 'other gave up']);
  });

  it('may be asked from outside, until a deadline', async () => {
    const flow = workflow('asked', { mailboxes: { desk: {} } })
      .wait('go', { signal: 'go' })
      .build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    const soon = await run.send('#desk', 1, { deadline: 'soon' as never }).catch((error: Error) => error.message);
    expect(soon).to.contain('`deadline`');
    await run.send('#desk', 1, { performative: 'request', deadline: 20 });
    await eventually(async () => only(await eventsOf(reprise, run.id), 'ConversationExpired').length === 1);
    // Who asked has no mailbox.
    expect(only(await eventsOf(reprise, run.id), 'MessageSent')).to.have.lengthOf(1);
    await run.cancel('enough');
  });

  it('send thousands, which come in their order', async () => {
    const count = 2000;
    const source = defineAgent({
      name: 'source',
      handle: async (_: AgentTask, { messages }) => {
        for (let n = 0; n < count; n += 200)
          await Promise.all(Array.from({ length: 200 }, (_value, index) => messages.send('#line', n + index)));
      },
    });
    const sink = defineAgent({
      name: 'sink',
      handle: async (_: AgentTask, { messages }) => {
        let next = 0;
        while (next < count) {
          const some = await messages.receiveMany({ mailbox: '#line', max: 100 });
          for (const { data } of some) {
            if (data !== next) throw new Error(`${String(data)} came where ${next} was to`);
            next += 1;
          }
          await messages.ack(...some);
        }
        return next;
      },
    });
    const flow = workflow('line', { mailboxes: { line: { limit: 10_000 } } })
      .task('source', source, { may: 'send' })
      .task('sink', sink)
      .build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    expect(await run.result()).to.have.property('sink', count);
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });

  it('are not waited for when a worker drains, if they only wait: now, or while it drains', async () => {
    const go = Promise.withResolvers<void>();
    const waits = defineAgent({
      name: 'waits',
      handle: async (_: AgentTask, { messages }) => (await messages.receive())?.data ?? null,
    });
    const works = defineAgent({
      name: 'works',
      handle: async (_: AgentTask, { messages }) => {
        await go.promise;
        return (await messages.receive())?.data ?? null;
      },
    });
    const flow = workflow('draining').task('one', waits).task('two', works).build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    await eventually(async () => {
      const events = await eventsOf(reprise, run.id);
      return only(events, 'MessageAwaited').length === 1 && only(events, 'TaskStarted').length === 2;
    });
    const stopped = reprise.stop({ drainMs: 60_000 });
    go.resolve();
    await stopped;
  });
});
