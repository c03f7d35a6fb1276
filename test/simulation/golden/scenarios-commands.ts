import { parseWorkflow } from '@reprise/core';
import type { Command } from '../../../core/src/orchestration/workflow/commands.ts';
import type { Scenario } from './scenario.ts';

// Commands of clients in other processes, which were sent to whoever drives the run.

const ORDER = parseWorkflow(`
name: order
tasks:
  pay: { agent: worker, compensate: { agent: worker } }
  delivered: { after: pay, wait: { signal: delivered } }
`);

export const SCENARIO_OF_COMMANDS: Readonly<Record<string, Scenario>> = {
  commanded: {
    about:
      'Commanded by clients of other processes: paused, a second pause refused for good, resumed, cancelled, and a second cancellation noted.',
    async play(stage) {
      const runId = 'commanded-1';
      const reprise = await stage.start(ORDER, {
        worker: async ({ taskId }, _context, sleep) => sleep(1000).then(() => taskId),
      });
      await reprise.startRun(ORDER, { order: 7 }, { id: runId, requestId: 'start-1' });
      const count = async (type: string): Promise<number> =>
        (await stage.history(runId)).filter((event) => event.type === type).length;
      await stage.until(async () => (await count('TaskCompleted')) === 1);
      const sender = { client: 'worker-elsewhere', verified: false };
      const say = (type: 'PauseRun' | 'ResumeRun' | 'CancelRun', id: string): Promise<void> =>
        stage.submit({ type, runId, commandId: id, sender, said: { by: 'kim' } } as Command);
      await say('PauseRun', 'pause-1');
      await say('PauseRun', 'pause-2');
      await say('ResumeRun', 'resume-1');
      await say('PauseRun', 'pause-2');
      await say('CancelRun', 'cancel-1');
      await say('CancelRun', 'cancel-2');
      await reprise.run(runId).signal('nothing', null, { requestId: 'look' });
      await stage.toEnd(runId);
      return runId;
    },
  },
};
