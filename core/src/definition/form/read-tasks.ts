import { MAX_LEVELS } from '../../shared/task-path.ts';
import type { TaskDefinition } from '../definition.ts';
import { didYouMean } from '../did-you-mean.ts';
import type { Path, Report } from '../problem.ts';
import { casesOf } from '../switch-cases.ts';
import type { FormReader, WrittenTask } from './form-reader.ts';
import { describe, isFields, readText } from './read.ts';
import { readTask } from './read-task.ts';

/** What is said where blocks are nested too deep. */
export const TOO_MANY_LEVELS = `is nested deeper than ${MAX_LEVELS} levels; make a workflow of its own of it`;

/** The tasks of a block, those of the blocks inside them included. */
export function readTasks(
  value: unknown,
  path: Path,
  report: Report,
  reader: FormReader,
  level = 1,
): readonly TaskDefinition[] {
  if (level > MAX_LEVELS) {
    report(path, TOO_MANY_LEVELS);
    return [];
  }
  const written = reader.tasks(value, path, report);
  const inner = (tasks: unknown, at: Path): readonly TaskDefinition[] =>
    readTasks(tasks, at, report, reader, level + 1);
  const tasks = written.map(({ id, task }) => readTask(id, task, [...path, id], report, reader, inner));
  return withCases(tasks, written, path, report);
}

/** Fills in `cases`: what `case` says, and where it says nothing, the case that a task has the name of. */
function withCases(
  tasks: readonly TaskDefinition[],
  written: readonly WrittenTask[],
  path: Path,
  report: Report,
): readonly TaskDefinition[] {
  const switches = new Map<string, ReadonlySet<string>>();
  for (const task of tasks) if (task.switch) switches.set(task.id, casesOf(task.switch));
  return tasks.map((definition, index) => {
    const { id, after } = definition;
    const deciding = after.filter((other) => switches.has(other));
    const task = written[index]?.task;
    const said = isFields(task) && task['case'] !== undefined ? task['case'] : undefined;
    if (said === undefined && deciding.length === 0) return definition;
    const cases = new Map(deciding.filter((other) => switches.get(other)?.has(id)).map((other) => [other, id]));
    for (const [other, name] of readCase(said, deciding, [...path, id, 'case'], report)) cases.set(other, name);
    return cases.size === 0 ? definition : { ...definition, cases: Object.fromEntries(cases) };
  });
}

/** `case: book`, or by the switch, `case: { route: book }`. */
function readCase(
  value: unknown,
  switches: readonly string[],
  path: Path,
  report: Report,
): readonly (readonly [string, string])[] {
  if (value === undefined) return [];
  const [only, ...others] = new Set(switches);
  if (only === undefined) {
    report(path, 'is of a switch, and none is among those that this task comes after; add it to after');
    return [];
  }
  if (isFields(value)) {
    return Object.entries(value).flatMap(([id, name]) => {
      const text = readText(name, [...path, id], report);
      if (!switches.includes(id)) {
        report([...path, id], `is no switch that this task comes after${didYouMean(id, switches)}`);
        return [];
      }
      return text === undefined ? [] : [[id, text] as const];
    });
  }
  if (typeof value !== 'string') {
    report(path, `must be the name of a case, or { switch: case }, not ${describe(value)}`);
    return [];
  }
  if (others.length === 0) return [[only, value]];
  report(path, `could be of ${switches.map((id) => `'${id}'`).join(' or ')}; write case: { ${only}: ${value} }`);
  return [];
}
