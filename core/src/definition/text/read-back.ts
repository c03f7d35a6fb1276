import { isRepriseError, type RepriseError } from '../../shared/errors.ts';
import { canonicalJson } from '../../shared/json.ts';
import type { TaskDefinition, WorkflowDefinition } from '../definition.ts';
import { isExpression, template } from '../expression.ts';
import type { DefinitionProblem } from '../problem.ts';
import type { TextOptions } from './parse-document.ts';
import { parseWorkflow } from './parse-workflow.ts';

/** Why a text that was written for `definition` is refused, or gives another definition; empty when it gives the same. */
export function readBack(
  text: string,
  definition: WorkflowDefinition,
  options: TextOptions,
): readonly DefinitionProblem[] {
  let read: WorkflowDefinition;
  try {
    ({ definition: read } = parseWorkflow(text, options));
  } catch (error) {
    if (!isRepriseError(error, 'REPRISE_DEFINITION_INVALID')) throw error;
    return listed(error);
  }
  const others = definition.tasks.filter((task, index) => taskText(task) !== taskText(read.tasks[index]));
  const message = 'has no text form: what can be written would be read back as something else';
  if (others.length > 0) return others.map(({ id }) => ({ path: ['tasks', id], message }));
  return withoutTasks(definition) === withoutTasks(read) ? [] : [{ path: [], message }];
}

/** Without lines and columns, of a text that nobody has seen. */
function listed({ details }: RepriseError): readonly DefinitionProblem[] {
  const problems = details['problems'] as unknown as readonly { readonly path: string; readonly message: string }[];
  return problems.map(({ path, message }) => ({ path: path === '' ? [] : [path], message }));
}

const withoutTasks = (definition: WorkflowDefinition): string => textOf({ ...definition, tasks: [] });

const taskText = (task: TaskDefinition | undefined): string | undefined => task && textOf(task);

/** In a template, spaces around CEL say nothing, and a text that is all CEL is CEL. */
function textOf(value: object): string {
  const plain = (_key: string, member: unknown): unknown => {
    if (!isExpression(member)) return member;
    if (member.kind === 'cel') return { kind: 'cel', source: member.source.trim() };
    return member.kind === 'template' ? template(member.template) : member;
  };
  return canonicalJson(JSON.parse(JSON.stringify(value, plain)));
}
