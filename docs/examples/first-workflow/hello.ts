// The example of the README, with its output. `node hello.ts` runs it.
// #region hello
import { createReprise, defineAgent, workflow } from '@reprise/core';
import { z } from 'zod';

const textSchema = z.object({ text: z.string() });
const split = defineAgent({ name: 'splitter', inputSchema: textSchema, handle: ({ input }) => input.text.split('. ') });
const count = defineAgent({ name: 'counter', handle: ({ input }: { input: string }) => input.split(' ').length });

const words = workflow('words', { input: textSchema })
  .task('split', split)
  .task('count', count, { after: 'split', forEach: ({ outputs }) => outputs.split, retry: 3 })
  .output(({ outputs }) => ({ longest: Math.max(...outputs.count) }))
  .build();

const reprise = await createReprise({ workflows: [words] });
await reprise.start();
const run = await reprise.startRun(words, { text: 'Every fact is an event. Events are kept. Nothing else counts' });
console.log(await run.result());
for await (const { revision, event } of reprise.runs.history(run.id)) console.log(revision, event.type);
console.log('replay equals the record:', (await reprise.runs.replay(run.id)).matches);
await reprise.stop();
// #endregion
