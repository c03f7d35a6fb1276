import type { Logger } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { LoggerProvider, type LogRecordProcessor, type ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { type IMetricReader, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { ATTRIBUTES } from '@reprise/core/plugin';
import { logRecord } from '../mapping.ts';
import { EngineMetrics, type ProcessMeasures } from '../metrics/engine-metrics.ts';
import { Instruments } from '../metrics/instruments.ts';
import { RunMetrics } from '../metrics/run-metrics.ts';
import type { ResolvedOptions } from '../options.ts';
import { redactedLog, redactedSpan } from '../redaction.ts';
import { see } from '../seen-event.ts';
import type { Span } from '../spans/span.ts';
import { Traces } from '../spans/traces.ts';
import { EXPORT_MS, type Exports, otlpExports, resourceOf, watched } from './exports.ts';
import { isLate } from './is-late.ts';
import { messageOf } from './message-of.ts';
import { SCOPE } from './otlp-spans.ts';
import type { Unpacked } from './packed.ts';
import { Sender } from './sender.ts';
import type { OnLost, SeenLog, Sighting, Telemetry } from './telemetry.ts';

/** Spans, each of their events counted as one, and records of the log that wait to be sent at most. */
const MAX_QUEUED = 50_000;
const MAX_RECORDS = 10_000;
const BATCH = 512;

/** Makes spans, measurements and records of what was seen, and sends them by OpenTelemetry's exporters, in the thread that it is made in. */
export class Pipeline implements Telemetry {
  readonly #options: ResolvedOptions;
  readonly #onLost: OnLost;
  readonly #traces: Traces | undefined;
  readonly #spans: Sender<Span> | undefined;
  readonly #meters: MeterProvider | undefined;
  readonly #instruments: Instruments | undefined;
  readonly #ofRuns: RunMetrics | undefined;
  readonly #ofEngine: EngineMetrics | undefined;
  readonly #records: Sender<ReadableLogRecord> | undefined;
  readonly #logger: Logger | undefined;
  readonly #closers: (() => Promise<unknown>)[] = [];

  constructor(options: ResolvedOptions, onLost: OnLost, exports: Exports = otlpExports(options)) {
    this.#options = options;
    this.#onLost = onLost;
    if (options.traces) {
      this.#spans = this.#spanSender(exports);
      this.#traces = new Traces({ eventsPerTrace: options.eventsPerTrace, emit: (span) => this.#emit(span) });
    }
    if (options.metrics || options.prometheus !== undefined) {
      this.#meters = new MeterProvider({ resource: resourceOf(options), readers: this.#readers(exports) });
      this.#instruments = new Instruments(this.#meters.getMeter(SCOPE));
      this.#ofRuns = new RunMetrics(this.#instruments);
      this.#ofEngine = new EngineMetrics(this.#instruments);
    }
    if (options.logs) {
      this.#records = this.#recordSender(exports);
      const processor: LogRecordProcessor = {
        onEmit: (record) => this.#records?.add(record),
        forceFlush: async () => undefined,
        shutdown: async () => undefined,
      };
      const logs = new LoggerProvider({ resource: resourceOf(options), processors: [processor] });
      this.#logger = logs.getLogger(SCOPE);
    }
  }

  saw({ observed, emitFrom, traced, isFirst }: Sighting): void {
    this.take({ event: see(observed, this.#options.texts, isFirst), emitFrom, traced });
  }

  /** What another thread has seen. */
  take({ event, emitFrom, traced }: Unpacked): void {
    try {
      this.#ofRuns?.take(event, emitFrom === 0);
      if (traced) this.#traces?.take(event, emitFrom);
    } catch (error) {
      this.#lost('observations', 1, messageOf(error));
    }
  }

  know(runId: string, traceparent: string | undefined): void {
    this.#traces?.know(runId, traceparent);
  }

  span(span: Span): void {
    if (this.#spans !== undefined) this.#emit(span);
  }

  log(seen: SeenLog): void {
    const redacted = this.#redacted('logs', () => redactedLog(seen, this.#options.redact));
    if (redacted !== undefined) this.#logger?.emit(logRecord(redacted));
  }

  measured(measures: ProcessMeasures): void {
    this.#ofEngine?.take(measures);
    if (this.#ofRuns !== undefined) this.#instruments?.is('runsOpen', this.#ofRuns.open);
  }

  async flush(): Promise<void> {
    const flushed = [this.#spans?.flush(), this.#records?.flush(), this.#meters?.forceFlush()];
    for (const result of await Promise.allSettled(flushed))
      if (result.status === 'rejected') this.#lost('metrics', 1, messageOf(result.reason));
  }

  async close(withinMs: number): Promise<void> {
    await isLate(withinMs, this.flush());
    this.#spans?.close();
    this.#records?.close();
    const closing = [this.#meters?.shutdown(), ...this.#closers.map((close) => close())];
    await isLate(withinMs, Promise.allSettled(closing));
  }

  #spanSender(exports: Exports): Sender<Span> {
    const { delayMs } = this.#options;
    const exporter = exports.spans;
    this.#closers.push(() => exporter.shutdown());
    return new Sender<Span>({
      export: (batch, done) => exporter.export(batch, done),
      weigh: ({ events }) => 1 + events.length,
      maxQueued: MAX_QUEUED,
      batchSize: BATCH,
      delayMs,
      timeoutMs: 2 * EXPORT_MS,
      lost: (count, why) => this.#lost('traces', count, why),
    });
  }

  #recordSender(exports: Exports): Sender<ReadableLogRecord> {
    const exporter = exports.logs;
    this.#closers.push(() => exporter.shutdown());
    return new Sender<ReadableLogRecord>({
      export: (batch, done) => exporter.export([...batch], done),
      weigh: () => 1,
      maxQueued: MAX_RECORDS,
      batchSize: BATCH,
      delayMs: this.#options.delayMs,
      timeoutMs: 2 * EXPORT_MS,
      lost: (count, why) => this.#lost('logs', count, why),
    });
  }

  #emit(span: Span): void {
    const redacted = this.#redacted('traces', () => redactedSpan(span, this.#options.redact));
    if (redacted !== undefined) this.#spans?.add(redacted);
  }

  /** What `redact` could not look at is not sent. */
  #redacted<T>(signal: string, redact: () => T): T | undefined {
    try {
      return redact();
    } catch (error) {
      this.#lost(signal, 1, `redact threw: ${messageOf(error)}`);
      return undefined;
    }
  }

  #readers(exports: Exports): IMetricReader[] {
    const { metrics, prometheus, metricsMs } = this.#options;
    const readers: IMetricReader[] = [];
    if (prometheus !== undefined) {
      const { host, port } = prometheus;
      const served = (error: unknown): void => {
        if (error instanceof Error)
          this.#lost('metrics', 0, `nothing serves http://${host}:${port}/metrics: ${messageOf(error)}`);
      };
      readers.push(new PrometheusExporter({ host, port, withoutScopeInfo: true }, served));
    }
    if (metrics) {
      const exporter = watched(exports.metrics, (_metrics, error) => this.#lost('metrics', 1, messageOf(error)));
      readers.push(
        new PeriodicExportingMetricReader({
          exporter,
          exportIntervalMillis: metricsMs,
          exportTimeoutMillis: Math.min(metricsMs, 2 * EXPORT_MS),
        }),
      );
    }
    return readers;
  }

  #lost(signal: string, count: number, why: string): void {
    this.#instruments?.count('telemetryLost', { [ATTRIBUTES.telemetrySignal]: signal }, count);
    this.#onLost({
      isCounted: this.#instruments !== undefined,
      count,
      why: `${signal}: ${why === '' ? this.#options.endpoint : why}`,
    });
  }
}
