import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { lookFor, type WatchedFile, watched } from './file-identity.ts';
import { type ForeignRange, GroupWriter } from './group-writer.ts';
import { MarkKeeper } from './mark-keeper.ts';
import type { DatabaseSync } from './node-sqlite.ts';
import { openWritable, type WritableOptions } from './open.ts';
import { corrupt, StoreFaultError, toFault } from './store-fault.ts';
import type { FromWriter, ToWriter, WriteMessage } from './write-messages.ts';

/** What the thread is started with. */
export interface WriterWorkerData extends WritableOptions {
  readonly knownHead?: number | undefined;
  /** The files that the store was in before, when this is not the first thread: they must be the same ones. */
  readonly files?: readonly WatchedFile[] | undefined;
}

// The writer's thread: every message that has arrived by the time a commit is done goes into the next one. It loads nothing
// of @reprise/core, so that it starts fast.

function start(port: MessagePort, options: WriterWorkerData): void {
  const post = (message: FromWriter): void => port.postMessage(message);
  const { path, knownHead } = options;
  let db: DatabaseSync;
  let writer: GroupWriter;
  let keeper: MarkKeeper;
  let files: readonly WatchedFile[];
  try {
    db = openWritable(options);
    files = options.files ?? filesOf(path);
    const misplaced = lookFor(files);
    if (misplaced !== undefined) throw new StoreFaultError(misplaced);
    writer = new GroupWriter(db, path, knownHead, files);
    keeper = new MarkKeeper(db, path, files);
    post({ kind: 'opened', head: writer.head, files });
    tellForeign(writer.poll());
  } catch (error) {
    post({ kind: 'failed', fault: toFault(error, path) });
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
    let marked: number | undefined;
    for (let message: ToWriter | undefined = first; message !== undefined; message = next(port)) {
      if (message.kind === 'write') group.push(message);
      else if (message.kind === 'poll') polled = true;
      else if (message.kind === 'mark') marked = message.time;
      else if (message.kind === 'own') writer.watch(message.file === undefined ? files : [...files, message.file]);
      else {
        write(group);
        keeper.write(message.time);
        db.close();
        port.close();
        return;
      }
    }
    write(group);
    if (marked !== undefined) keeper.write(marked);
    if (polled) poll();
  });
}

/** The files that an open store is in. Its WAL stays where it is for as long as the store is open. */
function filesOf(path: string): readonly WatchedFile[] {
  return [path, `${path}-wal`].map((name) => {
    const file = watched(name);
    if (file === undefined) throw new StoreFaultError(corrupt(name, 'it disappeared while the store was opened'));
    return file;
  });
}

const next = (port: MessagePort): ToWriter | undefined => receiveMessageOnPort(port)?.message as ToWriter | undefined;

if (parentPort !== null) start(parentPort, workerData as WriterWorkerData);
