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

export interface AgentView {
  readonly name: string;
  readonly capabilities: readonly string[];
  /** Attempts assigned to the agent and not ended, over all runs of this process. */
  readonly load: number;
  /** It has failed too often, and has no room until it is tried again. */
  readonly rested: boolean;
}

export interface SchedulingView {
  readonly runId: string;
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
   * time it is asked of one view. What is assigned beyond is passed over, and assigned when there is room.
   */
  room(agent: string, capability?: string): number;
}

export interface Assignment {
  readonly taskId: string;
  readonly agent: string;
}

/**
 * A pure policy: which ready tasks go to which agents now. The engine records what it decides. The same view has the same answer, whatever
 * was asked before; nothing of a view is changed, and of its lists no more is read than is needed.
 */
export interface SchedulerStrategy {
  readonly name: string;
  /** At most `view.slots` assignments, each of a task in `view.ready` to an agent in `view.agents` that has room. */
  select(view: SchedulingView): readonly Assignment[];
}
