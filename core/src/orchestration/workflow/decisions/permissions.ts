import type { Permission } from '../../../definition/definition.ts';
import { definitionOf, type RunState, type TaskState } from '../state.ts';

/** What the agent of a task may do besides giving an output. */
export const permissionsOf = (state: RunState, task: TaskState): readonly Permission[] =>
  definitionOf(state, task)?.may ?? [];
