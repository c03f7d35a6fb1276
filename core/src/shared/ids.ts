import { RepriseError } from './errors.ts';

/** What run, workflow, agent and plugin names look like; safe in a path, a topic and a URL. */
export const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Whether a value can be an id of a run, a workflow, an agent. */
export const isId = (value: unknown): value is string => typeof value === 'string' && ID_PATTERN.test(value);

/** Returns `value`, or throws REPRISE_INVALID_ID that names `what` it was to be. */
export function assertId(value: unknown, what: string): string {
  if (isId(value)) return value;
  throw new RepriseError('REPRISE_INVALID_ID', `${JSON.stringify(value)} is not a valid ${what}.`);
}

/** The stream that holds the history of a run. */
export const runStream = (runId: string): string => `run-${runId}`;

/** The run whose history `stream` holds, or undefined for a stream of another kind. */
export const streamRunId = (stream: string): string | undefined =>
  stream.startsWith('run-') ? stream.slice('run-'.length) : undefined;
