import { type ErrorData, errorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { retryDelay } from '../../task-chaining/failure.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import type { MessageDeadLettered, MessageHandedOn, MessageSent, RunEvent } from '../events.ts';
import type { RunState } from '../state.ts';
import { addressed } from './conversations.ts';
import { mailboxRun } from './elsewhere.ts';
import {
  DEFAULT_MAILBOX_RETRY,
  failedBefore,
  MAX_LOSSES,
  type MailState,
  mailboxDefinition,
  type OpenMessage,
  type Returned,
} from './mail.ts';
import { DEAD_LETTERS, type Doom, type Party } from './message.ts';
import { outboxOf } from './outbox.ts';

// What becomes of a message that comes back: when it may be had again, or that it is a dead letter; and what its sender is told.

/** Tells another run what became of its message. */
export function receiptOf(
  state: RunState,
  mail: MailState,
  id: string,
  to: Party,
  outcome: 'acknowledged' | ErrorData,
  { now: at }: DecisionContext,
): MessageSent | undefined {
  if (to.run === undefined || to.task === undefined) return undefined;
  const outbox = outboxOf(to.run, to.task);
  const error = outcome === 'acknowledged' ? undefined : outcome;
  return {
    type: 'MessageSent',
    at,
    message: `${id}?`,
    from: { client: state.runId },
    ...addressed(mail, outbox),
    receipt: error === undefined ? 'acknowledged' : 'failed',
    data: (error ?? null) as unknown as Json,
    inReplyTo: id,
    onBehalf: true,
  };
}

/** As an event says it. */
export const whoHad = ({ taskId, attempt, client }: Pick<Returned, 'taskId' | 'attempt' | 'client'>) =>
  client === undefined ? { taskId, attempt } : { client };

/** When a message that comes back may be had again; undefined: it has come back often enough, or for good. */
export function whenAgain(
  state: RunState,
  message: OpenMessage,
  back: Pick<Returned, 'because' | 'retryable'>,
  { now, random }: DecisionContext,
): number | undefined {
  // Nobody waits for what it asks any more.
  if (message.doomed) return undefined;
  if (back.because === 'ended') return now;
  const policy = mailboxDefinition(state.definition.mailboxes, message.mailbox)?.retry ?? DEFAULT_MAILBOX_RETRY;
  // One that is dead is so already: it comes back as often as it is taken.
  const isDead = message.mailbox === DEAD_LETTERS;
  if (back.because === 'lost') return message.losses + 1 < MAX_LOSSES || isDead ? now : undefined;
  if ((!back.retryable || message.deliveries + 1 >= policy.maxAttempts) && !isDead) return undefined;
  return now + retryDelay(policy, message.deliveries + 1, random());
}

/**
 * It is given back for good, and becomes a dead letter: of the name, when it was taken from a name of no run, which has it longer than this run is there.
 * `before`: what the same decision has given so far.
 */
export function giveUpOn(
  state: RunState,
  message: OpenMessage,
  back: Pick<Returned, 'taskId' | 'attempt' | 'client' | 'reason' | 'code' | 'because'> & { readonly call?: number },
  unknown: { readonly code: 'REPRISE_OUTCOME_UNKNOWN'; readonly message: string } | undefined,
  context: DecisionContext,
  before: readonly RunEvent[] = [],
): readonly RunEvent[] {
  const at = context.now;
  const { taskId: task, attempt, client, reason, code, because, call } = back;
  const times = message.deliveries + message.losses + 1;
  const often = `The message was given back ${times === 1 ? 'once' : `${times} times`}`;
  const error =
    unknown !== undefined
      ? errorData(unknown.code, unknown.message)
      : message.doomed
        ? errorData(
            'REPRISE_MESSAGE_EXPIRED',
            `${often}, and is not delivered again: the time in which it was to be answered is over. The last reason: ${reason}`,
          )
        : errorData('REPRISE_MESSAGE_REJECTED', `${often}, and is not delivered again: ${reason}`);
  const who = client === undefined ? { task, attempt } : { client };
  const failed = { ...who, at, ...(code === undefined ? {} : { code }), reason };
  const cause = { code: code ?? 'REPRISE_MESSAGE_REJECTED', message: reason, retryable: false };
  const why = { ...error, retryable: false, cause };
  return [
    {
      type: 'MessageRejected',
      at,
      message: message.id,
      ...whoHad(back),
      ...(call === undefined ? {} : { call }),
      reason,
      ...(code === undefined ? {} : { code }),
      ...(because === undefined ? {} : { because }),
    },
    message.mailbox.startsWith('@')
      ? backToName(state, message, { code: error.code, error: why }, at, before)
      : deadLetterOf(state, message, why, failedBefore(message.failed, failed), at),
  ];
}

/** It goes back as a dead letter of the name of no run that it was taken from. `before`: what the same decision has given so far. */
export function backToName(
  { tenant, mail }: RunState,
  { id: message, mailbox: to }: OpenMessage,
  dead: Doom,
  at: number,
  before: readonly RunEvent[],
): MessageHandedOn {
  const run = mailboxRun(tenant, to.slice(1));
  const last = before.findLast((one) => one.type === 'MessageHandedOn' && one.run === run && one.to === to);
  const n = (last?.type === 'MessageHandedOn' ? last.n : mail?.numbers.get(outboxOf(run, to))) ?? 0;
  return { type: 'MessageHandedOn', at, message, to, run, n: n + 1, dead };
}

/** The event that a message becomes a dead letter by. */
export function deadLetterOf(
  state: RunState,
  message: OpenMessage,
  error: MessageDeadLettered['error'],
  deliveries: MessageDeadLettered['deliveries'],
  at: number,
): MessageDeadLettered {
  const { id, from, subject, performative } = message;
  // One that is dead, and comes back so, stays a dead letter of where it was sent.
  const mailbox = message.dead?.mailbox ?? message.mailbox;
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
