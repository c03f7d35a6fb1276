import { isInside } from '../../../shared/task-path.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { goneBack, type Region } from '../decisions/go-back.ts';
import { type Answer, problem, type Refusal } from '../decisions/refusal.ts';
import { definitionOf, type RunState, scopeAt } from '../state.ts';
import type { RestartTask } from './run-changes.ts';
import { oldRules, unknownTask } from './task-under-way.ts';

/**
 * The task and all that comes after it begin again, as when an agent goes back to it; what they read as feedback stays as it was. What may be done at
 * most once is done again only when that is said of it: an agent goes back because its workflow lets it, somebody outside may not know.
 */
export function restart(
  state: RunState,
  { taskId, commandId, again = [] }: Pick<RestartTask, 'taskId' | 'commandId' | 'again'>,
  { now: at }: DecisionContext,
): Answer {
  if (state.rules < 3) return oldRules(state);
  const task = state.tasks.get(taskId);
  if (task === undefined) return unknownTask(taskId);
  const back = goneBack(state, task, { feedback: scopeAt(state, task.scope)?.feedback ?? null, commandId }, at);
  return 'code' in back ? back : (wouldRepeat(state, back.region, again) ?? back.events);
}

export function wouldRepeat(
  state: RunState,
  { restarted, dropped }: Region,
  again: readonly string[],
): Refusal | undefined {
  const region = new Set([...restarted, ...dropped]);
  const allowed = new Set(again);
  const made: string[] = [];
  for (const task of state.tasks.values()) {
    if (task.scheduledAt === undefined || definitionOf(state, task)?.delivery !== 'at-most-once') continue;
    if (!region.has(task.id) && !isInside(task.id, region)) continue;
    if (!allowed.has(task.id) && !isInside(task.id, allowed)) made.push(task.id);
  }
  if (made.length === 0) return undefined;
  const some = made.slice(0, MAX_NAMED).map((id) => `'${id}'`);
  const more = made.length > MAX_NAMED ? ` and ${made.length - MAX_NAMED} more` : '';
  const message = `This would do again what may be done at most once: ${some.join(', ')}${more}. Look whether it had its effect, then allow it: restart(task, { again: [${made
    .slice(0, MAX_NAMED)
    .map((id) => `'${id}'`)
    .join(', ')}] }).`;
  return problem('REPRISE_WOULD_REPEAT', message);
}

/** Tasks that a message names. */
const MAX_NAMED = 10;
