import { DEFAULT_CONCURRENCY, type TaskDefinition, type WorkflowDefinition } from '../definition.ts';
import type { Report } from '../problem.ts';
import { readDuration, readNumber, readText } from './read.ts';
import type { ExpressionReader } from './read-task.ts';

export const WORKFLOW_KEYS = ['version', 'description', 'timeout', 'concurrency', 'strategy', 'output'] as const;

/** The workflow around its tasks, defaults filled in. */
export function readWorkflow(
  name: string,
  fields: Readonly<Record<string, unknown>>,
  tasks: readonly TaskDefinition[],
  report: Report,
  reader: ExpressionReader,
): WorkflowDefinition {
  const description = readText(fields['description'], ['description'], report);
  const output = fields['output'] === undefined ? undefined : reader.mapped(fields['output'], ['output'], report);
  const timeoutMs = readDuration(fields['timeout'], ['timeout'], report);
  return {
    schemaVersion: 1,
    name,
    version: readText(fields['version'], ['version'], report) ?? '1',
    ...(description !== undefined && { description }),
    tasks,
    ...(output && { output }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    concurrency: readNumber(fields['concurrency'], ['concurrency'], report) ?? DEFAULT_CONCURRENCY,
    strategy: readText(fields['strategy'], ['strategy'], report) ?? 'graph',
  };
}
