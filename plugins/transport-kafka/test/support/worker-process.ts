import { writeSync } from 'node:fs';
import { createWorker, defineAgent } from '@reprise/core';
import { type KafkaOptions, kafkaTransport } from '@reprise/transport-kafka';

// A worker in a process of its own, started by engine.int.ts: <options as JSON>. It says which tasks it begins.

const options = JSON.parse(process.argv[2] ?? '{}') as KafkaOptions;
const agent = defineAgent({
  name: 'worker',
  concurrency: 4,
  handle: async ({ input }: { input: { number: number } }) => {
    writeSync(1, `${input.number}\n`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return input.number * 2;
  },
});
const worker = await createWorker({ agents: [agent], plugins: [kafkaTransport(options)], limits: { leaseMs: 3000 } });
await worker.start();
