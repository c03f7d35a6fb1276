import { DEFAULT_CONCURRENCY, type WorkflowDefinition } from '../definition.ts';
import type { Report } from '../problem.ts';
import type { FormReader } from './form-reader.ts';
import { readDuration, readNumber, readText } from './read.ts';
import { readCatch } from './read-block.ts';
import { readBudget, readStrategy } from './read-limits.ts';
import { readMailboxes, readTopics } from './read-messages.ts';
import { readTasks } from './read-tasks.ts';

export const WORKFLOW_KEYS = [
  'version',
  'description',
  'timeout',
  'concurrency',
  'strategy',
  'budget',
  'output',
  'catch',
  'mailboxes',
  'topics',
] as const;

/** The workflow with its tasks, defaults filled in. */
export function readWorkflow(
  name: string,
  fields: Readonly<Record<string, unknown>>,
  tasks: unknown,
  report: Report,
  reader: FormReader,
): WorkflowDefinition {
  const description = readText(fields['description'], ['description'], report);
  const output = fields['output'] === undefined ? undefined : reader.mapped(fields['output'], ['output'], report);
  const clauses = readCatch(fields['catch'], ['catch'], report, reader, (handler, path) =>
    readTasks(handler, path, report, reader),
  );
  const mailboxes = readMailboxes(fields['mailboxes'], ['mailboxes'], report);
  const topics = readTopics(fields['topics'], ['topics'], report);
  const budget = readBudget(fields['budget'], ['budget'], report);
  const timeoutMs = readDuration(fields['timeout'], ['timeout'], report);
  return {
    schemaVersion: 1,
    name,
    version: readText(fields['version'], ['version'], report) ?? '1',
    ...(description !== undefined && { description }),
    tasks: readTasks(tasks, ['tasks'], report, reader),
    ...(output && { output }),
    ...(clauses && { catch: clauses }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(budget && { budget }),
    ...(mailboxes && { mailboxes }),
    ...(topics && { topics }),
    concurrency: readNumber(fields['concurrency'], ['concurrency'], report) ?? DEFAULT_CONCURRENCY,
    strategy: 'graph',
    ...readStrategy(fields['strategy'], ['strategy'], report),
  };
}
