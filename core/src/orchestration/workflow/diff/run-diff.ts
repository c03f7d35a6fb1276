import type { DefinitionChange } from '../../../definition/changes.ts';
import type { Json } from '../../../shared/json.ts';
import type { Lineage, RunEvent } from '../events.ts';
import type { RunStatus } from '../state.ts';

// What two histories have in common and in what they differ. Ids of runs, times and who carried something out are no difference.

/** In what a task, an attempt or the run may differ. `attempt`: that it was made at all. */
export type DiffersIn = 'attempt' | 'agent' | 'input' | 'output' | 'status' | 'error' | 'decision';

/** What one of the histories says, and the event that says it. */
export interface Said {
  readonly value: Json;
  readonly revision: number;
  readonly type: RunEvent['type'];
}

/** What has the same place in both: path, rounds and attempt. A side that says nothing of it is undefined. */
export interface Difference {
  /** The path of the task; '' is the run. */
  readonly task: string;
  /** The path with `~round` behind each part that has come to a later round than the first (`book~2/pay`). */
  readonly rounds: string;
  /** The how-manieth attempt of the task in its round, from 1; undefined when it is about the task as such. */
  readonly attempt: number | undefined;
  readonly what: DiffersIn;
  readonly a: Said | undefined;
  readonly b: Said | undefined;
}

/** One task in one round. */
export interface DiffTask {
  readonly task: string;
  readonly rounds: string;
  /** Undefined while it has not ended. */
  readonly status: string | undefined;
  readonly attempts: number;
}

/** What a run, or a part of one, took. */
export interface RunCost {
  readonly events: number;
  /** Attempts that agents were assigned. */
  readonly attempts: number;
  /** Of those, all but the first of their task in its round. */
  readonly retries: number;
  /** Of those, how many failed; and of how many the worker was lost. */
  readonly failures: number;
  readonly lost: number;
  /** ms that agents worked: from the start of each attempt to its end, or until nobody waited for it any more. */
  readonly agentMs: number;
  /** ms from the first event to the last. */
  readonly wallMs: number;
}

/** One of two runs that are compared. */
export interface DiffSide {
  readonly runId: string;
  readonly workflow: string;
  readonly version: string;
  readonly definitionHash: string;
  readonly status: RunStatus;
  readonly lineage: Lineage | undefined;
  /** Of its own, and of what was taken over from the run that it goes on from. */
  readonly cost: RunCost;
  readonly taken: RunCost | undefined;
}

/** A task, with all its rounds and items, and what it took on each side, what was taken over included. */
export interface TaskCosts {
  /** The path in the definition. */
  readonly task: string;
  readonly a: Pick<RunCost, 'attempts' | 'failures' | 'agentMs'>;
  readonly b: Pick<RunCost, 'attempts' | 'failures' | 'agentMs'>;
}

/**
 * Where two histories part first: on each side the first that the other does not say, or says otherwise. Both sides are about the same when that has a
 * counterpart. A side that says nothing more is undefined.
 */
export interface Parting {
  readonly a: (Omit<Difference, 'a' | 'b'> & Said) | undefined;
  readonly b: (Omit<Difference, 'a' | 'b'> & Said) | undefined;
}

/** Two runs beside each other: where they part, what differs, what each cost. */
export interface RunDiff {
  readonly a: DiffSide;
  readonly b: DiffSide;
  /** `other`: another workflow, so that nothing but the costs is compared. `definition`: of one version, and changed all the same. */
  readonly workflow: 'same' | 'definition' | 'version' | 'other';
  /** In what the definition of the second differs from that of the first. */
  readonly changes: readonly DefinitionChange[];
  /** Undefined when the one says nothing that the other does not. */
  readonly parting: Parting | undefined;
  /** Of tasks that are in both, in the order of the first. */
  readonly differences: readonly Difference[];
  readonly onlyA: readonly DiffTask[];
  readonly onlyB: readonly DiffTask[];
  /** Tasks, each in each of its rounds, that are the same in both. */
  readonly same: number;
  readonly tasks: readonly TaskCosts[];
}
