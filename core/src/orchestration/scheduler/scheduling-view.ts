import { readyTasks, wantedBy } from '../workflow/ready-tasks.ts';
import type { RunState } from '../workflow/state.ts';
import type { ReadyTask } from './scheduler-strategy.ts';

/** The ready tasks of a run as a strategy sees them. Lazy. */
export function* readyView(state: RunState): Generator<ReadyTask> {
  const { graph } = state;
  for (const task of readyTasks(state)) {
    const definition = graph.node(task.definitionId)?.definition;
    yield {
      taskId: task.id,
      priority: definition?.priority ?? 0,
      readySince: task.readySince ?? 0,
      ...wantedBy(state, task),
    };
  }
}
