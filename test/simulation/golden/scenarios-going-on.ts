import { parseWorkflow } from '@reprise/core';
import type { Work } from './recorder.ts';
import type { Scenario } from './scenario.ts';

// By rules 3: runs that begin with the history of another one.

const TRIP = parseWorkflow(`
name: trip
tasks:
  plan: { agent: planner, input: "\${ input.places }" }
  stops:
    after: plan
    forEach: { items: outputs.plan, concurrency: 2 }
    scope:
      look: { agent: planner, input: "\${ item }" }
      book: { agent: booker, after: look, compensate: refunder }
  route:
    after: plan
    scope:
      draw: { agent: planner, input: "\${ feedback }" }
      check: { agent: checker, after: draw, retry: 1 }
    loop: { until: output.good, max: 3 }
  news: { wait: { signal: news }, after: plan }
  tell: { agent: planner, after: [stops, route, news] }
`);

const tripWork = (mended: () => boolean): Readonly<Record<string, Work>> => ({
  planner: ({ input }) => (Array.isArray(input) ? input : { planned: input ?? null }),
  booker: ({ taskId, idempotencyKey }) => ({ booked: taskId, key: idempotencyKey }),
  refunder: ({ input }) => input ?? null,
  checker: ({ round }) => {
    if (round === 2 && !mended()) throw Object.assign(new Error('no map'), { code: 'NO_MAP', retryable: false });
    return { good: round === 2 };
  },
});

export const SCENARIOS_OF_GOING_ON: Readonly<Record<string, Scenario>> = {
  resumed: {
    about:
      'A retry of a retry: of a run that failed in the second round of a loop, when what its blocks had booked was undone; then of the run that went on from it, which was cancelled while it waited. A signal that nobody had taken and the rounds came along.',
    async play(stage) {
      let mended = false;
      const reprise = await stage.start(
        TRIP,
        tripWork(() => mended),
      );
      const first = await reprise.startRun(TRIP, { places: ['Rome', 'Oslo'] }, { id: 'trip-1' });
      await first.signal('news', { weather: 'fair' }, { requestId: 'news-1' });
      await stage.toEnd('trip-1');
      mended = true;
      const second = await reprise.retryRun('trip-1', { id: 'trip-2', outcomes: { plan: ['Rome', 'Pisa'] } });
      await stage.time.quiet();
      await second.pause('to be cancelled');
      await second.signal('news', { weather: 'fair again' }, { requestId: 'news-2' });
      await second.cancel('once more', { force: true });
      await stage.toEnd('trip-2');
      const { id } = await reprise.retryRun('trip-2', { id: 'trip-3' });
      await stage.toEnd(id);
      return id;
    },
  },
};
