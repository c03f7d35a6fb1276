import { isRepriseError } from '../../shared/errors.ts';
import type { Analysis } from '../cel/analysis.ts';
import { compile } from '../cel/program.ts';
import type { Expression, TaskDefinition, WorkflowDefinition } from '../definition.ts';
import { didYouMean } from '../did-you-mean.ts';
import { between, byId, fallbackTasks, leadsTo } from '../graph.ts';
import type { Path, Report } from '../problem.ts';
import { celOf, stringsOf } from '../template.ts';
import { numberProblem } from '../text/number-literal.ts';

/** What an expression may read where it stands. */
interface Place {
  readonly path: Path;
  readonly variables: ReadonlySet<string>;
  /** Whether the output of a task is there. */
  sees(id: string): boolean;
  /** The task that the expression belongs to, if any. */
  readonly task?: string;
}

const EVERYWHERE = ['input', 'outputs', 'runId', 'round'];

/** CEL must parse, and read only what is there: variables of the place, outputs of tasks that come before. */
export function checkExpressions(definition: WorkflowDefinition, report: Report): void {
  const { tasks } = definition;
  const known = byId(tasks);
  const repeated = new Set(
    tasks.flatMap((task) => (task.repeat ? [...between(tasks, task.repeat.from, task.id)] : [])),
  );
  const check = (expression: Expression, place: Place): void => checkExpression(expression, place, known, report);
  for (const task of tasks) {
    const after = (id: string): readonly string[] => known.get(id)?.after ?? [];
    const sees = (id: string): boolean => leadsTo(task.id, id, after);
    const path = ['tasks', task.id];
    const basic = repeated.has(task.id) ? [...EVERYWHERE, 'feedback'] : EVERYWHERE;
    const place = (slot: Path, ...more: readonly string[]): Place => ({
      path: [...path, ...slot],
      variables: new Set([...basic, ...more]),
      sees,
      task: task.id,
    });
    if (task.when !== undefined) check(task.when, place(['when']));
    if (task.input !== undefined) check(task.input, place(['input'], ...(task.forEach ? ['item', 'index'] : [])));
    if (task.forEach !== undefined) check(task.forEach.items, place(['forEach', 'items']));
    if (task.repeat !== undefined) check(task.repeat.until, place(['repeat', 'until'], 'output', 'feedback'));
  }
  if (definition.output !== undefined) {
    const fallbacks = fallbackTasks(tasks);
    const sees = (id: string): boolean => known.has(id) && !fallbacks.has(id);
    check(definition.output, { path: ['output'], variables: new Set(EVERYWHERE), sees });
  }
}

function checkExpression(
  expression: Expression,
  place: Place,
  known: ReadonlyMap<string, TaskDefinition>,
  report: Report,
): void {
  switch (expression.kind) {
    case 'function':
      return;
    case 'cel':
      checkSource(expression.source, place, known, report);
      return;
    case 'template':
      for (const { path, text } of stringsOf(expression.template)) {
        const source = celOf(text);
        if (source !== undefined) checkSource(source, { ...place, path: [...place.path, ...path] }, known, report);
      }
  }
}

function checkSource(source: string, place: Place, known: ReadonlyMap<string, TaskDefinition>, report: Report): void {
  let analysis: Analysis;
  try {
    analysis = compile(source).analysis;
  } catch (error) {
    report(place.path, isRepriseError(error) ? error.message : String(error));
    return;
  }
  for (const whole of analysis.largeIntegers) {
    report(place.path, `CEL expression ${quote(source)}: ${numberProblem(String(whole), Number(whole)) ?? ''}`);
  }
  for (const name of analysis.variables) {
    if (!place.variables.has(name)) report(place.path, `'${name}' is not available here: ${whereIs(name)}`);
  }
  for (const id of analysis.outputs) {
    if (!place.sees(id)) report(place.path, `outputs.${id}: ${whyNot(id, place, known)}`);
  }
}

const quote = (source: string): string => (source.length > 120 ? `${source.slice(0, 117)}...` : source);

function whereIs(name: string): string {
  if (name === 'output') return 'it is the output of a repeating task, in repeat.until';
  if (name === 'feedback') return 'it is what a repeating task said in the round before, in the tasks that repeat';
  return 'it is for the input of a forEach task';
}

function whyNot(id: string, place: Place, known: ReadonlyMap<string, TaskDefinition>): string {
  if (!known.has(id)) {
    const dotted = known.keys().find((other) => other.startsWith(`${id}.`));
    if (dotted !== undefined) return `there is no task '${id}'; the output of '${dotted}' is outputs["${dotted}"]`;
    return `there is no task '${id}'${didYouMean(id, known.keys())}`;
  }
  if (place.task === undefined) return `'${id}' runs only as a fallback; read the task that it stands in for`;
  if (place.task === id) return `the output of '${id}' is not there before it has run; in repeat.until, use output`;
  return `'${place.task}' does not come after '${id}', so its output may not be there; add '${id}' to after`;
}
