import type { Budget, BudgetKind, TaskDefinition, WorkflowDefinition } from '../../definition/definition.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import type { ErrorData } from '../../shared/errors.ts';
import type { Json, JsonObject } from '../../shared/json.ts';
import type { Labels } from '../../shared/labels.ts';
import type { Performative } from '../../shared/performatives.ts';
import type { Wanted } from '../../shared/received-message.ts';
import type { Ask, Doom, FailedDelivery, HandedOn, Party, Question, Receipt } from './messaging/message.ts';
import type { RecordedPlace, Source, SourceOf } from './sources/source.ts';
import type { LedgerChange } from './team/ledger.ts';

/** Where a run comes from when it goes on from another. */
export interface Lineage {
  readonly runId: string;
  /** The last revision of that run that was taken into account. */
  readonly revision: number;
  /**
   * The history begins with that of the other run up to `revision`, at the same revisions. `retry`: goes on where it ended, and undoes what it did
   * should this one fail, too. `fork`: undoes nothing of it. Absent in older histories, which took results over one by one.
   */
  readonly as?: 'retry' | 'fork';
  /** The input is another one than that of the other run. What it did could have seen that, so nothing was taken over: `revision` is 0. */
  readonly edited?: true;
  /**
   * What idempotency keys go on to begin with: the first run of the line, or the key of the task that it was started for. Absent: the run itself, because
   * its input is another one, or in older histories.
   */
  readonly origin?: string;
  /** Tasks that are done anew (because they were undone, say, or come after one that was): the run that their keys name instead. */
  readonly keys?: Readonly<Record<string, string>>;
  /** What tasks gave, instead of what they did. */
  readonly outcomes?: Readonly<Record<string, Json>>;
  /** By how much the budgets of blocks are raised, by path; '' is the run. Done by `BudgetRaised` before the run begins to decide. */
  readonly raised?: Readonly<Record<string, Budget>>;
}

/** The task of which a run is the child. */
export interface ParentTask {
  readonly runId: string;
  readonly taskId: string;
  readonly attempt: number;
  /** The run that no other started: what `correlationId` names. */
  readonly rootRunId: string;
  /** How many runs are above this one, from 1. */
  readonly depth: number;
  /** The idempotency key of the task: that of each task of this run begins with it, so that another attempt of the task has the same ones. */
  readonly key?: string;
}

/** What attempts use, in whole numbers: cost in millionths of the user's unit. Of child runs that have an allotment, and of them alone, counts, too. */
export type Usage = Readonly<Partial<Record<BudgetKind, number>>>;

interface EventBase {
  /** When it was decided; milliseconds since the Unix epoch. */
  readonly at: number;
}

/** The run began. Carries everything that a replay needs. */
export interface RunStarted extends EventBase {
  readonly type: 'RunStarted';
  readonly runId: string;
  readonly commandId: string;
  readonly definition: WorkflowDefinition;
  /** SHA-256 of the definition's recorded form. */
  readonly definitionHash: string;
  readonly input: Json;
  /** Of a child run: the events of other runs in which the input stands. A store has only this; whoever reads the history finds the `input`, too. */
  readonly inputFrom?: SourceOf<RecordedPlace>;
  /** W3C trace context that the run was started in. Without it, the trace follows from the run's id. */
  readonly traceparent?: string;
  /** On whose behalf the run is: `metadata.tenant` of all its events. A child run has that of its parent. */
  readonly tenant?: string;
  /** What the run can be found by; absent when nothing was said. A child run has those of its parent. */
  readonly labels?: Labels;
  readonly lineage?: Lineage;
  readonly parent?: ParentTask;
  /** By which rules the history is folded and digested (see rules.ts). Absent: 1. */
  readonly rules?: number;
  /** Strategies of this run instead of those of its definition, by the path of the block in it; '' is the run. */
  readonly strategies?: Readonly<Record<string, StrategySaid>>;
  /** What this run may spend at most, beside what its definition says: of each kind, the lesser holds. */
  readonly budget?: Budget;
}

/** The name of a strategy; with `team`, what is said of one that leads a team, beside its name. */
export type StrategySaid = string | { readonly name: string; readonly team: JsonObject };

/** Nothing begins until whoever paused the run resumes it, and its clock stands still; attempts under way go on. */
export interface RunPaused extends EventBase {
  readonly type: 'RunPaused';
  readonly commandId: string;
  /** Of a child run that stands still with its parent. */
  readonly by?: 'parent';
  readonly reason?: string;
}

/** The run goes on, unless somebody else holds it paused. */
export interface RunResumed extends EventBase {
  readonly type: 'RunResumed';
  readonly commandId: string;
  /** Its parent goes on. */
  readonly by?: 'parent';
}

/**
 * The run could not be decided any further: a function or the engine itself threw, and nobody else is to blame. Nothing is settled
 * or scheduled until the run is resumed, and its clock stands still; results of attempts under way are still taken.
 */
export interface RunParked extends EventBase {
  readonly type: 'RunParked';
  readonly commandId: string;
  readonly error: ErrorData;
  /** The type of the command that could not be decided. */
  readonly command?: string;
}

/** Terminal. Without `output`, the output is that of the leaf tasks. */
export interface RunCompleted extends EventBase {
  readonly type: 'RunCompleted';
  readonly output?: Json;
  /** SHA-256 of the state just before this event, and of all else that this event says. */
  readonly stateDigest: string;
}

/** Terminal. Whatever had not ended is cancelled. */
export interface RunFailed extends EventBase {
  readonly type: 'RunFailed';
  readonly error: ErrorData;
  readonly taskId?: string;
  readonly stateDigest: string;
}

/** Terminal. Whatever had not ended is cancelled. */
export interface RunCancelled extends EventBase {
  readonly type: 'RunCancelled';
  readonly commandId: string;
  readonly reason?: string;
  readonly stateDigest: string;
}

/** A task may be scheduled now because its condition held, or a retry is due. (Readiness that follows from edges alone is no event.) */
export interface TaskReady extends EventBase {
  readonly type: 'TaskReady';
  readonly taskId: string;
  /** `join`: enough dependencies have completed, and the rest was cancelled. `mutex`: nothing else was to be decided. `budget`: there is more of what it asked for. */
  readonly reason: 'condition' | 'retry' | 'manual' | 'join' | 'mutex' | 'budget';
  /** The key of the mutex that the task asks for: it is ready once it has it. */
  readonly mutex?: string;
  /** Of a mutex that is not of this run alone: it is had once MutexGranted says so. */
  readonly across?: 'workflow' | 'tenant';
  /** Of `manual`: the command that asked for it. */
  readonly commandId?: string;
}

/** A mutex of several runs is the task's, until it ends: it is ready. */
export interface MutexGranted extends EventBase {
  readonly type: 'MutexGranted';
  readonly taskId: string;
}

export interface TaskSkipped extends EventBase {
  readonly type: 'TaskSkipped';
  readonly taskId: string;
  /**
   * `condition`: `when` was false. `while`: that was. `dependencies`: every dependency was skipped. `case`: a switch chose another. `manual`: a person
   * or a program said so.
   */
  readonly reason: 'condition' | 'while' | 'dependencies' | 'case' | 'manual';
  /** Of `manual`. */
  readonly commandId?: string;
}

/**
 * A task that no agent performs began: a block, a wait, a sleep, a child run. What it was entered for ends it. (`set`, `switch`, `end` and
 * `raise` begin and end in one event, which is that of their end.)
 */
export interface TaskEntered extends EventBase {
  readonly type: 'TaskEntered';
  readonly taskId: string;
  readonly attempt: number;
  /** Without it and `source`: that of the attempt before, or nothing (a wait is handed nothing). */
  readonly input?: Json;
  /** Where the input is from, when it stands in the history already and is not small. */
  readonly source?: Source;
  /** Of a sleep, and of it alone: when it ends. One for a time ends later by as long as the run is paused. */
  readonly until?: number;
  /** Of a wait for a signal, and of it alone: its name. */
  readonly signal?: string;
  /** Of a wait for a message, and of it alone: the mailbox that it waits at. */
  readonly mailbox?: string;
  /** Of a wait for a message: what it has to be like, but for the `where` of the definition. */
  readonly wanted?: Omit<Wanted, 'where'>;
  /** Of a `send` that waits for what comes of its message, and of it alone: the id of that. */
  readonly sent?: string;
  /** Of a wait for a form, and of it alone. The form is in the definition. */
  readonly form?: true;
  /** Of a form: who is asked. */
  readonly assignee?: string;
  /** Of a form: who is asked one after another, as long as nobody answers. */
  readonly escalate?: readonly string[];
  /** Of a child run, and of it alone: its id. It follows from the run, the task and the attempt. */
  readonly child?: string;
  /** Of a child run: the one, of the run that this one retries, that it goes on from. */
  readonly retries?: string;
  /** Of a child run that has an allotment: what it may spend, which is reserved in the budgets of all blocks around. Of cost, millionths. */
  readonly allotted?: Usage;
}

/** Why a task is ended that could have gone on. */
export type Withdrawal = 'join' | 'list' | 'cancel' | 'while' | 'team';

/** The task was given up because nobody needs it any more, and ends so: no fallback stands in. Its output is null. */
export interface TaskCancelled extends EventBase {
  readonly type: 'TaskCancelled';
  readonly taskId: string;
  /**
   * `join`: one with `rest: cancel` has what it asked for. `list`: so has the list, with `rest: cancel`, that it is an item of. `cancel`: a `cancel`
   * named it. `while`: its `while` holds no longer. `team`: the strategy of its block does not want it any more. `goto`: it is about to begin again, see the `TasksReset` that follows. `closed`: what was awaited
   * of it, while its block closes, has come.
   */
  readonly reason: 'join' | 'list' | 'cancel' | 'while' | 'team' | 'goto' | 'closed';
  /** Of `cancel`: the task that names it. */
  readonly by?: string;
}

/** Kept until a wait for its name takes it, first come first taken; dropped at the end of the run. */
export interface SignalReceived extends EventBase {
  readonly type: 'SignalReceived';
  readonly commandId: string;
  /** Its name. */
  readonly signal: string;
  readonly data: Json;
}

/** Somebody answered an open form, and what was answered fits it: the task completes with it. */
export interface FormAnswered extends EventBase {
  readonly type: 'FormAnswered';
  readonly taskId: string;
  readonly attempt: number;
  readonly commandId: string;
  readonly answer: Json;
  /** Of older histories: who answered. Now beside the event, as of all commands: `metadata.by`. */
  readonly by?: string;
}

/** An open form is somebody else's to answer from now on. */
export interface FormAssigned extends EventBase {
  readonly type: 'FormAssigned';
  readonly taskId: string;
  readonly attempt: number;
  readonly to: string;
  /** Of an escalation: how many there have been, this one included. */
  readonly step?: number;
  /** Of a command: its id. */
  readonly commandId?: string;
  /** Of a command, in older histories: who said so. Now beside the event, as of all commands: `metadata.by`. */
  readonly by?: string;
}

/**
 * What ends otherwise than by completing waits for what is outstanding in it first: child runs are told to end, attempts that would have to be
 * undone are awaited, what was done is undone; everything else in it is cancelled now.
 * `taskId` is '' for the run itself.
 */
export interface TaskClosing extends EventBase {
  readonly type: 'TaskClosing';
  readonly taskId: string;
  /**
   * `failure`: a task inside failed, or it does itself, and something else takes its place. `limit`: its time is up. `cancel`: the run is cancelled, or
   * a `cancel` names the task. `join`: a join does not need it. `list`: nor does its list, which has what it is for. `while`: its `while` holds no longer. `end`: an `end` inside. `skip`, `override`: a
   * person or a program said so.
   */
  readonly why: 'failure' | 'limit' | 'cancel' | 'join' | 'list' | 'while' | 'team' | 'end' | 'skip' | 'override';
  /** Of `limit`, and of `failure` of what fails by itself: what it fails with in the end. */
  readonly error?: ErrorData;
  /** Of `cancel` of the run, `skip` and `override`. */
  readonly commandId?: string;
  /** Of `cancel` of the run. */
  readonly reason?: string;
  /** Of `cancel` of a task: the one that names it. */
  readonly by?: string;
  /** Of `cancel` of the run: false when nothing is to be undone. */
  readonly compensate?: boolean;
  /** Of `cancel` of the run: nothing in it is waited for. All of it is cancelled with this event; the run ends once others have what it owes them. */
  readonly force?: true;
  /** Of `override`: what the task gives. */
  readonly output?: Json;
}

/**
 * A failure inside a block was caught: whatever had not ended in it is cancelled, and the handler, if there is one, begins. What the clause
 * says after `then` follows as an event of its own.
 */
export interface ScopeCaught extends EventBase {
  readonly type: 'ScopeCaught';
  /** The block; '' is the run. */
  readonly scope: string;
  /** Which catch of the block, from 0. */
  readonly clause: number;
  /** The task of the block that failed. */
  readonly taskId: string;
  readonly error: ErrorData;
}

/** What a task of a block did is undone, by a task of its own. Its attempts follow as those of any other; that it fails changes nothing else. */
export interface CompensationBegan extends EventBase {
  readonly type: 'CompensationBegan';
  /** The block; '' is the run. */
  readonly scope: string;
  /** `pay@3` undoes what attempt 3 of `pay` did. */
  readonly taskId: string;
  /** Of the attempt that is undone. `unknown`: it may have had its effect, or not. */
  readonly outcome: 'completed' | 'unknown';
}

/**
 * Tasks begin round `round`: those of a block, or the segment that a repeating task ends. Their states begin anew, apart from attempt numbers.
 * The first round of a loop that is asked before it (`while`) begins so, too.
 * Of `fork`, single tasks begin anew, because the run goes on from another one. Of `goto`, one task and all that comes after it begin again within the
 * round of their block.
 */
export interface TasksReset extends EventBase {
  readonly type: 'TasksReset';
  /** The block ('' is the run), or the repeating task. */
  readonly region: string;
  readonly why: 'loop' | 'catch' | 'repeat' | 'fork' | 'goto';
  readonly round: number;
  /** What the tasks of the round can read. Of `catch`: `{ error, output }`. Of `goto`: what the agent said, or what it was before. */
  readonly feedback: Json;
  /** Of `goto`: the task that is gone back to. */
  readonly from?: string;
  /** Of `goto`: the attempt whose agent goes back. Absent: somebody outside said so. */
  readonly by?: { readonly taskId: string; readonly attempt: number };
  /** Of `goto`: why, as the agent says. */
  readonly reason?: string;
  /** Of `goto` from outside, and of one that the strategy of the block decided. */
  readonly commandId?: string;
  /** Of `goto`: the number of the decision that it follows. */
  readonly decidedBy?: number;
  /** Of `goto`: tasks that were added by agents whose tasks begin again, and are no more. */
  readonly dropped?: readonly string[];
  /** Of `fork`: tasks that begin again in their round. */
  readonly tasks?: readonly string[];
  /** Of `fork`: child runs of these tasks go on from the ones before, because the run is a retry. */
  readonly retries?: boolean;
  /** Of `fork` and `goto`: tasks that begin as if nothing had been done, in their first round. */
  readonly restarted?: readonly string[];
  /** Of `fork`: blocks and lists that go on, and whose time limits begin anew. */
  readonly renewed?: readonly string[];
  /** Of `fork`: what the other run has undone since, and is not to be undone again: `pay@3` for attempt 3 of `pay`. */
  readonly undone?: readonly string[];
  /** Of `fork`: the time of the last event that was copied; the clock has stood still since. */
  readonly since?: number;
  /** Of `repeat`: the attempt that ended the round before. */
  readonly attempt?: number;
  /** Of the `repeat` of a wait: the signal, or the message, that it took. Absent in older histories, in which the next round took the same signal. */
  readonly signal?: string;
  readonly message?: string;
  /** Of `repeat`: what the feedback is from, unless it is the output of the attempt. */
  readonly via?: 'fallback-value' | 'fallback-task';
  /** With `fallback-value`: see TaskCompleted. */
  readonly error?: ErrorData;
  /** Of `repeat`: what the attempt used that ended the round. */
  readonly usage?: Usage;
}

/** A task that waits, and is to come after one that is added. */
export interface PutBefore {
  /** The task that waits, in the same block. */
  readonly taskId: string;
  /** The id of the added task. */
  readonly dependency: string;
}

/**
 * Tasks were added to a block that is under way, until its next round. They may come after tasks of the block and after each other. They change
 * neither the block's output nor the default input of the tasks that they were put before.
 */
export interface TasksAdded extends EventBase {
  readonly type: 'TasksAdded';
  /** The block; '' is the run. */
  readonly scope: string;
  readonly tasks: readonly TaskDefinition[];
  /** Tasks that wait for added ones from now on, too. */
  readonly before?: readonly PutBefore[];
  readonly commandId: string;
  /** The attempt whose agent added them. Absent, with `decidedBy`: they came from outside. */
  readonly spawnedBy?: { readonly taskId: string; readonly attempt: number };
  /** The number of the decision that added them. */
  readonly decidedBy?: number;
}

/** A task that waits comes after others of its block, too, until its next round. What it is handed by default stays as it was. */
export interface TasksLinked extends EventBase {
  readonly type: 'TasksLinked';
  readonly taskId: string;
  /** Ids in its block. */
  readonly after: readonly string[];
  readonly commandId: string;
}

/** A task that waits does not come after these any more, until its next round. */
export interface TasksUnlinked extends EventBase {
  readonly type: 'TasksUnlinked';
  readonly taskId: string;
  /** Ids in its block. */
  readonly after: readonly string[];
  readonly commandId: string;
}

/** What a decision of a strategy did; `assign` only where it says why, or changes the ledger: else `TaskScheduled` says it all. */
export type DecisionKind =
  | 'assign'
  | 'add'
  | 'ask'
  | 'announce'
  | 'award'
  | 'accept'
  | 'reject'
  | 'drop'
  | 'handOver'
  | 'note'
  | 'finish'
  | 'giveUp';

/**
 * The strategy of a team decided something; what it leads to follows, in the same step. What the strategy remembers is in the ledger, which is folded from
 * these: no strategy is asked when the history is read.
 */
export interface DecisionMade extends EventBase {
  readonly type: 'DecisionMade';
  /** The block; '' is the run. */
  readonly scope: string;
  /** Its name, for people. */
  readonly strategy: string;
  /** Counts the decisions of a round of the team, refused ones included, from 1. */
  readonly n: number;
  readonly kind: DecisionKind;
  /** The revision up to which the strategy had seen what there was: what was news is none any more. */
  readonly seen: number;
  /** What it is about: ids of tasks of the block. Of `announce`, those of the bids. */
  readonly tasks?: readonly string[];
  /** The agent that it names. Of `award`: the id of the bid. */
  readonly to?: string;
  /** Of `ask`: what it is asked for. */
  readonly role?: string;
  /** Of `announce`: the task that the bids are about. */
  readonly about?: string;
  readonly why?: string;
  /** What has changed in the ledger (JSON Patch, RFC 6902: `add`, `replace` and `remove`), and its format from now on. */
  readonly ledger?: { readonly format: number; readonly changes: readonly LedgerChange[] };
  /** Of `note`: the strategy is asked again after so many milliseconds of the run's clock. */
  readonly wakeInMs?: number;
  /** Of `finish`. */
  readonly output?: Json;
  /** Of `giveUp`. */
  readonly error?: ErrorData;
}

/** A decision of a strategy could not be. What it decided behind that took no effect. */
export interface DecisionRefused extends EventBase {
  readonly type: 'DecisionRefused';
  readonly scope: string;
  readonly strategy: string;
  readonly n: number;
  /** As the strategy said it; it need not be one that there is. */
  readonly kind: string;
  readonly seen: number;
  readonly tasks?: readonly string[];
  readonly why?: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** The time is there for which the strategy of a team had asked. */
export interface TeamWoken extends EventBase {
  readonly type: 'TeamWoken';
  readonly scope: string;
}

/** What a block (the run, for '') may spend of something is spent. What needs more of it fails from now on. */
export interface BudgetReached extends EventBase {
  readonly type: 'BudgetReached';
  /** The path of the block. */
  readonly scope: string;
  readonly budget: BudgetKind;
  /** Of what the block says of one agent. */
  readonly agent?: string;
}

/** What a block (the run, for '') may spend is more from now on. */
export interface BudgetRaised extends EventBase {
  readonly type: 'BudgetRaised';
  /** The path of the block. */
  readonly scope: string;
  /** By how much, of each kind. */
  readonly raised: Budget;
  /** The task whose question was answered so. */
  readonly taskId?: string;
  /** Absent with `taskId`, and where the run begins with it (`RunStarted.lineage.raised`). */
  readonly commandId?: string;
}

/**
 * A task needs more than what is left of the budget of a block (the run, for ''), which says that somebody is asked (`onBudget: { ask }`). Until that one has answered, the task is an
 * open form, and what else needs more of the same waits with it. With yes follow `BudgetRaised` and `TaskReady`; with no, or once the time is up
 * (`TaskExpired`), it fails, and so does what needs more of it from then on.
 */
export interface BudgetAsked extends EventBase {
  readonly type: 'BudgetAsked';
  readonly taskId: string;
  /** The last attempt, or 0. */
  readonly attempt: number;
  /** The path of the block. */
  readonly scope: string;
  readonly budget: BudgetKind;
  /** Of what the block says of one agent. */
  readonly agent?: string;
  /** Of cost, millionths: what the block may spend, what it has spent, what attempts under way may use (absent: nothing), and by how much the budget has to be raised for the task to go on at once. */
  readonly limit: number;
  readonly spent: number;
  readonly reserved?: number;
  readonly least: number;
  /** Who is asked. */
  readonly assignee: string;
  /** When nobody waits for an answer any more; later by as long as the run is paused. */
  readonly until?: number;
}

/**
 * An attempt of the run was one failure too many of its agent, over all runs of the process: that is handed nothing for a while. What is for whoever has a
 * capability goes to others meanwhile, what is for the agent waits.
 */
export interface AgentRested extends EventBase {
  readonly type: 'AgentRested';
  readonly agent: string;
  /** When it is tried again; ms since the Unix epoch. */
  readonly until: number;
  /** Attempts that failed in a row: each of another task at first, then the one that tried it after each rest. */
  readonly failures: number;
}

/** An agent had rested, and an attempt of the run tried it: it ended well. */
export interface AgentBack extends EventBase {
  readonly type: 'AgentBack';
  readonly agent: string;
}

/** The task, or the items of a list, go before others, or behind them, from now on, until its next round. */
export interface TaskPrioritySet extends EventBase {
  readonly type: 'TaskPrioritySet';
  readonly taskId: string;
  readonly priority: number;
  readonly commandId: string;
}

/** The items of a forEach task, or a part of them: `items` are those from index `from` on, of `total`; or all of them are what `source` says. */
export interface TaskExpanded extends EventBase {
  readonly type: 'TaskExpanded';
  readonly taskId: string;
  readonly from: number;
  readonly items?: readonly Json[];
  /** Where the whole list is from, instead of `items`, when it stands in the history already and is not small. */
  readonly source?: Source;
  readonly total: number;
  /** How many have to complete, when the list says so. In the first part. */
  readonly need?: number;
}

/** Items were added to a list that is under way: from outside, or by an agent. They are like those that were there at first. */
export interface ItemsAdded extends EventBase {
  readonly type: 'ItemsAdded';
  readonly taskId: string;
  /** The place of the first of them: as many as the list had. */
  readonly from: number;
  readonly items: readonly Json[];
  readonly commandId: string;
  /** The attempt whose agent added them. Absent: they came from outside. */
  readonly addedBy?: { readonly taskId: string; readonly attempt: number };
}

/** A task with `join: each`: the dependency at place `index` of those that it comes after has completed, and its item, `{ task, output }`, begins. */
export interface ItemJoined extends EventBase {
  readonly type: 'ItemJoined';
  readonly taskId: string;
  readonly index: number;
}

/**
 * A list has what it is for, and has not ended: what comes after it begins, and sees its output as it is now, with null for each item that has not
 * completed. The list ends when the last item under way has; that changes no output.
 */
export interface TaskYielded extends EventBase {
  readonly type: 'TaskYielded';
  readonly taskId: string;
  /** Nothing more of it begins; what has begun is cancelled by the events that follow. Absent: it goes on. */
  readonly rest?: 'cancel';
  /** The `cancel … complete` that names it: it completes with what it has. One that has yielded may be ended so, too. */
  readonly by?: string;
}

/**
 * The time for the whole list of a forEach is up: each item that has not ended, and has not fallen back yet, goes the way of a
 * failed one. Or that for an answer to a task that asked for more of a budget.
 */
export interface TaskExpired extends EventBase {
  readonly type: 'TaskExpired';
  readonly taskId: string;
  readonly error: ErrorData;
}

/**
 * The history of another run, which this one goes on from, is there as far as it is wanted: what follows is this run's own. Nothing is decided
 * before it; the time limit of the run begins here.
 */
export interface RunForked extends EventBase {
  readonly type: 'RunForked';
  /** The run whose own history begins. Another, where the history that was copied had been copied itself. */
  readonly runId: string;
  /** Tasks whose idempotency keys name this run from here on. */
  readonly keys?: readonly string[];
  /** What was copied is not for this run to undo, nor for one that goes on from it. Absent of a retry, and in older histories. */
  readonly as?: 'fork';
  /** What has a mutex of several runs by what was copied asks for it again: the other run has it, or gave it back. Absent where nothing had, and in older histories. */
  readonly mutexes?: 'anew';
}

/** A result was taken over from another run, or from whoever forked it. */
export interface TaskAdopted extends EventBase {
  readonly type: 'TaskAdopted';
  readonly taskId: string;
  readonly status: 'completed' | 'skipped';
  readonly output?: Json;
  /** It counts as done in this attempt, and can be undone: of what somebody who retries a run says that a task gave. Absent in older histories. */
  readonly attempt?: number;
}

/** An attempt was assigned to an agent. Without `input` and `source`, its input is that of the attempt before. */
export interface TaskScheduled extends EventBase {
  readonly type: 'TaskScheduled';
  readonly taskId: string;
  readonly attempt: number;
  readonly agent: string;
  /** Since when the task had been ready; absent when it became so in the same turn, and in older histories. */
  readonly readySince?: number;
  readonly input?: Json;
  /** Where the input is from, when it stands in the history already and is not small. */
  readonly source?: Source;
  /**
   * Where the budget of a block around limits tokens or cost: what the attempt may use at most, by what its task or its agent declares, or else the most that
   * its agent was seen to use. A kind that is left out: nobody knows.
   */
  readonly reserved?: Usage;
}

/** A worker began the attempt. */
export interface TaskStarted extends EventBase {
  readonly type: 'TaskStarted';
  readonly taskId: string;
  readonly attempt: number;
  readonly worker: string;
}

/**
 * The task ended well. `via`: `agent` (the attempt's output), `items` (a forEach; the outputs are those of its items),
 * `fallback-value`, `fallback-task` (the output is that of the fallback task), `last-round` (a round that was skipped: what the
 * segment gave in the round before stands), `value` (of a `set`), `switch` (with the `case` that it chose; without `output` it hands its
 * input on), `cancel` (the output names what it cancelled), `timer` (a sleep hands its input on), `signal` (the output is the signal's data), `message` (what a wait took, of which `message` is the id), `send` (`{ id }`), `form` (the output is the answer), `default` (of a wait), `child` (of a child run),
 * `scope` (without `output`, that of the leaves), `end`, `override` (what a person or a program said; without `output`, what stood in the
 * `TaskClosing` before it).
 */
export interface TaskCompleted extends EventBase {
  readonly type: 'TaskCompleted';
  readonly taskId: string;
  readonly attempt: number;
  readonly via: Via;
  readonly output?: Json;
  /** Of `switch`. */
  readonly case?: string;
  /** Of `signal`: the id of the command that brought it. */
  readonly signal?: string;
  /** Of `message`: the id of what a wait took. It is gone. */
  readonly message?: string;
  /** Of `agent`: the agent ended the block of the task, which gives this. */
  readonly ends?: Json;
  /** Of `fallback-value`: the failure that the value stands in for. Absent in older histories, where it stands in the `TaskAttemptFailed` before, if anywhere. */
  readonly error?: ErrorData;
  /** Of `override`. */
  readonly commandId?: string;
  /** What the attempt used, as its agent reports. */
  readonly usage?: Usage;
}

/** What an output is from. */
export type Via =
  | 'agent'
  | 'items'
  | 'fallback-value'
  | 'fallback-task'
  | 'last-round'
  | 'value'
  | 'switch'
  | 'cancel'
  | 'timer'
  | 'signal'
  | 'message'
  | 'send'
  | 'form'
  | 'default'
  | 'child'
  | 'scope'
  | 'end'
  | 'override';

/**
 * Of histories of rules 1 and 2; later ones have TasksReset. The task has an output (its attempt's, or what stood in for it), and its repeat
 * condition did not hold: the tasks from `from` to this one run again, as round `round`.
 */
export interface TaskRepeated extends EventBase {
  readonly type: 'TaskRepeated';
  readonly taskId: string;
  readonly attempt: number;
  readonly output: Json;
  readonly from: string;
  readonly round: number;
  /** What the output is from, unless it is that of the attempt. */
  readonly via?: 'fallback-value' | 'fallback-task';
}

/**
 * An attempt that can be undone ended well, or the child run that it was, and its task does not complete with it: a join does not need it, its
 * time is up, or its repeat did not accept what it gave. What it did is to be undone.
 */
export interface TaskAttemptCompleted extends EventBase {
  readonly type: 'TaskAttemptCompleted';
  readonly taskId: string;
  readonly attempt: number;
  readonly output: Json;
  /** What the attempt used, as its agent reports. */
  readonly usage?: Usage;
}

/**
 * An attempt failed, or the child run that it was. With `retryAt`, another follows then, or later by as long as the run is paused; else see the
 * event after this one.
 */
export interface TaskAttemptFailed extends EventBase {
  readonly type: 'TaskAttemptFailed';
  readonly taskId: string;
  readonly attempt: number;
  readonly error: ErrorData;
  /** The worker was lost: the attempt does not count against `maxAttempts`. */
  readonly lost?: boolean;
  readonly retryAt?: number;
  /** What the attempt used, as its agent reports. */
  readonly usage?: Usage;
}

/**
 * The attempt ended well, and its agent gave the task to another one, whose attempts begin anew. The limits of the task go on. What the agent
 * returned is no output of the task.
 */
export interface TaskHandedOff extends EventBase {
  readonly type: 'TaskHandedOff';
  readonly taskId: string;
  readonly attempt: number;
  /** The one that goes on. */
  readonly agent: string;
  /** What it is handed. Without it: what the one before was. */
  readonly input?: Json;
  readonly why?: string;
  /** The number of the decision by which the strategy of its block handed it on: no attempt was under way, and `attempt` is the last one, or 0. */
  readonly decidedBy?: number;
  /** Of a task that can be undone, and of it alone: what the agent returned; that attempt is to be undone for itself. */
  readonly output?: Json;
  /** What the attempt used, as its agent reports. */
  readonly usage?: Usage;
  /** The path of the block whose budget had nothing left for the agent before, and names this one for that: no attempt was under way, and `attempt` is the last one, or 0. */
  readonly budget?: string;
}

/** Attempts are used up; another agent, or a fallback task, stands in. */
export interface TaskFellBack extends EventBase {
  readonly type: 'TaskFellBack';
  readonly taskId: string;
  readonly to: { readonly kind: 'agent'; readonly agent: string } | { readonly kind: 'task'; readonly task: string };
  readonly error: ErrorData;
}

/** The task failed for good. */
export interface TaskFailed extends EventBase {
  readonly type: 'TaskFailed';
  readonly taskId: string;
  readonly error: ErrorData;
  /** What the attempt used with which it failed, when that has no event of its own. */
  readonly usage?: Usage;
}

/** A result came for an attempt that is closed. It changes nothing. */
export interface TaskResultIgnored extends EventBase {
  readonly type: 'TaskResultIgnored';
  readonly taskId: string;
  readonly attempt: number;
  readonly outcome: 'completed' | 'failed';
}

/** A message was put into a mailbox of the run; or, with `run`, is on its way to one of another. One to a program is done with, as it is on record. */
export interface MessageSent extends EventBase {
  readonly type: 'MessageSent';
  /** Its id. */
  readonly message: string;
  readonly from: Party;
  /** The mailbox: a task by its path, a name (`#desk`, `@desk`), or a program (`client:NAME`). */
  readonly to: string;
  /** The other run that it goes to, where `to` is. */
  readonly run?: string;
  /** With `run`: its number among those to that mailbox, from 1. */
  readonly n?: number;
  readonly receipt?: Receipt;
  /** To a name of no run, by a run in which somebody takes from there. */
  readonly ask?: Ask;
  /** Of what was published (then `to` is the topic, `#news`): the mailboxes that have it, each its own, with the id `<message>@<mailbox>`. */
  readonly recipients?: readonly string[];
  readonly data: Json;
  /** Absent: inform. */
  readonly performative?: Performative;
  /** What the message is about: what is its `type` elsewhere, which is here that of the event. */
  readonly subject?: string;
  readonly conversation?: string;
  /** The message that it answers. */
  readonly inReplyTo?: string;
  /** When it is a dead letter, unless somebody has it by then; a moment. */
  readonly expiresAt?: number;
  /** Of what opens a conversation, and of an agree: until when it is to be answered; a moment. */
  readonly deadline?: number;
  /** The run says it for whoever will not: that task has ended, or did not answer in time. */
  readonly onBehalf?: boolean;
  /** Nobody has it: a proposal in a conversation that is over, which the next event rejects; or what a team says to a bid that has ended. */
  readonly late?: boolean;
  /** Of what the strategy of a team says (`from.client` is `team:` and its block): the number of the decision. */
  readonly decidedBy?: number;
  /** One that has expired is no dead letter. */
  readonly drop?: boolean;
  /** Of a task: it is said once in a round. */
  readonly key?: string;
  /** Of an attempt: which of its calls. */
  readonly call?: number;
  /** Of an attempt: the worker that makes it. */
  readonly worker?: string;
  /** Of an attempt: it was sent with what that gave, which the next events say. */
  readonly on?: 'completion';
  /** Of one from outside. */
  readonly commandId?: string;
}

/** What another run has sent is in a mailbox of this one. */
export interface MessageReceived extends EventBase {
  readonly type: 'MessageReceived';
  /** Its id, as its sender gave it. */
  readonly message: string;
  /** With the run that it is of. */
  readonly from: Party;
  /** Where it comes from, and with what number; `to` is the address as it was sent to. */
  readonly origin: { readonly run: string; readonly to: string; readonly n: number };
  /** When it was sent; a moment. */
  readonly sentAt: number;
  /** The mailbox here. */
  readonly to: string;
  readonly data: Json;
  readonly receipt?: Receipt;
  readonly ask?: Ask;
  /** It was handed on: then `from` may be of a third run, or of this. */
  readonly handedOn?: HandedOn;
  readonly performative?: Performative;
  readonly subject?: string;
  readonly conversation?: string;
  readonly inReplyTo?: string;
  readonly expiresAt?: number;
  readonly deadline?: number;
  readonly onBehalf?: boolean;
  readonly drop?: boolean;
}

/** A message is on its way on: from a name of no run to a run that asked there, or back. Without `run` it is back in the mailbox `to`: nobody is there any more who asked. */
export interface MessageHandedOn extends EventBase {
  readonly type: 'MessageHandedOn';
  readonly message: string;
  readonly to: string;
  readonly run?: string;
  readonly n?: number;
  /** What it was asked for by. */
  readonly ask?: string;
  /** Back to the name: it was given up for good here, and is to be a dead letter there. */
  readonly dead?: Doom;
}

/** Another run has what was on its way to it, up to a number. */
export interface MessagesHandedOver extends EventBase {
  readonly type: 'MessagesHandedOver';
  readonly run: string;
  /** The address there. */
  readonly to: string;
  readonly upTo: number;
}

/** Nothing is left to do in the run, but others have yet to take what it sent them: then it ends, or once the time is up. */
export interface HandOverAwaited extends EventBase {
  readonly type: 'HandOverAwaited';
  /** A moment. */
  readonly until: number;
  /** How many messages are on their way. */
  readonly messages: number;
}

/** From now on the mailbox of the task has what is published under the topic, by this attempt or by others, in this round or in others. */
export interface MailboxSubscribed extends EventBase {
  readonly type: 'MailboxSubscribed';
  readonly topic: string;
  readonly mailbox: string;
  /** Which messages. Absent: all. It takes the place of the one before. */
  readonly filter?: Wanted;
  readonly taskId: string;
  readonly attempt: number;
  readonly call: number;
  readonly worker: string;
}

/** The mailbox of the task has nothing more that is published under the topic, unless the workflow says that it does. */
export interface MailboxUnsubscribed extends EventBase {
  readonly type: 'MailboxUnsubscribed';
  readonly topic: string;
  readonly mailbox: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly call: number;
  readonly worker: string;
}

/** An attempt waits for messages, and takes no room meanwhile. */
export interface MessageAwaited extends EventBase {
  readonly type: 'MessageAwaited';
  readonly taskId: string;
  readonly attempt: number;
  readonly call: number;
  readonly worker: string;
  readonly mailbox: string;
  readonly wanted?: Wanted;
  /** The JSON Schema that their data has to fit: see MessageFilter. */
  readonly schema?: Json;
  /** As many at once at the most. */
  readonly max: number;
  /** When it has waited for long enough; a moment. */
  readonly until?: number;
  /** What it waits for an answer to. */
  readonly question?: Question;
}

/** An attempt has got messages. Nobody else has them until it is done with them. */
export interface MessageDelivered extends EventBase {
  readonly type: 'MessageDelivered';
  readonly messages: readonly string[];
  readonly taskId: string;
  readonly attempt: number;
  /** The call that waited for them. */
  readonly call: number;
}

/** A program has got messages, or has them for longer: nobody else has them until it is done with them, or the time is up. */
export interface MessageTaken extends EventBase {
  readonly type: 'MessageTaken';
  readonly messages: readonly string[];
  /** The name that it gives itself. */
  readonly client: string;
  /** A moment. */
  readonly until: number;
}

/** Nothing came in time, or nothing will come: the attempt waits no longer. */
export interface MessageMissed extends EventBase {
  readonly type: 'MessageMissed';
  readonly taskId: string;
  readonly attempt: number;
  readonly call: number;
  /** Why nothing will: the name of no run is closed, or the conversation is over. Absent: the time was up. */
  readonly error?: ErrorData;
}

/** Whoever had the messages is done with them: they are gone. */
export interface MessageAcknowledged extends EventBase {
  readonly type: 'MessageAcknowledged';
  readonly messages: readonly string[];
  /** Of a task; else it is a program that had them. */
  readonly taskId?: string;
  readonly attempt?: number;
  readonly client?: string;
  /** Absent: with what the attempt gave. */
  readonly call?: number;
}

/** Whoever had the message gave it back, or could not keep it. Without `retryAt` it is a dead letter, which the next event says. */
export interface MessageRejected extends EventBase {
  readonly type: 'MessageRejected';
  readonly message: string;
  /** Of a task; else it is a program that had it. */
  readonly taskId?: string;
  readonly attempt?: number;
  readonly client?: string;
  /** Absent: it came back because the attempt ended. */
  readonly call?: number;
  readonly reason: string;
  readonly code?: string;
  /** When others may have it; a moment. */
  readonly retryAt?: number;
  /** `lost`: the worker was, or the time of a program was up; `ended`: the attempt was ended by something else. Neither says anything about the message. */
  readonly because?: 'lost' | 'ended';
}

/** Nobody took them in time. Those that were to be dropped are gone; of each other one the next events say that it is a dead letter. */
export interface MessageExpired extends EventBase {
  readonly type: 'MessageExpired';
  readonly messages: readonly string[];
}

/** The message lies in `#dead-letters` now. */
export interface MessageDeadLettered extends EventBase {
  readonly type: 'MessageDeadLettered';
  readonly message: string;
  readonly code: string;
  readonly error: ErrorData;
  /** Where it was, whose it was, and what it is about: for whoever lists them. */
  readonly mailbox: string;
  readonly from: Party;
  readonly subject?: string;
  readonly performative?: Performative;
  /** The last of them. */
  readonly deliveries: readonly FailedDelivery[];
  /** The messages that it answers, or that led to it, the nearest first. */
  readonly causes?: readonly string[];
}

/** A conversation is over because an answer did not come in time, or will not come. Who is owed it is told by the next event, where somebody is. */
export interface ConversationExpired extends EventBase {
  readonly type: 'ConversationExpired';
  /** The message that opened it. */
  readonly message: string;
  readonly reason: string;
  /** Somebody has that message, and it was to be answered by now: when it comes back, it is a dead letter. */
  readonly held?: true;
}

/** A block has ended, or the run is about to: what was open in the mailboxes of its tasks is gone. */
export interface MessagesClosed extends EventBase {
  readonly type: 'MessagesClosed';
  /** '' is the run. */
  readonly scope: string;
  /** The oldest 1,000 of them. */
  readonly messages: readonly string[];
  /** How many there were, and of them how many dead letters. */
  readonly open: number;
  readonly dead: number;
}

/** A dead letter says something else from now on. */
export interface DeadLetterEdited extends EventBase {
  readonly type: 'DeadLetterEdited';
  readonly message: string;
  readonly data: Json;
  readonly commandId: string;
}

/** Dead letters are messages again, behind all others of their mailbox, as if they had never been delivered. */
export interface DeadLettersRedriven extends EventBase {
  readonly type: 'DeadLettersRedriven';
  readonly messages: readonly string[];
  /** Default: where each was. */
  readonly to?: string;
  readonly commandId: string;
}

/** Nothing is to become of these dead letters. */
export interface DeadLettersDiscarded extends EventBase {
  readonly type: 'DeadLettersDiscarded';
  readonly messages: readonly string[];
  /** Missing: the run has more dead letters than it keeps, and these are the oldest. */
  readonly commandId?: string;
}

/** A command did not fit the state. It changes nothing. */
export interface CommandRejected extends EventBase {
  readonly type: 'CommandRejected';
  readonly commandId: string;
  readonly command: string;
  readonly code: string;
  readonly message: string;
  /** The command may come twice, and was answered by this: should it come again, it is not decided again. Absent: it is. */
  readonly final?: true;
}

/** A command that was sent to whoever drives the run changes nothing: what it asks for is so already. Its sender is answered. */
export interface CommandNoted extends EventBase {
  readonly type: 'CommandNoted';
  readonly commandId: string;
  readonly command: string;
}

/** An immutable fact in the stream of a run. */
export type RunEvent =
  | RunStarted
  | RunPaused
  | RunResumed
  | RunParked
  | RunCompleted
  | RunFailed
  | RunCancelled
  | TaskReady
  | MutexGranted
  | TaskSkipped
  | TaskEntered
  | TaskCancelled
  | TaskClosing
  | TasksAdded
  | TasksLinked
  | TasksUnlinked
  | TaskPrioritySet
  | DecisionMade
  | DecisionRefused
  | TeamWoken
  | BudgetReached
  | BudgetRaised
  | BudgetAsked
  | AgentRested
  | AgentBack
  | TasksReset
  | ScopeCaught
  | CompensationBegan
  | SignalReceived
  | FormAnswered
  | FormAssigned
  | RunForked
  | TaskExpanded
  | ItemsAdded
  | ItemJoined
  | TaskYielded
  | TaskExpired
  | TaskAdopted
  | TaskScheduled
  | TaskStarted
  | TaskCompleted
  | TaskRepeated
  | TaskAttemptCompleted
  | TaskAttemptFailed
  | TaskHandedOff
  | TaskFellBack
  | TaskFailed
  | TaskResultIgnored
  | MessageSent
  | MessageReceived
  | MessagesHandedOver
  | MessageHandedOn
  | HandOverAwaited
  | MailboxSubscribed
  | MailboxUnsubscribed
  | MessageAwaited
  | MessageDelivered
  | MessageTaken
  | MessageMissed
  | MessageAcknowledged
  | MessageRejected
  | MessageExpired
  | MessageDeadLettered
  | MessagesClosed
  | ConversationExpired
  | DeadLetterEdited
  | DeadLettersRedriven
  | DeadLettersDiscarded
  | CommandRejected
  | CommandNoted;

/** The name of an event of a run. */
export type RunEventType = RunEvent['type'];
