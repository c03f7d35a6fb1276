import type { ProcessMeasures } from '../metrics/engine-metrics.ts';
import type { ResolvedOptions } from '../options.ts';
import type { Losses } from './telemetry.ts';

// What the engine's thread and the one that sends say to each other.

export type WorkerData = Omit<ResolvedOptions, 'redact'>;

export type ToWorker =
  /** A list of items of packed.ts, as JSON. */
  | { readonly kind: 'saw'; readonly text: string }
  | { readonly kind: 'measured'; readonly measures: ProcessMeasures }
  | { readonly kind: 'flush'; readonly id: number }
  | { readonly kind: 'close'; readonly id: number; readonly withinMs: number };

export type FromWorker =
  /** Sightings that it is done with. */
  | { readonly kind: 'took'; readonly count: number }
  | { readonly kind: 'lost'; readonly losses: Losses }
  /** Answers a flush, or a close. */
  | { readonly kind: 'done'; readonly id: number };
