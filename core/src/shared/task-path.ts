// The ids of tasks in a run are paths: segments joined by `/`, each the id of a task in its block (`book/pay`), followed by the place
// of an item in brackets where the task is one of a list (`quotes[12]`). `pay@3` undoes what attempt 3 of `pay` did. Histories of rules 1 and 2
// write items `quotes.12`.

/** The id of a task in its block: 1 to 128 letters, digits, ".", "_" or "-", the first a letter or digit. */
export const TASK_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Levels of a path, and characters of it, at most. */
export const MAX_LEVELS = 16;
export const MAX_PATH_CHARS = 1024;

const PATH_PATTERN =
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}(\[(0|[1-9]\d{0,8})\])?(\/[A-Za-z0-9][A-Za-z0-9._-]{0,127}(\[(0|[1-9]\d{0,8})\])?)*(@[1-9]\d{0,8})?$/;
const ITEM = /\[(\d+)\]$/;
const ITEMS = /\[\d+\]/g;
const UNDONE = /@\d+$/;

/** How the paths of a run are written. */
export interface TaskPaths {
  /** The path of an item of the list `path`; `index` counts from 0. */
  item(path: string, index: number): string;
  /** The path of the node of the graph that a task stands for: without items and attempts. */
  definition(path: string): string;
  /** The list that an item belongs to, and its place; undefined for what is no item. */
  itemOf(path: string): { readonly list: string; readonly index: number } | undefined;
}

const bracketed: TaskPaths = {
  item: (path, index) => `${path}[${index}]`,
  definition: (path) => path.replace(ITEMS, '').replace(UNDONE, '@'),
  itemOf: (path) => {
    const [suffix, index] = ITEM.exec(path) ?? [];
    return suffix === undefined ? undefined : { list: path.slice(0, -suffix.length), index: Number(index) };
  },
};

const dotted: TaskPaths = {
  item: (path, index) => `${path}.${index}`,
  definition: (path) => dotted.itemOf(path)?.list ?? path,
  itemOf: (path) => {
    const dot = path.indexOf('.');
    return dot === -1 ? undefined : { list: path.slice(0, dot), index: Number(path.slice(dot + 1)) };
  },
};

/** How a run of these rules (see rules.ts) writes its paths. */
export const taskPaths = (rules: number): TaskPaths => (rules < 3 ? dotted : bracketed);

/** The path of what undoes an attempt. */
export const undoing = (path: string, attempt: number): string => `${path}@${attempt}`;

/** The task of the run that a path is, or is in. */
export const outermost = (path: string): string => path.split(/[/[@]/, 1)[0] ?? path;

/** Whether a text has the form of a path as runs of today write them. */
export const isTaskPath = (text: string): boolean =>
  text.length <= MAX_PATH_CHARS && PATH_PATTERN.test(text) && text.split('/').length <= MAX_LEVELS;

/** The path of what is called `id` inside the block `block`; '' is the run itself. */
export const inside = (block: string, id: string): string => (block === '' ? id : `${block}/${id}`);

/** What a path is directly in: the list that it is an item of, or a block. Undefined for a task of the run. */
export function enclosing(path: string): string | undefined {
  if (path.endsWith(']')) return path.slice(0, path.lastIndexOf('['));
  const slash = path.lastIndexOf('/');
  return slash === -1 ? undefined : path.slice(0, slash);
}

/** Whether a path is inside one of `others`, at any depth. */
export function isInside(path: string, others: Pick<ReadonlySet<string>, 'has'>): boolean {
  for (let at = enclosing(path); at !== undefined; at = enclosing(at)) if (others.has(at)) return true;
  return false;
}

/** The block that a path is in, and what is the last of it; undefined for the run itself. */
export function outer(path: string): { readonly block: string; readonly id: string } | undefined {
  if (path === '') return undefined;
  const slash = path.lastIndexOf('/');
  return { block: slash === -1 ? '' : path.slice(0, slash), id: path.slice(slash + 1) };
}

/** The path of a block, and those of all blocks around it but the run. */
export function* blocksAround(path: string): Generator<string> {
  for (let at = path; at !== ''; at = outer(at)?.block ?? '') yield at;
}
