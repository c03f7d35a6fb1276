import { setTimeout as pause } from 'node:timers/promises';
import { type AgentTask, defineAgent, RepriseError, workflow } from '@reprise/core';

// A run with what needs a store to be right: retries, a child run, two agents that talk, a list.

const part = workflow<number>('part')
  .task(
    'double',
    defineAgent({
      name: 'double',
      handle: async ({ input }: { readonly input: number }) => {
        await pause(5);
        return input * 2;
      },
    }),
  )
  .build();

const flaky = defineAgent({
  name: 'flaky',
  handle: async ({ attempt }: AgentTask) => {
    await pause(5);
    if (attempt < 3) throw new RepriseError('REPRISE_STORE_UNAVAILABLE', 'not yet');
    return 'at last';
  },
});

/** Of two that are killed while they talk, one may have ended before the other asks again: it knows the answer by itself then. */
const asker = defineAgent({
  name: 'asker',
  handle: async (_: AgentTask, { messages }) => {
    const answer = messages.request('answerer', { question: 6 }, { key: 'question' });
    return answer.then(({ data }) => data).catch(() => 42);
  },
});

const answerer = defineAgent({
  name: 'answerer',
  handle: async (_: AgentTask, { messages }) => {
    const asked = await messages.receive({ timeout: 2000 });
    if (asked !== undefined) await messages.reply(asked, 42);
    return 'done';
  },
});

const step = defineAgent({
  name: 'step',
  handle: async ({ input }: { readonly input: number }) => {
    await pause(3);
    return input + 1;
  },
});

export const flow = workflow<number>('flow')
  .task('flaky', flaky, { retry: { maxAttempts: 50, initialDelay: 5, maxDelay: 20 } })
  .task('asker', asker, { may: 'send', after: 'flaky', retry: { maxAttempts: 50, initialDelay: 5, maxDelay: 20 } })
  .task('answerer', answerer, { after: 'flaky', retry: { maxAttempts: 50, initialDelay: 5, maxDelay: 20 } })
  .task('each', step, {
    after: 'flaky',
    retry: { maxAttempts: 50, initialDelay: 5, maxDelay: 20 },
    forEach: ({ input }) => Array.from({ length: input }, (_, index) => index),
  })
  .workflow('part', part, { after: 'each', input: ({ outputs }) => outputs.each.length })
  .build();

export const workflows = [flow, part];

/** What a run of it comes to. */
export const outputOf = (items: number) => ({ asker: 42, answerer: 'done', part: items * 2 });
