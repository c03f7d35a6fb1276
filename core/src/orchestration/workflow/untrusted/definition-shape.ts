import type { WorkflowDefinition } from '../../../definition/definition.ts';
import { formatProblem } from '../../../definition/problem.ts';
import { validateDefinition } from '../../../definition/validation/validate-definition.ts';
import { ID_PATTERN } from '../../../shared/ids.ts';
import { TASK_ID_PATTERN } from '../../../shared/task-path.ts';
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
  type Shape,
  text,
} from './shape.ts';

/** Characters of JSON that a definition from outside may have: what validation costs grows faster than its size. */
export const MAX_DEFINITION_CHARS = 8 * 1024 * 1024;

const name = matching(ID_PATTERN, 'a name (1 to 128 letters, digits, ".", "_" or "-")');
const taskId = matching(TASK_ID_PATTERN, 'a task id (1 to 128 letters, digits, ".", "_" or "-")');
const words = text(64 * 1024);

const expression: Shape = byKind('kind', {
  cel: fieldsOf({ kind: oneOf('cel'), source: words }),
  template: fieldsOf({ kind: oneOf('template'), template: anyJson }),
  function: fieldsOf({ kind: oneOf('function'), digest: text(256, 1) }),
});

const fallback: Shape = byKind('kind', {
  value: fieldsOf({ kind: oneOf('value'), value: anyJson }),
  agent: fieldsOf({ kind: oneOf('agent'), agent: name }),
  task: fieldsOf({ kind: oneOf('task'), task: taskId }),
});

const task: Shape = fieldsOf(
  {
    id: taskId,
    after: distinct(listOf(taskId)),
    retry: fieldsOf({
      maxAttempts: integer(1),
      initialDelayMs: integer(0),
      factor: number,
      maxDelayMs: integer(0),
      jitter: number,
      nonRetryable: listOf(text(1024, 1)),
    }),
    timeouts: fieldsOf({}, { attemptMs: integer(1), taskMs: integer(1), allMs: integer(1), heartbeatMs: integer(1) }),
    priority: number,
    delivery: oneOf('at-least-once', 'at-most-once'),
  },
  {
    description: words,
    agent: name,
    capability: name,
    when: expression,
    input: expression,
    forEach: fieldsOf({ items: expression, concurrency: integer(1), onItemFailure: oneOf('fail', 'continue') }),
    fallback,
    repeat: fieldsOf({ from: taskId, until: expression, max: integer(1), onExhausted: oneOf('fail', 'accept') }),
  },
);

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
  { description: words, output: expression, timeoutMs: integer(1) },
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
function isAffordable({ tasks }: WorkflowDefinition): boolean {
  const size = tasks.reduce((sum, { after }) => sum + 1 + after.length, 0);
  const walks = tasks.reduce((sum, { when, input, forEach, repeat }) => {
    const reads = JSON.stringify([when, input, forEach?.items, repeat?.until]).includes('outputs');
    return sum + (reads ? 1 : 0) + (repeat === undefined ? 0 : 8);
  }, 0);
  return size * walks <= MAX_STEPS;
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
