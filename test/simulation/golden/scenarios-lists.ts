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
};
