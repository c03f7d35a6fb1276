import { ATTRIBUTES, type Notice, RunTrace, type WatchedAttempt } from '@reprise/core/plugin';
import type { Span } from './span.ts';
import { parseTraceparent } from './trace-ids.ts';

// Spans of what is beside history, made on request: they say what one process did, and when. Each is in the span that its trace context names.

type Detail = Pick<Span, 'name' | 'kind' | 'start' | 'end' | 'attributes' | 'status'>;

/** An append, or a dispatch that was published (`now`: when); undefined for what is neither, and where the trace is not known. */
export function detailOf(notice: Notice, now: number): Span | undefined {
  if (notice.kind === 'appended') {
    const { runId, revision, events, at, tookMs, traceparent } = notice;
    // Of the run: an attempt may have ended with it.
    const ofRun = traceparent === undefined ? undefined : new RunTrace(runId, traceparent).context('');
    return inContext(runId, ofRun, {
      name: 'append',
      kind: 'internal',
      start: at,
      end: at + tookMs,
      attributes: { [ATTRIBUTES.runId]: runId, [ATTRIBUTES.revision]: revision, [ATTRIBUTES.events]: events },
      status: { code: 'unset' },
    });
  }
  if (notice.kind !== 'dispatched') return undefined;
  const { agent, traceparent } = notice;
  return inContext(notice.runId, traceparent, {
    name: `publish ${agent}`,
    kind: 'producer',
    start: now,
    end: now,
    attributes: { ...placeOf(notice), ...messaging('send', agent) },
    status: { code: 'unset' },
  });
}

/** A call of an agent by the worker of this process. */
export function processSpan(attempt: WatchedAttempt, start: number, end: number, failed: boolean): Span | undefined {
  return inContext(attempt.runId, attempt.traceparent, {
    name: `process ${attempt.agent}`,
    kind: 'consumer',
    start,
    end: Math.max(start, end),
    attributes: { ...placeOf(attempt), ...messaging('process', attempt.agent) },
    status: failed ? { code: 'error' } : { code: 'unset' },
  });
}

function inContext(runId: string, traceparent: string | undefined, detail: Detail): Span | undefined {
  const context = parseTraceparent(traceparent);
  if (context === undefined) return undefined;
  const part = `${detail.name} of ${context.spanId} @${detail.start} ${String(detail.attributes[ATTRIBUTES.revision] ?? '')}`;
  return {
    ...detail,
    traceId: context.traceId,
    spanId: new RunTrace(runId, traceparent).context(part).slice(36, 52),
    parentSpanId: context.spanId,
    events: [],
    droppedEvents: 0,
    links: [],
  };
}

const placeOf = ({ runId, taskId, attempt, agent }: Omit<WatchedAttempt, 'traceparent'>) => ({
  [ATTRIBUTES.runId]: runId,
  [ATTRIBUTES.taskId]: taskId,
  [ATTRIBUTES.attempt]: attempt,
  [ATTRIBUTES.agent]: agent,
});

const messaging = (operation: string, destination: string) => ({
  [ATTRIBUTES.messagingSystem]: 'reprise',
  [ATTRIBUTES.messagingOperation]: operation,
  [ATTRIBUTES.destination]: destination,
});
