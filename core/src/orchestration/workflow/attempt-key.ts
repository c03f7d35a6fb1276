import { enclosing } from '../../shared/task-path.ts';
import type { RunState, TaskState } from './state.ts';

/** Names one attempt of one task of one run. */
export const attemptKey = (runId: string, taskId: string, attempt: number): string => `${runId}/${taskId}/${attempt}`;

/**
 * The key that an agent's effects outside are made idempotent by: the same for all attempts of a task in one round, and for retries of the
 * run. The path of the task, with `~round` behind each part of it that has come to a later round than the first, `+n` behind each that was begun again n times
 * in that round, and `>n` at the end when it was handed on to its nth other agent, which does something else.
 */
export function idempotencyKey(state: RunState, task: TaskState): string {
  const { runId, rules } = state;
  if (rules < 3) return task.round === 1 ? `${runId}/${task.id}` : `${runId}/${task.id}/r${task.round}`;
  let path = '';
  for (let at: TaskState | undefined = task; at !== undefined; at = state.tasks.get(at.scope)) {
    const segment = at.scope === '' ? at.id : at.id.slice(at.scope.length + 1);
    path = `/${segment}${roundsOf(state, at)}${at.again === 0 ? '' : `+${at.again}`}${path}`;
    if (at.scope === '') break;
  }
  const handed = task.handOffs === undefined ? '' : `>${task.handOffs.length}`;
  return `${keyRunOf(state, task)}${suffix(ownRounds(state, ''))}${path}${handed}`;
}

/** What the keys of a task begin with: what is done again after a failure, in this run or in another child run, has the keys that it had. */
function keyRunOf(state: RunState, { id: own, undoes }: TaskState): string {
  const id = undoes?.taskId ?? own;
  const { runId, lineage, parent } = state;
  const first = lineage?.origin ?? parent?.key ?? runId;
  if (lineage?.keys === undefined) return first;
  for (let at: string | undefined = id; at !== undefined; at = enclosing(at)) {
    const renewed = lineage.keys[at];
    if (renewed !== undefined) return renewed;
  }
  return first;
}

/** The round of the segment that a task is in, and that of the block that it is; both are written where it has both. */
function roundsOf(state: RunState, task: TaskState): string {
  const segment = state.graph.node(task.definitionId)?.repeatedBy === undefined ? undefined : task.round;
  const block = ownRounds(state, task.id);
  return segment === undefined || block === undefined ? suffix(segment ?? block) : `~${segment}~${block}`;
}

const suffix = (round: number | undefined): string => (round === undefined || round <= 1 ? '' : `~${round}`);

/** The round of an open block that may run again by itself. */
function ownRounds(state: RunState, path: string): number | undefined {
  const scope = state.scopes.get(path);
  return scope !== undefined && state.graph.block(scope.definitionId)?.hasRounds === true ? scope.round : undefined;
}
