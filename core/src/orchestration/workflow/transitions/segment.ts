import type { TaskRepeated } from '../events.ts';
import { createTaskState, hasEnded, type RunState, type TaskState } from '../state.ts';
import { letGo } from './hold.ts';
import { setStatus, unlock } from './status.ts';

/** Resets the segment for another round; attempt numbers go on, so that an attempt is never counted twice. */
export function repeat(state: RunState, repeater: TaskState, event: TaskRepeated): void {
  const { graph } = state;
  const segment = graph.node(repeater.id)?.segment ?? [];
  const members = new Set(segment);
  for (const id of segment) {
    const task = state.tasks.get(id);
    const planned = graph.node(id);
    if (task === undefined || planned === undefined) continue;
    const attempt = removeItems(state, task);
    letGo(state, task);
    // A round that skipped it stands on the one before.
    const previous = task.status === 'skipped' ? task.previous : task.output;
    if (hasEnded(task) && planned.fallbackFor === undefined) state.open += 1;
    setStatus(state, task, 'pending');
    const inside = planned.definition.after.filter((dependency) => members.has(dependency));
    Object.assign(task, {
      ...createTaskState(id, id, undefined, inside.length),
      round: event.round,
      attempt,
      previous,
      // What comes again of the rounds before was applied then: it need not be put on record.
      ignoredAttempt: attempt,
      skippedDependencies: planned.definition.after.filter(
        (dependency) => !members.has(dependency) && state.tasks.get(dependency)?.status === 'skipped',
      ).length,
    });
  }
  repeater.feedback = event.output;
  repeater.previous = event.output;
  for (const id of segment) {
    const task = state.tasks.get(id);
    if (task !== undefined && task.waitingOn === 0 && graph.node(id)?.fallbackFor === undefined)
      unlock(state, task, event.at);
  }
}

/** A round of the segment was skipped, so there is none: what the round before gave is what the loop gives. */
export function keepLastRound(state: RunState, repeater: TaskState): void {
  for (const id of state.graph.node(repeater.id)?.segment ?? []) {
    const task = state.tasks.get(id);
    if (task?.status === 'skipped') task.output = task.previous ?? null;
  }
  repeater.output = repeater.feedback ?? null;
}

/** Forgets the items of a forEach task. Returns the highest attempt of the task and of them all: those of the next round go on from it. */
function removeItems(state: RunState, task: TaskState): number {
  let attempt = task.attempt;
  for (const item of task.items?.instances ?? []) {
    if (item === undefined) continue;
    attempt = Math.max(attempt, item.attempt);
    letGo(state, item);
    state.tasks.delete(item.id);
  }
  return attempt;
}
