import { uuidv5 } from '../../../shared/hash.ts';
import type { Json, JsonObject } from '../../../shared/json.ts';
import { roughSize } from '../../../shared/json-size.ts';
import { inside, outer } from '../../../shared/task-path.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import type { MessageSent, RunEvent } from '../events.ts';
import type { RunState, ScopeState, TaskState } from '../state.ts';
import { holdMore } from '../team/fold.ts';
import { localId, tellTeam } from '../team/team.ts';
import type { Bid } from '../team/team-state.ts';
import type { ConversationState, MailState } from './mail.ts';
import { isClient, isTeamName, partyAddressed, TEAM } from './outbox.ts';

// Calls for proposals of the strategies of teams: a contract net in the log of all messages. Who is asked is a task; what it gives is its bid, unless its agent
// has said that itself, in the conversation.

/** As names of programs may be. */
const MAX_PATH = 240;

/** What a team is called as a party of conversations. */
export const teamName = (path: string): string => TEAM + (path.length <= MAX_PATH ? path : uuidv5('team', path));

/** The team that is called so. */
export function teamNamed(state: RunState, name: string): ScopeState | undefined {
  if (!isTeamName(name)) return undefined;
  for (const scope of state.teams.values()) if (teamName(scope.path) === name) return scope;
  return undefined;
}

/** Whether the task is a bid: it was asked by a call for proposals. */
export function isBid(state: RunState, task: TaskState): boolean {
  const { team } = state.teams.get(task.scope) ?? {};
  return team !== undefined && task.index === undefined && team.asked[localId(task)]?.about !== undefined;
}

/** A team calls the bids in its block. Their tasks come before. */
export const cfpsOf = (
  scope: ScopeState,
  bids: readonly { readonly id: string }[],
  said: Pick<MessageSent, 'at' | 'data'> & {
    readonly commandId: string;
    readonly deadline: number;
    readonly n: number;
  },
): readonly MessageSent[] =>
  bids.map(({ id }) => {
    const message = uuidv5(said.commandId, id);
    return {
      type: 'MessageSent',
      at: said.at,
      message,
      from: { client: teamName(scope.path) },
      to: inside(scope.path, id),
      data: said.data,
      performative: 'cfp',
      conversation: message,
      deadline: said.deadline,
      // Nobody need take it: what the task gives is a bid, too.
      expiresAt: said.deadline,
      drop: true,
      decidedBy: said.n,
    };
  });

/** The open conversations of a team about a task, by the id of the bid. */
export function openBids(state: RunState, scope: ScopeState, about: string): ReadonlyMap<string, ConversationState> {
  const found = new Map<string, ConversationState>();
  const name = teamName(scope.path);
  for (const one of state.mail?.conversations.values() ?? []) {
    if (one.initiator !== name) continue;
    const bid = bidIn(state, one);
    if (bid?.about !== about) continue;
    // What was proposed in a round before, and never ruled on, is no bid of this one.
    const said = scope.team?.bids[about]?.[bid.id];
    if (one.stage !== 'proposed' || (said !== undefined && 'proposal' in said)) found.set(bid.id, one);
  }
  return found;
}

/** What the team says in one of them. To whom has ended it is said for the record. */
export function ruledOn(
  state: RunState,
  scope: ScopeState,
  one: ConversationState,
  performative: 'accept-proposal' | 'reject-proposal' | 'cancel',
  said: Pick<MessageSent, 'at' | 'data'> & { readonly n: number },
): MessageSent {
  const to = one.participant ?? one.mailbox;
  const task = state.tasks.get(to);
  const isThere = task?.status === 'running' || task?.status === 'scheduled';
  return {
    type: 'MessageSent',
    at: said.at,
    message: `${one.id}/${said.n}`,
    from: { client: teamName(scope.path) },
    to,
    data: said.data,
    performative,
    conversation: one.conversation,
    inReplyTo: one.id,
    decidedBy: said.n,
    ...(isThere ? {} : { late: true }),
  };
}

/** The bid that a conversation is about. */
function bidIn(
  state: RunState,
  { initiator, participant }: ConversationState,
): { readonly scope: ScopeState; readonly id: string; readonly about: string } | undefined {
  const scope = teamNamed(state, initiator);
  const at = participant === undefined ? undefined : outer(participant);
  if (scope === undefined || at?.block !== scope.path) return undefined;
  const about = scope.team?.asked[at.id]?.about;
  return about === undefined ? undefined : { scope, id: at.id, about };
}

/** What somebody said to a team, when it is an answer in a conversation that is open: before it is folded. */
export function noteBid(state: RunState, mail: MailState, event: MessageSent): void {
  if (!isClient(event.to) || !isTeamName(partyAddressed(event.to))) return;
  const one = mail.conversations.get(event.inReplyTo ?? '');
  if (one === undefined || one.participant !== event.from.task) return;
  mail.owed.delete(one.id);
  if (event.performative === 'propose' && one.stage === 'asked') return setBid(state, one, { proposal: event.data });
  if (event.performative !== 'query') setBid(state, one, { none: true });
}

/** No answer comes, or none comes any more. */
export const noBid = (state: RunState, one: ConversationState): void => {
  if (one.stage === 'asked') setBid(state, one, { none: true });
};

function setBid(state: RunState, one: ConversationState, bid: Bid): void {
  const { scope, id, about } = bidIn(state, one) ?? {};
  const { team } = scope ?? {};
  if (team === undefined || id === undefined || about === undefined) return;
  const bids = (Object.hasOwn(team.bids, about) ? team.bids[about] : undefined) ?? {};
  const before = roughSize(bids as unknown as JsonObject);
  bids[id] = bid;
  team.bids[about] = bids;
  holdMore(state, team, roughSize(bids as unknown as JsonObject) - before);
  tellTeam(scope, { kind: 'bid', task: about, revision: state.revision });
}

/** Whether a conversation is one of a team with a bid. */
export const isOfTeam = (state: RunState, one: ConversationState): boolean => bidIn(state, one) !== undefined;

/**
 * What is said for a bid that has ended, or is late: what its task gave, put into the conversation. Nothing, when its agent has said it itself.
 */
export function answerOfBid(
  state: RunState,
  one: ConversationState,
  isLate: boolean,
  { now: at }: DecisionContext,
): readonly RunEvent[] {
  const { id, conversation, initiator, participant = '', stage } = one;
  const task = state.tasks.get(participant);
  if (stage !== 'asked') return [];
  if (isLate || task === undefined)
    return [{ type: 'ConversationExpired', at, message: id, reason: `'${participant}' did not bid in time.` }];
  const said = answerBy(task);
  const call = state.mail?.open.get(id);
  // It has answered the call without looking at it.
  const heard =
    task.attempt > 0 && call !== undefined && call.holder === undefined && call.dead === undefined && !call.doomed;
  return [
    ...(heard
      ? [{ type: 'MessageAcknowledged', at, messages: [id], taskId: task.id, attempt: task.attempt } as const]
      : []),
    {
      type: 'MessageSent',
      at,
      message: `${id}!`,
      from: { task: participant },
      to: `client:${initiator}`,
      ...said,
      conversation,
      inReplyTo: id,
      onBehalf: true,
    },
  ];
}

function answerBy({ status, output = null, error }: TaskState): Pick<MessageSent, 'performative' | 'data'> {
  if (status !== 'completed') {
    const { code = 'REPRISE_TASK_FAILED', message = 'the bid was ended' } = error ?? {};
    return { performative: 'refuse', data: { code, message } };
  }
  const isObject = typeof output === 'object' && output !== null && !Array.isArray(output);
  // Models that have to say every member of a schema say null of what there is not.
  const refuse = isObject ? ((output as JsonObject)['refuse'] ?? null) : null;
  const refuses = refuse !== null && refuse !== false;
  return { performative: refuses ? 'refuse' : 'propose', data: output as Json };
}
