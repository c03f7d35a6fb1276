import { errorData } from '../../../shared/errors.ts';
import { undoing } from '../../../shared/task-path.ts';
import type { CloseFork, CopyEvents } from '../commands.ts';
import type { RunEvent, TasksReset } from '../events.ts';
import { againIn, isClosingAround } from '../fork/again.ts';
import { hasEnded, isInFlight, type RunState, rootOf, type TaskState } from '../state.ts';
import { isWaiting } from '../transitions/close.ts';
import { complete, failAttempt } from './attempt-outcome.ts';
import type { DecisionContext } from './decision-context.ts';
import { conclude } from './outcome.ts';

// How a run that goes on from another one comes into being: its history is copied, then it is said what of it is done again.

export function copyEvents(state: RunState, { from, events }: CopyEvents): readonly RunEvent[] {
  const last = state.lineage?.revision ?? -1;
  return from === state.revision + 1 && state.revision + events.length <= last ? events : [];
}

/**
 * In one turn: open attempts are over, and what is to be done again is reset; what is known of the rest is applied; the run begins to decide.
 * It has stood still since the last event that was copied.
 */
export function closeFork(state: RunState, command: CloseFork, context: DecisionContext): readonly RunEvent[] {
  const { lineage, runId } = state;
  if (lineage === undefined || state.revision !== lineage.revision) return [];
  const at = context.now;
  const { tasks, restarted, renewed, undone, keys } = againIn(state, command);
  // What a task is said to give takes the place of what it did.
  const replaced = Object.keys(lineage.outcomes ?? {}).flatMap((id) => {
    const name = undoing(id, state.tasks.get(id)?.attempt ?? 0);
    return state.undo.find(name) === undefined ? [] : [name];
  });
  const settled = [...new Set([...undone.map(({ taskId, attempt }) => undoing(taskId, attempt)), ...replaced])];
  const reset: TasksReset = {
    type: 'TasksReset',
    at,
    region: '',
    why: 'fork',
    round: rootOf(state).round,
    feedback: null,
    tasks,
    ...(lineage.as === 'retry' ? { retries: true } : {}),
    ...(restarted.length === 0 ? {} : { restarted }),
    ...(renewed.length === 0 ? {} : { renewed }),
    ...(settled.length === 0 ? {} : { undone: settled }),
    since: state.updatedAt,
  };
  const events: RunEvent[] = [reset];
  const isReset = new Set([...tasks, ...restarted]);
  // Of one task several attempts may be known: those behind the cut began a later round, or were made again.
  const late = new Map(command.late.map((one) => [undoing(one.taskId, one.attempt), one]));
  for (const task of state.tasks.values()) {
    if (isReset.has(task.id)) continue;
    for (const event of endOfAttempt(state, task, late.get(undoing(task.id, task.attempt)), context))
      events.push(event);
  }
  for (const event of undoneElsewhere(state, command, at)) events.push(event);
  for (const { id, signal, data } of command.signals)
    events.push({ type: 'SignalReceived', at, commandId: id, signal, data });
  for (const [scope, raised] of Object.entries(lineage.raised ?? {}))
    events.push({ type: 'BudgetRaised', at, scope, raised });
  const plain = lineage.as === 'fork' ? { as: lineage.as } : {};
  const anew = state.shared.size === 0 ? {} : ({ mutexes: 'anew' } as const);
  events.push({ type: 'RunForked', at, runId, ...(keys.length === 0 ? {} : { keys }), ...plain, ...anew });
  return events;
}

/** What blocks that are about to end had to undo, and the other run has undone behind the cut. */
function undoneElsewhere(state: RunState, { undone }: CloseFork, at: number): readonly RunEvent[] {
  return undone.flatMap(({ taskId, attempt }): readonly RunEvent[] => {
    if (!isClosingAround(state, taskId)) return [];
    const id = undoing(taskId, attempt);
    const adopted = { type: 'TaskAdopted', at, taskId: id, status: 'completed' } as const;
    const task = state.tasks.get(id);
    if (task !== undefined) return hasEnded(task) ? [] : [adopted];
    const entry = state.undo.find(id);
    const scope = entry === undefined ? undefined : state.undo.homeOf(entry);
    if (entry === undefined || scope === undefined) return [];
    return [{ type: 'CompensationBegan', at, scope, taskId: id, outcome: entry.outcome }, adopted];
  });
}

/** What became of an attempt that was open, and is not made again. */
function endOfAttempt(
  state: RunState,
  task: TaskState,
  known: CloseFork['late'][number] | undefined,
  context: DecisionContext,
): readonly RunEvent[] {
  if (hasEnded(task)) return [];
  if (known !== undefined) {
    const { taskId, attempt, output, via } = known;
    if (via === 'child') return conclude(state, task, { output, via }, context);
    const { runId } = state;
    return complete(state, { type: 'CompleteTask', commandId: '', runId, taskId, attempt, output }, context);
  }
  if (task.closing === undefined) return [];
  // Nobody waits for it any more, or what it was waited for has come to its end right before the cut.
  const isOver = task.closing.why === 'within' && task.status === 'waiting' && task.fallback !== 'task';
  if ((task.child !== undefined && task.status === 'running') || (isOver && !isWaiting(state, task.id)))
    return [{ type: 'TaskCancelled', at: context.now, taskId: task.id, reason: 'closed' }];
  if (!isInFlight(task)) return [];
  const message = `Attempt ${task.attempt} of '${task.id}' was lost: the run that made it has ended.`;
  return failAttempt(state, task, errorData('REPRISE_WORKER_LOST', message), true, context);
}
