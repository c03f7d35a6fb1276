import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type ScheduledCall, systemClock } from '@reprise/core/plugin';
import type { ProcessMeasures } from '../metrics/engine-metrics.ts';
import type { ResolvedOptions } from '../options.ts';
import type { Span } from '../spans/span.ts';
import { isLate } from './is-late.ts';
import { messageOf } from './message-of.ts';
import { type Item, packEvent } from './packed.ts';
import type { OnLost, SeenLog, Sighting, Telemetry } from './telemetry.ts';
import type { FromWorker, ToWorker, WorkerData } from './thread-messages.ts';

/** Sightings that go to the worker together, and how long one waits for others, ms. */
const BATCH = 256;
const GATHER_MS = 25;
/** Sightings that the worker may be behind; what comes beyond is lost. */
const MAX_AHEAD = 50_000;
const MEMORY_MIB = 512;
/** How long the worker may take to say what was lost at the end, ms. */
const LAST_WORD_MS = 500;
/** How long after one has died another worker is made, ms. */
const AGAIN_MS = 5000;

export interface ThreadOptions {
  readonly onLost: OnLost;
  /** A new worker knows nothing of what the one before had seen. */
  readonly onForgotten: () => void;
  /** For tests. */
  readonly worker?: URL;
}

/**
 * Hands what was seen to a worker thread, which makes telemetry of it and sends it. The engine's thread pays for gathering and one text per batch; a worker
 * that is behind, out of memory or dead costs observations, which are counted, and no run anything.
 *
 *   running ──it dies──► down for 5 s (all is lost) ──► running, and has forgotten ──close()──► closed
 */
export class TelemetryThread implements Telemetry {
  readonly #options: ThreadOptions;
  readonly #workerData: WorkerData;
  readonly #answers = new Map<number, () => void>();
  #worker: Worker | undefined;
  #batch: Item[] = [];
  #timer: ScheduledCall | undefined;
  #ahead = 0;
  #asked = 0;
  /** Answers that somebody waits for. */
  #awaited = 0;
  #closing: Promise<void> | undefined;

  constructor({ redact: _, ...workerData }: ResolvedOptions, options: ThreadOptions) {
    this.#options = options;
    this.#workerData = workerData;
    this.#begin();
  }

  saw(sighting: Sighting): void {
    if (this.#hasRoom()) this.#add(packEvent(sighting, this.#workerData.texts));
  }

  know(runId: string, traceparent: string | undefined): void {
    if (this.#hasRoom()) this.#add({ know: runId, ...(traceparent === undefined ? {} : { traceparent }) });
  }

  span(span: Span): void {
    if (this.#hasRoom()) this.#add({ span });
  }

  log(log: SeenLog): void {
    if (this.#hasRoom()) this.#add({ log });
  }

  /** If not, what was to be added is lost. */
  #hasRoom(): boolean {
    if (this.#closing !== undefined) return false;
    if (this.#worker !== undefined && this.#ahead < MAX_AHEAD) return true;
    const why = this.#worker === undefined ? 'is down' : `is ${MAX_AHEAD} observations behind`;
    this.#lost(1, `the thread that sends ${why}`);
    return false;
  }

  #add(item: Item): void {
    this.#ahead += 1;
    this.#batch.push(item);
    if (this.#batch.length >= BATCH) this.#post();
    else this.#timer ??= systemClock.schedule(GATHER_MS, () => this.#post());
  }

  measured(measures: ProcessMeasures): void {
    this.#say({ kind: 'measured', measures });
  }

  flush(): Promise<void> {
    return this.#ask((id) => ({ kind: 'flush', id }));
  }

  close(withinMs: number): Promise<void> {
    this.#closing ??= this.#close(withinMs);
    return this.#closing;
  }

  async #close(withinMs: number): Promise<void> {
    const worker = this.#worker;
    const asked = this.#ask((id) => ({ kind: 'close', id, withinMs }));
    this.#worker = undefined;
    this.#timer?.cancel();
    // The worker needs a moment beyond that to say what it lost.
    if (await isLate(withinMs + LAST_WORD_MS, asked))
      this.#lost(0, `not all was sent within ${withinMs} ms of the end`);
    await worker?.terminate();
  }

  #begin(): void {
    const { worker = new URL(`./worker${extname(import.meta.url)}`, import.meta.url) } = this.#options;
    let made: Worker;
    try {
      made = new Worker(worker, {
        workerData: this.#workerData,
        name: 'reprise-telemetry',
        resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB },
      });
    } catch (error) {
      return this.#died(messageOf(error));
    }
    let why = 'it ended by itself';
    this.#worker = made;
    this.#ahead = 0;
    made.on('message', (message: FromWorker) => this.#heard(message));
    made.on('error', (error) => {
      why = messageOf(error);
    });
    made.on('exit', () => {
      if (this.#worker === made) this.#died(why);
    });
    // Nobody is kept waiting by it, except whoever flushes. Last: a listener has it waited for.
    made.unref();
  }

  #died(why: string): void {
    const lost = this.#ahead;
    this.#worker = undefined;
    this.#batch = [];
    for (const answer of this.#answers.values()) answer();
    this.#answers.clear();
    this.#lost(lost, `the thread that sends died (${why}); another begins in ${AGAIN_MS / 1000} s`);
    systemClock.schedule(AGAIN_MS, () => {
      if (this.#closing !== undefined) return;
      this.#options.onForgotten();
      this.#begin();
    });
  }

  #heard(message: FromWorker): void {
    if (message.kind === 'took') this.#ahead -= message.count;
    else if (message.kind === 'lost') this.#options.onLost(message.losses);
    else {
      this.#answers.get(message.id)?.();
      this.#answers.delete(message.id);
    }
  }

  #post(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    this.#worker?.postMessage({ kind: 'saw', text: JSON.stringify(batch) } satisfies ToWorker);
  }

  /** In the order of calls. */
  #say(message: ToWorker): void {
    this.#post();
    this.#worker?.postMessage(message);
  }

  async #ask(question: (id: number) => ToWorker): Promise<void> {
    if (this.#worker === undefined) return;
    this.#asked += 1;
    const id = this.#asked;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#answers.set(id, resolve);
    const worker = this.#worker;
    this.#awaited += 1;
    worker.ref();
    this.#say(question(id));
    await promise;
    this.#awaited -= 1;
    if (this.#awaited === 0) worker.unref();
  }

  #lost(count: number, why: string): void {
    this.#options.onLost({ count, why });
  }
}
