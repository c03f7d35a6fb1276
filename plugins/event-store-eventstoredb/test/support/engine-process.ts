import { writeSync } from 'node:fs';
import { createReprise } from '@reprise/core';
import { eventstoredbEventStore } from '@reprise/event-store-eventstoredb';
import { sqliteViewStore } from '@reprise/view-store-sqlite';
import { flow, workflows } from './flow.ts';

// The process that tests kill: drives runs of the flow to their ends, going on with those that are there.
// Arguments: options of the store as JSON, file of the views, ids of the runs, their input.

const [options = '{}', views = '', runIds = '', items = '1'] = process.argv.slice(2);

const reprise = await createReprise({
  workflows,
  plugins: [eventstoredbEventStore(JSON.parse(options)), sqliteViewStore({ path: views })],
});
const role = await reprise.start();
writeSync(1, `${role}\n`);
const runs = await Promise.all(
  runIds.split(',').map((id) => reprise.startRun(flow, Number(items), { id, requestId: id })),
);
writeSync(1, 'started\n');
for (const run of runs) writeSync(1, `${run.id} ${JSON.stringify(await run.outcome())}\n`);
await reprise.stop();
