import { parentPort, workerData } from 'node:worker_threads';
import { type Item, isEvent, unpackEvent } from './packed.ts';
import { Pipeline } from './pipeline.ts';
import type { FromWorker, ToWorker, WorkerData } from './thread-messages.ts';

// The thread that makes telemetry and sends it. It ends when the engine's thread says so, or ends.

const say = (message: FromWorker): void => parentPort?.postMessage(message);

const options = workerData as WorkerData;

const pipeline = new Pipeline({ ...options, redact: undefined }, (losses) => say({ kind: 'lost', losses }));

function take(item: Item): void {
  if (isEvent(item)) pipeline.take(unpackEvent(item, options.texts));
  else if ('span' in item) pipeline.span(item.span);
  else if ('log' in item) pipeline.log(item.log);
  else pipeline.know(item.know, item.traceparent);
}

function saw(text: string): void {
  const items = JSON.parse(text) as readonly Item[];
  for (const item of items) take(item);
  say({ kind: 'took', count: items.length });
}

async function done(id: number, work: Promise<void>): Promise<void> {
  await work;
  say({ kind: 'done', id });
}

parentPort?.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'saw':
      return saw(message.text);
    case 'measured':
      return pipeline.measured(message.measures);
    case 'flush':
      return void done(message.id, pipeline.flush());
    case 'close':
      return void done(message.id, pipeline.close(message.withinMs)).then(() => parentPort?.close());
  }
});
