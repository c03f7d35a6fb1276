import { parseWorkflow } from '@reprise/core';
import type { Work } from './recorder.ts';
import type { Scenario } from './scenario.ts';

const PAPER = parseWorkflow(`
name: paper
version: "1"
tasks:
  plan: { agent: planner, may: spawn, input: { topic: "\${ input }", said: "\${ feedback }" } }
  write:
    after: plan
    scope:
      draft: { agent: writer, compensate: undoer, input: { said: "\${ feedback }" } }
      check: { agent: checker, after: draft, may: goto }
    loop: { until: output == "good", max: 3 }
  cite: { agent: writer, after: plan, forEach: "[1, 2, 3]", compensate: undoer }
  enough: { wait: { signal: enough } }
  settle: { cancel: { tasks: cite, complete: true }, after: enough }
  judge: { agent: judge, after: [write, cite], may: goto, retry: { maxAttempts: 5, initialDelay: 200ms, jitter: 0 } }
  print: { agent: printer, after: judge, retry: 1 }
`);

const planner: Work = ({ attempt }, { spawn }) => {
  spawn({ source: { agent: 'writer', after: 'plan', input: { plan: attempt } } }, { before: ['judge'] });
  return { plan: attempt };
};

const writer: Work = async ({ taskId, attempt, idempotencyKey }, _context, sleep) => {
  await sleep(taskId.startsWith('cite') && !taskId.endsWith('[0]') ? 300 : 50);
  return { by: idempotencyKey, attempt };
};

/** Of the first plan, the second draft is good, and of each round the first is looked at twice. */
const checker: Work = ({ attempt, round }, { goto }) => {
  if (attempt === 1) goto('draft', { feedback: { more: 'of it' } });
  return round === 2 ? 'good' : 'bad';
};

const judge: Work = ({ attempt }, { goto }) => {
  if (attempt < 4) goto('plan', { why: 'it is another topic' });
  return { judged: attempt };
};

export const SCENARIO_OF_GOTO: Readonly<Record<string, Scenario>> = {
  returned: {
    about:
      'Agents went back: within a round of a loop, with feedback, and to the first task of the run, as soon as nothing had to be awaited any more; what the planner had added was forgotten and added again. A list completed with what it had, because a cancel said so, and its items were awaited and undone. Somebody restarted a task from outside. In the end all that had been done, of all times, was undone.',
    async play(stage) {
      const runId = 'returned-1';
      const printer: Work = async (_task, _context, sleep) => {
        await sleep(5000);
        throw Object.assign(new Error('no paper'), { code: 'NO_PAPER', retryable: false });
      };
      const undoer: Work = ({ input }) => input;
      const reprise = await stage.start(PAPER, { planner, writer, checker, judge, printer, undoer });
      const run = await reprise.startRun(PAPER, 'bees', { id: runId });
      const times = (type: string, taskId: string, count: number) => async (): Promise<boolean> =>
        (await stage.history(runId)).filter((event) => event.type === type && event.data['taskId'] === taskId).length >=
        count;
      await stage.until(times('TaskScheduled', 'cite[2]', 1));
      await run.signal('enough', null);
      await stage.until(times('TaskStarted', 'print', 1));
      await run.restart('print', { by: 'anna', reason: 'there is paper again' });
      await stage.toEnd(runId);
      return runId;
    },
  },
};
