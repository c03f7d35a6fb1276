import { nextTurn, type ObservedEvent, type WatchedEngine } from '@reprise/core/plugin';
import type { Telemetry } from './sending/telemetry.ts';
import { isRunEnd } from './spans/run-spans.ts';
import { EMIT_NONE } from './spans/traces.ts';

/** Runs that are followed at once, ended ones that are remembered, events of one run that wait for its history. */
const MAX_RUNS = 100_000;
const REMEMBERED = 10_000;
const MAX_PENDING = 10_000;
/** A run whose history is longer, and whose beginning was not seen here, is followed from where it is. */
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
  /** Events that came while its past is read. */
  pending: ObservedEvent[] | undefined;
}

/**
 * Which runs are followed, from where. A run that begins here is passed on event by event. Of one that another process began the history is read first, in the
 * background, so that its spans are the same as if one process had seen it all; what comes meanwhile waits.
 *
 *   unknown ──RunStarted──► followed ──end──► ended (remembered for a while)
 *   unknown ──anything else──► its history is read ──► followed
 */
export class RunBook {
  readonly #options: RunBookOptions;
  readonly #telemetry: Telemetry;
  readonly #runs = new Map<string, Run>();
  readonly #ended = new Set<string>();
  #engine: WatchedEngine | undefined;
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
    if (known.pending === undefined) this.#pass(observed, known);
    else if (known.pending.length < MAX_PENDING) known.pending.push(observed);
    else this.#options.lost(1, `the history of run '${runId}' is still being read`);
    if (isRunEnd(event.type)) this.#end(runId);
  }

  /** Whoever made the spans has forgotten: runs are met anew. */
  forget(): void {
    this.#runs.clear();
  }

  /** Resolves once the histories have been read that were asked for by now. */
  async settled(): Promise<void> {
    await this.#reading;
  }

  #meet(observed: ObservedEvent): void {
    const { runId, revision, event } = observed;
    if (this.#ended.has(runId)) return;
    const traced = this.#options.isSampled(event.metadata.traceparent);
    const run: Run = { traced, pending: undefined };
    if (this.#runs.size < MAX_RUNS) this.#runs.set(runId, run);
    if (!traced && !this.#options.counts) {
      if (isRunEnd(event.type)) this.#end(runId);
      return;
    }
    const source = sourceOf(observed);
    const isPast = revision > 0 && revision <= MAX_HISTORY;
    if (revision > MAX_HISTORY && this.#engine !== undefined)
      this.#options.lost(
        0,
        `run '${runId}' is followed from revision ${revision} on: its history is too long to be read`,
      );
    if (this.#engine === undefined || (!isPast && source === undefined)) {
      this.#telemetry.saw({ observed, isFirst: true, emitFrom: 0, traced });
      if (isRunEnd(event.type)) this.#end(runId);
      return;
    }
    run.pending = [observed];
    const engine = this.#engine;
    const past = isPast ? () => this.#readHistory(engine, run, observed) : () => this.#readSource(engine, source ?? '');
    this.#reading = this.#reading.then(past).then(
      () => this.#caughtUp(runId, run),
      () => this.#caughtUp(runId, run),
    );
    if (isRunEnd(event.type)) this.#end(runId);
  }

  async #readHistory(engine: WatchedEngine, { traced }: Run, { runId, revision, event }: ObservedEvent): Promise<void> {
    const emitFrom = event.time - this.#options.resendMs;
    let count = 0;
    try {
      for await (const past of engine.history(runId, revision - 1)) {
        const from = isCopied(past) ? EMIT_NONE : Math.max(1, emitFrom);
        this.#telemetry.saw({ observed: past, isFirst: count === 0, emitFrom: from, traced });
        count += 1;
        if (count % SLICE === 0) await nextTurn();
      }
    } catch (error) {
      this.#options.lost(0, `the history of run '${runId}' could not be read: ${String(error).slice(0, 200)}`);
    }
  }

  /** The trace of the run that another goes on from. */
  async #readSource(engine: WatchedEngine, runId: string): Promise<void> {
    for await (const { event } of engine.history(runId, 0)) {
      const { traceparent } = event.data;
      this.#telemetry.know(runId, typeof traceparent === 'string' ? traceparent : undefined);
    }
  }

  #caughtUp(runId: string, run: Run): void {
    const [first, ...rest] = run.pending ?? [];
    run.pending = undefined;
    if (first === undefined) return;
    // Where the history could not be read it is the first that is seen.
    const emitFrom = isCopied(first) ? EMIT_NONE : 0;
    this.#telemetry.saw({ observed: first, isFirst: true, emitFrom, traced: run.traced });
    for (const one of rest) this.#pass(one, run);
    if (rest.some(({ event }) => isRunEnd(event.type))) this.#end(runId);
  }

  #pass(observed: ObservedEvent, { traced }: Run): void {
    if (!traced && !this.#options.counts) return;
    const emitFrom = isCopied(observed) ? EMIT_NONE : 0;
    this.#telemetry.saw({ observed, isFirst: false, emitFrom, traced });
  }

  #end(runId: string): void {
    this.#runs.delete(runId);
    this.#ended.add(runId);
    if (this.#ended.size <= REMEMBERED) return;
    for (const oldest of this.#ended) {
      this.#ended.delete(oldest);
      return;
    }
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
