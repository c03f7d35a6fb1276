import { errorData } from '../../../shared/errors.ts';
import type { RunEvent } from '../events.ts';
import type { RunState } from '../state.ts';
import { backToName, deadLetterOf } from './came-back.ts';
import type { MailState, OpenMessage } from './mail.ts';

// Messages whose time is up: nobody has them any more.

/** Whether it was to be taken by now; or, of what opened a conversation, to be answered: nobody waits for that any more. */
export const isOver = ({ conversations }: MailState, { id, expiresAt, dead }: OpenMessage, now: number): boolean =>
  dead === undefined && Math.min(expiresAt ?? now + 1, conversations.get(id)?.deadline ?? now + 1) <= now;

/** They are dead letters, of a name of no run when they were taken from there; or gone, where they were to be dropped. None of them is had by anybody. */
export function expire(
  state: RunState,
  messages: readonly OpenMessage[],
  at: number,
  before: readonly RunEvent[] = [],
): readonly RunEvent[] {
  if (messages.length === 0) return [];
  const events: RunEvent[] = [{ type: 'MessageExpired', at, messages: messages.map(({ id }) => id) }];
  for (const message of messages) {
    if (message.drop === true) continue;
    const { expiresAt = at, sentAt, mailbox, failed } = message;
    const error = errorData(
      'REPRISE_MESSAGE_EXPIRED',
      expiresAt <= at && message.expiresAt !== undefined
        ? `Nobody took the message within ${expiresAt - sentAt} ms.`
        : `Nobody took the message within the ${at - sentAt} ms in which it was to be answered.`,
    );
    events.push(
      mailbox.startsWith('@')
        ? backToName(state, message, { code: error.code, error }, at, [...before, ...events])
        : deadLetterOf(state, message, error, failed, at),
    );
  }
  return events;
}
