import { type AgentTask, defineAgent, isRepriseError, type Json, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventsOf, eventually, only, orchestrators } from './support.ts';

// What is published, asked by a task, and sent with an output: through workers and the engine.

const codeOf = (error: unknown): string => (isRepriseError(error) ? error.code : String(error));

describe('Topics of a run', () => {
  const { start } = orchestrators();

  it('bring what is published to all that subscribe, in order, until they close', async () => {
    const listener = (name: string) =>
      defineAgent({
        name,
        handle: async (_: AgentTask, { messages }) => {
          const news = await messages.subscribe('#news', { filter: { where: 'message.data != 2' } });
          await messages.send('speaker', 'ready');
          const heard: Json[] = [];
          for (;;) {
            const message = await messages.receive({ where: "message.topic == '#news'" });
            if (message === undefined) return heard;
            heard.push(message.data);
            if (message.data === 3) break;
          }
          await news.close();
          await messages.send('speaker', 'closed');
          return heard;
        },
      });
    const speaker = defineAgent({
      name: 'speaker',
      handle: async (_: AgentTask, { messages }) => {
        const before = await messages.publish('#news', 0);
        for (let count = 0; count < 2; count += 1) await messages.receive();
        const told: (number | undefined)[] = [before.recipients];
        for (const data of [1, 2, 3]) told.push((await messages.publish('#news', data)).recipients);
        for (let count = 0; count < 2; count += 1) await messages.receive();
        told.push((await messages.publish('#news', 4, { key: 'last' })).recipients);
        return told;
      },
    });
    const flow = workflow('news', { topics: { news: {} } })
      .task('speaker', speaker, { may: 'send' })
      .task('one', listener('one'), { may: 'send' })
      .task('two', listener('two'), { may: 'send' })
      .build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    expect(await run.result()).to.deep.equal({ speaker: [0, 2, 0, 2, 0], one: [1, 3], two: [1, 3] });
    const events = await eventsOf(reprise, run.id);
    expect(only(events, 'MailboxSubscribed')).to.have.lengthOf(2);
    expect(only(events, 'MailboxUnsubscribed')).to.have.lengthOf(2);
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });

  it('are refused where there are none, and the run has no trace of it', async () => {
    const codes: string[] = [];
    const odd = defineAgent({
      name: 'odd',
      handle: async (_: AgentTask, { messages }) => {
        for (const attempt of [
          () => messages.publish('#old', 1),
          () => messages.publish('#news', new Map()),
          () => messages.publish('#news', 1, { conversation: 'c' } as never),
          () => messages.subscribe('news'),
          () => messages.subscribe('#news', { filter: { where: '1 +' } }),
          () => messages.send('#news', 1),
        ])
          await attempt().catch((error: unknown) => codes.push(codeOf(error)));
        return null;
      },
    });
    const flow = workflow('odd', { topics: { news: {} } })
      .task('odd', odd, { may: 'send' })
      .build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    await run.result();
    expect(codes).to.deep.equal([
      'REPRISE_MAILBOX_UNKNOWN',
      'REPRISE_INVALID_PAYLOAD',
      'REPRISE_MESSAGE_INVALID',
      'REPRISE_MAILBOX_UNKNOWN',
      'REPRISE_MESSAGE_INVALID',
      'REPRISE_MAILBOX_UNKNOWN',
    ]);
    const types = (await eventsOf(reprise, run.id)).map(({ type }) => type);
    expect(types.filter((type) => /^(Message|Mailbox|CommandRejected)/.test(type))).to.deep.equal([]);
  });

  it('have subscribers of the workflow: a name, a wait, and all items of a list', async () => {
    const item = defineAgent({
      name: 'item',
      handle: async (_: AgentTask, { messages }) => (await messages.receive())?.data ?? null,
    });
    const flow = workflow('declared', {
      mailboxes: { desk: {} },
      topics: { news: { subscribers: ['#desk', 'later', 'items'] } },
    })
      .task('items', item, { forEach: { items: () => [1, 2, 3] } })
      .send('say', { topic: '#news', data: () => 'hello' })
      .wait('later', { message: true }, { after: 'say' })
      .wait('desk', { message: { mailbox: '#desk' } })
      .set(
        'end',
        ({ outputs }) => [outputs.items, outputs.say.recipients, outputs.later.topic ?? '', outputs.desk.data],
        {
          after: ['items', 'later', 'desk', 'say'],
        },
      )
      .build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    const result = (await run.result()) as Json;
    expect(result).to.deep.equal([['hello', 'hello', 'hello'], 5, '#news', 'hello']);
  });
});

describe('A send until replied', () => {
  const { start } = orchestrators();

  it('is a request whose output is the answer; a refusal is caught by its code', async () => {
    const clerk = defineAgent({
      name: 'clerk',
      handle: async (_: AgentTask, { messages }) => {
        const first = await messages.receive();
        if (first !== undefined) await messages.reply(first, { ok: first.data }, { on: 'completion' });
        const second = await messages.receive({ mailbox: '#desk' });
        if (second !== undefined) await messages.reply(second, 'no', { performative: 'refuse' });
        return 'done';
      },
    });
    const flow = workflow('asks', { mailboxes: { desk: {} } })
      .task('clerk', clerk)
      .send('ask', { to: 'clerk', data: () => 7, until: 'replied' })
      .scope('try', (block) => block.send('again', { to: '#desk', data: () => 8, until: 'replied' }), {
        catch: [{ on: { code: 'REPRISE_REQUEST_REFUSED' }, then: 'continue' }],
      })
      .set('end', ({ outputs }) => [outputs.ask.data, outputs.ask.from], { after: ['ask', 'try'] })
      .build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    await eventually(async () => (await run.state()).status !== 'running');
    const { tasks } = await run.state();
    expect(tasks.get('end')?.output).to.deep.equal([{ ok: 7 }, 'clerk']);
    expect(tasks.get('try')?.output).to.equal(null);
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });
});

describe('A message that is sent with the output', () => {
  const { start } = orchestrators();

  it('is there when the attempt ends well, and only then', async () => {
    let times = 0;
    const ids: string[] = [];
    const worker = defineAgent({
      name: 'worker',
      handle: async (_: AgentTask, { messages }) => {
        times += 1;
        ids.push((await messages.send('#desk', times, { on: 'completion' })).id);
        if (times < 3) throw new Error('not yet');
        return times;
      },
    });
    const flow = workflow('with-output', { mailboxes: { desk: {} } })
      .task('worker', worker, { may: 'send', retry: { maxAttempts: 3, initialDelay: 1 } })
      .wait('heard', { message: { mailbox: '#desk' } })
      .build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    const { heard } = (await run.result()) as { heard: { id: string; data: number } };
    expect(heard).to.include({ data: 3, id: ids.at(-1) });
    const events = await eventsOf(reprise, run.id);
    expect(only(events, 'MessageSent')).to.have.lengthOf(1);
  });
});

describe('What an agent says that messages have to be', () => {
  const { start } = orchestrators();

  it('is seen to by the run: a question that does not fit is answered not-understood', async () => {
    const schema = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] } as const;
    const strict = defineAgent({
      name: 'strict',
      handle: async (_: AgentTask, { messages }) => {
        const asked = await messages.receive<{ n: number }>({ schema });
        if (asked !== undefined) await messages.reply(asked, asked.data.n + 1);
        return null;
      },
    });
    const asker = defineAgent({
      name: 'asker',
      handle: async (_: AgentTask, { messages }) => {
        const refused = await messages.request('strict', 'one').catch((error: unknown) => error);
        const bad = await messages.receive({ schema: { type: 'shape' } }).catch((error: unknown) => codeOf(error));
        const details = isRepriseError(refused) ? (refused.details as { performative: string }) : undefined;
        return [codeOf(refused), details?.performative, bad, (await messages.request('strict', { n: 1 })).data];
      },
    });
    const flow = workflow('strict').task('asker', asker, { may: 'send' }).task('strict', strict).build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    const { asker: told } = (await run.result()) as { asker: Json };
    expect(told).to.deep.equal(['REPRISE_REQUEST_REFUSED', 'not-understood', 'REPRISE_MESSAGE_INVALID', 2]);
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });
});
