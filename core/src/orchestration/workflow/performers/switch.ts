import { errorData } from '../../../shared/errors.ts';
import { bindCondition } from '../../task-chaining/input-binding.ts';
import { taskScope } from '../binding-source.ts';
import { conclude } from '../decisions/outcome.ts';
import { type Enter, failed, handed } from './performer.ts';

/** Chooses a case; what comes after another one is skipped. Hands its input on. */
export const enterSwitch: Enter = (entering) => {
  const { state, task, definition, context } = entering;
  if (definition.switch === undefined) return [];
  const { cases, otherwise } = definition.switch;
  const input = handed(entering);
  if (!input.ok) return failed(entering, input.error);
  const scope = taskScope(state, task);
  let chosen = otherwise;
  for (const [index, { when, then }] of cases.entries()) {
    const holds = bindCondition(when, scope, `task '${task.id}', switch[${index}].when`);
    if (!holds.ok) return failed(entering, holds.error);
    if (!holds.value) continue;
    chosen = then;
    break;
  }
  if (chosen === undefined) {
    const message = `No case of the switch '${task.id}' holds, and it has no else.`;
    return failed(entering, errorData('REPRISE_SWITCH_UNMATCHED', message));
  }
  return conclude(state, task, { output: input.value, via: 'switch', case: chosen }, context);
};
