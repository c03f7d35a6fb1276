import { parseDuration } from '../../shared/duration.ts';
import type { Cancel, ChildWorkflow, End, Expression, Raise, Sleep, Switch, Wait } from '../definition.ts';
import type { Path, Report } from '../problem.ts';
import type { FormReader } from './form-reader.ts';
import {
  describe,
  type Fields,
  isFields,
  readDuration,
  readFields,
  readFlag,
  readNumber,
  readText,
  readTexts,
} from './read.ts';
import { readForm } from './read-form.ts';
import { readBudget } from './read-limits.ts';
import { readMessageFilter } from './read-messages.ts';

/** `workflow`, the name of one, or `{ name, version }`, and what stands flat beside it. */
export function readChild(task: Fields, path: Path, report: Report): ChildWorkflow | undefined {
  const child = readChildName(task['workflow'], [...path, 'workflow'], report);
  if (child === undefined) return undefined;
  const budget = readBudget(task['budget'], [...path, 'budget'], report);
  return { ...child, ...(budget && { budget }) };
}

function readChildName(value: unknown, path: Path, report: Report): ChildWorkflow | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return { name: value };
  const fields = readFields(value, path, report, 'the name of a workflow, or { name, version }', ['name', 'version']);
  if (fields === undefined) return undefined;
  if (fields['name'] === undefined) report(path, 'needs name');
  const name = readText(fields['name'], [...path, 'name'], report);
  const version = readText(fields['version'], [...path, 'version'], report);
  return name === undefined ? undefined : { name, ...(version !== undefined && { version }) };
}

/** `{ signal, buffered, timeout, default }`, `{ message, timeout, default }` or `{ form, assignee, escalate, timeout, default }`. Its `timeout` is the time limit of the task: see readWaitTimeout. */
export function readWait(value: unknown, path: Path, report: Report, reader: FormReader): Wait | undefined {
  if (value === undefined) return undefined;
  const keys = ['signal', 'buffered', 'message', 'form', 'assignee', 'escalate', 'timeout', 'default'];
  const pause = typeof value === 'string' ? ' (a pause is a sleep)' : '';
  const fields = readFields(value, path, report, `an object with signal, message or form${pause}`, keys);
  if (fields === undefined) return undefined;
  if (fields['form'] !== undefined) return readForm(fields, path, report, reader);
  const kind = fields['message'] === undefined ? 'signal' : 'message';
  for (const key of ['assignee', 'escalate'])
    if (fields[key] !== undefined) report([...path, key], `belongs to a form, and this waits for a ${kind}`);
  if (kind === 'message') return readWaitForMessage(fields, path, report, reader);
  if (fields['signal'] === undefined) report(path, 'needs signal, the name of what it waits for, or message, or form');
  const signal = expression(fields, 'signal', path, report, reader.named);
  const otherwise = expression(fields, 'default', path, report, reader.value);
  const buffered = readFlag(fields['buffered'], [...path, 'buffered'], report) ?? true;
  return signal && { signal, ...(!buffered && { buffered }), ...(otherwise && { default: otherwise }) };
}

function readWaitForMessage(fields: Fields, path: Path, report: Report, reader: FormReader): Wait | undefined {
  if (fields['signal'] !== undefined) report([...path, 'signal'], 'stands beside a message; keep one of the two');
  if (fields['buffered'] !== undefined)
    report([...path, 'buffered'], 'is about signals; a mailbox keeps what came, and `where` says what of it is wanted');
  const message = readMessageFilter(fields['message'], [...path, 'message'], report, reader);
  const otherwise = expression(fields, 'default', path, report, reader.value);
  return message && { message, ...(otherwise && { default: otherwise }) };
}

/** The limit that stands inside a wait, where the task has none of its own. */
export function readWaitTimeout(task: Fields, path: Path, report: Report): number | undefined {
  const { wait } = task;
  if (!isFields(wait) || wait['timeout'] === undefined) return undefined;
  const at = [...path, 'wait', 'timeout'];
  if (task['timeout'] === undefined) return readDuration(wait['timeout'], at, report);
  report(at, 'is the same as the timeout of the task, which is there, too; keep one of the two');
  return undefined;
}

/** A duration, `{ for }` or `{ until }`. */
export function readSleep(value: unknown, path: Path, report: Report, reader: FormReader): Sleep | undefined {
  if (value === undefined) return undefined;
  if (!isFields(value)) {
    const ms = readDuration(value, path, report);
    return ms === undefined ? undefined : { kind: 'for', ms };
  }
  const fields = readFields(value, path, report, 'a duration, { for } or { until }', ['for', 'until']) ?? {};
  const { for: length, until } = fields;
  if ((length === undefined) === (until === undefined)) {
    report(path, 'must have exactly one of for and until');
    return undefined;
  }
  if (until !== undefined) {
    const moment = reader.value(until, [...path, 'until'], report);
    return moment && { kind: 'until', moment };
  }
  const ms = parseDuration(length);
  if (ms !== undefined) return { kind: 'for', ms };
  const duration = reader.value(length, [...path, 'for'], report);
  if (duration === undefined) return undefined;
  if (duration.kind !== 'template') return { kind: 'for-computed', duration };
  readDuration(length, [...path, 'for'], report);
  return undefined;
}

/** `[{ when, then }, …, { else }]`. */
export function readSwitch(value: unknown, path: Path, report: Report, reader: FormReader): Switch | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    report(path, `must be a list of cases, { when, then } and last { else }, not ${describe(value)}`);
    return undefined;
  }
  const cases: { when: Expression; then: string }[] = [];
  let otherwise: string | undefined;
  for (const [index, member] of value.entries()) {
    const at = [...path, index];
    const fields = readFields(member, at, report, 'a case, { when, then } or { else }', ['when', 'then', 'else']);
    if (fields === undefined) continue;
    if (fields['else'] === undefined) {
      for (const key of ['when', 'then']) if (fields[key] === undefined) report(at, `needs ${key}`);
      const when = expression(fields, 'when', at, report, reader.computed);
      const then = readText(fields['then'], [...at, 'then'], report);
      if (when && then !== undefined) cases.push({ when, then });
      continue;
    }
    if (fields['when'] !== undefined || fields['then'] !== undefined) {
      report(at, 'must be { when, then } or { else }, not both');
    }
    if (index < value.length - 1) report([...at, 'else'], 'must stand last, and once: nothing after it is ever asked');
    otherwise = readText(fields['else'], [...at, 'else'], report);
  }
  return { cases, ...(otherwise !== undefined && { otherwise }) };
}

/** The id of a task, a list of them, or `{ tasks, complete }`. */
export function readCancel(value: unknown, path: Path, report: Report): Cancel | undefined {
  if (value === undefined) return undefined;
  if (!isFields(value)) return { tasks: readTexts(value, path, report) };
  const fields = readFields(value, path, report, 'the id of a task, a list of them, or { tasks, complete }', [
    'tasks',
    'complete',
  ]);
  if (fields === undefined) return undefined;
  const { tasks, complete } = fields;
  if (complete !== undefined && complete !== true)
    report([...path, 'complete'], `must be true, or be left out, not ${describe(complete)}`);
  return { tasks: readTexts(tasks, [...path, 'tasks'], report), ...(complete === true && { complete }) };
}

/** `{}` or `{ output }`. */
export function readEnd(value: unknown, path: Path, report: Report, reader: FormReader): End | undefined {
  if (value === undefined) return undefined;
  const fields = readFields(value, path, report, 'an object: {} or { output }', ['output']);
  if (fields === undefined) return undefined;
  const output = expression(fields, 'output', path, report, reader.value);
  return { ...(output && { output }) };
}

/** `{ code, type, message, status, details }`. */
export function readRaise(value: unknown, path: Path, report: Report, reader: FormReader): Raise | undefined {
  if (value === undefined) return undefined;
  const keys = ['code', 'type', 'message', 'status', 'details'];
  const fields = readFields(value, path, report, 'an object with code', keys);
  if (fields === undefined) return undefined;
  if (fields['code'] === undefined) report(path, 'needs code');
  const code = readText(fields['code'], [...path, 'code'], report);
  const type = readText(fields['type'], [...path, 'type'], report);
  const message = expression(fields, 'message', path, report, reader.named);
  const status = readNumber(fields['status'], [...path, 'status'], report);
  const details = expression(fields, 'details', path, report, reader.value);
  if (code === undefined) return undefined;
  return {
    code,
    ...(type !== undefined && { type }),
    ...(message && { message }),
    ...(status !== undefined && { status }),
    ...(details && { details }),
  };
}

function expression(
  fields: Fields,
  key: string,
  path: Path,
  report: Report,
  read: FormReader['value'],
): Expression | undefined {
  return fields[key] === undefined ? undefined : read(fields[key], [...path, key], report);
}
