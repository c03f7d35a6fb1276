import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Clock, type Monitor, type Notice, RepriseError } from '@reprise/core/plugin';
import { AttemptCaps } from './attempt-caps.ts';
import { isBusy, openToKeep } from './kept-file.ts';
import { KEPT_LEVELS, type LineToKeep, lineOf } from './kept-line.ts';
import type { ResolvedKeptLogsOptions } from './options.ts';

type Parts = ResolvedKeptLogsOptions & { readonly clock: Clock };

/** Lines go to the file together, this long after the first of them, or when there are so many. */
const TOGETHER_MS = 100;
const TOGETHER = 512;
/** Lines that wait for a file that another process holds; what is more is dropped, and that is said in the file. */
const MOST_WAITING = 10_000;
const PRUNE_MS = 60_000;
/** Lines that are deleted at a time, so that nobody waits for long. */
const PRUNED = 2000;

/**
 * Keeps what agents log and emit, attempt by attempt, in a file beside the history. It is told off the run's path, behind a queue of its own, and the file is
 * made by the first line. What it cannot write it throws, for the engine to count and to tell once; what waits stays for the next time.
 */
export class LogKeeper implements Monitor {
  readonly name = 'kept-logs';
  readonly #parts: Parts;
  readonly #least: number;
  readonly #caps: AttemptCaps;
  #db: DatabaseSync | undefined;
  #insert: StatementSync | undefined;
  #waiting: LineToKeep[] = [];
  #dropped = 0;
  #timer: { cancel(): void } | undefined;
  #prunedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#least = KEPT_LEVELS.indexOf(parts.level);
    this.#caps = new AttemptCaps(parts.maxAttemptLines, parts.maxAttemptBytes);
  }

  onEvent(): void {
    // Events are history: they are kept there.
  }

  onNotice(notice: Notice): void {
    if (this.#closed) return;
    const line = lineOf(notice, this.#parts.clock.now());
    if (line === undefined || KEPT_LEVELS.indexOf(line.level) < this.#least) return;
    const kept = this.#caps.take(line);
    if (kept === undefined) return;
    if (this.#waiting.length >= MOST_WAITING) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(kept);
    if (this.#waiting.length >= TOGETHER) return this.#write();
    this.#timer ??= this.#parts.clock.schedule(TOGETHER_MS, () => {
      this.#timer = undefined;
      try {
        this.#write();
      } catch {
        // The next line tries again, and whoever hands it in is told.
      }
    });
  }

  async forceFlush(): Promise<void> {
    this.#write();
  }

  async shutdown(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#write();
    } finally {
      this.#timer?.cancel();
      this.#db?.close();
      this.#db = undefined;
    }
  }

  #write(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const lines = this.#waiting;
    if (lines.length === 0) return;
    try {
      const db = this.#open();
      db.exec('BEGIN IMMEDIATE');
      try {
        for (const line of lines) this.#add(line);
        if (this.#dropped > 0) this.#add(dropped(this.#dropped, lines[0] as LineToKeep));
        db.exec('COMMIT');
      } catch (error) {
        db.exec('ROLLBACK');
        throw error;
      }
      this.#waiting = [];
      this.#dropped = 0;
      this.#prune(db);
    } catch (error) {
      // Another process writes: these lines go with the next.
      if (isBusy(error)) return;
      // A file that was taken away, or is full: nothing of it is held on to.
      this.#db?.close();
      this.#db = undefined;
      const message = `Logs of agents cannot be kept in ${this.#parts.path}: ${(error as Error).message}. Runs go on.`;
      throw new RepriseError('REPRISE_LOGS_UNAVAILABLE', message, { cause: error });
    }
  }

  #open(): DatabaseSync {
    if (this.#db !== undefined) return this.#db;
    this.#db = openToKeep(this.#parts.path);
    this.#insert = this.#db.prepare(
      'INSERT INTO lines (run, task, attempt, agent, at, level, message, fields) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    return this.#db;
  }

  #add({ runId, taskId, attempt, agent, at, level, message, fields }: LineToKeep): void {
    const place = [runId, taskId ?? null, attempt ?? null, agent ?? null, at] as const;
    this.#insert?.run(...place, KEPT_LEVELS.indexOf(level), message, fields ?? null);
  }

  /** What is too old goes, and then the oldest, until the file is small enough. A little at a time. */
  #prune(db: DatabaseSync): void {
    const { clock, maxAgeMs, maxBytes } = this.#parts;
    const now = clock.now();
    if (now - this.#prunedAt < PRUNE_MS) return;
    const old = db
      .prepare('DELETE FROM lines WHERE id IN (SELECT id FROM lines WHERE at < ? ORDER BY at LIMIT ?)')
      .run(now - maxAgeMs, PRUNED);
    const surplus = surplusOf(db, maxBytes);
    if (surplus > 0)
      db.prepare('DELETE FROM lines WHERE id IN (SELECT id FROM lines ORDER BY id LIMIT ?)').run(surplus);
    if (surplus > 0 || old.changes > 0) db.exec('PRAGMA incremental_vacuum');
    // More of it goes with the next lines.
    if (old.changes < PRUNED && surplus < PRUNED) this.#prunedAt = now;
  }
}

/** How many of the oldest lines are to go for the file to be a tenth below its size, about. */
function surplusOf(db: DatabaseSync, maxBytes: number): number {
  const { bytes, lines } =
    db
      .prepare(
        `SELECT (page_count - freelist_count) * page_size AS bytes, coalesce((SELECT max(id) - min(id) + 1 FROM lines), 0) AS lines
         FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()`,
      )
      .get() ?? {};
  const used = Number(bytes);
  return used <= maxBytes ? 0 : Math.min(PRUNED, Math.ceil(Number(lines) * (1 - (0.9 * maxBytes) / used)));
}

const dropped = (count: number, { runId, at }: LineToKeep): LineToKeep => ({
  runId,
  taskId: undefined,
  attempt: undefined,
  agent: undefined,
  at,
  level: 'warn',
  message: `${count} lines, of this run or others, were not kept: the file was in use for too long.`,
  fields: undefined,
});
