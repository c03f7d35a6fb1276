import type { ObservedEvent } from '@reprise/core/plugin';
import type { Redact } from './options.ts';
import { redactedSpan } from './redaction.ts';
import { see } from './seen-event.ts';
import type { Span } from './spans/span.ts';
import { EMIT_NONE, Traces } from './spans/traces.ts';

/** How many events go into one trace, and which texts. */
export interface SpansOptions {
  /** As of the monitor's options: what it makes while the run goes on has the same ids only with the same. */
  readonly eventsPerTrace?: number;
  readonly texts?: boolean;
  readonly redact?: Redact | undefined;
  /** Other runs that this one may link to: the trace context that each was started in. */
  readonly known?: ReadonlyMap<string, string | undefined>;
}

/** The spans of one run, made again from its history, in the order in which they end. What has not ended yet is left out. */
export async function* spansOf(
  history: AsyncIterable<ObservedEvent>,
  { eventsPerTrace = 5000, texts = false, redact, known }: SpansOptions = {},
): AsyncGenerator<Span, void, undefined> {
  let ended: Span[] = [];
  const traces = new Traces({ eventsPerTrace, emit: (span) => ended.push(span) });
  for (const [runId, traceparent] of known ?? []) traces.know(runId, traceparent);
  let isFirst = true;
  for await (const observed of history) {
    const isCopied = observed.event.metadata['origin'] !== undefined;
    traces.take(see(observed, texts, isFirst), isCopied ? EMIT_NONE : 0);
    isFirst = false;
    if (ended.length === 0) continue;
    const spans = ended;
    ended = [];
    for (const span of spans) yield redactedSpan(span, redact);
  }
}
