/** What became of the ownership of this process. */
export interface OwnershipChange {
  /** Runs that it did not own are its now. */
  readonly gained: boolean;
  /** Runs that it owned are no longer its. */
  readonly lost: boolean;
  /** What keeps it from competing just now; it goes on trying. */
  readonly error?: unknown;
}

/** A process that drives runs now, and what shows that it moves. Members that nobody can tell are left out. */
export interface DriverSign {
  readonly pid?: number;
  readonly host?: string;
  /** Since when, in ms since the Unix epoch. */
  readonly since?: number;
  /** For how long it has shown no sign of life, in ms. It shows one about every second, from its main loop. */
  readonly silentMs?: number;
  /** It is stopping: it waits for what is under way, and begins nothing new. */
  readonly draining?: true;
}

/**
 * Which runs this process drives: carries out, and nobody else does. Ownership ends with the process, however that ends. A process that takes
 * itself for an owner and is one no longer harms nothing: its appends conflict.
 *
 *   idle ──start()──► competing ──runs fall to it──► owning ──they go to others──► competing
 *     ▲                   │ stop()                      │ stop()
 *     └───────────────────┴─────────────────────────────┘
 */
export interface Ownership {
  /**
   * Begins to compete, and goes on until stop(): what others give up may fall to this process at any time. Resolves when it is known what
   * falls to it at first, which may be nothing. Rejects when it cannot compete; it does not compete then.
   */
  start(): Promise<void>;
  /** Whether this process owns the run now, which need not exist. False before start() and from the moment of stop() on. */
  owns(runId: string): boolean;
  /**
   * Calls back after owns() has changed its answers, also by start() and stop(). Whoever was told of a loss stops deciding at once. The
   * listener must not throw. Returns a function that stops it, and no other call of onChange() with the same listener.
   */
  onChange(listener: (change: OwnershipChange) => void): () => void;
  /**
   * While it is being settled anew who owns what: resolves once it is. Until then owns() answers as before, and nothing is to be decided by it, as
   * another process may be about to gain what is lost here. Undefined otherwise.
   */
  unsettled?(): Promise<void> | undefined;
  /** This process is about to stop() and begins nothing new, which its sign is to say (`draining`). It keeps what it owns. Does not throw. */
  drain?(): void;
  /** Gives up everything, and competes no longer. May be started again. */
  stop(): Promise<void>;
  /** The processes that drive runs now, this one included. Can be asked at any time. */
  drivers?(): Promise<readonly DriverSign[]>;
}
