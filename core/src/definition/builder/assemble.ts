import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Expression, Scope } from '../definition.ts';
import { fromFunction, isExpression } from '../expression.ts';
import { type Fields, isFields, readFields } from '../form/read.ts';
import { type ExpressionReader, readTask } from '../form/read-task.ts';
import { readWorkflow, WORKFLOW_KEYS } from '../form/read-workflow.ts';
import { type DefinitionProblem, definitionInvalid, type Path, type Report, withoutRepetitions } from '../problem.ts';
import { hashDefinition } from '../recorded.ts';
import { validateDefinition } from '../validation/validate-definition.ts';
import type { AgentReference, Workflow } from '../workflow.ts';

/** A task as it was added, options unread. */
export interface DraftTask {
  readonly id: string;
  readonly agent: AgentReference | string | { readonly capability: string };
  readonly options: Fields;
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
  const agents = new Map<string, AgentReference>();
  const tasks = drafts.map((draft) => {
    const path = ['tasks', draft.id];
    const fields = { ...draft.options, ...choice(draft.agent, path, agents, report) };
    return readTask(draft.id, withFallbackAgent(fields, path, agents, report), path, report, reader);
  });
  readFields(options, [], report, 'options', WORKFLOW_KEYS);
  const definition = readWorkflow(name, options, tasks, report, reader);
  for (const problem of withoutRepetitions(validateDefinition(definition), problems)) problems.push(problem);
  if (problems.length > 0) throw definitionInvalid(`Workflow '${name}'`, problems);
  return {
    definition,
    hash: hashDefinition(definition),
    agents: [...agents.values()],
    ...(schema && { inputSchema: schema }),
  };
}

const reader: ExpressionReader = { computed: readExpression, mapped: readExpression };

function readExpression(value: unknown, path: Path, report: Report): Expression | undefined {
  if (typeof value === 'function') return fromFunction(value as (scope: Scope) => unknown);
  if (isExpression(value)) return value;
  report(path, 'must be a function, cel(…) or template(…)');
  return undefined;
}

function choice(agent: DraftTask['agent'], path: Path, agents: Map<string, AgentReference>, report: Report): Fields {
  if (typeof agent === 'string') return { agent };
  if ('capability' in agent) return { capability: agent.capability };
  return { agent: register(agent, path, agents, report) };
}

function withFallbackAgent(fields: Fields, path: Path, agents: Map<string, AgentReference>, report: Report): Fields {
  const fallback = fields['fallback'];
  if (!isFields(fallback) || !isFields(fallback['agent'])) return fields;
  const agent = fallback['agent'] as unknown as AgentReference;
  return { ...fields, fallback: { agent: register(agent, [...path, 'fallback'], agents, report) } };
}

function register(agent: AgentReference, path: Path, agents: Map<string, AgentReference>, report: Report): string {
  const other = agents.get(agent.name);
  if (other !== undefined && other !== agent) {
    report([...path, 'agent'], `there are two different agents named '${agent.name}'; names must differ`);
  }
  agents.set(agent.name, agent);
  return agent.name;
}
