import { addItems } from '../decisions/add-items.ts';
import { addTasks } from '../decisions/add-tasks.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { type Answer, isRefusal } from '../decisions/refusal.ts';
import { reject } from '../decisions/rejection.ts';
import type { RunEvent } from '../events.ts';
import type { RunState } from '../state.ts';
import { link } from './link.ts';
import { override } from './override.ts';
import { raiseBudget } from './raise-budget.ts';
import { restart } from './restart.ts';
import type { RunChange } from './run-changes.ts';
import { setPriority } from './set-priority.ts';
import { skip } from './skip.ts';
import { unlink } from './unlink.ts';

/** Whether a change may be made to the run as it is, and what it comes to. Total, as decide is; refuses all of it or nothing. */
type Decision<Type extends RunChange['type']> = (
  state: RunState,
  command: Extract<RunChange, { readonly type: Type }>,
  context: DecisionContext,
) => Answer;

const DECISIONS: { readonly [Type in RunChange['type']]: Decision<Type> } = {
  AddTasks: addTasks,
  AddItems: addItems,
  LinkTasks: link,
  UnlinkTasks: unlink,
  SkipTask: skip,
  OverrideTask: override,
  RestartTask: restart,
  SetPriority: setPriority,
  RaiseBudget: raiseBudget,
};

/** A change of a run that is open and has its history. One that is parked may be mended so: what threw is skipped, say, and it is resumed. */
export function changeRun(state: RunState, command: RunChange, context: DecisionContext): readonly RunEvent[] {
  const decide = DECISIONS[command.type] as Decision<RunChange['type']>;
  const answer = decide(state, command, context);
  return isRefusal(answer) ? [reject(command, answer.code, answer.message, context)] : answer;
}
