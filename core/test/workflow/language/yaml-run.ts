import { type Json, parseWorkflow, type Workflow } from '@reprise/core';
import { PureRun } from '../pure-run.ts';

/** A run of a workflow that is written as the tasks of a YAML text. */
export function run(
  tasks: string,
  input: Json = null,
  more = '',
  start: ConstructorParameters<typeof PureRun>[2] = {},
): PureRun {
  const indented = tasks
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
  return new PureRun(parseWorkflow(`name: w\n${more}\ntasks:\n${indented}\n`) as Workflow, input, start);
}
