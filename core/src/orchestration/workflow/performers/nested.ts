import { errorData } from '../../../shared/errors.ts';
import { uuidv5 } from '../../../shared/hash.ts';
import { allotmentOf, beyondForChild } from '../allotments.ts';
import { beyondBudget } from '../decisions/schedule-tasks.ts';
import { type Enter, entered, failed, handed } from './performer.ts';

// Performers with a life inside: a block of this run, or another run.

export const enterBlock: Enter = (entering) => {
  const input = handed(entering);
  return input.ok ? [entered(entering, input.recorded)] : failed(entering, input.error);
};

/** Runs above one another, at most: a workflow that starts itself ends somewhere. */
export const MAX_DEPTH = 32;

/** The child's id follows from the attempt, so that it is started once, however often that is asked for. */
export const enterChild: Enter = (entering) => {
  const { state, task } = entering;
  if ((state.parent?.depth ?? 0) >= MAX_DEPTH) {
    const message = `'${task.id}' would start a run ${MAX_DEPTH + 1} levels below the first one; at most ${MAX_DEPTH} are allowed.`;
    return failed(entering, errorData('REPRISE_CHILD_TOO_DEEP', message));
  }
  const over = beyondForChild(state, task);
  if (over !== undefined) return beyondBudget(state, task, entering.definition, over.used, entering.context);
  const input = handed(entering);
  if (!input.ok) return failed(entering, input.error);
  const child = uuidv5(`child/${state.runId}`, `${task.id}/${task.attempt + 1}`);
  // Another attempt of this run does not go on from the child before.
  const retries = task.child === undefined ? task.retries : undefined;
  const allotted = allotmentOf(state, task);
  return [
    entered(entering, {
      ...input.recorded,
      child,
      ...(retries === undefined ? {} : { retries }),
      ...(allotted === undefined ? {} : { allotted }),
    }),
  ];
};
