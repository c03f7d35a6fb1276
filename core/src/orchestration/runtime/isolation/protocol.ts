import type { AgentTask } from '../../../agent/agent.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import type { ReceivedMessage } from '../../../shared/received-message.ts';

// What an isolate (the thread or the process of an isolated agent) and its pool tell each other. All of it is plain JSON.

/** Members of the context that return nothing, and throw at once where they throw: they are checked in the isolate, too. */
export const DIRECTIVES = ['spawn', 'link', 'addItems', 'finish', 'cancel', 'goto', 'handOff'] as const;
export type DirectiveName = (typeof DIRECTIVES)[number];

/** Members of `context.messages`; `close` ends a subscription. */
export const ASKS = [
  'send',
  'publish',
  'subscribe',
  'close',
  'request',
  'receive',
  'receiveMany',
  'reply',
  'ack',
  'nack',
] as const;
export type AskName = (typeof ASKS)[number];

/** What an agent threw. */
export interface Thrown {
  readonly error: ErrorData;
  /** It had no code of its own. */
  readonly uncoded?: true;
  readonly stack?: string;
}

/** What to load, once. */
export interface LoadAgent {
  readonly module: string;
  readonly export: string;
  /** The export makes the agent of them. */
  readonly options?: Json;
}

export type ToIsolate =
  | ({ readonly type: 'load' } & LoadAgent)
  | {
      readonly type: 'call';
      readonly call: number;
      readonly task: AgentTask;
      readonly traceparent?: string;
      readonly maxPayloadChars: number;
    }
  | { readonly type: 'abort'; readonly call: number; readonly reason: ErrorData }
  | { readonly type: 'answer'; readonly call: number; readonly ask: number; readonly value: Json }
  | { readonly type: 'refusal'; readonly call: number; readonly ask: number; readonly thrown: Thrown }
  /** To the `onQuery` of a request. */
  | {
      readonly type: 'question';
      readonly call: number;
      readonly ask: number;
      readonly question: number;
      readonly message: ReceivedMessage;
    };

export type FromIsolate =
  | { readonly type: 'loaded' }
  | { readonly type: 'not-loaded'; readonly thrown: Thrown }
  /** The agent is being called: from now on it is not known what it has done, should the isolate end. */
  | { readonly type: 'begun'; readonly call: number }
  | { readonly type: 'heartbeat'; readonly call: number }
  | { readonly type: 'emit'; readonly call: number; readonly progress: Json }
  | { readonly type: 'usage'; readonly call: number; readonly used: Json }
  | {
      readonly type: 'log';
      readonly call: number;
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly message: string;
      readonly fields?: Readonly<Record<string, Json>>;
    }
  | { readonly type: 'directive'; readonly call: number; readonly name: DirectiveName; readonly given: readonly Json[] }
  | {
      readonly type: 'ask';
      readonly call: number;
      readonly ask: number;
      readonly name: AskName;
      readonly given: readonly Json[];
      readonly answersQueries?: true;
    }
  | {
      readonly type: 'told';
      readonly call: number;
      readonly question: number;
      readonly value?: Json;
      readonly thrown?: Thrown;
    }
  /** `unanswered`: what the agent had asked, and did not hear of before it returned. */
  | { readonly type: 'returned'; readonly call: number; readonly output: Json; readonly unanswered: readonly number[] }
  | { readonly type: 'threw'; readonly call: number; readonly thrown: Thrown }
  /** It is about to end of this. */
  | { readonly type: 'uncaught'; readonly thrown: Thrown };

/** The agent's own module may send messages of its own over the same channel: ours are in a wrapping. */
export interface Wrapped<Message> {
  readonly reprise: Message;
}

export function unwrapped<Message>(value: unknown): Message | undefined {
  if (typeof value !== 'object' || value === null || !('reprise' in value)) return undefined;
  const { reprise } = value as Wrapped<Message>;
  return typeof reprise === 'object' ? reprise : undefined;
}
