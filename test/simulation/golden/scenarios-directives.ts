import { parseWorkflow } from '@reprise/core';
import type { Work } from './recorder.ts';
import type { Scenario } from './scenario.ts';

const DESK = parseWorkflow(`
name: desk
version: "1"
tasks:
  plan: { agent: planner, may: spawn }
  each:
    after: plan
    forEach: { items: input.cases, concurrency: 2 }
    scope:
      ask: { agent: front, may: handOff, compensate: undoer, retry: { maxAttempts: 2, initialDelay: 100ms, jitter: 0 } }
      tell: { agent: teller, after: ask, may: finish }
      file: { agent: filer, after: tell }
  close: { agent: closer, after: each, retry: 1 }
`);

const planner: Work = ({ input, error }: { input: never; error?: unknown }, { spawn }) => {
  // The first plan is refused: there is a task of that id.
  if (error === undefined) spawn({ close: { agent: 'filer' } });
  else spawn({ look: { agent: 'filer', after: 'plan', input: { seen: `\${ outputs.plan }` } } }, { before: 'close' });
  return input;
};

const front: Work = async ({ taskId, attempt }, { handOff }, sleep) => {
  await sleep(20);
  if (taskId === 'each[0]/ask' && attempt === 1) throw new Error('not now');
  handOff('expert', { input: { of: taskId }, why: 'it is hard' });
  return 'asked';
};

const teller: Work = ({ taskId }, { finish }) => {
  if (taskId.startsWith('each[1]')) finish({ told: taskId });
  return 'told';
};

export const SCENARIO_OF_DIRECTIVES: Readonly<Record<string, Scenario>> = {
  directed: {
    about:
      'What agents did to their run: tasks that were spawned, after a plan that was refused; a task of two items that was handed to another agent, once with an input of its own after a retry; a block that an agent finished. In the end what both agents had done was undone.',
    async play(stage) {
      const runId = 'directed-1';
      const closer: Work = () => {
        throw Object.assign(new Error('it stays open'), { code: 'OPEN', retryable: false });
      };
      const reprise = await stage.start(DESK, {
        planner,
        front,
        teller,
        closer,
        expert: ({ input }) => ({ answer: input }),
        filer: ({ input }) => input,
        undoer: ({ input }) => input,
      });
      await reprise.startRun(DESK, { cases: ['a', 'b'] }, { id: runId });
      await stage.toEnd(runId);
      return runId;
    },
  },
};
