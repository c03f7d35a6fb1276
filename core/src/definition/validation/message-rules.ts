import { isId } from '../../shared/ids.ts';
import { DEAD_LETTERS, MAX_MAILBOX_LIMIT, MAX_MESSAGE_MS, MAX_NAME_CHARS } from '../../shared/message-limits.ts';
import { isTaskPath } from '../../shared/task-path.ts';
import type { TaskGroup } from '../blocks.ts';
import {
  isList,
  type MailboxDefinition,
  type Send,
  type TaskDefinition,
  tasksWithin,
  type WorkflowDefinition,
} from '../definition.ts';
import { didYouMean, nearest } from '../did-you-mean.ts';
import type { Path, Report } from '../problem.ts';
import { checkRetry } from './field-rules.ts';
import { outwards } from './outwards.ts';
import { checkCount, checkName, checkTextTemplate, checkTime, literal } from './value-rules.ts';

/** Undefined: what there is is not known. */
type Mailboxes = Readonly<Record<string, MailboxDefinition>> | undefined;

/** The mailbox that each run has without a word. */

export function checkMailboxes({ mailboxes = {} }: WorkflowDefinition, report: Report): void {
  for (const [name, { limit, retry }] of Object.entries(mailboxes)) {
    const path = ['mailboxes', name];
    if (name.startsWith('#')) report(path, `is the address of a mailbox; declare it without #: ${name.slice(1)}`);
    else checkName(name, path, 'the name of a mailbox', report);
    if (`#${name}` === DEAD_LETTERS)
      report(path, 'is the mailbox of dead letters, which each run has; choose another name');
    if (limit !== undefined) {
      checkCount(limit, [...path, 'limit'], report);
      if (limit > MAX_MAILBOX_LIMIT) report([...path, 'limit'], `must be ${MAX_MAILBOX_LIMIT} at most, not ${limit}`);
    }
    if (retry === undefined) continue;
    checkRetry(retry, [...path, 'retry'], report);
    if (retry.maxAttempts > 100)
      report([...path, 'retry', 'maxAttempts'], `must be 100 at most, not ${retry.maxAttempts}`);
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
    if (send !== undefined) checkSend(send, [...group.path, id, 'send'], group, mailboxes, report);
    const filter = wait?.message;
    if (filter === undefined) continue;
    const path = [...group.path, id, 'wait', 'message'];
    if (filter.mailbox !== undefined) {
      const problem =
        filter.mailbox === DEAD_LETTERS
          ? undefined
          : filter.mailbox.startsWith('@')
            ? farProblem(filter.mailbox)
            : addressProblem(filter.mailbox, group, mailboxes);
      if (problem !== undefined) report([...path, 'mailbox'], problem);
    }
    if (filter.mailbox?.startsWith('@') === true && filter.where !== undefined)
      report(
        [...path, 'where'],
        `cannot be asked at ${JSON.stringify(filter.mailbox)}, which knows nothing of the run; say from, type or performative, or take the message and look at it`,
      );
    if (filter.from === '') report([...path, 'from'], 'is empty');
    checkType(filter.type, [...path, 'type'], report);
    for (const key of ['run', 'conversation', 'inReplyTo'] as const)
      if (filter[key] !== undefined) checkTextTemplate(filter[key], [...path, key], report);
  }
}

function checkSend(send: Send, path: Path, group: TaskGroup, mailboxes: Mailboxes, report: Report): void {
  const { to, run, type, conversation, inReplyTo, expiresMs, drop, until } = send;
  checkTextTemplate(to, [...path, 'to'], report);
  const address = literal(to);
  const problem =
    typeof address !== 'string' || address === ''
      ? undefined
      : address === DEAD_LETTERS
        ? 'is where dead letters come to; nothing is sent there'
        : run === undefined && !address.startsWith('@')
          ? addressProblem(address, group, mailboxes)
          : farProblem(address);
  if (problem !== undefined) report([...path, 'to'], problem);
  if (run !== undefined) checkTextTemplate(run, [...path, 'run'], report);
  if (run !== undefined && typeof address === 'string' && address.startsWith('@'))
    report([...path, 'run'], `cannot stand beside ${JSON.stringify(address)}, which is a name of no run`);
  checkType(type, [...path, 'type'], report);
  if (conversation !== undefined) checkTextTemplate(conversation, [...path, 'conversation'], report);
  if (inReplyTo !== undefined) checkTextTemplate(inReplyTo, [...path, 'inReplyTo'], report);
  checkTime(expiresMs, [...path, 'expires'], report);
  if (expiresMs !== undefined && expiresMs > MAX_MESSAGE_MS)
    report([...path, 'expires'], `must be 366 days at most, not ${expiresMs}ms`);
  if (drop === true && expiresMs === undefined)
    report([...path, 'drop'], 'is about what becomes of a message that has expired; say when it does (expires)');
  if (drop === true && until === 'acknowledged')
    report([...path, 'drop'], 'would leave the task waiting for a message that nobody tells of; leave it out');
}

function checkType(type: string | undefined, path: Path, report: Report): void {
  if (type === '') report(path, 'is empty');
  if (type !== undefined && type.length > MAX_NAME_CHARS) report(path, `has more than ${MAX_NAME_CHARS} characters`);
}

/** Why there is no such mailbox, as far as the definition can tell: tasks may be added to a run. */
function addressProblem(address: string, group: TaskGroup, mailboxes: Mailboxes): string | undefined {
  if (mailboxes === undefined) return undefined;
  if (address.startsWith('#')) {
    const name = address.slice(1);
    // Declared with its #, it has been reported there.
    if (Object.hasOwn(mailboxes, name) || Object.hasOwn(mailboxes, address)) return undefined;
    const hint = didYouMean(
      address,
      Object.keys(mailboxes).map((one) => `#${one}`),
    );
    return `the workflow has no mailbox '${name}'${hint === '' ? `; say so at its top: mailboxes: { ${name}: {} }` : hint}`;
  }
  if (!isTaskPath(address))
    return `${JSON.stringify(address)} is no address: use the id of a task, or a name such as "#desk"`;
  const problem = pathProblem(address.split('/'), tasksAround(group));
  return problem !== undefined && Object.hasOwn(mailboxes, address)
    ? `there is no task '${address}' in its block, or in those around it; did you mean "#${address}"?`
    : problem;
}

/** Those that a name is looked for among, the innermost first: of a block, its handlers included, and of the blocks around it. */
const tasksAround = (group: TaskGroup): readonly TaskDefinition[] =>
  [...outwards(group, '')].flatMap(({ around }) => around.block.groups.flatMap(({ tasks }) => tasks));

/** Of one that another run has, or none: what is there, only the run knows. */
function farProblem(address: string): string | undefined {
  if (/^[#@]/.test(address) ? isId(address.slice(1)) : isTaskPath(address) || address.startsWith('client:'))
    return undefined;
  return `${JSON.stringify(address)} is no address: use the id of a task, a name such as "#desk", or a name of no run such as "@desk"`;
}

/** The id of a task that is perhaps meant by a name that is no task's: a program may be called anything. */
export function taskMeant(name: string, group: TaskGroup): string | undefined {
  const ids = tasksAround(group).map(({ id }) => id);
  return name.includes('/') || ids.includes(name.replace(/\[\d+\]$/, '')) ? undefined : nearest(name, ids);
}

/** The same of the path of a task, whose first segment is one of `around`. */
function pathProblem(segments: readonly string[], around: readonly TaskDefinition[]): string | undefined {
  let tasks = around;
  for (const [place, segment] of segments.entries()) {
    const name = segment.replace(/\[\d+\]$/, '');
    const before = segments.slice(0, place).join('/');
    const path = before === '' ? name : `${before}/${name}`;
    const task = tasks.find(({ id }) => id === name);
    if (task === undefined) {
      const where = place === 0 ? 'its block, or in those around it' : `'${before}'`;
      const known = tasks.map(({ id }) => id);
      return `there is no task '${name}' in ${where}${didYouMean(name, known)}`;
    }
    if (name === segment && isList(task))
      return `'${path}' is a list, whose items have mailboxes one by one: write "${path}[0]", or use a name (mailboxes) for all of them`;
    if (name !== segment && !isList(task)) return `'${path}' is no list, and has no items; write "${path}"`;
    tasks = task.scope === undefined ? [] : [...tasksWithin(task.scope)];
  }
  return undefined;
}
