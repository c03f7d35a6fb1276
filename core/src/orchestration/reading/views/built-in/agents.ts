import type { JsonObject } from '../../../../shared/json.ts';
import type { RunEvent } from '../../../workflow/events.ts';
import { defineProjection, type Projection, type RowsBefore, type ViewEvent } from '../projection.ts';

/** What became of the attempts at an agent, in all runs. Times are ms since the Unix epoch. */
export type AgentRow = {
  readonly agent: string;
  /** Attempts that were handed to it. */
  readonly attempts: number;
  /** Of those, how many have failed; what was lost is among them. */
  readonly failed: number;
  readonly lost: number;
  /** When the last of them was handed to it, or ended. */
  readonly last: number;
  readonly lastFailure?: {
    readonly at: number;
    readonly runId: string;
    readonly taskId: string;
    readonly attempt: number;
    readonly code: string;
    readonly message: string;
  };
  /** It was rested until then, after so many failures in a row, and nothing has ended well there since then. */
  readonly rested?: { readonly until: number; readonly failures: number };
};

/** What is remembered of a run that is open: to whom each attempt was handed that has not ended by itself. */
type OpenRow = { readonly open: { readonly [taskId: string]: { readonly attempt: number; readonly agent: string } } };

/** How each agent does. What a fork or a retry has copied counts where it happened only. */
export const agents: Projection = defineProjection<JsonObject>({
  name: 'agents',
  version: 1,
  about: 'attempts by agent: how many, failed, lost, the last failure, and whether it rests',
  fields: {
    agent: { type: 'text', path: ['agent'], about: 'its name' },
    attempts: { type: 'number', path: ['attempts'], about: 'attempts that were handed to it' },
    failed: { type: 'number', path: ['failed'], about: 'how many of them failed' },
    lost: { type: 'number', path: ['lost'], about: 'how many of those were lost' },
    last: { type: 'time', path: ['last'], about: 'when the last was handed to it, or ended' },
    error: { type: 'text', path: ['lastFailure', 'code'], about: 'the code of the last failure' },
    until: { type: 'time', path: ['rested', 'until'], about: 'until when it was rested' },
  },
  order: { path: ['last'], descending: true },
  keyOf: (given) => {
    const { event, metadata } = given;
    if (metadata.origin !== undefined) return undefined;
    switch (event.type) {
      case 'AgentRested':
      case 'AgentBack':
        return event.agent;
      case 'TaskScheduled':
        return [event.agent, openKey(given)];
      default:
        return ENDS.has(event.type) || endedAttempt(event) !== undefined ? openKey(given) : undefined;
    }
  },
  keysFrom: (given, rows) => {
    const { agent } = attemptOf(given, rows) ?? {};
    return agent === undefined ? [] : [agent];
  },
  apply: (row, given, { key, rows }) =>
    key.startsWith('~')
      ? remembered(row as OpenRow | undefined, given)
      : counted((row as AgentRow | undefined) ?? nothing(key), given, rows),
});

const ENDS: ReadonlySet<string> = new Set(['RunCompleted', 'RunFailed', 'RunCancelled']);

const openKey = ({ runId }: ViewEvent): string => `~${runId}`;

const nothing = (agent: string): AgentRow => ({ agent, attempts: 0, failed: 0, lost: 0, last: 0 });

/** The attempt that an event says has ended by itself. */
function endedAttempt(event: RunEvent): { readonly taskId: string; readonly attempt: number } | undefined {
  switch (event.type) {
    case 'TaskAttemptFailed':
    case 'TaskAttemptCompleted':
    case 'TaskRepeated':
      return event;
    case 'TaskHandedOff':
      return event.decidedBy === undefined && event.budget === undefined ? event : undefined;
    case 'TaskCompleted':
      return event.via === 'agent' ? event : undefined;
    case 'TasksReset':
      return event.attempt === undefined ? undefined : { taskId: event.region, attempt: event.attempt };
    default:
      return undefined;
  }
}

function attemptOf(given: ViewEvent, rows: RowsBefore<JsonObject>): OpenRow['open'][string] | undefined {
  const ended = endedAttempt(given.event);
  const open = (rows(openKey(given)) as OpenRow | undefined)?.open;
  if (ended === undefined || open === undefined || !Object.hasOwn(open, ended.taskId)) return undefined;
  const one = open[ended.taskId];
  return one?.attempt === ended.attempt ? one : undefined;
}

function remembered(row: OpenRow | undefined, { event }: ViewEvent): OpenRow | undefined {
  const open = row?.open ?? {};
  if (event.type === 'TaskScheduled')
    return { open: { ...open, [event.taskId]: { attempt: event.attempt, agent: event.agent } } };
  const ended = endedAttempt(event);
  if (ended === undefined) return undefined; // the run has ended
  const { [ended.taskId]: one, ...rest } = open;
  if (one?.attempt !== ended.attempt) return row;
  return Object.keys(rest).length === 0 ? undefined : { open: rest };
}

function counted(row: AgentRow, given: ViewEvent, rows: RowsBefore<JsonObject>): AgentRow {
  const { event, runId } = given;
  const { rested, ...others } = row;
  switch (event.type) {
    case 'AgentRested':
      return { ...others, rested: { until: event.until, failures: event.failures } };
    case 'AgentBack':
      return others;
    case 'TaskScheduled':
      return { ...row, attempts: row.attempts + 1, last: event.at };
    default:
      break;
  }
  if (attemptOf(given, rows)?.agent !== row.agent) return row;
  if (event.type !== 'TaskAttemptFailed') {
    // The process that rested it may be gone, and with it what it knew.
    const isBack = rested === undefined || event.at >= rested.until;
    return { ...(isBack ? others : row), last: event.at };
  }
  const { at, taskId, attempt, lost, error } = event;
  return {
    ...row,
    failed: row.failed + 1,
    lost: row.lost + (lost === true ? 1 : 0),
    last: at,
    lastFailure: { at, runId, taskId, attempt, code: error.code, message: error.message },
  };
}
