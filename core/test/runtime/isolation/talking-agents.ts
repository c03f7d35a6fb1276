// Agents that talk, in threads or processes of their own.
import { type AgentContext, type AgentTask, defineAgent, type Json } from '@reprise/core';
import { z } from 'zod';

export const strict = defineAgent({
  name: 'strict',
  inputSchema: z.object({ n: z.number(), by: z.number().default(2) }),
  outputSchema: z.object({ n: z.number().max(100) }),
  handle: ({ input }) => ({ n: input.n * input.by }),
});

/** Asks until it has its answer; a question back it answers itself. */
export const asks = defineAgent({
  name: 'asks',
  async handle(_task: AgentTask<Json>, { messages }: AgentContext) {
    const { request, send } = messages;
    const options = { type: 'review', onQuery: () => ({ more: true }), deadline: '20s' } as const;
    const answer = await request('critic', { draft: 1 }, options);
    await send('critic', 'done', { key: 'done' });
    await messages.publish('#news', { ended: true }, { on: 'completion' });
    return { answer: answer.data, performative: answer.performative };
  },
});

export const critic = defineAgent({
  name: 'critic',
  async handle(_task: AgentTask<Json>, { messages }: AgentContext) {
    const early = await messages.receive({ timeout: 1, type: 'nothing of this kind' });
    const first = await messages.receive({ schema: z.object({ draft: z.number() }), type: 'review' });
    if (first === undefined) return null;
    await messages.reply(first, 'which?', { performative: 'query' });
    const [told] = await messages.receiveMany({ max: 5, conversation: first.conversation ?? first.id });
    await messages.reply(first, { good: true, told: told?.data ?? null });
    const done = await messages.receive({ timeout: '20s' });
    if (done !== undefined) await messages.nack(done, { reason: 'look again', delay: 0 });
    const again = await messages.receive({ timeout: '20s' });
    if (again !== undefined) await messages.ack(again);
    const wrong = await messages.reply({ id: 'never-taken' }, null).catch((error: { code: string }) => error.code);
    return { early: early ?? null, done: done?.data ?? null, again: again?.delivery ?? null, wrong: String(wrong) };
  },
});

export const subscriber = defineAgent({
  name: 'subscriber',
  async handle(_task: AgentTask<Json>, { messages }: AgentContext) {
    const subscription = await messages.subscribe('#news');
    const news = await messages.receive({ timeout: '20s' });
    await subscription.close();
    return news?.data ?? null;
  },
});
