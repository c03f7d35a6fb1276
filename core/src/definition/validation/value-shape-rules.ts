import { compile } from '../cel/program.ts';
import type { TaskDefinition, WorkflowDefinition } from '../definition.ts';
import { nearest } from '../did-you-mean.ts';
import type { Path, Report } from '../problem.ts';
import { celOf, stringsOf } from '../template.ts';
import { shapeOfCel } from '../values/cel-shape.ts';
import { KnownValues, type ValueSources, type WorkflowSchemas } from '../values/known-values.ts';
import type { ObjectForm, Shape } from '../values/shape.ts';
import type { Workflow } from '../workflow.ts';
import { expressionPlaces } from './expression-places.ts';

export interface KnownSchemas extends ValueSources {
  /** Of the workflow's input. */
  readonly inputSchema?: WorkflowSchemas['inputSchema'];
}

/** Workflows with what they say of their input. */
export const schemasOf = (workflows: Iterable<Workflow>): readonly WorkflowSchemas[] =>
  Array.from(workflows, ({ definition, inputSchema }) => ({ ...definition, inputSchema }));

/**
 * CEL may read only members that may be there, as far as that is known before a run. Of a definition in which nothing else is wrong. What is not
 * known is not spoken of, so no definition is refused that could have run.
 */
export function checkValues(definition: WorkflowDefinition, schemas: KnownSchemas, report: Report): void {
  const { inputSchema } = schemas;
  const values = KnownValues.of({ ...definition, inputSchema }, schemas);
  for (const { expression, path, block, of, clause } of expressionPlaces(values.blocks)) {
    if (expression.kind === 'function') continue;
    const slot = path.slice(of === undefined ? block.path.length : of.group.path.length + 1);
    const variables = values.variables({ block, slot, ...(of && { of }), ...(clause !== undefined && { clause }) });
    const check = (source: string, at: Path): void => {
      const told = new Set<string>();
      shapeOfCel(compile(source).syntax, variables, (message) => {
        if (!told.has(message)) report(at, message);
        told.add(message);
      });
    };
    if (expression.kind === 'cel') check(expression.source, path);
    else {
      for (const { path: inside, text } of stringsOf(expression.template)) {
        const source = celOf(text);
        if (source !== undefined) check(source, [...path, ...inside]);
      }
    }
  }
  for (const { groups } of values.blocks) {
    for (const group of groups) {
      for (const task of group.tasks) {
        const taken = task.agent === undefined ? undefined : values.taken(task.agent);
        const problem = taken === undefined ? undefined : misnamed(values.handed(task, group), taken, task);
        if (problem !== undefined)
          report([...group.path, task.id, ...(task.input === undefined ? [] : ['input'])], problem);
      }
    }
  }
}

/** A member that an agent needs and is not handed, beside one of nearly its name that it does not know. */
function misnamed(handed: Shape, taken: Shape, { agent }: TaskDefinition): string | undefined {
  const given = onlyObject(handed);
  const wanted = onlyObject(taken);
  if (given === undefined || wanted?.plain !== true || given.required !== undefined) return undefined;
  const odd = given.names.filter((name) => !wanted.names.includes(name));
  for (const name of wanted.required ?? []) {
    if (given.names.includes(name)) continue;
    const meant = nearest(name, odd);
    if (meant !== undefined)
      return `hands the agent '${agent}' '${meant}', and no '${name}', which it needs; did you mean '${name}'?`;
  }
  return undefined;
}

function onlyObject(shape: Shape): ObjectForm | undefined {
  const [form, ...others] = (shape ?? []).filter(({ kind }) => kind !== 'null');
  return others.length === 0 && form?.kind === 'object' ? form : undefined;
}
