import type { Expression, ForEach } from '../definition.ts';
import type { Path, Report } from '../problem.ts';
import type { FormReader } from './form-reader.ts';
import { type Fields, isFields, readChoice, readFields, readNumber } from './read.ts';

/** Items of a forEach in flight at once when nothing is said. */
export const DEFAULT_ITEM_CONCURRENCY = 16;

const FAILURES = ['fail', 'continue'] as const;
const RESTS = ['let', 'cancel'] as const;
const KEYS = ['items', 'concurrency', 'onItemFailure', 'need', 'until', 'rest'];

/** The list of a task. What is said of it stands inside `forEach`, or flat beside it; on a scope, flat `concurrency` is the scope's. */
export function readForEach(task: Fields, path: Path, report: Report, reader: FormReader): ForEach | undefined {
  const flat = task['scope'] === undefined ? ['concurrency', 'onItemFailure'] : ['onItemFailure'];
  const value = task['forEach'];
  if (value === undefined) {
    for (const key of flat) {
      if (task[key] !== undefined) report([...path, key], 'belongs to a forEach, and this task has none');
    }
    return undefined;
  }
  const at: Path = [...path, 'forEach'];
  // An expression of the builder is an object with its kind.
  const nested = isFields(value) && ('items' in value || !('kind' in value));
  const inside = nested ? (readFields(value, at, report, 'items', KEYS) ?? {}) : {};
  if (nested && inside['items'] === undefined) report(at, 'needs items, CEL that gives a list');
  const given = nested ? inside['items'] : value;
  const items = given === undefined ? undefined : reader.computed(given, nested ? [...at, 'items'] : at, report);
  const said = (key: string): { readonly value: unknown; readonly path: Path } => {
    if (inside[key] === undefined) return { value: flat.includes(key) ? task[key] : undefined, path: [...path, key] };
    if (flat.includes(key) && task[key] !== undefined)
      report([...path, key], 'is said in forEach, too; keep one of the two');
    return { value: inside[key], path: [...at, key] };
  };
  const concurrency = said('concurrency');
  const onItemFailure = said('onItemFailure');
  const need = readNeed(inside['need'], [...at, 'need'], report, reader);
  const until = inside['until'] === undefined ? undefined : reader.computed(inside['until'], [...at, 'until'], report);
  const rest = readChoice(inside['rest'], [...at, 'rest'], report, RESTS);
  if (items === undefined) return undefined;
  return {
    items,
    concurrency: readNumber(concurrency.value, concurrency.path, report) ?? DEFAULT_ITEM_CONCURRENCY,
    onItemFailure: readChoice(onItemFailure.value, onItemFailure.path, report, FAILURES) ?? 'fail',
    ...(need !== undefined && { need }),
    ...(until && { until }),
    ...(rest && { rest }),
  };
}

/** A number, or what gives one. */
const readNeed = (value: unknown, path: Path, report: Report, reader: FormReader): number | Expression | undefined =>
  value === undefined || typeof value === 'number' ? value : reader.computed(value, path, report);
