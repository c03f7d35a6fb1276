import type { TaskDefinition } from '../../../definition/definition.ts';
import { fallbacksOf } from '../../../definition/fallbacks.ts';
import { GrownGraph } from '../../../definition/grown-graph.ts';
import { inside } from '../../../shared/task-path.ts';
import type { RunState } from '../state.ts';
import type { Drawn } from './drawn-tasks.ts';

/** Why one task is drawn before another. `fell` and `fallback`: it stands in for it, or would. */
export type EdgeKind = 'after' | 'added' | 'taken' | 'fallback' | 'fell' | 'repeat' | 'undo' | 'caught';

/** From one task of the picture of a run to another, by their paths. */
export interface DrawnEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: EdgeKind;
  /** Text of the workflow's author or of an agent may be in it. */
  readonly label: string;
}

/** What a drawn task is connected with. The other one need not be drawn. */
export function* edgesOf(state: RunState, { path, definition, task }: Drawn): Generator<DrawnEdge> {
  const { graph } = state;
  const block = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
  const grown = graph instanceof GrownGraph ? graph : undefined;
  if (task?.undoes !== undefined) {
    yield { from: path.slice(0, path.lastIndexOf('@')), kind: 'undo', label: 'undone by', to: path };
    return;
  }
  const gone = new Set(grown?.takenFrom(path));
  for (const id of definition.after) {
    const from = inside(block, id);
    if (gone.has(id)) yield { from, kind: 'taken', label: 'taken away', to: path };
    else yield { from, kind: 'after', label: caseOf(definition, id), to: path };
  }
  for (const id of grown?.putBefore(path) ?? [])
    yield { from: inside(block, id), kind: 'added', label: 'added', to: path };
  const [last] = fallbacksOf(definition).slice(-1);
  if (last?.kind === 'task') {
    const to = inside(block, last.task);
    if (task?.fallback === 'task') yield { from: path, kind: 'fell', label: 'fell back to', to };
    else yield { from: path, kind: 'fallback', label: 'on failure', to };
  }
  const { repeat } = definition;
  if (repeat !== undefined) {
    const label = `round ${task?.round ?? 1} of ${repeat.max} at most`;
    yield { from: path, kind: 'repeat', label, to: inside(block, repeat.from) };
  }
  const handling = state.scopes.get(block)?.handling;
  const { clause } = graph.node(task?.definitionId ?? '') ?? {};
  if (handling !== undefined && handling.clause === clause && definition.after.length === 0)
    yield { from: handling.taskId, kind: 'caught', label: `caught: ${handling.error.code}`, to: path };
}

const caseOf = ({ cases }: TaskDefinition, from: string): string => {
  const name = cases !== undefined && Object.hasOwn(cases, from) ? cases[from] : undefined;
  return name === undefined ? '' : `case ${name}`;
};
