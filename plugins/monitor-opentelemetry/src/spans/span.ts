import type { Fact } from '../seen-event.ts';

/** Facts by name. */
export type Attributes = Readonly<Record<string, Fact>>;

/** A span of elsewhere that this one has to do with. */
export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

/** Something that happened within a span. `time`: milliseconds since the Unix epoch. */
export interface SpanEvent {
  readonly name: string;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly attributes: Attributes;
}

/** A span that has ended, as plain data. All of it follows from the history, so that it is the same whenever, wherever and however often it is made. */
export interface Span {
  /** 32 and 16 lower-case hexadecimal digits. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: 'internal' | 'producer' | 'consumer';
  /** Milliseconds since the Unix epoch. */
  readonly start: number;
  readonly end: number;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  /** Events that were left out, because there were too many. */
  readonly droppedEvents: number;
  readonly links: readonly SpanLink[];
  /** `error` with what failed, a code. */
  readonly status: { readonly code: 'unset' | 'ok' | 'error'; readonly message?: string };
}
