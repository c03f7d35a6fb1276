import { isRepriseError, parseWorkflow } from '@reprise/core';

/** What is said of a workflow of these tasks (YAML) when it is read; '' for nothing. */
export function problemsOf(tasks: string): string {
  try {
    parseWorkflow(`name: w\ntasks:\n${tasks.replaceAll(/^/gm, '  ')}\n`);
  } catch (error) {
    if (isRepriseError(error)) return error.message;
    throw error;
  }
  return '';
}
