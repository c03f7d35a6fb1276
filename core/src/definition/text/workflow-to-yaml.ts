import type { Json } from '../../shared/json.ts';
import {
  DEFAULT_CONCURRENCY,
  DEFAULT_RETRY,
  type Expression,
  type Fallback,
  type RetryPolicy,
  type TaskDefinition,
  type TaskTimeouts,
  type WorkflowDefinition,
} from '../definition.ts';
import { defaultMaxDelay } from '../form/read-task.ts';
import { type DefinitionProblem, definitionInvalid, type Path } from '../problem.ts';
import { MAX_TEXT_DEPTH, type TextOptions } from './parse-document.ts';
import { readBack } from './read-back.ts';
import { writeYaml } from './write-yaml.ts';

type Form = Record<string, Json>;

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
  const { name, version, description, timeoutMs, concurrency, strategy, output } = definition;
  const form = {
    name,
    version,
    ...(description !== undefined && { description }),
    ...(timeoutMs !== undefined && { timeout: duration(timeoutMs) }),
    ...(concurrency !== DEFAULT_CONCURRENCY && { concurrency }),
    ...(strategy !== 'graph' && { strategy }),
    ...(output && { output: mapped(output, ['output']) }),
    tasks: new Map(definition.tasks.map((task) => [task.id, taskForm(task, ['tasks', task.id], write)])),
  };
  if (problems.length > 0) throw definitionInvalid(`Workflow '${name}'`, problems);
  const text = writeYaml(form);
  const lost = readBack(text, definition, options);
  if (lost.length > 0) throw definitionInvalid(`Workflow '${name}', written as YAML,`, lost);
  return text;
}

/** How the parts of a task are written that take a closer look. */
interface Write {
  computed(expression: Expression, path: Path): string;
  mapped(expression: Expression, path: Path): Json;
  json(value: Json, path: Path): Json;
}

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

function taskForm(task: TaskDefinition, path: Path, { computed, mapped, json }: Write): Form {
  const { description, agent, capability, after, when, input, forEach, fallback, repeat, priority, delivery } = task;
  const [only, ...others] = after;
  const retry = retryForm(task.retry);
  const timeout = timeoutForm(task.timeouts);
  return {
    ...(description !== undefined && { description }),
    ...(agent !== undefined && { agent }),
    ...(capability !== undefined && { capability }),
    ...(only !== undefined && { after: others.length === 0 ? only : [...after] }),
    ...(when && { when: computed(when, [...path, 'when']) }),
    ...(forEach && {
      forEach: {
        items: computed(forEach.items, [...path, 'forEach', 'items']),
        concurrency: forEach.concurrency,
        ...(forEach.onItemFailure !== 'fail' && { onItemFailure: forEach.onItemFailure }),
      },
    }),
    ...(input && { input: mapped(input, [...path, 'input']) }),
    ...(retry !== undefined && { retry }),
    ...(timeout !== undefined && { timeout }),
    ...(fallback && { fallback: fallbackForm(fallback, (value) => json(value, [...path, 'fallback', 'value'])) }),
    ...(repeat && {
      repeat: {
        ...(repeat.from !== task.id && { from: repeat.from }),
        until: computed(repeat.until, [...path, 'repeat', 'until']),
        max: repeat.max,
        ...(repeat.onExhausted !== 'fail' && { onExhausted: repeat.onExhausted }),
      },
    }),
    ...(priority !== 0 && { priority }),
    ...(delivery !== 'at-least-once' && { delivery }),
  };
}

function retryForm(retry: RetryPolicy): Json | undefined {
  const form: Form = {
    ...(retry.maxAttempts !== DEFAULT_RETRY.maxAttempts && { maxAttempts: retry.maxAttempts }),
    ...(retry.initialDelayMs !== DEFAULT_RETRY.initialDelayMs && { initialDelay: duration(retry.initialDelayMs) }),
    ...(retry.factor !== DEFAULT_RETRY.factor && { factor: retry.factor }),
    ...(retry.maxDelayMs !== defaultMaxDelay(retry.initialDelayMs) && { maxDelay: duration(retry.maxDelayMs) }),
    ...(retry.jitter !== DEFAULT_RETRY.jitter && { jitter: retry.jitter }),
    ...(retry.nonRetryable.length > 0 && { nonRetryable: [...retry.nonRetryable] }),
  };
  const keys = Object.keys(form);
  if (keys.length === 0) return undefined;
  return keys.length === 1 && form['maxAttempts'] !== undefined ? form['maxAttempts'] : form;
}

function timeoutForm({ attemptMs, taskMs, allMs, heartbeatMs }: TaskTimeouts): Json | undefined {
  if (taskMs === undefined && allMs === undefined && heartbeatMs === undefined)
    return attemptMs === undefined ? undefined : duration(attemptMs);
  return {
    ...(attemptMs !== undefined && { attempt: duration(attemptMs) }),
    ...(taskMs !== undefined && { task: duration(taskMs) }),
    ...(allMs !== undefined && { all: duration(allMs) }),
    ...(heartbeatMs !== undefined && { heartbeat: duration(heartbeatMs) }),
  };
}

function fallbackForm(fallback: Fallback, json: (value: Json) => Json): Json {
  switch (fallback.kind) {
    case 'value':
      return { value: json(fallback.value) };
    case 'agent':
      return { agent: fallback.agent };
    case 'task':
      return { task: fallback.task };
  }
}

/** The largest unit that divides it: "90s", "5m". */
function duration(ms: number): string {
  const units: readonly (readonly [number, string])[] = [
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1000, 's'],
  ];
  const [size, unit] = units.find(([candidate]) => ms > 0 && ms % candidate === 0) ?? [1, 'ms'];
  return `${ms / size}${unit}`;
}
