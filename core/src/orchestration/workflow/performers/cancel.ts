import { inside, isInside, outer } from '../../../shared/task-path.ts';
import { conclude } from '../decisions/outcome.ts';
import { yieldOf } from '../decisions/settle-list.ts';
import { withdraw } from '../decisions/withdraw.ts';
import type { RunEvent } from '../events.ts';
import { hasEnded, type RunState, type TaskState } from '../state.ts';
import { isStopped } from '../transitions/items.ts';
import type { Enter } from './performer.ts';

/** Ends first, and then what it names: it may be in that itself. */
export const enterCancel: Enter = ({ state, task, definition, context }) => {
  const { tasks = [], complete = false } = definition.cancel ?? {};
  const { ids, events } = cancelNamed(state, task, tasks, context.now, complete);
  return [...conclude(state, task, { output: ids, via: 'cancel' }, context), ...events];
};

/**
 * What of the named has not ended is cancelled, because `task` says so. `ids`: those that are. With `complete`, lists that have begun complete with
 * what they have.
 */
export function cancelNamed(
  state: RunState,
  task: TaskState,
  names: readonly string[],
  at: number,
  complete = false,
): { readonly ids: readonly string[]; readonly events: readonly RunEvent[] } {
  const named = names.flatMap((id) => {
    const target = namedFrom(state, task.scope, id);
    if (target === undefined || hasEnded(target) || target.closing !== undefined) return [];
    return complete && isStopped(target) ? [] : [{ id, target }];
  });
  const paths = new Set(named.map(({ target }) => target.id));
  // What is in another one of them ends with that.
  const events = named.flatMap(({ target }) => {
    if (isInside(target.id, paths)) return [];
    const { items } = target;
    return complete && items !== undefined
      ? yieldOf(state, target, items, { rest: 'cancel', by: task.id }, at)
      : withdraw(state, target, { why: 'cancel', by: task.id }, at);
  });
  return { ids: named.map(({ id }) => id), events };
}

/** The task of that id in the block `scope`, or in the innermost one around it that has one. */
export function namedFrom(state: RunState, scope: string, id: string): TaskState | undefined {
  for (let block: string | undefined = scope; block !== undefined; block = outer(block)?.block) {
    const task = state.tasks.get(inside(block, id));
    if (task !== undefined) return task;
  }
  return undefined;
}
