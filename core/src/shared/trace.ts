import { sha256 } from './hash.ts';

// W3C Trace Context, https://www.w3.org/TR/trace-context/#traceparent-header

const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;

export const isTraceparent = (value: unknown): value is string => typeof value === 'string' && TRACEPARENT.test(value);

let lastTrace = { runId: '', trace: '' };

/** The trace of a run that was started in none. Parts of one run come many in a row: the last is kept. */
function traceOf(runId: string): string {
  if (lastTrace.runId !== runId) lastTrace = { runId, trace: sha256(runId).slice(0, 32) };
  return lastTrace.trace;
}

/**
 * The trace context of one part of a run (an attempt, say). The trace is that of `parent`, the context that the run was started
 * in, or follows from the run's id; the span follows from the part. Equal arguments give equal context, so a trace goes on over
 * restarts and in other processes.
 */
export function traceparentOf(runId: string, parent: string | undefined, part: string): string {
  const [, trace = traceOf(runId), flags = '01'] = TRACEPARENT.exec(parent ?? '') ?? [];
  return `00-${trace}-${sha256(`${runId}\n${part}`).slice(0, 16)}-${flags}`;
}
