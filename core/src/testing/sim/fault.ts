import { seededRandom } from '../deterministic.ts';

/**
 * What may go wrong in a simulation.
 * - `fail`: an attempt fails, and may be tried again. `slow`: it takes up to ten minutes longer. `hang`: it never ends.
 * - `drop`, `delay`, `duplicate`, `reorder`: see TransportFaults.
 * - `unavailable`: the store does nothing, and says so. `unknown`: it appends, and the answer is lost.
 * - `crash`: the process is killed just before or just after an append, and another one starts a second later.
 * - `silence`: a signal that a run waits for never comes, a form is never answered.
 */
export const SIM_FAULTS = [
  'fail',
  'slow',
  'hang',
  'drop',
  'delay',
  'duplicate',
  'reorder',
  'unavailable',
  'unknown',
  'crash',
  'silence',
] as const;

/** One of SIM_FAULTS. */
export type SimFaultKind = (typeof SIM_FAULTS)[number];

/** Those that every workflow should bear, whatever its time limits. */
export const DEFAULT_SIM_FAULTS: readonly SimFaultKind[] = SIM_FAULTS.filter(
  (kind) => kind !== 'hang' && kind !== 'silence',
);

/** One thing that goes wrong: what befalls the `nth` use (from 1) of a place, such as `append run-simulated` or `task pay`. */
export interface SimFault {
  readonly kind: SimFaultKind;
  readonly at: string;
  readonly nth: number;
  /** Of one that holds something back: for how long, at the most. */
  readonly ms?: number;
  /** Of a crash. */
  readonly when?: 'before' | 'after';
}

/** Which faults befall the uses of places, as they come. */
export class FaultPlan {
  /** Those that did, in order. */
  readonly happened: SimFault[] = [];
  readonly #uses = new Map<string, number>();
  readonly #choose: (at: string, nth: number, kinds: readonly SimFaultKind[]) => SimFault | undefined;

  private constructor(choose: (at: string, nth: number, kinds: readonly SimFaultKind[]) => SimFault | undefined) {
    this.#choose = choose;
  }

  /** By chance: what befalls a use follows from the seed, the place and the number of the use alone. */
  static bySeed(seed: number, kinds: readonly SimFaultKind[]): FaultPlan {
    const allowed = new Set(kinds);
    const rate = RATES[Math.floor(chance(seed, 'rate') * RATES.length)] ?? 0;
    let crashes = 0;
    const plan: FaultPlan = new FaultPlan((at, nth, possible) => {
      const open = possible.filter((kind) => allowed.has(kind) && (kind !== 'crash' || crashes < MOST_CRASHES));
      if (open.length === 0 || plan.happened.length >= MOST_FAULTS) return undefined;
      const dice = dicesOf(seed, `${at}#${nth}`);
      if (dice() >= rate) return undefined;
      const kind = open[Math.floor(dice() * open.length)] ?? open[0];
      if (kind === undefined) return undefined;
      if (kind === 'crash') crashes += 1;
      return faultOf(kind, at, nth, dice);
    });
    return plan;
  }

  /** These, and no others. */
  static of(faults: readonly SimFault[]): FaultPlan {
    const byPlace = new Map(faults.map((fault) => [`${fault.at}#${fault.nth}`, fault]));
    return new FaultPlan((at, nth, kinds) => {
      const fault = byPlace.get(`${at}#${nth}`);
      return fault !== undefined && kinds.includes(fault.kind) ? fault : undefined;
    });
  }

  /** Notes a use of the place, and says what befalls it, of these kinds. */
  use(at: string, kinds: readonly SimFaultKind[]): SimFault | undefined {
    const nth = (this.#uses.get(at) ?? 0) + 1;
    this.#uses.set(at, nth);
    const fault = this.#choose(at, nth, kinds);
    if (fault !== undefined) this.happened.push(fault);
    return fault;
  }
}

/** How likely a fault is, of one run or another. */
const RATES = [0.02, 0.05, 0.1, 0.2, 0.3];
const MOST_FAULTS = 40;
const MOST_CRASHES = 5;
const LONGEST_MS = 600_000;
/** Less than a transport may take to make a delivery again. */
const LONGEST_MESSAGE_MS = 3000;

function faultOf(kind: SimFaultKind, at: string, nth: number, dice: () => number): SimFault {
  switch (kind) {
    case 'slow':
      // From a second on, short ones as likely as long ones.
      return { kind, at, nth, ms: Math.round(1000 * (LONGEST_MS / 1000) ** dice()) };
    case 'drop':
    case 'delay':
    case 'duplicate':
    case 'reorder':
      return { kind, at, nth, ms: 1 + Math.floor(dice() * LONGEST_MESSAGE_MS) };
    case 'crash':
      return { kind, at, nth, when: dice() < 0.5 ? 'before' : 'after' };
    default:
      return { kind, at, nth };
  }
}

/** Numbers in [0, 1) that follow from a seed and a name alone, whatever else was asked for. */
export function dicesOf(seed: number, name: string): () => number {
  // FNV-1a
  let hash = 0x811c9dc5 ^ (seed | 0);
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return seededRandom(hash >>> 0);
}

/** The first of those numbers. */
export const chance = (seed: number, name: string): number => dicesOf(seed, name)();
