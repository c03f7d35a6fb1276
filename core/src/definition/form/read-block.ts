import type { Block, Catch, Loop } from '../definition.ts';
import type { Path, Report } from '../problem.ts';
import type { FormReader, ReadTasks } from './form-reader.ts';
import { describe, type Fields, readChoice, readFields, readNumber, readTexts } from './read.ts';
import { readBudget, readStrategy } from './read-limits.ts';

const BESIDE_A_SCOPE = ['output', 'catch', 'loop', 'budget', 'strategy'] as const;
const OUTCOMES = ['retry', 'continue', 'fail'] as const;
const ENDS = ['fail', 'accept'] as const;

/** `scope`, and what stands flat beside it. */
export function readScope(
  task: Fields,
  path: Path,
  report: Report,
  reader: FormReader,
  readTasks: ReadTasks,
): Block | undefined {
  const at = (key: string): Path => [...path, key];
  if (task['scope'] === undefined) {
    for (const key of BESIDE_A_SCOPE) {
      // An allotment is of the child run.
      if (task[key] !== undefined && !(key === 'budget' && task['workflow'] !== undefined))
        report(at(key), `belongs to a scope, and this task has none${otherOutput(key, task)}`);
    }
    return undefined;
  }
  const output = task['output'] === undefined ? undefined : reader.mapped(task['output'], at('output'), report);
  const concurrency = readNumber(task['concurrency'], at('concurrency'), report);
  const budget = readBudget(task['budget'], at('budget'), report);
  const clauses = readCatch(task['catch'], at('catch'), report, reader, readTasks);
  const loop = readLoop(task['loop'], at('loop'), report, reader);
  return {
    tasks: readTasks(task['scope'], at('scope')),
    ...(output && { output }),
    ...(concurrency !== undefined && { concurrency }),
    ...(budget && { budget }),
    ...readStrategy(task['strategy'], at('strategy'), report),
    ...(clauses && { catch: clauses }),
    ...(loop && { loop }),
  };
}

const otherOutput = (key: string, task: Fields): string =>
  key === 'output' && task['end'] !== undefined ? '; that of an end is written end: { output }' : '';

/** The clauses of a catch, of a scope or of the workflow. */
export function readCatch(
  value: unknown,
  path: Path,
  report: Report,
  reader: FormReader,
  readTasks: ReadTasks,
): readonly Catch[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    report(path, `must be a list of clauses, { on, when, do, then }, not ${describe(value)}`);
    return undefined;
  }
  return value.flatMap(
    (clause: unknown, index) => readClause(clause, [...path, index], report, reader, readTasks) ?? [],
  );
}

function readClause(
  value: unknown,
  path: Path,
  report: Report,
  reader: FormReader,
  readTasks: ReadTasks,
): Catch | undefined {
  const at = (key: string): Path => [...path, key];
  const keys = ['on', 'when', 'do', 'then', 'max', 'output'];
  const fields = readFields(value, path, report, 'a clause, { on, when, do, then }', keys);
  if (fields === undefined) return undefined;
  const on = fields['on'] === undefined ? {} : readFilters(fields['on'], at('on'), report);
  const when = fields['when'] === undefined ? undefined : reader.computed(fields['when'], at('when'), report);
  const handler = fields['do'] === undefined ? undefined : readTasks(fields['do'], at('do'));
  const then = readChoice(fields['then'], at('then'), report, OUTCOMES);
  if (fields['then'] === undefined) report(path, 'needs then: retry, continue or fail');
  const max = readNumber(fields['max'], at('max'), report);
  const output = fields['output'] === undefined ? undefined : reader.value(fields['output'], at('output'), report);
  return {
    ...on,
    ...(when && { when }),
    ...(handler && { handler }),
    then: then ?? 'fail',
    ...(max !== undefined && { max }),
    ...(output && { output }),
  };
}

function readFilters(value: unknown, path: Path, report: Report): Pick<Catch, 'codes' | 'causes' | 'tasks'> {
  const fields = readFields(value, path, report, 'an object with code, cause or task', ['code', 'cause', 'task']) ?? {};
  const texts = (key: string): readonly string[] | undefined =>
    fields[key] === undefined ? undefined : readTexts(fields[key], [...path, key], report);
  const codes = texts('code');
  const causes = texts('cause');
  const tasks = texts('task');
  return { ...(codes && { codes }), ...(causes && { causes }), ...(tasks && { tasks }) };
}

function readLoop(value: unknown, path: Path, report: Report, reader: FormReader): Loop | undefined {
  if (value === undefined) return undefined;
  const at = (key: string): Path => [...path, key];
  const keys = ['while', 'until', 'max', 'onExhausted', 'feedback'];
  const fields = readFields(value, path, report, 'an object with while or until, and max', keys);
  if (fields === undefined) return undefined;
  if (fields['max'] === undefined) report(path, 'needs max');
  const condition = (key: string) =>
    fields[key] === undefined ? undefined : reader.computed(fields[key], at(key), report);
  const before = condition('while');
  const until = condition('until');
  const max = readNumber(fields['max'], at('max'), report);
  const onExhausted = readChoice(fields['onExhausted'], at('onExhausted'), report, ENDS);
  const feedback =
    fields['feedback'] === undefined ? undefined : reader.value(fields['feedback'], at('feedback'), report);
  return {
    ...(before && { while: before }),
    ...(until && { until }),
    max: max ?? 1,
    onExhausted: onExhausted ?? 'fail',
    ...(feedback && { feedback }),
  };
}
