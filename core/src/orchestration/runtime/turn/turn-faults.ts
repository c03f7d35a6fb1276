import type { EventStore } from '../../../event-store/event-store.ts';
import type { Clock } from '../../../shared/clock.ts';
import { isRepriseError, RepriseError } from '../../../shared/errors.ts';
import type { Command } from '../../workflow/commands.ts';
import type { InboxItem } from '../inbox.ts';
import type { RunRepository } from '../run-repository.ts';
import type { StandingRuns } from '../standing-runs.ts';
import {
  asFailure,
  isStoreError,
  parkCommand,
  settled,
  substituteFor,
  Undecidable,
  Unfoldable,
  undecidable,
} from './containment.ts';
import { appendUnfolded } from './park-unfolded.ts';
import type { RunReports } from './run-reports.ts';

export interface TurnFaultsParts {
  /** Names this writer; part of every event id. */
  readonly id: string;
  readonly store: EventStore;
  readonly repository: RunRepository;
  readonly standing: StandingRuns;
  readonly reports: RunReports;
  readonly clock: Clock;
  drives(runId: string): boolean;
  stood(runId: string): void;
  /** A turn of one item by itself. */
  alone(runId: string, item: InboxItem): Promise<void>;
  /** Adds the events of a command and nothing else; rejects as the store does. */
  append(runId: string, command: Command): Promise<void>;
}

/** Conflicts in a row after which a park is given up. */
const CONFLICTS = 8;

/**
 * What becomes of a turn in which something threw: a person's command is refused, a worker's result fails its attempt, everything else parks the
 * run, on record. When even that cannot be put on record, the run is held.
 */
export class TurnFaults {
  readonly #parts: TurnFaultsParts;

  constructor(parts: TurnFaultsParts) {
    this.#parts = parts;
  }

  /** Returns the items that are still to be decided, what is to blame replaced or gone. `hopeless`: it has thrown too often. */
  async contain(
    runId: string,
    items: readonly InboxItem[],
    error: unknown,
    hopeless: boolean,
  ): Promise<readonly InboxItem[]> {
    const { reports, standing } = this.#parts;
    if (hopeless) {
      reports.error(runId, error, 'the run is held: whatever is done, something throws');
      standing.fault(runId, undecidable('a turn', error instanceof Undecidable ? error.cause : error));
      reports.fail(items, standing.faultOf(runId));
      return [];
    }
    if (isRepriseError(error, 'REPRISE_STORE_TOO_LARGE')) return this.#isolate(runId, items, error);
    if (isStoreError(error)) {
      reports.error(runId, error);
      if (isRepriseError(error, 'REPRISE_EVENT_UNREADABLE') || isRepriseError(error, 'REPRISE_STORE_CORRUPT'))
        standing.fault(runId, error);
      reports.fail(items, error);
      return [];
    }
    return this.#blame(runId, items, error instanceof Undecidable ? error : new Undecidable('a turn', error));
  }

  async #blame(runId: string, items: readonly InboxItem[], fault: Undecidable): Promise<readonly InboxItem[]> {
    const { reports } = this.#parts;
    const { item, cause } = fault;
    if (item === undefined) return this.#park(runId, fault, items);
    const substitute = substituteFor(item, cause);
    const rest = items.filter((other) => other !== item);
    if (substitute === undefined) {
      // A result that cannot even fail its attempt is let go of: the attempt stays open, and is made again once the run is resumed.
      reports.tell(runId, () => item.done?.(settled));
      return this.#park(runId, fault, rest);
    }
    reports.error(runId, cause, `${fault.what} could not be decided`);
    // A run that cannot be started has no stream that could tell.
    if (item.command?.type === 'StartRun') {
      reports.tell(runId, () => substitute.done?.(settled));
      return rest;
    }
    return items.with(items.indexOf(item), substitute);
  }

  /** A batch is larger than the store takes: each item is tried by itself, so that one cannot harm the rest. */
  async #isolate(runId: string, items: readonly InboxItem[], error: RepriseError): Promise<readonly InboxItem[]> {
    const { reports } = this.#parts;
    if (items.length > 1) {
      for (const item of items) await this.#parts.alone(runId, item);
      return [];
    }
    const [item] = items;
    const smaller = asFailure(item, error);
    if (smaller !== undefined) return [smaller];
    if (item?.failed !== undefined && item.command !== undefined) {
      reports.error(runId, error);
      reports.fail(items, error);
      return [];
    }
    return this.#park(runId, new Undecidable(item?.command?.type ?? 'what follows by itself', error), []);
  }

  /** Puts on record that the run cannot be decided; in memory, when that cannot be done. Returns the items that are left. */
  async #park(runId: string, fault: Undecidable, items: readonly InboxItem[]): Promise<readonly InboxItem[]> {
    const { reports, standing, repository } = this.#parts;
    const { what, cause } = fault;
    const error = undecidable(what, cause instanceof Unfoldable ? cause.cause : cause);
    if (!this.#parts.drives(runId)) {
      // Whoever drives the run may have no such trouble.
      reports.fail(items, new RepriseError('REPRISE_UNDECIDABLE', error.message));
      return [];
    }
    reports.error(runId, cause, `the run is parked: ${what} could not be decided`);
    repository.drop(runId);
    try {
      await this.#record(runId, fault);
      if (cause instanceof Unfoldable) standing.fault(runId, error);
    } catch (failure) {
      reports.error(runId, failure, 'that the run is parked could not be put on record; it is held in memory');
      standing.fault(runId, error);
    }
    this.#parts.stood(runId);
    if (standing.faultOf(runId) === undefined) return items;
    reports.fail(items, standing.faultOf(runId));
    return [];
  }

  /** Again when another writer was first. */
  async #record(runId: string, { what, cause }: Undecidable): Promise<void> {
    const { id, store, repository, clock, append } = this.#parts;
    const error = undecidable(what, cause instanceof Unfoldable ? cause.cause : cause);
    for (let conflicts = 0; ; conflicts += 1) {
      try {
        const at = clock.now();
        if (cause instanceof Unfoldable) await appendUnfolded(store, runId, error, what, at, id);
        else await append(runId, parkCommand(runId, error, what, at));
        return;
      } catch (failure) {
        repository.drop(runId);
        if (!isRepriseError(failure, 'REPRISE_STORE_CONFLICT') || conflicts >= CONFLICTS) throw failure;
      }
    }
  }
}
