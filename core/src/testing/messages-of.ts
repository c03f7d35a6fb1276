import { type RunMessageStatus, RunMessages } from '../orchestration/reading/run-messages.ts';
import type { RunEvent } from '../orchestration/workflow/events.ts';
import { nameOf } from '../orchestration/workflow/messaging/message.ts';
import type { Json } from '../shared/json.ts';
import type { Performative } from '../shared/performatives.ts';

/** A message of a run, told so that a test can compare it. */
export interface ToldMessage {
  readonly id: string;
  /** A task by its path, or the name of a program. */
  readonly from: string;
  /** A task by its path, or a name of the run (`#desk`); of one that was redriven, where it was put then. */
  readonly to: string;
  readonly performative: Performative;
  readonly type?: string;
  readonly data: Json;
  readonly conversation?: string;
  readonly inReplyTo?: string;
  /** Virtual ms since the run began. */
  readonly at: number;
  /** What has become of it: `open`, `held`, `acknowledged`, `dead`, `expired`, `discarded` or `closed`. */
  readonly status: RunMessageStatus;
  /** How often somebody had it. */
  readonly deliveries: number;
  /** Why it became a dead letter, the last time; absent when it never did. */
  readonly code?: string;
}

/** The messages of a run, in the order in which they were sent, from its history: who told whom, and what became of it. */
export function messagesOf(history: readonly RunEvent[]): readonly ToldMessage[] {
  const messages = new RunMessages({ data: true });
  for (const [revision, event] of history.entries()) messages.fold(event, revision);
  const startedAt = history[0]?.at ?? 0;
  return messages.all.map((message) => {
    const { id, from, mailbox: to, performative, type, data = null, conversation, inReplyTo } = message;
    const { sentAt, status, deliveries, death } = message;
    return {
      ...{ id, from: nameOf(from), to, performative, data, at: sentAt - startedAt, status },
      deliveries: deliveries.length,
      ...(type !== undefined && { type }),
      ...(conversation !== undefined && { conversation }),
      ...(inReplyTo !== undefined && { inReplyTo }),
      ...(death !== undefined && { code: death.code }),
    };
  });
}
