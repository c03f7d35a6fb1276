import { isList } from '../../../definition/definition.ts';
import { didYouMean } from '../../../definition/did-you-mean.ts';
import { isId } from '../../../shared/ids.ts';
import { inside, isTaskPath, outer, taskPaths } from '../../../shared/task-path.ts';
import { problem, type Refusal } from '../decisions/refusal.ts';
import { definitionOf, type RunState } from '../state.ts';
import { isMailboxRun, MAILBOX_INBOX } from './elsewhere.ts';
import { blockOfMailbox, isName, mailboxDefinition } from './mail.ts';
import { DEAD_LETTERS } from './message.ts';
import { isTopic } from './topic-names.ts';

/**
 * The mailbox that `address` means in the block `scope`: a name of the run, or the task, or the item of a list, of that path in the block or in the
 * innermost one around it that has one.
 */
export function mailboxOf(state: RunState, scope: string, address: string): string | Refusal {
  if (isName(address)) {
    if (address === DEAD_LETTERS || mailboxDefinition(state.definition.mailboxes, address) !== undefined)
      return address;
    if (isTopic(state.definition, address)) return unknown(address, 'it is a topic: publish to it');
    const names = Object.keys(state.definition.mailboxes ?? {}).map((name) => `#${name}`);
    return unknown(address, `the workflow declares no mailbox '${address.slice(1)}'${didYouMean(address, names)}`);
  }
  if (address.startsWith('@'))
    return isMailboxRun(state, address) ? MAILBOX_INBOX : unknown(address, 'it is a name of no run');
  if (!isTaskPath(address)) return unknown(address, 'it is neither the path of a task nor a name');
  for (let block: string | undefined = scope; block !== undefined; block = outer(block)?.block) {
    const found = taskAt(state, inside(block, address));
    if (found !== undefined) return typeof found === 'string' ? (closedFlaw(state, found) ?? found) : found;
  }
  const closed = closedFlaw(state, address);
  if (closed !== undefined) return closed;
  const meant =
    mailboxDefinition(state.definition.mailboxes, `#${address}`) === undefined
      ? didYouMean(address, tasksAround(state, scope))
      : `; did you mean "#${address}"?`;
  return unknown(address, `no task of the block, or of the blocks around it, is called so${meant}`);
}

/** The same, to take from: names of no run, too. */
export function mailboxToTakeFrom(state: RunState, scope: string, address: string): string | Refusal {
  const isAway = address.startsWith('@') && !isMailboxRun(state, address);
  if (!isAway) return mailboxOf(state, scope, address);
  return isId(address.slice(1)) ? address : unknown(address, 'the name behind @ is no name');
}

/** Tasks that may be meant by an address in a block, as one says it there: at the most so many. */
function tasksAround(state: RunState, scope: string): readonly string[] {
  const found: string[] = [];
  for (let block: string | undefined = scope; block !== undefined; block = outer(block)?.block) {
    for (const { id, scope: own, index } of state.tasks.values()) {
      if (found.length >= MOST_COMPARED) return found;
      if (own === block && index === undefined) found.push(block === '' ? id : id.slice(block.length + 1));
    }
  }
  return found;
}

const MOST_COMPARED = 1000;

/** Why the mailbox of a task, or an item, is not there now: its block is not under way. */
export function closedFlaw(state: RunState, mailbox: string): Refusal | undefined {
  const block = blockOfMailbox(mailbox);
  return block === '' || !state.tasks.has(block) || state.scopes.has(block)
    ? undefined
    : problem('REPRISE_MAILBOX_CLOSED', `There is no mailbox '${mailbox}' now: '${block}' is not under way.`);
}

/** Undefined when there is no such task. */
function taskAt(state: RunState, path: string): string | Refusal | undefined {
  const task = state.tasks.get(path);
  if (task !== undefined) {
    const definition = definitionOf(state, task);
    if (definition === undefined || task.index !== undefined || !isList(definition)) return path;
    return unknown(
      path,
      `'${path}' is a list: its items have mailboxes (\`${path}[0]\`), and a name is for all of them`,
    );
  }
  const item = taskPaths(state.rules).itemOf(path);
  const list = item === undefined ? undefined : state.tasks.get(item.list);
  const definition = list === undefined ? undefined : definitionOf(state, list);
  if (item === undefined || list === undefined || definition === undefined || !isList(definition)) return undefined;
  const { items } = list;
  if (items === undefined || item.index < items.total) return path;
  return unknown(path, `'${item.list}' has ${items.total} items`);
}

const unknown = (address: string, why: string): Refusal =>
  problem(
    'REPRISE_MAILBOX_UNKNOWN',
    `There is no mailbox ${JSON.stringify(address.slice(0, 200))}: ${why}${why.endsWith('?') ? '' : '.'}`,
  );

/** Who is meant by a name that a message is to be from: a task, where there is one of that name; else as it is. */
export function senderNamed(state: RunState, scope: string, name: string): string {
  for (let block: string | undefined = scope; block !== undefined; block = outer(block)?.block) {
    const path = inside(block, name);
    if (state.tasks.has(path) || taskPaths(state.rules).itemOf(path) !== undefined) return path;
  }
  return name;
}
