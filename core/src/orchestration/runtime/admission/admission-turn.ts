import type { RunState } from '../../workflow/state.ts';
import type { AgentNote, AttemptEnd, Turned } from './breaker.ts';
import { type Asker, askerOf } from './limits.ts';
import type { Way } from './way.ts';
import type { Ways } from './ways.ts';

interface Noted {
  readonly taskId: string;
  readonly attempt: number;
  readonly way: Way;
}

/** What a turn asks of Admission. */
export interface AdmissionDesk {
  readonly ways: Ways;
  /** How many attempts may begin on the way: those that nobody is before, and those that are in hand, whatever way they were granted on. */
  room(way: Way, hand: ReadonlyMap<Way, number>): number;
  /** Takes one of those, of `hand` where there is no other; false when there is none. */
  take(way: Way, hand: Map<Way, number>): boolean;
  /** Somebody waits at a limit of the way. */
  isWaitedFor(way: Way): boolean;
  /** The run waits for so many. It may be its turn at once. */
  wait(turn: AdmissionTurn, way: Way, want: number, priority: number): void;
  /** An attempt is under way. `taken`: by what was in hand; without, it is one that began elsewhere or before, and counts all the same. */
  hold(runId: string, taskId: string, attempt: number, way: Way, taken: boolean): void;
  /** The attempt is over (`unused`: did not come about). Returns its way; undefined when it was not under way. */
  release(runId: string, taskId: string, attempt: number, unused?: boolean): Way | undefined;
  /** Before it is released: how it ended. Undefined when that changes nothing for its agent. */
  ended(runId: string, taskId: string, attempt: number, end: AttemptEnd): Turned | undefined;
  /** Nothing of it happened. */
  undo(agent: string, turned: Turned): void;
  /** `unused`: nothing began. */
  giveBack(way: Way, count: number, unused: boolean): void;
  /** The turn is over. The run goes on waiting on the ways in `still` only. */
  closed(turn: AdmissionTurn, still: ReadonlySet<Way> | undefined): void;
}

interface Asked {
  /** How many more it would begin. */
  want: number;
  readonly priority: number;
  /** It stands in a line. */
  waits: boolean;
}

/**
 * What a run may begin in one turn of it: the synchronous part, from its commands to its append. See Admission. Nothing is taken by asking: several ways
 * may be said to have the same room, and whichever attempt is reserved first has it.
 */
export class AdmissionTurn {
  readonly runId: string;
  readonly #admission: AdmissionDesk;
  readonly #state: RunState;
  #asker: Asker | undefined;
  /** What was granted. */
  readonly #hand: Map<Way, number>;
  // Most turns of most runs need none or one of these.
  #asked: Map<Way, Asked> | undefined;
  #reserved: Map<Way, number> | undefined;
  #used: Noted[] | undefined;
  #released: Noted[] | undefined;
  #turned: { readonly agent: string; readonly turned: Turned }[] | undefined;
  #notes: AgentNote[] | undefined;
  #isClosed = false;

  /** `hand`: what was granted before. Of `state` nothing is read before there is something to ask for. */
  constructor(admission: AdmissionDesk, runId: string, state: RunState, hand: Map<Way, number> | undefined) {
    this.runId = runId;
    this.#admission = admission;
    this.#state = state;
    this.#hand = hand ?? new Map();
  }

  /** Those on which it has something in hand, or asks. */
  get ways(): readonly Way[] {
    return [...this.#hand.keys(), ...(this.#reserved?.keys() ?? []), ...(this.#asked?.keys() ?? [])];
  }

  /** Nothing may be asked any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  get asker(): Asker {
    this.#asker ??= askerOf(this.#state);
    return this.#asker;
  }

  /** How many attempts may begin at the agent now, `want` at the most. What is still missing when the turn is over the run waits for. */
  room(agent: string, capability: string | undefined, want: number, priority: number): number {
    const way = this.#admission.ways.of(this, agent, capability);
    this.#asked ??= new Map();
    const waits = this.#asked.get(way)?.waits === true;
    let room = this.#admission.room(way, this.#hand);
    if (room < want && !waits && (room === 0 || this.#admission.isWaitedFor(way))) {
      this.#asked.set(way, { want, priority, waits: true });
      this.#admission.wait(this, way, want - room, priority);
      room = this.#admission.room(way, this.#hand);
    } else this.#asked.set(way, { want, priority, waits });
    return Math.min(room, want);
  }

  /** As room(), but nothing is wanted. */
  look(agent: string, capability: string | undefined): number {
    return this.#admission.room(this.#admission.ways.of(this, agent, capability), this.#hand);
  }

  /** More is in hand. */
  add(way: Way, count: number): void {
    this.#hand.set(way, (this.#hand.get(way) ?? 0) + count);
  }

  /** Keeps room for an attempt that is about to begin; false when there is none. */
  reserve(agent: string, capability: string | undefined): boolean {
    const way = this.#admission.ways.of(this, agent, capability);
    if (!this.#admission.take(way, this.#hand)) return false;
    this.#reserved ??= new Map();
    this.#reserved.set(way, (this.#reserved.get(way) ?? 0) + 1);
    return true;
  }

  /** An attempt begins. */
  use(agent: string, capability: string | undefined, taskId: string, attempt: number): void {
    const way = this.#admission.ways.of(this, agent, capability);
    const reserved = this.#reserved?.get(way) ?? 0;
    if (reserved > 0) this.#reserved?.set(way, reserved - 1);
    const taken = reserved > 0 || this.#admission.take(way, this.#hand);
    this.#admission.hold(this.runId, taskId, attempt, way, taken);
    const asked = this.#asked?.get(way);
    if (asked !== undefined) asked.want -= 1;
    this.#used ??= [];
    this.#used.push({ taskId, attempt, way });
  }

  /** What was kept, and did not begin, is there for others of the run. */
  unreserve(): void {
    for (const [way, count] of this.#reserved ?? []) if (count > 0) this.add(way, count);
    this.#reserved?.clear();
  }

  /** An attempt is over: its slot is free for this turn, then for others. `end`: how it ended, when that was by itself. */
  release(taskId: string, attempt: number, end?: AttemptEnd): void {
    const turned = end === undefined ? undefined : this.#admission.ended(this.runId, taskId, attempt, end);
    const way = this.#admission.release(this.runId, taskId, attempt);
    if (way === undefined) return;
    this.#released ??= [];
    this.#released.push({ taskId, attempt, way });
    if (turned === undefined) return;
    this.#turned ??= [];
    this.#turned.push({ agent: way.agent, turned });
    if (turned.note === undefined) return;
    this.#notes ??= [];
    this.#notes.push(turned.note);
  }

  /** What is to be put on record of agents since it was last asked. */
  takeNotes(): readonly AgentNote[] {
    const notes = this.#notes ?? NO_NOTES;
    this.#notes = undefined;
    return notes;
  }

  /** What is in hand for an agent goes back. */
  leave(agent: string): void {
    this.unreserve();
    for (const [way, count] of this.#hand) {
      if (way.agent !== agent) continue;
      this.#hand.delete(way);
      if (count > 0) this.#admission.giveBack(way, count, true);
    }
  }

  /** Gives back what is left. `goesOn`: the run would begin more, and waits for it. */
  close(goesOn: boolean): void {
    this.#isClosed = true;
    this.unreserve();
    // Where there is room that was not used, nothing is wanted.
    const short = [...((goesOn ? this.#asked : undefined) ?? [])].filter(
      ([way, { want }]) => want > 0 && this.#admission.room(way, this.#hand) === 0,
    );
    this.#admission.closed(this, new Set(short.map(([way]) => way)));
    for (const [way, { want, priority, waits }] of short) if (!waits) this.#admission.wait(this, way, want, priority);
    for (const [way, count] of this.#hand) if (count > 0) this.#admission.giveBack(way, count, true);
    this.#hand.clear();
  }

  /** The turn was for nothing: what it began did not begin, what it ended goes on. */
  undo(): void {
    for (const { taskId, attempt } of this.#used ?? []) this.#admission.release(this.runId, taskId, attempt, true);
    for (const { taskId, attempt, way } of this.#released ?? [])
      this.#admission.hold(this.runId, taskId, attempt, way, false);
    for (const { agent, turned } of this.#turned?.reverse() ?? []) this.#admission.undo(agent, turned);
  }
}

const NO_NOTES: readonly AgentNote[] = [];
