import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { RepriseError } from '@reprise/core/plugin';
import { toReadable } from './mapping.ts';
import type { ResolvedOptions } from './options.ts';
import { resourceOf, spanExporter } from './sending/exports.ts';
import { messageOf } from './sending/message-of.ts';
import type { Span } from './spans/span.ts';

/** Where traces of history go, and what they say about who sends them. */
export type ExportOptions = Pick<ResolvedOptions, 'endpoint' | 'serviceName' | 'resource'>;

const BATCH = 512;

/** Sends spans to the OTLP receiver, and says how many. Rejects with REPRISE_TELEMETRY_LOST when it does not take them; what was sent before is there. */
export async function exportSpans(spans: AsyncIterable<Span>, options: ExportOptions): Promise<number> {
  const exporter = spanExporter(options);
  let sent = 0;
  const send = async (batch: readonly Span[]): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<{ readonly code: number; readonly error?: Error }>();
    exporter.export(batch, resolve);
    const { code, error } = await promise;
    if (code === 0) sent += batch.length;
    else
      throw new RepriseError(
        'REPRISE_TELEMETRY_LOST',
        `${options.endpoint} did not take the spans: ${messageOf(error)}. ${sent} had been sent before.`,
      );
  };
  try {
    for await (const batch of batched(spans)) await send(batch);
  } finally {
    await exporter.shutdown();
  }
  return sent;
}

/** Spans as lines of OTLP/JSON (one ExportTraceServiceRequest each), as Collectors read them from files. */
export async function* otlpJson(spans: AsyncIterable<Span>, options: ExportOptions): AsyncGenerator<string> {
  const resource = resourceOf(options);
  for await (const batch of batched(spans)) {
    const bytes = JsonTraceSerializer.serializeRequest(batch.map((span) => toReadable(span, resource)));
    yield `${Buffer.from(bytes ?? []).toString('utf8')}\n`;
  }
}

async function* batched(spans: AsyncIterable<Span>): AsyncGenerator<readonly Span[]> {
  let batch: Span[] = [];
  for await (const span of spans) {
    batch.push(span);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
