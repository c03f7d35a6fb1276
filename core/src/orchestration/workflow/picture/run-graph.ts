import type { WorkflowDefinition } from '../../../definition/definition.ts';
import { workOf } from '../../../definition/mermaid-labels.ts';
import { hashDefinition, recordDefinition } from '../../../definition/recorded.ts';
import { evolve } from '../evolve.ts';
import { CURRENT_RULES } from '../rules.ts';
import type { RunView } from '../run-view.ts';
import { initialState } from '../state.ts';
import { stateOf, viewOf } from '../view-of.ts';
import { type DrawnEdge, edgesOf } from './drawn-edges.ts';
import { drawnTasks, flat, isFrame } from './drawn-tasks.ts';
import { type Look, TaskTexts } from './task-text.ts';

/** A task in the graph of a run: one of the definition, or one that was added. Items of a list are in the list's `items`. */
export interface RunGraphNode {
  /** Its path in the run. */
  readonly id: string;
  /** The block that it is in; '' is the run. */
  readonly block: string;
  /** Whether other nodes are in it. */
  readonly frame: boolean;
  /** Its status; `pending` for what has not come to be, `waiting` also for what waits for something outside, or for its turn. */
  readonly look: Look;
  /** What performs it, in a word or two: text of the workflow's author. */
  readonly work: string;
  readonly added: boolean;
  readonly attempt: number;
  readonly round: number;
  readonly child: string | undefined;
  readonly items: { readonly total: number; readonly ended: number; readonly active: number } | undefined;
}

/** An edge of a run's graph. */
export type RunGraphEdge = DrawnEdge;

export interface RunGraph {
  /** Each block before what is in it. */
  readonly nodes: readonly RunGraphNode[];
  /** Between nodes that are there. */
  readonly edges: readonly RunGraphEdge[];
}

/** The graph of a run as data, for whoever lays it out; `now` (ms since the Unix epoch): the time that waiting is told at, by default that of its last event. */
export function runGraph(run: RunView, { now = run.updatedAt }: { readonly now?: number } = {}): RunGraph {
  const state = stateOf(run);
  const texts = new TaskTexts(state, now);
  const drawn = [...flat(drawnTasks(state))];
  const ids = new Set(drawn.map(({ path }) => path));
  const nodes = drawn.map((one): RunGraphNode => {
    const { path, task, definition } = one;
    const view = task === undefined ? undefined : run.tasks.get(path);
    return {
      id: path,
      block: path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '',
      frame: isFrame(one),
      look: texts.look(one),
      work: task?.agent ?? workOf(definition),
      added: task !== undefined && state.graph.isAddedTo(task.scope, task.definitionId),
      attempt: task?.attempt ?? 0,
      round: task?.round ?? 1,
      child: view?.child,
      items: view?.items,
    };
  });
  const edges = drawn.flatMap((one) => [...edgesOf(state, one)]).filter(({ from, to }) => ids.has(from) && ids.has(to));
  return { nodes, edges };
}

/** The graph of a workflow: that of a run of it that has just begun. */
export function workflowGraph(workflow: WorkflowDefinition): RunGraph {
  const definition = recordDefinition(workflow);
  const started = {
    type: 'RunStarted',
    at: 0,
    runId: 'planned',
    commandId: 'planned',
    definition,
    definitionHash: hashDefinition(workflow),
    input: null,
    rules: CURRENT_RULES,
  } as const;
  const graph = runGraph(viewOf(evolve(initialState(), started)));
  return { ...graph, nodes: graph.nodes.map((node) => ({ ...node, look: 'pending' })) };
}
