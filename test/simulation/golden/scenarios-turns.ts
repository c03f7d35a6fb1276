import { parseWorkflow, type Workflow } from '@reprise/core';
import type { Work } from './recorder.ts';
import type { Scenario } from './scenario.ts';

const CHILD = parseWorkflow('name: check\ntasks:\n  look: { agent: echo }\n') as Workflow;

const TURNS = parseWorkflow(`
name: turns
strategy: sequential
tasks:
  plan: { agent: planner, may: [spawn] }
  nap: { sleep: 10s }
  each: { agent: flaky, forEach: { items: '[1, 2, 3]', onItemFailure: continue }, retry: { maxAttempts: 2, initialDelay: 1s, jitter: 0 } }
  check: { workflow: check }
  book:
    scope:
      seats: { agent: echo, retry: 1 }
      pay: { agent: poor, after: seats, retry: 1, fallback: { agent: echo } }
  urgent: { agent: echo, priority: 1 }
  end: { agent: echo, after: [nap, each, check, book] }
`) as Workflow;

export const SCENARIO_OF_TURNS: Readonly<Record<string, Scenario>> = {
  turns: {
    about:
      'One task after another: by priority, then as declared; a retry keeps its turn, a child run has one, a sleep has none, a task that was added comes last.',
    async play(stage) {
      const echo: Work = async ({ taskId }, _context, sleep) => {
        await sleep(100);
        return taskId;
      };
      const fail = (): never => {
        throw Object.assign(new Error('not now'), { code: 'BUSY', retryable: true });
      };
      const reprise = await stage.start([TURNS, CHILD], {
        echo,
        planner: (_task, context) => {
          context.spawn({ extra: { agent: 'echo' } });
          return 'planned';
        },
        flaky: ({ taskId, attempt }) =>
          taskId === 'each[0]' ? taskId : taskId === 'each[1]' && attempt > 1 ? 1 : fail(),
        poor: fail,
      });
      await reprise.startRun(TURNS, null, { id: 'turns-1' });
      await stage.toEnd('turns-1');
      return 'turns-1';
    },
  },
};
