import type { ObservedEvent } from '@reprise/core/plugin';
import type { ProcessMeasures } from '../metrics/engine-metrics.ts';
import type { Fact } from '../seen-event.ts';
import type { Span } from '../spans/span.ts';

/** An event, and what is to become of it. `emitFrom`: see Traces.take(); above 0 it is no news. */
export interface Sighting {
  readonly observed: ObservedEvent;
  /** It is the first that is seen of its run. */
  readonly isFirst: boolean;
  /** Whether spans are made of it: its run was sampled. */
  readonly traced: boolean;
  readonly emitFrom: number;
}

/** A record of the log. */
export interface SeenLog {
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  /** W3C trace context of the attempt. */
  readonly traceparent?: string;
  readonly facts: Readonly<Record<string, Fact>>;
}

/** What was not sent, and why the last of it. */
export interface Losses {
  readonly count: number;
  readonly why: string;
  /** An instrument has counted them. */
  readonly isCounted?: boolean;
}

/** What makes telemetry of what was seen, and sends it: in this thread, or in one of its own. Nothing of it throws or rejects. */
export interface Telemetry {
  saw(sighting: Sighting): void;
  /** The trace of a run that is not followed; `traceparent`: the context that it was started in. */
  know(runId: string, traceparent: string | undefined): void;
  /** One that does not follow from events. */
  span(span: Span): void;
  log(record: SeenLog): void;
  measured(measures: ProcessMeasures): void;
  /** Resolves once what came before is sent, or lost. */
  flush(): Promise<void>;
  /** Sends what it can within so many ms; then nothing of it is left. */
  close(withinMs: number): Promise<void>;
}

/** Told of losses. */
export type OnLost = (losses: Losses) => void;
