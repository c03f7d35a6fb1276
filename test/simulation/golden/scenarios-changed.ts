import { parseWorkflow } from '@reprise/core';
import type { Work } from './recorder.ts';
import type { Scenario } from './scenario.ts';

const MOVE = parseWorkflow(`
name: move
version: "1"
tasks:
  pack: { agent: worker }
  van: { agent: slow, compensate: undoer }
  lift: { agent: slow }
  insure: { agent: slow, compensate: undoer }
  load: { agent: worker, after: [pack, van], input: none }
  drive: { agent: worker, after: load, input: none }
  home:
    after: drive
    scope:
      keys: { wait: { signal: keys } }
      clean: { agent: slow, compensate: undoer }
  lights: { agent: slow, after: home, input: none, compensate: undoer }
  bill: { agent: worker, after: [lights, insure], input: none }
`);

export const SCENARIO_OF_CHANGES: Readonly<Record<string, Scenario>> = {
  changed: {
    about:
      'People changed it while it ran: tasks were linked and unlinked, one was put before others; one was skipped once what it did was undone, another at once; an attempt was overridden, and a block, once what was under way in it had come. At last it was cancelled with nothing undone.',
    async play(stage) {
      const runId = 'changed-1';
      const worker: Work = async ({ taskId }, _context, sleep) => {
        await sleep(10);
        return taskId;
      };
      const slow: Work = async ({ taskId }, _context, sleep) => {
        await sleep(1000);
        return taskId;
      };
      const reprise = await stage.start(MOVE, { worker, slow, undoer: ({ input }) => input });
      const run = await reprise.startRun(MOVE, null, { id: runId });
      const happened = (type: string, taskId: string) => async (): Promise<boolean> =>
        (await stage.history(runId)).some((event) => event.type === type && event.data['taskId'] === taskId);
      const by = 'anna';
      await stage.until(happened('TaskStarted', 'van'));
      await run.link('load', 'lift', { by, reason: 'it is on the fourth floor' });
      await run.unlink('load', 'van', { by, requestId: 'no-van' });
      await run.unlink('load', 'van', { by, requestId: 'no-van' });
      await run.setPriority('drive', 5, { by });
      await run.skip('van', { by, reason: 'a friend has one' });
      await run.override('lift', { floors: 4 }, { by });
      await stage.until(happened('TaskStarted', 'home/clean'));
      await run.override('home', 'handed over', { by });
      await stage.until(happened('TaskStarted', 'lights'));
      await run.skip('bill', { by });
      await run.cancel('nobody pays', { by, compensate: false });
      await stage.toEnd(runId);
      return runId;
    },
  },
};
