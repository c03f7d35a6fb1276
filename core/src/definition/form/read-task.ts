import { type Json, jsonProblem } from '../../shared/json.ts';
import {
  type Compensate,
  type Expression,
  type Fallback,
  type Join,
  type Mutex,
  PERFORMERS,
  PERMISSIONS,
  type Performer,
  type Permission,
  type Repeat,
  type TaskDefinition,
  type TaskTimeouts,
} from '../definition.ts';
import type { Path, Report } from '../problem.ts';
import type { FormReader, ReadTasks } from './form-reader.ts';
import { describe, type Fields, isFields, readChoice, readFields, readNumber, readText, readTexts } from './read.ts';
import { readScope } from './read-block.ts';
import { readForEach } from './read-for-each.ts';
import { NO_RETRY, NO_RETRY_HERE, NO_RETRY_OF_SCOPES, readMaxUsage, readRetry, readTimeouts } from './read-limits.ts';
import { readSend } from './read-messages.ts';
import {
  readCancel,
  readChild,
  readEnd,
  readRaise,
  readSleep,
  readSwitch,
  readWait,
  readWaitTimeout,
} from './read-performer.ts';

const TASK_KEYS: readonly string[] = [
  ...PERFORMERS,
  ...[
    'description',
    'after',
    'case',
    'join',
    'rest',
    'when',
    'while',
    'input',
    'forEach',
    'concurrency',
    'onItemFailure',
  ],
  ...[
    'output',
    'catch',
    'loop',
    'budget',
    'strategy',
    'retry',
    'timeout',
    'fallback',
    'repeat',
    'compensate',
    'mutex',
    'priority',
    'delivery',
    'may',
    'maxUsage',
  ],
];

const DELIVERIES = ['at-least-once', 'at-most-once'] as const;

/**
 * A task of the human form (or the builder's options, which are the same) as data, defaults filled in. `readTasks` reads the
 * tasks inside it. Its `case` asks for the tasks around it, and is read with them.
 */
export function readTask(
  id: string,
  value: unknown,
  path: Path,
  report: Report,
  reader: FormReader,
  readTasks: ReadTasks,
): TaskDefinition {
  // Nothing below an id is mostly what belongs below it, and stands as far to the left.
  const what = value === null ? 'a task (an object), indented further than its id' : 'a task (an object)';
  const fields = readFields(value, path, report, what, TASK_KEYS) ?? {};
  const at = (key: string): Path => [...path, key];
  const read = (key: string, as: FormReader['value']): Expression | undefined =>
    fields[key] === undefined ? undefined : as(fields[key], at(key), report);
  const description = readText(fields['description'], at('description'), report);
  const performer = readPerformer(fields, path, report, reader, readTasks);
  const when = read('when', reader.computed);
  const milestone = read('while', reader.computed);
  const input = read('input', reader.mapped);
  const forEach = readForEach(fields, path, report, reader);
  const fallback = readFallbacks(fields['fallback'], at('fallback'), report, reader);
  const repeat = readRepeat(id, fields['repeat'], at('repeat'), report, reader);
  const join = readJoin(fields['join'], at('join'), report);
  const rest = readChoice(fields['rest'], at('rest'), report, ['let', 'cancel']);
  const compensate = readCompensate(fields['compensate'], at('compensate'), report, reader);
  const mutex = readMutex(fields['mutex'], at('mutex'), report, reader);
  const may = readMay(fields['may'], at('may'), report);
  const maxUsage = readMaxUsage(fields['maxUsage'], at('maxUsage'), report);
  return {
    id,
    ...(description !== undefined && { description }),
    ...performer,
    after: readTexts(fields['after'], at('after'), report),
    ...(join !== undefined && { join }),
    ...(rest && { rest }),
    ...(when && { when }),
    ...(milestone && { while: milestone }),
    ...(input && { input }),
    ...(forEach && { forEach }),
    ...readLimits(fields, path, report),
    ...(fallback && { fallback }),
    ...(repeat && { repeat }),
    ...(compensate && { compensate }),
    ...(mutex && { mutex }),
    priority: readNumber(fields['priority'], at('priority'), report) ?? 0,
    delivery: readChoice(fields['delivery'], at('delivery'), report, DELIVERIES) ?? 'at-least-once',
    ...(may && { may }),
    ...(maxUsage && { maxUsage }),
  };
}

/** One of what an agent may do to the run, or a list. An empty list says nothing. */
function readMay(value: unknown, path: Path, report: Report): readonly Permission[] | undefined {
  const names = readTexts(value, path, report);
  const read = names.flatMap((name, index) => {
    const at = typeof value === 'string' ? path : [...path, index];
    return readChoice(name, at, report, PERMISSIONS) ?? [];
  });
  return read.length === 0 ? undefined : read;
}

/** All performers that are written; that it must be one is said by validation. */
function readPerformer(fields: Fields, path: Path, report: Report, reader: FormReader, readTasks: ReadTasks) {
  const at = (key: string): Path => [...path, key];
  const agent = readText(fields['agent'], at('agent'), report);
  const capability = readText(fields['capability'], at('capability'), report);
  const workflow = readChild(fields, path, report);
  const scope = readScope(fields, path, report, reader, readTasks);
  const wait = readWait(fields['wait'], at('wait'), report, reader);
  const sleep = readSleep(fields['sleep'], at('sleep'), report, reader);
  const set = fields['set'] === undefined ? undefined : reader.value(fields['set'], at('set'), report);
  const send = readSend(fields['send'], at('send'), report, reader);
  const choice = readSwitch(fields['switch'], at('switch'), report, reader);
  const cancel = readCancel(fields['cancel'], at('cancel'), report);
  const end = readEnd(fields['end'], at('end'), report, reader);
  const raise = readRaise(fields['raise'], at('raise'), report, reader);
  const found = [agent, capability, workflow, scope, wait, sleep, set, send, choice, cancel, end, raise];
  // What could not be read has been told; that there is no performer would be told on top of it.
  if (found.every((one) => one === undefined)) return isOneOf(fields, PERFORMERS) ? { agent: 'unreadable' } : {};
  return {
    ...(agent !== undefined && { agent }),
    ...(capability !== undefined && { capability }),
    ...(workflow && { workflow }),
    ...(scope && { scope }),
    ...(wait && { wait }),
    ...(sleep && { sleep }),
    ...(set && { set }),
    ...(send && { send }),
    ...(choice && { switch: choice }),
    ...(cancel && { cancel }),
    ...(end && { end }),
    ...(raise && { raise }),
  };
}

const RETRIED: readonly Performer[] = ['agent', 'capability', 'workflow'];
const ENTERED = PERFORMERS.filter((performer) => !RETRIED.includes(performer));

const isOneOf = (fields: Fields, performers: readonly Performer[]): boolean =>
  performers.some((performer) => fields[performer] !== undefined);

function readLimits(fields: Fields, path: Path, report: Report): Pick<TaskDefinition, 'retry' | 'timeouts'> {
  const isForAgents = isOneOf(fields, ['agent', 'capability']) || !isOneOf(fields, PERFORMERS);
  const retry = readRetry(fields['retry'], [...path, 'retry'], report, isForAgents ? undefined : NO_RETRY);
  if (fields['retry'] !== undefined && isOneOf(fields, ENTERED) && !isOneOf(fields, RETRIED)) {
    report([...path, 'retry'], fields['scope'] === undefined ? NO_RETRY_HERE : NO_RETRY_OF_SCOPES);
  }
  const waitMs = readWaitTimeout(fields, path, report);
  const timeouts: TaskTimeouts = {
    ...readTimeouts(fields['timeout'], [...path, 'timeout'], report, isForAgents ? 'attempt' : 'task'),
    ...(waitMs !== undefined && { taskMs: waitMs }),
  };
  return { retry, timeouts };
}

function readJoin(value: unknown, path: Path, report: Report): Join | undefined {
  if (value === undefined || value === 'all' || value === 'any' || value === 'each' || typeof value === 'number')
    return value;
  report(path, `must be "all", "any", "each" or a number, not ${describe(value)}`);
  return undefined;
}

/** The name of an agent, or `{ agent | capability, input, retry, timeout }`. */
function readCompensate(value: unknown, path: Path, report: Report, reader: FormReader): Compensate | undefined {
  if (value === undefined) return undefined;
  const at = (key: string): Path => [...path, key];
  const keys = ['agent', 'capability', 'input', 'retry', 'timeout'];
  const what = 'the name of an agent, or { agent | capability, input, retry, timeout }';
  const fields = typeof value === 'string' ? { agent: value } : readFields(value, path, report, what, keys);
  if (fields === undefined) return undefined;
  const agent = readText(fields['agent'], at('agent'), report);
  const capability = readText(fields['capability'], at('capability'), report);
  const input = fields['input'] === undefined ? undefined : reader.mapped(fields['input'], at('input'), report);
  return {
    ...(agent !== undefined && { agent }),
    ...(capability !== undefined && { capability }),
    ...(input && { input }),
    retry: readRetry(fields['retry'], at('retry'), report),
    timeouts: readTimeouts(fields['timeout'], at('timeout'), report, 'attempt'),
  };
}

/** A template of the key, or `{ key, across }`. */
function readMutex(value: unknown, path: Path, report: Report, reader: FormReader): Mutex | undefined {
  if (value === undefined) return undefined;
  const nested = isFields(value) && 'key' in value;
  const fields = nested ? (readFields(value, path, report, 'a key', ['key', 'across']) ?? {}) : { key: value };
  const { across } = fields as Fields;
  const reach = readChoice(across, [...path, 'across'], report, ['run', 'workflow', 'tenant']) ?? 'run';
  const key = reader.named(fields['key'], nested ? [...path, 'key'] : path, report);
  return key && { key, across: reach };
}

/** One, or a list of them, each of which stands in for the one before. */
function readFallbacks(value: unknown, path: Path, report: Report, reader: FormReader): Fallback | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return readFallback(value, path, report, reader);
  if (value.length === 0) report(path, 'is empty; leave it out, or name what stands in');
  const all = value.map((one: unknown, index) => readFallback(one, [...path, index], report, reader));
  let then: Fallback | undefined;
  for (const [index, fallback] of [...all.entries()].toReversed()) {
    if (fallback === undefined) return undefined;
    if (index < all.length - 1 && fallback.kind === 'value')
      report([...path, index], 'is a value, which does not fail; let it stand last');
    if (index < all.length - 1 && fallback.kind === 'task')
      report([...path, index], `is a task; let it stand last, and give '${fallback.task}' a fallback of its own`);
    then = fallback.kind === 'agent' && then !== undefined ? { ...fallback, then } : fallback;
  }
  return then;
}

function readFallback(value: unknown, path: Path, report: Report, reader: FormReader): Fallback | undefined {
  const keys = ['agent', 'task', 'value', 'input'];
  const fields = readFields(value, path, report, 'one of { agent }, { task } and { value }, or a list of them', keys);
  if (fields === undefined) return undefined;
  const [kind, ...others] = keys.slice(0, 3).filter((key) => fields[key] !== undefined);
  if (kind === undefined || others.length > 0) {
    report(path, 'must have exactly one of agent, task and value');
    return undefined;
  }
  if (kind !== 'agent' && fields['input'] !== undefined)
    report(
      [...path, 'input'],
      `is for an agent; ${kind === 'task' ? 'write the input of the task there' : 'a value is handed nothing'}`,
    );
  if (kind === 'value') return readFallbackValue(fields['value'], path, report);
  const name = readText(fields[kind], [...path, kind], report);
  if (name === undefined) return undefined;
  if (kind === 'task') return { kind, task: name };
  const input = fields['input'] === undefined ? undefined : reader.mapped(fields['input'], [...path, 'input'], report);
  return { kind: 'agent', agent: name, ...(input && { input }) };
}

function readFallbackValue(value: unknown, path: Path, report: Report): Fallback | undefined {
  const problem = jsonProblem(value);
  if (problem === undefined) return { kind: 'value', value: value as Json };
  report([...path, 'value'], `is not plain JSON: ${problem}`);
  return undefined;
}

function readRepeat(id: string, value: unknown, path: Path, report: Report, reader: FormReader): Repeat | undefined {
  if (value === undefined) return undefined;
  const fields = readFields(value, path, report, 'an object with until and max', [
    'from',
    'until',
    'max',
    'onExhausted',
  ]);
  if (fields === undefined) return undefined;
  for (const key of ['until', 'max']) if (fields[key] === undefined) report(path, `needs ${key}`);
  const until =
    fields['until'] === undefined ? undefined : reader.computed(fields['until'], [...path, 'until'], report);
  const max = readNumber(fields['max'], [...path, 'max'], report);
  if (until === undefined || max === undefined) return undefined;
  const ends = ['fail', 'accept'] as const;
  return {
    from: readText(fields['from'], [...path, 'from'], report) ?? id,
    until,
    max,
    onExhausted: readChoice(fields['onExhausted'], [...path, 'onExhausted'], report, ends) ?? 'fail',
  };
}
