import { type Block, type RunView, type TaskDefinition, taskPaths, type WorkflowDefinition } from '@reprise/core';

/**
 * The definition of a run together with the tasks that were added to it, and with the edges that were drawn; those of blocks that are items once
 * for all of them. Edges that were taken away are not there.
 */
export function withAdded({ definition, tasks, rules }: RunView): WorkflowDefinition {
  const paths = taskPaths(rules);
  const added = new Map<string, Map<string, TaskDefinition>>();
  const behind = new Map<string, Set<string>>();
  const gone = new Map<string, Set<string>>();
  for (const { id, scope, added: task, putBehind, takenFrom } of tasks.values()) {
    if (task !== undefined) {
      const block = paths.definition(scope);
      added.set(block, (added.get(block) ?? new Map()).set(task.id, task));
    }
    for (const [ids, edges] of [
      [putBehind, behind],
      [takenFrom, gone],
    ] as const) {
      if (ids.length === 0) continue;
      const path = paths.definition(id);
      edges.set(path, new Set([...(edges.get(path) ?? []), ...ids]));
    }
  }
  if (added.size === 0 && behind.size === 0 && gone.size === 0) return definition;
  const one = (task: TaskDefinition, block: string): TaskDefinition => {
    const path = block === '' ? task.id : `${block}/${task.id}`;
    const more = [...(behind.get(path) ?? [])].filter((id) => !task.after.includes(id));
    return {
      ...task,
      after: [...task.after.filter((id) => gone.get(path)?.has(id) !== true), ...more],
      ...(task.scope !== undefined && { scope: within(task.scope, path) }),
    };
  };
  const within = <B extends Pick<Block, 'tasks'>>(block: B, path: string): B => ({
    ...block,
    tasks: [...block.tasks, ...(added.get(path)?.values() ?? [])].map((task) => one(task, path)),
  });
  return within(definition, '');
}
