/** What a client of Kafka has to be able to do. All it throws are RepriseErrors: REPRISE_TRANSPORT_UNAVAILABLE, _DENIED or _REFUSED. */
export interface KafkaDriver {
  /** Rejects when no broker answers in time. */
  connect(): Promise<void>;
  /** Sees that the topic is there and has leaders, and gives its number of partitions. `make`: when it is missing; default: as the options say. */
  ensureTopic(plan: TopicPlan, make?: boolean): Promise<number>;
  /** Those of the topics that are there, by name. */
  describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, FoundTopic>>;
  /** Gives these configs of the topic these values, and leaves all others as they are. */
  configureTopic(name: string, configs: Readonly<Record<string, string>>): Promise<void>;
  /** The offset after the last record of each partition. */
  ends(topic: string): Promise<ReadonlyMap<number, bigint>>;
  /** Of each partition of a topic that is there: its first offset that is kept, and the one after its last. */
  extents(topic: string): Promise<ReadonlyMap<number, Extent>>;
  /** Where the group has committed, by topic and partition; nothing of those where it has not. */
  committed(group: string, topics: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<number, bigint>>>;
  /** All of them, in their order within a partition, acknowledged by all replicas in sync. One call at a time. Some may be there when it rejects. */
  send(records: readonly OutgoingRecord[]): Promise<void>;
  /** Joins a group. Resolves when it has been told its partitions for the first time. */
  consume(request: ConsumeRequest): Promise<DriverConsumer>;
  /** The members of a group, as far as can be told: where each is. */
  membersOf(group: string): Promise<readonly { readonly host?: string }[]>;
  /** A group that is not there any more is no error. */
  deleteGroup(group: string): Promise<void>;
  /** Releases everything. Does not reject. */
  close(): Promise<void>;
}

export interface TopicPlan {
  readonly name: string;
  readonly partitions: number;
  /** How long records are kept, in ms. */
  readonly retentionMs: number;
}

export interface Extent {
  readonly first: bigint;
  readonly next: bigint;
}

export interface FoundTopic {
  readonly partitions: number;
  /** Of the partition that has least. */
  readonly replicas: number;
  /** All of them, those that nobody has set included. */
  readonly configs: Readonly<Record<string, string>>;
}

export interface OutgoingRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string | Uint8Array>>;
  readonly value: Uint8Array | null;
}

export interface IncomingRecord {
  readonly offset: bigint;
  readonly key: Uint8Array | null;
  readonly headers: Readonly<Record<string, Uint8Array>>;
  readonly value: Uint8Array | null;
}

export interface Place {
  readonly topic: string;
  readonly partition: number;
}

export interface PlaceOffset extends Place {
  readonly offset: bigint;
}

export interface ConsumeRequest {
  readonly group: string;
  readonly topics: readonly string[];
  /** What this member has; told to whoever assigns, so that it stays where it is. */
  owned(): readonly Place[];
  /**
   * Called at each assignment, before any record of it: `places` is all that this member has now. What it returns is where to begin; a place
   * that it leaves out begins where the group has committed, or at the beginning.
   */
  onAssigned(places: readonly Place[]): readonly PlaceOffset[];
  /** The partitions are being shared out anew, and no member gains any before each of them was told so. onAssigned() or onLost() follows. */
  onRebalancing(): void;
  /** Records in the order of their offsets. `from` is the first offset that was asked for. Returns at once. */
  onRecords(place: Place, from: bigint, records: readonly IncomingRecord[]): void;
  /** It has ended by itself, and comes not back. Called once, and not after close(). */
  onLost(error: unknown): void;
}

export interface DriverConsumer {
  /** The offset of each place is that of the next record to be delivered. */
  commit(offsets: readonly PlaceOffset[]): Promise<void>;
  pause(places: readonly Place[]): void;
  resume(places: readonly Place[]): void;
  /** Leaves the group. Does not reject. */
  close(): Promise<void>;
}
