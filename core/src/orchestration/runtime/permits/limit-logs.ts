import type { MonitorHub } from '../monitor-hub.ts';
import { limitStream } from './limit-events.ts';
import { LimitLog, type LimitLogParts, readLimit } from './limit-log.ts';
import type { LimitState } from './limit-state.ts';

export interface LimitLogsParts extends Omit<LimitLogParts, 'failed'> {
  readonly monitors: Pick<MonitorHub, 'notice'>;
}

/** Limits that are kept before those that nobody waits at are let go of. */
const MOST_KEPT = 1000;

/** For how long nothing more is said of what is tried again, in ms. */
const QUIET_MS = 10_000;

/** The limits over all orchestrators that this process has to do with. */
export class LimitLogs {
  readonly #parts: LimitLogParts;
  readonly #logs = new Map<string, LimitLog>();
  readonly #byStream = new Map<string, LimitLog>();
  #most = MOST_KEPT;
  #quietUntil = Number.NEGATIVE_INFINITY;

  constructor({ monitors, ...parts }: LimitLogsParts) {
    const failed = (limit: string, error: unknown): void => {
      const now = parts.clock.now();
      if (now < this.#quietUntil) return;
      this.#quietUntil = now + QUIET_MS;
      const message = `the limit ${limit} over all orchestrators cannot be read or written, which is tried again: ${String(error)}`;
      monitors.notice({ kind: 'log', level: 'warn', message });
    };
    this.#parts = { ...parts, failed };
  }

  of(limit: string): LimitLog {
    let log = this.#logs.get(limit);
    if (log === undefined) {
      if (this.#logs.size >= this.#most) this.#prune();
      log = new LimitLog(limit, this.#parts);
      this.#logs.set(limit, log);
      this.#byStream.set(log.stream, log);
    }
    return log;
  }

  /** A limit as the store has it now. */
  look(limit: string): Promise<LimitState> {
    return readLimit(this.#parts.store, limitStream(limit));
  }

  /** Another process appended to the stream. */
  heard(stream: string): void {
    this.#byStream.get(stream)?.heard();
  }

  /** Waits for what was said, `limitMs` at the most, then lets go of everything. */
  async close(limitMs: number): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = this.#parts.clock.schedule(limitMs, late.resolve);
    await Promise.race([Promise.all([...this.#logs.values()].map((log) => log.idle())), late.promise]);
    timer.cancel();
    this.clear();
  }

  clear(): void {
    for (const log of this.#logs.values()) log.close();
    this.#logs.clear();
    this.#byStream.clear();
  }

  /** Each can be read again. */
  #prune(): void {
    for (const [limit, log] of this.#logs) {
      if (!log.isQuiet) continue;
      this.#logs.delete(limit);
      this.#byStream.delete(log.stream);
    }
    this.#most = Math.max(MOST_KEPT, 2 * this.#logs.size);
  }
}
