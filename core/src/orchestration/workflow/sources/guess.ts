import { compile } from '../../../definition/cel/program.ts';
import type { Expression } from '../../../definition/definition.ts';
import { celOf } from '../../../definition/template.ts';
import type { Json } from '../../../shared/json.ts';
import { inside } from '../../../shared/task-path.ts';
import { outward } from '../../task-chaining/input-binding.ts';
import { listAround, readerOf } from '../binding-source.ts';
import { definitionOf, listOf, passedAt, type RunState, siblingOf, type TaskState } from '../state.ts';
import type { Reference } from './source.ts';

/** Where a value, or some of its parts, may be from. Only what turns out to be the very value there is recorded so. */
export type Guess =
  | Reference
  | { readonly fields: ReadonlyMap<string, Guess> }
  | { readonly list: readonly Guess[] }
  | undefined;

/** Where the input of a task may be from: the same cases as those of `inputOf`. */
export function guessInput(state: RunState, task: TaskState): Guess {
  if (task.undoes !== undefined) return guessUndoing(state, task);
  const node = state.graph.node(task.definitionId);
  if (node === undefined) return undefined;
  const { definition, fallbackFor, clause, block } = node;
  if (definition.input !== undefined) return guessExpression(state, task, definition.input);
  if (fallbackFor !== undefined) return fieldsOf([['input', inputOf(siblingOf(state, task, fallbackFor))]]);
  const { after } = definition;
  if (clause !== undefined && after.length === 0) return fieldsOf([['input', handedTo(state, task.scope)]]);
  if (task.index !== undefined) return itemAt(listOf(state, task), task.index);
  const [first] = after;
  if (first === undefined) return block === '' ? RUN_INPUT : handedTo(state, task.scope);
  if (after.length === 1) return outputAt(state, inside(task.scope, first));
  return fieldsOf(after.map((id) => [id, outputAt(state, inside(task.scope, id))]));
}

/** Where what an expression of a task gives may be from: it picks a place, or is a template in which some do. */
export function guessExpression(state: RunState, task: TaskState, expression: Expression, output?: Reference): Guess {
  const pick = (source: string): Guess => guessPath(state, task, source, output);
  if (expression.kind === 'cel') return pick(expression.source);
  return expression.kind === 'template' ? guessTemplate(expression.template, pick) : undefined;
}

function guessTemplate(template: Json, pick: (source: string) => Guess): Guess {
  if (typeof template === 'string') {
    const source = celOf(template);
    return source === undefined ? undefined : pick(source);
  }
  if (template === null || typeof template !== 'object') return undefined;
  if (Array.isArray(template)) return { list: template.map((member: Json) => guessTemplate(member, pick)) };
  return fieldsOf(Object.entries(template).map(([key, member]) => [key, guessTemplate(member, pick)]));
}

function guessPath(state: RunState, task: TaskState, source: string, output: Reference | undefined): Guess {
  const { path } = compile(source);
  if (path === undefined) return undefined;
  const [first, ...others] = path.keys;
  switch (path.variable) {
    case 'input':
      return within(RUN_INPUT, path.keys);
    case 'output':
      return within(output, path.keys);
    case 'block':
      return first === 'input' && task.scope !== '' ? within(handedTo(state, task.scope), others) : undefined;
    case 'item': {
      const around = listAround(state, task);
      return within(itemAt(around?.list, around?.index ?? 0), path.keys);
    }
    case 'outputs': {
      const { block, id } = readerOf(state, task);
      const found = state.graph.find(block, id, String(first));
      if (found === undefined) return undefined;
      return within(outputAt(state, inside(outward(task.scope, found.levels), String(first))), others);
    }
    default:
      return undefined;
  }
}

/** What undoes a task is handed `{ input, output, outcome }` of it; an expression of its own sees what the task saw, and its output. */
function guessUndoing(state: RunState, task: TaskState): Guess {
  const { undoes } = task;
  if (undoes === undefined) return undefined;
  const part = (key: 'input' | 'output'): Reference => ({
    revision: undoes.revision,
    of: 'undone',
    task: task.id,
    path: [key],
  });
  const expression = definitionOf(state, task)?.input;
  if (expression === undefined)
    return fieldsOf([
      ['input', part('input')],
      ['output', part('output')],
    ]);
  return guessExpression(state, state.tasks.get(undoes.taskId) ?? task, expression, part('output'));
}

const RUN_INPUT: Reference = { revision: 0, of: 'input', task: '' };

const fieldsOf = (entries: readonly (readonly [string, Guess])[]): Guess => ({ fields: new Map(entries) });

const within = (from: Reference | undefined, keys: readonly (string | number)[]): Reference | undefined =>
  from === undefined || keys.length === 0 ? from : { ...from, path: [...(from.path ?? []), ...keys] };

/** What the block at `scope` was handed; of the run, its input. */
const handedTo = (state: RunState, scope: string): Reference | undefined =>
  scope === '' ? RUN_INPUT : inputOf(state.tasks.get(scope));

const inputOf = (task: TaskState | undefined): Reference | undefined =>
  task?.boundAt === undefined ? undefined : { revision: task.boundAt, of: 'input', task: task.id };

const itemAt = (list: TaskState | undefined, index: number): Reference | undefined =>
  list?.boundAt === undefined ? undefined : { revision: list.boundAt, of: 'items', task: list.id, path: [index] };

function outputAt(state: RunState, path: string): Reference | undefined {
  const task = state.tasks.get(path);
  const revision = task === undefined ? undefined : passedAt(task);
  return revision === undefined ? undefined : { revision, of: 'output', task: path };
}
