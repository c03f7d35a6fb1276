import { BUDGETS, MAX_ASSIGNEE_CHARS } from '../../../definition/definition.ts';
import { isFields } from '../../../definition/form/read.ts';
import { AGENT_PATTERN } from '../../../shared/agent-version.ts';
import { ID_PATTERN } from '../../../shared/ids.ts';
import { labelProblem, MAX_LABELS } from '../../../shared/labels.ts';
import { isTaskPath, TASK_ID_PATTERN } from '../../../shared/task-path.ts';
import { MAX_WHY_CHARS } from '../directives.ts';
import type { RunEventType, Via } from '../events.ts';
import { messageIdShape } from '../messaging/call-shapes.ts';
import { MAX_EDGES } from '../outside/run-changes.ts';
import { addedTasksShape, budgetShape, definitionShape, strategiesShape } from './definition-shape.ts';
import { mailboxShape, mailShapes, wantedShape } from './mail-shapes.ts';
import {
  anyJson,
  byKind,
  digest,
  fieldsOf,
  flag,
  integer,
  listOf,
  matching,
  oneOf,
  passing,
  recordOf,
  type Shape,
  text,
  time,
  traceparent,
  withSchema,
} from './shape.ts';
import { teamShapes } from './team-shapes.ts';

const runId = matching(ID_PATTERN, 'a run id');
const agent = matching(AGENT_PATTERN, 'the name of an agent');
/** A task of a definition, or an item of one: `inspect[12]` (`inspect.12` before rules 3). */
const taskId = passing(isTaskPath, 'the id of a task or of an item');
/** A block of the run; '' is the run itself. */
const blockId = passing((text) => text === '' || isTaskPath(text), 'the id of a block, or empty for the run');
const definitionId = matching(TASK_ID_PATTERN, 'the id of a task');
/** What idempotency keys begin with: a run, and for a child run the path of its task and so on. */
const keyStart = text(64 * 1024, 1);
/** Of commands and workers: whoever sends chooses it. */
const label = text(1024, 1);
const reason = text(1024 * 1024);
const attempt = integer(1);
export const usageShape = fieldsOf({}, { tokens: integer(0), cost: integer(0) });
/** Of child runs, too. */
const spentShape = fieldsOf({}, Object.fromEntries(BUDGETS.map((kind) => [kind, integer(0)])));
/** With or without the version of the digest before it. What it must be, the fold says. */
const stateDigest = matching(/^(\d{1,4}:)?[0-9a-f]{64}$/, 'a digest (64 hex digits, or `1:` and 64)');
const anObject: Shape = withSchema(
  (value, field) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? undefined
      : { field, problem: 'must be an object' },
  () => ({ type: 'object' }),
);

const labels: Shape = (value, field) => {
  if (!isFields(value)) return { field, problem: 'must be an object' };
  const entries = Object.entries(value);
  if (entries.length > MAX_LABELS) return { field, problem: `must have at most ${MAX_LABELS} members` };
  for (const [key, one] of entries) {
    const problem = labelProblem(key, one);
    if (problem !== undefined) return { field, problem };
  }
  return undefined;
};

const nonEmpty =
  (list: Shape): Shape =>
  (value, field) =>
    Array.isArray(value) && value.length === 0 ? { field, problem: 'is empty' } : list(value, field);
const reference = fieldsOf(
  { revision: integer(0), of: oneOf('input', 'output', 'items', 'undone'), task: blockId },
  { path: listOf((key, field) => (typeof key === 'string' ? undefined : integer(0)(key, field)), 1000) },
);
const sources = {
  value: fieldsOf({ value: anyJson }),
  list: fieldsOf({ list: listOf((value, field) => source(value, field)) }),
  fields: fieldsOf({ fields: recordOf((value, field) => source(value, field)) }),
};

/** Where a value is from: one of four forms, told apart by what is in them. */
const source: Shape = (value, field) => {
  for (const [key, shape] of Object.entries(sources))
    if (isFields(value) && Object.hasOwn(value, key)) return shape(value, field);
  return reference(value, field);
};

const status: Shape = withSchema(
  (value, field) =>
    typeof value === 'string' || Number.isFinite(value) ? undefined : { field, problem: 'must be a number or a text' },
  () => ({ type: ['string', 'number'] }),
);

/** An error, and the one before it, which has none before it. */
const errorOf = (cause: Readonly<Record<string, Shape>>): Shape =>
  fieldsOf(
    { code: text(1024, 1), message: text(1024 * 1024), retryable: flag },
    { type: text(1024, 1), status, details: anObject, retryAfterMs: integer(0), ...cause },
  );

// The task's error in that of its run has a cause itself.
export const errorShape: Shape = errorOf({ cause: errorOf({ cause: errorOf({}) }) });

const finite: Shape = (value, field) =>
  Number.isFinite(value) ? undefined : { field, problem: 'must be a finite number' };
const edges = fieldsOf({ taskId, after: nonEmpty(listOf(definitionId, MAX_EDGES)), commandId: label });

const VIAS: readonly Via[] = [
  ...([
    'agent',
    'items',
    'fallback-value',
    'fallback-task',
    'last-round',
    'value',
    'switch',
    'cancel',
    'timer',
  ] as const),
  ...(['signal', 'message', 'send', 'form', 'default', 'child', 'scope', 'end', 'override'] as const),
];

/** `data` of every type of event at its present version: one entry a type. A new type does not compile without one. */
export const EVENT_SHAPES: Readonly<Record<RunEventType, Shape>> = {
  RunStarted: fieldsOf(
    { runId, commandId: label, definition: definitionShape, definitionHash: digest, input: anyJson },
    {
      traceparent,
      tenant: label,
      labels,
      lineage: fieldsOf(
        { runId, revision: integer(0) },
        {
          as: oneOf('retry', 'fork'),
          edited: oneOf(true),
          origin: keyStart,
          keys: recordOf(keyStart),
          outcomes: recordOf(anyJson),
          raised: recordOf(budgetShape),
        },
      ),
      parent: fieldsOf({ runId, taskId, attempt, rootRunId: runId, depth: integer(1, 1000) }, { key: keyStart }),
      rules: oneOf(1, 2, 3, 4),
      strategies: strategiesShape,
      budget: budgetShape,
    },
  ),
  RunPaused: fieldsOf({ commandId: label }, { by: oneOf('parent'), reason }),
  RunResumed: fieldsOf({ commandId: label }, { by: oneOf('parent') }),
  RunParked: fieldsOf({ commandId: label, error: errorShape }, { command: text(128, 1) }),
  RunCompleted: fieldsOf({ stateDigest }, { output: anyJson }),
  RunFailed: fieldsOf({ error: errorShape, stateDigest }, { taskId }),
  RunCancelled: fieldsOf({ commandId: label, stateDigest }, { reason }),
  TaskReady: fieldsOf(
    { taskId, reason: oneOf('condition', 'retry', 'manual', 'join', 'mutex', 'budget') },
    { commandId: label, mutex: text(1024), across: oneOf('workflow', 'tenant') },
  ),
  MutexGranted: fieldsOf({ taskId }),
  TaskSkipped: fieldsOf(
    { taskId, reason: oneOf('condition', 'while', 'dependencies', 'case', 'manual') },
    { commandId: label },
  ),
  TaskEntered: fieldsOf(
    { taskId, attempt },
    {
      input: anyJson,
      source,
      until: time,
      signal: label,
      form: oneOf(true),
      assignee: label,
      escalate: listOf(label, 32),
      mailbox: mailboxShape,
      wanted: wantedShape,
      sent: messageIdShape,
      child: runId,
      retries: runId,
      allotted: spentShape,
    },
  ),
  TaskCancelled: fieldsOf(
    { taskId, reason: oneOf('join', 'list', 'cancel', 'while', 'team', 'goto', 'closed') },
    { by: taskId },
  ),
  TaskClosing: fieldsOf(
    {
      taskId: blockId,
      why: oneOf('failure', 'limit', 'cancel', 'join', 'list', 'while', 'team', 'end', 'skip', 'override'),
    },
    {
      error: errorShape,
      commandId: label,
      reason,
      by: taskId,
      compensate: oneOf(false),
      force: oneOf(true),
      output: anyJson,
    },
  ),
  TasksAdded: fieldsOf(
    { scope: blockId, tasks: nonEmpty(addedTasksShape), commandId: label },
    {
      before: nonEmpty(listOf(fieldsOf({ taskId, dependency: definitionId }))),
      spawnedBy: fieldsOf({ taskId, attempt }),
      decidedBy: integer(1),
    },
  ),
  TasksLinked: edges,
  TasksUnlinked: edges,
  ...teamShapes(errorShape),
  AgentRested: fieldsOf({ agent, until: time, failures: integer(1) }),
  AgentBack: fieldsOf({ agent }),
  BudgetReached: fieldsOf({ scope: blockId, budget: oneOf(...BUDGETS) }, { agent }),
  BudgetRaised: fieldsOf({ scope: blockId, raised: budgetShape }, { commandId: label, taskId }),
  BudgetAsked: fieldsOf(
    {
      ...{ taskId, attempt: integer(0), scope: blockId, budget: oneOf(...BUDGETS) },
      ...{ limit: integer(0), spent: integer(0), least: integer(1), assignee: text(MAX_ASSIGNEE_CHARS) },
    },
    { agent, reserved: integer(1), until: time },
  ),
  TaskPrioritySet: fieldsOf({ taskId, priority: finite, commandId: label }),
  TasksReset: fieldsOf(
    { region: blockId, why: oneOf('loop', 'catch', 'repeat', 'fork', 'goto'), round: integer(1), feedback: anyJson },
    {
      attempt: integer(0),
      via: oneOf('fallback-value', 'fallback-task'),
      error: errorShape,
      signal: label,
      message: messageIdShape,
      tasks: listOf(taskId),
      retries: flag,
      restarted: listOf(taskId),
      from: taskId,
      by: fieldsOf({ taskId, attempt }),
      reason: text(MAX_WHY_CHARS),
      usage: spentShape,
      commandId: label,
      decidedBy: integer(1),
      dropped: listOf(taskId),
      renewed: listOf(taskId),
      undone: listOf(taskId),
      since: time,
    },
  ),
  ScopeCaught: fieldsOf({ scope: blockId, clause: integer(0), taskId, error: errorShape }),
  CompensationBegan: fieldsOf({ scope: blockId, taskId, outcome: oneOf('completed', 'unknown') }),
  RunForked: fieldsOf({ runId }, { keys: listOf(taskId), as: oneOf('fork'), mutexes: oneOf('anew') }),
  SignalReceived: fieldsOf({ commandId: label, signal: label, data: anyJson }),
  FormAnswered: fieldsOf({ taskId, attempt: integer(0), commandId: label, answer: anyJson }, { by: label }),
  FormAssigned: fieldsOf(
    { taskId, attempt: integer(0), to: label },
    { step: integer(1, 32), commandId: label, by: label },
  ),
  TaskExpanded: fieldsOf(
    { taskId, from: integer(0), total: integer(0) },
    { items: listOf(anyJson), source, need: integer(0) },
  ),
  ItemsAdded: fieldsOf(
    { taskId, from: integer(0), items: nonEmpty(listOf(anyJson)), commandId: label },
    { addedBy: fieldsOf({ taskId, attempt }) },
  ),
  ItemJoined: fieldsOf({ taskId, index: integer(0) }),
  TaskYielded: fieldsOf({ taskId }, { rest: oneOf('cancel'), by: taskId }),
  TaskExpired: fieldsOf({ taskId, error: errorShape }),
  TaskAdopted: fieldsOf({ taskId, status: oneOf('completed', 'skipped') }, { output: anyJson, attempt }),
  TaskScheduled: fieldsOf(
    { taskId, attempt, agent },
    { readySince: time, input: anyJson, source, reserved: usageShape },
  ),
  TaskStarted: fieldsOf({ taskId, attempt, worker: label }),
  TaskCompleted: fieldsOf(
    // A forEach, and a task that was given up before its first attempt, have made none.
    { taskId, attempt: integer(0), via: oneOf(...VIAS) },
    {
      output: anyJson,
      case: label,
      signal: label,
      message: messageIdShape,
      ends: anyJson,
      error: errorShape,
      commandId: label,
      usage: spentShape,
    },
  ),
  TaskRepeated: fieldsOf(
    { taskId: definitionId, attempt: integer(0), output: anyJson, from: definitionId, round: integer(2) },
    { via: oneOf('fallback-value', 'fallback-task') },
  ),
  TaskAttemptCompleted: fieldsOf({ taskId, attempt, output: anyJson }, { usage: spentShape }),
  TaskAttemptFailed: fieldsOf({ taskId, attempt, error: errorShape }, { lost: flag, retryAt: time, usage: spentShape }),
  TaskHandedOff: fieldsOf(
    { taskId, attempt: integer(0), agent },
    {
      input: anyJson,
      why: text(MAX_WHY_CHARS),
      output: anyJson,
      decidedBy: integer(1),
      usage: spentShape,
      budget: blockId,
    },
  ),
  TaskFellBack: fieldsOf({
    taskId,
    to: byKind('kind', {
      agent: fieldsOf({ kind: oneOf('agent'), agent }),
      task: fieldsOf({ kind: oneOf('task'), task: definitionId }),
    }),
    error: errorShape,
  }),
  TaskFailed: fieldsOf({ taskId, error: errorShape }, { usage: spentShape }),
  ...mailShapes(errorShape),
  TaskResultIgnored: fieldsOf({ taskId, attempt, outcome: oneOf('completed', 'failed') }),
  CommandRejected: fieldsOf(
    { commandId: label, command: text(128, 1), code: text(1024, 1), message: reason },
    { final: oneOf(true) },
  ),
  CommandNoted: fieldsOf({ commandId: label, command: text(128, 1) }),
};

/** A worker, or a client. */
const senderShape: Shape = (value, field) =>
  (isFields(value) && 'client' in value
    ? fieldsOf({ client: label, verified: flag })
    : fieldsOf({ worker: label, verified: flag }))(value, field);

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** An event as an export has it, all but `data`. Metadata that this build does not know is refused: it would be lost. */
export const recordShape: Shape = fieldsOf({
  revision: integer(0),
  id: matching(UUID, 'a UUID'),
  type: text(128, 1),
  time,
  data: anObject,
  metadata: fieldsOf(
    { causationId: label, correlationId: runId, schemaVersion: integer(1, 1_000_000) },
    {
      traceparent,
      tenant: label,
      origin: runId,
      by: label,
      reason,
      sender: senderShape,
    },
  ),
});
