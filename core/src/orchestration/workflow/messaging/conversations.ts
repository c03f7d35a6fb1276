import { errorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import type { Performative } from '../../../shared/performatives.ts';
import { taskPaths } from '../../../shared/task-path.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { problem, type Refusal } from '../decisions/refusal.ts';
import type { ConversationExpired, MessageReceived, MessageSent, RunEvent } from '../events.ts';
import { hasEnded, type RunState, type TaskState } from '../state.ts';
import { answerOfBid, isOfTeam, teamName } from './bids.ts';
import { MAILBOX_WORKFLOW } from './elsewhere.ts';
import { type ConversationState, isName, type MailState, stirAsking } from './mail.ts';
import type { Question } from './message.ts';
import { beyond, isOutbox, isTeamName, partyAddressed, partyAt, partyKey, placeText, sentTo } from './outbox.ts';
import { advance, allowed, isOpen, owes, protocolOf, type Role, type Stage } from './protocols.ts';

// Conversations of the tasks of a run. Each is between two: whoever opened it, and whoever was asked. Its state is here while it is open.

/** Conversations that a run has open at once, at the most. */
export const MAX_CONVERSATIONS = 1000;

type Said = Pick<
  MessageSent,
  'message' | 'from' | 'to' | 'run' | 'recipients' | 'performative' | 'conversation' | 'inReplyTo'
>;

/** The conversation that a message is part of, and who says it; undefined when it is part of none. */
function partOf(
  mail: MailState | undefined,
  said: Said,
): { readonly one: ConversationState; readonly role: Role } | undefined {
  const { conversation, inReplyTo } = said;
  const to = partyAddressed(sentTo(said));
  const from = partyKey(said.from);
  for (const id of mail?.byConversation.get(conversation ?? '') ?? []) {
    const one = mail?.conversations.get(id);
    if (one === undefined) continue;
    if (from === one.initiator && (to === one.participant || to === one.mailbox)) return { one, role: 'initiator' };
    if (to !== one.initiator) continue;
    if (from === one.participant) return { one, role: 'participant' };
    // A question to a name is that one's who answers first.
    if (one.participant === undefined && inReplyTo === one.id) return { one, role: 'participant' };
  }
  return undefined;
}

/** Whether it is said in a conversation that is open. */
export const isPartOfOne = (state: RunState, said: Said): boolean => partOf(state.mail, said) !== undefined;

/** The question that is answered by what whoever was asked says in its conversation without saying what that answers. */
export function questionOf(state: RunState, said: Said): string | undefined {
  const { one, role } = partOf(state.mail, said) ?? {};
  return role === 'participant' ? one?.id : undefined;
}

/** Whether the message opens a conversation. */
export const opens = (state: RunState, said: Said): boolean =>
  protocolOf(said.performative ?? 'inform') !== undefined && partOf(state.mail, said) === undefined;

/** Whether it proposes something in a conversation that is over: the call that it answers had a deadline, or was withdrawn. */
export const isLateProposal = (state: RunState, said: Said): boolean =>
  said.performative === 'propose' &&
  said.conversation !== undefined &&
  said.inReplyTo !== undefined &&
  said.run === undefined &&
  state.tasks.has(said.to) &&
  said.from.task !== undefined &&
  partOf(state.mail, said) === undefined;

/** Why the message breaks its conversation; undefined when it does not. */
export function conversationProblem(state: RunState, said: Said): Refusal | undefined {
  const { one, role } = partOf(state.mail, said) ?? {};
  const other = one !== undefined && role === 'participant' ? answersAnother(state, one, said) : undefined;
  return other ?? stageProblem(state, said);
}

/** Why it may not be said at this stage of its conversation. A history from before answers had to name what a `send` waits for passes. */
export function stageProblem(state: RunState, said: Said): Refusal | undefined {
  const performative = said.performative ?? 'inform';
  const found = partOf(state.mail, said);
  if (found === undefined) {
    if (protocolOf(performative) === undefined) return undefined;
    // One with each whom it is published to.
    const more = said.recipients?.length ?? 1;
    if ((state.mail?.conversations.size ?? 0) + more <= MAX_CONVERSATIONS) return undefined;
    return problem(
      'REPRISE_MESSAGE_INVALID',
      `${MAX_CONVERSATIONS} conversations may be open in the run at once; end some first.`,
    );
  }
  const { one, role } = found;
  if (nextStage(one, role, performative) !== undefined) return undefined;
  const may = allowed(one.protocol, one.stage, role);
  return problem(
    'REPRISE_CONVERSATION_BROKEN',
    `${placeText(partyKey(said.from))} cannot say ${performative} here: the conversation '${one.conversation}' (${one.protocol}) is ${one.stage}, and it may say ${may.join(', ')}.`,
  );
}

/** A `send` waits for what answers its message, and for nothing else: what is said in its conversation and answers another would end that, and leave it waiting. */
function answersAnother(state: RunState, one: ConversationState, { from, inReplyTo }: Said): Refusal | undefined {
  if (inReplyTo === one.id || !isAskedBySend(state, one)) return undefined;
  const what = inReplyTo === undefined ? 'names no message' : `names '${inReplyTo}'`;
  return problem(
    'REPRISE_CONVERSATION_BROKEN',
    `${placeText(partyKey(from))} ${what} as what it answers in the conversation '${one.conversation}', in which ${placeText(one.initiator)} waits for an answer to '${one.id}'. Say inReplyTo: '${one.id}'.`,
  );
}

/** Of one in another run it is known as long as what it asked is here: no attempt said that. */
function isAskedBySend({ mail, tasks }: RunState, { id, initiator }: ConversationState): boolean {
  const asker = tasks.get(initiator);
  if (!isOutbox(initiator)) return asker?.sent?.message === id && asker.awaits !== undefined;
  const from = mail?.open.get(id)?.from;
  return from?.task !== undefined && from.attempt === undefined;
}

/** What was said before the question came back may have been heard, and be said again under its key, which says nothing new: whoever asked goes by that. */
export const nextStage = (
  { protocol, stage, before }: Pick<ConversationState, 'protocol' | 'stage' | 'before'>,
  role: Role,
  said: Performative,
): Stage | undefined =>
  advance(protocol, stage, role, said) ??
  (role === 'initiator' && before !== undefined ? advance(protocol, before, role, said) : undefined);

/** The conversation of a message that was sent: it opens one, or brings its own further. */
export function converse(state: RunState, mail: MailState, event: MessageSent | MessageReceived): void {
  const { message: id, from, conversation, subject, deadline, at } = event;
  const to = sentTo(event as Pick<MessageSent, 'to' | 'run'>);
  const performative = event.performative ?? 'inform';
  const found = partOf(mail, event);
  if (found !== undefined) {
    const { one, role } = found;
    const stage = nextStage(one, role, performative);
    if (stage === undefined) return;
    delete one.before;
    // What comes of a bid that is taken is the work itself.
    if (!isOpen(stage) || (stage === 'accepted' && isTeamName(one.initiator))) return endConversation(mail, one);
    one.stage = stage;
    one.since = at;
    if (role === 'participant') one.participant ??= partyKey(from);
    if (deadline === undefined) return;
    one.deadline = deadline;
    mail.due.push({ at: deadline, kind: 'deadline', id: one.id });
    return;
  }
  const protocol = protocolOf(performative);
  if (protocol === undefined || conversation === undefined || mail.conversations.has(id)) return;
  const one: ConversationState = {
    id,
    conversation,
    protocol,
    stage: 'asked',
    initiator: partyKey(from),
    mailbox: to,
    participant: isAnybodys(to) ? undefined : to,
    subject,
    since: at,
    deadline,
  };
  addConversation(mail, one);
  // Nobody is there any more who could answer.
  if (goneAt(state, to) !== undefined) mail.owed.set(id, 'has ended');
}

/** Whether more than one may take from it: a name, here or elsewhere. */
export function isAnybodys(mailbox: string): boolean {
  const { to } = isOutbox(mailbox) ? beyond(mailbox) : { to: mailbox };
  return to.startsWith('@') || isName(to);
}

/** What was asked came back: whoever takes it next has said nothing yet. */
export function askAgain(one: ConversationState, at: number): void {
  // That it is not wanted any more still holds.
  if (one.stage !== 'cancelling') {
    if (one.stage !== 'asked') one.before = one.stage;
    one.stage = 'asked';
  }
  one.participant = isAnybodys(one.mailbox) ? undefined : one.mailbox;
  one.since = at;
}

export function addConversation(mail: MailState, one: ConversationState): void {
  mail.conversations.set(one.id, one);
  const ids = mail.byConversation.get(one.conversation);
  if (ids === undefined) mail.byConversation.set(one.conversation, new Set([one.id]));
  else ids.add(one.id);
  if (one.deadline !== undefined) mail.due.push({ at: one.deadline, kind: 'deadline', id: one.id });
}

export function endConversation(mail: MailState, one: ConversationState): void {
  const { id, conversation, initiator, participant } = one;
  mail.conversations.delete(id);
  mail.owed.delete(id);
  const ids = mail.byConversation.get(conversation);
  ids?.delete(id);
  if (ids?.size === 0) mail.byConversation.delete(conversation);
  stirAsking(mail, initiator);
  if (participant !== undefined) stirAsking(mail, participant);
}

/** Whether nothing will be said any more where a task has asked: in the conversation that it opened, or in one in which it asked back (of which, absent: in any). */
export function isOverFor(
  mail: MailState,
  task: string,
  { message, conversation }: Pick<Question, 'message'> & Partial<Question>,
): boolean {
  if (mail.conversations.has(message)) return false;
  const ids = conversation === undefined ? mail.conversations.keys() : mail.byConversation.get(conversation);
  for (const id of ids ?? []) if (mail.conversations.get(id)?.participant === task) return false;
  return true;
}

/** A task has ended: what it asked is of no concern any more, and what it was asked is answered for it. */
export function leaveConversations(state: RunState, mail: MailState, task: TaskState): void {
  for (const one of [...mail.conversations.values()]) {
    if (one.initiator === task.id || one.initiator === teamName(task.id)) endConversation(mail, one);
    else if (one.participant === task.id && isOfTeam(state, one)) {
      if (one.stage === 'asked') mail.owed.set(one.id, 'ended without an answer');
    } else if (one.participant === task.id && !mayRunAgain(state, task))
      mail.owed.set(one.id, 'ended without an answer');
  }
}

/** The task, or the list of the item, whose mailbox it is, and that will take nothing any more. */
export function goneAt(state: RunState, mailbox: string): string | undefined {
  if (isOutbox(mailbox)) return undefined;
  const item = isName(mailbox) ? undefined : taskPaths(state.rules).itemOf(mailbox);
  for (const path of item === undefined ? [mailbox] : [mailbox, item.list]) {
    const task = state.tasks.get(path);
    if (task !== undefined && hasEnded(task) && !mayRunAgain(state, task)) return path;
  }
  return undefined;
}

/** Its mailbox outlives it: the next round may answer. */
export function mayRunAgain(state: RunState, task: TaskState): boolean {
  if (state.graph.node(task.definitionId)?.repeatedBy !== undefined) return true;
  for (
    let at = state.scopes.get(task.scope);
    at !== undefined;
    at = state.scopes.get(state.tasks.get(at.path)?.scope ?? '')
  ) {
    if (state.graph.block(at.definitionId)?.hasRounds === true) return true;
    if (at.path === '') return false;
  }
  return false;
}

/** Who is owed an answer that will not come gets one. */
export function answerFor(
  state: RunState,
  mail: MailState,
  id: string,
  why: string,
  context: DecisionContext,
): readonly RunEvent[] {
  const one = mail.conversations.get(id);
  if (one === undefined) return [];
  if (isOfTeam(state, one)) return answerOfBid(state, one, why === LATE, context);
  const { now: at } = context;
  const { conversation, initiator, mailbox, participant, subject } = one;
  const whose = participant ?? mailbox;
  const isLate = why === LATE || (one.deadline !== undefined && one.deadline <= at);
  const code = isLate ? 'REPRISE_REPLY_TIMEOUT' : 'REPRISE_REQUEST_REFUSED';
  const late = one.stage === 'more-needed' ? 'asked back, and was not answered in time' : 'did not answer in time';
  const message = `${placeText(whose)} ${isLate ? late : why}.`;
  const error = errorData(code, message);
  // At a name of no run a program may be called as its task is.
  const tasks = state.definition.name === MAILBOX_WORKFLOW ? new Map<string, TaskState>() : state.tasks;
  const told = tasks.get(initiator);
  // Who asks in another run tells the time for itself.
  const mayBeTold = isOwed(one) && (isOutbox(initiator) ? !isLate : told !== undefined && !hasEnded(told));
  // Whoever has what was asked may still answer; nobody has it after that.
  const held = isLate && mail.open.get(id)?.holder !== undefined ? { held: true as const } : {};
  const expired: ConversationExpired = { type: 'ConversationExpired', at, message: id, reason: message, ...held };
  // Whoever is told so is told once.
  if (!mayBeTold || mail.open.has(`${id}!`)) return [expired];
  const answer: MessageSent = {
    type: 'MessageSent',
    at,
    message: `${id}!`,
    from: isOutbox(whose) || tasks.has(whose) ? partyAt(whose) : { client: whose },
    ...addressed(mail, initiator),
    data: { code: error.code, message } satisfies Json,
    performative: 'failure',
    ...(subject === undefined ? {} : { subject }),
    conversation,
    inReplyTo: id,
    onBehalf: true,
  };
  return [expired, answer];
}

/** Whether whoever asked is to be told that there will be no answer. */
export const isOwed = ({ stage }: ConversationState): boolean =>
  owes(stage) === 'participant' || stage === 'more-needed';

/** Where a message goes that the run says by itself. */
export function addressed(mail: MailState, mailbox: string): Pick<MessageSent, 'to' | 'run' | 'n'> {
  if (!isOutbox(mailbox)) return { to: mailbox };
  return { ...beyond(mailbox), n: (mail.numbers.get(mailbox) ?? 0) + 1 };
}

/** Its deadline has passed. */
export const LATE = 'late';
