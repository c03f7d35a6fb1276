import { RepriseError } from '../../shared/errors.ts';
import type { Assignment } from '../scheduler/scheduler-strategy.ts';
import { readyView } from '../scheduler/scheduling-view.ts';
import type { RunState } from '../workflow/state.ts';
import type { Registry } from './registry.ts';

/** What the strategy of a run chose, or why there is no answer of it that can be used. */
export type Assigned = { readonly assignments: readonly Assignment[] } | { readonly error: unknown };

/** Tasks that a strategy is asked for at once; a turn takes no more, and the strategy is asked again. */
const ASKED_AT_ONCE = 1024;

/** Asks the strategy of the run. Does not throw: a strategy is a plugin, and whatever it does is its own. */
export function askStrategy(state: RunState, now: number, registry: Registry): Assigned {
  const slots = Math.min(state.definition.concurrency - state.inFlight, ASKED_AT_ONCE);
  try {
    const chosen = registry.strategy(state.definition.strategy).select({
      runId: state.runId,
      now,
      ready: readyView(state),
      slots,
      inFlight: state.inFlight,
      agents: registry.agentViews,
    });
    return { assignments: checked(chosen, slots, registry) };
  } catch (error) {
    return { error };
  }
}

/** Copies, so that the answer is data, and each agent is one that there is: nobody else would ever take the task. */
function checked(chosen: unknown, slots: number, registry: Registry): readonly Assignment[] {
  if (!Array.isArray(chosen)) throw unusable('it gave no list of assignments');
  const assignments: Assignment[] = [];
  for (const one of chosen as readonly (Partial<Assignment> | null | undefined)[]) {
    if (assignments.length >= slots) break;
    const taskId = one?.taskId;
    const agent = one?.agent;
    if (typeof taskId !== 'string' || typeof agent !== 'string')
      throw unusable('an assignment names no task or no agent');
    if (!registry.has(agent)) throw unusable(`it assigned a task to '${agent}', and no such agent is registered`);
    assignments.push({ taskId, agent });
  }
  return assignments;
}

const unusable = (why: string): RepriseError =>
  new RepriseError('REPRISE_PLUGIN_INVALID', `The answer of the strategy cannot be used: ${why}.`);
