import { createReprise, createWorker, defineAgent, remoteAgent, workflow } from '@reprise/core';
import { sharedTransport } from './shared-transport.ts';

const transport = sharedTransport();

// Whoever drives the runs knows of the agent what a workflow needs: its name, what it takes and what it gives.
const writer = remoteAgent<{ topic: string }, string>({ name: 'writer' });
const book = workflow<{ topic: string }>('book').task('write', writer).build();
const reprise = await createReprise({ workflows: [book], plugins: [transport()] });
await reprise.start();
const run = await reprise.startRun(book, { topic: 'tea' });

// The worker has the agent itself; no workflow, no store.
const worker = await createWorker({
  agents: [defineAgent({ name: 'writer', handle: ({ input }: { input: { topic: string } }) => `On ${input.topic}` })],
  plugins: [transport()],
});
await worker.start();

process.stdout.write(`${await run.result()}\n`);
await worker.stop();
await reprise.stop();
