import { nextTurn, type ObservedEvent, type WatchedEngine } from '@reprise/core/plugin';
import type { Telemetry } from './sending/telemetry.ts';
import { isRunEnd } from './spans/run-spans.ts';
import { EMIT_NONE } from './spans/traces.ts';

/** Runs that are followed at once, ended ones that are remembered, events of one run that wait for its history. */
const MAX_RUNS = 100_000;
const REMEMBERED = 10_000;
const MAX_PENDING = 1000;
/** Where more events than these were not seen here, a run is followed from where it is. */
const MAX_HISTORY = 50_000;
/** Events of a history that are taken in one go. */
const SLICE = 256;

export interface RunBookOptions {
  /** Whether there is use for events of runs that are not sampled. */
  readonly counts: boolean;
  readonly resendMs: number;
  isSampled(traceparent: string | undefined): boolean;
  lost(count: number, why: string): void;
}

interface Run {
  readonly traced: boolean;
  /** The revision that is passed on next. */
  next: number;
  /** Whether any of its events was passed on. */
  isKnown: boolean;
  /** Events that came while those before them are read. */
  pending: ObservedEvent[] | undefined;
}

/**
 * Which runs are followed, from where. A run that begins here is passed on event by event. What another process appended, before this one first saw the run or between
 * what it saw, is read from history first, in the background, so that its spans are the same as if one process had seen it all; what comes meanwhile waits.
 *
 *   unknown ──RunStarted──► followed ──end──► ended (remembered for a while)
 *   unknown ──anything else──► its history is read ──► followed
 *   followed ──not the next revision──► what is between is read ──► followed
 */
export class RunBook {
  readonly #options: RunBookOptions;
  readonly #telemetry: Telemetry;
  readonly #runs = new Map<string, Run>();
  readonly #ended = new Set<string>();
  #engine: WatchedEngine | undefined;
  /** Counts how often all was forgotten. */
  #generation = 0;
  /** Histories are read one after the other. */
  #reading: Promise<void> = Promise.resolve();

  constructor(options: RunBookOptions, telemetry: Telemetry) {
    this.#options = options;
    this.#telemetry = telemetry;
  }

  set engine(engine: WatchedEngine) {
    this.#engine = engine;
  }

  take(observed: ObservedEvent): void {
    const { runId, event } = observed;
    const known = this.#runs.get(runId);
    if (known === undefined) return this.#meet(observed);
    if (known.pending === undefined) this.#goOn([observed], known);
    else if (known.pending.length < MAX_PENDING) known.pending.push(observed);
    else this.#options.lost(1, `the history of run '${runId}' is still being read`);
    if (isRunEnd(event.type)) this.#end(runId);
  }

  /** Whoever made the spans has forgotten: runs are met anew. */
  forget(): void {
    this.#generation += 1;
    this.#runs.clear();
  }

  /** Resolves once no history is being read. */
  async settled(): Promise<void> {
    for (let reading: Promise<void> | undefined; reading !== this.#reading; ) {
      reading = this.#reading;
      await reading;
    }
  }

  #meet(observed: ObservedEvent): void {
    const { runId, revision, event } = observed;
    if (this.#ended.has(runId)) return;
    const traced = this.#options.isSampled(event.metadata.traceparent);
    const run: Run = { traced, next: 0, isKnown: false, pending: undefined };
    this.#runs.set(runId, run);
    if (this.#runs.size > MAX_RUNS) dropOldest(this.#runs);
    const source = sourceOf(observed);
    if (!this.#hasUse(run)) run.next = revision + 1;
    else if (revision === 0 && source !== undefined && this.#engine !== undefined)
      this.#readFirst([observed], run, this.#readSource(this.#engine, source));
    else this.#goOn([observed], run);
    if (isRunEnd(event.type)) this.#end(runId);
  }

  #hasUse({ traced }: Run): boolean {
    return traced || this.#options.counts;
  }

  /** Passes events on, in order, up to where some are missing; those are read first. */
  #goOn(events: readonly ObservedEvent[], run: Run): void {
    if (!this.#hasUse(run)) return;
    for (const [index, observed] of events.entries()) {
      const { revision } = observed;
      if (revision < run.next) continue;
      if (revision > run.next && this.#engine !== undefined) {
        if (revision - run.next <= MAX_HISTORY) {
          const missing = { from: run.next, to: revision - 1 };
          // Where they cannot be read, it goes on without them.
          run.next = revision;
          return this.#readFirst(events.slice(index), run, this.#readMissing(this.#engine, run, observed, missing));
        }
        const why = `run '${observed.runId}' is followed from revision ${revision} on: its history is too long to be read`;
        this.#options.lost(0, why);
      }
      run.next = revision + 1;
      this.#pass(observed, run, 0);
    }
  }

  #pass(observed: ObservedEvent, run: Run, since: number): void {
    const emitFrom = isCopied(observed) ? EMIT_NONE : since;
    this.#telemetry.saw({ observed, isFirst: !run.isKnown, emitFrom, traced: run.traced });
    run.isKnown = true;
  }

  /** `read` begins when what was to be read before is. */
  #readFirst(events: readonly ObservedEvent[], run: Run, read: () => Promise<void>): void {
    run.pending = [...events];
    const generation = this.#generation;
    const goOn = (): void => {
      // Of a run that was forgotten meanwhile all is read again, once it moves.
      if (this.#generation !== generation) return;
      const { pending = [] } = run;
      run.pending = undefined;
      this.#goOn(pending, run);
    };
    this.#reading = this.#reading.then(read).then(goOn, goOn);
  }

  #readMissing(
    engine: WatchedEngine,
    run: Run,
    { runId, event }: ObservedEvent,
    { from, to }: { readonly from: number; readonly to: number },
  ): () => Promise<void> {
    const generation = this.#generation;
    return async () => {
      let count = 0;
      try {
        // Counted back from the last event before: however long nobody was there, what was not sent then is not long before that.
        let last = event.time;
        for await (const { event: before } of engine.history(runId, to, to)) last = Math.min(last, before.time);
        const since = Math.max(1, last - this.#options.resendMs);
        for await (const observed of engine.history(runId, to, from)) {
          if (this.#generation !== generation) return;
          const source = sourceOf(observed);
          if (source !== undefined) await this.#readSource(engine, source)();
          this.#pass(observed, run, since);
          count += 1;
          if (count % SLICE === 0) await nextTurn();
        }
      } catch (error) {
        this.#options.lost(0, `the history of run '${runId}' could not be read: ${String(error).slice(0, 200)}`);
      }
    };
  }

  /** The trace of the run that another goes on from. */
  #readSource(engine: WatchedEngine, runId: string): () => Promise<void> {
    return async () => {
      for await (const { event } of engine.history(runId, 0)) {
        const { traceparent } = event.data;
        this.#telemetry.know(runId, typeof traceparent === 'string' ? traceparent : undefined);
      }
    };
  }

  #end(runId: string): void {
    this.#runs.delete(runId);
    this.#ended.add(runId);
    if (this.#ended.size > REMEMBERED) dropOldest(this.#ended);
  }
}

function dropOldest(of: Map<string, unknown> | Set<string>): void {
  for (const oldest of of.keys()) {
    of.delete(oldest);
    return;
  }
}

/** It was taken over from the history of another run, whose spans show it. */
const isCopied = ({ event }: ObservedEvent): boolean => event.metadata['origin'] !== undefined;

function sourceOf({ event }: ObservedEvent): string | undefined {
  const { lineage } = event.data;
  if (event.type !== 'RunStarted' || typeof lineage !== 'object' || lineage === null) return undefined;
  const { runId } = lineage as { readonly runId?: unknown };
  return typeof runId === 'string' ? runId : undefined;
}
