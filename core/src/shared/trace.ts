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
  return `00-${trace}-${spanOf(`${runId}\n${part}`)}-${flags}`;
}

/** 16 hex digits, not all of them zero, that follow from a text. Spread evenly, and cheap: one is made for every event. */
function spanOf(text: string): string {
  let [one, two] = [0xdeadbeef, 0x41c6ce57];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    one = Math.imul(one ^ code, 0x9e3779b1);
    two = Math.imul(two ^ code, 0x5f356495);
  }
  one = Math.imul(one ^ (one >>> 16), 0x85ebca6b) ^ Math.imul(two ^ (two >>> 13), 0xc2b2ae35);
  two = Math.imul(two ^ (two >>> 16), 0x85ebca6b) ^ Math.imul(one ^ (one >>> 13), 0xc2b2ae35);
  return `${hex32(one === 0 ? 1 : one)}${hex32(two)}`;
}

const hex32 = (number: number): string => (number >>> 0).toString(16).padStart(8, '0');
