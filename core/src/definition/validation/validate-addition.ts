import { isRepriseError } from '../../shared/errors.ts';
import { blocksOf } from '../blocks.ts';
import { compile } from '../cel/program.ts';
import {
  type Block,
  type Catch,
  type Expression,
  isList,
  type TaskDefinition,
  type WorkflowDefinition,
} from '../definition.ts';
import { NO_RETRY } from '../form/read-limits.ts';
import type { Path } from '../problem.ts';
import { watchedBy } from '../task-nodes.ts';
import { celOf, stringsOf } from '../template.ts';
import { expressionPlaces } from './expression-places.ts';

// Tasks that are added to a run are validated as a small workflow: they, and in place of what is there only what they name.

/** A block around the place of an addition, as far as validation asks. */
export interface BlockAround {
  /** The task that the block is. Absent for the run. */
  readonly owner?: ThereTask & { readonly definition: TaskDefinition; readonly repeats: boolean };
  /** Whether it may run again by itself. */
  readonly hasRounds: boolean;
  /** The catch whose handler the new tasks are of, in the block that they are added to. */
  readonly clause?: number | undefined;
  /** A task of the block that began. */
  task(id: string): ThereTask | undefined;
  /** Of `ids`, those of the block that come before its task `id`. */
  before(id: string, ids: ReadonlySet<string>): readonly string[];
}

export interface ThereTask {
  readonly definition: TaskDefinition;
  /** Of a task of a handler: the catch that it is of. */
  readonly clause?: number | undefined;
}

/** What the expressions of tasks read from outside of them, and those that are functions, by their places. */
export interface Reads {
  readonly outputs: ReadonlySet<string>;
  /** Tasks that a `while` or a `cancel` names. */
  readonly named: ReadonlySet<string>;
  readonly functions: readonly Path[];
}

const BASE = { schemaVersion: 1, name: 'run', version: '1', concurrency: 1, strategy: 'graph' } as const;

/** Costs the new tasks. */
export function readsOf(tasks: readonly TaskDefinition[]): Reads {
  const outputs = new Set<string>();
  const named = new Set<string>();
  const functions: Path[] = [];
  for (const { expression, path } of expressionPlaces(blocksOf({ ...BASE, tasks }))) {
    if (expression.kind === 'function') functions.push(path);
    for (const source of sourcesOf(expression)) for (const id of outputsIn(source)) outputs.add(id);
  }
  for (const { groups } of blocksOf({ ...BASE, tasks }))
    for (const group of groups) for (const task of group.tasks) for (const id of namedBy(task)) named.add(id);
  for (const id of idsIn(tasks)) {
    outputs.delete(id);
    named.delete(id);
  }
  return { outputs, named, functions };
}

function* namedBy(task: TaskDefinition): Generator<string> {
  yield* task.cancel?.tasks ?? [];
  try {
    yield* watchedBy(task);
  } catch (error) {
    // Validation says so.
    if (!isRepriseError(error)) throw error;
  }
}

function* sourcesOf(expression: Expression): Generator<string> {
  if (expression.kind === 'cel') yield expression.source;
  if (expression.kind !== 'template') return;
  for (const { text } of stringsOf(expression.template)) {
    const source = celOf(text);
    if (source !== undefined) yield source;
  }
}

function outputsIn(source: string): Iterable<string> {
  try {
    return compile(source).analysis.outputs;
  } catch (error) {
    // Validation says so.
    if (isRepriseError(error)) return [];
    throw error;
  }
}

/** The ids of tasks, and of all that is in them. */
export function* idsIn(tasks: readonly TaskDefinition[]): Generator<string> {
  for (const { groups } of blocksOf({ ...BASE, tasks }))
    for (const group of groups) for (const { id } of group.tasks) yield id;
}

/**
 * The small workflow that stands for an addition: valid if and only if the tasks may stand where they are added, apart from what depends on how
 * far the run is. `around`: from the run inwards; the last block is the one that is added to.
 */
export function standaloneOf(
  tasks: readonly TaskDefinition[],
  { outputs, named: asked }: Reads,
  around: readonly BlockAround[],
): WorkflowDefinition {
  let block: Block | undefined;
  let inner: BlockAround | undefined;
  for (const place of around.toReversed()) {
    const own = inner === undefined || block === undefined ? tasks : [ownerOf(inner, block, place, outputs)];
    const clause = inner === undefined ? place.clause : inner.owner?.clause;
    const named = new Set(inner === undefined ? tasks.flatMap(({ after }) => after) : []);
    block = blockOf(own, clause, stubs(place, new Set(own.map(({ id }) => id)), named, outputs, asked), place);
    inner = place;
  }
  return { ...BASE, ...(block ?? { tasks }) };
}

interface Stub {
  readonly task: TaskDefinition;
  readonly clause: number | undefined;
}

/** What is named of what is there, in the order in which it comes. */
function stubs(
  place: BlockAround,
  own: ReadonlySet<string>,
  named: ReadonlySet<string>,
  outputs: ReadonlySet<string>,
  asked: ReadonlySet<string>,
): readonly Stub[] {
  const found: Stub[] = [];
  for (const id of new Set([...named, ...outputs, ...asked])) {
    const there = own.has(id) ? undefined : place.task(id);
    if (there === undefined) continue;
    const after = named.has(id) ? place.before(id, outputs) : [];
    found.push({ task: stubOf(there.definition, after), clause: there.clause });
  }
  return found;
}

function blockOf(
  own: readonly TaskDefinition[],
  clause: number | undefined,
  others: readonly Stub[],
  { hasRounds, owner }: BlockAround,
): Block {
  const of = (wanted: number | undefined) => others.filter((stub) => stub.clause === wanted).map(({ task }) => task);
  const retry: readonly Catch[] = hasRounds || owner?.repeats === true ? [{ then: 'retry', max: 1 }] : [];
  if (clause === undefined) return { tasks: [...of(undefined), ...own], ...(retry.length > 0 && { catch: retry }) };
  const tasks = of(undefined);
  return {
    tasks: tasks.length > 0 ? tasks : [stubOf({ ...STUB, id: 'what-failed-before-this-handler' }, [])],
    catch: [...retry, { handler: [...of(clause), ...own], then: 'fail' }],
  };
}

/** The task that a block is, in the block around it. */
function ownerOf(
  { owner }: BlockAround,
  block: Block,
  around: BlockAround,
  outputs: ReadonlySet<string>,
): TaskDefinition {
  const { id = 'block' } = owner?.definition ?? {};
  const items = { kind: 'template', template: [] } as const;
  const many = owner !== undefined && isList(owner.definition);
  const list = !many ? {} : { forEach: { items, concurrency: 1, onItemFailure: 'fail' } as const };
  const clause = owner?.clause;
  // Tasks of its block that a handler reads need not be named.
  const after = around.before(id, outputs).filter((one) => around.task(one)?.clause === clause);
  return { ...STUB, id, after, scope: block, ...list };
}

const STUB = { after: [], retry: NO_RETRY, timeouts: {}, priority: 0, delivery: 'at-least-once' } as const;

/** Something that gives an output; a switch stays one, because of its cases. */
function stubOf(definition: Pick<TaskDefinition, 'id' | 'switch'>, after: readonly string[]): TaskDefinition {
  const { id, switch: choice } = definition;
  if (choice === undefined) return { ...STUB, id, after, set: { kind: 'template', template: null } };
  const cases = choice.cases.map(({ then }) => ({ when: { kind: 'cel', source: 'true' } as const, then }));
  return { ...STUB, id, after, switch: { ...choice, cases } };
}
