import { standInOf } from '../../../definition/fallbacks.ts';
import type { Json } from '../../../shared/json.ts';
import { undoing } from '../../../shared/task-path.ts';
import type { TaskCompleted, TasksReset } from '../events.ts';
import { definitionOf, outputOfLeaves, type RunState, siblingOf, type TaskState } from '../state.ts';
import { end } from './end-task.ts';
import { hold } from './hold.ts';
import { itemOutputs } from './items.ts';
import { takeMessage } from './mail.ts';
import { keepLastRound, repeat } from './regions.ts';
import { take } from './signals.ts';
import { noteDone } from './undo.ts';

// What a task gives that ended well, and where that is from.

export function completed(state: RunState, task: TaskState, event: TaskCompleted): void {
  const { via } = event;
  // What a list that yielded gives was said then.
  if (via === 'items') task.output = task.yieldedAt === undefined ? itemOutputs(task.items) : task.output;
  else if (via === 'fallback-task') task.output = siblingOf(state, task, fallbackTaskOf(state, task))?.output ?? null;
  else if (via === 'last-round') keepLastRound(state, task);
  else if (via === 'signal') task.output = take(state, task.signal, event.signal);
  else if (via === 'message' && event.message !== undefined) task.output = takeMessage(state, event.message) ?? null;
  else if (via === 'form') task.output = task.form?.answer?.value ?? null;
  else if (event.output !== undefined) task.output = event.output;
  else if (via === 'override') task.output = givenIn(task);
  else if (via === 'scope') task.output = leavesOf(state, task);
  else task.output = via === 'timer' || via === 'switch' ? (task.input ?? null) : null;
  task.carriesOutput = event.output !== undefined;
  // Any other is made of what other tasks hold.
  if (event.output !== undefined || via === 'signal' || via === 'message' || via === 'form' || via === 'override')
    hold(state, task, 'output');
  if (event.ends !== undefined) {
    task.ends = event.ends;
    hold(state, task, 'ends');
  }
  if (event.case !== undefined) task.chosen = event.case;
  task.error = event.error;
  if (task.form !== undefined) task.form.answer = undefined;
  task.because = via === 'override' ? via : undefined;
  if (via === 'override') overridden(state, task, event.attempt);
  else if (via === 'agent' || via === 'child' || via === 'scope') noteDone(state, task);
  task.unknown = false;
  end(state, task, 'completed', event.at);
  const scope = via === 'end' || event.ends !== undefined ? state.scopes.get(task.scope) : undefined;
  if (scope === undefined) return;
  scope.ending ??= task.id;
  if (scope.path !== '') state.frontier.add(scope.path);
}

/** What a closing task was said to give. */
const givenIn = ({ closing }: TaskState): Json =>
  closing === undefined || closing.why === 'within' ? null : (closing.output ?? null);

/** What was said counts as an attempt, and as done, unless the attempt before it was awaited and completed: then that is to be undone, if anything is. */
function overridden(state: RunState, task: TaskState, attempt: number): void {
  const done = task.scheduledAt === undefined ? undefined : state.undo.find(undoing(task.id, task.attempt));
  task.attempt = attempt;
  if (done?.outcome !== 'completed') noteDone(state, task);
}

const leavesOf = (state: RunState, task: TaskState): Json =>
  outputOfLeaves(state, task.id, state.graph.block(task.definitionId)?.body.leaves ?? []);

/** What the repeating task did in the round that ended was done. */
export function repeated(state: RunState, task: TaskState, event: TasksReset): void {
  // What a wait took is gone, whether what it gave was accepted or not.
  if (event.signal !== undefined) take(state, task.signal, event.signal);
  if (event.message !== undefined) takeMessage(state, event.message);
  if (event.via === undefined) {
    const { output } = task;
    task.output = event.feedback;
    noteDone(state, task);
    task.output = output;
  }
  repeat(state, task, event);
}

function fallbackTaskOf(state: RunState, task: TaskState): string {
  return standInOf(definitionOf(state, task) ?? {}) ?? '';
}
