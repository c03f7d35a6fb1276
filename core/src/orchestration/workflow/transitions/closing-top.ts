import { inside } from '../../../shared/task-path.ts';
import { pathsAround } from '../path-index.ts';
import type { Closing, RunState } from '../state.ts';

/** The path of what closes, and what is at `path` ends with: a task that it is, is in or stands in for, or the run (''). */
export function topOf(state: RunState, path: string): string | undefined {
  for (const at of pathsAround(path)) {
    const closing = closingAt(state, at);
    if (closing !== undefined) return closing.why === 'within' ? closing.of : at;
    const origin = originOf(state, at);
    if (origin === undefined) continue;
    const found = topOf(state, origin);
    if (found !== undefined) return found;
  }
  return undefined;
}

export const closingAt = (state: RunState, path: string): Closing | undefined =>
  path === '' ? state.closing : state.tasks.get(path)?.closing;

/** The task that the one at `path` is the fallback of. */
function originOf(state: RunState, path: string): string | undefined {
  const task = state.tasks.get(path);
  const origin = state.graph.node(task?.definitionId ?? '')?.fallbackFor;
  return task === undefined || origin === undefined ? undefined : inside(task.scope, origin);
}
