import type { EventMetadata } from '../../event-store/event-store.ts';
import { traceparentOf } from '../../shared/trace.ts';
import type { RunEvent } from '../workflow/events.ts';
import { attemptPart } from './attempt-key.ts';

/** What every event of a run has in common: kept by its state. */
export interface MetaSource {
  readonly runId: string;
  /** W3C trace context that the run was started in. */
  readonly traceparent: string | undefined;
}

/**
 * What stands beside an event: the command that caused it, the run at the root, the trace. The span is that of the attempt that the event
 * is about, the same that the agent was handed; else that of the run.
 */
export function metaOf(source: MetaSource, commandId: string, event: RunEvent, schemaVersion: number): EventMetadata {
  const { runId, traceparent } = source;
  const part = 'attempt' in event && event.attempt > 0 ? attemptPart(event.taskId, event.attempt) : '';
  return {
    causationId: commandId,
    correlationId: runId,
    schemaVersion,
    traceparent: traceparentOf(runId, traceparent, part),
  };
}
