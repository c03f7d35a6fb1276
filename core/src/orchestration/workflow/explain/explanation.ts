import type { BudgetKind, MaxUsage } from '../../../definition/definition.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import type { Stage } from '../messaging/protocols.ts';
import type { Closing, PausedBy, RunStatus } from '../state.ts';

// Why the tasks of a run wait, as data. Times are in ms since the Unix epoch; lists of ids name a few, and a count says how many there are.

/** Who could take a task. */
export interface Takers {
  has(agent: string): boolean;
  hasCapability(capability: string): boolean;
  /** What an agent declares that an attempt uses at most. */
  maxUsageOf?(agent: string): MaxUsage | undefined;
}

/** Where a ready task waits for room: at a limit over all runs. */
export interface WaitingForRoom {
  readonly limit: string;
  /** Attempts that it has under way. */
  readonly used: number;
  /** Attempts that it lets be under way at once; undefined: any number. */
  readonly most: number | undefined;
  /** When its rate lets the next one begin (ms since the Unix epoch); undefined when it is not the rate that holds it up. */
  readonly nextAt: number | undefined;
  /** Runs that wait there beside this one. */
  readonly others: number;
  /** Set when it is not for room that it waits, but because the agent rests, or is tried again. */
  readonly rested?: RestingAgent;
}

/** Who has a mutex of several runs that a task waits for. */
export interface MutexPlace {
  readonly run: string;
  /** Other runs that are to have it first. */
  readonly ahead: number;
}

/** An agent that has failed too often. */
export interface RestingAgent {
  readonly agent: string;
  /** When it is tried again; while it is (`trying`), when another attempt is let through, should that not have ended. Undefined: at once. */
  readonly until: number | undefined;
  readonly trying: boolean;
}

/** What a history does not say: only a process knows it. */
export interface ExplainFacts {
  readonly now: number;
  /** Absent: it is not known who could take a task. */
  readonly takers?: Takers | undefined;
  /** Why the process does not move the run (a RunHold). */
  readonly hold?: { readonly reason: string; readonly message: string } | undefined;
  /** Where admission has the run wait with what is for an agent, or for whoever has a capability. Absent: not known. */
  readonly admission?:
    | ((agent: string | undefined, capability: string | undefined) => WaitingForRoom | undefined)
    | undefined;
  /** Of mutexes of several runs, by their name in the state: who has them. Absent, or of one that is not there: not known. */
  readonly mutexes?: ReadonlyMap<string, MutexPlace> | undefined;
  /** False: no process drives the run now. Absent: not known. */
  readonly driven?: boolean | undefined;
  /** The process that drives the run is stopping: it waits for what is under way, and begins nothing new. */
  readonly draining?: boolean | undefined;
  /** Circles of waiting over several runs, by the task of this one: see circlesBetween. */
  readonly circles?: ReadonlyMap<string, readonly string[]> | undefined;
  /** What is to be said of the process that drives the run, when that shows no sign of life: a sentence. */
  readonly silent?: string | undefined;
}

/**
 * Why a task has not ended, or not begun.
 * - `dependencies`: `met` of the `needed` dependencies are there; `waitsFor` are those that have not ended.
 * - `stand-by`: it runs only if the task that it is the fallback of fails.
 * - `deciding`: what follows is computed by whoever drives the run: a condition, the items, its start, its outcome.
 * - `slot`: the run (`of` is '') or a block has no room for another attempt, or gives it to others first.
 * - `turn`: tasks take turns; `of` has it, or comes first.
 * - `place`: an item whose list has as many under way as it may.
 * - `mutex`: `holder` has the mutex that it asks for; `ahead` are before it. With `across`, a task of another run has it: of `run`, where that is known.
 * - `admission`: a limit over all runs of the process has no room, or gives it to others first.
 * - `rested`: the agent (each that has the capability) has failed too often, and rests, or is tried with another attempt.
 * - `ready`: it is the scheduler strategy's to assign.
 * - `strategy`: the strategy of the team `of` ('' is the run) is to say what is done; `wakeAt`: it has asked to be asked again then.
 * - `nobody`: no worker is there that takes it.
 * - `handed`: handed to an agent, and no worker has begun.
 * - `working`: an attempt is under way. `undoes`: of a compensation, the task that it undoes.
 * - `retry`, `sleep`, `signal`, `child`: it waits for a time, a signal, another run.
 * - `form`: a person is asked.
 * - `block`, `items`: it waits for what is in it. `handling`: the failure that the block caught and now handles.
 * - `fallback`: another task stands in for it.
 * - `closing`: it ends otherwise than by completing, once `waitsFor` has ended and what was done in it is undone (`undo` is next).
 * - `paused`, `parked`, `held`: the run is.
 */
export type Reason =
  | {
      readonly reason: 'dependencies';
      readonly waitsFor: readonly string[];
      readonly open: number;
      readonly met: number;
      readonly needed: number;
    }
  | { readonly reason: 'stand-by'; readonly of: string }
  | { readonly reason: 'deciding'; readonly about: 'condition' | 'items' | 'start' | 'outcome' }
  | { readonly reason: 'slot'; readonly of: string; readonly limit: number; readonly inFlight: number }
  | { readonly reason: 'turn'; readonly of: string }
  | {
      /** What it may use does not fit beside what attempts under way may. `of`: the block. Cost in the user's unit. */
      readonly reason: 'budget';
      readonly of: string;
      readonly budget: BudgetKind;
      readonly limit: number;
      readonly spent: number;
      readonly reserved: number;
      /** What it may use at most; absent: nobody knows, and it waits until one attempt of its agent has ended. */
      readonly most?: number;
      /** When it is what the block says of this agent. */
      readonly agent?: string;
      /** It will never fit, and this task asks for more: see its `form`. */
      readonly asked?: string;
    }
  | { readonly reason: 'place'; readonly of: string; readonly limit: number }
  | {
      readonly reason: 'mutex';
      readonly key: string;
      readonly holder: string;
      readonly ahead: number;
      readonly across?: 'workflow' | 'tenant';
      /** The run that has it; `ahead` are other runs then. */
      readonly run?: string;
    }
  | ({ readonly reason: 'admission' } & Omit<WaitingForRoom, 'rested'>)
  | ({ readonly reason: 'rested' } & RestingAgent)
  | { readonly reason: 'ready'; readonly strategy: string }
  | { readonly reason: 'strategy'; readonly of: string; readonly strategy: string; readonly wakeAt?: number }
  | { readonly reason: 'nobody'; readonly agent?: string; readonly capability?: string }
  | { readonly reason: 'handed'; readonly agent: string; readonly attempt: number; readonly since: number }
  | {
      readonly reason: 'working';
      readonly agent: string;
      readonly worker: string | undefined;
      readonly attempt: number;
      readonly since: number;
      readonly limitAt: number | undefined;
      readonly undoes: string | undefined;
    }
  | {
      readonly reason: 'retry';
      readonly at: number;
      readonly attempt: number;
      readonly error: ErrorData | undefined;
    }
  | { readonly reason: 'sleep'; readonly until: number }
  | {
      readonly reason: 'signal';
      readonly signal: string;
      readonly limitAt: number | undefined;
      /** Whether there is a value to go on with when the time is up. */
      readonly hasDefault: boolean;
    }
  | {
      readonly reason: 'message';
      readonly mailbox: string;
      /** Whose messages it waits for, when it says so. */
      readonly from: string | undefined;
      /** What is owed to it: who was asked, what about, how far that is, since when, and until when it is to be answered. */
      readonly owed: readonly Commitment[];
      /** Tasks that wait for each other, this one first, when it is one of them; those of other runs as `TASK of run RUN`. */
      readonly circle: readonly string[];
      /** How many messages lie there that are not what it waits for. */
      readonly lying: number;
      /** Of an attempt: until when. */
      readonly until: number | undefined;
      readonly limitAt: number | undefined;
      readonly hasDefault: boolean;
    }
  /** Of a `send`: somebody has to be done with its message. */
  | {
      readonly reason: 'sent';
      readonly message: string;
      readonly mailbox: string;
      readonly holder: string | undefined;
      readonly limitAt: number | undefined;
    }
  | {
      readonly reason: 'form';
      readonly assignee: string | undefined;
      readonly limitAt: number | undefined;
      /** Whether there is a value to go on with when the time is up. */
      readonly hasDefault: boolean;
      /** It is asked whether the budget of the block `of` (the run, for '') is raised. */
      readonly more?: {
        readonly of: string;
        readonly budget: BudgetKind;
        readonly limit: number;
        readonly agent?: string;
      };
    }
  | {
      readonly reason: 'child';
      readonly run: string;
      readonly toldToEnd: boolean;
      readonly limitAt: number | undefined;
    }
  | {
      readonly reason: 'block';
      readonly waitsFor: readonly string[];
      readonly open: number;
      readonly round: number;
      readonly handling: { readonly taskId: string; readonly error: ErrorData } | undefined;
    }
  | {
      readonly reason: 'items';
      readonly waitsFor: readonly string[];
      readonly total: number;
      readonly ended: number;
      /** Released and not ended. */
      readonly open: number;
      /** Not released yet. */
      readonly queued: number;
      readonly completed: number;
      /** How many have to complete, when the list says so. */
      readonly need: number | undefined;
      /** It has what it is for, and what comes after it has begun. */
      readonly yielded: boolean;
    }
  | { readonly reason: 'fallback'; readonly task: string; readonly error: ErrorData | undefined }
  | {
      readonly reason: 'closing';
      readonly why: Closing['why'];
      readonly waitsFor: readonly string[];
      readonly open: number;
      readonly undo: string | undefined;
    }
  | { readonly reason: 'paused'; readonly by: readonly PausedBy[] }
  | { readonly reason: 'parked'; readonly error: ErrorData | undefined }
  | { readonly reason: 'held'; readonly hold: string; readonly message: string };

/** An answer that somebody owes. */
export interface Commitment {
  readonly who: string;
  readonly about: string | undefined;
  readonly stage: Stage;
  readonly since: number;
  readonly dueAt: number | undefined;
}

/**
 * Who moves what waits: `tasks` of the same run, an `agent`, a `timer`, a `signal`, another `run`, whoever drives the run (`engine`), or a
 * `person`, because nothing moves it by itself.
 */
export type Mover = 'tasks' | 'agent' | 'timer' | 'signal' | 'run' | 'engine' | 'person';

/** The one reason for which a task has not ended. */
export type Explanation = Reason & {
  /** The first of them, when it is about several. */
  readonly taskId: string;
  /** Tasks that it is about: above 1 for items that wait for the same, of which a retry or a time is the earliest. */
  readonly count: number;
  readonly mover: Mover;
  /** What it waits for: a phrase for people. */
  readonly waits: string;
  /** What would move it: a sentence for people. */
  readonly moves: string;
};

/** Where a failure came from, apart from what failed because of it. */
export interface RootFailure {
  /** Undefined when it is no task's: the time of the run, its output. */
  readonly taskId: string | undefined;
  /** From the task of the run that failed down to it. */
  readonly path: readonly string[];
  readonly error: ErrorData;
}

/** A task that failed, and completed all the same: the value of its fallback stands in. */
export interface StandIn {
  readonly taskId: string;
  readonly error: ErrorData;
}

/** What is on its way to other runs, by mailbox there. */
export interface HandOver {
  readonly to: readonly { readonly run: string; readonly mailbox: string; readonly messages: number }[];
  /** When the run ends without that. */
  readonly until: number;
}

/** Why a run does not end, or why it ended. */
export interface RunExplanation {
  readonly runId: string;
  readonly status: RunStatus;
  readonly revision: number;
  /** The cause in one line, for people. */
  readonly summary: string;
  /** What ended the run, is about to, or is being handled. */
  readonly failure: RootFailure | undefined;
  /** Where the value of a fallback stands in for what failed: the first 100. Absent: nowhere, as far as is on record. */
  readonly standIns?: readonly StandIn[];
  /** Set when nothing else is left to do: others have yet to take what the run sent them. */
  readonly handOver?: HandOver;
  /** What everything in the end waits for: the explanations that other tasks of the run cannot move. */
  readonly waitsFor: readonly Explanation[];
  /** One for each task that has not ended, but for items that wait for the same: they share one. */
  readonly tasks: readonly Explanation[];
}
