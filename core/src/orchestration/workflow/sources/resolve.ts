import type { Json } from '../../../shared/json.ts';
import { hasPassed, passedAt, type RunState } from '../state.ts';
import type { Reference, Source } from './source.ts';
import { walk } from './walk.ts';

/** The value that a source means in this state; parts of it are the very objects of the state. Undefined: there is no such value. Never throws. */
export function resolve(state: RunState, source: Source): Json | undefined {
  if ('value' in source) return source.value;
  if ('of' in source) return walk(holderOf(state, source), source.path);
  if ('list' in source) {
    const list: Json[] = [];
    for (const one of source.list) {
      const value = resolve(state, one);
      if (value === undefined) return undefined;
      list.push(value);
    }
    return list;
  }
  const fields: [string, Json][] = [];
  for (const [key, one] of Object.entries(source.fields)) {
    const value = resolve(state, one);
    if (value === undefined) return undefined;
    fields.push([key, value]);
  }
  return Object.fromEntries(fields);
}

/** What the event at the revision gave, when it is still what the state has. */
function holderOf(state: RunState, { revision, of, task: id }: Reference): Json | undefined {
  if (id === '') return of === 'input' && revision === 0 ? state.input : undefined;
  const task = state.tasks.get(id);
  if (task === undefined) return undefined;
  switch (of) {
    case 'input':
      return task.boundAt === revision ? task.input : undefined;
    case 'output':
      return passedAt(task) === revision && hasPassed(task) ? task.output : undefined;
    case 'items':
      return task.boundAt === revision ? task.items?.values : undefined;
    case 'undone': {
      const { undoes } = task;
      return undoes?.revision === revision ? { input: undoes.input, output: undoes.output } : undefined;
    }
    default:
      of satisfies never;
      return undefined;
  }
}
