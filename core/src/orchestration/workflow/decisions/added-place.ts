import type { TaskDefinition } from '../../../definition/definition.ts';
import { GrownGraph } from '../../../definition/grown-graph.ts';
import type { BlockAround, ThereTask } from '../../../definition/validation/validate-addition.ts';
import { blocksAround, inside, outer } from '../../../shared/task-path.ts';
import { dependenciesOf, type RunState, rootOf, type ScopeState, type TaskState } from '../state.ts';
import { isThroughWith } from '../team/team.ts';
import { problem, type Refusal } from './refusal.ts';

// Where tasks are added: the block, the blocks around it, and the names in them.

const nameOf = (path: string): string => (path === '' ? 'the run' : `'${path}'`);

/** The block must be under way, and go on: nothing in it or around it has failed, ended it, or waits for what is outstanding. */
export function blockProblem(
  state: RunState,
  path: string,
  scope: ScopeState | undefined,
  what = 'Nothing can be added to',
): Refusal | undefined {
  const closed = closedProblem(state, path, scope, what);
  if (closed !== undefined || scope === undefined) return closed;
  return scope.round === 0 || isThroughWith(scope) ? notOpen(what, path, 'nothing in it is open') : undefined;
}

const notOpen = (what: string, path: string, why: string): Refusal =>
  problem('REPRISE_BLOCK_CLOSED', `${what} ${nameOf(path)}: ${why}.`);

/** The same of a block in which nothing may be left to do. */
export function closedProblem(
  state: RunState,
  path: string,
  scope: ScopeState | undefined,
  what: string,
): Refusal | undefined {
  const closed = (why: string) => notOpen(what, path, why);
  if (scope === undefined) return closed('it is no block that is under way');
  if (state.closing !== undefined) return closed('the run is closing');
  for (const at of blocksAround(path)) {
    if (state.tasks.get(at)?.closing !== undefined) return closed(`'${at}' is closing`);
    if (isOver(state.scopes.get(at))) return closed(`'${at}' is about to end`);
  }
  return isOver(rootOf(state)) ? closed('the run is about to end') : undefined;
}

const isOver = (scope: ScopeState | undefined): boolean =>
  scope !== undefined &&
  (scope.failure !== undefined || scope.ending !== undefined || scope.team?.ruling !== undefined);

/** Ids are not used in the block, around it, or (those of the block itself) inside it: an expression means one task by a name. */
export function takenProblem(
  state: RunState,
  scope: ScopeState,
  tasks: readonly TaskDefinition[],
  ids: readonly string[],
): Refusal | undefined {
  const taken = (id: string, where: string) =>
    problem('REPRISE_TASK_EXISTS', `There is a task '${id}' ${where} already; give the new one another id.`);
  for (const at of outwards(state, scope)) {
    for (const id of ids) if (hasNode(state, at, id)) return taken(id, `in ${nameOf(at.path)}`);
  }
  const { graph } = state;
  const within = graph.idsInside(graph.placeIn(scope.path, scope.definitionId));
  for (const { id } of tasks) {
    const isInside = within.has(id) || (graph instanceof GrownGraph && graph.hasInside(scope.path, id));
    if (isInside) return taken(id, `in a block inside ${nameOf(scope.path)}`);
  }
  return undefined;
}

const hasNode = (state: RunState, { path, definitionId }: ScopeState, id: string): boolean =>
  state.tasks.has(inside(path, id)) || state.graph.node(inside(definitionId, id)) !== undefined;

/** The block and those around it, the run last. */
function* outwards(state: RunState, scope: ScopeState): Generator<ScopeState> {
  for (let at: ScopeState | undefined = scope; at !== undefined; ) {
    yield at;
    const around = outer(at.path);
    at = around === undefined ? undefined : state.scopes.get(around.block);
  }
}

/** A task of a block that others of its part may come after: no item, nothing that undoes another, and no stand-in. */
export function partnerIn(
  state: RunState,
  scope: ScopeState,
  id: string,
): (ThereTask & { task: TaskState }) | undefined {
  const task = state.tasks.get(inside(scope.path, id));
  const node = task === undefined ? undefined : state.graph.node(task.definitionId);
  if (task === undefined || node === undefined || task.index !== undefined) return undefined;
  if (task.undoes !== undefined || node.fallbackFor !== undefined) return undefined;
  return { task, definition: node.definition, clause: node.clause };
}

/** Steps through the graph that one addition may take, which nobody's tasks need. */
const MAX_STEPS = 5_000_000;

export class StepsUsedUp extends Error {}

/** The blocks around an addition, for validation: what it asks about order is found by walks that end with what they look for. */
export class Walks {
  readonly around: readonly BlockAround[];
  readonly #state: RunState;
  #steps = 0;

  constructor(state: RunState, scope: ScopeState) {
    this.#state = state;
    this.around = [...outwards(state, scope)].map((at) => this.#blockAround(at)).toReversed();
  }

  #blockAround(scope: ScopeState): BlockAround {
    const state = this.#state;
    const owner = state.tasks.get(scope.path);
    const node = owner === undefined ? undefined : state.graph.node(owner.definitionId);
    const around = owner === undefined ? undefined : state.scopes.get(owner.scope);
    return {
      ...(node !== undefined &&
        around !== undefined && {
          owner: { definition: node.definition, clause: node.clause, repeats: node.repeatedBy !== undefined },
        }),
      hasRounds: state.graph.block(scope.definitionId)?.hasRounds === true || scope.team !== undefined,
      clause: scope.handling?.clause,
      task: (id) => partnerIn(state, scope, id),
      before: (id, ids) => this.#before(scope, id, ids),
    };
  }

  #before(scope: ScopeState, id: string, ids: ReadonlySet<string>): readonly string[] {
    const state = this.#state;
    const goals = new Set([...ids].filter((other) => other !== id && partnerIn(state, scope, other) !== undefined));
    const found: string[] = [];
    const seen = new Set<string>([id]);
    let level: readonly string[] = [id];
    while (level.length > 0 && goals.size > 0) {
      const further: string[] = [];
      for (const one of level) {
        const task = state.tasks.get(inside(scope.path, one));
        for (const other of task === undefined ? [] : dependenciesOf(state, task)) {
          this.#steps += 1;
          if (this.#steps > MAX_STEPS) throw new StepsUsedUp();
          if (seen.has(other)) continue;
          seen.add(other);
          further.push(other);
          if (goals.delete(other)) found.push(other);
        }
      }
      level = further;
    }
    return found;
  }
}
