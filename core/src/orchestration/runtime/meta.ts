import type { EventMetadata } from '../../event-store/event-store.ts';
import { attemptPart, RunTrace } from '../../shared/trace.ts';
import type { CommandBase } from '../workflow/command-base.ts';
import type { ParentTask, RunEvent } from '../workflow/events.ts';

/** What every event of a run has in common: kept by its state. */
export interface MetaSource {
  readonly runId: string;
  /** W3C trace context that the run was started in. */
  readonly traceparent: string | undefined;
  readonly tenant: string | undefined;
  readonly parent: ParentTask | undefined;
}

/** The command that an event follows from. */
export type Cause = Pick<CommandBase, 'commandId' | 'said'>;

/**
 * What stands beside an event: the command that caused it (with who sent it and why, beside the events that are its own), the run at the root, the trace. The span is that of the attempt that the event
 * is about, the same that the agent was handed; else that of the run.
 */
export function metaOf(source: MetaSource, cause: Cause, event: RunEvent, schemaVersion: number): EventMetadata {
  const { runId } = source;
  const { commandId, said } = cause;
  const isAttempt = 'taskId' in event && 'attempt' in event && event.attempt !== undefined && event.attempt > 0;
  // The first event of a run comes before its state does.
  const tenant = event.type === 'RunStarted' ? event.tenant : source.tenant;
  return {
    causationId: commandId,
    correlationId: source.parent?.rootRunId ?? runId,
    schemaVersion,
    traceparent: isAttempt ? traceparentOfAttempt(source, event.taskId, event.attempt) : traceOf(source).ofRun,
    ...(tenant === undefined ? {} : { tenant }),
    ...(said !== undefined && 'commandId' in event && event.commandId === commandId ? said : {}),
  };
}

interface Trace {
  readonly root: RunTrace;
  readonly ofRun: string;
  /** Of attempts that were asked about lately: each is asked about several times, by its events and its dispatch. */
  readonly attempts: Map<string, { readonly attempt: number; readonly context: string }>;
}

/** Attempts that are remembered for a run at most. */
const REMEMBERED = 1024;

/** By the state of the run: made once for each. */
const traces = new WeakMap<MetaSource, Trace>();

function traceOf(source: MetaSource): Trace {
  let trace = traces.get(source);
  if (trace === undefined) {
    const root = new RunTrace(source.runId, source.traceparent);
    trace = { root, ofRun: root.context(''), attempts: new Map() };
    traces.set(source, trace);
  }
  return trace;
}

/** The trace context that an attempt is handed. */
export function traceparentOfAttempt(source: MetaSource, taskId: string, attempt: number): string {
  const { root, attempts } = traceOf(source);
  const known = attempts.get(taskId);
  if (known?.attempt === attempt) return known.context;
  const context = root.context(attemptPart(taskId, attempt));
  if (attempts.size >= REMEMBERED) attempts.clear();
  attempts.set(taskId, { attempt, context });
  return context;
}
