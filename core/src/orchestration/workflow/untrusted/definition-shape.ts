import { blocksOf } from '../../../definition/blocks.ts';
import {
  MAX_ASSIGNEE_CHARS,
  millionths,
  PERMISSIONS,
  type WorkflowDefinition,
} from '../../../definition/definition.ts';
import { isFields } from '../../../definition/form/read.ts';
import { formatProblem } from '../../../definition/problem.ts';
import { validateDefinition } from '../../../definition/validation/validate-definition.ts';
import { AGENT_PATTERN } from '../../../shared/agent-version.ts';
import { ID_PATTERN } from '../../../shared/ids.ts';
import { MAX_MAILBOX_LIMIT, MAX_SUBSCRIBERS } from '../../../shared/message-limits.ts';
import { PERFORMATIVES } from '../../../shared/performatives.ts';
import { MAX_LEVELS, TASK_ID_PATTERN } from '../../../shared/task-path.ts';
import {
  anyJson,
  byKind,
  type Flaw,
  fieldsOf,
  integer,
  listOf,
  matching,
  number,
  oneOf,
  recordOf,
  type Shape,
  text,
  withSchema,
} from './shape.ts';

/** Characters of JSON that a definition from outside may have: what validation costs grows faster than its size. */
export const MAX_DEFINITION_CHARS = 8 * 1024 * 1024;

const name = matching(ID_PATTERN, 'a name (1 to 128 letters, digits, ".", "_" or "-")');
const agent = matching(AGENT_PATTERN, 'the name of an agent, with a version after "@" or without');
const taskId = matching(TASK_ID_PATTERN, 'a task id (1 to 128 letters, digits, ".", "_" or "-")');
const words = text(64 * 1024);

const expression: Shape = byKind('kind', {
  cel: fieldsOf({ kind: oneOf('cel'), source: words }),
  template: fieldsOf({ kind: oneOf('template'), template: anyJson }),
  function: fieldsOf({ kind: oneOf('function'), digest: text(256, 1) }),
});

/** Fallbacks one after the other. */
const MAX_FALLBACKS = 32;

const fallbackAt = (left: number): Shape =>
  byKind('kind', {
    value: fieldsOf({ kind: oneOf('value'), value: anyJson }),
    agent: fieldsOf(
      { kind: oneOf('agent'), agent },
      { input: expression, ...(left > 0 && { then: (value, field) => fallbackAt(left - 1)(value, field) }) },
    ),
    task: fieldsOf({ kind: oneOf('task'), task: taskId }),
  });

const fallback = fallbackAt(MAX_FALLBACKS);

const retry = fieldsOf({
  maxAttempts: integer(1),
  initialDelayMs: integer(0),
  factor: number,
  maxDelayMs: integer(0),
  jitter: number,
  nonRetryable: listOf(text(1024, 1)),
});

const timeouts = fieldsOf(
  {},
  { attemptMs: integer(1), taskMs: integer(1), allMs: integer(1), heartbeatMs: integer(1) },
);

const wait = fieldsOf(
  {},
  {
    signal: expression,
    message: fieldsOf(
      {},
      {
        mailbox: text(1100, 1),
        from: text(1100, 1),
        run: expression,
        performative: oneOf(...PERFORMATIVES),
        type: text(256, 1),
        conversation: expression,
        inReplyTo: expression,
        where: expression,
        schema: anyJson,
      },
    ),
    buffered: oneOf(false),
    form: fieldsOf(
      { schema: anyJson },
      { assignee: expression, escalate: listOf(fieldsOf({ afterMs: integer(1), to: expression }), 32) },
    ),
    default: expression,
  },
);

const send = fieldsOf(
  {},
  {
    run: expression,
    to: expression,
    topic: expression,
    data: expression,
    performative: oneOf(...PERFORMATIVES),
    type: text(256, 1),
    conversation: expression,
    inReplyTo: expression,
    deadlineMs: integer(1),
    expiresMs: integer(1),
    drop: oneOf(true),
    until: oneOf('sent', 'acknowledged', 'replied'),
  },
);

/** What a wait is for: one of them. */
const WAITED = ['signal', 'form', 'message'] as const;

/** The performers that hold no tasks. */
const performers: Readonly<Record<string, Shape>> = {
  agent,
  capability: name,
  workflow: fieldsOf({ name }, { version: name, budget: (value, field) => budgetShape(value, field) }),
  wait: (value, field) =>
    wait(value, field) ??
    (isFields(value) && WAITED.every((one) => value[one] === undefined)
      ? { field: `${field}.signal`, problem: 'is missing' }
      : undefined),
  sleep: byKind('kind', {
    for: fieldsOf({ kind: oneOf('for'), ms: integer(0) }),
    'for-computed': fieldsOf({ kind: oneOf('for-computed'), duration: expression }),
    until: fieldsOf({ kind: oneOf('until'), moment: expression }),
  }),
  set: expression,
  send: (value, field) =>
    send(value, field) ??
    (isFields(value) && value['to'] === undefined && value['topic'] === undefined
      ? { field: `${field}.to`, problem: 'is missing' }
      : undefined),
  switch: fieldsOf({ cases: listOf(fieldsOf({ when: expression, then: taskId })) }, { otherwise: taskId }),
  cancel: fieldsOf({ tasks: distinct(listOf(taskId)) }, { complete: oneOf(true) }),
  end: fieldsOf({}, { output: expression }),
  raise: fieldsOf(
    { code: text(128, 1) },
    { type: text(1024, 1), message: expression, status: integer(Number.MIN_SAFE_INTEGER), details: expression },
  ),
};

const compensate = fieldsOf({ retry, timeouts }, { agent, capability: name, input: expression });

const need: Shape = (value, field) => (typeof value === 'number' ? integer(1) : expression)(value, field);

const join: Shape = (value, field) =>
  typeof value === 'number' ? integer(1)(value, field) : oneOf('all', 'any', 'each')(value, field);

/** A task whose path has `level` segments. */
/** What is said of a strategy is its own. */
const team = recordOf(anyJson);

/** Strategies of one run instead of those of its definition. */
export const strategiesShape: Shape = (value, field) => {
  if (!isFields(value)) return { field, problem: 'must be an object' };
  for (const [path, said] of Object.entries(value)) {
    const shape = typeof said === 'string' ? name : fieldsOf({ name, team });
    const flaw = shape(said, `${field}.${path}`);
    if (flaw !== undefined) return flaw;
  }
  return undefined;
};

const costFrom = (least: 0 | 1): Shape =>
  withSchema(
    (value, field) =>
      typeof value === 'number' && Number.isSafeInteger(millionths(value)) && millionths(value) >= least
        ? undefined
        : { field, problem: `must be a number ${least === 0 ? 'from 0' : 'above 0'}, as it can be counted` },
    () => ({ type: 'number', [least === 0 ? 'minimum' : 'exclusiveMinimum']: 0 }),
  );
const ofAgents = { attempts: integer(1), tokens: integer(1), cost: costFrom(1) };
const askingShape = fieldsOf({ ask: text(MAX_ASSIGNEE_CHARS) }, { timeoutMs: integer(1) });
export const budgetShape = fieldsOf(
  {},
  {
    ...{ tasks: integer(1), messages: integer(1), delegations: integer(1) },
    ...ofAgents,
    agents: recordOf(fieldsOf({}, ofAgents)),
    onBudget: (value, field) => {
      if (value === 'stop') return undefined;
      const asks = isFields(value) && value['ask'] !== undefined;
      return (asks ? askingShape : fieldsOf({ agent }))(value, field);
    },
  },
);
export const maxUsageShape = fieldsOf({}, { tokens: integer(0), cost: costFrom(0) });

const taskAt = (level: number): Shape =>
  fieldsOf(
    {
      id: taskId,
      after: distinct(listOf(taskId)),
      retry,
      timeouts,
      priority: number,
      delivery: oneOf('at-least-once', 'at-most-once'),
    },
    {
      description: words,
      ...performers,
      scope: level < MAX_LEVELS ? blockOf(taskAt(level + 1)) : tooDeep,
      cases: byTask(taskId),
      join,
      rest: oneOf('let', 'cancel'),
      when: expression,
      while: expression,
      input: expression,
      forEach: fieldsOf(
        { items: expression, concurrency: integer(1), onItemFailure: oneOf('fail', 'continue') },
        { need, until: expression, rest: oneOf('let', 'cancel') },
      ),
      fallback,
      repeat: fieldsOf({ from: taskId, until: expression, max: integer(1), onExhausted: oneOf('fail', 'accept') }),
      compensate,
      may: distinct(listOf(oneOf(...PERMISSIONS), PERMISSIONS.length)),
      maxUsage: maxUsageShape,
      mutex: fieldsOf({ key: expression, across: oneOf('run', 'workflow', 'tenant') }),
    },
  );

function blockOf(task: Shape): Shape {
  const loop = fieldsOf(
    { max: integer(1), onExhausted: oneOf('fail', 'accept') },
    { while: expression, until: expression, feedback: expression },
  );
  return fieldsOf(
    { tasks: listOf(task) },
    {
      output: expression,
      concurrency: integer(1),
      budget: budgetShape,
      strategy: name,
      team,
      catch: catchOf(task),
      loop,
    },
  );
}

function catchOf(task: Shape): Shape {
  const codes = listOf(text(1024, 1));
  return listOf(
    fieldsOf(
      { then: oneOf('retry', 'continue', 'fail') },
      {
        codes,
        causes: codes,
        tasks: listOf(taskId),
        when: expression,
        handler: listOf(task),
        max: integer(1),
        output: expression,
      },
    ),
  );
}

function tooDeep(_value: unknown, field: string): Flaw {
  return { field, problem: `is nested deeper than ${MAX_LEVELS} levels` };
}

/** An object of values by task id. */
function byTask(member: Shape): Shape {
  return (value, field) => {
    if (!isFields(value)) return { field, problem: 'must be an object' };
    for (const [id, one] of Object.entries(value)) {
      const flaw = taskId(id, field) ?? member(one, `${field}.${id}`);
      if (flaw !== undefined) return flaw;
    }
    return undefined;
  };
}

const task = taskAt(1);

/** The recorded form of tasks that are added to a run. */
export const addedTasksShape: Shape = listOf(task);

/** The recorded form of a definition. */
export const definitionShape: Shape = fieldsOf(
  {
    schemaVersion: oneOf(1),
    name,
    version: name,
    tasks: listOf(task),
    concurrency: integer(1),
    strategy: name,
  },
  {
    description: words,
    output: expression,
    catch: catchOf(task),
    timeoutMs: integer(1),
    budget: budgetShape,
    team,
    mailboxes: byTask(fieldsOf({}, { limit: integer(1, MAX_MAILBOX_LIMIT), retry })),
    topics: byTask(fieldsOf({}, { subscribers: distinct(listOf(text(1_100, 1), MAX_SUBSCRIBERS)) })),
  },
);

/** Named twice is refused here, before validation compares each with each. */
function distinct(list: Shape): Shape {
  return (value, field) => {
    const flaw = list(value, field);
    if (flaw !== undefined) return flaw;
    const seen = new Set<unknown>();
    for (const [index, member] of (value as readonly unknown[]).entries()) {
      if (seen.has(member)) return { field: `${field}[${index}]`, problem: 'is named twice' };
      seen.add(member);
    }
    return undefined;
  };
}

/** Steps through the graph that validation may take: a few seconds. */
const MAX_STEPS = 60_000_000;

/** Whether validating a definition is affordable: it walks the graph for each task that reads outputs, and often for a repeat. */
export function isAffordable(definition: WorkflowDefinition): boolean {
  const blocks = blocksOf(definition);
  const tasks = blocks.flatMap(({ groups }) => groups.flatMap((group) => group.tasks));
  const size = tasks.reduce((sum, { after }) => sum + 1 + after.length, 0);
  const own = tasks.map(({ scope: _, ...others }) => others);
  const whole = blocks.map(({ block: { output, loop, catch: clauses = [] } }) => ({
    output,
    loop,
    catch: clauses.map(({ handler: _, ...others }) => others),
  }));
  // What a walk finds out is kept for the other expressions of the task or block.
  const readers = [...own, ...whole].filter((one) => JSON.stringify(one).includes('outputs')).length;
  const repeats = tasks.filter(({ repeat }) => repeat !== undefined).length;
  return size * (readers + 8 * repeats) <= MAX_STEPS;
}

/** A definition that has its shape: it must be one that could be started, and `computed` (its hash) the one recorded beside it. */
export function definitionFlaw(definition: WorkflowDefinition, computed: string, recorded: string): Flaw | undefined {
  if (!isAffordable(definition))
    return { field: 'data.definition', problem: 'has more tasks and expressions than can be checked in a few seconds' };
  const [problem, ...more] = validateDefinition(definition);
  if (problem !== undefined) {
    const rest = more.length === 0 ? '' : ` (and ${more.length} more)`;
    return { field: 'data.definition', problem: `is not valid: ${formatProblem(problem)}${rest}` };
  }
  if (computed === recorded) return undefined;
  const altered = `the definition beside it has the hash ${computed.slice(0, 16)}…: one of the two was changed`;
  return { field: 'data.definitionHash', problem: `is ${recorded.slice(0, 16)}…, but ${altered}` };
}
