import { type DefinitionChange, definitionChanges } from '../../definition/changes.ts';
import type { WorkflowDefinition } from '../../definition/definition.ts';
import { bindDefinition } from '../../definition/recorded.ts';
import { isInside, taskPaths } from '../../shared/task-path.ts';
import type { RunEvent } from './events.ts';
import { evolve } from './evolve.ts';
import type { RunView } from './run-view.ts';
import { hasEnded, initialState, isTerminal, type RunState } from './state.ts';
import { viewOf } from './view-of.ts';

/** A change of the workflow, as it is for one run. */
export interface RunChange extends DefinitionChange {
  /**
   * How far the run has come with what was changed. `done`: it has ended, in the last round at least. `under-way`: it has begun. `ahead`: not yet.
   */
  readonly standing: 'done' | 'under-way' | 'ahead';
  /** Whether the run goes on with it at the next start. Only another function is taken up: everything else stays as it was recorded. */
  readonly taken: boolean;
}

/** What becomes of an open run when a process with these workflows drives it. */
export interface RunCompat {
  readonly runId: string;
  readonly workflow: string;
  readonly version: string;
  readonly definitionHash: string;
  /** `goes-on`: as it was recorded, with the functions of today. `held`: it needs functions that are nowhere. `ended`: nothing becomes of it. */
  readonly next: 'goes-on' | 'held' | 'ended';
  /** Whether there is a definition of this name and version, and it is the recorded one. */
  readonly definition: 'same' | 'changed' | 'none';
  /** Places whose function is nowhere: "task 'audit': input". */
  readonly missing: readonly string[];
  readonly changes: readonly RunChange[];
  /** Whether something was changed that the run has done, or is doing. */
  readonly touched: boolean;
  /**
   * How a fork gets the definition of today: `at` is the last revision before the first event about anything that was changed; undefined for the last of
   * all. Undefined when it would get nothing else, or there is no such definition.
   */
  readonly fork: { readonly at: number | undefined } | undefined;
}

/** A workflow as `build()` and `parseWorkflow()` give it. */
export interface CompatWorkflow {
  readonly definition: WorkflowDefinition;
  readonly hash: string;
}

type Standings = ReadonlyMap<string, 'done' | 'under-way'>;

/** Folds a run, and says whether it can go on with workflows that may have changed since it started. */
export class CompatCheck {
  readonly #state: RunState = initialState();
  /** By the path in the definition: the first event about it. */
  readonly #first = new Map<string, number>();

  fold(event: RunEvent): void {
    const { revision } = evolve(this.#state, event);
    if ('taskId' in event && event.taskId !== undefined && event.type !== 'RunFailed')
      this.#note(event.taskId, revision);
    if (event.type === 'ScopeCaught') this.#note(event.scope, revision);
  }

  /** The run as folded so far. */
  get state(): RunView {
    return viewOf(this.#state);
  }

  /** `workflows`: those that are registered then; of two of one name and version, the last. */
  result(workflows: readonly CompatWorkflow[]): RunCompat {
    const { runId, definition: recorded, definitionHash, status } = this.#state;
    const registered = workflows.findLast(
      ({ definition: { name, version } }) => name === recorded.name && version === recorded.version,
    );
    const head = { runId, workflow: recorded.name, version: recorded.version, definitionHash };
    if (registered?.hash === definitionHash)
      return this.#verdict({ ...head, definition: 'same', missing: [], changes: [], touched: false, fork: undefined });
    const { missing } = bindDefinition(recorded, registered?.definition);
    const standings = this.#standings();
    const changes = definitionChanges(recorded, registered?.definition).map((change) => {
      const standing = this.#standing(change, standings);
      return { ...change, standing, taken: change.kind === 'function' };
    });
    const touched = changes.some(({ standing }) => standing !== 'ahead');
    const fork = registered === undefined || isTerminal(status) ? undefined : { at: this.#before(changes) };
    const definition = registered === undefined ? 'none' : 'changed';
    return this.#verdict({ ...head, definition, missing, changes, touched, fork });
  }

  #verdict(found: Omit<RunCompat, 'next'>): RunCompat {
    const next = isTerminal(this.#state.status) ? 'ended' : found.missing.length > 0 ? 'held' : 'goes-on';
    return { ...found, next };
  }

  #note(path: string, revision: number): void {
    const task = taskPaths(this.#state.rules).definition(path);
    if (!this.#first.has(task)) this.#first.set(task, revision);
  }

  #standing({ task, part, kind }: DefinitionChange, tasks: Standings): RunChange['standing'] {
    if (isTerminal(this.#state.status)) return 'done';
    // Its limits and its output are asked for as it goes on.
    const isAhead = kind === 'added' || !this.#first.has(task) || (task === '' && !part.startsWith('catch'));
    if (isAhead) return 'ahead';
    // What was in a block that has ended, or is in its next round, has gone with it.
    return tasks.get(task) ?? (task === '' || isInside(task, underWay(tasks)) ? 'under-way' : 'done');
  }

  /** How those stand that have begun; of many (items, say) that have, `under-way` while one is. */
  #standings(): Standings {
    const paths = taskPaths(this.#state.rules);
    const standings = new Map<string, 'done' | 'under-way'>();
    for (const task of this.#state.tasks.values()) {
      if (task.status === 'pending') continue;
      const path = paths.definition(task.id);
      if (!hasEnded(task)) standings.set(path, 'under-way');
      else if (!standings.has(path)) standings.set(path, 'done');
    }
    return standings;
  }

  /** The last revision at which nothing that was changed had begun. */
  #before(changes: readonly RunChange[]): number | undefined {
    const first = changes.flatMap(({ task, standing }) => (standing === 'ahead' ? [] : [this.#first.get(task)]));
    const known = first.filter((revision) => revision !== undefined);
    return known.length === 0 ? undefined : Math.max(0, Math.min(...known) - 1);
  }
}

/** What is under way, for those inside of it that are not there now. */
const underWay = (tasks: Standings): Pick<ReadonlySet<string>, 'has'> => ({
  has: (path) => tasks.get(path) === 'under-way',
});

/** What becomes of an open run with these workflows, from its history. */
export function compatOf(events: Iterable<RunEvent>, workflows: readonly CompatWorkflow[]): RunCompat {
  const check = new CompatCheck();
  for (const event of events) check.fold(event);
  return check.result(workflows);
}
