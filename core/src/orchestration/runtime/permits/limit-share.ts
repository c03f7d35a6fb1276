import type { Clock, ScheduledCall } from '../../../shared/clock.ts';
import type { LimitOptions } from '../admission/options.ts';
import { isToPass } from './limit-decide.ts';
import type { LimitLog } from './limit-log.ts';
import { heldInAll, type LimitState, waits } from './limit-state.ts';
import { TokenSlices } from './token-slices.ts';

export interface LimitShareParts {
  /** Names this orchestrator. */
  readonly id: string;
  readonly log: LimitLog;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly options: LimitOptions;
}

/** What of a limit is known in this process. */
export interface LimitUse {
  /** Attempts under way, or granted. */
  readonly used: number;
  /** How many wait. */
  readonly waiting: number;
}

/** How long what moved to another orchestrator counts here, too, in ms at the most: by then that has said that it has it. */
const LINGER_MS = 5000;

/**
 * What this orchestrator may use of a limit over all of them: so many permits of `concurrency`, and tokens of the rate. Within them it admits by itself,
 * without asking anybody. It asks for more, twice as many each time, while somebody waits here; what it does not use it gives back when others wait, and
 * one in use as it becomes free, when others have much fewer. What it has is leased: it says that it is there (`PermitsRenewed`), and once it could not
 * for a lease it begins nothing more, as others may have it by then.
 *
 *   none ──somebody waits──► asked ──on record──► held ──idle, or others wait──► none
 *                                                  └──silent for a lease──► expired ──heard──► asked
 */
export class LimitShare {
  readonly #parts: LimitShareParts;
  readonly #most: number;
  readonly #tokens: TokenSlices | undefined;
  #use: LimitUse = { used: 0, waiting: 0 };
  #more: () => void = () => undefined;
  #deaf: (() => void) | undefined;
  #tick: ScheduledCall | undefined;
  #held = 0;
  #lingering = 0;
  #isIdle = false;
  #isDue = false;
  /** When it was last said that this process is there, by its clock before that was appended. */
  #saidAt = Number.NEGATIVE_INFINITY;
  /** Of others: the last that was heard of each, and when. */
  readonly #seen = new Map<string, { readonly revision: number; readonly at: number }>();

  constructor(parts: LimitShareParts) {
    this.#parts = parts;
    const { concurrency, rate } = parts.options;
    this.#most = concurrency;
    this.#tokens = rate === undefined ? undefined : new TokenSlices({ ...parts, rate, more: () => this.#more() });
  }

  /** `more`: there may be room for more. */
  bind(use: LimitUse, more: () => void): void {
    this.#use = use;
    this.#more = more;
  }

  /** Attempts that may be under way here at once. */
  get slots(): number {
    if (!this.#isCounted) return Number.POSITIVE_INFINITY;
    const isLeased = this.#parts.clock.now() < this.#saidAt + this.#parts.leaseMs;
    return isLeased ? this.#held - this.#lingering : 0;
  }

  /** Undefined: there is no rate. */
  get tokens(): TokenSlices | undefined {
    return this.#tokens;
  }

  /** Attempts under way over all orchestrators, as far as is known here. */
  get usedInAll(): number {
    const { state } = this.#parts.log;
    return state === undefined || !this.#isCounted ? this.#use.used : Math.max(this.#use.used, heldInAll(state));
  }

  get isQuiet(): boolean {
    return this.#deaf === undefined;
  }

  /** More or less is used, or waited for, than before. */
  changed(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#look();
    });
  }

  /** An attempt has ended, and `used` says so: who waits elsewhere may be to have what it used. */
  freed(): void {
    const { log, id } = this.#parts;
    const isFree = this.#isCounted && this.#use.used + this.#lingering < this.#held;
    if (isFree && log.state !== undefined && isToPass(log.state, id, this.#held)) this.#giveUp(this.#held - 1);
    this.changed();
  }

  /** Attempts that were used here are under way still, and another orchestrator is to say so. */
  linger(count: number): void {
    if (!this.#isCounted) return;
    const { clock, leaseMs } = this.#parts;
    this.#lingering += count;
    clock.schedule(Math.min(LINGER_MS, leaseMs), () => {
      this.#lingering -= count;
      this.#more();
      this.changed();
    });
  }

  /** Gives back what is not in use; the rest ends with its lease. */
  close(): void {
    if (this.#isCounted && this.#deaf !== undefined) this.#giveUp(this.#use.used + this.#lingering);
    this.#stopListening();
  }

  get #isCounted(): boolean {
    return Number.isFinite(this.#most);
  }

  #look(): void {
    const { used, waiting } = this.#use;
    if (waiting > 0) this.#tokens?.want(waiting);
    if (!this.#isCounted) return;
    const { log, id } = this.#parts;
    if (this.#deaf === undefined && used === 0 && waiting === 0) return;
    this.#listen();
    const { state } = log;
    const entry = state?.entries.get(id);
    if (used > this.#held) return this.#ask(used, Math.max(used, entry?.wants ?? 0));
    if (waiting > 0 && used + this.#lingering >= this.#held && !this.#isAsking && this.#held < this.#most)
      this.#ask(used, Math.max(used + waiting, 2 * this.#held));
    else if (waiting === 0 && state !== undefined && this.#othersWait(state)) this.#giveUp(used + this.#lingering);
  }

  #ask(has: number, wants: number): void {
    const { log, id } = this.#parts;
    const [limit, most] = [log.limit, this.#most];
    const command = { kind: 'ask', limit, most, holder: id, request: id, by: id, has } as const;
    this.#say({ ...command, wants: Math.min(Math.max(wants, has), Math.max(most, has)) });
    // It has that in any case; of what was wanted it hears.
    this.#held = Math.max(this.#held, has);
  }

  /** Keeps `left` at the most, and wants no more. */
  #giveUp(left: number): void {
    if (left >= this.#held && !this.#isAsking) return;
    const { id } = this.#parts;
    this.#held = Math.min(this.#held, left);
    this.#say({ kind: 'release', holder: id, request: id, left, why: 'released' });
  }

  #say(command: Parameters<LimitLog['submit']>[0]['command']): void {
    const { log, clock, leaseMs } = this.#parts;
    const at = clock.now();
    log.submit({
      command,
      done: (events) => {
        if (events.length === 0) return;
        const wasOver = clock.now() >= this.#saidAt + leaseMs;
        this.#saidAt = Math.max(this.#saidAt, at);
        if (wasOver) this.#more();
      },
    });
  }

  /** It wants more than it has, as far as is known. */
  get #isAsking(): boolean {
    const { log, id } = this.#parts;
    const entry = log.state?.entries.get(id);
    return entry !== undefined && waits(entry);
  }

  #othersWait(state: LimitState): boolean {
    for (const entry of state.entries.values()) if (entry.holder !== this.#parts.id && waits(entry)) return true;
    return false;
  }

  #listen(): void {
    this.#deaf ??= this.#parts.log.onChange((state) => this.#heard(state));
    this.#tick ??= this.#tickLater();
  }

  #stopListening(): void {
    this.#deaf?.();
    this.#deaf = undefined;
    this.#tick?.cancel();
    this.#tick = undefined;
    this.#seen.clear();
    this.#held = 0;
  }

  /** All that was said here is in it. */
  #heard(state: LimitState): void {
    const before = this.#held;
    this.#held = state.entries.get(this.#parts.id)?.held ?? 0;
    if (this.#held > before) this.#more();
    this.changed();
  }

  #tickLater(): ScheduledCall {
    const { clock, leaseMs } = this.#parts;
    return clock.schedule(leaseMs / 3, () => {
      this.#tick = this.#tickLater();
      this.#beat();
    });
  }

  #beat(): void {
    const { log, id, clock, leaseMs } = this.#parts;
    const { used, waiting } = this.#use;
    const isIdle = used + waiting + this.#lingering === 0;
    if (isIdle && this.#isIdle && log.state !== undefined) {
      this.#giveUp(0);
      return this.#stopListening();
    }
    this.#isIdle = isIdle;
    if (waiting === 0 && this.#isAsking) this.#giveUp(used + this.#lingering);
    // Before anything is said: while it is at work, the log tells nothing.
    const { state } = log;
    if (this.#held > 0) this.#say({ kind: 'renew', holder: id });
    // Where nobody tells what others append.
    log.heard();
    if (state === undefined || waiting === 0) return;
    const now = clock.now();
    for (const { holder, held, revision } of state.entries.values()) {
      if (holder === id || held === 0) continue;
      const seen = this.#seen.get(holder);
      if (seen?.revision !== revision) this.#seen.set(holder, { revision, at: now });
      else if (now - seen.at > leaseMs) log.submit({ command: { kind: 'expire', holder, revision } });
    }
    for (const holder of this.#seen.keys()) if (!state.entries.has(holder)) this.#seen.delete(holder);
  }
}
