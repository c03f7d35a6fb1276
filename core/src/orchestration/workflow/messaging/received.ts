import type { ReceivedMessage, Wanted } from '../../../shared/received-message.ts';
import type { MailState, OpenMessage } from './mail.ts';
import { nameOf, type Party } from './message.ts';

/** As whoever takes it sees it. */
export function receivedFrom(message: OpenMessage): ReceivedMessage {
  const { id, from, mailbox, topic, data, performative = 'inform', subject, conversation, inReplyTo } = message;
  const { sentAt, deliveries, losses, dead } = message;
  return {
    id,
    from: nameOf(from),
    ...(from.run === undefined ? {} : { run: from.run }),
    mailbox,
    ...(topic === undefined ? {} : { topic }),
    data,
    performative,
    ...(subject === undefined ? {} : { type: subject }),
    ...(conversation === undefined ? {} : { conversation }),
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    sentAt,
    delivery: deliveries + losses + 1,
    ...(dead === undefined ? {} : { dead: { code: dead.code, message: dead.error.message, mailbox: dead.mailbox } }),
  };
}

/** Those of these messages that are open. */
export const heldIn = (mail: MailState, ids: readonly string[]): readonly ReceivedMessage[] =>
  ids.flatMap((id) => {
    const message = mail.open.get(id);
    return message === undefined ? [] : [receivedFrom(message)];
  });

/** `from` a list means from any of its items. */
export const isFrom = (sender: string, from: string): boolean =>
  sender === from || (sender.startsWith(`${from}[`) && sender.indexOf(']') === sender.length - 1);

type Seen = {
  readonly performative?: string;
  readonly conversation?: string;
  readonly inReplyTo?: string;
};

/** Whether a message fits what is said of it, but for `where`. */
export function isWanted(
  message: Seen,
  sender: Party,
  subject: string | undefined,
  { from, run, performative, type, conversation, inReplyTo }: Wanted,
): boolean {
  return (
    (from === undefined || isFrom(nameOf(sender), from)) &&
    // Of whom something is wanted without a word about the run is of this one.
    (from === undefined && run === undefined ? true : sender.run === run) &&
    (performative === undefined || (message.performative ?? 'inform') === performative) &&
    (type === undefined || subject === type) &&
    (conversation === undefined || message.conversation === conversation) &&
    (inReplyTo === undefined || message.inReplyTo === inReplyTo)
  );
}
