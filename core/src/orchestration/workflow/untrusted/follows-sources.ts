import type { Json } from '../../../shared/json.ts';
import { jsonSize } from '../../../shared/json-size.ts';
import { resolve } from '../sources/resolve.ts';
import { isReference, type Reference, type Source } from '../sources/source.ts';
import type { RunState, TaskState } from '../state.ts';
import { flaw } from './flaws.ts';
import type { Flaw } from './shape.ts';

/** A value that is built of references may have so many characters: a short event could ask for any number of copies of a large one. */
const MAX_BUILT_CHARS = 16 * 1024 * 1024;

interface Recorded {
  readonly input?: Json;
  readonly source?: Source;
}

/** A task is handed a value, or what stands in the history; in a later attempt it may have neither. */
export function inputFlaw(state: RunState, task: TaskState, event: Recorded): Flaw | undefined {
  if (event.source === undefined)
    return event.input === undefined && task.input === undefined ? flaw('data.input', 'is missing') : undefined;
  if (event.input !== undefined) return flaw('data.source', 'cannot stand beside an input');
  return sourceFlaw(state, event.source);
}

/** Every reference must be to what is there: of an event before this one, and not of another round. */
export function sourceFlaw(state: RunState, source: Source, field = 'data.source'): Flaw | undefined {
  const missing = firstMissing(state, source, field);
  if (missing !== undefined) return missing;
  if (isReference(source) || 'value' in source) return undefined;
  const size = jsonSize(resolve(state, source) ?? null, MAX_BUILT_CHARS);
  return size > MAX_BUILT_CHARS ? flaw(field, `gives more than ${MAX_BUILT_CHARS} characters of JSON`) : undefined;
}

function firstMissing(state: RunState, source: Source, field: string): Flaw | undefined {
  if ('value' in source) return undefined;
  if ('of' in source) return resolve(state, source) === undefined ? flaw(field, nothingThere(source)) : undefined;
  const parts = 'list' in source ? source.list.entries() : Object.entries(source.fields);
  const [name, separator] = 'list' in source ? ['list', ''] : ['fields', '.'];
  for (const [key, part] of parts) {
    const at = separator === '' ? `[${key}]` : `.${key}`;
    const missing = firstMissing(state, part, `${field}.${name}${at}`);
    if (missing !== undefined) return missing;
  }
  return undefined;
}

const nothingThere = ({ revision, of, task, path = [] }: Reference): string =>
  `is ${path.length === 0 ? '' : `a place (${JSON.stringify(path).slice(0, 200)}) in `}the ${of} of ${task === '' ? 'the run' : `'${task}'`} at revision ${revision}, which is not there`;
