import type { ProcessMeasures } from '../metrics/engine-metrics.ts';
import type { ResolvedOptions } from '../options.ts';
import type { Span } from '../spans/span.ts';
import type { Losses, SeenLog } from './telemetry.ts';

// What the engine's thread and the one that sends say to each other.

export type WorkerData = Omit<ResolvedOptions, 'redact'>;

export type ToWorker =
  /** See packed.ts. */
  | { readonly kind: 'saw'; readonly text: string }
  | { readonly kind: 'know'; readonly runId: string; readonly traceparent: string | undefined }
  | { readonly kind: 'span'; readonly span: Span }
  | { readonly kind: 'log'; readonly record: SeenLog }
  | { readonly kind: 'measured'; readonly measures: ProcessMeasures }
  | { readonly kind: 'flush'; readonly id: number }
  | { readonly kind: 'close'; readonly id: number; readonly withinMs: number };

export type FromWorker =
  /** Sightings that it is done with. */
  | { readonly kind: 'took'; readonly count: number }
  | { readonly kind: 'lost'; readonly losses: Losses }
  /** Answers a flush, or a close. */
  | { readonly kind: 'done'; readonly id: number };
