import { RepriseError } from '../../../shared/errors.ts';
import type { Json, JsonObject } from '../../../shared/json.ts';
import type { Ending } from './channel.ts';

/**
 * An isolate that ended with a call under way: what the agent has done by then is not known. Of a task that may be made only once that is an unknown
 * outcome; all others are made again as their retry says.
 */
export class BrokenCall extends RepriseError {}

/** What a call fails with whose isolate ended. `agent`: its name; `what`: `thread` or `process`. */
export function brokenCall(
  agent: string,
  what: string,
  memoryMiB: number,
  { exitCode, signal, memory, thrown, failure }: Ending,
): BrokenCall {
  const facts: Record<string, Json | undefined> = { exitCode, signal };
  const details = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as JsonObject;
  if (memory === true) {
    const message = `The agent '${agent}' used more memory than its limit of ${memoryMiB} MiB (limits.memoryMiB): its ${what} was ended.`;
    return new BrokenCall('REPRISE_AGENT_MEMORY', message, { details: { ...details, limitMiB: memoryMiB } });
  }
  const how = signal === undefined ? `with exit code ${exitCode ?? 'unknown'}` : `by the signal ${signal}`;
  const why =
    thrown === undefined
      ? `The ${what} of the agent '${agent}' ended ${failure === undefined ? how : `(${failure})`} before there was an outcome.`
      : `The agent '${agent}' threw where nobody caught it, and its ${what} ended: ${thrown.error.message}`;
  const broken = new BrokenCall('REPRISE_AGENT_EXITED', why, { details });
  if (thrown?.stack !== undefined) broken.stack = thrown.stack;
  return broken;
}
