import { assignInOrder, type SchedulerStrategy } from '@reprise/core/plugin';

/** One attempt of a run at a time: the first that is ready and somebody has room for. */
export const careful: SchedulerStrategy = {
  name: 'careful',
  select: (view) => assignInOrder(view, view.inFlight === 0 ? Math.min(1, view.slots) : 0),
};
