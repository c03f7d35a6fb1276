import { RepriseError } from './errors.ts';

/** What whoever starts a run says of it, to find it again by. */
export type Labels = Readonly<Record<string, string>>;

export const LABEL_KEY_PATTERN = /^[A-Za-z0-9_.-]{1,64}$/;
export const MAX_LABELS = 32;
export const MAX_LABEL_CHARS = 256;

/** Why `value` is not one label, in words; undefined when it is. */
export function labelProblem(key: string, value: unknown): string | undefined {
  const named = JSON.stringify(key.slice(0, 80));
  if (!LABEL_KEY_PATTERN.test(key) || key === '__proto__')
    return `the key ${named} is not 1 to 64 letters, digits, ".", "_" or "-"`;
  if (typeof value !== 'string') return `the value of ${named} is not text`;
  if (value.length === 0 || value.length > MAX_LABEL_CHARS)
    return `the value of ${named} has ${value.length} characters, not 1 to ${MAX_LABEL_CHARS}`;
  return value.isWellFormed() ? undefined : `the value of ${named} has half a character in it (a lone surrogate)`;
}

/** A copy of labels that came from outside, undefined when there are none. Throws REPRISE_LABELS_INVALID. */
export function takeLabels(given: unknown): Labels | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalid('they are not an object of texts');
  const entries = Object.entries(given);
  if (entries.length > MAX_LABELS) throw invalid(`there are ${entries.length}, and at most ${MAX_LABELS} are taken`);
  for (const [key, value] of entries) {
    const problem = labelProblem(key, value);
    if (problem !== undefined) throw invalid(problem);
  }
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

const invalid = (problem: string): RepriseError =>
  new RepriseError('REPRISE_LABELS_INVALID', `The labels cannot be taken: ${problem}.`);
