import { parseWorkflow } from '@reprise/core';
import type { Work } from './recorder.ts';
import type { Scenario } from './scenario.ts';

// By rules 3: what is undone although the run completes.

const RACE = parseWorkflow(`
name: race
tasks:
  north: { agent: booker, input: 1, compensate: refunder }
  south: { agent: booker, input: 5, compensate: refunder }
  vague: { agent: booker, input: 60, retry: 1, timeout: { attempt: 10s }, compensate: refunder }
  many: { forEach: "[1, 2, 9]", agent: booker, compensate: refunder }
  drafts: { agent: booker, input: 1, compensate: refunder, repeat: { until: "false", max: 9 } }
  first: { after: [north, south, vague, many, drafts], join: any, rest: cancel, set: "\${ outputs.north }" }
  list: { after: first, forEach: "[1, 2, -1]", agent: booker, retry: 1, compensate: refunder }
  sure: { after: first, agent: booker, input: 20 }
  either: { after: [list, sure], join: any, set: "\${ outputs.sure }" }
  good: { after: either, agent: booker, input: 1, compensate: refunder, repeat: { until: "output == 'good enough'", max: 2 }, fallback: { value: good enough } }
  last:
    after: good
    scope:
      kept: { agent: booker, input: 1, compensate: refunder }
      open: { agent: booker, input: 3, compensate: refunder }
      stop: { end: { output: "\${ outputs.kept }" }, after: kept }
`);

const raceWork: Readonly<Record<string, Work>> = {
  booker: async ({ input, taskId, attempt }, _context, sleep) => {
    const seconds = Number(input);
    await sleep(Math.abs(seconds) * 1000);
    if (seconds < 0) throw Object.assign(new Error('no room'), { code: 'FULL', retryable: false });
    return { booked: `${taskId} ${attempt}` };
  },
  refunder: ({ input }) => input ?? null,
};

export const SCENARIOS_OF_UNDOING: Readonly<Record<string, Scenario>> = {
  race: {
    about:
      'A race whose losers (attempts under way, one with an unclear outcome; a list; a task that repeats) were awaited and undone, a list that failed and was undone while another task was taken, a repeat that was undone for its fallback, a block that an end ended.',
    async play(stage) {
      const reprise = await stage.start(RACE, raceWork);
      await reprise.startRun(RACE, null, { id: 'race-1' });
      await stage.toEnd('race-1');
      return 'race-1';
    },
  },
};
