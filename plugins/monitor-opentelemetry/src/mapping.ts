import {
  type HrTime,
  type LogRecord,
  ROOT_CONTEXT,
  SeverityNumber,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { SCOPE as SCOPE_NAME } from './sending/otlp-spans.ts';
import type { SeenLog } from './sending/telemetry.ts';
import type { Attributes, Span } from './spans/span.ts';
import { parseTraceparent } from './spans/trace-ids.ts';

// Our spans and records as OpenTelemetry's SDK has them.

const KINDS = { internal: SpanKind.INTERNAL, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER } as const;
const STATUS = { unset: SpanStatusCode.UNSET, ok: SpanStatusCode.OK, error: SpanStatusCode.ERROR } as const;

const SCOPE = { name: SCOPE_NAME } as const;

/** Seconds and nanoseconds of milliseconds. */
export function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}

const attributesOf = (attributes: Attributes): ReadableSpan['attributes'] =>
  attributes as unknown as ReadableSpan['attributes'];

export function toReadable(span: Span, resource: Resource): ReadableSpan {
  const { traceId, spanId, parentSpanId, status } = span;
  const context = { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
  return {
    name: span.name,
    kind: KINDS[span.kind],
    spanContext: () => context,
    ...(parentSpanId === undefined
      ? {}
      : { parentSpanContext: { traceId, spanId: parentSpanId, traceFlags: TraceFlags.SAMPLED } }),
    startTime: hrTime(span.start),
    endTime: hrTime(span.end),
    duration: hrTime(span.end - span.start),
    status: { code: STATUS[status.code], ...(status.message === undefined ? {} : { message: status.message }) },
    attributes: attributesOf(span.attributes),
    links: span.links.map((link) => ({
      context: { traceId: link.traceId, spanId: link.spanId, traceFlags: TraceFlags.SAMPLED },
      attributes: attributesOf(link.attributes),
    })),
    events: span.events.map(({ name, time, attributes }) => ({
      name,
      time: hrTime(time),
      attributes: attributesOf(attributes),
    })),
    ended: true,
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: span.droppedEvents,
    droppedLinksCount: 0,
  };
}

const SEVERITIES = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
} as const;

export function logRecord({ time, level, message, traceparent, facts }: SeenLog): LogRecord {
  const place = parseTraceparent(traceparent);
  const { NONE, SAMPLED } = TraceFlags;
  return {
    timestamp: hrTime(time),
    severityNumber: SEVERITIES[level],
    severityText: level.toUpperCase(),
    body: message,
    attributes: attributesOf(facts),
    ...(place === undefined
      ? {}
      : {
          context: trace.setSpanContext(ROOT_CONTEXT, {
            traceId: place.traceId,
            spanId: place.spanId,
            traceFlags: place.sampled ? SAMPLED : NONE,
          }),
        }),
  };
}
