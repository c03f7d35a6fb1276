import type { Duration } from '../../shared/duration.ts';
import type { ErrorData } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { Budget, MaxUsage, OnBudget, Permission, StrategyOption } from '../definition.ts';
import type { Computed } from '../expression.ts';
import type { AgentReference } from '../workflow.ts';
import type { KnownCase, KnownIds } from './messages.ts';
import type {
  CasesBefore,
  EachItem,
  Environment,
  FallbackChoice,
  FallbackOutput,
  IsAbsent,
  Late,
  Named,
  OnlyNamed,
  OutputOf,
  Resolved,
  Seen,
  Untyped,
  Upstream,
  Yield,
} from './task-types.ts';

/** What may be spent at most. Who is asked for more has `timeout` to answer; without, all the time of the run. */
export type BudgetOption = Omit<Budget, 'onBudget'> & {
  readonly onBudget?:
    | Exclude<OnBudget, { readonly ask: string }>
    | { readonly ask: string; readonly timeout?: Duration };
};

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

/** Of a task that no agent does: of the task (a bare duration), or of a whole forEach. */
export type TaskTimeoutOption = Duration | { readonly task?: Duration; readonly all?: Duration };

/** Options that mean the same for every task of an agent. */
export interface PlainTaskOptions {
  readonly description?: string;
  readonly retry?: RetryOption;
  readonly timeout?: TimeoutOption;
  /** Higher first among ready tasks. Default 0. */
  readonly priority?: number;
  readonly delivery?: 'at-least-once' | 'at-most-once';
  /** What the agent may do to the run beside giving an output. Default: nothing. */
  readonly may?: Permission | readonly Permission[];
  /** What an attempt may use at most, of what a budget limits. Default: what the agent declares. */
  readonly maxUsage?: MaxUsage;
}

/** What the functions of a task may read; see Scope. */
export interface TaskScope<Run, Tasks, After, MayBeLate = never, Outer = unknown, Feedback = Json> {
  readonly input: Run;
  /**
   * Outputs of all tasks that this one depends on, directly or not, and of those before the blocks around it; null for one that was
   * skipped, or that a join did not wait for.
   */
  readonly outputs: {
    readonly [Id in Upstream<Tasks, Named<After>>]:
      | Seen<Tasks, Id, OnlyNamed<After>>
      | (Id extends MayBeLate ? null : never);
  } & Outer;
  readonly runId: string;
  /** 1, then one more for every round of the innermost loop around the task. */
  readonly round: number;
  /** In what runs again: what the round before handed on; null in round 1. */
  readonly feedback: Feedback;
}

/** What functions of a `forEach` read: what those of a task do, and the item. */
export interface ItemScope<Run, Tasks, After, Item> extends TaskScope<Run, Tasks, After> {
  readonly item: Item;
  readonly index: number;
}

/** What the functions of a task may read where it stands. */
export type Around<Env extends Environment, Tasks, After, J, Feedback = Env['feedback']> = TaskScope<
  Env['run'],
  Tasks,
  After,
  Late<Tasks, After, J>,
  Env['outer'],
  Feedback
> &
  Env['more'];

type InputScope<Env extends Environment, Tasks, After, J, Item, Feedback> = [J] extends ['each']
  ? Around<Env, Tasks, After, J, Feedback> & {
      readonly item: EachItem<Tasks, Named<After>>;
      readonly index: number;
    }
  : IsAbsent<Item> extends true
    ? Around<Env, Tasks, After, J, Feedback>
    : Around<Env, Tasks, After, J, Feedback> & { readonly item: Resolved<Item>; readonly index: number };

/** When a list has what it is for before all of it has ended. Its output then has null for each item that has not completed. */
export interface EnoughOption<S, Out, Need, Until> {
  /** How many items have to complete: a number, or what gives one when the list begins. Items may fail as long as so many can. */
  readonly need?: Need | ((scope: S) => Need) | Untyped<Need>;
  /** Asked after the end of each item. */
  readonly until?: ((scope: S & ListSoFar<NoInfer<Out>>) => Until) | Untyped<Until>;
  /** What becomes of the items that have not ended by then. Default: let. */
  readonly rest?: 'let' | 'cancel';
}

/** A list of which items have ended. */
export interface ListSoFar<Out> {
  /** With null for each item that has not completed. */
  readonly output: readonly (Out | null)[];
  readonly completed: number;
  readonly ended: number;
  readonly total: number;
}

type Items<S, Item> = ((scope: S) => readonly Item[]) | Untyped<Item>;

/** A template: a function, cel(…), template(…), or plain JSON, in which texts of the form "${…}" are CEL. */
export type TemplateOption<S> = ((scope: S) => unknown) | Untyped<unknown> | Json;

/** When a task starts, and what it is. */
export interface StartOptions<Id extends string, Env extends Environment, Tasks, After, When, J, Case, Fault = never> {
  readonly description?: string;
  /** The tasks that must have ended before; all of them skipped skips this one too. */
  readonly after?: KnownIds<Id, After, keyof Tasks & string, Fault>;
  /** The case of the switch among `after` for which the task runs; of several switches, by id. Implied by an id that is one. */
  readonly case?: KnownCase<Id, Case, CasesBefore<Tasks, After>>;
  /** Of how many dependencies the task needs an output. Default: all. */
  readonly join?: J;
  /** What becomes of the dependencies that a join did not wait for. Default: let. */
  readonly rest?: 'let' | 'cancel';
  /** False skips the task. One that throws fails it. */
  readonly when?: ((scope: Around<Env, Tasks, After, J>) => When) | Untyped<When>;
  /**
   * CEL that reads `status`, too: how far each task beside this one is. False skips the task; once it is false later, the task is cancelled.
   * (Not of a function it could be said when to ask it again.)
   */
  readonly while?: Untyped<Computed>;
  /** Higher first among ready tasks. Default 0. */
  readonly priority?: number;
  /** Of the tasks that give the same key, one runs at a time. */
  readonly mutex?: MutexOption<Around<Env, Tasks, After, J> & PerhapsItem>;
}

/** Of a forEach, in places that are looked at before its items are known. */
export interface PerhapsItem {
  readonly item?: Json;
  readonly index?: number;
}

/** Tasks with one key do not run at the same time. `across` says among which: the run (as it is for a text), the workflow, or the tenant. */
export type MutexOption<S> =
  | string
  | ((scope: S) => string)
  | Untyped<unknown>
  | {
      readonly key: string | ((scope: S) => string) | Untyped<unknown>;
      readonly across?: 'run' | 'workflow' | 'tenant';
    };

/** Of a task that stands in for another: it has what a task has, but for when it starts and how often. */
export interface StandInOptions<Env extends Environment, StandIns, F, In> extends PlainTaskOptions {
  /** Default: `{ input, error }` of the task that failed. */
  readonly input?: (scope: Around<Env, Record<never, never>, never, 'all'>) => In;
  /** What stands in for this one when it has failed, too. */
  readonly fallback?: F & FallbackChoice<StandIns>;
  /** Of the tasks that give the same key, one runs at a time. */
  readonly mutex?: MutexOption<Around<Env, Record<never, never>, never, 'all'>>;
  /** What undoes the task when its block fails or is cancelled after it completed. */
  readonly compensate?: CompensateOption<Around<Env, Record<never, never>, never, 'all'>>;
}

/** What undoes a task: an agent, the name of one, or more. It is handed `{ input, output, outcome }`. */
export type CompensateOption<S> =
  | AgentReference
  | string
  | ((
      | { readonly agent: AgentReference | string; readonly capability?: never }
      | { readonly capability: string; readonly agent?: never }
    ) & {
      readonly input?: ((scope: S & { readonly output: Json } & PerhapsItem) => unknown) | Untyped<unknown>;
      readonly retry?: RetryOption;
      readonly timeout?:
        | Duration
        | { readonly attempt?: Duration; readonly task?: Duration; readonly heartbeat?: Duration };
    });

export interface TaskOptions<
  Id extends string,
  A,
  Env extends Environment,
  Tasks,
  StandIns,
  After,
  Item,
  In,
  When,
  F,
  OnItemFailure,
  J,
  Case,
  Need,
  Until,
  Fault = never,
  StandInFault = never,
  Feedback = Env['feedback'],
> extends PlainTaskOptions,
    StartOptions<Id, Env, Tasks, After, When, J, Case, Fault> {
  /** Runs the task once for each item; its output is the array of the items' outputs, in order. */
  readonly forEach?:
    | Items<Around<Env, Tasks, After, J>, Item>
    | ({
        readonly items: Items<Around<Env, Tasks, After, J>, Item>;
        readonly concurrency?: number;
        readonly onItemFailure?: OnItemFailure;
      } & EnoughOption<Around<Env, Tasks, After, J>, OutputOf<A> | FallbackOutput<F, StandIns>, Need, Until>);
  /** Items of the forEach in flight at once. Default 16. */
  readonly concurrency?: number;
  /** `fail` (the default): the first item that fails fails the task. `continue`: its place in the output is null. */
  readonly onItemFailure?: OnItemFailure;
  /** Default: the item of a forEach; else the run's input, the output of the only dependency, or those of all by id. */
  readonly input?: (scope: InputScope<Env, Tasks, After, J, Item, Feedback>) => In;
  /** What stands in when every attempt has failed. */
  readonly fallback?: FittingFallback<F, StandIns, StandInFault>;
  /** Runs the tasks from `from` (default: this one) to this one again until `until` holds, `max` rounds in all at most. */
  readonly repeat?: {
    readonly from?: (keyof Tasks & string) | Id;
    readonly until:
      | ((
          scope: Around<Env, Tasks, After, J, Feedback> & {
            readonly output: Yield<A, StandIns, NoInfer<Item>, NoInfer<F>, NoInfer<OnItemFailure>>;
          },
        ) => boolean)
      | Untyped<Computed>;
    readonly max: number;
    readonly onExhausted?: 'fail' | 'accept';
  };
  /** What undoes the task when its block fails or is cancelled after it completed. */
  readonly compensate?: CompensateOption<Around<Env, Tasks, After, J>>;
}

/** The names of the options of a task. */
export type TaskOptionKey = keyof TaskOptions<
  string,
  never,
  Environment,
  never,
  never,
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

/** What stands in, or what is wrong with it in its place. */
export type FittingFallback<F, StandIns, Fault> = [Fault] extends [never]
  ? F & FallbackChoice<StandIns>
  : { readonly agent: Fault } | { readonly task: Fault };

/** Options of a workflow as a whole; its time limit covers the run. */
export interface WorkflowOptions {
  /** Default "1". */
  readonly version?: string;
  readonly description?: string;
  /** Of a whole run. */
  readonly timeout?: Duration;
  /** Attempts of one run in flight at once. Default 64. */
  readonly concurrency?: number;
  /** What one run may spend at most. */
  readonly budget?: BudgetOption;
  /** Mailboxes that are no task's, by name: `{ desk: {} }` is `#desk`. `retry`: how often a message is delivered that is given back. */
  readonly mailboxes?: Readonly<Record<string, { readonly limit?: number; readonly retry?: RetryOption }>>;
  /**
   * What messages are published under, by name: `{ news: {} }` is `#news`. `subscribers`: the mailboxes that have it without a word of their own, names and
   * tasks; a list means all of its items.
   */
  readonly topics?: Readonly<Record<string, { readonly subscribers?: string | readonly string[] }>>;
  /** The scheduler strategy's name, or `{ name, … }` of one that leads a team. Default "graph". */
  readonly strategy?: StrategyOption;
}

/** What the function that computes a run's output may read. */
export interface OutputScope<Run, Tasks> {
  readonly input: Run;
  readonly outputs: { readonly [Id in keyof Tasks]: Seen<Tasks, Id> };
  readonly runId: string;
}

/** What is said about a block as a whole may read: all of its tasks, and what is before it. */
export type Inside<Env extends Environment, Tasks, Feedback = Env['feedback']> = OutputScope<Env['run'], Tasks> & {
  readonly outputs: Env['outer'];
  readonly round: number;
  readonly feedback: Feedback;
} & Env['more'];

/** What a task reads that runs again: in a round after the first, what it gave in the one before. */
export type OwnFeedback<Env extends Environment, Keys, Out> = 'repeat' extends Keys ? Out | null : Env['feedback'];

/** What failed, in a catch. */
export interface ErrorScope {
  readonly error: ErrorData;
}

/**
 * The keys that are given. The compiler looks into a function, and tells what is wrong where it is wrong, only of a key that has to be there. (A
 * key that nobody knows makes `Keys` all that there are.)
 */
export type GivenKeys<Keys, Known> = { readonly [Key in Keys & PropertyKey]?: unknown } & ([Known] extends [Keys]
  ? unknown
  : { readonly [Key in Keys & 'input']: NonNullable<unknown> });
