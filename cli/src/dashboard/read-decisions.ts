import {
  type DecisionMade,
  type DecisionRefused,
  type EventStore,
  type RecordedEvent,
  type RunEvent,
  readStream,
  runStream,
} from '@reprise/core';
import { describeEvent } from '../output/describe-event.ts';
import { clip } from '../output/text.ts';
import { entryOf } from '../store/recorded-history.ts';

/** What is listed: what strategies decided, what budgets allow, and commands that could not be. */
const GROUPS: Readonly<Partial<Record<string, 'decision' | 'budget' | 'command'>>> = {
  DecisionMade: 'decision',
  DecisionRefused: 'decision',
  BudgetAsked: 'budget',
  BudgetReached: 'budget',
  BudgetRaised: 'budget',
  CommandRejected: 'command',
};

/** Events that one call looks through, and tasks that are named of one decision. */
const MOST_EVENTS = 20_000;
const MOST_TASKS = 100;
const MOST_CHARS = 1000;

export interface DecisionsPage {
  readonly decisions: readonly object[];
  /** The first revision that was not looked at. */
  readonly next: number;
  /** There are events from there on. */
  readonly more: boolean;
}

/** What was decided in a run from revision `from` on: `limit` at most, of so many events as are looked through at once. Rejects as the store does. */
export async function readDecisions(
  store: EventStore,
  runId: string,
  { from, limit }: { readonly from: number; readonly limit: number },
): Promise<DecisionsPage> {
  const decisions: object[] = [];
  let next = from;
  for await (const recorded of readStream(store, runStream(runId), from)) {
    if (decisions.length >= limit || recorded.revision - from >= MOST_EVENTS) return { decisions, next, more: true };
    next = recorded.revision + 1;
    const group = Object.hasOwn(GROUPS, recorded.type) ? GROUPS[recorded.type] : undefined;
    if (group !== undefined) decisions.push({ group, ...decisionShape(recorded) });
  }
  return { decisions, next, more: false };
}

function decisionShape(recorded: RecordedEvent): object {
  const { revision, type, time, metadata } = recorded;
  const entry = entryOf(recorded);
  const shared = { revision, time, type, by: metadata.by, reason: metadata.reason };
  if ('unreadable' in entry)
    return { ...shared, kind: 'unreadable', scope: '', text: clip(entry.unreadable, MOST_CHARS) };
  return { ...shared, ...toldOf(entry.event), text: clip(describeEvent(entry.event), MOST_CHARS) };
}

function toldOf(event: RunEvent): object {
  switch (event.type) {
    case 'DecisionMade':
    case 'DecisionRefused':
      return ofStrategy(event);
    case 'BudgetAsked':
      return { kind: 'ask for more', scope: event.scope, to: event.assignee, tasks: [event.taskId] };
    case 'BudgetReached':
      return { kind: 'budget reached', scope: event.scope, to: event.agent };
    case 'BudgetRaised':
      return { kind: 'budget raised', scope: event.scope, tasks: event.taskId === undefined ? [] : [event.taskId] };
    case 'CommandRejected':
      return { kind: event.command, scope: '', code: event.code, message: event.message };
    default:
      return { kind: event.type, scope: '' };
  }
}

/** Tasks by their path in the run. */
function ofStrategy(event: DecisionMade | DecisionRefused): object {
  const { scope, strategy, n, kind, why, tasks = [] } = event;
  const path = (id: string): string => (scope === '' ? id : `${scope}/${id}`);
  const shared = {
    scope,
    strategy,
    n,
    kind,
    why,
    tasks: tasks.slice(0, MOST_TASKS).map(path),
    moreTasks: Math.max(0, tasks.length - MOST_TASKS),
  };
  if (event.type === 'DecisionRefused') return { ...shared, code: event.code, message: event.message };
  const { to, role, about, ledger, error } = event;
  return {
    ...shared,
    to,
    role,
    about: about === undefined ? undefined : path(about),
    hasLedger: ledger !== undefined,
    code: error?.code,
    message: error?.message,
  };
}
