import type { Json } from '../../shared/json.ts';
import {
  DEFAULT_CONCURRENCY,
  DEFAULT_RETRY,
  type Expression,
  type RetryPolicy,
  type WorkflowDefinition,
} from '../definition.ts';
import { type DefinitionProblem, definitionInvalid, type Path } from '../problem.ts';
import { budgetForm, durationForm, retryForm, strategyForm } from './limits-form.ts';
import { MAX_TEXT_DEPTH, type TextOptions } from './parse-document.ts';
import type { Write } from './performer-form.ts';
import { readBack } from './read-back.ts';
import { catchForm, tasksForm } from './task-form.ts';

import { writeYaml } from './write-yaml.ts';

/**
 * The YAML form of a definition, defaults left out; parseWorkflow reads it back to the same definition, its tasks in the
 * same order (spaces around the CEL of an input or output aside). What it would not read back so is not written:
 * REPRISE_DEFINITION_INVALID names the places of functions, of what is nested too deep, and of anything else without a
 * text form. `maxBytes` must be what the reader is told, too.
 */
export function workflowToYaml(definition: WorkflowDefinition, options: TextOptions = {}): string {
  const problems: DefinitionProblem[] = [];
  const computed = (expression: Expression, path: Path): string => {
    if (expression.kind === 'cel') return expression.source;
    const what = expression.kind === 'function' ? 'a function' : 'a template';
    problems.push({ path, message: `${what} here has no YAML form; write it as cel('…')` });
    return '';
  };
  const json = (value: Json, path: Path): Json => {
    const deep = tooDeep(value, path);
    if (deep === undefined) return JSON.parse(JSON.stringify(value)) as Json;
    problems.push({ path: deep.slice(0, 12), message: `is nested deeper than ${MAX_TEXT_DEPTH} levels` });
    return null;
  };
  const mapped = (expression: Expression, path: Path): Json => {
    if (expression.kind === 'template') return json(expression.template, path);
    return `\${ ${computed(expression, path)} }`;
  };
  const write: Write = { computed, mapped, json };
  const { name, version, description, timeoutMs, concurrency, strategy, team, budget, output, mailboxes, topics } =
    definition;
  const form = {
    name,
    version,
    ...(description !== undefined && { description }),
    ...(timeoutMs !== undefined && { timeout: durationForm(timeoutMs) }),
    ...(concurrency !== DEFAULT_CONCURRENCY && { concurrency }),
    ...((strategy !== 'graph' || team !== undefined) && { strategy: strategyForm(strategy, team) }),
    ...(budget && { budget: budgetForm(budget) }),
    ...(mailboxes && { mailboxes: mailboxesForm(mailboxes) }),
    ...(topics && { topics: topicsForm(topics) }),
    ...(output && { output: mapped(output, ['output']) }),
    tasks: tasksForm(definition.tasks, ['tasks'], write),
    ...(definition.catch && { catch: catchForm(definition.catch, ['catch'], write) }),
  };
  if (problems.length > 0) throw definitionInvalid(`Workflow '${name}'`, problems);
  const text = writeYaml(form);
  const lost = readBack(text, definition, options);
  if (lost.length > 0) throw definitionInvalid(`Workflow '${name}', written as YAML,`, lost);
  return text;
}

const topicsForm = (topics: NonNullable<WorkflowDefinition['topics']>): Json =>
  Object.fromEntries(
    Object.entries(topics).map(([name, { subscribers }]) => [name, subscribers === undefined ? {} : { subscribers }]),
  );

/** `retry` is written out: what is not said of it is another thing here than for a task. */
const mailboxesForm = (mailboxes: NonNullable<WorkflowDefinition['mailboxes']>): Json =>
  Object.fromEntries(
    Object.entries(mailboxes).map(([name, { limit, retry }]) => [
      name,
      {
        ...(limit !== undefined && { limit }),
        ...(retry && { retry: deliveriesForm(retry) }),
      },
    ]),
  );

/** Always with how often. */
function deliveriesForm(retry: RetryPolicy): Json {
  const form = retryForm(retry, NOTHING_SAID);
  return typeof form === 'object' && form !== null ? { maxAttempts: retry.maxAttempts, ...form } : retry.maxAttempts;
}

const NOTHING_SAID = { ...DEFAULT_RETRY, maxAttempts: -1 };

/** Where in a value, which stands at `path`, a list or an object is nested deeper than a text may be. */
function tooDeep(value: Json, path: Path): Path | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (path.length >= MAX_TEXT_DEPTH) return path;
  for (const [key, member] of Object.entries(value)) {
    const deep = tooDeep(member as Json, [...path, Array.isArray(value) ? Number(key) : key]);
    if (deep !== undefined) return deep;
  }
  return undefined;
}
