import {
  type ErrorData,
  type HistoryEntry,
  type Json,
  Replay,
  type RunEvent,
  type RunReader,
  type RunView,
  type TaskView,
  type Usage,
} from '@reprise/core';

/** One try of a task. Times are ms since the Unix epoch; what is not known, or not yet, is undefined. */
export interface TaskAttempt {
  readonly attempt: number;
  readonly round: number;
  /** Undefined of what no agent does: a wait, a sleep, a child run. */
  readonly agent: string | undefined;
  worker: string | undefined;
  status: 'scheduled' | 'running' | 'waiting' | 'completed' | 'failed' | 'lost' | 'handed-off' | 'aborted';
  readonly scheduledAt: number | undefined;
  startedAt: number | undefined;
  endedAt: number | undefined;
  readonly input: Json | undefined;
  output: Json | undefined;
  error: ErrorData | undefined;
  /** Of one that failed, and is followed by another: when. */
  retryAt: number | undefined;
  usage: Usage | undefined;
}

/** What somebody from outside did to the task, and why. */
export interface TaskWord {
  readonly revision: number;
  readonly type: string;
  readonly at: number;
  readonly by: string | undefined;
  readonly reason: string | undefined;
}

export interface TaskStory {
  readonly state: RunView;
  /** Undefined: it has not begun. */
  readonly task: TaskView | undefined;
  /** How it completed, where that was not by an attempt of its own: `override`, `fallback-value`, `signal`… */
  readonly via: string | undefined;
  readonly attempts: readonly TaskAttempt[];
  readonly said: readonly TaskWord[];
}

/** Reads what a run's history says of one task, or item. Costs one look at each event, and keeps only those of the task. */
export async function taskStory(reader: RunReader, runId: string, taskId: string): Promise<TaskStory> {
  const replay = new Replay();
  const attempts: TaskAttempt[] = [];
  const said: TaskWord[] = [];
  let via: string | undefined;
  for await (const entry of reader.history(runId)) {
    const { event } = entry;
    replay.fold(event);
    if (!('taskId' in event) || event.taskId !== taskId) continue;
    const task = replay.state.tasks.get(taskId);
    note(attempts, event, task);
    if (event.type === 'TaskCompleted') via = event.via === 'agent' ? undefined : event.via;
    const word = wordOf(entry);
    if (word !== undefined) said.push(word);
  }
  const { state } = replay;
  const task = state.tasks.get(taskId);
  const goesOn = task?.status === 'scheduled' || task?.status === 'running';
  for (const [index, one] of attempts.entries())
    if (one.endedAt === undefined && !(goesOn && index === attempts.length - 1)) one.status = 'aborted';
  return { state, task, via, attempts, said };
}

function wordOf({ event, recorded, revision }: HistoryEntry): TaskWord | undefined {
  const { by, reason } = recorded.metadata;
  return by === undefined && reason === undefined
    ? undefined
    : { revision, type: event.type, at: event.at, by, reason };
}

/** `task` is as the event left it. */
function note(attempts: TaskAttempt[], event: RunEvent, task: TaskView | undefined): void {
  const end = (number: number, status: TaskAttempt['status'], more: Partial<TaskAttempt>): void => {
    const one = attempts.findLast(({ attempt, endedAt }) => attempt === number && endedAt === undefined);
    if (one !== undefined) Object.assign(one, { status, endedAt: event.at }, more);
  };
  switch (event.type) {
    case 'TaskScheduled':
      attempts.push(begun(event.attempt, task, { agent: event.agent, status: 'scheduled', scheduledAt: event.at }));
      return;
    case 'TaskEntered':
      attempts.push(begun(event.attempt, task, { agent: undefined, status: 'waiting', startedAt: event.at }));
      return;
    case 'TaskStarted': {
      const one = attempts.findLast(({ attempt }) => attempt === event.attempt);
      if (one !== undefined) Object.assign(one, { status: 'running', worker: event.worker, startedAt: event.at });
      return;
    }
    case 'TaskCompleted':
      // What stands in for it, or was said from outside, is no work of the attempt.
      if (event.via === 'override') return;
      end(event.attempt, 'completed', { output: task?.output, usage: event.usage });
      return;
    case 'TaskAttemptCompleted':
      end(event.attempt, 'completed', { output: event.output, usage: event.usage });
      return;
    case 'TaskHandedOff':
      end(event.attempt, 'handed-off', { output: event.output, usage: event.usage });
      return;
    case 'TaskAttemptFailed': {
      const { attempt, error, retryAt, usage } = event;
      end(attempt, event.lost === true ? 'lost' : 'failed', { error, retryAt, usage });
      return;
    }
    case 'TaskFailed':
      end(attempts.at(-1)?.attempt ?? 0, 'failed', { error: event.error, usage: event.usage });
      return;
    default:
  }
}

const begun = (
  attempt: number,
  task: TaskView | undefined,
  known: Pick<TaskAttempt, 'agent' | 'status'> & Partial<TaskAttempt>,
): TaskAttempt => ({
  attempt,
  round: task?.round ?? 1,
  worker: undefined,
  scheduledAt: undefined,
  startedAt: undefined,
  endedAt: undefined,
  input: task?.input,
  output: undefined,
  error: undefined,
  retryAt: undefined,
  usage: undefined,
  ...known,
});
