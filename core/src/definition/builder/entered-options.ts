import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Duration } from '../../shared/duration.ts';
import type { Json, JsonObject } from '../../shared/json.ts';
import type { Performative } from '../../shared/performatives.ts';
import type { ReceivedMessage } from '../../shared/received-message.ts';
import type { Computed } from '../expression.ts';
import type { Approval } from '../schema/approval.ts';
import type {
  Around,
  BudgetOption,
  CompensateOption,
  EnoughOption,
  FittingFallback,
  PerhapsItem,
  RetryOption,
  StartOptions,
  TaskTimeoutOption,
  TemplateOption,
} from './options.ts';
import type { Environment, Untyped } from './task-types.ts';

// Options of the tasks that no agent does, and what is given in the place of the agent. Functions see the items of a forEach as Json.

/** Of a task that may be one of many, and may run again. */
export interface EnteredOptions<
  Id extends string,
  Env extends Environment,
  Tasks,
  StandIns,
  After,
  When,
  F,
  OnItemFailure,
  J,
  Case,
  Need,
  Until,
  Fault = never,
  StandInFault = never,
> extends StartOptions<Id, Env, Tasks, After, When, J, Case, Fault> {
  readonly timeout?: TaskTimeoutOption;
  /** Runs the task once for each item; its output is the array of the items' outputs, in order. */
  readonly forEach?:
    | ItemsOf<Around<Env, Tasks, After, J>>
    | ({
        readonly items: ItemsOf<Around<Env, Tasks, After, J>>;
        readonly concurrency?: number;
        readonly onItemFailure?: OnItemFailure;
      } & EnoughOption<Around<Env, Tasks, After, J>, Json, Need, Until>);
  /** `fail` (the default): the first item that fails fails the task. `continue`: its place in the output is null. */
  readonly onItemFailure?: OnItemFailure;
  /** What stands in when the task has failed. */
  readonly fallback?: FittingFallback<F, StandIns, StandInFault>;
  /** Runs the tasks from `from` (default: this one) to this one again until `until` holds, `max` rounds in all at most. */
  readonly repeat?: {
    readonly from?: (keyof Tasks & string) | Id;
    readonly until: ((scope: Around<Env, Tasks, After, J> & { readonly output: Json }) => boolean) | Untyped<Computed>;
    readonly max: number;
    readonly onExhausted?: 'fail' | 'accept';
  };
}

type ItemsOf<S> = ((scope: S) => readonly unknown[]) | Untyped<unknown>;

/** The names of the options of a task that may be one of many. */
export type ListOptionKey =
  | keyof EnteredOptions<string, Environment, never, never, never, never, never, never, never, never, never, never>
  | 'concurrency';

/** Of one that is asked once: a switch, a cancel. */
export type OnceOptionKey = keyof StartOptions<string, Environment, never, never, never, never, never> | 'fallback';

export type ChildOptionKey = ListOptionKey | 'input' | keyof ChildOptions<never>;

export type ScopeOptionKey =
  | ListOptionKey
  | 'input'
  | 'output'
  | 'catch'
  | 'loop'
  | 'budget'
  | 'strategy'
  | 'compensate';

/** The input of a task that hands it on, or of a form, which is about it. */
export interface InputOption<Env extends Environment, Tasks, After, J, In> {
  /** Default: the item of a forEach; else what a first task is handed, the output of the only dependency, or those of all by id. */
  readonly input?: (scope: Around<Env, Tasks, After, J> & PerhapsItem) => In;
}

/** Of a child workflow. */
export interface ChildOptions<S> {
  /** Items of the forEach in flight at once. Default 16. */
  readonly concurrency?: number;
  /** Attempts in all, each a run of its own. Default: one. */
  readonly retry?: RetryOption;
  /** What the child may spend: so much is reserved in the budgets of all blocks around, and settled by what it has spent. Default: what its own workflow says, and nothing is reserved. */
  readonly budget?: BudgetOption;
  /** What undoes the child when the block of the task fails or is cancelled after it completed. */
  readonly compensate?: CompensateOption<S>;
}

/** What a wait waits for: a signal, a message, or the answer to a form. */
export type WaitOption<S, Asked> = SignalOption<S> | MessageOption<S, Asked> | FormOption<S, Asked>;

/** The name of a signal. What the signal brings is the output. */
export interface SignalOption<S> {
  readonly signal: string | ((scope: S & PerhapsItem) => string) | Untyped<unknown>;
  /** False: takes only what comes while it waits; what came before is left to others. Default true. */
  readonly buffered?: boolean;
  /** The time limit of the task. */
  readonly timeout?: Duration;
  /** The output when the time is up; without it, the task fails then. */
  readonly default?: TemplateOption<S & PerhapsItem>;
  readonly form?: never;
  readonly message?: never;
}

/** Which messages it takes: `true` any in its own mailbox, else the oldest that fits all that is said. The message is the output. */
export interface MessageOption<S, Asked> {
  readonly message:
    | true
    | {
        /** The id of a task, or a name (`#desk`). Default: the task's own. */
        readonly mailbox?: string;
        /** A task (a list means any of its items), or the name that a program gave itself. */
        readonly from?: string;
        /** The run that it came from. Default: with `from`, this one; else any. */
        readonly run?: NameOption<S>;
        readonly performative?: Performative;
        readonly type?: string;
        readonly conversation?: NameOption<S>;
        /** The id of the message that it answers. */
        readonly inReplyTo?: NameOption<S>;
        /** Reads `message` beside the rest. A message that it cannot be asked of does not fit. */
        readonly where?:
          | ((scope: S & PerhapsItem & { readonly message: ReceivedMessage }) => boolean)
          | Untyped<Computed>;
        /** What its data has to be like: as `form` says it. What does not fit is answered with not-understood in a conversation, and else a dead letter. */
        readonly schema?: Asked;
      };
  /** The time limit of the task. */
  readonly timeout?: Duration;
  /** The output when the time is up; without it, the task fails then. */
  readonly default?: TemplateOption<S & PerhapsItem>;
  readonly buffered?: never;
  readonly assignee?: never;
  readonly escalate?: never;
  readonly signal?: never;
  readonly form?: never;
}

/** A message, and where it goes: to a mailbox (`to`), or to whoever subscribes (`topic`). */
export type SendOption<S> = SaidOption<S> & (ToOption<S> | TopicOption<S>);

export type SendOptionKey = keyof ToOption<never> | keyof SaidOption<never>;

interface ToOption<S> {
  /** The id of a task, of an item (`inspect[12]`), a name (`#desk`), or a name of no run (`@desk`). */
  readonly to: NameOption<S>;
  /** The run that `to` is of, by its id, or `parent`: the one that this one is a child of. Default: this one. */
  readonly run?: NameOption<S>;
  readonly topic?: never;
  readonly conversation?: NameOption<S>;
  /** The id of the message that it answers. */
  readonly inReplyTo?: NameOption<S>;
  /**
   * When the task completes. `acknowledged`: when somebody is done with the message; `replied`: when it is answered, and the answer is the output. It fails
   * when the message becomes a dead letter, and when it is refused or not answered. Default: sent.
   */
  readonly until?: 'sent' | 'acknowledged' | 'replied';
}

interface TopicOption<S> {
  /** What it is published under (`#news`). Whoever subscribes by now gets it; the output says how many. */
  readonly topic: NameOption<S>;
  readonly to?: never;
  readonly run?: never;
  readonly conversation?: never;
  readonly inReplyTo?: never;
  readonly until?: 'sent';
}

interface SaidOption<S> {
  /** Default: the input of the task. */
  readonly data?: TemplateOption<S & PerhapsItem>;
  /** Default: inform. */
  readonly performative?: Performative;
  readonly type?: string;
  /** Of what opens a conversation, and of an agree: how long whoever was asked has to answer. Default: 10 minutes. */
  readonly deadline?: Duration;
  /** How long anybody may take to take it. Then it is a dead letter; with `drop`, that is only noted. */
  readonly expires?: Duration;
  readonly drop?: true;
}

/** What a send gives. */
export type SendOutput<Ends, Says> = [Ends] extends ['replied']
  ? ReceivedMessage
  : 'topic' extends Says
    ? { readonly id: string; readonly recipients: number }
    : { readonly id: string };

/** What a person is asked. The answer is the output. */
export interface FormOption<S, Asked> {
  /** `approval`, a JSON Schema, or a Standard Schema that gives one (zod from 4.2 on), which types the output, too. */
  readonly form: Asked;
  /** Who is asked. */
  readonly assignee?: NameOption<S>;
  /** Who it goes to when nobody has answered `after` it was opened. */
  readonly escalate?: readonly { readonly after: Duration; readonly to: NameOption<S> }[];
  /** The time limit of the task. */
  readonly timeout?: Duration;
  /** The output when the time is up; without it, the task fails then. */
  readonly default?: TemplateOption<S & PerhapsItem>;
  readonly signal?: never;
  readonly message?: never;
}

type NameOption<S> = string | ((scope: S & PerhapsItem) => string) | Untyped<unknown>;

/** How a form is given. */
export type FormChoice = 'approval' | StandardSchemaV1 | JsonObject;

/** What a wait gives: by its form, where that is typed. */
export type WaitOutput<Asked, Parts> = 'message' extends Parts
  ? ReceivedMessage<AnswerOutput<Asked>>
  : AnswerOutput<Asked>;

/** What may be said of a wait. */
export type WaitPart = 'signal' | 'buffered' | 'message' | 'form' | 'assignee' | 'escalate' | 'timeout' | 'default';

type AnswerOutput<Asked> = [Asked] extends [never]
  ? Json
  : Asked extends 'approval'
    ? Approval
    : Asked extends StandardSchemaV1
      ? StandardSchemaV1.InferInput<Asked>
      : Json;

/** How long to sleep, or until when: ms since 1970, or ISO 8601 with its zone. */
export type SleepOption<S> =
  | Duration
  | { readonly for: Duration | ((scope: S & PerhapsItem) => Duration) | Untyped<unknown> }
  | { readonly until: Duration | ((scope: S & PerhapsItem) => Duration) | Untyped<unknown> };

/** The cases of a switch: the first whose `when` holds is chosen; `else` stands last. */
export type CaseOption<S, Name extends string> =
  | { readonly when: ((scope: S) => boolean) | Untyped<Computed>; readonly then: Name; readonly else?: never }
  | { readonly else: Name; readonly when?: never; readonly then?: never };

/** An error of the workflow's own. */
export interface RaiseOption<S> {
  readonly code: string;
  /** A URI that names the kind of the error, as in RFC 9457. */
  readonly type?: string;
  readonly message?: string | ((scope: S & PerhapsItem) => string) | Untyped<unknown>;
  readonly status?: number;
  readonly details?: TemplateOption<S & PerhapsItem>;
}
