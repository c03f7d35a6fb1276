import type { ErrorCode } from '../../../shared/error-codes.ts';
import type { CommandBase } from '../command-base.ts';
import type { RunEvent } from '../events.ts';
import type { DecisionContext } from './decision-context.ts';

/** The answer to a command that does not fit the state. */
export function reject(
  command: CommandBase & { readonly type: string },
  code: ErrorCode,
  message: string,
  context: DecisionContext,
): RunEvent {
  return {
    type: 'CommandRejected',
    at: context.now,
    commandId: command.commandId,
    command: command.type,
    code,
    message,
  };
}
