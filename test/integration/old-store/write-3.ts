// Wrote `rules-3.db` with the build that closed rules 3: what write.ts writes, and a run in every state that there is since.
//   node --conditions=reprise-source test/integration/old-store/write-3.ts FILE
// Kept to show what is in the file. A later build writes other histories, so a file is never written again.

import { type Json, sleep } from '@reprise/core';
import { openProject } from './project.ts';

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('name the file to write');
await import('./write.ts');
const reprise = await openProject(path, 'leaving');
await reprise.start();

const start = (workflow: string, id: string = workflow, input: Json = { n: 1 }) =>
  reprise.startRun(workflow, input, { id, tenant: 'acme' });

for (const name of [
  'block',
  'polish',
  'waiting',
  'napping',
  'parent',
  'undoing',
  'handling',
  'race',
  'mutex',
  'switched',
])
  await start(name);
await start('large', 'large', { numbers: [1, 2, 3], text: 'a long text, '.repeat(100) });
const closing = await start('closing');
const failed = await start('undoing', 'given-up');
const stopped = await start('polish', 'stopped');
await sleep(1500);
await closing.cancel('while a payment is under way');
await failed.cancel('by force', { force: true });
await stopped.cancel('in its second round');
await reprise.retryRun('stopped', { id: 'gone-on' });
await reprise.forkRun('failed', { id: 'told', outcomes: { work: { told: true } } });
await sleep(500);
await reprise.stop({ drainMs: 0 });
process.stdout.write('written\n');
