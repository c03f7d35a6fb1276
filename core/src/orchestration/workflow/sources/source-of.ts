import type { Json } from '../../../shared/json.ts';
import { isLargerThan } from '../../../shared/json-size.ts';
import type { RunState } from '../state.ts';
import type { Guess } from './guess.ts';
import { resolve } from './resolve.ts';
import type { Source } from './source.ts';

/** What is no larger is recorded as it is: a reference would be no smaller, and harder to read. */
export const INLINE_CHARS = 256;

/** Since rules 3. */
const mayRefer = (state: RunState): boolean => state.rules > 2;

/**
 * Where a value is from, for the event that hands it on; undefined when it is to be recorded as it is: it is small, or was computed.
 * `guess` is asked only about a large one, and believed only where the very object is found: so what a task may not see (a join), what a
 * round has overwritten and what an expression has changed is recorded.
 */
export function sourceOf(
  state: RunState,
  value: Json,
  guess: () => Guess,
  inlineChars: number = INLINE_CHARS,
): Source | undefined {
  if (!mayRefer(state) || !isLargerThan(value, inlineChars)) return undefined;
  const source = confirmed(state, value, guess(), inlineChars);
  return 'value' in source ? undefined : source;
}

function confirmed(state: RunState, value: Json, guess: Guess, inlineChars: number): Source {
  if (guess === undefined || !isLargerThan(value, inlineChars)) return { value };
  if ('of' in guess) return resolve(state, guess) === value ? guess : { value };
  if (typeof value !== 'object' || value === null) return { value };
  if ('list' in guess) {
    if (!Array.isArray(value)) return { value };
    const list = value.map((member: Json, index) => confirmed(state, member, guess.list[index], inlineChars));
    return list.every((one) => 'value' in one) ? { value } : { list };
  }
  if (Array.isArray(value)) return { value };
  const fields = Object.entries(value).map(
    ([key, member]) => [key, confirmed(state, member, guess.fields.get(key), inlineChars)] as const,
  );
  return fields.every(([, one]) => 'value' in one) ? { value } : { fields: Object.fromEntries(fields) };
}
