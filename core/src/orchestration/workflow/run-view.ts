import type { BudgetKind, TaskDefinition, WorkflowDefinition } from '../../definition/definition.ts';
import type { AddedBy } from '../../definition/grown-graph.ts';
import type { ErrorData } from '../../shared/errors.ts';
import type { Json, JsonObject } from '../../shared/json.ts';
import type { Labels } from '../../shared/labels.ts';
import type { ReceivedMessage, Wanted } from '../../shared/received-message.ts';
import type { Lineage, ParentTask, TaskCancelled, TaskClosing, TaskSkipped } from './events.ts';
import type { FailedDelivery } from './messaging/message.ts';
import type { HandedOff, PausedBy, RunStatus, TaskStatus } from './state.ts';

// What is handed out of a run's state. Times are in ms since the Unix epoch; a field is undefined until it is known.

/** How far the items of a forEach task have come. Each item that was released is a task of its own (`each[2]`). */
export interface ItemsView {
  readonly total: number;
  /** Released and not ended. */
  readonly active: number;
  readonly ended: number;
  /** Of those that have ended: how many completed. */
  readonly completed: number;
  /** Items that never begin: the list has what it is for without them. */
  readonly dropped: number;
  /** How many have to complete, when the list says so. */
  readonly need: number | undefined;
  /** Whether the list has what it is for: what comes after it has begun, though it may not have ended. */
  readonly yielded: boolean;
  /** What the items that had not ended when the time of the whole list was up failed with. */
  readonly expired: ErrorData | undefined;
}

/** How something ends that waits for what is outstanding in it first. */
export interface ClosingView {
  /** See TaskClosing; `within`: with what it is in. */
  readonly why: TaskClosing['why'] | 'within';
  /** Of `limit`: what it then fails with. */
  readonly error?: ErrorData;
  /** Of `cancel`. */
  readonly reason?: string;
}

/** A form that is open, or was. */
export interface FormView {
  readonly assignee: string | undefined;
  /** When it goes to the next one, and to whom; undefined when nobody is left, and while the run's clock stands still. */
  readonly next: { readonly to: string; readonly at: number } | undefined;
  /** When its time is up; undefined when it has no limit, has ended, or the run's clock stands still. */
  readonly expiresAt: number | undefined;
  /** Of a task that asks for more of a budget: `{ scope, budget, agent, limit, spent, least }`. */
  readonly about?: Json;
}

/** A message that is open. */
export interface MessageView extends ReceivedMessage {
  /** The task that has it; undefined when nobody does. */
  readonly holder: string | undefined;
  /** Of one that came back: when it may be had again. */
  readonly retryAt: number | undefined;
  readonly expiresAt: number | undefined;
  /** The last of its deliveries that came to nothing. */
  readonly failed: readonly FailedDelivery[];
}

/** A mailbox with something in it, or somebody at it. */
export interface MailboxView {
  /** The oldest first. */
  readonly messages: readonly MessageView[];
  /** Tasks that wait at it, in the order in which they began to. */
  readonly waiting: readonly string[];
}

/** Of one kind; cost in the user's unit. */
export interface BudgetUse {
  readonly limit: number;
  readonly spent: number;
  /** Of tokens and cost, when there is something: what attempts under way may use. */
  readonly reserved?: number;
}

/** What a block with a budget has spent of it: of each kind that is limited. */
export type BudgetView = Readonly<Partial<Record<BudgetKind, BudgetUse>>> & {
  /** Of agents for which the block has a budget of their own. */
  readonly agents?: Readonly<Record<string, Readonly<Partial<Record<BudgetKind, BudgetUse>>>>>;
};

/** One task of a run, or one item of a forEach task. */
export interface TaskView {
  readonly id: string;
  /** The task of the definition: for an item, the forEach task. Of what was added to the run it begins with the path of that in the run. */
  readonly definitionId: string;
  /** What it is, when it was added to the run: no definition has it. Of an item, that of its list. */
  readonly added: TaskDefinition | undefined;
  /** Who added it: an agent, in an attempt of a task, or the command that came from outside. */
  readonly addedBy: AddedBy | undefined;
  /** What it comes after beside what its definition says, because others were put before it: ids of its block. */
  readonly putBehind: readonly string[];
  /** What it does not come after any more, of what it was to: ids of its block. */
  readonly takenFrom: readonly string[];
  /** As its definition says, or as was said since. */
  readonly priority: number;
  /** The block that it is in, by the id of the block's task; '' is the run. */
  readonly scope: string;
  /** Place among the items; undefined for a task of the definition. */
  readonly index: number | undefined;
  readonly status: TaskStatus;
  /** Of one that was skipped: why (see TaskSkipped). Undefined when another run's history says only that it was. */
  readonly skippedBecause: TaskSkipped['reason'] | undefined;
  /** Of one that was cancelled by itself: why (see TaskCancelled). Undefined when it ended with the block or the run that it is in. */
  readonly cancelledBecause: TaskCancelled['reason'] | undefined;
  /** Its output was said from outside. */
  readonly overridden: boolean;
  /** From 1 on; a repeat begins the next. */
  readonly round: number;
  /** How often it began again within the round, because somebody went back to it or to what it comes after. */
  readonly again: number;
  /** The last attempt's number; 0 before the first. Never used twice, not by a later round either. */
  readonly attempt: number;
  /** Attempts of this round and agent that count against `maxAttempts`. */
  readonly tries: number;
  /** Attempts of this round whose worker was lost. */
  readonly losses: number;
  /** The agent of the last attempt, or of the fallback. */
  readonly agent: string | undefined;
  /** Who carries the last attempt out, or did. */
  readonly worker: string | undefined;
  readonly input: Json | undefined;
  readonly output: Json | undefined;
  /** Output of the round before, of a repeating task. */
  readonly feedback: Json | undefined;
  readonly error: ErrorData | undefined;
  readonly readySince: number | undefined;
  readonly firstScheduledAt: number | undefined;
  readonly scheduledAt: number | undefined;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  /** When the next attempt may begin, while the task waits for it; undefined while the run is paused or parked, and its clock stands still. */
  readonly retryAt: number | undefined;
  /** Set once the task has fallen back: to another agent, or to a fallback task. */
  readonly fallback: 'agent' | 'task' | undefined;
  /** Who gave it to whom in this round, oldest first; undefined when nobody did. */
  readonly handOffs: readonly HandedOff[] | undefined;
  /** Of a switch that has ended: the case that it chose. */
  readonly chosen: string | undefined;
  /** Of a sleep: when it ends. */
  readonly wakeAt: number | undefined;
  /** Of a wait: the name of the signal. */
  readonly signal: string | undefined;
  /** Of a form: who is asked. */
  readonly form: FormView | undefined;
  /** The child run of the last attempt, by its id. */
  readonly child: string | undefined;
  /** Whether it undoes what another task did (`pay@3`: what attempt 3 of `pay` did). */
  readonly undoes: boolean;
  /** Set while it waits for what is outstanding in it before it ends. */
  readonly closing: ClosingView | undefined;
  /** Of a forEach task whose list is known. */
  readonly items: ItemsView | undefined;
}

/** The tasks of a run by id, in the order in which they came to be. Reading one costs that one; JSON has them as an object. */
export type TaskViews = ReadonlyMap<string, TaskView>;

/**
 * A look at a run: what its events up to `revision` come to. It cannot be changed, and nothing that is done with it reaches the run: the
 * view, its tasks and the payloads in them are frozen. Made without copying the tasks, so a look costs the same whatever the size of the
 * run: a task is read when it is asked for. Only a `Replay` folds on after a look; look again then.
 */
export interface RunView {
  readonly runId: string;
  readonly status: RunStatus;
  /** Revision of the last event; -1 before the first. */
  readonly revision: number;
  /** As it was recorded when the run started. */
  readonly definition: WorkflowDefinition;
  readonly definitionHash: string;
  /** The rules that the run keeps: with them `taskPaths(rules)` takes ids of tasks apart. */
  readonly rules: number;
  readonly input: Json;
  readonly output: Json | undefined;
  /** Of a run that failed. */
  /** What it, or its last attempt, failed with; of one that completed, what the value of its fallback stands in for. */
  readonly error: ErrorData | undefined;
  readonly cancelReason: string | undefined;
  /** Why the run is parked; undefined when it is not. */
  readonly parked: ErrorData | undefined;
  /** Who holds the run paused: a person or a program (`user`), its parent, or both. Empty when nobody does. */
  readonly pausedBy: readonly PausedBy[];
  /** The run that this one goes on from. */
  readonly lineage: Lineage | undefined;
  /** The task of which this run is the child. */
  readonly parent: ParentTask | undefined;
  /** Set while the run waits for what is outstanding before it ends. */
  readonly closing: ClosingView | undefined;
  /** W3C trace context that the run was started in. */
  readonly traceparent: string | undefined;
  /** On whose behalf the run is. */
  readonly tenant: string | undefined;
  /** What it can be found by; empty when nothing was said. */
  readonly labels: Labels;
  readonly startedAt: number;
  /** Time of the last event. */
  readonly updatedAt: number;
  readonly endedAt: number | undefined;
  /** Tasks, items included, that may be scheduled. */
  readonly readyCount: number;
  /** Attempts scheduled or running. */
  readonly inFlight: number;
  readonly tasks: TaskViews;
  /** By address: a task, or a name (`#desk`). Dead letters are in `#dead-letters`. Read when it is asked for, like a task. */
  readonly mailboxes: ReadonlyMap<string, MailboxView>;
  /** By topic (`#news`), then by mailbox: what agents have subscribed to, and which messages of it, where not all. What the definition names is not here. */
  readonly subscriptions: ReadonlyMap<string, ReadonlyMap<string, Wanted | undefined>>;
  /** Of each block under way that has a budget, by path; that of the run is ''. Read when it is asked for. */
  readonly budgets: ReadonlyMap<string, BudgetView>;
  /** What the strategy of each team under way remembers, by the path of its block; undefined before it has said anything. Read when it is asked for. */
  readonly ledgers: ReadonlyMap<string, JsonObject | undefined>;
}
