import { canonicalJson } from '../shared/json.ts';
import { inside, isInside } from '../shared/task-path.ts';
import type { Block, TaskDefinition, WorkflowDefinition } from './definition.ts';
import { bindDefinition } from './recorded.ts';

/** One part of a workflow that is not what it was recorded as. */
export interface DefinitionChange {
  /** The path of the task; '' is the workflow itself. */
  readonly task: string;
  /** Which part of it: `input`, `retry`, `switch[0].when`; `task` for the whole. */
  readonly part: string;
  /**
   * `function`: another function, by digest. `missing`: a function that is nowhere. `changed`: what is data (agents, edges, limits, CEL…).
   * `added`, `removed`: the task.
   */
  readonly kind: 'function' | 'missing' | 'changed' | 'added' | 'removed';
}

/**
 * In what a definition differs from the recorded one of the same name and version; `registered` is undefined when there is none of it. Functions are
 * told apart by place and digest, as they are when they are lent to an open run. Descriptions, name and version do not count.
 */
export function definitionChanges(
  recorded: WorkflowDefinition,
  registered: WorkflowDefinition | undefined,
): readonly DefinitionChange[] {
  const { missing, changed } = bindDefinition(recorded, registered);
  const changes: DefinitionChange[] = [
    ...missing.map((place) => ({ ...placeOf(place), kind: 'missing' as const })),
    ...changed.map((place) => ({ ...placeOf(place), kind: 'function' as const })),
  ];
  if (registered === undefined) return changes;
  const told = new Set(changes.map(({ task, part }) => `${task} ${keyOf(part)}`));
  for (const change of dataChanges(recorded, registered))
    if (!told.has(`${change.task} ${change.part}`)) changes.push(change);
  return changes;
}

/** The same of two recorded definitions, of whose functions only the digests are there; no place is `missing`. */
export function recordedChanges(one: WorkflowDefinition, other: WorkflowDefinition): readonly DefinitionChange[] {
  const changes = definitionChanges(one, withFunctions(other) as WorkflowDefinition);
  const removed = new Set(changes.flatMap(({ task, kind }) => (kind === 'removed' ? [task] : [])));
  return changes.flatMap((change) => {
    if (change.kind !== 'missing') return [change];
    return removed.has(change.task) || isInside(change.task, removed) ? [] : [{ ...change, kind: 'changed' as const }];
  });
}

const withFunctions = (value: unknown): unknown => {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(withFunctions);
  if (isFunction(value)) return { ...value, fn: () => null };
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withFunctions(member)]));
};

const isFunction = (value: object): boolean => 'kind' in value && value.kind === 'function' && 'digest' in value;

/** Of what bindDefinition() says: "task 'audit': input", or "output" of the workflow. */
function placeOf(place: string): Pick<DefinitionChange, 'task' | 'part'> {
  const [, task = '', part = place] = /^task '(.+?)': (.+)$/.exec(place) ?? [];
  return { task, part };
}

/** The member of a definition that a part is in. */
const keyOf = (part: string): string => /^\w+/.exec(part)?.[0] ?? part;

function* dataChanges(recorded: WorkflowDefinition, registered: WorkflowDefinition): Generator<DefinitionChange> {
  const { tasks: _tasks, catch: _catch, ...one } = recorded;
  const { tasks: _others, catch: _clauses, ...other } = registered;
  yield* members('', without(one, UNTOLD), without(other, UNTOLD));
  yield* blockChanges('', recorded, registered);
}

/** Members that change nothing about how a run goes. */
const UNTOLD = ['schemaVersion', 'name', 'version', 'description'];

type Tasks = Pick<Block, 'tasks' | 'catch'>;

function* blockChanges(path: string, recorded: Tasks, registered: Tasks): Generator<DefinitionChange> {
  yield* members(path, { catch: clausesOf(recorded) }, { catch: clausesOf(registered) });
  const [before, after] = [byId(recorded), byId(registered)];
  for (const [id, task] of before) {
    const other = after.get(id);
    const at = inside(path, id);
    if (other === undefined) yield { task: at, part: 'task', kind: 'removed' };
    else yield* taskChanges(at, task, other);
  }
  for (const id of after.keys()) if (!before.has(id)) yield { task: inside(path, id), part: 'task', kind: 'added' };
}

/** Those of its handlers, too: their ids are those of the block. */
const byId = (block: Tasks): ReadonlyMap<string, TaskDefinition> =>
  new Map(
    [...block.tasks, ...(block.catch ?? []).flatMap(({ handler = [] }) => handler)].map((task) => [task.id, task]),
  );

const clausesOf = (block: Tasks): unknown =>
  block.catch?.map(({ handler, ...clause }) => ({ ...clause, handler: handler?.map(({ id }) => id) }));

function* taskChanges(path: string, recorded: TaskDefinition, registered: TaskDefinition): Generator<DefinitionChange> {
  const { scope: block, ...one } = recorded;
  const { scope: other, ...registeredRest } = registered;
  if (block === undefined || other === undefined) return yield* members(path, recorded, registered);
  yield* members(path, one, registeredRest);
  const { tasks: _tasks, catch: _catch, ...own } = block;
  const { tasks: _others, catch: _clauses, ...others } = other;
  yield* members(path, own, others);
  yield* blockChanges(path, block, other);
}

function* members(task: string, recorded: object, registered: object): Generator<DefinitionChange> {
  const [one, other] = [without(recorded, ['description']), without(registered, ['description'])];
  for (const part of new Set([...Object.keys(one), ...Object.keys(other)]))
    if (textOf(one[part]) !== textOf(other[part])) yield { task, part, kind: 'changed' };
}

const without = (value: object, names: readonly string[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(value).filter(([name, member]) => member !== undefined && !names.includes(name)));

/** As text, with one function as good as another: those are compared place by place. */
const textOf = (value: unknown): string => (value === undefined ? '' : canonicalJson(alike(value)));

function alike(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(alike);
  if (isFunction(value)) return 'function';
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, alike(member)]));
}
