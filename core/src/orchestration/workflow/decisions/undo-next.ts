import { undoing } from '../../../shared/task-path.ts';
import type { RunEvent } from '../events.ts';
import type { RunState, Undoable } from '../state.ts';
import type { DecisionContext } from './decision-context.ts';

/** What was done last is undone; undefined when nothing is left of it. */
export const undoNext = (
  state: RunState,
  entry: Undoable | undefined,
  { now: at }: DecisionContext,
): readonly RunEvent[] | undefined =>
  entry === undefined
    ? undefined
    : [
        {
          type: 'CompensationBegan',
          at,
          scope: state.undo.homeOf(entry) ?? '',
          taskId: undoing(entry.taskId, entry.attempt),
          outcome: entry.outcome,
        },
      ];
