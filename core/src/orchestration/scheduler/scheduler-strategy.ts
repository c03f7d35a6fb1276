/** A task that may be given to an agent now. */
export interface ReadyTask {
  readonly taskId: string;
  readonly priority: number;
  /** Milliseconds since the Unix epoch. */
  readonly readySince: number;
  readonly agent: string | undefined;
  readonly capability: string | undefined;
}

export interface AgentView {
  readonly name: string;
  readonly capabilities: readonly string[];
  /** Attempts assigned to the agent and not ended, over all runs of this process. */
  readonly load: number;
}

export interface SchedulingView {
  readonly runId: string;
  readonly now: number;
  /** By priority (higher first), then age, then declaration. Lazy: reading the first few costs the same however many wait. */
  readonly ready: Iterable<ReadyTask>;
  /** Attempts that may still be put in flight for this run now. */
  readonly slots: number;
  readonly inFlight: number;
  readonly agents: ReadonlyMap<string, AgentView>;
}

export interface Assignment {
  readonly taskId: string;
  readonly agent: string;
}

/** A pure policy: which ready tasks go to which agents now. The engine records what it decides. */
export interface SchedulerStrategy {
  readonly name: string;
  /** At most `view.slots` assignments, each of a task in `view.ready` to an agent in `view.agents`. */
  select(view: SchedulingView): readonly Assignment[];
}
