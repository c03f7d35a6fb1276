import { systemClock } from '@reprise/core/plugin';

/** Whether the work has not ended within so many ms. Does not reject. */
export async function isLate(ms: number, work: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = systemClock.schedule(ms, () => resolve(true));
  const done = (): void => resolve(false);
  work.then(done, done);
  const late = await promise;
  timer.cancel();
  return late;
}
