import type { Expression, Scope } from '../../../definition/definition.ts';
import type { Json } from '../../../shared/json.ts';
import type { Wanted } from '../../../shared/received-message.ts';
import { bindCondition } from '../../task-chaining/input-binding.ts';
import type { OpenMessage } from './mail.ts';
import { isWanted, receivedFrom } from './received.ts';

/** Whether somebody wants the message; `where` stands in the place of that of `wanted`, and reads `scope`. What it cannot be asked of does not fit. */
export function fits(
  message: OpenMessage,
  wanted: Wanted,
  where: Expression | undefined,
  scope: () => Scope,
  whose: string,
): boolean {
  if (!isWanted(message, message.from, message.subject, wanted)) return false;
  if (where === undefined) return true;
  const asked = { ...scope(), message: receivedFrom(message) as unknown as Json };
  const holds = bindCondition(where, asked, `task '${whose}', where`);
  // One odd message is no reason to end whoever waits for others.
  return holds.ok && holds.value;
}

/** What `where` of an attempt is, and reads: of the run it sees nothing. */
export const whereOf = ({ where }: Wanted): Expression | undefined =>
  where === undefined ? undefined : { kind: 'cel', source: where };

export const scopeOfCall = (runId: string, round: number): Scope => ({ input: null, outputs: {}, runId, round });
