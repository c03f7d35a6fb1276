import type { SeenEvent } from '../seen-event.ts';
import { isRunEnd, RunSpans } from './run-spans.ts';
import type { Span } from './span.ts';
import { TraceIds } from './trace-ids.ts';

/** Ended runs whose ids are remembered, for links of others to them; and runs that are open at once. */
const REMEMBERED = 10_000;
const MAX_OPEN = 100_000;

/** Of an event of the past, or one that was copied from another run, whose spans were made, or are another run's. */
export const EMIT_NONE = Number.MAX_SAFE_INTEGER;

export interface TracesOptions {
  readonly eventsPerTrace: number;
  emit(span: Span): void;
}

/** The spans of all runs that are seen. */
export class Traces {
  readonly #options: TracesOptions;
  readonly #open = new Map<string, RunSpans>();
  readonly #known = new Map<string, TraceIds>();
  /** Of the event that is being folded: only spans that end at or after then are emitted; milliseconds since the Unix epoch. */
  #emitFrom = 0;

  constructor(options: TracesOptions) {
    this.#options = options;
  }

  get open(): number {
    return this.#open.size;
  }

  /** `emitFrom`: of what the event ends, only what ends at or after then is emitted; 0 is all of it, EMIT_NONE nothing. */
  take(event: SeenEvent, emitFrom: number): void {
    this.#emitFrom = emitFrom;
    // It is shown from its beginning again.
    if (event.revision === 0) this.#open.delete(event.runId);
    let run = this.#open.get(event.runId);
    if (run === undefined) {
      // What comes after the end of a run says nothing that a span could show.
      if (this.#known.has(event.runId) && event.revision > 0) return;
      run = this.#begin(event);
    }
    run.fold(event, emitFrom === EMIT_NONE);
    if (isRunEnd(event.type) && emitFrom !== EMIT_NONE) this.#open.delete(event.runId);
  }

  /** The trace of a run that is not followed, for links to it; `traceparent`: the context that it was started in. */
  know(runId: string, traceparent: string | undefined): void {
    if (!this.#open.has(runId)) this.#remember(runId, new TraceIds(runId, traceparent));
  }

  #begin(event: SeenEvent): RunSpans {
    const { eventsPerTrace } = this.#options;
    const run = new RunSpans(event, {
      eventsPerTrace,
      emit: (span) => {
        if (span.end >= this.#emitFrom) this.#options.emit(span);
      },
      traceOf: (runId) => this.#known.get(runId),
    });
    this.#open.set(event.runId, run);
    this.#remember(event.runId, run.ids);
    if (this.#open.size > MAX_OPEN) dropOldest(this.#open);
    return run;
  }

  #remember(runId: string, ids: TraceIds): void {
    this.#known.delete(runId);
    this.#known.set(runId, ids);
    if (this.#known.size > REMEMBERED) dropOldest(this.#known);
  }
}

function dropOldest(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
