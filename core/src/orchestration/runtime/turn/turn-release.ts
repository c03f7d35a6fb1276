import type { Clock } from '../../../shared/clock.ts';
import type { Effect } from '../../workflow/effects.ts';
import { isTerminal, type RunState } from '../../workflow/state.ts';
import type { Admission } from '../admission/admission.ts';
import type { Heart } from '../heart.ts';
import type { InboxItem } from '../inbox.ts';
import type { MonitorHub } from '../monitor-hub.ts';
import type { CachedRun, RunRepository } from '../run-repository.ts';
import type { SharedMutexes } from '../shared-mutexes.ts';
import type { Batch } from './batch.ts';
import { parkCommand, undecidable } from './containment.ts';
import type { RunReports } from './run-reports.ts';

export interface TurnReleaseParts {
  readonly heart: Pick<Heart, 'openEffects'>;
  readonly clock: Clock;
  readonly repository: RunRepository;
  readonly admission: Admission;
  readonly mutexes: SharedMutexes;
  readonly monitors: MonitorHub;
  readonly reports: RunReports;
  drives(runId: string): boolean;
  /** Puts an item behind those that wait for the run. */
  post(runId: string, item: InboxItem): void;
  carryOut(run: CachedRun, effects: readonly Effect[]): Promise<void> | undefined;
  /** What is to be done about attempts that are out, and that the history of the run ended meanwhile. */
  endedElsewhere(state: RunState): readonly Effect[];
  /** A run was ended by a process that does not drive it: whoever waits here is to know. */
  ended(state: RunState): void;
  /** The run stands still, or does no more: whoever waits here may want to know. */
  stood(runId: string): void;
}

/** How often what an append led to is tried to be carried out before the run is parked. */
const RELEASES = 3;

/** What leaves a turn once its events are durable. */
export class TurnRelease {
  readonly #parts: TurnReleaseParts;
  /** Runs whose effects could not be carried out, and how often that was tried. */
  readonly #unreleased = new Map<string, number>();

  constructor(parts: TurnReleaseParts) {
    this.#parts = parts;
  }

  /** Effects are carried out, monitors see the events, callers get their answers. `whole`: nothing of the turn's items is left. */
  release(run: CachedRun, batch: Batch, expected: number, whole = true): void {
    let sent: Promise<void> | undefined;
    try {
      sent = this.#carryOut(run, batch, whole);
      this.#unreleased.delete(run.runId);
    } catch (error) {
      this.#notCarriedOut(run.runId, error);
    }
    this.observe(run, batch, expected);
    if (batch.events.some(({ type }) => type === 'RunParked')) this.#parts.stood(run.runId);
    for (const { item, outcome } of batch.handled)
      this.#parts.reports.tell(run.runId, () => item.done?.(outcome, sent));
  }

  observe(run: CachedRun, batch: Batch, expected: number): void {
    const { monitors } = this.#parts;
    if (!monitors.active) return;
    for (const [index, event] of batch.encoded.entries()) {
      // What is copied happened elsewhere, and was seen there.
      if (event.metadata.origin !== undefined) continue;
      monitors.event({ runId: run.runId, revision: expected + 1 + index, event });
    }
  }

  /** The run is another process's now. */
  forget(runId: string): void {
    this.#unreleased.delete(runId);
  }

  #carryOut(run: CachedRun, batch: Batch, whole: boolean): Promise<void> | undefined {
    const { heart, admission, mutexes, drives, carryOut, ended, endedElsewhere } = this.#parts;
    if (drives(run.runId)) {
      let effects: readonly Effect[] = batch.effects;
      // A parked run is left alone until it is resumed, a held one until it is let go; unless it was ended elsewhere.
      const left = run.state.status === 'parked' || (run.missing.length > 0 && !isTerminal(run.state.status));
      // What recovery has yet to say (that an attempt is lost, say) comes before anything is sent again.
      if (run.fresh && !left && whole)
        effects = effects.concat(endedElsewhere(run.state), heart.openEffects(run.state));
      run.fresh &&= run.state.status === 'parked' || !whole;
      const sent = effects.length > 0 ? carryOut(run, effects) : undefined;
      mutexes.look(run.state);
      return sent;
    }
    // The run went to another process during the turn, which derives from the history what the run itself needs, but not what its end asks of others.
    admission.releaseRun(run.runId, true);
    mutexes.forget(run.runId);
    const left = batch.effects.filter(({ kind }) => kind === 'close-run' || kind === 'cancel-child');
    if (left.length > 0) return carryOut(run, left);
    if (batch.events.length > 0 && isTerminal(run.state.status)) ended(run.state);
    return undefined;
  }

  /** All of it can be derived again: the run is read again, and after a few times in vain it is parked. */
  #notCarriedOut(runId: string, error: unknown): void {
    const { repository, reports, clock, post } = this.#parts;
    const tries = (this.#unreleased.get(runId) ?? 0) + 1;
    repository.drop(runId);
    if (tries < RELEASES) {
      this.#unreleased.set(runId, tries);
      reports.error(runId, error, 'what the events lead to was not carried out; it is derived again');
      post(runId, { refresh: true });
      return;
    }
    this.#unreleased.delete(runId);
    reports.error(runId, error, 'what the events lead to cannot be carried out');
    const data = undecidable('what the events lead to', error);
    post(runId, { command: parkCommand(runId, data, 'effects', clock.now()) });
  }
}
