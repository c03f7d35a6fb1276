import { parseWorkflow, type TaskDefinition } from '@reprise/core';
import type { AddTasks } from '../../../core/src/orchestration/workflow/commands.ts';
import type { Work } from './recorder.ts';
import type { Scenario } from './scenario.ts';

const PLAN = parseWorkflow(`
name: plan
version: "1"
tasks:
  plan: { agent: worker }
  each:
    after: plan
    forEach: { items: input.parts, concurrency: 2 }
    scope:
      draft: { agent: worker }
      check: { agent: worker, after: draft }
  loop:
    after: plan
    scope: { write: { agent: worker } }
    loop: { until: round >= 2, max: 2 }
  publish: { agent: publisher, after: [each, loop], retry: 1 }
`);

/** Tasks as a definition has them. */
const tasks = (text: string, there = ''): readonly TaskDefinition[] =>
  parseWorkflow(`name: w\ntasks:\n${there}${text}`).definition.tasks.slice(
    there === '' ? 0 : there.split('\n').length - 1,
  );

const NEW = '  extra: { agent: worker, compensate: undoer, retry: 1 }\n';

export const SCENARIO_OF_ADDED: Readonly<Record<string, Scenario>> = {
  grown: {
    about:
      'Tasks were added while it ran: to the run, before a task of the definition; to each of two blocks that are items, by the same id; to both rounds of a loop; a block to which others were added. In the end what the added ones did was undone.',
    async play(stage) {
      const runId = 'grown-1';
      let count = 0;
      const add = (scope: string, added: readonly TaskDefinition[], before?: AddTasks['before']): Promise<void> => {
        count += 1;
        const command: AddTasks = {
          type: 'AddTasks',
          runId,
          commandId: `add-${count}`,
          scope,
          tasks: added,
          ...(before && { before }),
        };
        return stage.submit(command as never);
      };
      const worker: Work = async ({ taskId, input }, _context, sleep) => {
        await sleep(taskId.endsWith('draft') ? 20 : 10);
        return input ?? taskId;
      };
      const publisher: Work = () => {
        throw Object.assign(new Error('nobody wants it'), { code: 'UNWANTED', retryable: false });
      };
      const reprise = await stage.start(PLAN, { worker, publisher, undoer: ({ input }) => input });
      await reprise.startRun(PLAN, { parts: ['a', 'b'] }, { id: runId });
      const scheduled =
        (id: string, round = 1) =>
        async (): Promise<boolean> =>
          (await stage.history(runId)).filter(({ type, data }) => type === 'TaskScheduled' && data['taskId'] === id)
            .length >= round;
      await stage.until(scheduled('plan'));
      await add(
        '',
        tasks(`  review: { agent: worker, after: plan, input: "\${ outputs.plan }" }\n`, '  plan: { agent: worker }\n'),
        [{ taskId: 'publish', dependency: 'review' }],
      );
      await stage.until(scheduled('each[1]/draft'));
      for (const item of ['each[0]', 'each[1]'])
        await add(item, tasks(NEW), [{ taskId: `${item}/check`, dependency: 'extra' }]);
      await add('loop', tasks(NEW));
      await stage.until(scheduled('loop/write', 2));
      await add('loop', tasks('  extra: { scope: { one: { agent: worker, compensate: undoer } } }\n'));
      await stage.until(scheduled('loop/extra/one'));
      await add('loop/extra', tasks('  two: { agent: worker, after: one }\n', '  one: { agent: worker }\n'));
      await stage.toEnd(runId);
      return runId;
    },
  },
};
