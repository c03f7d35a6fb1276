/** What decide and settle are handed besides the state: time, chance and limits are arguments. */
export interface DecisionContext {
  readonly now: number;
  /** In [0, 1); a new one for every call. */
  readonly random: () => number;
  /** Characters of JSON that an input may have. */
  readonly maxPayloadChars: number;
}
