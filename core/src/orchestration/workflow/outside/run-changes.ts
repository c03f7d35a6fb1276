import type { Budget, TaskDefinition } from '../../../definition/definition.ts';
import type { Json } from '../../../shared/json.ts';
import type { CommandBase } from '../command-base.ts';
import type { PutBefore } from '../events.ts';

// What people and programs may change in a run that is under way. One more is an interface here, its decision in change-run.ts, and a method of
// RunHandle.

/**
 * Adds tasks to a block that is under way ('' is the run). They are data: functions are refused. Rejected as a whole or taken as a whole.
 */
export interface AddTasks extends CommandBase {
  readonly type: 'AddTasks';
  readonly scope: string;
  /** Normalised, as in a definition. They may come after tasks of the block, and after each other. */
  readonly tasks: readonly TaskDefinition[];
  /** Tasks of the block that wait, and are to wait for added ones, too. */
  readonly before?: readonly PutBefore[];
}

/** Edges that one command may draw, or take away. */
export const MAX_EDGES = 1_000;

/** A task that waits comes after others of its block, too. */
export interface LinkTasks extends CommandBase {
  readonly type: 'LinkTasks';
  readonly taskId: string;
  /** Ids in its block. */
  readonly after: readonly string[];
}

/** A task that waits does not come after these any more. */
export interface UnlinkTasks extends CommandBase {
  readonly type: 'UnlinkTasks';
  readonly taskId: string;
  /** Ids in its block. */
  readonly after: readonly string[];
}

/** A task that has not ended is skipped. What it did is undone first. */
export interface SkipTask extends CommandBase {
  readonly type: 'SkipTask';
  readonly taskId: string;
}

/** A task that has not ended completes with this output, as if it had given it. */
export interface OverrideTask extends CommandBase {
  readonly type: 'OverrideTask';
  readonly taskId: string;
  readonly output: Json;
}

/** A task that has begun, and all that comes after it, begin again within the round of their block. */
export interface RestartTask extends CommandBase {
  readonly type: 'RestartTask';
  readonly taskId: string;
  /** At-most-once tasks that may be done again. */
  readonly again?: readonly string[];
}

/** A task, or the items of a list, that have not ended go before others, or behind them, from now on. */
export interface SetPriority extends CommandBase {
  readonly type: 'SetPriority';
  readonly taskId: string;
  readonly priority: number;
}

/** A block that is under way ('' is the run) may spend more of what its budget limits. */
export interface RaiseBudget extends CommandBase {
  readonly type: 'RaiseBudget';
  readonly scope: string;
  /** By how much, of each kind. */
  readonly raised: Budget;
}

/** Adds items to a list (a forEach) that is under way. Rejected as a whole or taken as a whole. */
export interface AddItems extends CommandBase {
  readonly type: 'AddItems';
  /** The list. */
  readonly taskId: string;
  readonly items: readonly Json[];
}

export type RunChange =
  | AddTasks
  | AddItems
  | LinkTasks
  | UnlinkTasks
  | SkipTask
  | OverrideTask
  | RestartTask
  | SetPriority
  | RaiseBudget;

/** Their types. */
export const CHANGES = [
  'AddTasks',
  'AddItems',
  'LinkTasks',
  'UnlinkTasks',
  'SkipTask',
  'OverrideTask',
  'RestartTask',
  'SetPriority',
  'RaiseBudget',
] as const satisfies readonly RunChange['type'][];

export const isRunChange = (command: { readonly type: string }): command is RunChange =>
  (CHANGES as readonly string[]).includes(command.type);
