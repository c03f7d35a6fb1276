import { type AgentTask, defineAgent, type Workflow, workflow } from '@reprise/core';
import { type Storage, withReprise } from './setup.ts';

export interface MessagesFigures {
  readonly messages: number;
  readonly totalMs: number;
  readonly usPerMessage: number;
}

/** Sends so many, some at a time; the last word ends the other one. */
const source = defineAgent({
  name: 'source',
  handle: async ({ input }: AgentTask<number>, { messages }) => {
    for (let from = 0; from < input; from += 64) {
      const many = Math.min(64, input - from);
      await Promise.all(Array.from({ length: many }, (_, index) => messages.send('sink', from + index)));
    }
    return input;
  },
});

/** Takes them in their order, and is done with each. */
const sink = defineAgent({
  name: 'sink',
  handle: async ({ input }: AgentTask<number>, { messages }) => {
    let next = 0;
    while (next < input) {
      const some = await messages.receiveMany({ max: 64 });
      for (const { data } of some) {
        if (data !== next) throw new Error(`${String(data)} came where ${next} was to`);
        next += 1;
      }
      await messages.ack(...some);
    }
    return next;
  },
});

/** A question at a time. */
const asker = defineAgent({
  name: 'asker',
  handle: async ({ input }: AgentTask<number>, { messages }) => {
    for (let n = 0; n < input; n += 1) await messages.request('answerer', n);
    return input;
  },
});

const answerer = defineAgent({
  name: 'answerer',
  handle: async ({ input }: AgentTask<number>, { messages }) => {
    for (let n = 0; n < input; n += 1) {
      const asked = await messages.receive();
      if (asked !== undefined) await messages.reply(asked, n);
    }
    return input;
  },
});

/** As `source`, to the agent of another run; whether some have come is asked before more go. */
const farSource = defineAgent({
  name: 'far-source',
  handle: async ({ input }: AgentTask<{ readonly run: string; readonly messages: number }>, { messages }) => {
    const { run } = input;
    for (let from = 0; from < input.messages; from += 64) {
      const many = Math.min(64, input.messages - from);
      const sent = Array.from({ length: many - 1 }, (_, index) => messages.send('sink', from + index, { run }));
      await Promise.all([...sent, messages.request('sink', from + many - 1, { run })]);
    }
    return input.messages;
  },
});

const farSink = defineAgent({
  name: 'far-sink',
  handle: async ({ input }: AgentTask<number>, { messages }) => {
    let next = 0;
    while (next < input) {
      const some = await messages.receiveMany({ max: 64 });
      for (const { data } of some) {
        if (data !== next) throw new Error(`${String(data)} came where ${next} was to`);
        next += 1;
      }
      const asked = some.filter(({ performative }) => performative === 'request');
      await messages.ack(...some.filter(({ performative }) => performative !== 'request'));
      for (const question of asked) await messages.reply(question, next);
    }
    return next;
  },
});

const sends = workflow<{ readonly run: string; readonly messages: number }>('sends')
  .task('source', farSource, { may: 'sendAcross' })
  .build();
const takes = workflow<number>('takes').task('sink', farSink).build();

const stream = workflow<number>('stream').task('source', source, { may: 'send' }).task('sink', sink).build();
const talk = workflow<number>('talk').task('asker', asker, { may: 'send' }).task('answerer', answerer).build();

/** So many messages between two agents of one run: sent and taken by the dozen (`stream`), or asked and answered one by one (`talk`); the best of three. */
export async function measureMessages(
  storage: Storage,
  messages: number,
  how: 'stream' | 'talk' = 'stream',
): Promise<MessagesFigures> {
  const flow: Workflow<number, unknown> = how === 'stream' ? stream : talk;
  return withReprise(storage, [flow], async (reprise) => {
    let totalMs = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3; round += 1) {
      const start = performance.now();
      const run = await reprise.startRun(flow, messages);
      await run.result();
      totalMs = Math.min(totalMs, performance.now() - start);
    }
    return { messages, totalMs, usPerMessage: (totalMs * 1000) / messages };
  });
}

/** So many messages from an agent of one run to an agent of another, 64 at a time; the best of three. */
export async function measureMessagesBetweenRuns(storage: Storage, messages: number): Promise<MessagesFigures> {
  return withReprise(storage, [sends, takes], async (reprise) => {
    let totalMs = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3; round += 1) {
      const start = performance.now();
      const taker = await reprise.startRun(takes, messages);
      const sender = await reprise.startRun(sends, { run: taker.id, messages });
      await Promise.all([taker.result(), sender.result()]);
      totalMs = Math.min(totalMs, performance.now() - start);
    }
    return { messages, totalMs, usPerMessage: (totalMs * 1000) / messages };
  });
}

if (import.meta.main) {
  for (const storage of ['in-memory', 'sqlite'] as const) {
    for (const messages of [100, 1000, 10_000]) console.log(storage, await measureMessages(storage, messages));
    for (const messages of [100, 1000]) console.log(storage, 'talk', await measureMessages(storage, messages, 'talk'));
    for (const messages of [100, 1000, 10_000])
      console.log(storage, 'between runs', await measureMessagesBetweenRuns(storage, messages));
  }
}
