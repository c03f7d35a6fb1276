import { canonicalJson, type Json } from '@reprise/core';
import { isObject, memberOf, withMember, withoutMember } from './json-members.ts';

/** What stands at a place: the place itself is said by a JSON Pointer (RFC 6901). */
type Change = (at: Json | undefined, path: string) => Json | undefined;

/** Applies a JSON Patch (RFC 6902), or throws an Error that says which operation cannot be done and why. The value stays as it is. */
export function jsonPatch(value: Json, patch: readonly Json[]): Json {
  let result: Json | undefined = value;
  for (const [index, operation] of patch.entries()) {
    try {
      result = applied(result, operation);
    } catch (error) {
      throw new Error(`operation ${index + 1}: ${(error as Error).message}`, { cause: error });
    }
  }
  if (result === undefined) throw new Error('nothing is left: the whole was removed');
  return result;
}

function applied(value: Json | undefined, operation: Json): Json | undefined {
  if (!isObject(operation)) throw new Error('it is no object { "op", "path", … }');
  const { op } = operation;
  const path = pointer(operation['path'], 'path');
  switch (op) {
    case 'add':
      return added(value, path, given(operation['value']));
    case 'replace': {
      const put = given(operation['value']);
      return changed(value, path, (at, where) => {
        there(at, where);
        return put;
      });
    }
    case 'remove':
      return changed(value, path, (at, where) => void there(at, where));
    case 'copy':
      return added(value, path, found(value, pointer(operation['from'], 'from')));
    case 'move': {
      const from = pointer(operation['from'], 'from');
      if (path.length > from.length && from.every((part, index) => part === path[index]))
        throw new Error('what is moved cannot go into itself');
      return added(
        changed(value, from, (at, where) => void there(at, where)),
        path,
        found(value, from),
      );
    }
    case 'test': {
      const at = found(value, path);
      if (canonicalJson(at) === canonicalJson(given(operation['value']))) return value;
      throw new Error(`what is at '${text(path)}' is not what it is tested for`);
    }
    default:
      throw new Error(`there is no op ${JSON.stringify(op ?? null)} (add, remove, replace, move, copy, test)`);
  }
}

function given(value: Json | undefined): Json {
  if (value === undefined) throw new Error('it has no "value"');
  return value;
}

function there(value: Json | undefined, path: string): Json {
  if (value === undefined) throw new Error(`there is nothing at '${path}'`);
  return value;
}

function pointer(value: Json | undefined, name: string): readonly string[] {
  if (typeof value !== 'string' || (value !== '' && !value.startsWith('/')))
    throw new Error(`its "${name}" is no JSON Pointer, such as "/items/0"`);
  return value
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

const text = (path: readonly string[]): string =>
  path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

function found(value: Json | undefined, path: readonly string[]): Json {
  let at: Json | undefined = value;
  for (const part of path) {
    if (Array.isArray(at)) at = at[placeIn(at, part, at.length - 1)] as Json;
    else at = isObject(at) ? memberOf(at, part) : undefined;
  }
  return there(at, text(path));
}

/** A place of a list. Throws for what is none. */
function placeIn(list: readonly Json[], part: string, most: number): number {
  if (/^(0|[1-9]\d*)$/.test(part) && Number(part) <= most) return Number(part);
  throw new Error(`a list of ${list.length} has no place '${part}'`);
}

/** Of a list it is put before what is there, and `-` is behind all; of an object it takes the place of what is there. */
function added(value: Json | undefined, path: readonly string[], put: Json): Json | undefined {
  const last = path.at(-1);
  if (last === undefined) return put;
  return changed(value, path.slice(0, -1), (parent, where) => {
    if (Array.isArray(parent)) {
      const at = last === '-' ? parent.length : placeIn(parent, last, parent.length);
      return parent.toSpliced(at, 0, put);
    }
    if (!isObject(parent)) throw new Error(`'${where}' is no object and no list, so nothing can be put into it`);
    return withMember(parent, last, put);
  });
}

/** The value with what is at the path as `change` says; undefined takes it away. */
function changed(value: Json | undefined, path: readonly string[], change: Change, before = ''): Json | undefined {
  const [part, ...rest] = path;
  if (part === undefined) return change(value, before);
  const where = `${before}${text([part])}`;
  if (Array.isArray(value)) {
    const at = placeIn(value, part, value.length - 1);
    const next = changed(value[at], rest, change, where);
    return next === undefined ? value.toSpliced(at, 1) : value.with(at, next);
  }
  if (!isObject(value)) throw new Error(`there is nothing at '${where}'`);
  const next = changed(memberOf(value, part), rest, change, where);
  return next === undefined ? withoutMember(value, part) : withMember(value, part, next);
}
