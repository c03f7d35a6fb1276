/** An agent of a worker. */
export interface AnnouncedAgent {
  readonly name: string;
  readonly version?: string;
  readonly capabilities: readonly string[];
  /** Attempts that the worker takes of it at once. */
  readonly concurrency: number;
  /** How many more it could take now. */
  readonly free: number;
}

/**
 * What a worker takes. It says so when it starts, when that changes, when it is asked (a roll call), and again three times in the lease that
 * it names; nothing (no agents) when it stops.
 */
export interface Announcement {
  readonly worker: string;
  readonly agents: readonly AnnouncedAgent[];
  /** How long it counts, in ms. Absent: until the worker says otherwise, because no engine outlives it. */
  readonly leaseMs?: number;
}
