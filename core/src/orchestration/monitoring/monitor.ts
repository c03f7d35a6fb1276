import type { NewEvent } from '../../event-store/event-store.ts';
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
      readonly fields?: Readonly<Record<string, unknown>>;
    };

/**
 * Watches. Called off the engine's path through a bounded queue of its own: a monitor that throws, hangs or is slow never
 * slows or breaks a run; what its queue cannot hold is dropped and counted. So are its failures, the first of which the other
 * monitors are told. Events and notices are plain JSON, shared with other monitors: not to be changed. Types of events and kinds of notices
 * may come that a monitor does not know, of a later version: it lets them go by, or shows them as they are.
 */
export interface Monitor {
  readonly name: string;
  onEvent(event: ObservedEvent): void | Promise<void>;
  onNotice?(notice: Notice): void | Promise<void>;
  /** Writes out what is buffered. May be called at any time, after shutdown() too. */
  forceFlush(): Promise<void>;
  /** Releases everything. May be called again; whatever comes after it goes by without an error. */
  shutdown(): Promise<void>;
}
