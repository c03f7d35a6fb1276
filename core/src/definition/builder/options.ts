import type { Duration } from '../../shared/duration.ts';
import type { Json } from '../../shared/json.ts';
import type { Computed } from '../expression.ts';
import type { KnownIds } from './messages.ts';
import type {
  FallbackChoice,
  IsAbsent,
  Named,
  OnlyNamed,
  Resolved,
  Seen,
  Untyped,
  Upstream,
  Yield,
} from './task-types.ts';

/** Attempts in all, or a policy; what is left out is DEFAULT_RETRY's. */
export type RetryOption =
  | number
  | {
      readonly maxAttempts?: number;
      readonly initialDelay?: Duration;
      readonly factor?: number;
      /** Not below `initialDelay`. Default: a minute, or `initialDelay` where that is longer. */
      readonly maxDelay?: Duration;
      readonly jitter?: number;
      readonly nonRetryable?: readonly string[];
    };

/** Of an attempt, or of each kind. `task` is for each item of a forEach, `all` for the whole of it. */
export type TimeoutOption =
  | Duration
  | { readonly attempt?: Duration; readonly task?: Duration; readonly all?: Duration; readonly heartbeat?: Duration };

/** Options that mean the same for every kind of task. */
export interface PlainTaskOptions {
  readonly description?: string;
  readonly retry?: RetryOption;
  readonly timeout?: TimeoutOption;
  /** Higher first among ready tasks. Default 0. */
  readonly priority?: number;
  readonly delivery?: 'at-least-once' | 'at-most-once';
}

/** What the functions of a task may read; see Scope. */
export interface TaskScope<Run, Tasks, After> {
  readonly input: Run;
  /** Outputs of all tasks that this one depends on, directly or not; null for one that was skipped. */
  readonly outputs: { readonly [Id in Upstream<Tasks, Named<After>>]: Seen<Tasks, Id, OnlyNamed<After>> };
  readonly runId: string;
  /** 1, then one more for every repeat of the task. */
  readonly round: number;
  /** Inside a repeated segment: the output of the repeating task in the round before; null in round 1. */
  readonly feedback: Json;
}

export interface ItemScope<Run, Tasks, After, Item> extends TaskScope<Run, Tasks, After> {
  readonly item: Item;
  readonly index: number;
}

type InputScope<Run, Tasks, After, Item> =
  IsAbsent<Item> extends true ? TaskScope<Run, Tasks, After> : ItemScope<Run, Tasks, After, Resolved<Item>>;

type Items<Run, Tasks, After, Item> = ((scope: TaskScope<Run, Tasks, After>) => readonly Item[]) | Untyped<Item>;

export interface TaskOptions<Id extends string, A, Run, Tasks, StandIns, After, Item, In, When, F, OnItemFailure>
  extends PlainTaskOptions {
  /** The tasks that must have ended before; all of them skipped skips this one too. */
  readonly after?: KnownIds<Id, After, keyof Tasks & string>;
  /** False skips the task. One that throws fails it. */
  readonly when?: ((scope: TaskScope<Run, Tasks, After>) => When) | Untyped<When>;
  /** Runs the task once for each item; its output is the array of the items' outputs, in order. */
  readonly forEach?:
    | Items<Run, Tasks, After, Item>
    | {
        readonly items: Items<Run, Tasks, After, Item>;
        readonly concurrency?: number;
        readonly onItemFailure?: OnItemFailure;
      };
  /** Items of the forEach in flight at once. Default 16. */
  readonly concurrency?: number;
  /** `fail` (the default): the first item that fails fails the task. `continue`: its place in the output is null. */
  readonly onItemFailure?: OnItemFailure;
  /** Default: the item of a forEach; else the run's input, the output of the only dependency, or those of all by id. */
  readonly input?: ((scope: InputScope<Run, Tasks, After, Item>) => In) | Untyped<In>;
  /** What stands in when every attempt has failed. */
  readonly fallback?: F & FallbackChoice<StandIns>;
  /** Runs the tasks from `from` (default: this one) to this one again until `until` holds, `max` rounds in all at most. */
  readonly repeat?: {
    readonly from?: (keyof Tasks & string) | Id;
    readonly until:
      | ((
          scope: TaskScope<Run, Tasks, After> & {
            readonly output: Yield<A, StandIns, NoInfer<Item>, NoInfer<F>, NoInfer<OnItemFailure>>;
          },
        ) => boolean)
      | Untyped<Computed>;
    readonly max: number;
    readonly onExhausted?: 'fail' | 'accept';
  };
}

/** The names of the options of a task. */
export type TaskOptionKey = keyof TaskOptions<
  string,
  never,
  never,
  never,
  never,
  never,
  never,
  never,
  never,
  never,
  never
>;

export interface WorkflowOptions {
  /** Default "1". */
  readonly version?: string;
  readonly description?: string;
  /** Of a whole run. */
  readonly timeout?: Duration;
  /** Attempts of one run in flight at once. Default 64. */
  readonly concurrency?: number;
  /** The scheduler strategy's name. Default "graph". */
  readonly strategy?: string;
}

/** What the function that computes a run's output may read. */
export interface OutputScope<Run, Tasks> {
  readonly input: Run;
  readonly outputs: { readonly [Id in keyof Tasks]: Seen<Tasks, Id> };
  readonly runId: string;
}
