import { errorData } from '../../../shared/errors.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import type { MessageDeadLettered, RunEvent } from '../events.ts';
import type { RunState } from '../state.ts';
import { failedBefore, type OpenMessage, type Returned } from './mail.ts';

/** It is given back for good, and becomes a dead letter. */
export function giveUpOn(
  state: RunState,
  message: OpenMessage,
  back: Pick<Returned, 'taskId' | 'attempt' | 'reason' | 'code' | 'because'> & { readonly call?: number },
  why: { readonly code: 'REPRISE_OUTCOME_UNKNOWN'; readonly message: string } | undefined,
  context: DecisionContext,
): readonly RunEvent[] {
  const at = context.now;
  const { taskId, attempt, reason, code, because, call } = back;
  const times = message.deliveries + message.losses + 1;
  const error =
    why === undefined
      ? errorData(
          'REPRISE_MESSAGE_REJECTED',
          `The message was given back ${times === 1 ? 'once' : `${times} times`}, and is not delivered again: ${reason}`,
        )
      : errorData(why.code, why.message);
  const failed = { task: taskId, attempt, at, ...(code === undefined ? {} : { code }), reason };
  const cause = { code: code ?? 'REPRISE_MESSAGE_REJECTED', message: reason, retryable: false };
  return [
    {
      type: 'MessageRejected',
      at,
      message: message.id,
      taskId,
      attempt,
      ...(call === undefined ? {} : { call }),
      reason,
      ...(code === undefined ? {} : { code }),
      ...(because === undefined ? {} : { because }),
    },
    deadLetterOf(state, message, { ...error, retryable: false, cause }, failedBefore(message.failed, failed), at),
  ];
}

/** The event that a message becomes a dead letter by. */
export function deadLetterOf(
  state: RunState,
  message: OpenMessage,
  error: MessageDeadLettered['error'],
  deliveries: MessageDeadLettered['deliveries'],
  at: number,
): MessageDeadLettered {
  const { id, mailbox, from, subject, performative } = message;
  const causes = causesOf(state, message);
  return {
    type: 'MessageDeadLettered',
    at,
    message: id,
    code: error.code,
    error,
    mailbox,
    from,
    ...(subject === undefined ? {} : { subject }),
    ...(performative === undefined ? {} : { performative }),
    deliveries,
    ...(causes.length === 0 ? {} : { causes }),
  };
}

const MOST_CAUSES = 20;

/** What the message answers, and what that answered, as far as it is open. */
function causesOf(state: RunState, message: OpenMessage): readonly string[] {
  const causes: string[] = [];
  let at = message.inReplyTo;
  while (at !== undefined && causes.length < MOST_CAUSES && !causes.includes(at)) {
    causes.push(at);
    at = state.mail?.open.get(at)?.inReplyTo;
  }
  return causes;
}
