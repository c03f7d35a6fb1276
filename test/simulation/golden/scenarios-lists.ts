import { parseWorkflow } from '@reprise/core';
import type { Work } from './recorder.ts';
import type { Scenario } from './scenario.ts';

// Lists of which not all is needed.

const QUORUM = parseWorkflow(`
name: quorum
tasks:
  quotes: { agent: booker, compensate: refunder, forEach: { items: "[3, 1, 9, 2, 50]", need: 2, rest: cancel, concurrency: 4 } }
  votes: { agent: booker, retry: 1, forEach: { items: "[5, -1, 1, 2]", need: "outputs.quotes.size() - 3" }, after: quotes }
  found: { forEach: { items: "[1, 4, 6]", until: "output.exists(one, one != null)", rest: cancel }, workflow: other, after: quotes }
  choose: { set: { quotes: "\${ outputs.quotes }", votes: "\${ outputs.votes }", found: "\${ outputs.found }" }, after: [votes, found] }
`);

const MERGED = parseWorkflow(`
name: merged
tasks:
  fast: { agent: booker, input: 1 }
  slow: { agent: booker, input: 6 }
  never: { agent: booker, when: "false" }
  merge: { agent: booker, after: [slow, never, fast], join: each, input: "\${ item.task == 'fast' ? 2 : 3 }", compensate: refunder }
  blocks:
    after: [slow, fast]
    join: each
    scope: { one: { set: "\${ item }" }, two: { agent: booker, input: 1, after: one } }
  fail: { raise: { code: NO, message: "\${ string(outputs.merge.size()) }" }, after: [merge, blocks] }
`);

const LONGER = parseWorkflow(`
name: longer
tasks:
  parts: { agent: booker }
  each: { agent: booker, after: parts, forEach: outputs.parts, input: "\${ size(string(item)) }" }
  last: { set: "\${ outputs.each.size() }", after: each }
`);

const OTHER = parseWorkflow(`
name: other
tasks: { do: { agent: booker } }
`);

const work: Readonly<Record<string, Work>> = {
  booker: async ({ input, taskId, attempt }, _context, sleep) => {
    const seconds = Number(input);
    await sleep(Math.abs(seconds) * 1000);
    if (seconds < 0) throw Object.assign(new Error('no room'), { code: 'FULL', retryable: false });
    return { booked: `${taskId} ${attempt}` };
  },
  refunder: ({ input }) => input ?? null,
};

export const SCENARIOS_OF_LISTS: Readonly<Record<string, Scenario>> = {
  quorum: {
    about:
      'Lists that had what they were for before they ended: one whose rest was awaited and undone meanwhile, one that went on and of which an item failed, one of child runs of which the rest was cancelled.',
    async play(stage) {
      const reprise = await stage.start([QUORUM, OTHER], work);
      await reprise.startRun(QUORUM, null, { id: 'quorum-1' });
      await stage.toEnd('quorum-1');
      return 'quorum-1';
    },
  },
  merged: {
    about:
      'Joins of each: tasks and blocks, of which one began with each of those before as it completed; in the end what they did was undone.',
    async play(stage) {
      const reprise = await stage.start(MERGED, work);
      await reprise.startRun(MERGED, null, { id: 'merged-1' });
      await stage.toEnd('merged-1');
      return 'merged-1';
    },
  },
  longer: {
    about: 'Items were added to a list that stood in the history before; the same command came twice.',
    async play(stage) {
      const reprise = await stage.start(LONGER, {
        ...work,
        booker: async (task, context, sleep) =>
          task.taskId === 'parts' ? ['x'.repeat(300), 'bb'] : work['booker']?.(task, context, sleep),
      });
      const run = await reprise.startRun(LONGER, null, { id: 'longer-1' });
      await stage.until(async () => (await stage.history('longer-1')).some(({ type }) => type === 'TaskExpanded'));
      for (let time = 0; time < 2; time += 1)
        await run.addItems('each', ['c', 'dddd'], { requestId: 'more', by: 'ann', reason: 'forgotten' });
      await stage.toEnd('longer-1');
      return 'longer-1';
    },
  },
};
