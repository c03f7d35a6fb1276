import { parseWorkflow, type Workflow } from '@reprise/core';
import type { Scenario } from './scenario.ts';

const RESTED = parseWorkflow(`
name: rested
tasks:
  each: { agent: broken, forEach: { items: '[1, 2, 3, 4]', onItemFailure: continue }, retry: { maxAttempts: 3, initialDelay: 1s, jitter: 0 } }
  any: { capability: print, after: each, retry: { maxAttempts: 4, initialDelay: 1s, jitter: 0 } }
`) as Workflow;

export const SCENARIO_OF_AGENTS: Readonly<Record<string, Scenario>> = {
  rested: {
    about:
      'An agent that failed at three items of a list, one after another: it rested, was tried in vain and rested for longer, was tried again and was back; then a task for a capability that went from one agent to the next and back to the first.',
    async play(stage) {
      let calls = 0;
      const fail = (): never => {
        throw Object.assign(new Error('not now'), { code: 'BUSY', retryable: true });
      };
      const print = ({ attempt }: { readonly attempt: number }): string => (attempt < 3 ? fail() : 'printed');
      const reprise = await stage.start(
        RESTED,
        {
          broken: ({ taskId }) => {
            calls += 1;
            return calls > 5 ? taskId : fail();
          },
          ada: print,
          ben: print,
        },
        {},
        [],
        { ada: ['print'], ben: ['print'] },
      );
      await reprise.startRun(RESTED, null, { id: 'rested-1' });
      await stage.toEnd('rested-1');
      return 'rested-1';
    },
  },
};
