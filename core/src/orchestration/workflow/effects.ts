import type { Timer } from './commands.ts';
import type { RunEvent } from './events.ts';
import { listDeadline, runDeadline, taskDeadline } from './limits.ts';
import { definitionOf, hasEnded, isInFlight, isTerminal, type RunState, type TaskState } from './state.ts';

/** What the world is to do because of an event. All of it can be derived again from the state: see openEffects. */
export type Effect =
  /** `again`: it may be out already, because it does not follow from an event of this moment. */
  | { readonly kind: 'dispatch'; readonly taskId: string; readonly attempt: number; readonly again?: true }
  | { readonly kind: 'set-timer'; readonly timer: Timer; readonly at: number }
  /** The attempt is over: abort it if it still runs, forget its lease and timers. */
  | { readonly kind: 'close-attempt'; readonly taskId: string; readonly attempt: number; readonly reason: string }
  /** The run is over: abort whatever runs, forget all timers. */
  | { readonly kind: 'close-run'; readonly reason: string };

/** The effects of `event`, given the state after it was folded. */
export function effectsOf(state: RunState, event: RunEvent): readonly Effect[] {
  switch (event.type) {
    case 'RunStarted':
      return runTimer(state);
    case 'RunResumed':
      // What was due while the run was parked was passed over then. (Dispatches are not: they were sent, or are by their own event.)
      return openEffects(state).filter((effect) => effect.kind === 'set-timer');
    case 'TaskScheduled': {
      const effects: Effect[] = [{ kind: 'dispatch', taskId: event.taskId, attempt: event.attempt }];
      const task = state.tasks.get(event.taskId);
      if (task !== undefined && task.firstScheduledAt === event.at) effects.push(...taskTimer(state, task));
      return effects;
    }
    case 'TaskExpanded': {
      const task = state.tasks.get(event.taskId);
      return task !== undefined && event.from === 0 ? listTimer(state, task) : [];
    }
    case 'TaskStarted': {
      const task = state.tasks.get(event.taskId);
      return task === undefined ? [] : attemptTimer(state, task);
    }
    case 'TaskAttemptFailed': {
      const task = state.tasks.get(event.taskId);
      const closed: Effect = {
        kind: 'close-attempt',
        taskId: event.taskId,
        attempt: event.attempt,
        reason: event.error.code,
      };
      return task === undefined ? [closed] : [closed, ...retryTimer(task)];
    }
    case 'TaskCompleted':
      return [...closed(event.taskId, event.attempt, event.via), ...cancelledItems(state, event.taskId)];
    case 'TaskRepeated':
      return [{ kind: 'close-attempt', taskId: event.taskId, attempt: event.attempt, reason: 'repeated' }];
    case 'TaskFailed': {
      const attempt = state.tasks.get(event.taskId)?.attempt ?? 0;
      return closed(event.taskId, attempt, event.error.code);
    }
    case 'RunCompleted':
      return [{ kind: 'close-run', reason: 'completed' }];
    case 'RunFailed':
      return [{ kind: 'close-run', reason: event.error.code }];
    case 'RunCancelled':
      return [{ kind: 'close-run', reason: event.reason ?? 'cancelled' }];
    default:
      return [];
  }
}

/** Nothing is to be closed of a task of which no attempt was made. */
const closed = (taskId: string, attempt: number, reason: string): readonly Effect[] =>
  attempt === 0 ? [] : [{ kind: 'close-attempt', taskId, attempt, reason }];

/** Everything that is outstanding: what recovery, and a command that comes twice, send again. */
export function openEffects(state: RunState): readonly Effect[] {
  if (state.status === 'none') return [];
  // The end may have been put on record elsewhere: here, it still has to be carried out.
  if (isTerminal(state.status)) return [{ kind: 'close-run', reason: endOf(state) }];
  const effects: Effect[] = [...runTimer(state)];
  for (const task of state.tasks.values()) {
    if (hasEnded(task)) continue;
    if (isInFlight(task)) {
      const dispatch = { kind: 'dispatch', taskId: task.id, attempt: task.attempt, again: true } as const;
      effects.push(dispatch, ...attemptTimer(state, task));
    }
    effects.push(...taskTimer(state, task), ...listTimer(state, task), ...retryTimer(task));
  }
  return effects;
}

const endOf = (state: RunState): string =>
  state.status === 'completed' ? 'completed' : (state.error?.code ?? state.cancelReason ?? 'cancelled');

function runTimer(state: RunState): Effect[] {
  const at = runDeadline(state);
  return at === undefined ? [] : [{ kind: 'set-timer', timer: { kind: 'run' }, at }];
}

function taskTimer(state: RunState, task: TaskState): Effect[] {
  const definition = definitionOf(state, task);
  const at = definition === undefined ? undefined : taskDeadline(task, definition);
  if (at === undefined) return [];
  return [{ kind: 'set-timer', timer: { kind: 'task', taskId: task.id, round: task.round }, at }];
}

function listTimer(state: RunState, parent: TaskState): Effect[] {
  const definition = definitionOf(state, parent);
  const at = definition === undefined ? undefined : listDeadline(parent, definition);
  if (at === undefined) return [];
  return [{ kind: 'set-timer', timer: { kind: 'all', taskId: parent.id, round: parent.round }, at }];
}

function attemptTimer(state: RunState, task: TaskState): Effect[] {
  const timeoutMs = definitionOf(state, task)?.timeouts.attemptMs;
  if (timeoutMs === undefined || task.startedAt === undefined) return [];
  return [
    {
      kind: 'set-timer',
      timer: { kind: 'attempt', taskId: task.id, attempt: task.attempt },
      at: task.startedAt + timeoutMs,
    },
  ];
}

function retryTimer(task: TaskState): Effect[] {
  if (task.status !== 'waiting' || task.retryAt === undefined) return [];
  return [{ kind: 'set-timer', timer: { kind: 'retry', taskId: task.id, attempt: task.attempt }, at: task.retryAt }];
}

function cancelledItems(state: RunState, taskId: string): Effect[] {
  const effects: Effect[] = [];
  for (const item of state.tasks.get(taskId)?.items?.instances ?? []) {
    if (item?.status === 'cancelled') {
      effects.push({ kind: 'close-attempt', taskId: item.id, attempt: item.attempt, reason: 'cancelled' });
    }
  }
  return effects;
}
