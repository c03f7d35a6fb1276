import type { Requests } from './requests.ts';

/** What a member has had and done since it began. */
export interface Usage {
  /** Of the processor, in µs. */
  readonly cpu: number;
  readonly requests: Requests;
  /** Appends to the event store. */
  readonly appends: number;
}

/** What one row came to: numbers by name, each with its unit in its name or in `units`. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What it is to be, where there is such a goal. */
  readonly goal?: string;
}

export const figure = (what: string, value: number, unit: string, goal?: string): Figure =>
  goal === undefined ? { what, value, unit } : { what, value, unit, goal };

/** The value that `share` of all values are not above; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
