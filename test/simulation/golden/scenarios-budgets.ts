import { parseWorkflow, type Workflow } from '@reprise/core';
import type { Work } from './recorder.ts';
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

const METERED = parseWorkflow(`
name: metered
budget: { tokens: 400, cost: 0.1, agents: { flaky: { attempts: 3 } } }
tasks:
  each: { agent: writer, maxUsage: { tokens: 100, cost: 0.02 }, forEach: { items: '[1, 2, 3, 4, 5]', onItemFailure: continue } }
  part:
    budget: { tokens: 120 }
    after: each
    scope:
      try: { agent: flaky, maxUsage: { tokens: 50 }, retry: { maxAttempts: 9, initialDelay: 0, jitter: 0 } }
    catch: [{ on: { code: REPRISE_BUDGET_EXHAUSTED }, then: continue, output: spent }]
  unknown: { agent: stranger, forEach: '[1, 2, 3]', after: part }
`) as Workflow;

const THRIFTY = parseWorkflow(`
name: thrifty
budget: { tokens: 100, onBudget: { agent: cheap } }
tasks:
  each: { agent: dear, maxUsage: { tokens: 30 }, forEach: { items: '[1, 2, 3, 4]', concurrency: 1, onItemFailure: continue } }
  last: { agent: dear, after: each }
`) as Workflow;

const RAISED = parseWorkflow(`
name: raised
budget: { tasks: 9 }
tasks:
  w: { wait: { signal: go } }
  part: { budget: { attempts: 1 }, after: w, scope: { a: { agent: echo }, b: { agent: echo, after: a } } }
  c: { agent: echo, after: part }
  d: { agent: echo, after: c }
`) as Workflow;

const BEGGED = parseWorkflow(`
name: begged
budget: { attempts: 2, tokens: 85, onBudget: { ask: kim } }
tasks:
  each: { agent: writer, maxUsage: { tokens: 20 }, forEach: '[1, 2, 3]' }
  part:
    budget: { tokens: 10, onBudget: { ask: lee, timeout: 50ms } }
    after: each
    scope: { x: { agent: writer, maxUsage: { tokens: 20 } } }
    catch: [{ on: { code: REPRISE_BUDGET_EXHAUSTED }, then: continue, output: spent }]
  fourth: { agent: writer, maxUsage: { tokens: 20 }, after: part }
  last: { agent: writer, maxUsage: { tokens: 20 }, after: fourth }
  never: { agent: writer, maxUsage: { tokens: 20 }, after: last, fallback: { value: unsaid } }
`) as Workflow;

const CHAPTER = parseWorkflow(`
name: chapter
tasks:
  draft: { agent: writer, maxUsage: { tokens: 20 } }
  polish: { agent: writer, maxUsage: { tokens: 20 }, after: draft }
`) as Workflow;

const RATIONED = parseWorkflow(`
name: rationed
budget: { tokens: 130, attempts: 20 }
tasks:
  each: { workflow: chapter, budget: { tokens: 50, attempts: 3 }, forEach: { items: '[1, 2, 3]' } }
  short: { workflow: chapter, budget: { tokens: 25, cost: 1 }, after: each, retry: { maxAttempts: 2, initialDelay: 0, jitter: 0 } }
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
  metered: {
    about:
      'Tokens and cost: items that waited until there was room; attempts that failed, of which each was counted by what it had used, until their block had no more; an agent of which nobody knew what it uses, first alone.',
    async play(stage) {
      const reprise = await stage.start(METERED, {
        writer: async ({ taskId }, context, sleep) => {
          context.usage({ tokens: 20, cost: 0.0015 });
          await sleep(10);
          context.usage({ tokens: 5 });
          return taskId;
        },
        flaky: (_task, context) => {
          context.usage({ tokens: 40 });
          throw Object.assign(new Error('once more'), { code: 'BUSY' });
        },
        stranger: ({ attempt }, context) => {
          context.usage({ tokens: 30, cost: 0.001 });
          return attempt;
        },
      });
      await reprise.startRun(METERED, null, { id: 'metered-1' });
      await stage.toEnd('metered-1');
      return 'metered-1';
    },
  },
  thrifty: {
    about:
      'Items that a cheaper agent did once there were no tokens left for the dear one; in the end there were none for it either.',
    async play(stage) {
      const spend =
        (tokens: number): Work =>
        ({ taskId }, context) => {
          context.usage({ tokens });
          return taskId;
        };
      const reprise = await stage.start(THRIFTY, { dear: spend(40), cheap: spend(10) });
      await reprise.startRun(THRIFTY, null, { id: 'thrifty-1' });
      await stage.toEnd('thrifty-1');
      return 'thrifty-1';
    },
  },
  rationed: {
    about:
      'Child runs with allotments: two at once, since there was no room for a third, each settled by what it had spent; one that was allotted too little, whose second attempt was allotted as much anew, until the run was given more by a retry, with which it went on.',
    async play(stage) {
      const reprise = await stage.start([RATIONED, CHAPTER], {
        writer: async ({ taskId }, context, sleep) => {
          context.usage({ tokens: 15, cost: 0.001 });
          await sleep(10);
          return taskId;
        },
      });
      await reprise.startRun(RATIONED, null, { id: 'rationed-1' });
      await stage.toEnd('rationed-1');
      const { id } = await reprise.retryRun('rationed-1', { id: 'rationed-2', raise: { '': { tokens: 50 } } });
      await stage.toEnd(id);
      return id;
    },
  },
  begged: {
    about:
      'Somebody was asked for more: of attempts, and said yes; of tokens of a block, and did not answer in time, which its catch took; of tokens of the run, which it was given by hand; and said no in the end.',
    async play(stage) {
      const reprise = await stage.start(BEGGED, {
        writer: ({ taskId }, context) => {
          context.usage({ tokens: 20 });
          return taskId;
        },
      });
      const run = await reprise.startRun(BEGGED, null, { id: 'begged-1', labels: { of: 'budgets' } });
      const asked = (task: string): Promise<void> =>
        stage.until(async () =>
          (await stage.history('begged-1')).some(({ type, data }) => type === 'BudgetAsked' && data['taskId'] === task),
        );
      await asked('each[2]');
      await run.answer('each[2]', { decision: 'approve', raise: 7 }, { by: 'kim', requestId: 'yes' });
      await asked('last');
      await run.raiseBudget({ tokens: 20 }, { by: 'ann', requestId: 'more' });
      await asked('never');
      await run.answer('never', { decision: 'reject', comment: 'enough' }, { by: 'kim', requestId: 'no' });
      await stage.toEnd('begged-1');
      return 'begged-1';
    },
  },
  raised: {
    about:
      'Budgets that were raised: of a run by its start and by a command, of a block under way, and by the retry of a run that had failed for want of more.',
    async play(stage) {
      let asked: Promise<unknown> | undefined;
      const reprise = await stage.start(RAISED, {
        echo: ({ taskId }) => {
          if (taskId === 'part/a') asked ??= run.raiseBudget({ attempts: 2 }, { scope: 'part', requestId: 'part' });
          return taskId;
        },
      });
      const run = await reprise.startRun(RAISED, null, { id: 'raised-1', budget: { attempts: 1, tasks: 3 } });
      await run.raiseBudget({ attempts: 2 }, { by: 'anna', reason: 'it is worth it', requestId: 'more' });
      await run.signal('go', null, { requestId: 'go' });
      await stage.toEnd('raised-1');
      await asked;
      const { id } = await reprise.retryRun('raised-1', { id: 'raised-2', raise: { '': { attempts: 1, tasks: 1 } } });
      await stage.toEnd(id);
      return id;
    },
  },
};
