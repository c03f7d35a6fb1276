import { equalJson, type Json, type JsonObject } from '../../../shared/json.ts';

// What a strategy remembers of its team. It says all of it each time; what of it has changed is recorded, as operations of JSON Patch (RFC 6902) of which only
// `add`, `replace` and `remove` are used: a copy of the document into itself, twenty times, would be a million of it.

/** One change of a ledger; `path` is a JSON Pointer (RFC 6901). */
export type LedgerChange =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string };

/** The longest ledger, in characters of JSON, and how deep it may be nested. */
export const MAX_LEDGER_CHARS = 256 * 1024;
export const MAX_LEDGER_DEPTH = 32;

/** Changes of one decision; with more, the whole is recorded. */
const MAX_CHANGES = 1_000;

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What makes `to` of `from`. None: they are the same. */
export function ledgerChanges(from: JsonObject | undefined, to: JsonObject): readonly LedgerChange[] {
  const whole: readonly LedgerChange[] = [{ op: 'replace', path: '', value: to }];
  if (from === undefined) return whole;
  const changes: LedgerChange[] = [];
  compare(from, to, '', changes);
  if (changes.length > MAX_CHANGES || JSON.stringify(changes).length > JSON.stringify(to).length) return whole;
  return changes;
}

const token = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

function compare(from: Json, to: Json, path: string, changes: LedgerChange[]): void {
  if (from === to || changes.length > MAX_CHANGES) return;
  if (isObject(from) && isObject(to)) {
    for (const key of Object.keys(from))
      if (!Object.hasOwn(to, key)) changes.push({ op: 'remove', path: `${path}/${token(key)}` });
    for (const [key, value] of Object.entries(to)) {
      const was = Object.hasOwn(from, key) ? (from[key] ?? null) : undefined;
      // Mostly it is the same.
      if (was === value || (was !== undefined && equalJson(was, value))) continue;
      const at = `${path}/${token(key)}`;
      if (was === undefined) changes.push({ op: 'add', path: at, value });
      else compare(was, value, at, changes);
    }
    return;
  }
  if (Array.isArray(from) && Array.isArray(to)) {
    const common = Math.min(from.length, to.length);
    for (let index = 0; index < common; index += 1)
      compare(from[index] ?? null, to[index] ?? null, `${path}/${index}`, changes);
    for (let index = from.length - 1; index >= to.length; index -= 1)
      changes.push({ op: 'remove', path: `${path}/${index}` });
    for (let index = common; index < to.length; index += 1)
      changes.push({ op: 'add', path: `${path}/${index}`, value: to[index] ?? null });
    return;
  }
  if (!equalJson(from, to)) changes.push({ op: 'replace', path, value: to });
}

/** The ledger after the changes; undefined when they do not fit it. Shares with `ledger` what did not change. */
export function changedLedger(
  ledger: JsonObject | undefined,
  changes: readonly LedgerChange[],
): JsonObject | undefined {
  let root: Json = ledger ?? {};
  const copied = new Set<object>();
  for (const change of changes) {
    const next = applied(root, change, copied);
    if (next === undefined) return undefined;
    root = next;
  }
  return isObject(root) ? root : undefined;
}

type Writable = Record<string, Json> | Json[];

/** `copied`: objects that are nobody else's. */
function applied(root: Json, change: LedgerChange, copied: Set<object>): Json | undefined {
  if (change.path === '') return change.op === 'remove' ? undefined : change.value;
  if (!change.path.startsWith('/')) return undefined;
  const keys = change.path
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const own = (value: Json): Writable | undefined => {
    if (typeof value !== 'object' || value === null) return undefined;
    if (copied.has(value)) return value as Writable;
    const copy: Writable = Array.isArray(value) ? [...(value as readonly Json[])] : { ...(value as JsonObject) };
    copied.add(copy);
    return copy;
  };
  const top = own(root);
  let at = top;
  for (const key of keys.slice(0, -1)) {
    const inner: Json | undefined = memberOf(at, key);
    const next = inner === undefined ? undefined : own(inner);
    if (at === undefined || next === undefined) return undefined;
    put(at, key, next);
    at = next;
  }
  const key = keys.at(-1) ?? '';
  return at !== undefined && top !== undefined && changeMember(at, key, change) ? top : undefined;
}

const INDEX = /^(0|[1-9]\d{0,8})$/;

function memberOf(at: Writable | undefined, key: string): Json | undefined {
  if (at === undefined) return undefined;
  if (Array.isArray(at)) return INDEX.test(key) ? at[Number(key)] : undefined;
  return Object.hasOwn(at, key) ? at[key] : undefined;
}

/** As an own member, whatever its name. */
function put(at: Writable, key: string, value: Json): void {
  if (Array.isArray(at)) at[Number(key)] = value;
  else Object.defineProperty(at, key, { value, enumerable: true, writable: true, configurable: true });
}

function changeMember(at: Writable, key: string, change: LedgerChange): boolean {
  const isThere = memberOf(at, key) !== undefined;
  if (Array.isArray(at)) {
    if (!INDEX.test(key)) return false;
    const index = Number(key);
    if (change.op === 'add') {
      if (index > at.length) return false;
      at.splice(index, 0, change.value);
      return true;
    }
    if (!isThere) return false;
    if (change.op === 'remove') at.splice(index, 1);
    else at[index] = change.value;
    return true;
  }
  if (change.op !== 'add' && !isThere) return false;
  if (change.op === 'remove') delete at[key];
  else put(at, key, change.value);
  return true;
}

/** How many levels a value has. Stops a little beyond the limit. */
export function depthOf(value: Json, level = 0): number {
  if (typeof value !== 'object' || value === null || level > MAX_LEDGER_DEPTH) return level;
  let deepest = level + 1;
  for (const member of Object.values(value) as readonly Json[]) deepest = Math.max(deepest, depthOf(member, level + 1));
  return deepest;
}
