import { expect } from 'chai';
import { it } from 'mocha';
import { isRepriseError, parseWorkflow } from '../../../src/index.ts';

/** What is said about a workflow with these tasks (YAML), and whatever else stands beside them. */
export function problemsOf(tasks: string, beside = ''): readonly string[] {
  const lines = tasks.split('\n').map((line) => `  ${line}`);
  try {
    parseWorkflow(`name: x\n${beside}\ntasks:\n${lines.join('\n')}\n`);
    return [];
  } catch (error) {
    if (!isRepriseError(error, 'REPRISE_DEFINITION_INVALID')) throw error;
    return (error.details['problems'] as { path: string; message: string }[]).map(
      ({ path, message }) => `${path}: ${message}`,
    );
  }
}

/** Of each: what it is about, the tasks, and all that is said about them. */
export function refused(cases: readonly (readonly [what: string, tasks: string, ...said: readonly string[]])[]): void {
  for (const [what, tasks, ...said] of cases) {
    it(what, () => expect(problemsOf(tasks)).to.deep.equal(said));
  }
}
