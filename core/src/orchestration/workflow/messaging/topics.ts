import { isList } from '../../../definition/definition.ts';
import { DEAD_LETTERS, MAX_SUBSCRIBERS } from '../../../shared/message-limits.ts';
import type { Wanted } from '../../../shared/received-message.ts';
import { taskPaths } from '../../../shared/task-path.ts';
import type { SubscribeMailbox, UnsubscribeMailbox } from '../commands.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { permissionsOf } from '../decisions/permissions.ts';
import { type Answer, problem, type Refusal } from '../decisions/refusal.ts';
import { definitionOf, type RunState, type TaskState } from '../state.ts';
import { mailboxOf } from './addresses.ts';
import { topicFlaw } from './call-shapes.ts';
import { goneAt } from './conversations.ts';
import { fits, scopeOfCall, whereOf } from './fits.ts';
import { isName, type OpenMessage } from './mail.ts';
import { copyId, nameOf } from './message.ts';
import { isTopic } from './topic-names.ts';

// What messages are published under, and who has what is: mailboxes that the definition names, as long as they are there, and those that agents subscribed.

/** Why nothing can be published so, or be subscribed to; undefined when it can. */
export function topicProblem(state: RunState, topic: string): Refusal | undefined {
  const { mailboxes = {} } = state.definition;
  if (isTopic(state.definition, topic)) return undefined;
  const named = JSON.stringify(topic.slice(0, 200));
  const why = !topic.startsWith('#')
    ? `topics are written as "#news"${isTopic(state.definition, `#${topic}`) ? `; did you mean "#${topic}"?` : '.'}`
    : topic === DEAD_LETTERS || Object.hasOwn(mailboxes, topic.slice(1))
      ? 'it is a mailbox: send to it.'
      : `the workflow declares no topic '${topic.slice(1)}'.`;
  return problem('REPRISE_MAILBOX_UNKNOWN', `There is no topic ${named}: ${why}`);
}

/**
 * The mailboxes that have the message, which was published under a topic of the workflow, in the order in which they are named, then in that in which they
 * began. Whoever publishes does not hear of it.
 */
export function recipientsOf(state: RunState, topic: string, message: OpenMessage): readonly string[] | Refusal {
  const found = new Set<string>();
  for (const mailbox of namedBy(state, topic)) {
    if (found.size > MAX_SUBSCRIBERS) break;
    if (goneAt(state, mailbox) === undefined) found.add(mailbox);
  }
  for (const [mailbox, wanted] of state.mail?.subscriptions.get(topic) ?? []) {
    if (found.has(mailbox)) continue;
    const task = state.tasks.get(mailbox);
    const round = task?.round ?? 1;
    const scope = () => scopeOfCall(state.runId, round);
    if (wanted === undefined || fits({ ...message, mailbox }, wanted, whereOf(wanted), scope, mailbox))
      found.add(mailbox);
  }
  found.delete(nameOf(message.from));
  return found.size <= MAX_SUBSCRIBERS
    ? [...found]
    : problem(
        'REPRISE_MESSAGE_INVALID',
        `More than ${MAX_SUBSCRIBERS} mailboxes subscribe to '${topic}': publish to fewer, or send to a name from which all of them take.`,
      );
}

/** How many copies of what was published under the topic are open, at those who may have it. */
export function copiesOpen(state: RunState, topic: string, message: string): number {
  const all = new Set([...namedBy(state, topic), ...(state.mail?.subscriptions.get(topic)?.keys() ?? [])]);
  let count = 0;
  for (const mailbox of all) if (state.mail?.open.has(copyId(message, mailbox)) === true) count += 1;
  return count;
}

/** Those of the definition that are there: of a list, its items. */
function* namedBy(state: RunState, topic: string): Generator<string> {
  for (const address of state.definition.topics?.[topic.slice(1)]?.subscribers ?? []) {
    if (isName(address)) {
      yield address;
      continue;
    }
    const task = state.tasks.get(address);
    const definition = task === undefined ? undefined : definitionOf(state, task);
    if (task !== undefined && task.index === undefined && definition !== undefined && isList(definition)) {
      const paths = taskPaths(state.rules);
      for (let index = 0; index < (task.items?.total ?? 0); index += 1) yield paths.item(address, index);
    } else {
      const there = mailboxOf(state, '', address);
      if (typeof there === 'string') yield there;
    }
  }
}

/** The mailbox of the task has what is published from now on, or no longer. What is so already gives nothing. */
export function decideSubscription(
  state: RunState,
  task: TaskState,
  command: SubscribeMailbox | UnsubscribeMailbox,
  { now: at }: DecisionContext,
): Answer {
  const flaw = topicFlaw(command) ?? topicProblem(state, command.topic);
  if (flaw !== undefined) return flaw;
  const { attempt, worker, call, topic } = command;
  const whose = { topic, mailbox: task.id, taskId: task.id, attempt, call, worker };
  const all = state.mail?.subscriptions.get(topic);
  if (command.type === 'UnsubscribeMailbox')
    return all?.has(task.id) === true ? [{ type: 'MailboxUnsubscribed', at, ...whose }] : [];
  if (!permissionsOf(state, task).includes('send'))
    return problem(
      'REPRISE_MESSAGE_INVALID',
      `The agent of '${task.id}' may not subscribe; say so on the task: may: [send].`,
    );
  const { filter } = command;
  if (all?.has(task.id) === true && sameWanted(all.get(task.id), filter)) return [];
  if (all?.has(task.id) !== true && (all?.size ?? 0) >= MAX_SUBSCRIBERS)
    return problem('REPRISE_MESSAGE_INVALID', `${MAX_SUBSCRIBERS} mailboxes subscribe to '${topic}' already.`);
  return [{ type: 'MailboxSubscribed', at, ...whose, ...(filter === undefined ? {} : { filter }) }];
}

const sameWanted = (one: Wanted | undefined, other: Wanted | undefined): boolean =>
  JSON.stringify(Object.entries(one ?? {}).sort()) === JSON.stringify(Object.entries(other ?? {}).sort());
