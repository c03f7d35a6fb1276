import { parseTraceparent, type TraceContext } from './trace-ids.ts';

/** The value of 52 random bits is at most this. */
const BITS_52 = 2 ** 52;

/**
 * Whether the spans of a run are sent. Decided once for all of a trace, wherever it is asked: by the last 52 bits of the trace's id, and never where
 * whoever started the run said that it is not to be sampled.
 */
export function isSampled(traceparent: string | undefined, ratio: number): boolean {
  const context = parseTraceparent(traceparent);
  return context === undefined ? ratio > 0 : isInSample(context, ratio);
}

export function isInSample(context: TraceContext, ratio: number): boolean {
  if (!context.sampled || ratio <= 0) return false;
  return ratio >= 1 || Number.parseInt(context.traceId.slice(-13), 16) / BITS_52 < ratio;
}
