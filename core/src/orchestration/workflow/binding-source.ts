import type { BindingSource, ItemBinding } from '../task-chaining/input-binding.ts';
import type { RunState, TaskState } from './state.ts';

/** What expressions may see of a run: the outputs of tasks that have ended well or were skipped. */
export function bindingSource(state: RunState): BindingSource {
  return {
    runId: state.runId,
    input: state.input,
    outputOf(taskId) {
      const task = state.tasks.get(taskId);
      return task?.status === 'completed' || task?.status === 'skipped' ? (task.output ?? null) : undefined;
    },
    feedbackFor(taskId) {
      const repeater = state.graph.node(taskId)?.repeatedBy;
      return repeater === undefined ? undefined : state.tasks.get(repeater)?.feedback;
    },
  };
}

/** The item that a task stands for; undefined for a task of the definition. */
export function itemBinding(state: RunState, task: TaskState): ItemBinding | undefined {
  if (task.index === undefined) return undefined;
  return { item: state.tasks.get(task.definitionId)?.items?.values[task.index] ?? null, index: task.index };
}
