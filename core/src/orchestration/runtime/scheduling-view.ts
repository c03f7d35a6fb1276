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

/** Tasks that one message names at most. */
const NAMED = 5;

/** Why a run with ready tasks stands still, in words. */
export function standstill(state: RunState): string {
  const names: string[] = [];
  for (const { taskId, agent, capability } of readyView(state)) {
    if (names.length === NAMED) break;
    names.push(`'${taskId}' (${agent === undefined ? `capability '${capability}'` : `agent '${agent}'`})`);
  }
  const more = state.readyCount > names.length ? ` and ${state.readyCount - names.length} more` : '';
  return `the run stands still: no agent that is registered here takes ${names.join(', ')}${more}`;
}
