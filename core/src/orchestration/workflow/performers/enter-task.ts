import { type Performer, performerOf } from '../../../definition/definition.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import type { RunEvent } from '../events.ts';
import { definitionOf, type RunState, type TaskState } from '../state.ts';
import { enterCancel } from './cancel.ts';
import { enterBlock, enterChild } from './nested.ts';
import type { Enter } from './performer.ts';
import { enterSend } from './send.ts';
import { enterSwitch } from './switch.ts';
import { enterEnd, enterRaise, enterSet } from './values.ts';
import { enterSleep, enterWait } from './waiting.ts';

const ENTER: Readonly<Record<Exclude<Performer, 'agent' | 'capability'>, Enter>> = {
  workflow: enterChild,
  scope: enterBlock,
  wait: enterWait,
  sleep: enterSleep,
  set: enterSet,
  send: enterSend,
  switch: enterSwitch,
  cancel: enterCancel,
  end: enterEnd,
  raise: enterRaise,
};

/** Begins a ready task that no agent performs. */
export function enterTask(state: RunState, task: TaskState, context: DecisionContext): readonly RunEvent[] {
  const definition = definitionOf(state, task);
  if (definition === undefined) return [];
  const performer = performerOf(definition);
  if (performer === 'agent' || performer === 'capability') return [];
  return ENTER[performer]({ state, task, definition, context });
}
