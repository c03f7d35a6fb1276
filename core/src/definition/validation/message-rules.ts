import { isId } from '../../shared/ids.ts';
import {
  DEAD_LETTERS,
  MAX_MAILBOX_LIMIT,
  MAX_MESSAGE_MS,
  MAX_NAME_CHARS,
  MAX_SUBSCRIBERS,
} from '../../shared/message-limits.ts';
import type { Performative } from '../../shared/performatives.ts';
import { isTaskPath } from '../../shared/task-path.ts';
import type { TaskGroup } from '../blocks.ts';
import {
  type Expression,
  isList,
  type MailboxDefinition,
  type Send,
  type TaskDefinition,
  type TopicDefinition,
  tasksWithin,
  type WorkflowDefinition,
} from '../definition.ts';
import { didYouMean, nearest } from '../did-you-mean.ts';
import type { Path, Report } from '../problem.ts';
import { checkSchema } from '../schema/schema-problems.ts';
import { checkRetry } from './field-rules.ts';
import { outwards } from './outwards.ts';
import { checkCount, checkName, checkTextTemplate, checkTime, literal } from './value-rules.ts';

/** The names that a workflow declares. Undefined: what there is is not known. */
export type Names =
  | {
      readonly mailboxes: Readonly<Record<string, MailboxDefinition>>;
      readonly topics: Readonly<Record<string, TopicDefinition>>;
    }
  | undefined;

export const namesOf = ({ mailboxes = {}, topics = {} }: WorkflowDefinition): NonNullable<Names> => ({
  mailboxes,
  topics,
});

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

/** Topics and who has what is published under them without a word: `root` are the tasks of the run. */
export function checkTopics(definition: WorkflowDefinition, root: TaskGroup | undefined, report: Report): void {
  const names = namesOf(definition);
  for (const [name, { subscribers = [] }] of Object.entries(names.topics)) {
    const path = ['topics', name];
    if (name.startsWith('#')) report(path, `is what is published under; declare it without #: ${name.slice(1)}`);
    else checkName(name, path, 'the name of a topic', report);
    if (`#${name}` === DEAD_LETTERS)
      report(path, 'is the mailbox of dead letters, which each run has; choose another name');
    else if (Object.hasOwn(names.mailboxes, name))
      report(path, `is the name of a mailbox, too: "#${name}" would be both; choose another one for one of them`);
    if (subscribers.length > MAX_SUBSCRIBERS)
      report([...path, 'subscribers'], `must be ${MAX_SUBSCRIBERS} at most, not ${subscribers.length}`);
    for (const [index, address] of subscribers.entries()) {
      const problem =
        subscribers.indexOf(address) < index
          ? 'is named twice'
          : address === DEAD_LETTERS
            ? 'is where dead letters come to; nothing is sent there'
            : root === undefined
              ? undefined
              : addressProblem(address, root, names, true);
      if (problem !== undefined) report([...path, 'subscribers', index], problem);
    }
  }
}

/** Where messages go to and come from is there, as far as it is written. */
export function checkMessages(group: TaskGroup, names: Names, report: Report): void {
  for (const task of group.tasks) {
    const { id, send, wait } = task;
    if (send !== undefined) checkSend(send, [...group.path, id, 'send'], group, names, report);
    const filter = wait?.message;
    if (filter === undefined) continue;
    const path = [...group.path, id, 'wait', 'message'];
    if (filter.mailbox !== undefined) {
      const problem =
        filter.mailbox === DEAD_LETTERS
          ? undefined
          : filter.mailbox.startsWith('@')
            ? farProblem(filter.mailbox)
            : addressProblem(filter.mailbox, group, names);
      if (problem !== undefined) report([...path, 'mailbox'], problem);
    }
    if (filter.mailbox?.startsWith('@') === true && filter.where !== undefined)
      report(
        [...path, 'where'],
        `cannot be asked at ${JSON.stringify(filter.mailbox)}, which knows nothing of the run; say from, type or performative, or take the message and look at it`,
      );
    if (filter.from === '') report([...path, 'from'], 'is empty');
    checkType(filter.type, [...path, 'type'], report);
    if (filter.schema !== undefined) checkSchema(filter.schema, [...path, 'schema'], report);
    for (const key of ['run', 'conversation', 'inReplyTo'] as const)
      if (filter[key] !== undefined) checkTextTemplate(filter[key], [...path, key], report);
  }
}

function checkSend(send: Send, path: Path, group: TaskGroup, names: Names, report: Report): void {
  const { to, run, topic, type, conversation, inReplyTo, expiresMs, deadlineMs, drop, until } = send;
  if (to !== undefined) checkAddress(to, run, path, group, names, report);
  if (to === undefined && run !== undefined)
    report(
      [...path, 'run'],
      'is of an address (to), and what is published goes to subscribers of this run; leave it out',
    );
  if (topic !== undefined) checkPublished(topic, send, path, names, report);
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
  checkTalk(send, path, report);
  checkTime(deadlineMs, [...path, 'deadline'], report);
  if (deadlineMs !== undefined && deadlineMs > MAX_MESSAGE_MS)
    report([...path, 'deadline'], `must be 366 days at most, not ${deadlineMs}ms`);
}

function checkAddress(
  to: Expression,
  run: Expression | undefined,
  path: Path,
  group: TaskGroup,
  names: Names,
  report: Report,
): void {
  checkTextTemplate(to, [...path, 'to'], report);
  if (run !== undefined) checkTextTemplate(run, [...path, 'run'], report);
  const address = literal(to);
  if (typeof address !== 'string' || address === '') return;
  const problem =
    address === DEAD_LETTERS
      ? 'is where dead letters come to; nothing is sent there'
      : run === undefined && !address.startsWith('@')
        ? addressProblem(address, group, names)
        : farProblem(address);
  if (problem !== undefined) report([...path, 'to'], problem);
  if (run !== undefined && address.startsWith('@'))
    report([...path, 'run'], `cannot stand beside ${JSON.stringify(address)}, which is a name of no run`);
}

/** What is published goes to several, of whom none is known. */
function checkPublished(topic: Expression, send: Send, path: Path, names: Names, report: Report): void {
  checkTextTemplate(topic, [...path, 'topic'], report);
  const name = literal(topic);
  const problem = typeof name !== 'string' || name === '' ? undefined : topicProblem(name, names);
  if (problem !== undefined) report([...path, 'topic'], problem);
  for (const key of ['conversation', 'inReplyTo'] as const)
    if (send[key] !== undefined)
      report([...path, key], 'is said to one, and what is published goes to whoever subscribes; leave it out');
  if (send.until !== undefined && send.until !== 'sent')
    report([...path, 'until'], `waits for one, and what is published goes to whoever subscribes; leave it out`);
}

/** What is said of an answer, where none is asked for. */
function checkTalk({ performative = 'inform', deadlineMs, until }: Send, path: Path, report: Report): void {
  const asks = ASKING.includes(performative);
  if (until === 'replied' && performative === 'cfp')
    report(
      [...path, 'performative'],
      'calls for proposals, and a send can neither accept nor reject the one that it is told: whoever makes it would wait for that; ask by query, or let an agent call (messages.request), which can',
    );
  else if (until === 'replied' && performative === 'subscribe')
    report(
      [...path, 'performative'],
      'asks to be told again and again, and a send hears the first of it: whoever tells would go on; ask by query, or let an agent subscribe, which can cancel',
    );
  else if (until === 'replied' && !asks && performative !== 'inform')
    report(
      [...path, 'performative'],
      `is answered by nobody (${performative}); ask by request or query, or leave it out: request`,
    );
  else if (deadlineMs !== undefined && !asks && performative !== 'agree' && until !== 'replied')
    report(
      [...path, 'deadline'],
      `is about an answer, and ${performative} asks for none; use expires for how long it may lie there`,
    );
}

/** Performatives that open a conversation. */
const ASKING: readonly Performative[] = ['request', 'query', 'cfp', 'subscribe'];

/** Why nothing can be published so, as far as the definition can tell. */
function topicProblem(address: string, names: Names): string | undefined {
  if (!address.startsWith('#')) {
    const meant = names !== undefined && Object.hasOwn(names.topics, address) ? `; did you mean "#${address}"?` : '';
    return `${JSON.stringify(address)} is no topic: they are written as "#news"${meant}`;
  }
  if (names === undefined) return undefined;
  const name = address.slice(1);
  if (Object.hasOwn(names.topics, name) || Object.hasOwn(names.topics, address)) return undefined;
  if (Object.hasOwn(names.mailboxes, name)) return `'${name}' is a mailbox, and no topic: write to: "${address}"`;
  const hint = didYouMean(
    address,
    Object.keys(names.topics).map((one) => `#${one}`),
  );
  return `the workflow has no topic '${name}'${hint === '' ? `; say so at its top: topics: { ${name}: {} }` : hint}`;
}

function checkType(type: string | undefined, path: Path, report: Report): void {
  if (type === '') report(path, 'is empty');
  if (type !== undefined && type.length > MAX_NAME_CHARS) report(path, `has more than ${MAX_NAME_CHARS} characters`);
}

/** Why there is no such mailbox, as far as the definition can tell: tasks may be added to a run. */
function addressProblem(address: string, group: TaskGroup, names: Names, alsoLists = false): string | undefined {
  if (names === undefined) return undefined;
  const { mailboxes, topics } = names;
  if (address.startsWith('#')) {
    const name = address.slice(1);
    // Declared with its #, it has been reported there.
    if (Object.hasOwn(mailboxes, name) || Object.hasOwn(mailboxes, address)) return undefined;
    if (Object.hasOwn(topics, name)) return `'${name}' is a topic, and no mailbox: it is published to (topic)`;
    const hint = didYouMean(
      address,
      Object.keys(mailboxes).map((one) => `#${one}`),
    );
    return `the workflow has no mailbox '${name}'${hint === '' ? `; say so at its top: mailboxes: { ${name}: {} }` : hint}`;
  }
  if (!isTaskPath(address))
    return `${JSON.stringify(address)} is no address: use the id of a task, or a name such as "#desk"`;
  const problem = pathProblem(address.split('/'), tasksAround(group), alsoLists);
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
function pathProblem(
  segments: readonly string[],
  around: readonly TaskDefinition[],
  alsoLists: boolean,
): string | undefined {
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
    if (name === segment && isList(task) && !(alsoLists && place === segments.length - 1))
      return `'${path}' is a list, whose items have mailboxes one by one: write "${path}[0]", or use a name (mailboxes) for all of them`;
    if (name !== segment && !isList(task)) return `'${path}' is no list, and has no items; write "${path}"`;
    tasks = task.scope === undefined ? [] : [...tasksWithin(task.scope)];
  }
  return undefined;
}
