import { AGENT_PATTERN } from '../../../shared/agent-version.ts';
import { TASK_ID_PATTERN } from '../../../shared/task-path.ts';
import { type Directive, MAX_DIRECTIVES, MAX_WHY_CHARS } from '../directives.ts';
import { outgoingShape } from '../messaging/call-shapes.ts';
import { addedTasksShape } from './definition-shape.ts';
import {
  anyJson,
  byKind,
  type Flaw,
  fieldsOf,
  listOf,
  matching,
  oneOf,
  type Shape,
  text,
  withSchema,
} from './shape.ts';

const agent = matching(AGENT_PATTERN, 'the name of an agent');
const taskId = matching(TASK_ID_PATTERN, 'the id of a task');

/** Their schema would be that of the whole language. */
const tasks = withSchema(
  (value, field) => addedTasksShape(value, field),
  () => ({
    type: 'array',
    items: {
      type: 'object',
      required: ['id'],
      description: 'a task, as `definition.tasks` of the event RunStarted has it',
    },
  }),
);

/** One entry for each: a new directive does not compile without one. */
const SHAPES: Readonly<Record<Directive['kind'], Shape>> = {
  spawn: fieldsOf({ kind: oneOf('spawn'), tasks }, { before: listOf(taskId, MAX_DIRECTIVES) }),
  link: fieldsOf({ kind: oneOf('link'), task: taskId, after: listOf(taskId, MAX_DIRECTIVES) }),
  addItems: fieldsOf({ kind: oneOf('addItems'), items: listOf(anyJson, MAX_DIRECTIVES) }),
  send: fieldsOf({ kind: oneOf('send'), message: outgoingShape }),
  finish: fieldsOf({ kind: oneOf('finish'), output: anyJson }),
  cancel: fieldsOf({ kind: oneOf('cancel'), tasks: listOf(taskId, MAX_DIRECTIVES) }),
  goto: fieldsOf({ kind: oneOf('goto'), task: taskId }, { feedback: anyJson, why: text(MAX_WHY_CHARS) }),
  handOff: fieldsOf({ kind: oneOf('handOff'), agent }, { input: anyJson, why: text(MAX_WHY_CHARS) }),
};

export const directivesShape = listOf(byKind('kind', SHAPES), MAX_DIRECTIVES);

/** What is wrong with what came as the directives of an attempt: a worker may be any program. */
export const directivesFlaw = (value: unknown): Flaw | undefined => directivesShape(value, 'directives');
