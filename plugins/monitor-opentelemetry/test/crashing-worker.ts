import { parentPort } from 'node:worker_threads';

// Stands in for the thread that sends: it dies by the first that it is told.

parentPort?.on('message', () => {
  throw new Error('crashed on purpose');
});
