import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type Json, jsonProblem } from '../../shared/json.ts';
import type { Expression, Scope, TaskDefinition } from '../definition.ts';
import { fromFunction, isExpression, template } from '../expression.ts';
import type { FormReader } from '../form/form-reader.ts';
import { describe, type Fields, isFields, readFields } from '../form/read.ts';
import { readTasks } from '../form/read-tasks.ts';
import { readWorkflow, WORKFLOW_KEYS } from '../form/read-workflow.ts';
import { type DefinitionProblem, definitionInvalid, type Path, type Report, withoutRepetitions } from '../problem.ts';
import { hashDefinition } from '../recorded.ts';
import { isRemote } from '../remote-agent.ts';
import { jsonSchemaOf } from '../schema/standard.ts';
import { validateDefinition } from '../validation/validate-definition.ts';
import { schemasOf } from '../validation/value-shape-rules.ts';
import type { AgentReference, Workflow } from '../workflow.ts';

/** A task as it was added: the human form, unread, with agents and workflows where it has names. */
export interface DraftTask {
  readonly id: string;
  readonly fields: Fields;
}

/** Reads and validates what a builder was told. Throws one REPRISE_DEFINITION_INVALID with every problem. */
export function assemble<Input, Output>(
  name: string,
  options: Fields,
  drafts: readonly DraftTask[],
  schema: StandardSchemaV1 | undefined,
): Workflow<Input, Output> {
  const problems: DefinitionProblem[] = [];
  const report: Report = (path, message) => {
    problems.push({ path, message });
  };
  const given = new Given(report);
  readFields(options, [], report, 'options', WORKFLOW_KEYS);
  const definition = readWorkflow(name, options, drafts, report, readerOf(given));
  const schemas = {
    agents: given.agents.values(),
    workflows: schemasOf(given.workflows.values()),
    inputSchema: schema,
  };
  for (const problem of withoutRepetitions(validateDefinition(definition, { schemas }), problems)) {
    problems.push(problem);
  }
  if (problems.length > 0) throw definitionInvalid(`Workflow '${name}'`, problems);
  const children = [...given.workflows.values()];
  return {
    definition,
    hash: hashDefinition(definition),
    agents: [...given.agents.values()],
    ...(children.length > 0 && { children }),
    ...(schema && { inputSchema: schema }),
  };
}

/** Reads the tasks of a builder by themselves; what they come after may be elsewhere. */
export const assembleTasks = (drafts: unknown, path: Path, report: Report): readonly TaskDefinition[] =>
  readTasks(drafts, path, report, readerOf(new Given(report)));

const readerOf = (given: Given): FormReader => ({
  computed: readExpression,
  mapped: readExpression,
  value: readTemplate,
  named: readTemplate,
  schema: jsonSchemaOf,
  tasks(value, path, report) {
    if (Array.isArray(value)) {
      return (value as readonly DraftTask[]).map(({ id, fields }) => ({
        id,
        task: given.named(fields, [...path, id]),
      }));
    }
    report(path, `must be what a builder of tasks gives back, not ${describe(value)}`);
    return [];
  },
});

function readExpression(value: unknown, path: Path, report: Report): Expression | undefined {
  if (typeof value === 'function') return fromFunction(value as (scope: Scope) => unknown);
  if (isExpression(value)) return value;
  report(path, 'must be a function, cel(…) or template(…)');
  return undefined;
}

function readTemplate(value: unknown, path: Path, report: Report): Expression | undefined {
  if (typeof value === 'function' || isExpression(value)) return readExpression(value, path, report);
  const problem = jsonProblem(value);
  if (problem === undefined) return template(value as Json);
  report(path, `is not plain JSON: ${problem}`);
  return undefined;
}

const isAgent = (value: Fields): boolean => 'handle' in value || isRemote(value);

/** The agents and workflows that were given as objects. */
class Given {
  readonly agents = new Map<string, AgentReference>();
  readonly workflows = new Map<string, Workflow>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  /** The fields of a task with names in the places of objects. */
  named(fields: Fields, path: Path): Fields {
    const { agent, fallback, compensate, workflow } = fields;
    return {
      ...fields,
      ...this.#choice(agent, path),
      ...(fallback !== undefined && { fallback: this.#fallback(fallback, [...path, 'fallback']) }),
      ...(isFields(compensate) && { compensate: this.#compensate(compensate, [...path, 'compensate']) }),
      ...(isFields(workflow) && isFields(workflow['definition']) && { workflow: this.#workflow(workflow, path) }),
    };
  }

  #choice(agent: unknown, path: Path): Fields {
    if (!isFields(agent)) return {};
    if (!isAgent(agent) && 'capability' in agent) return { agent: undefined, capability: agent['capability'] };
    return { agent: this.#agent(agent, path) };
  }

  #fallback(fallback: unknown, path: Path): unknown {
    if (Array.isArray(fallback)) return fallback.map((one: unknown, index) => this.#fallback(one, [...path, index]));
    if (!isFields(fallback) || !isFields(fallback['agent'])) return fallback;
    return { ...fallback, agent: this.#agent(fallback['agent'], path) };
  }

  #compensate(compensate: Fields, path: Path): Fields | string {
    if (isAgent(compensate)) return this.#agent(compensate, path);
    const { agent } = compensate;
    return isFields(agent) ? { ...compensate, agent: this.#agent(agent, path) } : compensate;
  }

  #agent(value: Fields, path: Path): string {
    const agent = value as unknown as AgentReference;
    const other = this.agents.get(agent.name);
    if (other !== undefined && other !== agent) {
      this.#report([...path, 'agent'], `there are two different agents named '${agent.name}'; names must differ`);
    }
    this.agents.set(agent.name, agent);
    return agent.name;
  }

  #workflow(value: Fields, path: Path): Fields {
    const workflow = value as unknown as Workflow;
    const { name, version } = workflow.definition;
    const key = `${name}@${version}`;
    const other = this.workflows.get(key);
    if (other !== undefined && other.hash !== workflow.hash) {
      this.#report([...path, 'workflow'], `there are two different workflows '${key}'; names or versions must differ`);
    }
    this.workflows.set(key, workflow);
    return { name, version };
  }
}
