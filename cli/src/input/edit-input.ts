import type { Json } from '@reprise/core';
import { usageError } from '../errors/usage-error.ts';
import { isPair, withPair } from './input-pairs.ts';
import { isObject, mergePatch } from './json-members.ts';
import { jsonPatch } from './json-patch.ts';
import { readGiven } from './read-input.ts';

const FLAG = '--edit-input';

type Edit = (value: Json) => Json;

/** What each edit does to an input, one after the other. Throws REPRISE_USAGE for what is no edit, and, when it is done, for what cannot be done. */
export async function readEdits(given: readonly string[]): Promise<Edit> {
  const edits: Edit[] = [];
  for (const one of given) edits.push(await readEdit(one));
  return (value) => edits.reduce((edited, edit) => edit(edited), value);
}

async function readEdit(given: string): Promise<Edit> {
  if (isPair(given)) return (value) => withPair(value, given, FLAG);
  const patch = await readGiven('edit-input', given);
  if (Array.isArray(patch))
    return (value) => {
      try {
        return jsonPatch(value, patch as readonly Json[]);
      } catch (error) {
        throw usageError(`The JSON Patch of ${FLAG} cannot be applied to this input: ${(error as Error).message}.`, {
          cause: error,
        });
      }
    };
  if (isObject(patch)) return (value) => mergePatch(value, patch);
  throw usageError(
    `${FLAG} ${given}: it is neither a JSON Patch (a list), nor a JSON Merge Patch (an object), nor KEY=VALUE.`,
  );
}
