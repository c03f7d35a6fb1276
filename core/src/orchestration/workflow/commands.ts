import type { Budget, MaxUsage, WorkflowDefinition } from '../../definition/definition.ts';
import type { ErrorData } from '../../shared/errors.ts';
import type { Json, JsonObject } from '../../shared/json.ts';
import type { Labels } from '../../shared/labels.ts';
import type { Wanted } from '../../shared/received-message.ts';
import type { CommandBase } from './command-base.ts';
import type { Directive } from './directives.ts';
import type { Lineage, MessageReceived, ParentTask, RunEvent, StrategySaid, Usage } from './events.ts';
import type { Outgoing, Question } from './messaging/message.ts';
import { CHANGES, type RunChange } from './outside/run-changes.ts';
import type { RecordedPlace, SourceOf } from './sources/source.ts';

export type {
  AddItems,
  AddTasks,
  LinkTasks,
  OverrideTask,
  RaiseBudget,
  RestartTask,
  SetPriority,
  SkipTask,
  UnlinkTasks,
} from './outside/run-changes.ts';

/** Which timer is due. `attempt` and `round` say of what, so that a late one is recognised. */
export type Timer =
  | { readonly kind: 'retry'; readonly taskId: string; readonly attempt: number }
  | { readonly kind: 'attempt'; readonly taskId: string; readonly attempt: number }
  /** `since`: when the time began to run. */
  | { readonly kind: 'task'; readonly taskId: string; readonly since: number }
  /** Of a forEach: the whole list. */
  | { readonly kind: 'all'; readonly taskId: string; readonly since: number }
  /** Of a form: to the next one. `step`: how many have had it by then. */
  | { readonly kind: 'escalate'; readonly taskId: string; readonly attempt: number; readonly step: number }
  /** Of a team: its strategy asked to be asked again. */
  | { readonly kind: 'team'; readonly scope: string }
  /** Of a sleep. */
  | { readonly kind: 'wake'; readonly taskId: string; readonly attempt: number }
  /** Messages that expire, or may be taken again, and attempts that have waited for long enough: the first of them. */
  | { readonly kind: 'messages' }
  | { readonly kind: 'run' };

export interface StartRun extends CommandBase {
  readonly type: 'StartRun';
  readonly definition: WorkflowDefinition;
  readonly definitionHash: string;
  readonly input: Json;
  /** Where the input stands on record, if it does. */
  readonly inputFrom?: SourceOf<RecordedPlace>;
  /** W3C trace context of whoever started the run. */
  readonly traceparent?: string;
  /** On whose behalf the run is. */
  readonly tenant?: string;
  readonly labels?: Labels;
  /** See RunStarted. */
  readonly strategies?: Readonly<Record<string, StrategySaid>>;
  /** See RunStarted. */
  readonly budget?: Budget;
  /** Set when the run goes on from another. */
  readonly lineage?: Lineage;
  /** Those of the run that this one goes on from. Default: those of today. */
  readonly rules?: number;
  /** Set when the run is the child of another. */
  readonly parent?: ParentTask;
}

/** The next events of the run that this one goes on from, from revision `from` on. */
export interface CopyEvents extends CommandBase {
  readonly type: 'CopyEvents';
  readonly from: number;
  readonly events: readonly RunEvent[];
}

/** All events of the other run are there, up to lineage.revision. */
export interface CloseFork extends CommandBase {
  readonly type: 'CloseFork';
  /** Tasks whose failure ended the other run, and that are to be done again. */
  readonly failed: readonly string[];
  /** What was undone at its end: the attempt of the task. */
  readonly undone: readonly AttemptName[];
  /** What attempts that were open by then gave in the end. */
  readonly late: readonly (AttemptName & { readonly via: 'agent' | 'child'; readonly output: Json })[];
  /** The definition is another one now. */
  readonly mended?: boolean;
  /** What came for it after that. */
  readonly signals: readonly { readonly id: string; readonly signal: string; readonly data: Json }[];
}

export interface AttemptName {
  readonly taskId: string;
  readonly attempt: number;
}

/** What a scheduler strategy chose. */
export interface ScheduleTasks extends CommandBase {
  readonly type: 'ScheduleTasks';
  readonly strategy: string;
  readonly assignments: readonly {
    readonly taskId: string;
    readonly agent: string;
    /** What the agent declares that an attempt uses at most. */
    readonly maxUsage?: MaxUsage;
  }[];
}

/** One decision of the strategy of a team. Each is a command of its own: it is judged by the state that the one before it left. */
export interface Decide extends CommandBase {
  readonly type: 'Decide';
  /** The block; '' is the run. */
  readonly scope: string;
  readonly strategy: string;
  /** Of the ledgers that the strategy writes. */
  readonly format: number;
  /** The revision of the state that it was shown. */
  readonly seen: number;
  /** Plain JSON, and looked at as what it may be: anything. Absent: there is none, and without one nothing more would ever happen. */
  readonly decision?: JsonObject;
  /** Of an assignment: what its agent declares that an attempt uses at most. */
  readonly maxUsage?: MaxUsage;
}

/** A worker has begun an attempt. */
export interface StartTask extends CommandBase {
  readonly type: 'StartTask';
  readonly taskId: string;
  readonly attempt: number;
  readonly worker: string;
  /** It has not, and asks whether it may: the first that does is answered yes. */
  readonly claims?: boolean;
}

export interface CompleteTask extends CommandBase {
  readonly type: 'CompleteTask';
  readonly taskId: string;
  readonly attempt: number;
  readonly output: Json;
  /** What the agent wants done to the run with it. */
  readonly directives?: readonly Directive[];
  /** Calls that waited for messages, and whose messages the agent has not seen: those are not done with. */
  readonly unheard?: readonly number[];
  /** What the attempt used. Absent: its agent does not say. */
  readonly usage?: Usage;
}

export interface FailTask extends CommandBase {
  readonly type: 'FailTask';
  readonly taskId: string;
  readonly attempt: number;
  readonly error: ErrorData;
  /** The worker is gone: the attempt says nothing about the task, and does not count against `maxAttempts`. */
  readonly lost?: boolean;
  /** Whose failure it is: of one from which another has taken the attempt over, it says nothing. Absent: not known. */
  readonly worker?: string;
  /** What the attempt used. Absent: its agent does not say. */
  readonly usage?: Usage;
}

export interface FireTimer extends CommandBase {
  readonly type: 'FireTimer';
  readonly timer: Timer;
  /** For when it was set. What it was set for may be due later by now: then it is nothing, and there is another timer. */
  readonly at: number;
}

export interface PauseRun extends CommandBase {
  readonly type: 'PauseRun';
  /** Absent: a person or a program. */
  readonly by?: 'parent';
  readonly reason?: string;
}

export interface ResumeRun extends CommandBase {
  readonly type: 'ResumeRun';
  readonly by?: 'parent';
}

export interface CancelRun extends CommandBase {
  readonly type: 'CancelRun';
  /** At once: nothing is waited for, and nothing undone. */
  readonly force?: boolean;
  /** False: what is outstanding is waited for, and nothing undone. Default: true. */
  readonly compensate?: boolean;
  readonly reason?: string;
}

/** Something from outside that a wait may take, now or later. */
export interface SendSignal extends CommandBase {
  readonly type: 'SendSignal';
  readonly signal: string;
  readonly data: Json;
}

/** What a call of an attempt to the messages of its run says of itself. Calls are counted from 1, and taken in order, each once. */
interface Call extends CommandBase {
  readonly taskId: string;
  readonly attempt: number;
  readonly worker: string;
  readonly call: number;
}

/** An attempt sends messages: all of them, or none. */
export interface SendMessages extends Call {
  readonly type: 'SendMessages';
  /** 1 to MOST_SENT of them. */
  readonly messages: readonly Outgoing[];
}

/** An attempt waits for messages. */
export interface AwaitMessages extends Call {
  readonly type: 'AwaitMessages';
  /** Default: that of its task. */
  readonly mailbox?: string;
  readonly wanted?: Wanted;
  /** The JSON Schema of their data. */
  readonly schema?: Json;
  /** Default: 1. */
  readonly max?: number;
  /** How long, in ms. Default: as long as the attempt may take. */
  readonly timeoutMs?: number;
  /** What it waits for an answer to. When that can come no more, the call is refused. */
  readonly question?: Question;
}

/** A message to be given back. */
export interface GivenBack {
  readonly message: string;
  readonly reason: string;
  readonly code?: string;
  /** Until others may have it, in ms. Default: as the mailbox says. */
  readonly delayMs?: number;
  /** False: nobody else may; it is a dead letter. */
  readonly requeue?: boolean;
}

/** An attempt is done with messages that it has, or gives them back. */
export interface SettleMessages extends Call {
  readonly type: 'SettleMessages';
  readonly acknowledge?: readonly string[];
  readonly reject?: readonly GivenBack[];
}

/** The mailbox of the task is to have what is published under a topic. */
export interface SubscribeMailbox extends Call {
  readonly type: 'SubscribeMailbox';
  readonly topic: string;
  /** Default: all of it. */
  readonly filter?: Wanted;
}

export interface UnsubscribeMailbox extends Call {
  readonly type: 'UnsubscribeMailbox';
  readonly topic: string;
}

/** Somebody outside sends a message into the run. */
export interface PostMessage extends CommandBase {
  readonly type: 'PostMessage';
  /** The name that they give themselves. */
  readonly from: string;
  readonly message: Outgoing;
}

/** Another run has a message for this one. Answered, and not put on record when it is refused: what it is refused with is on record there. */
export interface ReceiveMessage extends CommandBase {
  readonly type: 'ReceiveMessage';
  /** The run that sends, and on whose behalf it is. */
  readonly from: string;
  readonly tenant?: string;
  /** The number of the message among those to `event.to`, and that of the one before it which is on its way still; 0 without one. */
  readonly n: number;
  readonly after: number;
  /** When it was sent, or sent anew; a moment. */
  readonly since: number;
  /** As it is on record there. `to` is an address here. */
  readonly sent: Omit<MessageReceived, 'type' | 'at' | 'origin'>;
}

/** Another run has taken what this one sent it. */
export interface NoteHandedOver extends CommandBase {
  readonly type: 'NoteHandedOver';
  readonly outbox: string;
  readonly upTo: number;
}

/** Another run will not take a message. */
export interface NoteUndelivered extends CommandBase {
  readonly type: 'NoteUndelivered';
  readonly message: string;
  readonly error: ErrorData;
}

/** A program takes messages that lie in a mailbox, for so long. */
export interface TakeMessages extends CommandBase {
  readonly type: 'TakeMessages';
  /** The name that it gives itself. */
  readonly client: string;
  readonly mailbox: string;
  readonly wanted?: Wanted;
  readonly max: number;
  readonly leaseMs: number;
}

/** A program is done with messages that it has, gives them back, or has them for longer. */
export interface SettleTaken extends CommandBase {
  readonly type: 'SettleTaken';
  readonly client: string;
  readonly acknowledge?: readonly string[];
  readonly reject?: readonly GivenBack[];
  readonly extend?: readonly string[];
  /** Of those that are extended, from now on. */
  readonly leaseMs?: number;
}

/** What programs do with messages. */
export type ProgramCall = TakeMessages | SettleTaken;

/** What runs say to each other about messages. */
export type MailBetween = ReceiveMessage | NoteHandedOver | NoteUndelivered;

/** A dead letter is to say something else. */
export interface EditDeadLetter extends CommandBase {
  readonly type: 'EditDeadLetter';
  readonly message: string;
  readonly data: Json;
}

/** Dead letters are to be delivered again. */
export interface RedriveDeadLetters extends CommandBase {
  readonly type: 'RedriveDeadLetters';
  readonly messages: readonly string[];
  /** Default: where each was. */
  readonly to?: string;
}

/** Dead letters are of no use any more. */
export interface DiscardDeadLetters extends CommandBase {
  readonly type: 'DiscardDeadLetters';
  readonly messages: readonly string[];
}

/** What people do to the dead letters of a run. */
export type DeadLetterCommand = EditDeadLetter | RedriveDeadLetters | DiscardDeadLetters;

/** What attempts do with the messages of their run. */
export type MailCall = SendMessages | AwaitMessages | SettleMessages | SubscribeMailbox | UnsubscribeMailbox;

/** An answer to an open form. One that does not fit the form is rejected, and leaves it open. */
export interface AnswerForm extends CommandBase {
  readonly type: 'AnswerForm';
  readonly taskId: string;
  readonly answer: Json;
}

/** An open form is somebody else's to answer from now on. */
export interface AssignForm extends CommandBase {
  readonly type: 'AssignForm';
  readonly taskId: string;
  readonly to: string;
}

/** A child run has ended. */
export interface EndChild extends CommandBase {
  readonly type: 'EndChild';
  readonly taskId: string;
  readonly attempt: number;
  readonly child: string;
  readonly outcome:
    | { readonly status: 'completed'; readonly output: Json }
    | { readonly status: 'failed'; readonly error: ErrorData }
    | { readonly status: 'cancelled'; readonly reason?: string };
  /** What it has spent of its allotment. */
  readonly spent?: Usage;
}

/** Makes the tasks that wait for a retry ready at once; `taskId` picks one. */
export interface RetryTasks extends CommandBase {
  readonly type: 'RetryTasks';
  readonly taskId?: string;
}

/** A mutex of several runs is free for the task; with `refused`, it never will be. */
export interface GrantMutex extends CommandBase {
  readonly type: 'GrantMutex';
  readonly taskId: string;
  /** As the state has it; see transitions/mutex.ts. */
  readonly mutex: string;
  /** It was granted to a task that asked then, and to no other. */
  readonly askedAt?: number;
  readonly refused?: ErrorData;
}

/** Admission has rested an agent because of an attempt of the run, or found by one that it is back. */
export interface NoteAgent extends CommandBase {
  readonly type: 'NoteAgent';
  readonly agent: string;
  /** Absent: it is back. */
  readonly rested?: { readonly until: number; readonly failures: number };
}

/** The run cannot be decided any further: `error` says why, `command` what was to be decided. */
export interface ParkRun extends CommandBase {
  readonly type: 'ParkRun';
  readonly error: ErrorData;
  readonly command?: string;
}

/** A command of a person that could not be decided: it is answered, on record. */
export interface RefuseCommand extends CommandBase {
  readonly type: 'RefuseCommand';
  readonly refused: string;
  readonly error: ErrorData;
}

/** A request to change a run. */
export type Command =
  | StartRun
  | Decide
  | ScheduleTasks
  | StartTask
  | CompleteTask
  | FailTask
  | FireTimer
  | PauseRun
  | ResumeRun
  | CancelRun
  | ParkRun
  | NoteAgent
  | RefuseCommand
  | SendSignal
  | MailCall
  | PostMessage
  | ProgramCall
  | MailBetween
  | DeadLetterCommand
  | AnswerForm
  | AssignForm
  | GrantMutex
  | RunChange
  | EndChild
  | CopyEvents
  | CloseFork
  | RetryTasks;

export type CommandType = Command['type'];

/** Commands of people and programs: each takes effect once, by its id. Those of workers are told apart by their attempt. */
export const FROM_OUTSIDE: ReadonlySet<CommandType> = new Set<CommandType>([
  'StartRun',
  'PauseRun',
  'ResumeRun',
  'CancelRun',
  'RetryTasks',
  'SendSignal',
  'PostMessage',
  'EditDeadLetter',
  'RedriveDeadLetters',
  'DiscardDeadLetters',
  'AnswerForm',
  'AssignForm',
  ...CHANGES,
]);

/** Calls of attempts: each is taken once, by its number. */
export const CALLS: ReadonlySet<CommandType> = new Set<CommandType>([
  'SendMessages',
  'AwaitMessages',
  'SettleMessages',
  'SubscribeMailbox',
  'UnsubscribeMailbox',
]);

/** What is refused of these is answered, and not put on record: whoever asks would write history with it. */
export const UNRECORDED: ReadonlySet<CommandType> = new Set<CommandType>([
  ...CALLS,
  'ReceiveMessage',
  'TakeMessages',
  'SettleTaken',
]);

export const isCall = (command: Command): command is MailCall => CALLS.has(command.type);
