// Pure: a traceparent (https://www.w3.org/TR/trace-context/#traceparent-header) inside a trace. The events of a run are in one trace, so what
// their traceparents have in common is said once, and of each only the span is left: 16 of 55 characters. Any other text stays whole. Packed
// in the row, not in the messages between threads, where it costs more than it gains (docs/adr/0009).

const LENGTH = 55;
const SPAN_AT = 36;
const SPAN = 16;
const TAIL_AT = SPAN_AT + SPAN;
const DASH = '-'.charCodeAt(0);
/** Before a text that would be taken for something packed. */
const WHOLE = '=';

/** What all traceparents of a trace have in common: what stands before the span (`00-<trace id>-`), and after it (`-<flags>`). */
export interface Trace {
  readonly head: string;
  readonly tail: string;
}

/** The trace of a traceparent; undefined for a text of another form. (Its digits are not looked at: nothing depends on them.) */
export function traceOf(traceparent: string | null | undefined): Trace | undefined {
  if (typeof traceparent !== 'string' || traceparent.length !== LENGTH) return undefined;
  if (traceparent.charCodeAt(SPAN_AT - 1) !== DASH || traceparent.charCodeAt(TAIL_AT) !== DASH) return undefined;
  return { head: traceparent.slice(0, SPAN_AT), tail: traceparent.slice(TAIL_AT) };
}

/** A trace as one text, and back. */
export const traceText = (trace: Trace | undefined): string | null =>
  trace === undefined ? null : trace.head + trace.tail;
export const traceFrom = (text: string | null): Trace | undefined =>
  text === null ? undefined : { head: text.slice(0, SPAN_AT), tail: text.slice(SPAN_AT) };

/** A text as it is kept inside a trace; null is none. Without a trace it is kept as it is. */
export function packTrace(text: string | null, trace: Trace | undefined): string | null {
  if (text === null || trace === undefined) return text;
  const isInside =
    text.length === LENGTH && text.slice(0, SPAN_AT) === trace.head && text.slice(TAIL_AT) === trace.tail;
  if (isInside) return text.slice(SPAN_AT, TAIL_AT);
  return text.length === SPAN || isMarked(text) ? WHOLE + text : text;
}

/** The text that packTrace was given. */
export function unpackTrace(packed: string | null, trace: Trace | undefined): string | null {
  if (packed === null || trace === undefined) return packed;
  if (packed.length === SPAN) return trace.head + packed + trace.tail;
  return isMarked(packed) ? packed.slice(WHOLE.length) : packed;
}

const isMarked = (text: string): boolean => text.length > SPAN && text.startsWith(WHOLE);
