import { messageOf, type RepriseError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { TaskDefinition } from '../definition.ts';
import { cel, template } from '../expression.ts';
import type { FormReader } from '../form/form-reader.ts';
import { describe, isFields, readFields, readText } from '../form/read.ts';
import { readTasks } from '../form/read-tasks.ts';
import { readWorkflow, WORKFLOW_KEYS } from '../form/read-workflow.ts';
import { type DefinitionProblem, definitionInvalid, MAX_LISTED, type Report, withoutRepetitions } from '../problem.ts';
import { hashDefinition } from '../recorded.ts';
import { celOf } from '../template.ts';
import { validateDefinition } from '../validation/validate-definition.ts';
import type { Workflow } from '../workflow.ts';
import { type ParsedText, parseText, type TextOptions } from './parse-document.ts';

export interface ParseOptions extends TextOptions {
  /** What the text is called in problems. */
  readonly file?: string;
  /**
   * Gives the JSON Schema that `form: { $ref }` names (`./approval.schema.json`). What it throws is told as what is wrong there. Without it, a form has
   * to be written where it is used.
   */
  readonly readSchema?: (reference: string) => unknown;
}

/**
 * The workflow in a YAML or JSON text (docs/reference/workflow-format.md), its tasks in the order in which they are
 * written. Throws one REPRISE_DEFINITION_INVALID that lists every problem with its line, column and path.
 */
export function parseWorkflow(text: string, options: ParseOptions = {}): Workflow {
  const what = options.file === undefined ? 'The workflow' : `The workflow in ${options.file}`;
  const parsed = parseText(text, what, options);
  const locate = (problem: DefinitionProblem): DefinitionProblem => ({ ...problem, ...parsed.locate(problem.path) });
  return load(parsed.value, what, locate, parsed.keys, options.readSchema);
}

/**
 * The workflow in a JSON value of the same form. Throws as parseWorkflow does, without lines. A JavaScript object holds keys
 * such as "20" and "3" in ascending order and before all others, so tasks with such ids come in that order.
 */
export const loadDefinition = (value: Json): Workflow => load(value, 'The workflow', (problem) => problem);

/**
 * Tasks of a block in the same form, by id, on their own: what they come after may be elsewhere. Whether they may stand where they are put is not
 * looked at. Throws one REPRISE_DEFINITION_INVALID with every problem.
 */
export function loadTasks(value: Json, what: string): readonly TaskDefinition[] {
  const problems: DefinitionProblem[] = [];
  const tasks = readTasks(value, [], (path, message) => void problems.push({ path, message }), readerOf());
  if (problems.length > 0) throw definitionInvalid(what, problems);
  return tasks;
}

function load(
  value: Json,
  what: string,
  locate: (problem: DefinitionProblem) => DefinitionProblem,
  keys?: ParsedText['keys'],
  readSchema?: ParseOptions['readSchema'],
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
  const definition = readWorkflow(
    readText(fields['name'], ['name'], report) ?? 'unnamed',
    fields,
    fields['tasks'] ?? {},
    report,
    readerOf(keys, readSchema),
  );
  for (const problem of withoutRepetitions(validateDefinition(definition, { isOfUser: true }), problems))
    problems.push(problem);
  if (problems.length > 0) throw refusal();
  return { definition, hash: hashDefinition(definition), agents: [] };
}

/** `keys` knows the order in which the keys of the object at a path are written. */
const readerOf = (keys?: ParsedText['keys'], readSchema?: ParseOptions['readSchema']): FormReader => ({
  computed(value, path, report) {
    if (typeof value === 'string') return cel(celOf(value) ?? value);
    report(path, `must be a CEL expression (text), not ${describe(value)}${asText(value)}`);
    return undefined;
  },
  mapped: templateIn(VARIABLE),
  value: templateIn(VARIABLE),
  named(value, path, report) {
    if (typeof value === 'string') return templateIn(PATH)(value, path, report);
    report(path, `must be text, not ${describe(value)}`);
    return undefined;
  },
  schema(value, path, report) {
    if (!isFields(value) || typeof value['$ref'] !== 'string' || value['$ref'].startsWith('#')) return value;
    const at = [...path, '$ref'];
    if (Object.keys(value).length > 1) report(path, 'names another place with $ref, and has other keys beside it');
    if (readSchema === undefined) {
      report(at, 'names a file, and this text is in none; write the schema here');
      return undefined;
    }
    try {
      return readSchema(value['$ref']);
    } catch (error) {
      report(at, messageOf(error));
      return undefined;
    }
  },
  tasks(value, path, report) {
    if (!isFields(value)) {
      report(path, `must be an object of tasks by id, not ${describe(value)}`);
      return [];
    }
    const ids = Object.keys(value);
    // Plain objects have these keys first, and nothing else out of order.
    const ordered = ids.length > 1 && /^\d+$/.test(ids[0] ?? '') ? (keys?.(path) ?? ids) : ids;
    return ordered.map((id) => ({ id, task: value[id] }));
  },
});

/** How a value that is none is written as one. */
function asText(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text === '' || text === 'null' || text.length > 60 || text.includes("'")
    ? ''
    : `; write it as text: '${text}'`;
}

/** A path such as `outputs.audit.unknown`, which nobody means as text. */
const PATH =
  /^(?:(?:input|outputs|item|feedback|block)|error(?=\.(?:code|type|message|status|details|cause)\b))[.[][\w."'\][-]*$/;
/** Such a path, or a variable alone. */
const VARIABLE = new RegExp(`${PATH.source}|^(?:input|outputs|item|feedback)$`);

function templateIn(suspicious: RegExp): FormReader['value'] {
  return (value, path, report) => {
    if (typeof value !== 'string' || !suspicious.test(value)) return template(value as Json);
    report(path, `is the text ${describe(value)}; for its value write "\${ ${value} }"`);
    return undefined;
  };
}
