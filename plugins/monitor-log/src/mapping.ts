import type { Json, Notice, ObservedEvent } from '@reprise/core/plugin';

export type EntryLevel = 'debug' | 'info' | 'warn' | 'error';

/** One line of the log, before it is written. */
export interface LogEntry {
  readonly level: EntryLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Levels that differ from `info`: what goes wrong, and what there is a lot of. */
const EVENT_LEVELS: Readonly<Record<string, EntryLevel>> = {
  AgentRested: 'warn',
  BudgetReached: 'warn',
  BudgetAsked: 'warn',
  CommandRejected: 'warn',
  RunCancelled: 'warn',
  RunFailed: 'error',
  TaskAdopted: 'debug',
  TaskAttemptFailed: 'warn',
  TaskFailed: 'error',
  TaskReady: 'debug',
  TaskResultIgnored: 'warn',
  TaskScheduled: 'debug',
  TaskStarted: 'debug',
};

/** Members of an event's data that say what happened without saying with which data. */
const FACTS = [
  'agent',
  'attempt',
  'budget',
  'code',
  'command',
  'definitionHash',
  'error',
  'failures',
  'from',
  'lost',
  'message',
  'outcome',
  'raised',
  'reason',
  'reserved',
  'round',
  'scope',
  'status',
  'to',
  'total',
  'usage',
  'via',
  'worker',
] as const;

/** Names of the log's fields where they differ from the event's: `message` is the line's own. */
const RENAMED: Readonly<Record<string, string>> = { message: 'problem', code: 'problemCode' };

const member = (value: Json | undefined, key: string): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [name: string]: Json })[key]
    : undefined;

/** An error without its details, which may hold data. */
const errorFacts = (error: Json): Json => {
  const { code, message, retryable } = { code: null, message: null, retryable: null, ...(error as object) };
  return { code, message, retryable };
};

const present = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const where = (run: string | undefined, task?: unknown, attempt?: unknown): string => {
  const place = [run, task].filter((part) => typeof part === 'string').join('/');
  const trial = typeof attempt === 'number' ? ` #${attempt}` : '';
  return place === '' ? '' : `${place}${trial}: `;
};

/** `TaskAttemptFailed` as "task attempt failed". */
const words = (type: string): string => type.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();

/** Of an attempt that is not made again, what comes of it follows: the task fails, or something else takes over, as its workflow says. */
const levelOf = (type: string, data: ObservedEvent['event']['data']): EntryLevel =>
  type === 'TaskAttemptFailed' && data['retryAt'] === undefined ? 'info' : (EVENT_LEVELS[type] ?? 'info');

/** Under the names by which collectors of logs find the trace. */
function traceIds(traceparent: string | undefined) {
  const [, trace, span] = traceparent?.split('-') ?? [];
  return { trace_id: trace, span_id: span };
}

const timeOf = (at: Json | undefined): string | undefined =>
  typeof at === 'number' ? new Date(at).toISOString() : undefined;

/** A line for an event. `agent`: who works on the task, for events that do not say it. */
export function eventEntry(observed: ObservedEvent, payloads: boolean, agent?: string): LogEntry {
  const { event, runId, revision } = observed;
  const { data } = event;
  const facts: Record<string, unknown> = {};
  for (const key of FACTS) {
    const value = data[key];
    if (value !== undefined) facts[RENAMED[key] ?? key] = key === 'error' && !payloads ? errorFacts(value) : value;
  }
  return {
    level: levelOf(event.type, data),
    message: where(runId, data['taskId'], data['attempt']) + words(event.type),
    fields: present({
      event: event.type,
      run: runId,
      task: data['taskId'],
      attempt: data['attempt'],
      agent,
      ...facts,
      workflow: member(data['definition'], 'name'),
      retryAt: timeOf(data['retryAt']),
      until: timeOf(data['until']),
      revision,
      at: new Date(event.time).toISOString(),
      causationId: event.metadata.causationId,
      traceparent: event.metadata.traceparent,
      ...traceIds(event.metadata.traceparent),
      data: payloads ? data : undefined,
    }),
  };
}

/** A line for a notice; undefined for one that says nothing without its payload. */
export function noticeEntry(notice: Notice, payloads: boolean): LogEntry | undefined {
  switch (notice.kind) {
    case 'dispatched': {
      const { runId: run, taskId: task, attempt, agent } = notice;
      const message = `${where(run, task, attempt)}dispatched to ${agent}`;
      return { level: 'debug', message, fields: { notice: 'dispatched', run, task, attempt, agent } };
    }
    case 'appended':
      return undefined;
    case 'progress': {
      if (!payloads) return undefined;
      const { runId: run, taskId: task, attempt, progress } = notice;
      return {
        level: 'debug',
        message: `${where(run, task, attempt)}progress`,
        fields: { notice: 'progress', run, task, attempt, progress },
      };
    }
    case 'log': {
      const { level, message, runId: run, taskId: task, attempt, agent, traceparent, fields } = notice;
      const place = { run, task, attempt, agent, ...traceIds(traceparent) };
      return { level, message, fields: present({ notice: 'log', ...place, fields }) };
    }
  }
}
