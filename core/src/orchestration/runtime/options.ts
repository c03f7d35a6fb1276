/** Limits and periods of the engine. Durations in ms. */
export interface EngineOptions {
  /** Characters of JSON that an input, an output or a run's input may have. */
  readonly maxPayloadChars: number;
  /** Characters of JSON that the inputs, items and outputs of one run may have in all. */
  readonly maxRunChars: number;
  /** Characters of payload after which one turn of a run makes way for others: bounds how long it keeps the event loop. */
  readonly sliceChars: number;
  /** Tasks (of all cached runs) whose state is kept in memory. Runs beyond it are folded again when they move. */
  readonly maxCachedTasks: number;
  /** A run is snapshot when this many events have come since the last time (and twice as many as it has tasks). */
  readonly snapshotEvery: number;
  /** A running attempt whose worker was silent for this long is lost. */
  readonly leaseMs: number;
  /** A dispatch that no worker took is sent again after this long; then after twice as long, and so on. */
  readonly redispatchMs: number;
  /** How long stop() waits for attempts under way before it aborts them. */
  readonly drainMs: number;
  /** How long a command (startRun, cancel …) waits for its answer before it rejects with REPRISE_OUTCOME_UNKNOWN. */
  readonly commandMs: number;
  /** Longest pause between two tries to append while the store is unavailable. */
  readonly maxStoreRetryMs: number;
  /** Observations that wait for one monitor; what comes beyond is dropped and counted. */
  readonly monitorQueue: number;
}

/** The limits and times of an engine that is told none. */
export const DEFAULT_ENGINE_OPTIONS: EngineOptions = {
  maxPayloadChars: 1024 * 1024,
  maxRunChars: 1024 * 1024 * 1024,
  sliceChars: 2 * 1024 * 1024,
  maxCachedTasks: 200_000,
  snapshotEvery: 2000,
  leaseMs: 30_000,
  redispatchMs: 30_000,
  drainMs: 30_000,
  commandMs: 60_000,
  maxStoreRetryMs: 5000,
  monitorQueue: 100_000,
};

/** What an event may take beside its payload, in bytes. */
const BESIDE_PAYLOAD_BYTES = 32 * 1024;
/** Of what an append takes, the part after which a turn makes way: what its last command adds comes on top, and a character takes more than a byte. */
const SLICE_SHARE = 4;

/** Limits that fit a store which takes so many bytes in one append. What they let through may still be too large for it, in bytes. */
export function fittingStore(options: EngineOptions, maxAppendBytes: number | undefined): EngineOptions {
  if (maxAppendBytes === undefined) return options;
  const { maxPayloadChars, sliceChars } = options;
  return {
    ...options,
    maxPayloadChars: Math.max(1, Math.min(maxPayloadChars, maxAppendBytes - BESIDE_PAYLOAD_BYTES)),
    sliceChars: Math.max(1, Math.min(sliceChars, Math.floor(maxAppendBytes / SLICE_SHARE))),
  };
}
