import type { RunState, TaskState } from '../state.ts';

/** The path of a task with `~round` behind each part that has come to a later round than the first, and `+n` behind each that was begun again n times in its round: where it stands, whatever the run. */
export function roundedPath(state: RunState, task: TaskState): string {
  if (state.rules < 3) return `${task.id}${suffix(task.round)}`;
  let path = '';
  for (let at: TaskState | undefined = task; at !== undefined; at = state.tasks.get(at.scope)) {
    const segment = at.scope === '' ? at.id : at.id.slice(at.scope.length + 1);
    const own = at === task ? '' : roundOf(state, at.id);
    const repeated = state.graph.node(at.definitionId)?.repeatedBy === undefined ? '' : suffix(at.round);
    path = `${segment}${repeated}${own}${at.again === 0 ? '' : `+${at.again}`}${path === '' ? '' : `/${path}`}`;
    if (at.scope === '') break;
  }
  const root = roundOf(state, '');
  return root === '' ? path : `${root}/${path}`;
}

/** Of an open block that may run again by itself. */
function roundOf(state: RunState, path: string): string {
  const scope = state.scopes.get(path);
  return scope !== undefined && state.graph.block(scope.definitionId)?.hasRounds === true ? suffix(scope.round) : '';
}

const suffix = (round: number): string => (round <= 1 ? '' : `~${round}`);
