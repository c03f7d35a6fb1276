import { formatDuration, type ScheduledCall, sleep, systemClock } from '@reprise/core';
import { exitCodeOfSignal, type InterruptSignal } from '../drive/interrupts.ts';
import type { DescribedError } from '../errors/describe-error.ts';
import { EXIT } from '../errors/exit-codes.ts';
import { count } from '../output/text.ts';
import { type ChildEnd, DevChild, LOAD_MS, type Loaded } from './child-process.ts';
import { type DevOutput, namesOf } from './dev-output.ts';
import type { ChildOptions, Report } from './messages.ts';

/** How long attempts may take to end when the code has changed, in ms; at-most-once ones are awaited, for as long as a timer goes. */
const DRAIN_MS = 2000;
const AT_MOST_ONCE_MS = 2 ** 31 - 1;
/** Pauses before a child that ended by itself is begun anew, in ms: twice as long each time. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** One that went so long, in ms, had nothing to do with the one before. */
const STEADY_MS = 30_000;
/** A child that was told to stop at once is killed after this long, in ms. */
const ABORT_MS = 1000;
/** How long one wait goes, in ms. */
const STAY_MS = 60_000;

export interface SupervisorParts {
  readonly options: ChildOptions;
  readonly json: boolean;
  readonly output: DevOutput;
  /** A child has loaded the project. */
  loaded(loaded: Loaded): void;
  /** It drives, the first one or another. */
  driving(): void;
}

/**
 * Keeps one child at work with the newest code that loads. Children are begun one after the other: the one before has ended, and given up the
 * store, before the next one drives, so none of them needs to know of others.
 *
 *   waiting ──start(), changed(), a pause is over──► loading ──loads──► the old child stops ──► the new one drives ──► waiting
 *      ▲                                          └──does not load, or changes again──┐
 *      └──────────────────────────────────────────────────────────────────────────────┘ the old child goes on
 */
export class Supervisor {
  readonly #parts: SupervisorParts;
  #current: DevChild | undefined;
  #loading: DevChild | undefined;
  /** Files that have changed since a child was begun; undefined: nothing is to be done. */
  #due: readonly string[] | undefined = [];
  #wake = Promise.withResolvers<void>();
  #signal: InterruptSignal | undefined;
  #pause: ScheduledCall | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #reloads = 0;
  #news: (() => void) | undefined;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
  }

  /** Resolves with the exit code, once a signal has ended everything. */
  async run(): Promise<number> {
    for (;;) {
      if (this.#signal !== undefined) return await this.#end(this.#signal);
      const files = this.#due;
      // Without a child, nothing else keeps this process alive.
      if (files === undefined) await Promise.race([this.#wake.promise, sleep(STAY_MS)]);
      else await this.#round(files);
      this.#wake = Promise.withResolvers<void>();
    }
  }

  changed(files: readonly string[]): void {
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#ask(files);
  }

  /** The first time everything drains, the second it stops at once. */
  interrupt(signal: InterruptSignal, times: number): void {
    this.#signal ??= signal;
    this.#pause?.cancel();
    this.#loading?.kill();
    if (times > 1) {
      this.#parts.output.say('stopping', 'Stopping at once.');
      this.#current?.abort(ABORT_MS);
    }
    this.#wake.resolve();
  }

  #ask(files: readonly string[]): void {
    this.#pause?.cancel();
    this.#due = [...new Set([...(this.#due ?? []), ...files])];
    this.#loading?.kill();
    this.#wake.resolve();
  }

  async #round(files: readonly string[]): Promise<void> {
    this.#due = undefined;
    const { output } = this.#parts;
    const begun = systemClock.now();
    const child = this.#begin();
    this.#loading = child;
    const loaded = await child.loaded;
    this.#loading = undefined;
    if (!('kind' in loaded)) {
      if (this.#signal !== undefined) return;
      // It changed again: what is to be loaded now is all of it.
      if (this.#due !== undefined) this.#due = [...new Set([...files, ...(this.#due as readonly string[])])];
      else this.#notLoaded(loaded, systemClock.now() - begun, files);
      return;
    }
    const old = this.#current;
    if (old !== undefined) await this.#retire(old);
    if (this.#signal !== undefined) return child.kill();
    this.#current = child;
    this.#parts.loaded(loaded);
    // Said once it drives, or waits for another process that does.
    this.#news = () => {
      this.#news = undefined;
      this.#reloads += 1;
      output.loaded(this.#reloads === 1 ? 'loaded' : 'reloaded', systemClock.now() - begun, loaded, files);
    };
    child.drive();
  }

  #begin(): DevChild {
    const { options, json } = this.#parts;
    const child: DevChild = new DevChild(options, json, (report) => this.#hear(child, report));
    void child.ended.then((end) => {
      if (this.#current !== child) return;
      this.#current = undefined;
      if (!child.isToEnd) this.#crashed(child, end);
    });
    return child;
  }

  #hear(child: DevChild, report: Report): void {
    const { output } = this.#parts;
    if (report.kind === 'ended') output.ended(report.run);
    if (report.kind === 'open-runs' && child === this.#current && !child.isToEnd) output.openRuns(report.report);
    if (report.kind === 'driving') this.#drives(report.role);
    if (report.kind === 'stopping' && this.#signal !== undefined) {
      const waiting = report.running === 0 ? '' : ` Waiting for ${count(report.running, 'attempt')} under way.`;
      output.say('stopping', `Stopping.${waiting} Ctrl-C again stops at once.`);
    } else if (report.kind === 'stopping' && report.atMostOnce > 0) {
      const what = count(report.atMostOnce, 'at-most-once attempt');
      output.say('waiting', `The code has changed. Waiting for ${what} under way, which nobody would make again.`);
    }
  }

  #drives(role: string): void {
    const { output, driving } = this.#parts;
    const isNew = this.#news !== undefined;
    this.#news?.();
    if (role !== 'driver')
      output.say('waiting', 'Another process drives this store. This one waits, and takes over when that one ends.');
    else if (!isNew) output.say('driving', 'The other process has ended. Driving.');
    driving();
  }

  async #retire(old: DevChild): Promise<void> {
    await old.stop({ drainMs: DRAIN_MS, atMostOnceMs: AT_MOST_ONCE_MS }, () => this.#silent(old));
  }

  #silent({ pid }: DevChild): void {
    const message = `The process with the code before (${pid}) does not answer: something in it never gives way. It was ended.`;
    this.#parts.output.say('killed', message);
  }

  #notLoaded(end: ChildEnd, ms: number, files: readonly string[]): void {
    // Node does not say of every mistake in which file it is.
    const changed = files.length === 0 ? '' : `Changed: ${namesOf(files)}. `;
    const goesOn = `${changed}${this.#current === undefined ? '' : 'The code before goes on. '}Waiting for a change.`;
    this.#parts.output.problem('not-loaded', end.error ?? unsaid(end, ms), goesOn);
  }

  #crashed(child: DevChild, end: ChildEnd): void {
    if (this.#signal !== undefined) {
      this.#wake.resolve();
      return;
    }
    if (systemClock.now() - child.startedAt > STEADY_MS) this.#pauseMs = FIRST_PAUSE_MS;
    const pause = this.#pauseMs;
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, pause * 2);
    const then = `Begun anew in ${formatDuration(pause)}, or when a file changes. Runs go on from where they are on record.`;
    this.#parts.output.problem('crashed', end.error ?? ended(end), then);
    this.#pause = systemClock.schedule(pause, () => this.#ask([]));
  }

  async #end(signal: InterruptSignal): Promise<number> {
    const child = this.#current;
    // As a worker drains: so long as its limits say.
    if (child !== undefined) await child.stop({}, () => this.#silent(child));
    return exitCodeOfSignal(signal);
  }
}

const described = (message: string, fix: string): DescribedError => ({
  code: 'REPRISE_UNEXPECTED',
  message,
  fix,
  exit: EXIT.failed,
});

const how = ({ code, signal }: ChildEnd): string => (signal === null ? `exit code ${code}` : signal);

const ended = (end: ChildEnd): DescribedError =>
  described(
    `The process that runs the project ended by itself (${how(end)}).`,
    'Look above for what it said. Code of an agent that throws outside of what is awaited, or calls process.exit(), ends it.',
  );

const unsaid = (end: ChildEnd, ms: number): DescribedError =>
  ms >= LOAD_MS
    ? described(
        `The project is not loaded after ${formatDuration(LOAD_MS)}, and was given up.`,
        'Look for what its modules wait for while they are loaded.',
      )
    : described(
        `The process ended while it loaded the project (${how(end)}).`,
        'Look for what calls process.exit(), or waits for what never comes, while modules are loaded.',
      );
