import type { NoteAgent } from '../commands.ts';
import type { RunEvent } from '../events.ts';
import type { Takers } from '../explain/explanation.ts';

/** What decide and settle are handed besides the state: time, chance and limits are arguments. */
export interface DecisionContext {
  readonly now: number;
  /** In [0, 1); a new one for every call. */
  readonly random: () => number;
  /** Characters of JSON that an input, an item or a run's output may have. */
  readonly maxPayloadChars: number;
  /** Characters that the inputs, items and outputs of a run may have in all. Default: no limit. */
  readonly maxRunChars?: number;
  /** Inputs and items up to this many characters are recorded as they are, wherever they are from; larger ones by reference. Default: 256. */
  readonly inlineChars?: number;
  /** Who could take the tasks that are added to the run. Default: that is not asked. */
  readonly takers?: Takers;
  /** False: what follows by itself is left to whoever drives the run. Default: true. */
  readonly settles?: boolean;
  /** Told of each event as soon as it is folded: what it leads to follows from the state as it left it. */
  readonly folded?: (event: RunEvent) => void;
  /** Asked once the events of a command are folded: what is to be put on record before what follows from them by itself. */
  readonly notes?: () => readonly NoteAgent[];
  /** Whoever is handed an at-most-once attempt asks before beginning it. Default: it is handed to one only, and counts as begun when it is. */
  readonly claims?: boolean;
  /** Characters of payload after which settling and scheduling stop for now, to go on in another turn. Default: no limit. */
  readonly sliceChars?: number;
}
