import { errorData } from '../../../shared/errors.ts';
import type { Json, JsonObject } from '../../../shared/json.ts';
import { conclude } from '../decisions/outcome.ts';
import { computed, type Enter, failed } from './performer.ts';

// Performers that end at once: with a value, with the end of their block, or with an error of the workflow's own.

export const enterSet: Enter = (entering) => {
  const { state, task, definition, context } = entering;
  if (definition.set === undefined) return [];
  const value = computed(entering, 'set', definition.set);
  if (!value.ok) return failed(entering, value.error);
  return conclude(state, task, { output: value.value, via: 'value' }, context);
};

export const enterEnd: Enter = (entering) => {
  const { state, task, definition, context } = entering;
  const output = definition.end?.output === undefined ? undefined : computed(entering, 'end', definition.end.output);
  if (output?.ok === false) return failed(entering, output.error);
  return conclude(state, task, { output: output?.value ?? null, via: 'end' }, context);
};

export const enterRaise: Enter = (entering) => {
  const { definition, task } = entering;
  const { raise } = definition;
  if (raise === undefined) return [];
  const message = raise.message === undefined ? undefined : computed(entering, 'raise.message', raise.message);
  const details = raise.details === undefined ? undefined : computed(entering, 'raise.details', raise.details);
  for (const bound of [message, details]) if (bound?.ok === false) return failed(entering, bound.error);
  const said = message?.ok === true ? textOf(message.value) : `'${task.id}' raised ${raise.code}.`;
  return failed(entering, {
    ...errorData('REPRISE_TASK_FAILED', said),
    code: raise.code,
    ...(raise.type === undefined ? {} : { type: raise.type }),
    retryable: false,
    ...(raise.status === undefined ? {} : { status: raise.status }),
    ...(details?.ok === true ? { details: fieldsOf(details.value) } : {}),
  });
};

const fieldsOf = (value: Json): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : { value };

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));
