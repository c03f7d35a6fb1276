import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@reprise/core';
import type { DescribedError } from '../errors/describe-error.ts';
import type { ChildOptions, Order, Report } from './messages.ts';

export type Loaded = Extract<Report, { readonly kind: 'loaded' }>;

/** How a child ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it had to say about that. */
  readonly error?: DescribedError;
}

/** What loads the project may take so long, in ms. */
export const LOAD_MS = 60_000;
/** A child that is told to stop says so within this time, in ms, or its event loop is held by something. */
const ANSWER_MS = 10_000;

const CHILD = fileURLToPath(new URL(`./child${extname(import.meta.url)}`, import.meta.url));

/**
 * One process with one state of the code.
 *
 *   loading ──loaded──► ready ──drive()──► driving ──stop()──► stopping ──► ended
 *   and from each of them to ended, when it fails, is killed, or ends by itself
 */
export class DevChild {
  readonly startedAt = systemClock.now();
  /** Resolves with what it loaded, or how it ended before. */
  readonly loaded: Promise<Loaded | ChildEnd>;
  readonly ended: Promise<ChildEnd>;
  /** It was told to stop, or killed: that it ends is no news. */
  isToEnd = false;
  readonly #process: ChildProcess;
  #error: DescribedError | undefined;
  #stopping = false;

  /** `data`: what it prints goes to stderr, as stdout is for the data of the supervisor. */
  constructor(options: ChildOptions, data: boolean, hear: (report: Report) => void) {
    const child = fork(CHILD, [JSON.stringify(options)], { stdio: ['ignore', data ? 2 : 1, 2, 'ipc'] });
    this.#process = child;
    const loaded = Promise.withResolvers<Loaded>();
    const ended = Promise.withResolvers<ChildEnd>();
    const late = systemClock.schedule(LOAD_MS, () => child.kill('SIGKILL'));
    child.on('message', (report: Report) => {
      if (report.kind === 'failed') this.#error = report.error;
      if (report.kind === 'stopping') this.#stopping = true;
      if (report.kind === 'loaded') {
        late.cancel();
        loaded.resolve(report);
      } else hear(report);
    });
    const over = (code: number | null, signal: NodeJS.Signals | null, error = this.#error): void => {
      late.cancel();
      ended.resolve({ code, signal, ...(error === undefined ? {} : { error }) });
    };
    child.once('error', (error) => over(null, null, { code: 'REPRISE_UNEXPECTED', message: error.message, exit: 1 }));
    // After 'exit', what it had said may still be on its way.
    child.once('close', (code, signal) => over(code, signal));
    this.ended = ended.promise;
    this.loaded = Promise.race([loaded.promise, ended.promise]);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  drive(): void {
    this.#send({ kind: 'drive' });
  }

  /** Resolves once it has ended. `silent` is called when it does not even say that it stops, and is ended for that. */
  async stop(times: Omit<Extract<Order, { readonly kind: 'stop' }>, 'kind'>, silent: () => void): Promise<ChildEnd> {
    this.isToEnd = true;
    this.#send({ kind: 'stop', ...times });
    const timer = systemClock.schedule(ANSWER_MS, () => {
      if (this.#stopping) return;
      silent();
      this.kill();
    });
    return this.ended.finally(() => timer.cancel());
  }

  /** Stops at once: with a word first, and then without one, after `graceMs`. */
  abort(graceMs: number): void {
    this.isToEnd = true;
    this.#send({ kind: 'abort' });
    systemClock.schedule(graceMs, () => this.kill());
  }

  kill(): void {
    this.isToEnd = true;
    this.#process.kill('SIGKILL');
  }

  #send(order: Order): void {
    // One that is gone has ended, which is told elsewhere.
    if (this.#process.connected) this.#process.send(order, () => undefined);
  }
}
