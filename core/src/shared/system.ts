import { randomUUID } from 'node:crypto';
import type { Clock, Ids, Random } from './clock.ts';

// The only file that may touch the global clock, timers and randomness (enforced by the lint rules).

const MAX_DELAY_MS = 2 ** 31 - 1;

/** The real clock. Its timers do not keep the process alive on their own. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(delayMs, callback) {
    const due = Date.now() + Math.max(0, delayMs);
    let handle: NodeJS.Timeout;
    const arm = (): void => {
      const left = due - Date.now();
      handle = setTimeout(() => (left > MAX_DELAY_MS ? arm() : callback()), Math.min(Math.max(0, left), MAX_DELAY_MS));
      handle.unref();
    };
    arm();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Ids of 26 characters: creation time in milliseconds (base 36, so that they sort), then randomness. */
export const systemIds: Ids = {
  next: () => Date.now().toString(36).padStart(9, '0') + randomUUID().replaceAll('-', '').slice(0, 17),
};

/** Chance, of the process. */
export const systemRandom: Random = () => Math.random();

/** Waits `ms` of real time. Keeps the process alive while waiting. */
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Calls `callback` once all I/O and promises that are ready now have been served. */
export const whenIdle = (callback: () => void): void => {
  setImmediate(callback);
};

/** Keeps the process alive until the returned function is called. */
export function keepAlive(): () => void {
  const handle = setInterval(() => undefined, 2 ** 30);
  return () => clearInterval(handle);
}

/** Lets everything else that waits have its turn of the event loop: for work that would otherwise keep the loop to itself. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A warning of the process, on stderr unless somebody listens: for what no monitor is there to be told. */
export const emitWarning = (message: string): void => {
  process.emitWarning(message, 'RepriseWarning');
};

/** Carries a long computation out step by step; others have the loop between them. One of a single step makes nobody wait. */
export async function inSteps<T>(steps: Generator<void, T>): Promise<T> {
  let step = steps.next();
  for (let taken = 1; step.done !== true; taken += 1) {
    if (taken > 1) await nextTurn();
    step = steps.next();
  }
  return step.value;
}
