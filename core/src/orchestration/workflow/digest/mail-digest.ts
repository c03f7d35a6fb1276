import type { MailState, OpenMessage } from '../messaging/mail.ts';
import { payloadPart } from './payload-digest.ts';

/** What a digest says of the messages of a run: those that are open, who waits for some, and what is kept so that nothing is taken twice. */
export function mailText(mail: MailState | undefined): string {
  if (mail === undefined) return '';
  let text = '';
  for (const [mailbox, { messages, receivers }] of mail.boxes) {
    text += `\nmailbox ${JSON.stringify(mailbox)}`;
    for (const message of messages.values()) text += messageText(message);
    for (const receiver of receivers.values()) text += ` <${JSON.stringify(receiver)}`;
  }
  for (const [task, { attempt, worker, past, calls, waits, held, published }] of mail.attempts) {
    const last = published === undefined ? [] : [published];
    text += `\ncalls ${JSON.stringify([task, attempt, worker, past, calls, [...waits], [...held], ...last])}`;
  }
  for (const [task, keys] of mail.keys) text += `\nsaid ${JSON.stringify([task, [...keys]])}`;
  for (const one of mail.conversations.values()) text += `\nconversation ${JSON.stringify(one)}`;
  for (const [topic, all] of mail.subscriptions) text += `\ntopic ${JSON.stringify([topic, [...all]])}`;
  for (const [id, why] of mail.owed) text += `\nowed ${JSON.stringify([id, why])}`;
  for (const [scope, ids] of mail.left) text += `\nleft ${JSON.stringify([scope, ids])}`;
  for (const [outbox, n] of mail.numbers) text += `\nnumber ${JSON.stringify([outbox, n])}`;
  for (const [key, { n, at }] of mail.marks) text += `\nmark ${JSON.stringify([key, n, at])}`;
  for (const [id, told] of mail.receipts) text += `\nreceipt ${JSON.stringify([id, told])}`;
  if (mail.asks.size > 0) text += `\nasks ${JSON.stringify([...mail.asks])}`;
  if (mail.told.size > 0) text += `\ntold ${JSON.stringify([...mail.told])}`;
  if (mail.handOverUntil !== undefined) text += `\nhand-over ${mail.handOverUntil}`;
  return text;
}

const messageText = (message: OpenMessage): string => {
  const { data, ...others } = message;
  return ` ${JSON.stringify(others)} ${payloadPart(message, 'data', data)}`;
};
