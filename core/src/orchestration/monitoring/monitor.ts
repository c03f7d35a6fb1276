import type { NewEvent } from '../../event-store/event-store.ts';
import type { CallTimes } from '../../shared/call-meter.ts';
import type { Json } from '../../shared/json.ts';

/** An event right after its append. */
export interface ObservedEvent {
  readonly runId: string;
  readonly revision: number;
  readonly event: NewEvent;
}

/** What happens beside history: it may be lost, and a replay does not show it. */
export type Notice =
  | {
      readonly kind: 'dispatched';
      readonly runId: string;
      readonly taskId: string;
      readonly attempt: number;
      readonly agent: string;
      /** W3C trace context of the attempt. */
      readonly traceparent?: string;
    }
  | {
      /** Events are durable. Told only to monitors with `details`. */
      readonly kind: 'appended';
      readonly runId: string;
      /** The revision of the first of them, and how many they are. */
      readonly revision: number;
      readonly events: number;
      /** When the append began, ms since the Unix epoch, and how long it took, its repetitions included, ms. */
      readonly at: number;
      readonly tookMs: number;
      /** W3C trace context of the first of them. */
      readonly traceparent?: string;
    }
  | {
      readonly kind: 'progress';
      readonly runId: string;
      readonly taskId: string;
      readonly attempt: number;
      readonly progress: Json;
    }
  | {
      readonly kind: 'log';
      /**
       * An agent threw: `fields` has `code` and `stack`. The attempt's event, which follows, says the rest. `warn` for what is more likely a
       * mistake, `info` for an error to which the agent gave a code of its own.
       */
      readonly failure?: true;
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly message: string;
      readonly runId?: string;
      readonly taskId?: string;
      readonly attempt?: number;
      readonly agent?: string;
      /** W3C trace context of the attempt. */
      readonly traceparent?: string;
      readonly fields?: Readonly<Record<string, unknown>>;
    };

/** An attempt whose agent is about to be called. */
export interface WatchedAttempt {
  readonly runId: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly agent: string;
  /** W3C trace context of the attempt, the same in every process. */
  readonly traceparent: string | undefined;
}

/** What a monitor may ask of the engine that it watches, at any time until it is shut down. */
export interface WatchedEngine {
  /**
   * The events of a run from revision `from` (default: its first) to `to`: for a monitor that first sees a run in the middle, because another process began it, or misses what
   * another appended meanwhile. Rejects as the store does.
   */
  history(runId: string, to: number, from?: number): AsyncIterable<ObservedEvent>;
  /** How the engine does now. Does not throw; costs nothing unless it is asked. */
  measure(): EngineMeasures;
}

/** How an engine does at one moment, and what it has counted since it was made. */
export interface EngineMeasures {
  /** Attempts that are under way here, by agent. */
  readonly running: Readonly<Record<string, number>>;
  /** Attempts that wait for room, by the limit that has none (`agent 'x'`). */
  readonly waiting: Readonly<Record<string, number>>;
  /** Views that are built here, and the age of what each has seen last, ms; 0 is up to date. */
  readonly viewLagMs: Readonly<Record<string, number>>;
  /** Appends to histories, one of eight measured. */
  readonly appends: CallTimes;
  /** Of each monitor: what its queue could not hold, and what failed in it. */
  readonly monitors: Readonly<Record<string, { readonly dropped: number; readonly failures: number }>>;
}

/**
 * Watches. Called off the engine's path through a bounded queue of its own: a monitor that throws, hangs or is slow never
 * slows or breaks a run; what its queue cannot hold is dropped and counted. So are its failures, the first of which the other
 * monitors are told. Events and notices are plain JSON, shared with other monitors: not to be changed. Types of events and kinds of notices
 * may come that a monitor does not know, of a later version: it lets them go by, or shows them as they are.
 */
export interface Monitor {
  readonly name: string;
  /** It is told of every append to a history, too. Looked at once, as the engine is made. */
  readonly details?: boolean;
  onEvent(event: ObservedEvent): void | Promise<void>;
  onNotice?(notice: Notice): void | Promise<void>;
  /** Called once, before anything is observed, by an engine (a worker by itself has nothing to ask). */
  watch?(engine: WatchedEngine): void;
  /**
   * Calls `work` and returns what it returns, at once: so that an agent works in a context of the monitor's making. It is on the agent's path, so it must be
   * quick. One that throws, or does not call, is passed over: the agent is called once in any case, and what it gives is what counts.
   */
  within?<T>(attempt: WatchedAttempt, work: () => T): T;
  /** Writes out what is buffered. May be called at any time, after shutdown() too. */
  forceFlush(): Promise<void>;
  /** Releases everything. May be called again; whatever comes after it goes by without an error. */
  shutdown(): Promise<void>;
}
