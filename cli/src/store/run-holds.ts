import {
  type AgentReference,
  type AnyWorkflow,
  bindDefinition,
  type ExplainFacts,
  type Explanation,
  explainRun,
  heldByAgents,
  heldByFunctions,
  type RunHold,
  type RunReader,
  type RunView,
  systemClock,
  type Takers,
} from '@reprise/core';
import { knownAgents, loadProject, type Project } from '../config/load-project.ts';
import type { Whereabouts } from './locate-store.ts';

/** What a project could carry a run out with. */
export interface Hands {
  readonly workflows: readonly AnyWorkflow[];
  /** Those of this process. */
  readonly agents: readonly AgentReference[];
  /**
   * Plugins bring agents that are known only once they are made, or a transport over which workers of other processes may take them: whether
   * somebody takes a task cannot be said then.
   */
  readonly more: boolean;
}

export const handsOf = (project: Project): Hands => ({
  workflows: project.workflows.map(({ workflow }) => workflow),
  // Without a transport that reaches them, nobody is elsewhere.
  agents: knownAgents(project).filter((agent) => !('remote' in agent)),
  more: project.plugins.some(({ kind }) => kind === 'agent' || kind === 'transport'),
});

/** Why an open run does not move: parked (on record), or held for want of an agent or a function in this project. */
export type Stuck = { readonly status: 'parked'; readonly message: string } | ({ readonly status: 'held' } & RunHold);

/** Why a run does not move; undefined for one that does, or has ended. Without a project, what it lacks cannot be said. */
export function stuckOf(state: RunView, hands: Hands | undefined): Stuck | undefined {
  if (state.status === 'parked') return { status: 'parked', message: state.parked?.message ?? 'no reason is recorded' };
  if (hands === undefined || state.status !== 'running') return undefined;
  const hold = heldByFunctions(state, missingIn(state, hands)) ?? heldByAgents(state, takersOf(hands));
  return hold === undefined ? undefined : { status: 'held', ...hold };
}

function missingIn({ definition }: RunView, { workflows }: Hands): readonly string[] {
  const { name, version } = definition;
  const own = workflows.findLast(
    (workflow) => workflow.definition.name === name && workflow.definition.version === version,
  );
  return bindDefinition(definition, own?.definition).missing;
}

export const takersOf = ({ agents, more }: Hands): Takers => ({
  has: (name) => more || agents.some((agent) => agent.name === name),
  hasCapability: (capability) => more || agents.some((agent) => agent.capabilities?.includes(capability) === true),
});

/** What a project knows of a run at `now`; without one, or with plugins that bring agents, it is not known who could take a task. */
export function factsOf(state: RunView, hands: Hands | undefined, now: number): ExplainFacts {
  if (hands === undefined) return { now };
  const hold = state.status === 'running' ? heldByFunctions(state, missingIn(state, hands)) : undefined;
  return { now, hold, ...(hands.more ? {} : { takers: takersOf(hands) }) };
}

/** Whether a run may be standing still: nothing of it is under way, or what is needs code to go on. */
export const mayStand = (state: RunView): boolean =>
  state.status === 'running' &&
  ((state.inFlight === 0 && state.readyCount > 0) || bindDefinition(state.definition, undefined).missing.length > 0);

/** How an open run stands. */
export interface Standing {
  readonly stuck: Stuck | undefined;
  /** What it waits for that no attempt under way brings. */
  readonly awaited: readonly Awaited[];
  /** Tasks, items included, that have failed; undefined: not counted. */
  readonly failedTasks: number | undefined;
}

export const NO_STANDING: Standing = { stuck: undefined, awaited: [], failedTasks: undefined };

export type Awaited = Extract<
  Explanation,
  { readonly reason: 'signal' | 'form' | 'message' | 'child' | 'retry' | 'sleep' | 'rested' }
>;

const OUTSIDE: ReadonlySet<string> = new Set(['signal', 'form', 'message', 'child', 'retry', 'sleep', 'rested']);

/** An agent whose rest is over by now is not waited for. */
const awaitedOf = (state: RunView, now: number): readonly Awaited[] =>
  explainRun(state, { now }).waitsFor.filter((one): one is Awaited => OUTSIDE.has(one.reason));

/** Not of blocks and lists: they fail with what is in them. */
function failedIn({ tasks }: RunView): number {
  const failed = [...tasks.values()].filter(({ status, undoes }) => status === 'failed' && !undoes);
  const around = new Set(
    failed.map(({ id, index, scope }) => (index === undefined ? scope : id.replace(/[.[]\d+\]?$/, ''))),
  );
  return failed.filter(({ id }) => !around.has(id)).length;
}

/** Open runs longer than this are not read to say why they stand: that would take too long. */
const MOST_EVENTS = 50_000;
/** Events of runs that have ended that are read in all, to count what failed. */
const MOST_ENDED = 50_000;

/**
 * Says of open runs why they do not move. The project is loaded once, and only when a run may stand still; one that cannot be
 * loaded leaves that question open.
 */
export class Holds {
  readonly #where: Whereabouts;
  #hands: Promise<Hands | undefined> | undefined;
  #read = 0;

  constructor(where: Whereabouts) {
    this.#where = where;
  }

  async of(state: RunView): Promise<Stuck | undefined> {
    return stuckOf(state, mayStand(state) ? await this.#project() : undefined);
  }

  /** What the project knows of a run. It is loaded only when the run may stand still, or `always`. */
  async factsOf(state: RunView, now: number, always = false): Promise<ExplainFacts> {
    return factsOf(state, always || mayStand(state) ? await this.#project() : undefined, now);
  }

  /** As of(), for a run that is yet to be read, with what it waits for; nothing for one that is long or cannot be read. */
  async ofRun(reader: RunReader, runId: string, revision: number): Promise<Standing | undefined> {
    if (revision > MOST_EVENTS) return undefined;
    try {
      const state = await reader.state(runId);
      return {
        stuck: await this.of(state),
        awaited: awaitedOf(state, systemClock.now()),
        failedTasks: failedIn(state),
      };
    } catch {
      return undefined; // Whoever shows the run says that it cannot be read.
    }
  }

  /** What failed in a run that has ended, while what is read for that in all is not too much. */
  async ofEnded(reader: RunReader, runId: string, revision: number): Promise<Standing> {
    if (this.#read + revision > MOST_ENDED) return NO_STANDING;
    this.#read += revision;
    try {
      return { ...NO_STANDING, failedTasks: failedIn(await reader.state(runId)) };
    } catch {
      return NO_STANDING; // Whoever shows the run says that it cannot be read.
    }
  }

  #project(): Promise<Hands | undefined> {
    this.#hands ??= this.#load();
    return this.#hands;
  }

  async #load(): Promise<Hands | undefined> {
    try {
      return handsOf(await loadProject(this.#where.config, process.cwd()));
    } catch {
      return undefined; // Without a project there is nothing to compare with; commands that need one say so.
    }
  }
}
