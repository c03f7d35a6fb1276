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

const PRESS = parseWorkflow(`
name: press
version: "1"
tasks:
  rumours: { agent: reader, compensate: undoer, input: 600 }
  leak: { agent: reader, after: rumours, input: 1 }
  desk: { scope: { wait: { wait: { signal: never } }, note: { agent: reader, after: wait, input: 1 } } }
  quick: { agent: reader, input: 5 }
  facts: { agent: reader, input: 60 }
  each:
    forEach: { items: input.sources, concurrency: 2 }
    scope:
      read: { agent: reader, may: addItems, input: "\${ item }" }
      sum: { agent: reader, after: read, input: 2 }
  editor: { agent: editor, after: quick, may: [link, cancel], retry: { maxAttempts: 2, initialDelay: 10ms, jitter: 0 } }
  print: { agent: reader, after: editor, input: 3 }
  last: { agent: reader, after: [print, each, leak, desk], input: 1 }
output: "\${ { 'each': outputs.each, 'print': outputs.print, 'leak': outputs.leak } }"
`);

/** Reads for as many ms as it is handed; the sources of 30 name two more, the first of which names another. */
const reader: Work = async ({ input, taskId }: { input: never; taskId: string }, { addItems }, sleep) => {
  await sleep(Number(input));
  if (input === 30) addItems([12, 8]);
  if (input === 12) addItems([4]);
  return taskId;
};

const editor: Work = ({ error, taskId }, { link, cancel }) => {
  // The first wish is refused: `leak` would come after itself.
  if (error === undefined) link('rumours', 'leak');
  else {
    link('print', 'facts');
    cancel(['rumours', 'desk']);
  }
  return taskId;
};

export const SCENARIOS_OF_DIRECTIVES: Readonly<Record<string, Scenario>> = {
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
  steered: {
    about:
      'What agents did to what was under way: items that were added to a list, by items of it that had been added themselves; a task that was linked, after a link that was refused; a task that was cancelled and undone, and a block, and what came after them.',
    async play(stage) {
      const runId = 'steered-1';
      const reprise = await stage.start(PRESS, { reader, editor, undoer: ({ input }) => input });
      await reprise.startRun(PRESS, { sources: [30, 10] }, { id: runId });
      await stage.toEnd(runId);
      return runId;
    },
  },
};
