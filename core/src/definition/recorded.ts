import { sha256 } from '../shared/hash.ts';
import { canonicalJson, type JsonObject } from '../shared/json.ts';
import type { Expression, TaskDefinition, WorkflowDefinition } from './definition.ts';

/** The recorded form of a definition: plain JSON. Functions drop out, their digests stay. */
export function recordDefinition(definition: WorkflowDefinition): WorkflowDefinition & JsonObject {
  return JSON.parse(JSON.stringify(definition)) as WorkflowDefinition & JsonObject;
}

/** SHA-256 of the canonical JSON of the recorded form: the same whatever the order of keys. */
export const hashDefinition = (definition: WorkflowDefinition): string =>
  sha256(canonicalJson(recordDefinition(definition)));

export interface BoundDefinition {
  /** The recorded definition with the functions of the registered one. */
  readonly definition: WorkflowDefinition;
  /** Places whose function is nowhere: "task 'audit': input". */
  readonly missing: readonly string[];
  /** Places whose function is not the one that was recorded, by digest. */
  readonly changed: readonly string[];
}

/**
 * Gives the functions of a registered definition back to a recorded one, place by place (task id and slot). What the
 * recorded definition says otherwise stays as recorded. One without functions needs no registered definition.
 */
export function bindDefinition(
  recorded: WorkflowDefinition,
  registered: WorkflowDefinition | undefined,
): BoundDefinition {
  const missing: string[] = [];
  const changed: string[] = [];
  const bind = (place: string, expression: Expression, source: Expression | undefined): Expression => {
    if (expression.kind !== 'function') return expression;
    if (source?.kind !== 'function' || source.fn === undefined) {
      missing.push(place);
      return expression;
    }
    if (source.digest !== expression.digest) changed.push(place);
    return { ...expression, fn: source.fn };
  };
  const sources = new Map(registered?.tasks.map((task) => [task.id, task]));
  const tasks = recorded.tasks.map((task) => bindTask(task, sources.get(task.id), bind));
  const output = recorded.output && bind('output', recorded.output, registered?.output);
  return { definition: { ...recorded, tasks, ...(output && { output }) }, missing, changed };
}

type Bind = (place: string, expression: Expression, source: Expression | undefined) => Expression;

function bindTask(task: TaskDefinition, source: TaskDefinition | undefined, bind: Bind): TaskDefinition {
  const at = (slot: string): string => `task '${task.id}': ${slot}`;
  const { when, input, forEach, repeat } = task;
  return {
    ...task,
    ...(when && { when: bind(at('when'), when, source?.when) }),
    ...(input && { input: bind(at('input'), input, source?.input) }),
    ...(forEach && { forEach: { ...forEach, items: bind(at('forEach'), forEach.items, source?.forEach?.items) } }),
    ...(repeat && { repeat: { ...repeat, until: bind(at('repeat.until'), repeat.until, source?.repeat?.until) } }),
  };
}
