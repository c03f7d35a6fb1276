import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { type ForeignRange, GroupWriter } from './group-writer.ts';
import type { DatabaseSync } from './node-sqlite.ts';
import { openWritable, type WritableOptions } from './open.ts';
import { toFault } from './store-fault.ts';
import type { FromWriter, ToWriter, WriteMessage } from './write-messages.ts';

/** What the thread is started with. */
export interface WriterWorkerData extends WritableOptions {
  readonly knownHead?: number | undefined;
}

// The writer's thread: every message that has arrived by the time a commit is done goes into the next one. It loads nothing
// of @reprise/core, so that it starts fast.

function start(port: MessagePort, options: WriterWorkerData): void {
  const post = (message: FromWriter): void => port.postMessage(message);
  let db: DatabaseSync;
  let writer: GroupWriter;
  try {
    db = openWritable(options);
    writer = new GroupWriter(db, options.path, options.knownHead);
    post({ kind: 'opened', head: writer.head });
    tellForeign(writer.poll());
  } catch (error) {
    post({ kind: 'failed', fault: toFault(error, options.path) });
    port.close();
    return;
  }

  function tellForeign(range: ForeignRange | undefined): void {
    if (range !== undefined) post({ kind: 'foreign', ...range });
  }

  function write(messages: readonly WriteMessage[]): void {
    if (messages.length === 0) return;
    const { outcomes, foreign } = writer.write(messages);
    tellForeign(foreign);
    post({ kind: 'done', outcomes });
  }

  function poll(): void {
    try {
      tellForeign(writer.poll());
    } catch {
      // A look at a busy or failing file says nothing; the next look, or the next append, will.
    }
  }

  port.on('message', (first: ToWriter) => {
    const group: WriteMessage[] = [];
    let polled = false;
    for (let message: ToWriter | undefined = first; message !== undefined; message = next(port)) {
      if (message.kind === 'write') group.push(message);
      else if (message.kind === 'poll') polled = true;
      else {
        write(group);
        db.close();
        port.close();
        return;
      }
    }
    write(group);
    if (polled) poll();
  });
}

const next = (port: MessagePort): ToWriter | undefined => receiveMessageOnPort(port)?.message as ToWriter | undefined;

if (parentPort !== null) start(parentPort, workerData as WriterWorkerData);
