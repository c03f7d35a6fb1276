/** The format of what is below. */
export const LEDGER_FORMAT = 1;

/**
 * Of one task, in a team that bids. `called`: bids are waited for. `waiting`: nobody bid; called again at `until`. `awarded`: it is for `to`. `order`: it
 * is assigned as if nobody had been asked.
 */
export interface Auction {
  state: 'called' | 'waiting' | 'awarded' | 'order';
  /** How often the task had begun again. */
  again: number;
  round: number;
  /** Who was asked, by the id of the bid. */
  bids: Record<string, string>;
  to: string | null;
  /** Who bid, too: the best first. */
  next: string[];
  /** Bids that could not be taken. */
  void: string[];
  until: number | null;
}

/** All that a team remembers. */
export interface Ledger {
  /** It gave up: asked again, it has its chances anew. */
  over: boolean;
  /** Ids that turned out to be taken. */
  taken: number;
  /** Calls for bids. */
  calls: number;
  /** Until when none is made: there was no place for their conversations. */
  crowded: number;
  /** The task that goes from hand to hand. */
  floor: string | null;
  /** Hand-offs that were looked at; those before the round of chances; those before the circle that is looked for. */
  looked: number;
  base: number;
  since: number;
  circles: number;
  /** It was given to who breaks circles. */
  broken: boolean;
  works: Record<string, Auction>;
  /** Who claimed what, and has it in hand. */
  claims: Record<string, string>;
}

export const emptyLedger = (): Ledger => ({
  over: false,
  taken: 0,
  calls: 0,
  crowded: 0,
  floor: null,
  looked: 0,
  base: 0,
  since: 0,
  circles: 0,
  broken: false,
  works: {},
  claims: {},
});
