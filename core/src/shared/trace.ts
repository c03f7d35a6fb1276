import { sha256 } from './hash.ts';

// W3C Trace Context, https://www.w3.org/TR/trace-context/#traceparent-header

const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;

export const isTraceparent = (value: unknown): value is string => typeof value === 'string' && TRACEPARENT.test(value);

/**
 * The trace context of one part of a run (an attempt, say). The trace is that of `parent`, the context that the run was started
 * in, or follows from the run's id; the span follows from the part. Equal arguments give equal context, so a trace goes on over
 * restarts and in other processes.
 */
export function traceparentOf(runId: string, parent: string | undefined, part: string): string {
  const [, trace = sha256(runId).slice(0, 32), flags = '01'] = TRACEPARENT.exec(parent ?? '') ?? [];
  return `00-${trace}-${sha256(`${runId}\n${part}`).slice(0, 16)}-${flags}`;
}
