import type { TaskHandedOff } from '../events.ts';
import { definitionOf, type RunState, scopeAt, type TaskState } from '../state.ts';
import { localId, tellTeam } from '../team/team.ts';
import { hold } from './hold.ts';
import { readyAgain } from './items.ts';
import { setStatus } from './status.ts';
import { noteDone } from './undo.ts';

/** The task goes on with another agent, whose attempts begin anew. What the one before did was done, and remains to be undone. */
export function handOff(state: RunState, task: TaskState, event: TaskHandedOff): void {
  const { agent: to, attempt, input, output, why, at } = event;
  const { agent: from = definitionOf(state, task)?.agent ?? to } = task;
  if (output !== undefined) noteDone(state, task, output);
  setStatus(state, task, 'waiting');
  task.handOffs = [...(task.handOffs ?? []), { attempt, from, to, ...(why !== undefined && { why }) }];
  task.agent = to;
  task.tries = 0;
  task.losses = 0;
  task.unknown = false;
  task.error = undefined;
  // What comes of that attempt again was applied.
  task.ignoredAttempt = attempt;
  if (input !== undefined) {
    task.input = input;
    hold(state, task, 'input');
    task.boundAt = state.revision;
    task.source = undefined;
  }
  if (task.index === undefined && event.decidedBy === undefined)
    tellTeam(scopeAt(state, task.scope), { kind: 'handedOff', task: localId(task), revision: state.revision });
  readyAgain(state, task, at);
}
