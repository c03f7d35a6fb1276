import type { PauseRun, ResumeRun } from '../commands.ts';
import type { RunEvent } from '../events.ts';
import { isPausedBy, type RunState } from '../state.ts';
import type { DecisionContext } from './decision-context.ts';
import { reject } from './rejection.ts';

/** A run is paused by a person and by its parent, each for itself: it stands still while one of them holds it. A parent holds up no cancellation. */
export function pauseRun(state: RunState, command: PauseRun, context: DecisionContext): readonly RunEvent[] {
  const at = context.now;
  const { commandId, by } = command;
  if (by === 'parent') {
    if (state.parent === undefined || isPausedBy(state, 'parent') || state.closing?.why === 'cancel') return [];
    return [{ type: 'RunPaused', at, commandId, by, ...reasonOf(command) }];
  }
  if (state.status === 'parked') return [reject(command, 'REPRISE_RUN_PARKED', isParked(state), context)];
  if (isPausedBy(state, 'user'))
    return [reject(command, 'REPRISE_COMMAND_INVALID', 'The run is paused already.', context)];
  if (state.closing?.why === 'cancel')
    return [reject(command, 'REPRISE_COMMAND_INVALID', 'The run is being cancelled.', context)];
  return [{ type: 'RunPaused', at, commandId, ...reasonOf(command) }];
}

/** What the parent says is nothing to a run that it does not hold; a person is told. */
export function resumeRun(state: RunState, command: ResumeRun, context: DecisionContext): readonly RunEvent[] {
  const at = context.now;
  const { commandId, by } = command;
  if (by === 'parent') return isPausedBy(state, 'parent') ? [{ type: 'RunResumed', at, commandId, by }] : [];
  if (isPausedBy(state, 'user') || state.status === 'parked') return [{ type: 'RunResumed', at, commandId }];
  const message = isPausedBy(state, 'parent')
    ? `The run is paused with its parent run '${state.parent?.runId ?? ''}': resume that one.`
    : 'The run is not paused.';
  return [reject(command, 'REPRISE_COMMAND_INVALID', message, context)];
}

export const isParked = (state: RunState): string =>
  `The run is parked: ${state.parked?.message ?? 'no reason given'} Resume it once that is mended, or cancel it.`;

export const reasonOf = (command: { readonly reason?: string }): { readonly reason?: string } =>
  command.reason === undefined ? {} : { reason: command.reason };
