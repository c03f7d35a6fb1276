import { ID_PATTERN } from '../../../shared/ids.ts';
import { isTaskPath, TASK_ID_PATTERN } from '../../../shared/task-path.ts';
import { MAX_WHY_CHARS } from '../directives.ts';
import type { DecisionMade, RunEventType } from '../events.ts';
import { anyJson, byKind, fieldsOf, integer, listOf, matching, oneOf, passing, type Shape, text } from './shape.ts';

/** One entry for each: a new kind does not compile without one. */
const KINDS: Readonly<Record<DecisionMade['kind'], true>> = {
  assign: true,
  add: true,
  ask: true,
  announce: true,
  award: true,
  accept: true,
  reject: true,
  drop: true,
  handOver: true,
  note: true,
  finish: true,
  giveUp: true,
};

const block = passing((text) => text === '' || isTaskPath(text), 'the id of a block, or empty for the run');
const name = matching(ID_PATTERN, 'a name');
/** An assignment names a task by its path. */
const task = passing(isTaskPath, 'the id of a task');
const pointer = text(64 * 1024);
const change = byKind('op', {
  add: fieldsOf({ op: oneOf('add'), path: pointer, value: anyJson }),
  replace: fieldsOf({ op: oneOf('replace'), path: pointer, value: anyJson }),
  remove: fieldsOf({ op: oneOf('remove'), path: pointer }),
});

/** What all decisions say. */
const said = { scope: block, strategy: name, n: integer(1), seen: integer(0) };

/** The shapes of the events of teams. `error` is that of errors. */
export const teamShapes = (error: Shape) =>
  ({
    DecisionMade: fieldsOf(
      { ...said, kind: oneOf(...Object.keys(KINDS)) },
      {
        tasks: listOf(task, 1_000),
        to: name,
        role: text(128, 1),
        about: matching(TASK_ID_PATTERN, 'the id of a task'),
        why: text(MAX_WHY_CHARS),
        ledger: fieldsOf({ format: integer(1), changes: listOf(change, 1_000) }),
        wakeInMs: integer(1),
        output: anyJson,
        error,
      },
    ),
    DecisionRefused: fieldsOf(
      { ...said, kind: text(64), code: text(128, 1), message: text(64 * 1024) },
      { tasks: listOf(task, 1_000), why: text(MAX_WHY_CHARS) },
    ),
    TeamWoken: fieldsOf({ scope: block }),
  }) satisfies Partial<Record<RunEventType, Shape>>;
