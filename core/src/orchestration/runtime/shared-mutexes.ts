import type { Clock } from '../../shared/clock.ts';
import { type ErrorData, errorData } from '../../shared/errors.ts';
import { isInside } from '../../shared/task-path.ts';
import type { GrantMutex } from '../workflow/commands.ts';
import type { MutexPlace } from '../workflow/explain/explanation.ts';
import { isTerminal, type RunState } from '../workflow/state.ts';
import { asksFor, mutexOf } from '../workflow/transitions/mutex.ts';
import { globalName } from './global-name.ts';
import type { InboxItem } from './inbox.ts';
import type { MutexPermit, MutexPermits } from './permits/mutex-permits.ts';

export interface SharedMutexesParts {
  readonly clock: Clock;
  /** Other processes drive runs at the same time: what is granted here was granted by them all. Absent: this one drives them all. */
  readonly permits?: MutexPermits | undefined;
  post(runId: string, item: InboxItem): void;
}

/** A task that has a mutex, or asks for it. */
interface Claim {
  readonly runId: string;
  taskId: string;
  /** As its run names it. */
  readonly name: string;
  /** As all runs name it. */
  readonly mutex: string;
  askedAt: number;
  /** In which round the task asks, and whether it does, as of the last turn. */
  round: number;
  asks: boolean;
  /** `resting`: it could not be given to it, and goes to others for a while. */
  stands: 'waiting' | 'resting' | 'offered' | 'holding' | 'gone';
  permit?: MutexPermit | undefined;
}

/** After how long a grant that could not be put on record is made again, in ms. */
const AGAIN_MS = 1000;

/**
 * Who has the mutexes that several runs share, in this process: one task at a time has one, first come first served. Known from the histories alone: each run
 * is looked at after each of its turns, so that nothing is lost with the process. A grant is a command, and counts once it is on record.
 *
 *   (none) ──asks──► waiting ──first, and free──► offered ──on record──► holding ──ended──► gone
 *
 * While runs are being taken up nothing is granted: who holds what is not known before all of them were read.
 */
export class SharedMutexes {
  readonly #parts: SharedMutexesParts;
  readonly #lines = new Map<string, Set<Claim>>();
  readonly #runs = new Map<string, Map<string, Claim>>();
  #takingUp = 0;
  #commands = 0;

  constructor(parts: SharedMutexesParts) {
    this.#parts = parts;
  }

  /** After a turn of a run that is driven here. */
  look(state: RunState): void {
    const { runId, shared, status } = state;
    // What is copied says what another run had.
    if (status === 'forking') return;
    const known = this.#runs.get(runId);
    if (shared.size === 0 && known === undefined) return;
    const ended = isTerminal(status);
    for (const claim of known?.values() ?? []) {
      const first = state.mutexes.get(claim.name)?.[0];
      if (ended || first === undefined) this.#drop(claim);
      else if (first === claim.taskId) continue;
      // In the run another has what was granted, or what has it ended.
      else if (claim.stands === 'holding' && state.tasks.get(first)?.granted === true) claim.taskId = first;
      else this.#drop(claim);
    }
    if (ended) return;
    for (const name of shared) {
      const taskId = state.mutexes.get(name)?.[0];
      if (taskId === undefined) continue;
      const claim = this.#runs.get(runId)?.get(name) ?? this.#add(state, name, taskId);
      const task = state.tasks.get(taskId);
      claim.askedAt = task?.askedAt ?? 0;
      claim.round = task?.round ?? 0;
      claim.asks = task !== undefined && task.closing === undefined && asksFor(state, task, name);
      if (task?.granted === true) claim.stands = 'holding';
      else if (claim.stands === 'holding') claim.stands = 'waiting';
      claim.permit ??= this.#ask(claim);
      this.#serve(claim.mutex);
    }
  }

  /** Nothing that is known of the run here holds any more. */
  forget(runId: string): void {
    for (const claim of this.#runs.get(runId)?.values() ?? []) {
      claim.permit?.forget();
      this.#drop(claim);
    }
  }

  /** Where the tasks of a run stand that wait for mutexes of several runs, by the name of those; as far as that can be told. */
  async places(state: RunState): Promise<ReadonlyMap<string, MutexPlace>> {
    const places = new Map<string, MutexPlace>();
    for (const name of state.shared) {
      const task = state.tasks.get(state.mutexes.get(name)?.[0] ?? '');
      if (task === undefined || !asksFor(state, task, name)) continue;
      // What cannot be read is left out: the rest of the explanation holds all the same.
      const place = await this.#parts.permits?.place(globalName(state, name), state.runId).catch(() => undefined);
      if (place !== undefined) places.set(name, place);
    }
    return places;
  }

  /** Runs are being taken up until the function that is returned is called. */
  takeUp(): () => void {
    this.#takingUp += 1;
    return () => {
      this.#takingUp -= 1;
      for (const mutex of [...this.#lines.keys()]) this.#serve(mutex);
    };
  }

  clear(): void {
    this.#lines.clear();
    this.#runs.clear();
    this.#takingUp = 0;
    this.#parts.permits?.clear();
  }

  /** Of all orchestrators: where several drive. */
  #ask(claim: Claim): MutexPermit | undefined {
    const { runId, mutex } = claim;
    const around = (): boolean =>
      [...(this.#runs.get(runId)?.values() ?? [])].some(
        ({ stands, taskId }) => stands === 'holding' && isInside(claim.taskId, new Set([taskId])),
      );
    return this.#parts.permits?.ask({
      mutex,
      runId,
      taskId: () => claim.taskId,
      askedAt: () => claim.askedAt,
      has: () => claim.stands === 'holding',
      isInside: around,
      granted: () => this.#serve(mutex),
      refused: () => {
        if (claim.stands === 'waiting') this.#offer(claim, deadlock(claim));
      },
    });
  }

  #add(state: RunState, name: string, taskId: string): Claim {
    const { runId } = state;
    const { askedAt = 0, round = 0 } = state.tasks.get(taskId) ?? {};
    const mutex = globalName(state, name);
    const claim: Claim = { runId, taskId, name, mutex, askedAt, round, asks: true, stands: 'waiting' };
    const line = this.#lines.get(claim.mutex) ?? new Set();
    this.#lines.set(claim.mutex, line.add(claim));
    const claims = this.#runs.get(runId) ?? new Map<string, Claim>();
    this.#runs.set(runId, claims.set(name, claim));
    return claim;
  }

  #drop(claim: Claim): void {
    // Whoever hears of it later finds that it is gone: its task may have been followed by another, with a claim of its own.
    claim.stands = 'gone';
    claim.permit?.release();
    const line = this.#lines.get(claim.mutex);
    line?.delete(claim);
    if (line?.size === 0) this.#lines.delete(claim.mutex);
    const claims = this.#runs.get(claim.runId);
    claims?.delete(claim.name);
    if (claims?.size === 0) this.#runs.delete(claim.runId);
    this.#serve(claim.mutex);
  }

  /** Offers a mutex that nobody has to whoever waits longest; and refuses it to those that would never get it. */
  #serve(mutex: string): void {
    const line = this.#lines.get(mutex);
    if (line === undefined) return;
    if (this.#parts.permits !== undefined) {
      for (const claim of line) if (claim.stands === 'waiting' && claim.permit?.isGranted === true) this.#offer(claim);
      return;
    }
    if (this.#takingUp > 0) return;
    let free = true;
    for (const { stands } of line) if (stands === 'offered' || stands === 'holding') free = false;
    // In the order in which they asked, whatever order the runs were read in.
    for (const claim of [...line].sort((a, b) => a.askedAt - b.askedAt)) {
      if (claim.stands !== 'waiting') continue;
      if (free) {
        free = false;
        this.#offer(claim);
      } else if (this.#closesCircle(claim)) {
        this.#offer(claim, deadlock(claim));
      }
    }
  }

  #offer(claim: Claim, refused?: GrantMutex['refused']): void {
    const { runId, taskId, name, round } = claim;
    claim.stands = 'offered';
    this.#commands += 1;
    const commandId = `${runId}/mutex/${taskId}/${this.#parts.clock.now()}-${this.#commands}`;
    const command: GrantMutex = {
      type: 'GrantMutex',
      commandId,
      runId,
      taskId,
      mutex: name,
      // By the time this is decided another process may have had the run, and the permit with it.
      ...(claim.permit !== undefined && refused === undefined && { askedAt: claim.askedAt }),
      ...(refused && { refused }),
    };
    this.#parts.post(runId, {
      command,
      // The turn was looked at before: what was not taken is not asked for any more.
      done: () => {
        if (claim.stands !== 'offered') return;
        // It was taken, and what it was for was done at once: the task asks again, in the next round or in its block begun anew.
        if (!claim.asks) return this.#drop(claim);
        if (claim.round === round) return this.#rest(claim);
        claim.stands = 'waiting';
        this.#serve(claim.mutex);
      },
      failed: () => {
        if (claim.stands !== 'offered') return;
        this.#rest(claim);
      },
    });
  }

  #rest(claim: Claim): void {
    claim.stands = 'resting';
    this.#parts.clock.schedule(AGAIN_MS, () => {
      if (claim.stands !== 'resting') return;
      claim.stands = 'waiting';
      this.#serve(claim.mutex);
    });
    this.#serve(claim.mutex);
  }

  /** Whether whoever has what the claim is for cannot end before a block around its task does. */
  #closesCircle({ runId, taskId, mutex }: Claim): boolean {
    const seen = new Set([mutex]);
    for (const at of seen) {
      for (const holder of this.#lines.get(at) ?? []) {
        if (holder.stands !== 'offered' && holder.stands !== 'holding') continue;
        const within = new Set([holder.taskId]);
        if (holder.runId === runId && isInside(taskId, within)) return true;
        for (const other of this.#runs.get(holder.runId)?.values() ?? [])
          if (other.stands === 'waiting' && isInside(other.taskId, within)) seen.add(other.mutex);
      }
    }
    return false;
  }
}

function deadlock({ taskId, name }: Claim): ErrorData {
  const message = `'${taskId}' would wait for the mutex ${mutexOf(name).key}, whose holder waits for one that a block around '${taskId}' holds.`;
  return errorData('REPRISE_MUTEX_DEADLOCK', message);
}
