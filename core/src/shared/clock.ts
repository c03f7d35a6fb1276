/** A handle of a timer; cancel() after it fired does nothing. */
export interface ScheduledCall {
  cancel(): void;
}

/** Time, injected everywhere. Milliseconds since the Unix epoch. */
export interface Clock {
  now(): number;
  /** Calls `callback` once, `delayMs` from now (0 or less: as soon as possible, never synchronously). */
  schedule(delayMs: number, callback: () => void): ScheduledCall;
}

/** Fresh identifiers, injected everywhere. */
export interface Ids {
  /** A new id that sorts by creation time and fits ID_PATTERN. */
  next(): string;
}

/** Randomness in [0, 1), injected everywhere. */
export type Random = () => number;

let lastIso = { at: 0, text: new Date(0).toISOString() };

/** RFC 3339 text of a time in milliseconds since the Unix epoch. Messages come many to a millisecond: the last is kept. */
export function toIsoTime(at: number): string {
  if (lastIso.at !== at) lastIso = { at, text: new Date(at).toISOString() };
  return lastIso.text;
}
