import { createReprise, isolatedAgent, workflow } from '@reprise/core';
// A type import loads nothing here.
import type { longestLine } from './longest-line.ts';

const isolated = isolatedAgent<typeof longestLine>({
  name: 'longest-line',
  module: import.meta.resolve('./longest-line.ts'),
  export: 'longestLine',
  isolation: 'process',
  limits: { memoryMiB: 256, time: '1m' },
});
const measure = workflow<{ file: string }>('measure').task('longest', isolated).build();

const reprise = await createReprise({ workflows: [measure] });
await reprise.start();
const run = await reprise.startRun(measure, { file: import.meta.filename });
const { chars } = await run.result();
process.stdout.write(`${chars} characters\n`);
await reprise.stop();
