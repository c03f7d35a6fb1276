import type { RunState } from './state.ts';

// The clock of a run stands still while the run is paused or parked. Limits, retry delays and sleeps for a time go by it; what it shows is
// called a reading. Of a run that was never paused a reading is the time itself.

/** For how long the clock of the run had stood still by `at`. */
export const stoodStill = ({ stoppedMs, stoppedAt }: RunState, at: number): number =>
  stoppedMs + (stoppedAt === undefined ? 0 : Math.max(0, at - stoppedAt));

/** What the clock of the run shows at `at`, which is not before the last event. */
export const readingAt = (state: RunState, at: number): number => at - stoodStill(state, at);

/** When the clock will show `reading`. Undefined while it stands still: nobody knows. */
export const timeOf = ({ stoppedMs, stoppedAt }: RunState, reading: number | undefined): number | undefined =>
  reading === undefined || stoppedAt !== undefined ? undefined : reading + stoppedMs;
