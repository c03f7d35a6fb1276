import type { Json } from '../../../shared/json.ts';
import { isLargerThan } from '../../../shared/json-size.ts';
import type { RunState, TaskState } from '../state.ts';
import type { RecordedPlace, Reference, SourceOf } from './source.ts';
import { INLINE_CHARS } from './source-of.ts';
import { walk } from './walk.ts';

/**
 * The events in which the input of a task stands, for the run that it starts: each has the value itself, so that whoever reads that run need
 * not fold this one. Undefined: it is small.
 */
export function recordedInput(
  state: RunState,
  task: TaskState,
  inlineChars: number = INLINE_CHARS,
): SourceOf<RecordedPlace> | undefined {
  const { input, boundAt } = task;
  if (input === undefined || boundAt === undefined || !isLargerThan(input, inlineChars)) return undefined;
  const source = placed(state, { revision: boundAt, of: 'input', task: task.id }, input);
  return isRecorded(source) ? source : undefined;
}

/** Whether a place is in it. */
function isRecorded(source: SourceOf<RecordedPlace>): boolean {
  if ('value' in source) return false;
  if ('runId' in source) return true;
  return ('list' in source ? source.list : Object.values(source.fields)).some(isRecorded);
}

/** `value`: what the source means. Parts that stand in no event as they are become values. */
function placed(state: RunState, source: SourceOf<Reference>, value: Json): SourceOf<RecordedPlace> {
  if ('value' in source) return source;
  if ('of' in source) return placeOf(state, source, value) ?? { value };
  const part = (key: string | number, one: SourceOf<Reference>) => placed(state, one, walk(value, [key]) ?? null);
  if ('list' in source) return { list: source.list.map((one, index) => part(index, one)) };
  return { fields: Object.fromEntries(Object.entries(source.fields).map(([key, one]) => [key, part(key, one)])) };
}

/** Follows references to the event that has the value itself. What a round has overwritten since is not found. */
function placeOf(state: RunState, reference: Reference, value: Json): SourceOf<RecordedPlace> | undefined {
  const { revision, of, task: id, path = [] } = reference;
  const { runId } = state;
  if (id === '') {
    if (revision !== 0) return undefined;
    return state.inputFrom === undefined
      ? { runId, revision, path: ['input', ...path] }
      : within(state.inputFrom, path);
  }
  const task = state.tasks.get(id);
  if (of === 'output')
    return task?.endRevision === revision && task.carriesOutput
      ? { runId, revision, path: ['output', ...path] }
      : undefined;
  if (of === 'undone' || task?.boundAt !== revision) return undefined;
  if (task.source !== undefined) return placed(state, within(task.source, path), value);
  // The items of a list may be spread over several events.
  return of === 'input' ? { runId, revision, path: ['input', ...path] } : undefined;
}

/** The part of a source that is at `path` in what it means. */
function within<Place extends { readonly path?: readonly (string | number)[] }>(
  source: SourceOf<Place>,
  path: readonly (string | number)[],
): SourceOf<Place> {
  const [key, ...others] = path;
  if (key === undefined) return source;
  if ('value' in source) return { value: walk(source.value, path) ?? null };
  if ('fields' in source || 'list' in source) {
    const part = 'list' in source ? source.list[Number(key)] : source.fields[key];
    return part === undefined ? { value: null } : within(part, others);
  }
  return { ...source, path: [...(source.path ?? []), ...path] };
}
