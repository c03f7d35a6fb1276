/** Who sends a command, and why, as they say. Recorded beside the events that the command leads to; nothing follows from it. */
export interface Said {
  readonly by?: string;
  readonly reason?: string;
}

/** Which process sent a command, where it came from another one. Recorded beside all events that the command leads to. */
export type Sender = SendingWorker | SendingClient;

interface SendingWorker {
  /** The worker, as it calls itself. */
  readonly worker: string;
  /** It was handed the attempt: it has the token of the dispatch. False where tokens are not asked for. */
  readonly verified: boolean;
}

/** Somebody who does not drive the run, and sent the command to whoever does. Waits for an answer in the stream. */
interface SendingClient {
  /** The process, as it calls itself. */
  readonly client: string;
  /** False: that it may command at all is the transport's to check. */
  readonly verified: boolean;
}

/** Whether it came from a client of another process: over a transport, which may bring it twice. */
export const isOfClient = ({ sender }: Pick<CommandBase, 'sender'>): boolean =>
  sender !== undefined && 'client' in sender;

export interface CommandBase {
  /** Unique; a command that comes twice has the same one. */
  readonly commandId: string;
  readonly runId: string;
  /** Of people and programs. */
  readonly said?: Said;
  /** Of workers and clients in other processes. */
  readonly sender?: Sender;
}
