import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  type AppendOptions,
  type AppendResult,
  BEGINNING,
  encodePosition,
  type NewEvent,
  nextTurn,
  RepriseError,
  type Snapshot,
  type StreamEnd,
  storeConflict,
  systemClock,
} from '@reprise/core/plugin';
import type { WatchedFile } from './file-identity.ts';
import type { ForeignRange } from './group-writer.ts';
import { storeError } from './store-error.ts';
import type { StoreFault } from './store-fault.ts';
import {
  APPENDED,
  type AppendCells,
  CONFLICT,
  type FromWriter,
  pushAppend,
  REMOVAL_CONFLICT,
  RESULT_WIDTH,
  type ToWriter,
  type WriteOutcome,
} from './write-messages.ts';
import type { WriterWorkerData } from './writer-worker.ts';

const WORKER = new URL(`./writer-worker${extname(import.meta.url)}`, import.meta.url);

export interface WriterListener {
  /** Something of this process was committed to the stream. */
  onCommitted(stream: string): void;
  onForeign(range: ForeignRange): void;
  /** The store is open, in these files. */
  onOpened?(files: readonly WatchedFile[]): void;
  /** The files are no longer the ones that were opened. Before the appends that met it are told. */
  onLost?(fault: StoreFault): void;
}

interface WaitingAppend {
  readonly stream: string;
  readonly expectedRevision: number;
  readonly removes: readonly StreamEnd[];
  resolve(result: AppendResult): void;
  reject(error: unknown): void;
}

interface WaitingSnapshot {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Appends handed over in one turn before the writer is given them, rather than at the end of the turn: it commits them while
 * this thread goes on. Measured (docs/adr/0002): 4 to 32 do equally well, waiting for the end costs a third.
 */
const SEND_AT = 4;

/** How long a commit may stay unmarked, in ms: with the time that a sync takes, it is marked within a second. */
const MARK_AFTER_MS = 500;

/** What was handed over in one turn of the loop, or the part of it that was enough: one message to the writer. */
class Batch {
  readonly appends: AppendCells = [];
  readonly snapshots: [stream: string, snapshot: Snapshot][] = [];
  readonly waitingAppends: WaitingAppend[] = [];
  readonly waitingSnapshots: WaitingSnapshot[] = [];

  reject(error: unknown): void {
    for (const waiting of this.waitingAppends) waiting.reject(error);
    for (const waiting of this.waitingSnapshots) waiting.reject(error);
  }

  /** Answers what waits, and tells which streams were appended to. */
  settle(outcome: WriteOutcome, onCommitted: (stream: string) => void): void {
    if (!Array.isArray(outcome)) {
      this.reject(storeError(outcome as StoreFault));
      return;
    }
    for (const waiting of this.waitingSnapshots) waiting.resolve();
    for (const [index, waiting] of this.waitingAppends.entries()) {
      const [status, revision = 0, position = 0] = outcome.slice(index * RESULT_WIDTH, (index + 1) * RESULT_WIDTH);
      if (status === CONFLICT) {
        waiting.reject(storeConflict(waiting.stream, waiting.expectedRevision, revision));
        continue;
      }
      if (status === REMOVAL_CONFLICT) {
        const moved = waiting.removes[revision];
        waiting.reject(storeConflict(moved?.stream ?? '', moved?.revision ?? 0, position));
        continue;
      }
      waiting.resolve({ revision, position: position < 0 ? BEGINNING : encodePosition(position) });
      onCommitted(waiting.stream);
    }
  }
}

/**
 * The caller's side of the writer's thread.
 *
 *   no thread ──open(), append──► opening ──opened──► open ──close()──► closed
 *       ▲                            │ failed           │ crashed
 *       └────────────────────────────┴──────────────────┘
 *
 * Messages sent while it opens are worked on when it is open. When it fails to open, what waits is rejected with the cause;
 * when it crashes, with REPRISE_STORE_UNKNOWN_OUTCOME; the next append starts a new one. The thread keeps the process alive
 * only while something waits for it.
 */
export class WriterThread {
  readonly #data: WriterWorkerData;
  readonly #listener: WriterListener;
  readonly #workerUrl: URL;
  /** Sent, and not settled yet. */
  readonly #inFlight: Batch[] = [];
  readonly #outcomes: WriteOutcome[] = [];
  #settling = false;
  #marking = false;
  #batch: Batch | undefined;
  #worker: Worker | undefined;
  #opened: PromiseWithResolvers<void> | undefined;
  #head: number | undefined;
  #files: readonly WatchedFile[] | undefined;
  #owned: WatchedFile | undefined;

  constructor(data: WriterWorkerData, listener: WriterListener, workerUrl: URL = WORKER) {
    this.#data = data;
    this.#listener = listener;
    this.#workerUrl = workerUrl;
  }

  /** Resolves when the file is open, created and checked; rejects with the reason why it is not. */
  async open(): Promise<void> {
    this.#ensureWorker();
    await this.#opened?.promise;
  }

  /** `data`: the events' data as JSON text. */
  append(
    stream: string,
    expectedRevision: number,
    events: readonly NewEvent[],
    data: readonly string[],
    options: (AppendOptions & { readonly removes?: readonly StreamEnd[] }) | undefined,
  ): Promise<AppendResult> {
    const batch = this.#currentBatch();
    pushAppend(batch.appends, stream, expectedRevision, events, data, options);
    return new Promise((resolve, reject) => {
      batch.waitingAppends.push({ stream, expectedRevision, removes: options?.removes ?? [], resolve, reject });
      if (batch.waitingAppends.length === SEND_AT) this.#send();
    });
  }

  saveSnapshot(stream: string, snapshot: Snapshot): Promise<void> {
    const batch = this.#currentBatch();
    batch.snapshots.push([stream, snapshot]);
    return new Promise((resolve, reject) => {
      batch.waitingSnapshots.push({ resolve, reject });
    });
  }

  /** Asks for a look at what other processes have appended; answers come through the listener. */
  poll(): void {
    this.#post({ kind: 'poll' });
  }

  /** From now on (undefined: no longer) this lock file must be at its place before a commit is acknowledged. */
  own(file: WatchedFile | undefined): void {
    this.#owned = file;
    this.#post({ kind: 'own', file });
  }

  /** Waits for everything handed over so far, then ends the thread. */
  async close(): Promise<void> {
    this.#send();
    const worker = this.#worker;
    if (worker === undefined) return;
    worker.ref();
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    this.#post({ kind: 'close', time: systemClock.now() });
    await exited;
  }

  #currentBatch(): Batch {
    if (this.#batch === undefined) {
      this.#batch = new Batch();
      // After the microtasks of this turn: what they append goes into the same message.
      process.nextTick(() => this.#send());
    }
    return this.#batch;
  }

  #send(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    this.#ensureWorker().ref();
    this.#inFlight.push(batch);
    this.#post({ kind: 'write', appends: batch.appends, snapshots: batch.snapshots });
  }

  #post(message: ToWriter): void {
    this.#worker?.postMessage(message);
  }

  #ensureWorker(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const workerData: WriterWorkerData = { ...this.#data, knownHead: this.#head, files: this.#files };
    const worker = new Worker(this.#workerUrl, { workerData, name: 'reprise-event-store' });
    const opened = Promise.withResolvers<void>();
    opened.promise.catch(() => undefined); // open() reports it, or the rejected appends do
    this.#worker = worker;
    this.#opened = opened;
    let crash: unknown;
    worker.on('message', (message: FromWriter) => this.#receive(message, worker));
    worker.on('error', (error) => {
      crash = error;
    });
    worker.on('exit', () => this.#lose(worker, unknownOutcome(crash)));
    if (this.#owned !== undefined) this.#post({ kind: 'own', file: this.#owned });
    return worker;
  }

  #receive(message: FromWriter, worker: Worker): void {
    if (worker !== this.#worker) return;
    if (message.kind === 'failed') {
      this.#report(message.fault);
      this.#lose(worker, storeError(message.fault));
    } else if (message.kind === 'opened') {
      this.#saw(message.head);
      this.#files = message.files;
      this.#listener.onOpened?.(message.files);
      this.#opened?.resolve();
    } else if (message.kind === 'foreign') {
      this.#saw(message.to);
      this.#listener.onForeign(message);
    } else {
      this.#outcomes.push(...message.outcomes);
      if (!this.#settling) void this.#settleSoon();
    }
    if (this.#inFlight.length === 0) worker.unref();
  }

  /**
   * Answers wait for the next turn of the loop. They lead to new appends, and those to new answers: settled right where they
   * arrive they would follow on each other, a thousand messages long, and the rest of the process would stand still.
   */
  async #settleSoon(): Promise<void> {
    this.#settling = true;
    await nextTurn();
    this.#settling = false;
    this.#settle();
    if (this.#inFlight.length === 0) this.#worker?.unref();
  }

  #settle(): void {
    const outcomes = this.#outcomes.splice(0);
    for (const outcome of outcomes) {
      if (Array.isArray(outcome) && outcome.length > 0 && outcome.at(-RESULT_WIDTH) === APPENDED) {
        this.#saw(Number(outcome.at(-1)));
      }
      if (!Array.isArray(outcome)) this.#report(outcome as StoreFault);
      this.#inFlight.shift()?.settle(outcome, (stream) => this.#listener.onCommitted(stream));
    }
    if (outcomes.length > 0) this.#markSoon();
  }

  #markSoon(): void {
    if (this.#marking) return;
    this.#marking = true;
    systemClock.schedule(MARK_AFTER_MS, () => {
      this.#marking = false;
      this.#post({ kind: 'mark', time: systemClock.now() });
    });
  }

  #report(fault: StoreFault): void {
    if (fault.code === 'REPRISE_STORE_REPLACED') this.#listener.onLost?.(fault);
  }

  #saw(position: number): void {
    this.#head = Math.max(this.#head ?? -1, position);
  }

  /** The thread is gone, or said that it could not open: whatever waits for it is told so. */
  #lose(worker: Worker, error: RepriseError): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#settle();
    this.#opened?.reject(error);
    for (const batch of this.#inFlight.splice(0)) batch.reject(error);
  }
}

const unknownOutcome = (cause: unknown): RepriseError =>
  new RepriseError(
    'REPRISE_STORE_UNKNOWN_OUTCOME',
    'The thread that writes the event store ended unexpectedly: the append may or may not have been made.',
    cause === undefined ? {} : { cause },
  );
