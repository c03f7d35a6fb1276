import type { Rate } from '../admission/token-bucket.ts';
import type { LimitEvent, LimitSummed } from './limit-events.ts';

/** Who has permits of a limit, or waits for some. */
export interface Entry {
  readonly holder: string;
  /** The last asking. */
  request: string;
  by: string;
  held: number;
  /** In all; above `held`: it waits. */
  wants: number;
  /** When it began to wait, as a number that grows. */
  order: number;
  /** Of the last event about it by itself. */
  revision: number;
}

/** A limit over all orchestrators, folded. Whoever folds it is its only owner. */
export interface LimitState {
  /** Of the last event folded; -1 before the first. */
  revision: number;
  most: number;
  readonly entries: Map<string, Entry>;
  order: number;
  /** What is left of the rate at `at`; undefined while nothing was taken: all of the burst. */
  tokens: { left: number; at: number } | undefined;
  /** Events since the last LimitSummed. */
  unsummed: number;
}

export const initialLimit = (): LimitState => ({
  revision: -1,
  most: 0,
  entries: new Map(),
  order: 0,
  tokens: undefined,
  unsummed: 0,
});

export const heldInAll = ({ entries }: LimitState): number => {
  let held = 0;
  for (const entry of entries.values()) held += entry.held;
  return held;
};

export const waits = ({ held, wants }: Pick<Entry, 'held' | 'wants'>): boolean => wants > held;

/** Folds the event at the next revision. */
export function evolveLimit(state: LimitState, event: LimitEvent): void {
  state.revision += 1;
  state.unsummed += 1;
  switch (event.type) {
    case 'PermitsAsked': {
      const { holder, request, by, has, wants, most } = event;
      const known = state.entries.get(holder);
      const held = Math.max(known?.held ?? 0, has);
      const order = known !== undefined && waits(known) ? known.order : nextOrder(state);
      const { revision } = state;
      state.entries.set(holder, { holder, request, by, held, wants: Math.max(wants, held), order, revision });
      state.most = most;
      return;
    }
    case 'PermitsGranted': {
      const entry = state.entries.get(event.holder);
      if (entry === undefined) return;
      entry.held = event.held;
      entry.wants = Math.max(entry.wants, entry.held);
      // For what it still wants it stands behind the others.
      entry.order = nextOrder(state);
      return;
    }
    case 'PermitsReleased': {
      const entry = state.entries.get(event.holder);
      if (entry === undefined) return;
      entry.held = Math.min(entry.held, event.left);
      entry.wants = entry.held;
      entry.revision = state.revision;
      if (entry.held === 0) state.entries.delete(event.holder);
      return;
    }
    case 'PermitsRenewed': {
      const entry = state.entries.get(event.holder);
      if (entry !== undefined) entry.revision = state.revision;
      return;
    }
    case 'TokensTaken':
      state.tokens = { left: tokensAt(state, event.rate, event.at) - event.count, at: laterOf(state, event.at) };
      return;
    case 'LimitSummed':
      return restore(state, event);
    default:
      event satisfies never;
  }
}

/** Tokens that are there at `now`. A clock that is behind that of whoever took last sees what was left then. */
export function tokensAt({ tokens }: LimitState, rate: Rate, now: number): number {
  if (tokens === undefined) return rate.burst;
  const came = (Math.max(0, now - tokens.at) * rate.limit) / rate.perMs;
  // What is a token but for rounding is one.
  return Math.min(rate.burst, Math.round((tokens.left + came) * 1e6) / 1e6);
}

const laterOf = ({ tokens }: LimitState, at: number): number => Math.max(at, tokens?.at ?? at);

export function summed({ most, entries, tokens }: LimitState): LimitSummed {
  const inOrder = [...entries.values()].sort((one, other) => one.order - other.order);
  return {
    type: 'LimitSummed',
    most,
    entries: inOrder.map(({ order: _, ...entry }) => entry),
    tokens: tokens === undefined ? null : { ...tokens },
  };
}

function restore(state: LimitState, { most, entries, tokens }: LimitSummed): void {
  state.most = most;
  state.entries.clear();
  for (const entry of entries) state.entries.set(entry.holder, { ...entry, order: nextOrder(state) });
  state.tokens = tokens === null ? undefined : { ...tokens };
  state.unsummed = 0;
}

function nextOrder(state: LimitState): number {
  state.order += 1;
  return state.order;
}
