import type { Json, JsonObject } from '@reprise/core';

/** Characters of a text before the first that differs. */
const BEFORE = 20;

export interface Place {
  /** `.items[2].price`; '' is the whole. */
  readonly path: string;
  /** Undefined where there is nothing. */
  readonly a: Json | undefined;
  readonly b: Json | undefined;
}

/** The first place in which two JSON values differ, and what stands there. */
export function whereDiffers(a: Json | undefined, b: Json | undefined, path = ''): Place {
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let index = 0; index < Math.max(a.length, b.length); index += 1)
      if (!same(a[index], b[index])) return whereDiffers(a[index], b[index], `${path}[${index}]`);
  } else if (isObject(a) && isObject(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const [one, other] = [own(a, key), own(b, key)];
      if (!same(one, other)) return whereDiffers(one, other, path + member(key));
    }
  } else if (typeof a === 'string' && typeof b === 'string') {
    let at = 0;
    while (at < a.length && a[at] === b[at]) at += 1;
    const from = at - BEFORE;
    return from <= BEFORE ? { path, a, b } : { path, a: `…${a.slice(from)}`, b: `…${b.slice(from)}` };
  }
  return { path, a, b };
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, at) => same(one, b[at]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => same(own(a, key), own(b, key)));
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const own = (object: JsonObject, key: string): Json | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

const member = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);
