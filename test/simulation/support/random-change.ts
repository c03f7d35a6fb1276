import { BUDGETS } from '@reprise/core';
import type { GivenCommand } from '@reprise/core/testing';
import {
  dependenciesOf,
  hasEnded,
  isHeldBack,
  type RunState,
  type TaskState,
} from '../../../core/src/orchestration/workflow/state.ts';
import { outer } from '../../../core/src/shared/task-path.ts';

/** Something that a person might change in a run: mostly what may be, sometimes what may not. */
export function randomChange(state: RunState, dice: () => number): GivenCommand {
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(dice() * from.length)];
  const all = [...state.tasks.values()];
  const of = (fits: (task: TaskState) => boolean): TaskState | undefined => pick(dice() < 0.9 ? all.filter(fits) : all);
  const open = of((task) => !hasEnded(task));
  const taskId = open?.id ?? 'nobody';
  const roll = dice();
  if (roll < 0.03)
    return {
      type: 'RaiseBudget',
      scope: pick([...state.budgets.keys()]) ?? '',
      raised: { [pick(BUDGETS) ?? 'tasks']: 1 + Math.floor(dice() * 3) },
    };
  if (roll < 0.2) return { type: 'SkipTask', taskId };
  if (roll < 0.4) return { type: 'OverrideTask', taskId, output: pick([null, 1, 'said', { a: [1] }]) ?? null };
  if (roll < 0.5) return { type: 'RestartTask', taskId: of(({ status }) => status !== 'pending')?.id ?? 'nobody' };
  if (roll < 0.6) return { type: 'SetPriority', taskId, priority: Math.floor(dice() * 5) - 2 };
  const waiting = of((task) => isHeldBack(state, task));
  const place = outer(waiting?.id ?? 'nobody')?.block;
  const others = all.filter((task) => task.scope === place && task !== waiting).map(({ id }) => outer(id)?.id ?? id);
  const there = waiting === undefined ? [] : dependenciesOf(state, waiting);
  const drawn = roll < 0.8;
  const from = drawn ? others.filter((id) => !there.includes(id) || dice() < 0.1) : there;
  const after = [...new Set([pick(from) ?? 'nobody', ...(dice() < 0.3 ? [pick(from) ?? 'nobody'] : [])])];
  return { type: drawn ? 'LinkTasks' : 'UnlinkTasks', taskId: waiting?.id ?? 'nobody', after };
}
