import type { Rate } from '../admission/token-bucket.ts';
import type { LimitEvent, PermitsAsked, PermitsGranted, PermitsReleased } from './limit-events.ts';
import { type Entry, evolveLimit, heldInAll, type LimitState, summed, tokensAt, waits } from './limit-state.ts';

/** It wants, or has, so many permits. Coming again it changes nothing. */
export type AskPermits = Omit<PermitsAsked, 'type'> & { readonly kind: 'ask' };

/** What was asked for by `request` is given back, but for `left`. */
export interface ReleasePermits {
  readonly kind: 'release';
  readonly holder: string;
  readonly request: string;
  readonly left: number;
  readonly why: PermitsReleased['why'];
}

/** It was silent for a lease: nothing came of it after `revision`. */
export interface ExpirePermits {
  readonly kind: 'expire';
  readonly holder: string;
  readonly revision: number;
}

export interface RenewPermits {
  readonly kind: 'renew';
  readonly holder: string;
}

/** As many tokens of a rate as there are, `wants` at the most. */
export interface TakeTokens {
  readonly kind: 'take';
  readonly limit: string;
  readonly holder: string;
  readonly rate: Rate;
  readonly wants: number;
  readonly now: number;
}

export type LimitCommand = AskPermits | ReleasePermits | ExpirePermits | RenewPermits | TakeTokens;

/** After how many events their sum is put on record. */
const SUM_EVERY = 200;
/** A sum of more would cost more than it spares, and be too large for some stores. */
const MOST_SUMMED = 1000;

/**
 * Answers a command with events, which are folded into `state` already: whoever cannot append them has to read the state anew. Total; nothing for what
 * changes nothing. Never are more permits granted than there are: what is held beyond that was said to be held (`has`).
 */
export function decideLimit(state: LimitState, command: LimitCommand): readonly LimitEvent[] {
  const events: LimitEvent[] = [];
  const add = (event: LimitEvent): void => {
    evolveLimit(state, event);
    events.push(event);
  };
  const own = ownEvent(state, command);
  if (own === undefined) return events;
  add(own);
  if (command.kind === 'ask' || command.kind === 'release' || command.kind === 'expire')
    for (const granted of grants(state)) add(granted);
  if (state.unsummed >= SUM_EVERY && state.entries.size <= MOST_SUMMED) add(summed(state));
  return events;
}

function ownEvent(state: LimitState, command: LimitCommand): LimitEvent | undefined {
  const entry = state.entries.get(command.holder);
  switch (command.kind) {
    case 'ask': {
      const { kind: _, ...asked } = command;
      return entry !== undefined && isKnown(state, entry, command) ? undefined : { type: 'PermitsAsked', ...asked };
    }
    case 'release': {
      const { holder, request, left, why } = command;
      if (entry === undefined || entry.request !== request || entry.wants <= left) return undefined;
      return { type: 'PermitsReleased', holder, left, why };
    }
    case 'expire':
      if (entry === undefined || entry.revision !== command.revision) return undefined;
      return { type: 'PermitsReleased', holder: entry.holder, left: 0, why: 'expired' };
    case 'renew':
      return entry === undefined ? undefined : { type: 'PermitsRenewed', holder: entry.holder };
    case 'take': {
      const { limit, holder, rate, wants, now } = command;
      const count = Math.min(wants, Math.floor(tokensAt(state, rate, now)));
      return count <= 0 ? undefined : { type: 'TokensTaken', limit, holder, rate, count, at: now };
    }
    default:
      return command satisfies never;
  }
}

const isKnown = (state: LimitState, entry: Entry, { request, has, wants, most }: AskPermits): boolean =>
  entry.request === request && entry.held >= has && entry.wants === Math.max(wants, entry.held) && state.most === most;

/** To whoever has least goes next, of those the one that waits longest: so each gets what it wants, or as much as the others. */
function grants(state: LimitState): readonly PermitsGranted[] {
  let free = state.most - heldInAll(state);
  if (free <= 0) return [];
  const waiting = [...state.entries.values()].filter(waits);
  const shares = waiting.map(({ holder, held, wants, order }) => ({ holder, held, wants, order, granted: 0 }));
  for (; free > 0; free -= 1) {
    let next: (typeof shares)[number] | undefined;
    for (const share of shares) {
      if (!waits(share)) continue;
      if (next === undefined || share.held < next.held || (share.held === next.held && share.order < next.order))
        next = share;
    }
    if (next === undefined) break;
    next.held += 1;
    next.granted += 1;
  }
  return shares.flatMap(({ holder, held, granted }) =>
    granted === 0 ? [] : [{ type: 'PermitsGranted' as const, holder, held }],
  );
}

/** Whether a holder is to hand a permit that it does not use any more to others, rather than to use it again: one of them has none, or much fewer. */
export function isToPass(state: LimitState, holder: string, held: number): boolean {
  if (held <= 0) return false;
  for (const other of state.entries.values())
    if (other.holder !== holder && waits(other) && (other.held === 0 || other.held + 1 < held)) return true;
  return false;
}
