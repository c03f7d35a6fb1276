import { jsonSize } from '../../../shared/json-size.ts';
import { MAX_NAME_CHARS } from '../../../shared/message-limits.ts';
import type { DeadLetterCommand, PostMessage } from '../commands.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { type Answer, isRefusal, problem, type Refusal } from '../decisions/refusal.ts';
import { reject } from '../decisions/rejection.ts';
import type { RunEvent } from '../events.ts';
import type { RunState } from '../state.ts';
import { closedFlaw, mailboxOf } from './addresses.ts';
import { MOST_TAKEN, outgoingFlaw } from './call-shapes.ts';
import { MAILBOX_WORKFLOW } from './elsewhere.ts';
import { isLentTo, type OpenMessage } from './mail.ts';
import { addressOf, DEAD_LETTERS, FINAL, isTo, postedId } from './message.ts';
import { MAX_MESSAGE_CHARS, sending } from './outgoing.ts';

// What people and programs do with the messages of a run: they send some, and deal with dead letters.

type Outside = PostMessage | DeadLetterCommand;

export function decideOutside(state: RunState, command: Outside, context: DecisionContext): readonly RunEvent[] {
  const answer = answerTo(state, command, context);
  return isRefusal(answer) ? [reject(command, answer.code, answer.message, context)] : answer;
}

function answerTo(state: RunState, command: Outside, context: DecisionContext): Answer {
  switch (command.type) {
    case 'PostMessage':
      return post(state, command, context);
    case 'EditDeadLetter': {
      const { commandId, message, data } = command;
      const missing = missingOf(state, [message]);
      if (missing !== undefined) return missing;
      const limit = Math.min(MAX_MESSAGE_CHARS, context.maxPayloadChars);
      if (jsonSize(data, limit) > limit)
        return problem(
          'REPRISE_PAYLOAD_TOO_LARGE',
          `The message would be larger than the limit of ${limit} characters of JSON.`,
        );
      return [{ type: 'DeadLetterEdited', at: context.now, message, data, commandId }];
    }
    case 'RedriveDeadLetters': {
      const { commandId, messages, to } = command;
      const missing = missingOf(state, messages);
      if (missing !== undefined) return missing;
      const mailbox = to === undefined ? undefined : mailboxOf(state, '', to);
      if (mailbox !== undefined && typeof mailbox !== 'string') return mailbox;
      if (mailbox === DEAD_LETTERS) return problem('REPRISE_MAILBOX_UNKNOWN', 'They are dead letters already.');
      if (mailbox === undefined) {
        for (const id of messages) {
          const closed = closedFlaw(state, state.mail?.open.get(id)?.dead?.mailbox ?? '');
          if (closed !== undefined) return closed;
        }
      }
      const where = mailbox === undefined ? {} : { to: mailbox };
      return [{ type: 'DeadLettersRedriven', at: context.now, messages, ...where, commandId }];
    }
    case 'DiscardDeadLetters': {
      const { commandId, messages } = command;
      const missing = missingOf(state, messages);
      return missing ?? [{ type: 'DeadLettersDiscarded', at: context.now, messages, commandId }];
    }
    default:
      return command satisfies never;
  }
}

function post(state: RunState, command: PostMessage, context: DecisionContext): Answer {
  const { commandId, from: client, message } = command;
  const flaw = clientFlaw(state, client) ?? outgoingFlaw(message);
  if (flaw !== undefined) return flaw;
  const id = postedId(state.runId, commandId);
  const answered = message.inReplyTo === undefined ? undefined : state.mail?.open.get(message.inReplyTo);
  const isReply = answered !== undefined && isLentTo(answered, client) && isTo(answered.from, message);
  const said = isReply ? { ...message, to: addressOf(answered.from) } : message;
  const sent = sending(state, { scope: '', from: { client }, id, message: said, more: { commandId } }, context);
  // With a final answer it is done with what it answers.
  if (isRefusal(sent) || sent.length === 0 || !isReply || !FINAL.has(message.performative ?? 'inform')) return sent;
  return [...sent, { type: 'MessageAcknowledged', at: context.now, messages: [answered.id], client }];
}

/** Why somebody outside cannot be called that. */
export function clientFlaw(state: RunState, client: unknown): Refusal | undefined {
  const isNamed = typeof client === 'string' && client !== '' && client.length <= MAX_NAME_CHARS;
  // What is in a task, or will be, has its name before it.
  const [first = ''] = isNamed ? client.split(/[/[]/, 1) : [];
  // Nobody talks to the task of a name of no run.
  const isTaken = state.definition.name !== MAILBOX_WORKFLOW && state.tasks.has(first);
  return isNamed && !/^[#@>]|^client:|^team:/.test(client) && !isTaken
    ? undefined
    : problem(
        'REPRISE_MESSAGE_INVALID',
        `Whoever sends a message gives themselves a name of 1 to ${MAX_NAME_CHARS} characters, which is that of no task, item, mailbox or team of the run.`,
      );
}

/** Why not all of these are dead letters that can be dealt with; undefined when they are. */
function missingOf(state: RunState, ids: readonly string[]): Refusal | undefined {
  if (ids.length === 0 || ids.length > MOST_TAKEN || new Set(ids).size < ids.length)
    return problem('REPRISE_MESSAGE_INVALID', `1 to ${MOST_TAKEN} different dead letters are dealt with at once.`);
  for (const id of ids) {
    const message = state.mail?.open.get(id);
    if (message?.dead === undefined || message.holder !== undefined)
      return problem('REPRISE_DEAD_LETTER_UNKNOWN', `There is no dead letter '${id}' in the run${whyNot(message)}.`);
  }
  return undefined;
}

function whyNot(message: OpenMessage | undefined): string {
  if (message === undefined) return '';
  return message.dead === undefined ? ': the message is open' : `: '${message.holder?.taskId}' has it`;
}
