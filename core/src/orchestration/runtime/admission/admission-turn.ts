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
  /** Puts up to `want` into the hand of the run, where nobody is before it; what is missing is waited for. */
  ask(turn: AdmissionTurn, way: Way, want: number, priority: number): void;
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

/** What a run may begin in one turn of it: the synchronous part, from its commands to its append. See Admission. */
export class AdmissionTurn {
  readonly runId: string;
  readonly #admission: AdmissionDesk;
  readonly #state: RunState;
  #asker: Asker | undefined;
  // Most turns of most runs need none or one of these.
  #hand: Map<Way, number> | undefined;
  #short: Set<Way> | undefined;
  #used: Noted[] | undefined;
  #released: Noted[] | undefined;
  #turned: { readonly agent: string; readonly turned: Turned }[] | undefined;
  #notes: AgentNote[] | undefined;
  #closed = false;

  /** `hand`: what was granted before. Of `state` nothing is read before there is something to ask for. */
  constructor(admission: AdmissionDesk, runId: string, state: RunState, hand: Map<Way, number> | undefined) {
    this.runId = runId;
    this.#admission = admission;
    this.#state = state;
    this.#hand = hand;
  }

  /** Those on which it has something in hand, or waits. */
  get ways(): readonly Way[] {
    return [...(this.#hand?.keys() ?? []), ...(this.#short ?? [])];
  }

  get asker(): Asker {
    this.#asker ??= askerOf(this.#state);
    return this.#asker;
  }

  /** How many attempts may begin at the agent now, `want` at the most; the run waits for what is missing. */
  room(agent: string, capability: string | undefined, want: number, priority: number): number {
    // A strategy may have kept its view.
    if (this.#closed) return 0;
    const way = this.#admission.ways.of(this, agent, capability);
    const had = this.#hand?.get(way) ?? 0;
    // What was short once stays so: in a turn nothing comes back but what was released before.
    if (had >= want || this.#short?.has(way) === true) return Math.min(had, want);
    this.#admission.ask(this, way, want - had, priority);
    const has = this.#hand?.get(way) ?? 0;
    if (has < want) {
      this.#short ??= new Set();
      this.#short.add(way);
    }
    return has;
  }

  /** More is in hand. */
  add(way: Way, count: number): void {
    this.#hand ??= new Map();
    this.#hand.set(way, (this.#hand.get(way) ?? 0) + count);
  }

  /** An attempt begins. */
  use(agent: string, capability: string | undefined, taskId: string, attempt: number): void {
    const way = this.#admission.ways.of(this, agent, capability);
    const had = this.#hand?.get(way) ?? 0;
    if (had > 0) this.#hand?.set(way, had - 1);
    this.#admission.hold(this.runId, taskId, attempt, way, had > 0);
    this.#used ??= [];
    this.#used.push({ taskId, attempt, way });
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
    for (const [way, count] of this.#hand ?? []) {
      if (way.agent !== agent) continue;
      this.#hand?.delete(way);
      if (count > 0) this.#admission.giveBack(way, count, true);
    }
  }

  /** Gives back what is left. `goesOn`: the run would begin more, and waits for it. */
  close(goesOn: boolean): void {
    this.#closed = true;
    if (this.#hand !== undefined) {
      for (const [way, count] of this.#hand) {
        if (count === 0) continue;
        this.#admission.giveBack(way, count, true);
        // There was room, and it was not used: nothing is wanted there.
        this.#short?.delete(way);
      }
      this.#hand = undefined;
    }
    this.#admission.closed(this, goesOn ? this.#short : undefined);
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
