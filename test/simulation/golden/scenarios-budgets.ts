import { parseWorkflow, type Workflow } from '@reprise/core';
import type { Scenario } from './scenario.ts';

const BUDGETED = parseWorkflow(`
name: budgeted
budget: { tasks: 7, attempts: 12, messages: 1 }
tasks:
  try:
    budget: { attempts: 4 }
    loop: { until: round >= 3, max: 5 }
    scope:
      draft: { agent: flaky, retry: { maxAttempts: 3, initialDelay: 0, jitter: 0 } }
    catch: [{ on: { code: REPRISE_BUDGET_EXHAUSTED }, then: continue, output: spent }]
  each:
    agent: echo
    after: try
    forEach: { items: '[1, 2, 3, 4, 5, 6, 7]', onItemFailure: continue, concurrency: 2 }
  note: { send: { to: read }, after: each }
  read: { wait: { message: true }, after: each }
  more: { send: { to: read }, after: note, fallback: { value: unsaid } }
`) as Workflow;

export const SCENARIO_OF_BUDGETS: Readonly<Record<string, Scenario>> = {
  budgeted: {
    about:
      'Budgets that were used up: of attempts in a block over its rounds, which its catch took; of tasks in a list that bears failures; of messages, where a value stood in.',
    async play(stage) {
      const reprise = await stage.start(BUDGETED, {
        flaky: ({ attempt }) => {
          if (attempt % 2 === 1) throw Object.assign(new Error('once more'), { code: 'BUSY' });
          return 'drafted';
        },
        echo: ({ taskId }) => taskId,
      });
      await reprise.startRun(BUDGETED, null, { id: 'budgeted-1' });
      await stage.toEnd('budgeted-1');
      return 'budgeted-1';
    },
  },
};
