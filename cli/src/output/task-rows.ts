import {
  type ErrorData,
  type FormView,
  type RunView,
  type TaskDefinition,
  type TaskStatus,
  type TaskView,
  taskPaths,
  tasksWithin,
} from '@reprise/core';

/** Tasks that are shown as one, by what has become of them: the items of a list. `queued`: may run, but does not yet. */
export interface ItemCounts {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  /** Skipped or cancelled. */
  readonly dropped: number;
  readonly running: number;
  /** For a retry. */
  readonly waiting: number;
  readonly queued: number;
}

/** One task of the definition, or one that was added to the run, as people want to see it: its items, and what is in blocks that are items, are counts. */
export interface TaskRow {
  /** The task's id; that of the definition (`book/pay`) where there are many of it. */
  readonly id: string;
  /** The path in the definition: what it is tallied by. */
  readonly path: string;
  /** The last of its id, indented by how many blocks it is in. */
  readonly name: string;
  readonly status: TaskStatus;
  readonly agent: string | undefined;
  readonly round: number;
  /** Attempts made, those of items included. */
  readonly attempts: number;
  readonly failedAttempts: number;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly error: ErrorData | undefined;
  readonly items: ItemCounts | undefined;
  /** What it waits for now: the name of a signal, a time, a child run, an answer. */
  readonly signal: string | undefined;
  readonly wakeAt: number | undefined;
  readonly child: string | undefined;
  /** How often it was begun again in its round. */
  readonly again: number;
  /** A person or a program skipped it, or said what it gives. */
  readonly byHand: boolean;
  /** Who is asked. */
  readonly form: Pick<FormView, 'assignee'> | undefined;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** All tasks of one path of the definition. */
interface Instances {
  /** Those that are no item of the list of that path: one, unless a block around it is one of many. */
  readonly tasks: TaskView[];
  readonly counts: Mutable<ItemCounts>;
}

/**
 * The tasks of a run in the order of the definition, each block before what is in it. Tasks of the workflow are always there, those of blocks
 * and handlers, what was added (after the others of its block), and what undoes others, once they began. Costs one look at every task.
 */
export function taskRows(
  state: RunView,
  tallyOf: (path: string) => Pick<TaskRow, 'attempts' | 'failedAttempts'> | undefined,
): readonly TaskRow[] {
  const { all, added } = instancesOf(state);
  const rows: TaskRow[] = [];
  const undoing = new Set(all.keys().filter((path) => path.endsWith('@')));
  const add = (path: string, depth: number, definition: TaskDefinition | undefined): void => {
    const found = all.get(path);
    if (found === undefined && depth > 0) return;
    const tally = tallyOf(path) ?? { attempts: 0, failedAttempts: 0 };
    rows.push({ ...rowOf(path, depth, definition, found), ...tally });
  };
  const walk = (tasks: readonly TaskDefinition[], block: string, depth: number): void => {
    for (const definition of tasks) {
      const path = block === '' ? definition.id : `${block}/${definition.id}`;
      add(path, depth, definition);
      if (definition.scope !== undefined) walk(inBlock(tasksWithin(definition.scope), path), path, depth + 1);
      if (undoing.delete(`${path}@`)) add(`${path}@`, depth, undefined);
    }
  };
  const inBlock = (tasks: readonly TaskDefinition[], block: string): readonly TaskDefinition[] => {
    const more = added.get(block);
    return more === undefined ? tasks : [...tasks, ...more.values()];
  };
  walk(inBlock(state.definition.tasks, ''), '', 0);
  for (const { handler = [] } of state.definition.catch ?? [])
    walk(
      handler.filter(({ id }) => all.has(id)),
      '',
      0,
    );
  // What was added to a round that is over is gone, but for what undoes it.
  for (const path of undoing) add(path, path.split('/').length - 1, undefined);
  return rows;
}

/** `added`: by the path of a block in the definition, the tasks that were added to it, by id. */
function instancesOf(state: RunView): {
  readonly all: ReadonlyMap<string, Instances>;
  readonly added: ReadonlyMap<string, ReadonlyMap<string, TaskDefinition>>;
} {
  const all = new Map<string, Instances>();
  const added = new Map<string, Map<string, TaskDefinition>>();
  const paths = taskPaths(state.rules);
  for (const task of state.tasks.values()) {
    const path = paths.definition(task.definitionId);
    let found = all.get(path);
    if (found === undefined) {
      found = { tasks: [], counts: nothing() };
      all.set(path, found);
    }
    if (task.added !== undefined) {
      const block = paths.definition(task.scope);
      const others = added.get(block) ?? new Map<string, TaskDefinition>();
      if (!others.has(task.added.id)) others.set(task.added.id, task.added);
      added.set(block, others);
    }
    const { tasks, counts } = found;
    if (task.index === undefined) tasks.push(task);
    if (task.items !== undefined) counts.total += task.items.total;
    else counts[MEMBER[task.status]] += 1;
  }
  for (const { tasks, counts } of all.values()) {
    // Those of a list are its items; else the tasks themselves.
    if (tasks.every(({ items }) => items === undefined)) counts.total = tasks.length;
    // Items that were not released have no state of their own.
    const { total, completed, failed, dropped, running, waiting } = counts;
    counts.queued = Math.max(0, total - completed - failed - dropped - running - waiting);
  }
  return { all, added };
}

const nothing = (): Mutable<ItemCounts> => ({
  total: 0,
  completed: 0,
  failed: 0,
  dropped: 0,
  running: 0,
  waiting: 0,
  queued: 0,
});

const MEMBER: Readonly<Record<TaskStatus, Exclude<keyof ItemCounts, 'total'>>> = {
  pending: 'queued',
  ready: 'queued',
  scheduled: 'running',
  running: 'running',
  waiting: 'waiting',
  completed: 'completed',
  failed: 'failed',
  skipped: 'dropped',
  cancelled: 'dropped',
};

type Row = Omit<TaskRow, 'attempts' | 'failedAttempts'>;

function rowOf(path: string, depth: number, definition: TaskDefinition | undefined, found: Instances | undefined): Row {
  const { tasks = [], counts } = found ?? {};
  const [task] = tasks;
  const one = tasks.length < 2 && (task === undefined || !task.scope.includes('[')) ? task : undefined;
  const id = one?.id ?? path;
  const row = {
    id,
    path,
    name: `${'  '.repeat(depth)}${depth === 0 ? id : id.slice(id.lastIndexOf('/') + 1)}`,
    agent: task?.agent ?? definition?.agent ?? definition?.capability,
    round: Math.max(1, ...tasks.slice(0, 1).map(({ round }) => round)),
    again: one?.again ?? 0,
    byHand: one?.overridden === true || one?.skippedBecause === 'manual',
  };
  const waits = one?.status === 'running' ? one : undefined;
  // A task that waits for its agent may be a form, too: it asks for more of a budget.
  const form = one?.status === 'waiting' ? one.form : waits?.form;
  const waitsFor = { signal: waits?.signal, wakeAt: waits?.wakeAt, child: waits?.child, form };
  if (one !== undefined || task === undefined)
    return {
      ...row,
      ...waitsFor,
      status: one?.status ?? 'pending',
      startedAt: one?.firstScheduledAt,
      endedAt: one?.endedAt,
      error: one?.error,
      items: one?.items === undefined ? undefined : counts,
    };
  return { ...row, ...waitsFor, ...togetherOf(tasks), items: counts };
}

/** Many as one: it goes on while one of them does. */
function togetherOf(tasks: readonly TaskView[]): Pick<Row, 'status' | 'startedAt' | 'endedAt' | 'error'> {
  let startedAt: number | undefined;
  let endedAt: number | undefined;
  let error: ErrorData | undefined;
  const seen = new Set<TaskStatus>();
  let open = false;
  for (const task of tasks) {
    seen.add(task.status);
    if (task.endedAt === undefined) open = true;
    else endedAt = Math.max(endedAt ?? 0, task.endedAt);
    if (task.firstScheduledAt !== undefined)
      startedAt = Math.min(startedAt ?? task.firstScheduledAt, task.firstScheduledAt);
    if (task.status === 'failed') error ??= task.error;
  }
  const order: readonly TaskStatus[] = [
    'running',
    'scheduled',
    'waiting',
    'ready',
    'pending',
    'failed',
    'completed',
    'skipped',
  ];
  const status = order.find((one) => seen.has(one)) ?? 'cancelled';
  return { status, startedAt, endedAt: open ? undefined : endedAt, error };
}

/** Items that came to an end of their own. */
export const endedItems = (items: ItemCounts): number => items.completed + items.failed;
