import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { LogRecordExporter } from '@opentelemetry/sdk-logs';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { ResolvedOptions } from '../options.ts';
import type { ExportResult } from './sender.ts';

/** How long the exporter itself tries, its retries included; ms. */
export const EXPORT_MS = 5000;

/** Where each signal goes to. */
export interface Exports {
  readonly spans: Pick<SpanExporter, 'export' | 'shutdown'>;
  readonly metrics: PushMetricExporter;
  readonly logs: LogRecordExporter;
}

export type Where = Pick<ResolvedOptions, 'endpoint'>;

const config = ({ endpoint }: Where, signal: string) => ({
  url: `${endpoint}/v1/${signal}`,
  timeoutMillis: EXPORT_MS,
});

export const spanExporter = (where: Where): SpanExporter => new OTLPTraceExporter(config(where, 'traces'));

/** Each is made when it is asked for. */
export const otlpExports = (where: Where): Exports => ({
  get spans() {
    return spanExporter(where);
  },
  get metrics() {
    return new OTLPMetricExporter(config(where, 'metrics'));
  },
  get logs() {
    return new OTLPLogExporter(config(where, 'logs'));
  },
});

/** Only what options say: neither the host nor the command line is found out. */
export const resourceOf = ({ serviceName, resource }: Pick<ResolvedOptions, 'serviceName' | 'resource'>): Resource =>
  resourceFromAttributes({ ...resource, 'service.name': serviceName });

interface Exporter<T> {
  export(items: T, done: (result: ExportResult) => void): void;
}

/** The same exporter; `failed` is told of each export that came to nothing. */
export function watched<E extends Exporter<never>>(
  exporter: E,
  failed: (items: Parameters<E['export']>[0], error: unknown) => void,
): E {
  const inner = exporter.export.bind(exporter);
  exporter.export = (items, done) => {
    inner(items, (result) => {
      if (result.code !== 0) failed(items, result.error);
      done(result);
    });
  };
  return exporter;
}

export type { ReadableSpan };
