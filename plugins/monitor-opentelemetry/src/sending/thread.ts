import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type ScheduledCall, systemClock } from '@reprise/core/plugin';
import type { ProcessMeasures } from '../metrics/engine-metrics.ts';
import type { ResolvedOptions } from '../options.ts';
import type { Span } from '../spans/span.ts';
import { isLate } from './is-late.ts';
import { messageOf } from './message-of.ts';
import { type Packed, pack, toText } from './packed.ts';
import type { OnLost, SeenLog, Sighting, Telemetry } from './telemetry.ts';
import type { FromWorker, ToWorker, WorkerData } from './thread-messages.ts';

/** Sightings that go to the worker together, and how long one waits for others, ms. */
const BATCH = 256;
const GATHER_MS = 25;
/** Sightings that the worker may be behind; what comes beyond is lost. */
const MAX_AHEAD = 50_000;
const MEMORY_MIB = 512;
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
  #batch: Packed[] = [];
  #timer: ScheduledCall | undefined;
  #ahead = 0;
  #asked = 0;
  #closing: Promise<void> | undefined;

  constructor({ redact: _, ...workerData }: ResolvedOptions, options: ThreadOptions) {
    this.#options = options;
    this.#workerData = workerData;
    this.#begin();
  }

  saw(sighting: Sighting): void {
    if (this.#closing !== undefined) return;
    if (this.#worker === undefined) return this.#lost(1, 'the thread that sends is down');
    if (this.#ahead >= MAX_AHEAD) return this.#lost(1, `the thread that sends is ${MAX_AHEAD} observations behind`);
    this.#ahead += 1;
    this.#batch.push(pack(sighting, this.#workerData.texts));
    if (this.#batch.length >= BATCH) this.#post();
    else this.#timer ??= systemClock.schedule(GATHER_MS, () => this.#post());
  }

  know(runId: string, traceparent: string | undefined): void {
    this.#say({ kind: 'know', runId, traceparent });
  }

  span(span: Span): void {
    this.#say({ kind: 'span', span });
  }

  log(record: SeenLog): void {
    this.#say({ kind: 'log', record });
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
    if (await isLate(withinMs, asked)) this.#lost(0, `not all was sent within ${withinMs} ms of the end`);
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
    // Nobody is kept waiting by it, except whoever flushes.
    made.unref();
    made.on('message', (message: FromWorker) => this.#heard(message));
    made.on('error', (error) => {
      why = messageOf(error);
    });
    made.on('exit', () => {
      if (this.#worker === made) this.#died(why);
    });
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
    this.#worker?.postMessage({ kind: 'saw', text: toText(batch) } satisfies ToWorker);
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
    worker.ref();
    this.#say(question(id));
    await promise;
    worker.unref();
  }

  #lost(count: number, why: string): void {
    this.#options.onLost({ count, why });
  }
}
