import { inside, isInside, outer } from '../../../shared/task-path.ts';
import { conclude } from '../decisions/outcome.ts';
import { withdraw } from '../decisions/withdraw.ts';
import type { RunEvent } from '../events.ts';
import { hasEnded, type RunState, type TaskState } from '../state.ts';
import type { Enter } from './performer.ts';

/** Ends first, and then what it names: it may be in that itself. */
export const enterCancel: Enter = ({ state, task, definition, context }) => {
  const named = (definition.cancel?.tasks ?? []).flatMap((id) => {
    const target = namedFrom(state, task.scope, id);
    return target === undefined || hasEnded(target) || target.closing !== undefined ? [] : [{ id, target }];
  });
  const paths = new Set(named.map(({ target }) => target.id));
  // What is in another one of them ends with that.
  const ended: RunEvent[] = named.flatMap(({ target }) =>
    isInside(target.id, paths) ? [] : withdraw(state, target, { why: 'cancel', by: task.id }, context.now),
  );
  return [...conclude(state, task, { output: named.map(({ id }) => id), via: 'cancel' }, context), ...ended];
};

/** The task of that id in the block `scope`, or in the innermost one around it that has one. */
export function namedFrom(state: RunState, scope: string, id: string): TaskState | undefined {
  for (let block: string | undefined = scope; block !== undefined; block = outer(block)?.block) {
    const task = state.tasks.get(inside(block, id));
    if (task !== undefined) return task;
  }
  return undefined;
}
