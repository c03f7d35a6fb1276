import type { CancelRun } from '../commands.ts';
import { ending } from '../end-of-run.ts';
import type { RunCancelled, RunEvent } from '../events.ts';
import { owesOthers } from '../messaging/hand-over.ts';
import type { RunState } from '../state.ts';
import { isOutstanding, isWaiting } from '../transitions/close.ts';
import type { DecisionContext } from './decision-context.ts';
import { reasonOf } from './pause.ts';

/**
 * The run ends: at once (`force`; when it owes others something, once they have it, or when it is said again), once what is outstanding has come (`compensate: false`), or when that is undone, too. A cancellation that is under
 * way may still be told to undo nothing more.
 */
export function cancelRun(state: RunState, command: CancelRun, context: DecisionContext): readonly RunEvent[] {
  const at = context.now;
  const { commandId, force = false, compensate = true } = command;
  const { closing } = state;
  const isUnderWay = closing?.why === 'cancel';
  if (isUnderWay && !force && (compensate || closing.compensate === false)) return [];
  const forced = state.closing?.why !== 'within' && state.closing?.forcedAt !== undefined;
  if (force && !forced && owesOthers(state))
    return [
      { type: 'TaskClosing', at, taskId: '', why: 'cancel', compensate: false, force, commandId, ...reasonOf(command) },
    ];
  const left = compensate ? isOutstanding(state, '') : isWaiting(state, '');
  if (!force && (left || owesOthers(state))) {
    const undoing = compensate ? {} : { compensate };
    const reason = reasonOf(isUnderWay ? { ...reasonOf(closing), ...reasonOf(command) } : command);
    return [{ type: 'TaskClosing', at, taskId: '', why: 'cancel', ...undoing, commandId, ...reason }];
  }
  return ending<RunCancelled>(state, { type: 'RunCancelled', at, commandId, ...reasonOf(command) });
}
