import { systemClock } from '@reprise/core';
import type { Screen } from './terminal.ts';

/** After this long somebody who waits takes silence for a hang, ms. */
const SILENCE_MS = 3000;

/**
 * What `work` gives. Where that takes longer, it is said what is waited for: a command over a transport is answered by whoever drives the run, and with nobody
 * there the answer comes only when the time for it (`limits.commandMs`) has passed.
 */
export async function whileWaiting<T>(err: Screen, work: () => Promise<T>, silenceMs = SILENCE_MS): Promise<T> {
  const note = (): void => void err.note('Waiting for whoever drives the run to answer …');
  const timer = systemClock.schedule(silenceMs, note);
  try {
    return await work();
  } finally {
    timer.cancel();
  }
}
