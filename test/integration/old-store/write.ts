// Wrote `rules-1.db`, with the build before rules were recorded (4af9eb5), and `rules-2.db` with the last one of rules 2 (102c0b8), each with a
// run in every state:
//   node --conditions=reprise-source test/integration/old-store/write.ts FILE
// Kept to show what is in the file. A later build writes other histories, so a file is never written again.

import { type Json, sleep } from '@reprise/core';
import { nextTurn } from '@reprise/core/plugin';
import { openProject } from './project.ts';

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('name the file to write');
const reprise = await openProject(path, 'leaving');
await reprise.start();

const start = (workflow: string, id = workflow, input: Json = { n: 1 }) => reprise.startRun(workflow, input, { id });
const numbers = { numbers: [1, 2, 3, 4, 5, 6] };

await (await start('chain', 'completed')).result();
await (await start('broken', 'failed')).outcome();
const cancelled = await start('slow', 'cancelled');
await cancelled.cancel('of no use');
await start('slow', 'running');
const paused = await start('slow', 'paused');
await paused.pause('for lunch');
const idle = await start('nobody', 'paused-idle');
await idle.pause();
await idle.pause().catch(() => undefined); // a command that is refused, on record
await start('queue');
await start('scheduled');
await start('retry');
await start('list', 'list', numbers);
await start('tolerant', 'tolerant', numbers);
await start('items-of-a-list-time-out', 'items-of-a-list-time-out', { numbers: [1, 2] });
await start('loop');
await start('fall-to-agent');
await start('fall-to-task');
await start('fall-to-value');
await start('once');
await start('nobody');
await start('missing');
await start('conditions');
await start('short');
await start('task-limit');
await start('task-limit-value');
await start('attempt-limit');
await start('functions');
await start('gone');
// A run that goes on from the results of another, items included.
const half = await start('list', 'half', numbers);
await sleep(300);
await half.cancel('half way');
await reprise.retryRun('half', { id: 'retried' });
const late = await start('slow', 'resumed');
await late.pause();
await late.resume();
await sleep(500);
await nextTurn();
await reprise.stop({ drainMs: 0 });
process.stdout.write('written\n');
