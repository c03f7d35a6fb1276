import type { TaskGroup } from '../blocks.ts';

/** The tasks around a task, and which of them it is in: its own block first. */
export function* outwards(
  group: TaskGroup,
  id: string,
): Generator<{ readonly around: TaskGroup; readonly id: string }> {
  yield { around: group, id };
  const { owner } = group.block;
  if (owner !== undefined) yield* outwards(owner.group, owner.task.id);
}
