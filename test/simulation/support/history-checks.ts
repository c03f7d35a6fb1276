import type { RunEvent } from '@reprise/core';
import { expect } from 'chai';
import { endDigest, isEnd } from '../../../core/src/orchestration/workflow/end-of-run.ts';
import { evolve } from '../../../core/src/orchestration/workflow/evolve.ts';
import {
  hasEnded,
  initialState,
  isInFlight,
  isTerminal,
  type RunState,
  type TaskState,
} from '../../../core/src/orchestration/workflow/state.ts';

/** The attempt that an event is the outcome of: of each, there may be one. */
function outcomeKey(event: RunEvent, state: RunState): string | undefined {
  switch (event.type) {
    case 'TaskCompleted':
      return event.via === 'agent' ? `${event.taskId}/${event.attempt}` : undefined;
    case 'TaskAttemptFailed':
      return `${event.taskId}/${event.attempt}`;
    // What stood in for the task may be what is asked, or what fails: its attempt has had its outcome by then.
    case 'TasksReset':
    case 'TaskRepeated':
    case 'TaskFailed': {
      const id = event.type === 'TasksReset' ? event.region : event.taskId;
      const task = state.tasks.get(id);
      return task !== undefined && isInFlight(task) ? `${id}/${task.attempt}` : undefined;
    }
    default:
      return undefined;
  }
}

function checkScheduled(
  state: RunState,
  task: TaskState | undefined,
  attempt: number,
  last: Map<string, number>,
): void {
  expect(task, 'the task is there').to.not.equal(undefined);
  if (task === undefined) return;
  expect(state.status, `${task.id} is scheduled while the run is`).to.equal('running');
  expect(task.status, `${task.id} is scheduled when`).to.equal('ready');
  expect(attempt, `attempt of ${task.id}`).to.be.greaterThan(last.get(task.id) ?? 0);
  last.set(task.id, attempt);
  const definition = state.definition.tasks.find(({ id }) => id === task.definitionId);
  for (const id of definition?.after ?? []) {
    const dependency = state.tasks.get(id);
    expect(dependency !== undefined && hasEnded(dependency), `${task.id} runs before ${id} has ended`).to.equal(true);
  }
}

function checkLimits(state: RunState): void {
  const { tasks, definition } = state;
  const open = [...tasks.values()].filter(
    ({ status, items }) => !items && (status === 'scheduled' || status === 'running'),
  );
  expect(open.length, 'the count of what is in flight').to.equal(state.inFlight);
  expect(open.length, 'attempts in flight').to.be.lessThanOrEqual(definition.concurrency);
  const ready = [...tasks.values()].filter(({ status }) => status === 'ready');
  expect(ready.length, 'the count of what is ready').to.equal(state.readyCount);
  for (const { id, forEach } of definition.tasks) {
    if (forEach === undefined) continue;
    const items = [...tasks.values()].filter(
      (task) => task.definitionId === id && task.index !== undefined && !hasEnded(task) && !task.idle,
    );
    expect(items.length, `items of ${id} under way`).to.be.lessThanOrEqual(forEach.concurrency);
  }
}

/**
 * Everything that holds for every history, however it came about: no event after the end, attempts that only grow, one outcome for
 * each, no task before its dependencies, no limit exceeded, and a recorded digest that the replay confirms.
 */
export function checkHistory(events: readonly RunEvent[]): RunState {
  const state = initialState();
  const attempts = new Map<string, number>();
  const outcomes = new Set<string>();
  const scheduled = new Set<string>();
  for (const [index, event] of events.entries()) {
    expect(isTerminal(state.status), `event ${index} (${event.type}) after the end`).to.equal(false);
    expect(event.type === 'RunStarted', 'RunStarted comes first, once').to.equal(index === 0);
    if (event.type === 'TaskScheduled') {
      checkScheduled(state, state.tasks.get(event.taskId), event.attempt, attempts);
      scheduled.add(`${event.taskId}/${event.attempt}`);
    }
    const outcome = outcomeKey(event, state);
    if (outcome !== undefined) {
      expect(outcomes.has(outcome), `a second outcome of ${outcome}`).to.equal(false);
      expect(scheduled.has(outcome), `an outcome of ${outcome}, which was never scheduled`).to.equal(true);
      outcomes.add(outcome);
    }
    if (isEnd(event)) expect(event.stateDigest, 'the digest that the end recorded').to.equal(endDigest(state, event));
    evolve(state, event);
    checkLimits(state);
  }
  return state;
}
