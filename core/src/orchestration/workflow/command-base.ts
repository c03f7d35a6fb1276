/** Who sends a command, and why, as they say. Recorded beside the events that the command leads to; nothing follows from it. */
export interface Said {
  readonly by?: string;
  readonly reason?: string;
}

/** Which process sent a command, where it came from another one. Recorded beside all events that the command leads to. */
export interface Sender {
  /** The worker, as it calls itself. */
  readonly worker: string;
  /** It was handed the attempt: it has the token of the dispatch. False where tokens are not asked for. */
  readonly verified: boolean;
}

export interface CommandBase {
  /** Unique; a command that comes twice has the same one. */
  readonly commandId: string;
  readonly runId: string;
  /** Of people and programs. */
  readonly said?: Said;
  /** Of workers in other processes. */
  readonly sender?: Sender;
}
