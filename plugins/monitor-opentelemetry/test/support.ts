import { ATTRIBUTES, type ObservedEvent } from '@reprise/core/plugin';
import type { Span } from '../src/index.ts';

const ENDS = ['RunCompleted', 'RunFailed', 'RunCancelled'];

const isCopied = ({ event }: ObservedEvent): boolean => event.metadata['origin'] !== undefined;

/** What does not hold of the spans of a run, and has to of every run's. Empty when all does. */
export function problemsOf(spans: readonly Span[], history: readonly ObservedEvent[]): readonly string[] {
  const [started] = history;
  const hasEnded = ENDS.includes(history.at(-1)?.event.type ?? '');
  const outside = String(started?.event.data['traceparent'] ?? '').slice(36, 52);
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const problems: string[] = [];
  const say = ({ name }: Span, problem: string): number => problems.push(`${name}: ${problem}`);
  if (byId.size !== spans.length) problems.push('two spans have one id');
  for (const span of spans) {
    const { parentSpanId, start, end } = span;
    if (!/^[0-9a-f]{32}$/.test(span.traceId) || !/^[0-9a-f]{16}$/.test(span.spanId)) say(span, 'its ids are none');
    if (end < start) say(span, 'it ends before it begins');
    if (parentSpanId === undefined || parentSpanId === outside) continue;
    const parent = byId.get(parentSpanId);
    if (parent === undefined) {
      if (hasEnded) say(span, 'what it is in is not there');
      continue;
    }
    if (parent.traceId !== span.traceId) say(span, `it is in another trace than '${parent.name}', which it is in`);
    // A task has been ready since before what begins its part of the run.
    if (start < parent.start && !parent.name.startsWith('run, part'))
      say(span, `it begins before '${parent.name}', which it is in`);
    if (end > parent.end) say(span, `it ends after '${parent.name}', which it is in`);
  }
  // Of what has ended: a link to another run is beyond what can be said here.
  for (const span of hasEnded ? spans : [])
    for (const { spanId, attributes } of span.links) {
      const kind = attributes[ATTRIBUTES.linkKind];
      const isOwn =
        kind === 'attempt before' ||
        kind === 'parent' ||
        (kind === 'message' && span.kind === 'consumer' && !span.name.startsWith('receive'));
      if (isOwn && !byId.has(spanId)) say(span, `its link '${String(kind)}' leads nowhere`);
    }
  const roots = spans.filter(({ name }) => name.startsWith('run ')).length;
  if (roots !== (hasEnded ? 1 : 0)) problems.push(`${roots} spans are the run`);
  problems.push(...missing(spans, history));
  return problems;
}

/** Tasks and attempts that ended, and have no span. */
function missing(spans: readonly Span[], history: readonly ObservedEvent[]): readonly string[] {
  const problems: string[] = [];
  const has = (task: unknown): boolean => attemptSpan(spans, task, undefined) !== undefined;
  const hasEnded = ENDS.includes(history.at(-1)?.event.type ?? '');
  for (const { event, ...observed } of history) {
    if (isCopied({ event, ...observed })) continue;
    const { taskId, attempt, agent } = event.data;
    if (['TaskCompleted', 'TaskFailed', 'TaskSkipped', 'TaskCancelled'].includes(event.type) && !has(taskId))
      problems.push(`the task ${String(taskId)} ended, and has no span`);
    if (event.type !== 'TaskScheduled' || !hasEnded) continue;
    const id = event.metadata.traceparent?.slice(36, 52);
    // Histories of old did not say it.
    const span = id === undefined ? attemptSpan(spans, taskId, attempt) : spans.find(({ spanId }) => spanId === id);
    if (span === undefined) problems.push(`attempt ${String(attempt)} of ${String(taskId)} has no span`);
    else if (span.attributes[ATTRIBUTES.agent] !== agent || span.attributes[ATTRIBUTES.attempt] !== attempt)
      problems.push(`the span of attempt ${String(attempt)} of ${String(taskId)} is another's`);
  }
  return problems;
}

const attemptSpan = (spans: readonly Span[], task: unknown, attempt: unknown): Span | undefined =>
  spans.find(({ attributes }) => attributes[ATTRIBUTES.taskId] === task && attributes[ATTRIBUTES.attempt] === attempt);
