import { blocksOf } from '../blocks.ts';
import type { WorkflowDefinition } from '../definition.ts';
import type { DefinitionProblem, Report } from '../problem.ts';
import { checkAgents, type KnownAgent } from './agent-rules.ts';
import { checkBlocks } from './block-rules.ts';
import { checkCancels } from './cancel-rules.ts';
import { checkChildren, type KnownWorkflow } from './child-rules.ts';
import { checkExpressions } from './expression-rules.ts';
import { checkFallbacks } from './fallback-rules.ts';
import { checkFields, checkNotOurs } from './field-rules.ts';
import { checkGraph } from './graph-rules.ts';
import { checkMailboxes, checkMessages, checkTopics, namesOf } from './message-rules.ts';
import { checkRepeats } from './repeat-rules.ts';
import { checkStarts } from './start-rules.ts';
import { checkValues, type KnownSchemas } from './value-shape-rules.ts';

export interface ValidationOptions {
  /** The agents that tasks may ask for. Without them, agent names are not checked against anything. */
  readonly agents?: Iterable<KnownAgent>;
  /** The workflows that may be children. Without them, their names are not checked against anything. */
  readonly workflows?: Iterable<KnownWorkflow>;
  /** Of a run there is more than this: an address that is not in it may be there. */
  readonly isPart?: boolean;
  /** It is of somebody who uses Reprise: names of workflows that begin with `reprise.` are not theirs. Not of one that runs have begun with. */
  readonly isOfUser?: boolean;
  /** What is known of values. Without it, what expressions read of them is not checked, as of a definition that runs have begun with. */
  readonly schemas?: KnownSchemas;
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
  const blocks = blocksOf(definition);
  const groups = blocks.flatMap((block) => block.groups);
  checkFields(definition, groups, report);
  if (options.isOfUser === true) checkNotOurs(definition, report);
  checkMailboxes(definition, report);
  checkTopics(definition, blocks[0]?.groups[0], report);
  checkBlocks(blocks, report);
  checkGraph(blocks, report);
  for (const group of groups) {
    checkStarts(group, report);
    checkFallbacks(group, report);
    checkCancels(group, report);
    checkMessages(group, options.isPart === true ? undefined : namesOf(definition), report);
    checkRepeats(group, report);
  }
  checkExpressions(blocks, report);
  if (options.agents !== undefined) checkAgents(blocks, [...options.agents], report);
  if (options.workflows !== undefined) checkChildren(definition, groups, [...options.workflows], report);
  if (options.schemas !== undefined && problems.length === 0) checkValues(definition, options.schemas, report);
  return problems;
}
