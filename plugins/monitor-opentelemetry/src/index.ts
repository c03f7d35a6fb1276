export { type ExportOptions, exportSpans, otlpJson } from './export.ts';
export { OpenTelemetryMonitor } from './opentelemetry-monitor.ts';
export {
  type OpenTelemetryOptions,
  type PrometheusOptions,
  type Redact,
  type ResolvedOptions,
  resolveOptions,
} from './options.ts';
export {
  type OpenTelemetryPlugin,
  openTelemetryMonitor,
  // As it is looked for by the name of the package.
  openTelemetryMonitor as opentelemetryMonitor,
} from './plugin.ts';
export type { Attributes, Span, SpanEvent, SpanLink } from './spans/span.ts';
export { type SpansOptions, spansOf } from './spans-of.ts';
