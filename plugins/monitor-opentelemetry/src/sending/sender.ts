import { type ScheduledCall, systemClock } from '@reprise/core/plugin';
import { messageOf } from './message-of.ts';

/** What an exporter of OpenTelemetry's says of an export: 0 is done. */
export interface ExportResult {
  readonly code: number;
  readonly error?: Error;
}

export interface SenderOptions<T> {
  /** Hands a batch to where it goes; is told by `done`, once, what came of it. */
  export(batch: readonly T[], done: (result: ExportResult) => void): void;
  /** How much of the queue an item takes. */
  weigh(item: T): number;
  /** Weight that waits at most; what comes beyond is lost. */
  readonly maxQueued: number;
  readonly batchSize: number;
  /** How long an item waits for others, ms. */
  readonly delayMs: number;
  /** How long an export may take before it is given up, ms. */
  readonly timeoutMs: number;
  /** Items were not sent. */
  lost(count: number, why: string): void;
}

/**
 * Sends items in batches, one after the other, off everybody's path: a receiver that is down, slow or throwing makes items wait, then be lost, counted.
 *
 *   idle ──add()──► gathering ──batchSize, or delayMs──► exporting ──► gathering, or idle
 */
export class Sender<T> {
  readonly #options: SenderOptions<T>;
  #queue: T[] = [];
  #queued = 0;
  #timer: ScheduledCall | undefined;
  #exporting: Promise<void> | undefined;
  #flushing = false;
  /** Items of the export that is under way. */
  #underWay = 0;
  #closed = false;

  constructor(options: SenderOptions<T>) {
    this.#options = options;
  }

  add(item: T): void {
    if (this.#closed) return;
    const { maxQueued, batchSize, delayMs, lost } = this.#options;
    const weight = this.#options.weigh(item);
    if (this.#queued + weight > maxQueued) return lost(1, `more than ${maxQueued} waited to be sent`);
    this.#queue.push(item);
    this.#queued += weight;
    if (this.#queue.length >= batchSize) this.#send();
    else this.#timer ??= systemClock.schedule(delayMs, () => this.#send());
  }

  /** Resolves once all that was added before has been sent, or lost. */
  async flush(): Promise<void> {
    this.#flushing = true;
    this.#send();
    while (this.#exporting !== undefined) await this.#exporting;
    this.#flushing = false;
  }

  /** What still waits is lost, and what comes later goes by; one export may be under way yet. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    const left = this.#queue.length + this.#underWay;
    this.#queue = [];
    this.#queued = 0;
    if (left > 0) this.#options.lost(left, 'the end came before they were sent');
  }

  #send(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#exporting !== undefined || this.#queue.length === 0) return;
    const batch = this.#queue.splice(0, this.#options.batchSize);
    for (const item of batch) this.#queued -= this.#options.weigh(item);
    this.#underWay = batch.length;
    this.#exporting = this.#export(batch).finally(() => {
      this.#exporting = undefined;
      this.#underWay = 0;
      if (this.#queue.length === 0) return;
      if (this.#flushing || this.#queue.length >= this.#options.batchSize) this.#send();
      else this.#timer ??= systemClock.schedule(this.#options.delayMs, () => this.#send());
    });
  }

  /** Does not reject. */
  async #export(batch: readonly T[]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<ExportResult>();
    const { timeoutMs, lost } = this.#options;
    const late = systemClock.schedule(timeoutMs, () =>
      resolve({ code: 1, error: new Error(`nothing came of it within ${timeoutMs} ms`) }),
    );
    try {
      this.#options.export(batch, resolve);
    } catch (error) {
      resolve({ code: 1, error: error instanceof Error ? error : new Error(messageOf(error)) });
    }
    const { code, error } = await promise;
    late.cancel();
    // After the end it was counted with what waited.
    if (code !== 0 && !this.#closed)
      lost(batch.length, error === undefined ? 'the receiver refused it' : messageOf(error));
  }
}
