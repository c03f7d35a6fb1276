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

/** The most bytes of JSON that a character takes: a control character, escaped. */
const CHAR_BYTES = 6;

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
  /** How many events there were before each command that added some. */
  readonly #starts: number[] = [];
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
    this.#starts.push(this.events.length);
    this.#ids ??= eventIds(this.#writer, command.runId, this.#from - 1, command.commandId);
    for (const event of events) {
      const id = this.#ids(this.#from + this.encoded.length);
      this.chars += turnCost(event);
      this.events.push(event);
      this.encoded.push(toNewEvent(event, id, command, this.#source, origin));
    }
  }

  /** What the last event says of the run: see EventMetadata.sleepsUntil. */
  sleeps(until: number | null): void {
    const last = this.encoded.pop();
    if (last !== undefined) this.encoded.push({ ...last, metadata: { ...last.metadata, sleepsUntil: until } });
  }

  /**
   * The events as they are appended: together, or, where a store takes so many bytes at once and they have more, in several appends, none of which
   * ends within a command: what a command leaves is a state like any other.
   */
  appends(maxBytes: number | undefined): readonly (readonly NewEvent[])[] {
    if (maxBytes === undefined || this.chars * CHAR_BYTES <= maxBytes || this.#starts.length < 2) return [this.encoded];
    const appends: NewEvent[][] = [];
    let bytes = Number.POSITIVE_INFINITY;
    for (const [index, start] of this.#starts.entries()) {
      const events = this.encoded.slice(start, this.#starts[index + 1]);
      const size = events.reduce((sum, event) => sum + Buffer.byteLength(JSON.stringify(event)), 0);
      if (bytes + size > maxBytes) {
        appends.push([]);
        bytes = 0;
      }
      appends.at(-1)?.push(...events);
      bytes += size;
    }
    return appends;
  }
}
