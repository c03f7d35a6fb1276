// What an event changed: two plain values, held against each other path by path.

export type Path = readonly (string | number)[];

export interface Change {
  readonly path: Path;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Deeper than that, values are compared as a whole. */
const DEEPEST = 12;

/**
 * Where two values differ, at most `most` places; `left` is how many more there are. What both share (the same object) costs nothing. What is added or removed is
 * one change, with all that is in it. Members that are undefined are not there.
 */
export function changesOf(
  before: unknown,
  after: unknown,
  most = 500,
): { readonly changes: readonly Change[]; readonly left: number } {
  const changes: Change[] = [];
  let left = 0;
  const add = (change: Change): void => {
    if (changes.length < most) changes.push(change);
    else left += 1;
  };
  const walk = (a: unknown, b: unknown, path: Path): void => {
    if (Object.is(a, b)) return;
    if (a === undefined) return add({ path, kind: 'added', after: b });
    if (b === undefined) return add({ path, kind: 'removed', before: a });
    if (!isInner(a) || !isInner(b) || Array.isArray(a) !== Array.isArray(b) || path.length >= DEEPEST) {
      if (!isInner(a) || !isInner(b) || (textOf(a) ?? 0) !== textOf(b))
        add({ path, kind: 'changed', before: a, after: b });
      return;
    }
    if (Array.isArray(a) && Array.isArray(b)) {
      for (let at = 0; at < Math.max(a.length, b.length); at += 1) walk(a[at], b[at], [...path, at]);
      return;
    }
    const [one, other] = [a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>];
    for (const name of Object.keys(other))
      walk(Object.hasOwn(one, name) ? one[name] : undefined, other[name], [...path, name]);
    for (const name of Object.keys(one)) if (!Object.hasOwn(other, name)) walk(one[name], undefined, [...path, name]);
  };
  walk(before, after, []);
  return { changes, left };
}

/** Undefined of what nests so deep that it has none: then it is taken for changed. */
function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

const isInner = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** The value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (!isInner(at) || !Object.hasOwn(at, step)) return undefined;
    at = (at as Readonly<Record<string | number, unknown>>)[step];
  }
  return at;
}

/** A path as one reads it: `tasks › book/pay › error › code`. */
export const pathText = (path: Path): string => path.map(String).join(' › ');

/** A value as text; of a large one its beginning, and how many characters there are. */
export interface Brief {
  readonly text: string;
  readonly chars: number;
  readonly whole: boolean;
}

const SHORT = 240;

export function briefly(value: unknown, most = SHORT): Brief {
  const text = textOf(value) ?? '(nested too deep to be shown)';
  return text.length <= most
    ? { text, chars: text.length, whole: true }
    : { text: text.slice(0, most), chars: text.length, whole: false };
}
