import { Fifo } from '../../shared/fifo.ts';
import { whenIdle } from '../../shared/system.ts';
import type { Command } from '../workflow/commands.ts';
import type { CommandRejected, RunEvent } from '../workflow/events.ts';
import type { RunState } from '../workflow/state.ts';

/** What became of a command: the events that it added (none for a repeat or a latecomer). */
export interface CommandOutcome {
  readonly events: readonly RunEvent[];
  readonly rejection?: CommandRejected;
}

/** One thing to do for a run. Without a command: look at the run again (after another process changed it, or at recovery). */
export interface InboxItem {
  readonly command?: Command;
  /** Commands that depend on what the state is by then. */
  readonly derive?: (state: RunState, now: number) => readonly Command[];
  /** It stands in for one that could not be decided: there is no third try. */
  readonly contained?: boolean;
  /** The history was changed from outside: what is cached is out of date. */
  readonly refresh?: boolean;
  /** Of a person or a program: where others drive runs, too, only whoever drives this one decides it. It fails with RunMoved elsewhere. */
  readonly fromOutside?: boolean;
  /** Of a start whose definition came from elsewhere: which of its functions there are not here, and which are others. */
  readonly begins?: { readonly missing: readonly string[]; readonly changed: readonly string[] };
  /** `sent` resolves once the transport has taken, or refused, what the turn had to send; it does not reject. Absent when that was nothing. */
  done?(outcome: CommandOutcome, sent?: Promise<void>): void;
  failed?(error: unknown): void;
}

/** The run is another process's: what was to be decided is for that one. */
export class RunMoved extends Error {}

/** Handles a batch of one run's items. Never called again for a run before its promise settles; does not reject. */
export type Turn = (runId: string, items: readonly InboxItem[]) => Promise<void>;

/** Items that one turn takes at most: bounds the size of an append. */
const TURN_LIMIT = 256;

/**
 * A queue for every run, with one writer each.
 *
 * A run is quiet (not in the map), waiting (has items, its turn comes when the loop is idle), or in its turn (items that come
 * meanwhile wait for the next). Turns of many runs start together, so that a store can commit them together.
 */
export class Inboxes {
  readonly #turn: Turn;
  readonly #queues = new Map<string, Fifo<InboxItem>>();
  #waiting: string[] = [];
  #scheduled = false;
  #idle: (() => void)[] = [];

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  post(runId: string, item: InboxItem): void {
    const queue = this.#queues.get(runId);
    if (queue !== undefined) {
      queue.push(item);
      return;
    }
    const created = new Fifo<InboxItem>();
    created.push(item);
    this.#queues.set(runId, created);
    this.#wait(runId);
  }

  busy(runId: string): boolean {
    return this.#queues.has(runId);
  }

  /** Resolves when no run has anything to do. */
  async idle(): Promise<void> {
    if (this.#queues.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle.push(resolve);
    await promise;
  }

  // Waiting until the loop is idle lets what belongs together gather: a start and its completion become one append.
  #wait(runId: string): void {
    this.#waiting.push(runId);
    if (this.#scheduled) return;
    this.#scheduled = true;
    whenIdle(() => {
      this.#scheduled = false;
      const runs = this.#waiting;
      this.#waiting = [];
      for (const id of runs) this.#start(id);
    });
  }

  #start(runId: string): void {
    const queue = this.#queues.get(runId);
    if (queue === undefined) return;
    const settled = (): void => {
      if (queue.size > 0) return this.#wait(runId);
      this.#queues.delete(runId);
      if (this.#queues.size > 0) return;
      const idle = this.#idle;
      this.#idle = [];
      for (const resolve of idle) resolve();
    };
    // A turn does not reject. If it does all the same, the run goes on: a queue that nobody serves would be a run that hangs.
    void this.#turn(runId, queue.take(TURN_LIMIT)).then(settled, settled);
  }
}
