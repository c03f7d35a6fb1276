import type { NewEvent } from '../../../event-store/event-store.ts';
import type { CommandBase } from '../../workflow/command-base.ts';
import type { Effect } from '../../workflow/effects.ts';
import type { RunEvent } from '../../workflow/events.ts';
import { turnCost } from '../../workflow/payload-size.ts';
import type { RunState } from '../../workflow/state.ts';
import type { CommandOutcome, InboxItem } from '../inbox.ts';
import type { MetaSource } from '../meta.ts';
import { type EventIds, eventIds, toNewEvent } from '../new-event.ts';

export interface Handled {
  readonly item: InboxItem;
  readonly outcome: CommandOutcome;
}

/**
 * Batches of this process. Part of the ids of events: the same command, decided twice at the same revision (a start that is repeated while
 * the run is not in memory), may not take the first append for its own.
 */
let batches = 0;

/** What one turn of a run adds to its history, in one append. */
export class Batch {
  readonly handled: Handled[] = [];
  readonly events: RunEvent[] = [];
  readonly encoded: NewEvent[] = [];
  readonly effects: Effect[] = [];
  /** What the events take of a turn; see turnCost. */
  chars = 0;
  readonly #from: number;
  readonly #source: MetaSource;
  readonly #writer: string;
  #ids: EventIds | undefined;

  /** Of a run in this state, which the events may be folded into. `writer`: part of every event's id. */
  constructor(state: RunState, writer: string) {
    this.#source = state;
    this.#from = state.revision + 1;
    batches += 1;
    this.#writer = `${writer}/${batches}`;
  }

  /** `origin`: the run that the events are copied from. */
  add(command: CommandBase, events: readonly RunEvent[], origin?: string): void {
    if (events.length === 0) return;
    this.#ids ??= eventIds(this.#writer, command.runId, this.#from - 1, command.commandId);
    for (const event of events) {
      const id = this.#ids(this.#from + this.encoded.length);
      this.chars += turnCost(event);
      this.events.push(event);
      this.encoded.push(toNewEvent(event, id, command, this.#source, origin));
    }
  }
}
