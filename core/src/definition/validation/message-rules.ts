import { isTaskPath } from '../../shared/task-path.ts';
import type { TaskGroup } from '../blocks.ts';
import { isList, type MailboxDefinition, type TaskDefinition, type WorkflowDefinition } from '../definition.ts';
import { didYouMean } from '../did-you-mean.ts';
import type { Path, Report } from '../problem.ts';
import { outwards } from './outwards.ts';
import { checkCount, checkName, checkTextTemplate, checkTime, literal } from './value-rules.ts';

/** Undefined: what there is is not known. */
type Mailboxes = Readonly<Record<string, MailboxDefinition>> | undefined;

/** The mailbox that each run has without a word. */
const DEAD_LETTERS = '#dead-letters';
const MAX_LIMIT = 100_000;

export function checkMailboxes({ mailboxes = {} }: WorkflowDefinition, report: Report): void {
  for (const [name, { limit, retry }] of Object.entries(mailboxes)) {
    const path = ['mailboxes', name];
    checkName(name, path, 'the name of a mailbox', report);
    if (`#${name}` === DEAD_LETTERS)
      report(path, 'is the mailbox of dead letters, which each run has; choose another name');
    if (limit !== undefined) {
      checkCount(limit, [...path, 'limit'], report);
      if (limit > MAX_LIMIT) report([...path, 'limit'], `must be ${MAX_LIMIT} at most, not ${limit}`);
    }
    if (retry === undefined) continue;
    checkCount(retry.maxAttempts, [...path, 'retry', 'maxAttempts'], report);
    if (retry.maxAttempts > 100)
      report([...path, 'retry', 'maxAttempts'], `must be 100 at most, not ${retry.maxAttempts}`);
    checkTime(retry.initialDelayMs, [...path, 'retry', 'initialDelay'], report, 0);
    checkTime(retry.maxDelayMs, [...path, 'retry', 'maxDelay'], report, 0);
    if (retry.nonRetryable.length > 0)
      report(
        [...path, 'retry', 'nonRetryable'],
        'is about attempts of a task; the agent says it of a message (requeue: false)',
      );
  }
}

/** Where messages go to and come from is there, as far as it is written. */
export function checkMessages(group: TaskGroup, mailboxes: Mailboxes, report: Report): void {
  for (const task of group.tasks) {
    const { id, send, wait } = task;
    if (send !== undefined) checkSend(task, [...group.path, id, 'send'], group, mailboxes, report);
    const filter = wait?.message;
    if (filter === undefined) continue;
    const path = [...group.path, id, 'wait', 'message'];
    if (filter.mailbox !== undefined) {
      const problem =
        filter.mailbox === DEAD_LETTERS ? undefined : addressProblem(filter.mailbox, id, group, mailboxes);
      if (problem !== undefined) report([...path, 'mailbox'], problem);
    }
    for (const key of ['from', 'type'] as const) if (filter[key] === '') report([...path, key], 'is empty');
    for (const key of ['conversation', 'inReplyTo'] as const)
      if (filter[key] !== undefined) checkTextTemplate(filter[key], [...path, key], report);
  }
}

function checkSend(
  { id, send }: TaskDefinition,
  path: Path,
  group: TaskGroup,
  mailboxes: Mailboxes,
  report: Report,
): void {
  if (send === undefined) return;
  const { to, type, conversation, inReplyTo, expiresMs, drop, until } = send;
  checkTextTemplate(to, [...path, 'to'], report);
  const address = literal(to);
  const problem =
    typeof address !== 'string' || address === ''
      ? undefined
      : address === DEAD_LETTERS
        ? 'is where dead letters come to; nothing is sent there'
        : addressProblem(address, id, group, mailboxes);
  if (problem !== undefined) report([...path, 'to'], problem);
  if (type === '') report([...path, 'type'], 'is empty');
  if (conversation !== undefined) checkTextTemplate(conversation, [...path, 'conversation'], report);
  if (inReplyTo !== undefined) checkTextTemplate(inReplyTo, [...path, 'inReplyTo'], report);
  checkTime(expiresMs, [...path, 'expires'], report);
  if (drop === true && expiresMs === undefined)
    report([...path, 'drop'], 'is about what becomes of a message that has expired; say when it does (expires)');
  if (drop === true && until === 'acknowledged')
    report([...path, 'drop'], 'would leave the task waiting for a message that nobody tells of; leave it out');
}

/** Why there is no such mailbox, as far as the definition can tell: tasks may be added to a run. */
function addressProblem(address: string, id: string, group: TaskGroup, mailboxes: Mailboxes): string | undefined {
  if (mailboxes === undefined) return undefined;
  if (address.startsWith('#')) {
    if (Object.hasOwn(mailboxes, address.slice(1))) return undefined;
    const names = Object.keys(mailboxes).map((name) => `#${name}`);
    return `the workflow has no mailbox '${address.slice(1)}'${didYouMean(address, names)}; say so at its top: mailboxes: { ${address.slice(1)}: {} }`;
  }
  if (!isTaskPath(address))
    return `${JSON.stringify(address)} is no address: use the id of a task, or a name such as "#desk"`;
  // What is inside a block is known by its path; whether it is there, the run says.
  if (address.includes('/')) return undefined;
  const item = /^(.*)\[\d+\]$/.exec(address)?.[1];
  const name = item ?? address;
  const known: string[] = [];
  for (const { around } of outwards(group, id)) {
    known.push(...around.known.keys());
    const task = around.known.get(name);
    if (task === undefined) continue;
    if (item === undefined && isList(task))
      return `'${name}' is a list, whose items have mailboxes one by one: write "${name}[0]", or use a name (mailboxes) for all of them`;
    if (item !== undefined && !isList(task)) return `'${name}' is no list, and has no items; write "${name}"`;
    return undefined;
  }
  return `there is no task '${name}' in its block, or in those around it${didYouMean(name, known)}`;
}
