import { AGENT_PATTERN } from '../../../shared/agent-version.ts';
import { TASK_ID_PATTERN } from '../../../shared/task-path.ts';
import { MAX_WHY_CHARS } from '../directives.ts';
import {
  anyJson,
  byKind,
  type Flaw,
  fieldsOf,
  integer,
  listOf,
  matching,
  oneOf,
  recordOf,
  type Shape,
  text,
} from '../untrusted/shape.ts';
import type { Decision } from './decision.ts';

const agent = matching(AGENT_PATTERN, 'the name of an agent');
const task = matching(TASK_ID_PATTERN, 'the id of a task');
const object = recordOf(anyJson);

/** What one decision may name. */
const MAX_NAMED = 1_000;

/** The shortest and the longest time after which a strategy asks to be asked again, in ms. */
const MIN_WAKE_MS = 1_000;
const MAX_WAKE_MS = 30 * 24 * 60 * 60 * 1000;

/** The longest that an attempt at what was asked may take, in ms. */
const MAX_ASKED_MS = MAX_WAKE_MS;

const thought = { why: text(MAX_WHY_CHARS), ledger: object };

/** One entry for each: a new decision does not compile without one. */
const SHAPES: Readonly<Record<NonNullable<Decision['kind']>, Shape>> = {
  assign: fieldsOf({ kind: oneOf('assign'), taskId: text(4 * 1024, 1), agent }, thought),
  add: fieldsOf({ kind: oneOf('add'), tasks: recordOf(object) }, thought),
  ask: fieldsOf(
    { kind: oneOf('ask'), id: task, role: text(128, 1), input: anyJson },
    { agent, capability: agent, timeoutMs: integer(1, MAX_ASKED_MS), attempts: integer(1, 100), ...thought },
  ),
  announce: fieldsOf(
    {
      kind: oneOf('announce'),
      task,
      bids: listOf(fieldsOf({ id: task, agent }), MAX_NAMED),
      data: anyJson,
      deadlineMs: integer(1, MAX_WAKE_MS),
    },
    thought,
  ),
  award: fieldsOf({ kind: oneOf('award'), task }, { bid: task, ...thought }),
  accept: fieldsOf({ kind: oneOf('accept'), task }, thought),
  reject: fieldsOf({ kind: oneOf('reject'), task, feedback: anyJson }, thought),
  drop: fieldsOf({ kind: oneOf('drop'), tasks: listOf(task, MAX_NAMED) }, thought),
  handOver: fieldsOf({ kind: oneOf('handOver'), task, agent }, { input: anyJson, ...thought }),
  note: fieldsOf({ kind: oneOf('note') }, { wakeInMs: integer(MIN_WAKE_MS, MAX_WAKE_MS), ...thought }),
  finish: fieldsOf({ kind: oneOf('finish'), output: anyJson }, thought),
  giveUp: fieldsOf({ kind: oneOf('giveUp'), message: text(4 * 1024, 1) }, { code: text(128, 1), task, ...thought }),
};

const shape = byKind('kind', SHAPES);

/** What is wrong with what a strategy gave as a decision, which is plain JSON. */
export const decisionFlaw = (value: unknown): Flaw | undefined => shape(value, 'decision');
