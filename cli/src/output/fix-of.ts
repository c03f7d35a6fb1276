import { ERROR_CODES, type ErrorCode, type ErrorData, type RunExplanation } from '@reprise/core';

/** Codes of what only passes on what something else failed with. */
const PASSES_ON: ReadonlySet<string> = new Set(['REPRISE_TASK_FAILED', 'REPRISE_AGENT_FAILED']);

/**
 * What to do about what a run failed with: as the catalogue has it for the first code that says something of its own, from the failure to its causes. A
 * code of an agent is none of it: only who wrote the agent knows.
 */
export function fixOf(runId: string, { taskId, error }: NonNullable<RunExplanation['failure']>): string {
  for (let at: ErrorData | undefined = error; at !== undefined; at = at.cause)
    if (!PASSES_ON.has(at.code) && Object.hasOwn(ERROR_CODES, at.code)) return ERROR_CODES[at.code as ErrorCode].fix;
  const whose = error.code === 'REPRISE_AGENT_FAILED' ? 'The agent threw' : `'${error.code}' is the agent's own code`;
  const which = taskId === undefined ? runId : `${runId} '${taskId}'`;
  return `${whose}: mend what it says, or what it was handed (\`reprise run show ${which}\` has both in full), then \`reprise run retry ${runId}\`.`;
}
