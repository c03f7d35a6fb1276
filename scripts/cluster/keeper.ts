// Leaves no orphan: lives beside the process that started a cluster, is told what that starts, a line of JSON each, and once it is gone, however that
// ends, ends what is left. Nothing is left after a stop.
//   {"add":PID} a process that leads a group of its own · {"gone":PID} it has ended · {"remove":FOLDER} what is to be deleted then
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { sleep } from '@reprise/core';

/** How long a process may take to end by itself, in ms. */
const GRACE_MS = 5000;
const LOOK_MS = 100;

const pids = new Set<number>();
const folders: string[] = [];

/** Whether it was there. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, name);
    return true;
  } catch {
    return false;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { add, gone, remove } = JSON.parse(line) as { add?: number; gone?: number; remove?: string };
  if (add !== undefined) pids.add(add);
  if (gone !== undefined) pids.delete(gone);
  if (remove !== undefined) folders.push(remove);
}
const alive = (): readonly number[] => [...pids].filter((pid) => signal(pid, 0));
for (const pid of pids) signal(pid, 'SIGTERM');
for (let waited = 0; waited < GRACE_MS && alive().length > 0; waited += LOOK_MS) await sleep(LOOK_MS);
for (const pid of alive()) signal(pid, 'SIGKILL');
for (const folder of folders) rmSync(folder, { recursive: true, force: true });
