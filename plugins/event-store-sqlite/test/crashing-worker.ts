import { existsSync, rmSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

// Stands in for the writer's thread: opens, and dies of the first append while the file `<path>-crash` exists. After that
// it is the real one.

const trap = `${workerData.path}-crash`;
if (existsSync(trap)) {
  parentPort?.postMessage({ kind: 'opened', head: -1 });
  parentPort?.once('message', () => {
    rmSync(trap);
    throw new Error('the writer died');
  });
} else {
  await import('../src/writer-worker.ts');
}
