import { type Block, type RunView, type TaskDefinition, taskPaths, type WorkflowDefinition } from '@reprise/core';

/** The definition of a run together with the tasks that were added to it; those of blocks that are items once for all of them. */
export function withAdded({ definition, tasks, rules }: RunView): WorkflowDefinition {
  const paths = taskPaths(rules);
  const added = new Map<string, Map<string, TaskDefinition>>();
  const behind = new Map<string, Set<string>>();
  for (const { id, scope, added: task, putBehind } of tasks.values()) {
    if (task !== undefined) {
      const block = paths.definition(scope);
      added.set(block, (added.get(block) ?? new Map()).set(task.id, task));
    }
    if (putBehind.length > 0) {
      const path = paths.definition(id);
      behind.set(path, new Set([...(behind.get(path) ?? []), ...putBehind]));
    }
  }
  if (added.size === 0) return definition;
  const one = (task: TaskDefinition, block: string): TaskDefinition => {
    const path = block === '' ? task.id : `${block}/${task.id}`;
    const more = [...(behind.get(path) ?? [])].filter((id) => !task.after.includes(id));
    return {
      ...task,
      after: [...task.after, ...more],
      ...(task.scope !== undefined && { scope: within(task.scope, path) }),
    };
  };
  const within = <B extends Pick<Block, 'tasks'>>(block: B, path: string): B => ({
    ...block,
    tasks: [...block.tasks, ...(added.get(path)?.values() ?? [])].map((task) => one(task, path)),
  });
  return within(definition, '');
}
