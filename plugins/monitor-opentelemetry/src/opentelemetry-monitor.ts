import { context, TraceFlags, trace } from '@opentelemetry/api';
import {
  ATTRIBUTES,
  type Monitor,
  type Notice,
  type ObservedEvent,
  RepriseError,
  type ScheduledCall,
  systemClock,
  type WatchedAttempt,
  type WatchedEngine,
} from '@reprise/core/plugin';
import { LoopWatch } from './metrics/loop-delay.ts';
import type { ResolvedOptions } from './options.ts';
import { RunBook } from './run-book.ts';
import type { Fact } from './seen-event.ts';
import { isLate } from './sending/is-late.ts';
import { messageOf } from './sending/message-of.ts';
import { Pipeline } from './sending/pipeline.ts';
import type { Losses, SeenLog, Telemetry } from './sending/telemetry.ts';
import { TelemetryThread } from './sending/thread.ts';
import { detailOf, processSpan } from './spans/detail-spans.ts';
import { present } from './spans/open-span.ts';
import { isInSample, isSampled } from './spans/sampling.ts';
import type { Span } from './spans/span.ts';
import { parseTraceparent } from './spans/trace-ids.ts';

/** How often it is measured how engine and process do, how often at most it is said that something was lost, and how long a flush is waited for; ms. */
const MEASURE_MS = 5000;
const SAY_MS = 10_000;
const FLUSH_MS = 2000;
const LAST_MS = 100;

/** Events that are looked at together, and how long one waits for others, ms: between the engine's steps each alone would cost more. */
const TOGETHER = 256;
const GATHER_MS = 10;

/**
 * Traces, metrics and logs of all that it is shown, sent by OpenTelemetry in a thread of its own (with `redact`, in the engine's). What could not be sent is
 * counted, and said by an error of the next call, for the engine to report: never more than one in 10 s.
 */
export class OpenTelemetryMonitor implements Monitor {
  readonly name = 'opentelemetry';
  readonly details: boolean;
  readonly #options: ResolvedOptions;
  readonly #telemetry: Telemetry;
  readonly #book: RunBook;
  readonly #measures: boolean;
  /** Events that nobody has looked at yet. */
  #gathered: ObservedEvent[] = [];
  #looking: ScheduledCall | undefined;
  #engine: WatchedEngine | undefined;
  #loop: LoopWatch | undefined;
  #timer: ScheduledCall | undefined;
  #lost = 0;
  /** Of those, what no instrument has counted yet. */
  #uncounted = 0;
  #problem: string | undefined;
  #saidAt = Number.NEGATIVE_INFINITY;
  #isBehind = false;
  #closing: Promise<void> | undefined;

  /** `problem`: what is wrong from the beginning. `telemetry`: for tests. */
  constructor(options: ResolvedOptions, problem?: string, telemetry?: Telemetry) {
    this.#options = options;
    this.#problem = problem;
    this.details = options.details && options.traces;
    const onLost = (losses: Losses): void => this.#onLost(losses);
    this.#telemetry =
      telemetry ??
      (options.redact === undefined
        ? new TelemetryThread(options, { onLost, onForgotten: () => this.#book.forget() })
        : new Pipeline(options, onLost));
    this.#measures = options.metrics || options.prometheus !== undefined;
    this.#book = new RunBook(
      {
        counts: this.#measures,
        resendMs: options.resendMs,
        isSampled: (traceparent) => options.traces && isSampled(traceparent, options.sampling),
        lost: (count, why) => this.#onLost({ count, why }),
      },
      this.#telemetry,
    );
    if (!this.#measures) return;
    this.#loop = new LoopWatch();
    this.#timer = systemClock.schedule(MEASURE_MS, () => this.#measure());
  }

  watch(engine: WatchedEngine): void {
    this.#engine = engine;
    this.#book.engine = engine;
  }

  onEvent(observed: ObservedEvent): void {
    if (this.#closing !== undefined) return;
    this.#gathered.push(observed);
    if (this.#gathered.length >= TOGETHER) this.#look();
    else this.#looking ??= systemClock.schedule(GATHER_MS, () => this.#look());
    this.#sayProblem();
  }

  #look(): void {
    this.#looking?.cancel();
    this.#looking = undefined;
    const gathered = this.#gathered;
    this.#gathered = [];
    for (const observed of gathered) {
      try {
        this.#book.take(observed);
      } catch (error) {
        // Nobody who could report it is calling.
        this.#onLost({ count: 1, why: messageOf(error) });
      }
    }
  }

  onNotice(notice: Notice): void {
    if (this.#closing !== undefined) return;
    if (notice.kind === 'log') {
      if (this.#options.logs) this.#telemetry.log(recordOf(notice, this.#options));
    } else if (this.details) this.#detail(detailOf(notice, systemClock.now()));
  }

  /** What the agent does belongs to its attempt: the context that it works in says so, to whatever it uses OpenTelemetry for. */
  within<T>(attempt: WatchedAttempt, work: () => T): T {
    const place = this.#options.traces ? parseTraceparent(attempt.traceparent) : undefined;
    if (place === undefined) return work();
    const { SAMPLED, NONE } = TraceFlags;
    const traceFlags = isInSample(place, this.#options.sampling) ? SAMPLED : NONE;
    const { traceId, spanId } = place;
    const around = trace.setSpanContext(context.active(), { traceId, spanId, traceFlags, isRemote: true });
    return context.with(around, this.details ? () => this.#timed(attempt, work) : work);
  }

  #timed<T>(attempt: WatchedAttempt, work: () => T): T {
    const start = systemClock.now();
    const ended = (failed: boolean): void => this.#detail(processSpan(attempt, start, systemClock.now(), failed));
    let given: T;
    try {
      given = work();
    } catch (error) {
      ended(true);
      throw error;
    }
    // Of a promise only: whatever else has a `then` may do its work when that is called.
    if (given instanceof Promise)
      given.then(
        () => ended(false),
        () => ended(true),
      );
    else ended(false);
    return given;
  }

  #detail(span: Span | undefined): void {
    if (span === undefined || this.#closing !== undefined) return;
    if (isSampled(`00-${span.traceId}-${span.spanId}-01`, this.#options.sampling)) this.#telemetry.span(span);
  }

  async forceFlush(): Promise<void> {
    if (this.#closing !== undefined) return;
    await this.#flush();
    this.#sayProblem();
  }

  shutdown(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #flush(): Promise<void> {
    this.#look();
    if (this.#measures) this.#telemetry.measured(this.#read());
    const flushed = this.#book.settled().then(() => this.#telemetry.flush());
    this.#isBehind = await isLate(FLUSH_MS, flushed);
    if (this.#isBehind) this.#onLost({ count: 0, why: `not all that is known was sent within ${FLUSH_MS} ms` });
  }

  async #close(): Promise<void> {
    this.#look();
    this.#timer?.cancel();
    this.#loop?.stop();
    // What could not be sent a moment ago will not be now.
    await this.#telemetry.close(this.#isBehind ? LAST_MS : FLUSH_MS);
    this.#sayProblem();
  }

  #read() {
    const loop = this.#loop?.read() ?? { meanMs: 0, p99Ms: 0, maxMs: 0 };
    const lost = this.#uncounted;
    return this.#engine === undefined ? { loop, lost } : { engine: this.#engine.measure(), loop, lost };
  }

  #measure(): void {
    this.#telemetry.measured(this.#read());
    this.#timer = systemClock.schedule(MEASURE_MS, () => this.#measure());
  }

  #onLost({ count, why, isCounted = false }: Losses): void {
    this.#lost += count;
    if (!isCounted) this.#uncounted += count;
    this.#problem = why;
  }

  /** Throws what the engine is to report. */
  #sayProblem(): void {
    const why = this.#problem;
    const now = systemClock.now();
    if (why === undefined || now - this.#saidAt < SAY_MS) return;
    this.#problem = undefined;
    this.#saidAt = now;
    throw new RepriseError('REPRISE_TELEMETRY_LOST', `${why}. In all ${this.#lost} were lost; no run is affected.`);
  }
}

/** `texts`: with the fields that were logged beside the message, and what an error says. */
function recordOf(
  notice: Extract<Notice, { kind: 'log' }>,
  { texts, sampling }: Pick<ResolvedOptions, 'texts' | 'sampling'>,
): SeenLog {
  const { level, message, runId, taskId, attempt, agent, traceparent, fields = {}, failure } = notice;
  const { code } = fields;
  const facts: Readonly<Record<string, Fact | undefined>> = {
    [ATTRIBUTES.runId]: runId,
    [ATTRIBUTES.taskId]: taskId,
    [ATTRIBUTES.attempt]: attempt,
    [ATTRIBUTES.agent]: agent,
    // What an agent logs under this name is its own.
    [ATTRIBUTES.errorType]: failure === true || isOurs(code) ? String(code).slice(0, MAX_CODE) : undefined,
    ...(texts ? Object.fromEntries(Object.entries(fields).map(([key, value]) => [`log.${key}`, factOf(value)])) : {}),
  };
  return {
    time: systemClock.now(),
    level,
    message: texts ? message.slice(0, MAX_MESSAGE) : messageWithoutTexts(notice),
    ...(traceparent === undefined
      ? {}
      : { traceparent: traceparent.slice(0, -2) + (isSampled(traceparent, sampling) ? '01' : '00') }),
    facts: present(facts),
  };
}

const MAX_MESSAGE = 4096;
const MAX_CODE = 128;

const isOurs = (code: unknown): boolean => typeof code === 'string' && code.startsWith('REPRISE_');

/** What an agent logs is what was asked for; what the engine says may end with what somebody threw. */
function messageWithoutTexts({ message, agent, failure }: Extract<Notice, { kind: 'log' }>): string {
  if (failure === true) return 'the agent failed';
  return (agent === undefined ? (message.split(': ', 1)[0] ?? '') : message).slice(0, MAX_MESSAGE);
}

function factOf(value: unknown): Fact | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (value === undefined || value === null) return undefined;
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, MAX_MESSAGE);
}
