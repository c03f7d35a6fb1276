export { type ExportOptions, exportSpans, otlpJson } from './export.ts';
export { OpenTelemetryMonitor } from './opentelemetry-monitor.ts';
export {
  type OpenTelemetryOptions,
  type PrometheusOptions,
  type Redact,
  type ResolvedOptions,
  resolveOptions,
} from './options.ts';
export { openTelemetryMonitor } from './plugin.ts';
export type { Attributes, Span, SpanEvent, SpanLink } from './spans/span.ts';
export { type SpansOptions, spansOf } from './spans-of.ts';
