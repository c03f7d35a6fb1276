import type { Json } from '@reprise/core';
import { usageError } from '../errors/usage-error.ts';
import { isObject, memberOf, withMember } from './json-members.ts';
import { parse } from './parse-given.ts';

/** `customer.name=Ada`: the path of a member, and what it is to be. No JSON begins so. */
const PAIR = /^([\p{L}_$][\p{L}\p{N}_$-]*(?:\.[\p{L}\p{N}_$-]+)*)=(.*)$/su;

export const isPair = (given: string): boolean => PAIR.test(given);

/**
 * The value with the member of a `KEY=VALUE`; a key with dots is a path through objects, which are made where there are none. What is JSON is that
 * (5, true, null, "5", [1]), anything else is text. Throws REPRISE_USAGE.
 */
export function withPair(base: Json, given: string, flag: string): Json {
  const [, key = '', said = ''] = PAIR.exec(given) ?? [];
  return put(base, key.split('.'), valueIn(said, key, flag), given, flag);
}

function put(
  base: Json | undefined,
  [key = '', ...rest]: readonly string[],
  value: Json,
  given: string,
  flag: string,
): Json {
  if (base !== undefined && !isObject(base))
    throw usageError(`${flag} ${given}: '${key}' can only be a member of an object, and what is there is none.`);
  const object = base ?? {};
  return withMember(object, key, rest.length === 0 ? value : put(memberOf(object, key), rest, value, given, flag));
}

function valueIn(said: string, key: string, flag: string): Json {
  if (!isMeantAsJson(said)) return said;
  return parse('value', said, `${flag} ${key}=`);
}

/** What begins like a list, an object or a text in quotes is meant as one, and wrong when it is none. */
function isMeantAsJson(said: string): boolean {
  if (/^\s*[[{"]/.test(said)) return true;
  try {
    JSON.parse(said);
    return true;
  } catch {
    return false;
  }
}
