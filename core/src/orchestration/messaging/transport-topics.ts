/** How a topic is, or is to be, at the brokers. */
export interface TopicSettings {
  readonly partitions: number;
  /** Copies of each partition. Absent of one that is wanted: as many as the brokers make by themselves. */
  readonly replicas?: number;
  /** By the names that the brokers have for them. */
  readonly configs: Readonly<Record<string, string>>;
}

/** A setting that is not as it is wanted: `partitions`, `replicas`, or the name of a config. */
export interface TopicDifference {
  readonly setting: string;
  readonly wanted: string;
  readonly found: string;
}

/** A topic as it is wanted, as it was found, and how they differ; without `found` it is not there. */
export interface TopicStanding {
  readonly topic: string;
  /** What it is for, in a few words. */
  readonly carries: string;
  readonly wanted: TopicSettings;
  /** Absent: there is no such topic. */
  readonly found?: TopicSettings;
  /** Empty of one that is missing. */
  readonly differences: readonly TopicDifference[];
}

/** What was done to a topic. */
export interface TopicChange {
  readonly topic: string;
  readonly did: 'made' | 'changed';
  /** Of one that was changed: which configs. */
  readonly configs?: readonly string[];
}

/**
 * The topics that a transport keeps its messages in, for who operates the brokers: looked at, and made, apart from any run. Both connect by themselves, before start()
 * and after it, and reject as a publish does.
 */
export interface TransportTopics {
  /** All topics that are needed where dispatches go to these agents, beside what is there. Changes nothing. */
  look(agents: readonly string[]): Promise<readonly TopicStanding[]>;
  /**
   * Makes what is missing; with `configs`, gives configs that differ the value that is wanted, and leaves all others as they are. Deletes nothing, and never
   * changes the number of partitions or copies. What was done before it rejects stays done; it may be called again.
   */
  apply(agents: readonly string[], options?: { readonly configs?: boolean }): Promise<readonly TopicChange[]>;
}
