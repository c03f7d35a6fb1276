import type { HistoryEntry } from '../../orchestration/reading/run-reader.ts';
import type { RunEvent } from '../../orchestration/workflow/events.ts';
import type { RunView } from '../../orchestration/workflow/run-view.ts';
import type { RunStatus } from '../../orchestration/workflow/state.ts';
import type { ErrorData } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { AgentCall } from '../simulate.ts';
import type { SimFault } from './fault.ts';
import type { PlayedBy } from './sim-agents.ts';

/** A call of an agent in a simulation with faults. */
export interface SimCall extends AgentCall {
  readonly runId: string;
  readonly by: PlayedBy;
  /** Whether that it is to be made was on record before. */
  readonly recorded: boolean;
  /** In which process, from 0 on: each crash begins another. */
  readonly process: number;
}

/** What an invariant is asked about: one run, under its faults, to its end or to where it stands still. */
export interface SimulatedRun {
  readonly seed: number;
  readonly input: Json;
  readonly status: RunStatus;
  readonly output: Json | undefined;
  /** Of a run that failed. */
  readonly error: ErrorData | undefined;
  readonly state: RunView;
  /** The history of the run. */
  readonly history: readonly RunEvent[];
  /** The same, with what stands beside each event. */
  readonly entries: readonly HistoryEntry[];
  /** Those of its child runs, by their ids. */
  readonly children: ReadonlyMap<string, readonly RunEvent[]>;
  readonly calls: readonly SimCall[];
  /** What went wrong, in order. */
  readonly faults: readonly SimFault[];
  /** Virtual ms from the first event to the last. */
  readonly duration: number;
  /** Of a run that has not ended within its time: what it waits for, in words. */
  readonly stuck: string | undefined;
}

/** An invariant that does not hold. */
export interface Broken {
  readonly invariant: string;
  readonly detail: string;
}

/**
 * Says what has to be true of every run, whatever befalls it: throws, or gives false or a text that says what is wrong; anything else, and it holds.
 *
 * ```ts
 * export const paidOnce = ({ calls }: SimulatedRun) =>
 *   new Set(calls.filter(({ agent }) => agent === 'pay').map(({ idempotencyKey }) => idempotencyKey)).size <= 1;
 * ```
 */
export type SimInvariant = (run: SimulatedRun) => unknown;
