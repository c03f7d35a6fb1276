// A thread in the process of an isolated agent: it ends the process when it has too much memory, or its parent is gone, whatever the agent keeps the
// main thread busy with.
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { killGroup } from './process-guard.ts';

const { limitMiB } = workerData as { readonly limitMiB: number };
const LOOK_MS = 50;
/** The heap has its limit from V8: what it takes beside its old generation is not counted against buffers. */
const BESIDE_MIB = 64;
/** What Node itself takes is not the agent's. */
const limit = process.memoryUsage.rss() + (limitMiB + BESIDE_MIB) * 1024 * 1024;
/** The pipe on which the pool hears of it. */
const TELL_FD = 4;

const parent = process.ppid;
const cell = new Int32Array(new SharedArrayBuffer(4));

parentPort?.postMessage('ready');

// Without an event loop: nothing is awaited here, ever.
for (;;) {
  Atomics.wait(cell, 0, 0, LOOK_MS);
  if (process.ppid !== parent) killGroup();
  if (process.memoryUsage.rss() > limit) {
    try {
      writeSync(TELL_FD, 'memory\n');
    } catch {
      // Nobody listens any more.
    }
    killGroup();
  }
}
