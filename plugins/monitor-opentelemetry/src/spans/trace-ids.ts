import { attemptPart, RunTrace } from '@reprise/core/plugin';

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Where a span is, or belongs. */
export interface SpanPlace {
  readonly traceId: string;
  readonly spanId: string;
}

export interface TraceContext extends SpanPlace {
  readonly sampled: boolean;
}

/** Undefined for what is no trace context of version 00. */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  if (text === undefined || !TRACEPARENT.test(text)) return undefined;
  // By place: it is asked for each attempt, on the agent's path.
  return {
    traceId: text.slice(3, 35),
    spanId: text.slice(36, 52),
    sampled: (Number.parseInt(text.slice(53), 16) & 1) === 1,
  };
}

const placeIn = (trace: RunTrace, part: string): SpanPlace => ({ traceId: trace.id, spanId: trace.span(part) });

/**
 * The ids of the spans of one run. They follow from its id, the trace that it was started in, and what each span is of; those of the run and of attempts
 * are the ones that the engine writes beside events and hands to agents.
 */
export class TraceIds {
  readonly #runId: string;
  readonly #trace: RunTrace;
  readonly #parts = new Map<number, RunTrace>();

  /** `parent`: the trace context that the run was started in. */
  constructor(runId: string, parent: string | undefined) {
    this.#runId = runId;
    this.#trace = new RunTrace(runId, parent);
  }

  get run(): SpanPlace {
    return placeIn(this.#trace, '');
  }

  attempt(taskId: string, attempt: number): SpanPlace {
    return placeIn(this.#trace, attemptPart(taskId, attempt));
  }

  /** Each time that a task begins, by the revision of the event with which it does. */
  task(part: number, path: string, revision: number): SpanPlace {
    return placeIn(this.#of(part), `task ${path}@${revision}`);
  }

  message(part: number, id: string): SpanPlace {
    return placeIn(this.#of(part), `message ${id}`);
  }

  delivery(part: number, id: string, revision: number): SpanPlace {
    return placeIn(this.#of(part), `delivery ${id}@${revision}`);
  }

  decision(part: number, revision: number): SpanPlace {
    return placeIn(this.#of(part), `decision @${revision}`);
  }

  /** What holds together the spans of a part of a run that has too many for one trace: the root of that trace. */
  part(part: number): SpanPlace {
    return placeIn(this.#of(part), '');
  }

  #of(part: number): RunTrace {
    if (part === 0) return this.#trace;
    let trace = this.#parts.get(part);
    if (trace === undefined) {
      trace = new RunTrace(`${this.#runId}#${part}`, undefined);
      this.#parts.set(part, trace);
    }
    return trace;
  }
}
