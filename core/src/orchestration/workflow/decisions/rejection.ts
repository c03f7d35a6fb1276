import type { ErrorCode } from '../../../shared/error-codes.ts';
import type { Command } from '../commands.ts';
import type { RunEvent } from '../events.ts';
import type { DecisionContext } from './decision-context.ts';

/** The answer to a command that does not fit the state. */
export function reject(command: Command, code: ErrorCode, message: string, context: DecisionContext): RunEvent {
  return {
    type: 'CommandRejected',
    at: context.now,
    commandId: command.commandId,
    command: command.type,
    code,
    message,
  };
}
