/** Who sends a command, and why, as they say. Recorded beside the events that the command leads to; nothing follows from it. */
export interface Said {
  readonly by?: string;
  readonly reason?: string;
}

export interface CommandBase {
  /** Unique; a command that comes twice has the same one. */
  readonly commandId: string;
  readonly runId: string;
  /** Of people and programs. */
  readonly said?: Said;
}
