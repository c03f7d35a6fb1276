import type { RepriseError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { Expression } from '../definition.ts';
import { cel, template } from '../expression.ts';
import { describe, isFields, readFields, readText } from '../form/read.ts';
import { type ExpressionReader, readTask } from '../form/read-task.ts';
import { readWorkflow, WORKFLOW_KEYS } from '../form/read-workflow.ts';
import { type DefinitionProblem, definitionInvalid, MAX_LISTED, type Report, withoutRepetitions } from '../problem.ts';
import { hashDefinition } from '../recorded.ts';
import { celOf } from '../template.ts';
import { validateDefinition } from '../validation/validate-definition.ts';
import type { Workflow } from '../workflow.ts';
import { parseText, type TextOptions } from './parse-document.ts';

export interface ParseOptions extends TextOptions {
  /** What the text is called in problems. */
  readonly file?: string;
}

/**
 * The workflow in a YAML or JSON text (docs/reference/workflow-format.md), its tasks in the order in which they are
 * written. Throws one REPRISE_DEFINITION_INVALID that lists every problem with its line, column and path.
 */
export function parseWorkflow(text: string, options: ParseOptions = {}): Workflow {
  const what = options.file === undefined ? 'The workflow' : `The workflow in ${options.file}`;
  const parsed = parseText(text, what, options);
  const locate = (problem: DefinitionProblem): DefinitionProblem => ({ ...problem, ...parsed.locate(problem.path) });
  return load(parsed.value, what, locate, parsed.keys(['tasks']));
}

/**
 * The workflow in a JSON value of the same form. Throws as parseWorkflow does, without lines. A JavaScript object holds keys
 * such as "20" and "3" in ascending order and before all others, so tasks with such ids come in that order.
 */
export const loadDefinition = (value: Json): Workflow => load(value, 'The workflow', (problem) => problem);

function load(
  value: Json,
  what: string,
  locate: (problem: DefinitionProblem) => DefinitionProblem,
  ids?: readonly string[],
): Workflow {
  const problems: DefinitionProblem[] = [];
  const report: Report = (path, message) => {
    problems.push({ path, message });
  };
  const fields = readFields(value, [], report, 'a workflow (an object)', ['name', ...WORKFLOW_KEYS, 'tasks']);
  // To find a place costs a walk through the text.
  const refusal = (): RepriseError =>
    definitionInvalid(what, [...problems.slice(0, MAX_LISTED).map(locate), ...problems.slice(MAX_LISTED)]);
  if (fields === undefined) throw refusal();
  for (const key of ['name', 'tasks']) if (fields[key] === undefined) report([key], 'is missing');
  const tasks = fields['tasks'] ?? {};
  if (!isFields(tasks)) report(['tasks'], `must be an object of tasks by id, not ${describe(tasks)}`);
  const written = isFields(tasks) ? (ids ?? Object.keys(tasks)).map((id) => ({ id, task: tasks[id] })) : [];
  const definition = readWorkflow(
    readText(fields['name'], ['name'], report) ?? 'unnamed',
    fields,
    written.map(({ id, task }) => readTask(id, task, ['tasks', id], report, reader)),
    report,
    reader,
  );
  for (const problem of withoutRepetitions(validateDefinition(definition), problems)) problems.push(problem);
  if (problems.length > 0) throw refusal();
  return { definition, hash: hashDefinition(definition), agents: [] };
}

const reader: ExpressionReader = {
  computed(value, path, report) {
    if (typeof value === 'string') return cel(celOf(value) ?? value);
    report(path, `must be a CEL expression (text), not ${describe(value)}`);
    return undefined;
  },
  mapped(value, path, report): Expression | undefined {
    if (typeof value === 'string' && LOOKS_LIKE_CEL.test(value)) {
      report(path, `is the text ${describe(value)}; for its value write "\${ ${value} }"`);
      return undefined;
    }
    return template(value as Json);
  },
};

/** A path such as `outputs.audit.unknown`, which nobody means as text. */
const LOOKS_LIKE_CEL = /^(input|outputs|item|feedback)([.[][\w."'\][-]*)?$/;
