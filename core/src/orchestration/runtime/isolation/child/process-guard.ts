import { once } from 'node:events';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

/** A process whose parent is gone does nothing for anybody: it ends, and all that its agent has started. */
export function onParentGone(): void {
  process.on('disconnect', killGroup);
}

/** It has a group of its own, but on Windows. Does not return. */
export function killGroup(): void {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    process.kill(process.pid, 'SIGKILL');
  }
}

/**
 * What the agent does to its own thread does not stop the one that watches, which is there when this resolves. (It gets no limits of its own: to read TypeScript alone
 * takes more than 8 MiB.)
 */
export async function watchMemory(): Promise<void> {
  const limitMiB = Number(process.env['REPRISE_ISOLATE_MEMORY_MIB']);
  delete process.env['REPRISE_ISOLATE_MEMORY_MIB'];
  const watchdog = new Worker(new URL(`./watchdog${extname(import.meta.url)}`, import.meta.url), {
    name: 'reprise-watchdog',
    workerData: { limitMiB },
  });
  // Nobody would end the process any more, whatever became of it.
  watchdog.once('exit', killGroup);
  await once(watchdog, 'message');
  watchdog.unref();
}
