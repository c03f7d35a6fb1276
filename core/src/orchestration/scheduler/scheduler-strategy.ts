import type { MaxUsage } from '../../definition/definition.ts';
import type { JsonObject } from '../../shared/json.ts';
import type { Decision, TeamNames, TeamView } from './team.ts';

/** A task that may be given to an agent now. */
export interface ReadyTask {
  readonly taskId: string;
  readonly priority: number;
  /** Milliseconds since the Unix epoch. */
  readonly readySince: number;
  /** Of the tasks of a run that are ready, the one that became so first has the least. */
  readonly order: number;
  readonly agent: string | undefined;
  readonly capability: string | undefined;
  /** Of a task for a capability: the agents that failed at it in this round (lost attempts and slow ones count), the one that did so longest ago first. */
  readonly tried: readonly string[];
}

/** The ready tasks that are for one agent, or for whoever has a capability. */
export interface ReadyGroup {
  readonly agent: string | undefined;
  readonly capability: string | undefined;
  /** By priority (higher first), then age, then declaration. Lazy, and to be read once. */
  readonly tasks: Iterable<ReadyTask>;
}

/** An agent as strategies see it: what it can do, and how much it has to do. */
export interface AgentView {
  readonly name: string;
  readonly capabilities: readonly string[];
  /** Attempts assigned to the agent and not ended, over all runs of this process. */
  readonly load: number;
  /** It has failed too often, and has no room until it is tried again. */
  readonly rested: boolean;
  /** What it declares that an attempt uses at most. */
  readonly maxUsage?: MaxUsage;
}

/** What a strategy decides by: ready tasks, agents, and room. `now`: milliseconds since the Unix epoch. */
export interface SchedulingView {
  readonly runId: string;
  /** What it is asked about: the block (the run is '') whose strategy it is, with all blocks in it that have none of their own. */
  readonly region: string;
  readonly now: number;
  /** What is ready, by whom it is for; some may be empty. What nobody has room for now is left out. */
  readonly groups: readonly ReadyGroup[];
  /** All of `groups`, in the order that each has. Lazy, and to be read once, instead of them: reading the first few costs the same however many wait. */
  readonly ready: Iterable<ReadyTask>;
  /** Attempts that may still be put in flight for this run now. */
  readonly slots: number;
  readonly inFlight: number;
  readonly agents: ReadonlyMap<string, AgentView>;
  /**
   * Attempts that may be given to the agent now, over all limits that are about the run; `capability`: when the task asks for it. The same each
   * time it is asked of one view: what is for the agent by its name and what is for a capability of it share the room that it has. What is assigned beyond is
   * passed over, and assigned when there is room.
   */
  room(agent: string, capability?: string): number;
}

/** A ready task, and the agent that it goes to. */
export interface Assignment {
  readonly taskId: string;
  readonly agent: string;
}

/**
 * A pure policy: which ready tasks go to which agents now. The engine records what it decides. The same view has the same answer, whatever
 * was asked before; nothing of a view is changed, and of its lists no more is read than is needed. A workflow names it by text.
 */
export interface SchedulerStrategy {
  readonly name: string;
  /** At most `view.slots` assignments, each of a task in `view.ready` to an agent in `view.agents` that has room. */
  select(view: SchedulingView): readonly Assignment[];
}

/** What the strategy of a team is shown. */
export interface TeamSchedulingView extends SchedulingView {
  readonly team: TeamView;
}

/** An expression in what a workflow says of a strategy. */
export interface TeamExpression {
  /** For people: `members[0].trigger`. */
  readonly place: string;
  readonly source: string;
  /** What it may read beside `input`, `round` and `runId` of the team. */
  readonly names: readonly (keyof TeamNames)[];
}

/** A pure policy that leads teams: beside who does what, it decides what there is to do. A workflow names it by an object: `strategy: { name, … }`. */
export interface TeamStrategy {
  readonly name: string;
  readonly team: {
    /** The format of the ledgers that it writes: a positive integer. */
    readonly writes: number;
    /** Those that it reads; a team with any other is held. Default: what it writes. */
    readonly reads?: readonly number[];
    /** What is wrong with what a workflow says of it (without the name), each a sentence; asked where workflows are registered or validated. */
    check?(spec: JsonObject): readonly string[];
    /** The CEL in a spec that `check` has nothing against, so that it is checked as that of definitions is: whether it parses, and reads only what it may. */
    expressionsOf?(spec: JsonObject): readonly TeamExpression[];
    /** Agents and capabilities that a team of this spec asks for, so that it is known whether somebody is there. */
    agentsOf?(spec: JsonObject): readonly { readonly agent?: string; readonly capability?: string }[];
  };
  /**
   * Any decisions, among them assignments as of a SchedulerStrategy. They are judged one after another, each by what those before it left. The first that
   * cannot be is recorded as refused (and is news), and the rest is dropped. Pure, as `select` of a SchedulerStrategy.
   */
  select(view: TeamSchedulingView): readonly Decision[];
}

/** A strategy that orders what is ready, or one that leads a team. */
export type AnyStrategy = SchedulerStrategy | TeamStrategy;

export const leadsTeams = (strategy: AnyStrategy): strategy is TeamStrategy => 'team' in strategy;
