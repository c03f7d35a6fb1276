import type { Clock, ScheduledCall } from '../../../shared/clock.ts';
import type { MutexPlace } from '../../workflow/explain/explanation.ts';
import { isTerminal, type RunState } from '../../workflow/state.ts';
import { globalName } from '../global-name.ts';
import type { LimitLog } from './limit-log.ts';
import type { LimitLogs } from './limit-logs.ts';
import { type Entry, type LimitState, waits } from './limit-state.ts';
import { closesCircle } from './mutex-circles.ts';

export interface MutexPermitsParts {
  /** Names this orchestrator. */
  readonly id: string;
  readonly logs: LimitLogs;
  readonly clock: Clock;
  readonly leaseMs: number;
  /** A run as its history has it; undefined when there is none. */
  load(runId: string): Promise<RunState | undefined>;
  failed(error: unknown): void;
}

/** Who asks, and what for. */
export interface MutexAsking {
  /** As all runs name it. */
  readonly mutex: string;
  readonly runId: string;
  /** The task that asks, as of now. */
  taskId(): string;
  askedAt(): number;
  /** By its history the run has it already. */
  has(): boolean;
  /** Something around the task has a mutex of several runs: it could wait for itself. */
  isInside(): boolean;
  granted(): void;
  /** It never will be: its holder waits for what is around the task. */
  refused(): void;
}

/** How soon it is looked whether somebody waits for himself, in ms. */
const CIRCLE_MS = 500;

/**
 * Permits of mutexes over all orchestrators. The holder is the run, and what its history says counts: who has taken a run over has its permits with it, so
 * a permit ends with no process. Whoever waits looks in the holder's history, each lease, whether it still asks for the mutex or has it; one that does not
 * was not given back, because whoever was to died, and is given back by who found that.
 */
export class MutexPermits {
  readonly #parts: MutexPermitsParts;
  readonly #permits = new Map<string, Set<MutexPermit>>();
  readonly #looks = new Map<string, ScheduledCall>();
  /** By mutex: who had it when it was last looked. */
  readonly #seen = new Map<string, { readonly request: string; readonly at: number }>();
  #requests = 0;

  constructor(parts: MutexPermitsParts) {
    this.#parts = parts;
  }

  ask(asking: MutexAsking): MutexPermit {
    this.#requests += 1;
    const { id, logs } = this.#parts;
    const log = logs.of(asking.mutex);
    const permit = new MutexPermit(`${id}/${this.#requests}`, id, log, asking, () => this.#over(permit));
    const permits = this.#permits.get(asking.mutex) ?? new Set();
    this.#permits.set(asking.mutex, permits.add(permit));
    this.#lookLater(asking.mutex);
    if (asking.isInside()) this.#watchCircle(permit);
    return permit;
  }

  /** Where a run stands that waits, by what the store has now; undefined when nobody else has the mutex. */
  async place(mutex: string, runId: string): Promise<MutexPlace | undefined> {
    const { entries } = await this.#parts.logs.look(mutex);
    const holder = holderOf({ entries });
    if (holder === undefined || holder.holder === runId) return undefined;
    const own = entries.get(runId)?.order ?? Number.POSITIVE_INFINITY;
    const ahead = [...entries.values()].filter((entry) => waits(entry) && entry.order < own);
    return { run: holder.holder, ahead: ahead.length };
  }

  /** Nothing is asked for any more; what runs have they keep. */
  clear(): void {
    for (const permits of [...this.#permits.values()]) for (const permit of [...permits]) permit.forget();
    for (const look of this.#looks.values()) look.cancel();
    this.#looks.clear();
    this.#seen.clear();
  }

  #over(permit: MutexPermit): void {
    const { mutex } = permit.asking;
    const permits = this.#permits.get(mutex);
    permits?.delete(permit);
    if (permits?.size === 0) this.#permits.delete(mutex);
  }

  #lookLater(mutex: string): void {
    if (this.#looks.has(mutex)) return;
    const { clock, leaseMs, failed } = this.#parts;
    const look = clock.schedule(leaseMs / 2, () => {
      this.#looks.delete(mutex);
      // Runs may come and go faster than it is looked.
      if (!this.#permits.has(mutex)) return void this.#seen.delete(mutex);
      this.#lookLater(mutex);
      this.#look(mutex).catch(failed);
    });
    this.#looks.set(mutex, look);
  }

  /** Whether who has the mutex that runs wait for here is still there. */
  async #look(mutex: string): Promise<void> {
    const { logs, clock, leaseMs, load } = this.#parts;
    const waiting = [...(this.#permits.get(mutex) ?? [])].filter(({ isGranted }) => !isGranted);
    if (waiting.length === 0) return;
    const log = logs.of(mutex);
    const { state } = log;
    // Where nobody tells what others append.
    log.heard();
    const holder = state === undefined ? undefined : holderOf(state);
    if (state === undefined || holder === undefined) return;
    for (const permit of waiting) permit.insist(state);
    const { request } = holder;
    const seen = this.#seen.get(mutex);
    if (seen?.request !== request) {
      this.#seen.set(mutex, { request, at: clock.now() });
      return;
    }
    if (clock.now() - seen.at < leaseMs) return;
    // A history of a moment ago will do: a run that asks once more does so by another request.
    this.#seen.delete(mutex);
    const run = await load(holder.holder);
    if (run !== undefined && concerns(run, mutex)) return;
    log.submit({ command: { kind: 'release', holder: holder.holder, request, left: 0, why: 'gone' } });
  }

  #watchCircle(permit: MutexPermit): void {
    const { clock, logs, load, failed } = this.#parts;
    clock.schedule(CIRCLE_MS, () => {
      if (permit.isOver || permit.isGranted) return;
      const { asking } = permit;
      const { runId, mutex } = asking;
      const asker = { runId, mutex, taskId: asking.taskId(), askedAt: asking.askedAt() };
      closesCircle(asker, { holderOf: async (one) => holderOf(await logs.look(one))?.holder, load })
        .then((closes) => {
          if (permit.isOver || permit.isGranted) return;
          if (closes) asking.refused();
          this.#watchCircle(permit);
        })
        .catch((error: unknown) => {
          failed(error);
          this.#watchCircle(permit);
        });
    });
  }
}

/**
 * What one run asked for.
 *
 *   asked ──on record as the holder──► granted ──release()──► over
 *     └──release(), forget()──► over
 */
export class MutexPermit {
  readonly asking: MutexAsking;
  readonly #request: string;
  readonly #by: string;
  readonly #log: LimitLog;
  readonly #over: () => void;
  #deaf: (() => void) | undefined;
  #granted = false;

  constructor(request: string, by: string, log: LimitLog, asking: MutexAsking, over: () => void) {
    this.#request = request;
    this.#by = by;
    this.#log = log;
    this.asking = asking;
    this.#over = over;
    this.#deaf = log.onChange((state) => this.#changed(state));
    this.#ask();
  }

  get isGranted(): boolean {
    return this.#granted;
  }

  get isOver(): boolean {
    return this.#deaf === undefined;
  }

  /** The run does not ask for it any more, by its history. */
  release(): void {
    if (this.isOver) return;
    this.forget();
    const { runId } = this.asking;
    const command = { kind: 'release', holder: runId, request: this.#request, left: 0, why: 'released' } as const;
    this.#log.submit({ command });
  }

  /** The run is another process's now, and so is what it asked for. */
  forget(): void {
    if (this.isOver) return;
    this.#deaf?.();
    this.#deaf = undefined;
    this.#over();
  }

  /** Another process has asked for the run, which is this one's after all. */
  insist(state: LimitState): void {
    if (state.entries.get(this.asking.runId)?.request !== this.#request) this.#ask();
  }

  #ask(): void {
    const { mutex: limit, runId: holder, has } = this.asking;
    const own = { holder, request: this.#request, by: this.#by, has: has() ? 1 : 0, wants: 1 };
    this.#log.submit({ command: { kind: 'ask', limit, most: 1, ...own } });
  }

  #changed(state: LimitState): void {
    const entry = state.entries.get(this.asking.runId);
    // Others took it for gone. Of one that another has asked for, this process hears soon that the run is not its.
    if (entry === undefined) {
      this.#granted = false;
      return this.#ask();
    }
    const isGranted = entry.request === this.#request && entry.held > 0;
    if (isGranted === this.#granted) return;
    this.#granted = isGranted;
    if (isGranted) this.asking.granted();
  }
}

function holderOf({ entries }: Pick<LimitState, 'entries'>): Entry | undefined {
  for (const entry of entries.values()) if (entry.held > 0) return entry;
  return undefined;
}

/** Whether the run has the mutex, or asks for it. */
const concerns = (state: RunState, mutex: string): boolean =>
  !isTerminal(state.status) && [...state.shared].some((name) => globalName(state, name) === mutex);
