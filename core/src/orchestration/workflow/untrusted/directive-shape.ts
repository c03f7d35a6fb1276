import type { Permission } from '../../../definition/definition.ts';
import { TASK_ID_PATTERN } from '../../../shared/task-path.ts';
import { MAX_DIRECTIVES } from '../directives.ts';
import { addedTasksShape } from './definition-shape.ts';
import { anyJson, byKind, type Flaw, fieldsOf, listOf, matching, oneOf, type Shape } from './shape.ts';

const taskId = matching(TASK_ID_PATTERN, 'the id of a task');

/** One entry for each: a new directive does not compile without one. */
const SHAPES: Readonly<Record<Permission, Shape>> = {
  spawn: fieldsOf({ kind: oneOf('spawn'), tasks: addedTasksShape }, { before: listOf(taskId, MAX_DIRECTIVES) }),
  finish: fieldsOf({ kind: oneOf('finish'), output: anyJson }),
};

const directives = listOf(byKind('kind', SHAPES), MAX_DIRECTIVES);

/** What is wrong with what came as the directives of an attempt: a worker may be any program. */
export const directivesFlaw = (value: unknown): Flaw | undefined => directives(value, 'directives');
