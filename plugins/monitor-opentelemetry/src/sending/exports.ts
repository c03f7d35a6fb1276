import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import { convertLegacyHttpOptions, createOtlpHttpExportDelegate } from '@opentelemetry/otlp-exporter-base/node-http';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { LogRecordExporter } from '@opentelemetry/sdk-logs';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { ResolvedOptions } from '../options.ts';
import type { Attributes, Span } from '../spans/span.ts';
import { encodeSpans } from './otlp-spans.ts';
import { ProtobufWriter } from './protobuf.ts';
import type { ExportResult } from './sender.ts';

/** How long the exporter itself tries, its retries included; ms. */
export const EXPORT_MS = 5000;

/** Sends spans; those that it is given together go together. */
export interface SpanExporter {
  export(spans: readonly Span[], done: (result: ExportResult) => void): void;
  shutdown(): Promise<void>;
}

/** Where each signal goes to. */
export interface Exports {
  readonly spans: SpanExporter;
  readonly metrics: PushMetricExporter;
  readonly logs: LogRecordExporter;
}

export type Where = Pick<ResolvedOptions, 'endpoint' | 'serviceName' | 'resource'>;

const config = ({ endpoint }: Pick<Where, 'endpoint'>, signal: string) => ({
  url: `${endpoint}/v1/${signal}`,
  timeoutMillis: EXPORT_MS,
});

/** OpenTelemetry's way to the receiver, with its retries, headers and certificates; only the bytes are of our making. */
export function spanExporter(where: Where): SpanExporter {
  const attributes = attributesOf(where);
  const writer = new ProtobufWriter();
  const serializer = {
    serializeRequest: (spans: readonly Span[]) => encodeSpans(spans, attributes, writer),
    deserializeResponse: ProtobufTraceSerializer.deserializeResponse,
  };
  const options = convertLegacyHttpOptions(config(where, 'traces'), 'TRACES', 'v1/traces', {
    'Content-Type': 'application/x-protobuf',
  });
  const counted = { name: 'span', countItems: (spans: readonly Span[]) => spans.length } as const;
  return new OTLPExporterBase(
    createOtlpHttpExportDelegate(options, serializer, 'otlp_http_span_exporter', counted, undefined),
  );
}

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

type Origin = Pick<ResolvedOptions, 'serviceName' | 'resource'>;

/** Only what options say: neither the host nor the command line is found out. */
const attributesOf = ({ serviceName, resource }: Origin): Attributes => ({ ...resource, 'service.name': serviceName });

export const resourceOf = (origin: Origin): Resource => resourceFromAttributes({ ...attributesOf(origin) });

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
