import type { ReadyTask } from '../scheduler/scheduler-strategy.ts';
import { planOf } from '../task-chaining/plan.ts';
import { type RunState, readyTasks } from '../workflow/state.ts';

/** The ready tasks of a run as a strategy sees them. Lazy. */
export function* readyView(state: RunState): Generator<ReadyTask> {
  const plan = planOf(state.definition);
  for (const task of readyTasks(state)) {
    const definition = plan.tasks.get(task.definitionId)?.definition;
    yield {
      taskId: task.id,
      priority: definition?.priority ?? 0,
      readySince: task.readySince ?? 0,
      agent: task.fallback === 'agent' ? task.agent : definition?.agent,
      capability: definition?.capability,
    };
  }
}
