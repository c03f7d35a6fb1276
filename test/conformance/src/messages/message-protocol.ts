import type { Json } from '@reprise/core/plugin';

// What an implementation of the messages has to offer so that the vectors can be run against it. Whatever is refused is told by its stable code.

type Soon<T> = T | Promise<T>;

/** It was not taken, and why. */
export interface Refused {
  readonly code: string;
}

export interface MessageProtocol {
  /** Reads a message from its text, in structured mode: its attributes and data without what is passed over. */
  read(text: string): Soon<{ readonly message: Json } | Refused>;
  /** Begins a run whose tasks have all begun, and wait to be told what to do. */
  open(setup: TalkSetup): Soon<Talk>;
  /** The state of A2A that a conversation at that stage has; `type` is that of the message that asked back. */
  toA2A(stage: string, type?: string): Soon<string>;
  /** What a participant says when its A2A task has come to a state; null: nothing. */
  fromA2A(state: string, stage: string): Soon<string | null>;
}

export interface TalkSetup {
  /** `silent`: it may not send, but may reply. `once`: at most once, an attempt that was lost is not made again. */
  readonly tasks: Readonly<Record<string, { readonly silent?: boolean; readonly once?: boolean }>>;
  /** By name, without `#`. `deliveries`: how many that count, default 5. */
  readonly mailboxes?: Readonly<Record<string, { readonly limit?: number; readonly deliveries?: number }>>;
}

/** What became of a message that was to be sent. */
export type Sent = SentMessage | Refused;

/** A message that was sent, as it is recorded. */
export interface SentMessage {
  readonly id: string;
  /** As it is on record now; absent when it was said before, under its key. */
  readonly message?: {
    readonly to: string;
    readonly data: Json;
    readonly performative: string;
    readonly type?: string;
    readonly conversation?: string;
    readonly inReplyTo?: string;
    /** From now on. */
    readonly expiresMs?: number;
    readonly deadlineMs?: number;
    readonly drop?: true;
    readonly key?: string;
  };
}

/** A message as it is handed out. */
export interface Taken {
  readonly id: string;
  readonly from: string;
  readonly mailbox: string;
  readonly data: Json;
  readonly performative: string;
  readonly type?: string;
  readonly conversation?: string;
  readonly inReplyTo?: string;
  readonly delivery: number;
  readonly dead?: { readonly code: string; readonly mailbox: string };
}

/** A run, in a time of its own that passes when it is told to. `by` is a task; in send() it may be the name of a program outside, too. */
export interface Talk {
  /** Sends the message that the text is: `to`, `data` and the options of a message. */
  send(by: string, text: string): Soon<Sent>;
  /** Takes the oldest message that fits, of the mailbox of the task unless the filter names another. Null: there is none now. */
  take(by: string, filter: Readonly<Record<string, Json>>): Soon<Taken | Refused | null>;
  ack(by: string, id: string): Soon<Refused | undefined>;
  nack(by: string, id: string, options: Readonly<Record<string, Json>>): Soon<Refused | undefined>;
  /**
   * The attempt ends. `failed` and `lost` (its worker is gone): another begins at once, unless the task is made at most once and was lost.
   * `failed-for-good`: none does.
   */
  end(by: string, how: 'completed' | 'failed' | 'failed-for-good' | 'lost'): Soon<void>;
  pass(ms: number): Soon<void>;
  /** Where the conversation is that a message opened, its end included, and who has to speak next. */
  stage(id: string): Soon<{ readonly stage: string; readonly owes: string | null }>;
}
