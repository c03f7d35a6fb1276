import { isRepriseError, type Json, loadDefinition } from '@reprise/core';
import { pairsOf } from '../pairs/shapes.ts';
import { WORDS } from '../pairs/words.ts';

// The words of the language, as the reader of workflows says them: where it is asked of something odd, it names what it knows there.

type Path = readonly (string | number)[];

const isObject = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** All values in a document, with their paths. */
function* valuesIn(value: Json, path: Path = []): Generator<readonly [Path, Json]> {
  yield [path, value];
  if (Array.isArray(value)) for (const [index, one] of value.entries()) yield* valuesIn(one, [...path, index]);
  else if (isObject(value)) for (const [key, one] of Object.entries(value)) yield* valuesIn(one, [...path, key]);
}

const replaced = (value: Json, [key, ...path]: Path, by: Json): Json => {
  if (key === undefined) return by;
  if (Array.isArray(value)) return value.map((one: Json, index) => (index === key ? replaced(one, path, by) : one));
  return isObject(value) ? { ...value, [key]: replaced(value[key] ?? null, path, by) } : value;
};

/** What an object is that is written there: the word that it is of, whatever a task or a mailbox is called. */
function placeOf(path: Path): string {
  const [owner, last] = path.filter((key) => typeof key === 'string').slice(-2);
  if (last === undefined) return owner ?? 'of the workflow';
  if (owner === 'mailboxes') return 'of a mailbox';
  return ['tasks', 'scope', 'do'].includes(owner ?? '') ? 'of a task' : last;
}

const keyWord = (path: Path, key: string): string => `${key}, ${placeOf(path)}`;
const choiceWord = (path: Path, choice: string): string =>
  `${path.findLast((key) => typeof key === 'string')}: ${choice}`;

/** As `details.problems` has it: `tasks.audit.after[0]`. */
interface Problem {
  readonly path: string;
  readonly message: string;
}

function problemsOf(document: Json): Problem[] {
  try {
    loadDefinition(document);
    return [];
  } catch (error) {
    if (isRepriseError(error, 'REPRISE_DEFINITION_INVALID')) return error.details?.['problems'] as unknown as Problem[];
    throw error;
  }
}

const UNKNOWN = '?';

/** The keys and the choices that the reader knows where something odd stands: it names them. */
function* namedIn({ path: place, message }: Problem): Generator<string> {
  const path = place.replace(/\[\d+\]/g, '').split('.');
  const keys = /\(known: (.*)\)$/.exec(message)?.[1]?.split(', ') ?? [];
  for (const key of keys) yield keyWord(path.slice(0, -1), key);
  const choices = /^must be ((?:(?:, | or )?"[\w-]+")+)/.exec(message)?.[1]?.matchAll(/"([\w-]+)"/g) ?? [];
  for (const [, choice = ''] of choices) yield choiceWord(path, choice);
}

/** All that is known in the objects of a document, and in what may stand under their keys. */
function* vocabularyOf(documents: readonly Json[]): Generator<string> {
  const asked = new Set<string>();
  for (const document of documents)
    for (const [path, value] of valuesIn(document)) {
      const kind = `${placeOf(path)} ${isObject(value) && Object.keys(value)}`;
      if (!isObject(value) || asked.has(kind)) continue;
      asked.add(kind);
      const problemsWith = (more: Json) => problemsOf(replaced(document, path, { ...value, ...(more as object) }));
      const problems = problemsWith({ [UNKNOWN]: UNKNOWN });
      const known = problems.flatMap(({ message }) => /\(known: (.*)\)$/.exec(message)?.[1]?.split(', ') ?? []);
      for (const key of known)
        for (const odd of [UNKNOWN, { [UNKNOWN]: UNKNOWN }, [{ [UNKNOWN]: UNKNOWN }]])
          problems.push(...problemsWith({ [key]: odd }));
      for (const problem of problems) yield* namedIn(problem);
    }
}

/** The words that an example has. */
export function* wordsIn(document: Json): Generator<string> {
  for (const [path, value] of valuesIn(document)) {
    if (isObject(value)) for (const key of Object.keys(value)) yield keyWord(path, key);
    if (typeof value === 'string') yield choiceWord(path, value);
  }
}

/** Every word of the language, each on a task, and those of the workflow. */
const WRITTEN = WORDS.flatMap((word) =>
  [...pairsOf(word)].filter(
    ({ shape, first, second }) =>
      (shape === 'same task' && first === second) || (shape === 'in the run' && first === WORDS[0]),
  ),
).map((pair) => pair.written as Json);

/** Each key with the object that it is in (`max, loop`), each choice with its key (`rest: let`). */
export const vocabulary = (): ReadonlySet<string> => new Set(vocabularyOf(WRITTEN));
