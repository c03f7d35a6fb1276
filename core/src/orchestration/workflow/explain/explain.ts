import { hasEnded, type RunState, type TaskState } from '../state.ts';
import type { ExplainFacts, Explanation, Reason } from './explanation.ts';
import { Questions } from './questions.ts';
import { reasonOf } from './reason-of.ts';
import { moverOf, wordingOf } from './wording.ts';

/**
 * Why each task that has not ended has not. Pure, from the same questions that decide what may begin; costs what is open. Items (of a
 * list, or of blocks that are items) that wait for the same are one explanation with a count; items that a list has not released yet are
 * counted by the list.
 *
 * No tasks wait for each other in a circle, so none are told: edges have no cycle, and a mutex is not given out where waiting for it would close
 * one (REPRISE_MUTEX_DEADLOCK); a property test of the heart looks for one.
 */
export function explain(state: RunState, facts: ExplainFacts): readonly Explanation[] {
  const groups = new Map<string, { readonly task: TaskState; reason: Reason; count: number }>();
  for (const [task, reason] of reasons(state, facts)) {
    const key = keyOf(task, reason);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { task, reason, count: 1 });
    } else {
      group.count += 1;
      group.reason = earlier(group.reason, reason);
    }
  }
  return Array.from(groups.values(), ({ task, reason, count }) => ({
    ...reason,
    taskId: task.id,
    count,
    mover: moverOf(reason),
    ...wordingOf(reason, facts.now, facts.driven),
  }));
}

/** The one reason of each task that has not ended. Lazy. */
export function* reasons(state: RunState, facts: ExplainFacts): Generator<readonly [TaskState, Reason]> {
  const questions = new Questions(state, facts);
  for (const task of state.tasks.values()) if (!hasEnded(task)) yield [task, reasonOf(task, questions)];
}

/** Tasks of one node of the graph with the same key wait for the same. */
function keyOf(task: TaskState, reason: Reason): string {
  switch (reason.reason) {
    case 'slot':
    case 'place':
      return `${task.definitionId} ${reason.reason} ${reason.of}`;
    case 'deciding':
      return `${task.definitionId} deciding ${reason.about}`;
    case 'nobody':
      return `${task.definitionId} nobody ${reason.agent ?? ''} ${reason.capability ?? ''}`;
    case 'budget':
    case 'admission':
    case 'rested':
    case 'ready':
    case 'retry':
    case 'sleep':
    case 'paused':
    case 'parked':
    case 'held':
      return `${task.definitionId} ${reason.reason}`;
    default:
      return `=${task.id}`;
  }
}

function earlier(one: Reason, other: Reason): Reason {
  if (one.reason === 'retry' && other.reason === 'retry') return other.at < one.at ? other : one;
  if (one.reason === 'sleep' && other.reason === 'sleep') return other.until < one.until ? other : one;
  return one;
}
