import { parentPort, workerData } from 'node:worker_threads';
import { fromText } from './packed.ts';
import { Pipeline } from './pipeline.ts';
import type { FromWorker, ToWorker, WorkerData } from './thread-messages.ts';

// The thread that makes telemetry and sends it. It ends when the engine's thread says so, or ends.

const say = (message: FromWorker): void => parentPort?.postMessage(message);

const options = workerData as WorkerData;

const pipeline = new Pipeline({ ...options, redact: undefined }, (losses) => say({ kind: 'lost', losses }));

function saw(text: string): void {
  const sightings = fromText(text, options.texts);
  for (const one of sightings) pipeline.take(one);
  say({ kind: 'took', count: sightings.length });
}

async function done(id: number, work: Promise<void>): Promise<void> {
  await work;
  say({ kind: 'done', id });
}

parentPort?.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'saw':
      return saw(message.text);
    case 'know':
      return pipeline.know(message.runId, message.traceparent);
    case 'span':
      return pipeline.span(message.span);
    case 'log':
      return pipeline.log(message.record);
    case 'measured':
      return pipeline.measured(message.measures);
    case 'flush':
      return void done(message.id, pipeline.flush());
    case 'close':
      return void done(message.id, pipeline.close(message.withinMs)).then(() => parentPort?.close());
  }
});
