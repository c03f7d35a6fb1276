import type { WorkflowDefinition } from '../definition.ts';
import { byId } from '../graph.ts';
import type { DefinitionProblem, Report } from '../problem.ts';
import { checkAgents, type KnownAgent } from './agent-rules.ts';
import { checkExpressions } from './expression-rules.ts';
import { checkFallbacks } from './fallback-rules.ts';
import { checkFields } from './field-rules.ts';
import { checkGraph } from './graph-rules.ts';
import { checkRepeats } from './repeat-rules.ts';

export interface ValidationOptions {
  /** The agents that tasks may ask for. Without them, agent names are not checked against anything. */
  readonly agents?: Iterable<KnownAgent>;
}

/** Every problem of a definition with its place; empty when it can be run. Pure, and never throws. */
export function validateDefinition(
  definition: WorkflowDefinition,
  options: ValidationOptions = {},
): readonly DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  const report: Report = (path, message, code) => {
    problems.push({ path, message, ...(code === undefined ? {} : { code }) });
  };
  const { tasks } = definition;
  checkFields(definition, report);
  checkGraph(tasks, report);
  checkFallbacks(tasks, report);
  checkRepeats(tasks, byId(tasks), report);
  checkExpressions(definition, report);
  if (options.agents !== undefined) checkAgents(tasks, [...options.agents], report);
  return problems;
}
