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

if (import.meta.main) {
  for (const storage of ['in-memory', 'sqlite'] as const) {
    for (const messages of [100, 1000, 10_000]) console.log(storage, await measureMessages(storage, messages));
    for (const messages of [100, 1000]) console.log(storage, 'talk', await measureMessages(storage, messages, 'talk'));
  }
}
