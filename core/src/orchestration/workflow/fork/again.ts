import { isList } from '../../../definition/definition.ts';
import { fallbacksOf, standInOf } from '../../../definition/fallbacks.ts';
import { enclosing, isInside } from '../../../shared/task-path.ts';
import type { AttemptName, CloseFork } from '../commands.ts';
import { begunSubstitute, segmentOf, withDownstream } from '../downstream.ts';
import {
  definitionOf,
  hasEnded,
  type ItemsState,
  isEntered,
  isInFlight,
  type RunState,
  siblingOf,
  type TaskState,
} from '../state.ts';
import { isHandledNoMore, isOfHandler } from '../transitions/begin-again.ts';
import { tasksOf } from '../transitions/close.ts';

/** What of the history that a run goes on from is done again. */
export interface Again {
  /** In their round, with the idempotency keys that they had. */
  readonly tasks: readonly string[];
  /** As if nothing had been done. */
  readonly restarted: readonly string[];
  /** Blocks and lists that go on, with all their time. */
  readonly renewed: readonly string[];
  /** What was undone, and is done again. */
  readonly undone: readonly AttemptName[];
  /** What has other idempotency keys from here on. */
  readonly keys: readonly string[];
}

/**
 * What a run does again, given its state where the history was cut: what failed; what was undone (which counts as not done) or is replaced, with
 * everything downstream of it; and attempts that were open, unless their result is known. Everything else stands.
 */
export function againIn(
  state: RunState,
  { failed, undone, late, mended = false }: Pick<CloseFork, 'failed' | 'undone' | 'late' | 'mended'>,
): Again {
  const tasks = new Set<string>();
  const restarted = new Set<string>();
  const renewed: string[] = [];
  const keys = new Set<string>();
  for (const id of failed) {
    const task = state.tasks.get(id);
    if (task === undefined) continue;
    if (goesOn(state, task)) renewed.push(id);
    else tasks.add(id);
    // What it did before its fallback stood in may have been undone then.
    if ((hasEnded(task) || task.fallback !== undefined) && state.graph.hasOutstanding) keys.add(id);
  }
  // What is about to end does not do again what it had to undo for that.
  const lost = undone.filter(({ taskId }) => !isClosingAround(state, taskId));
  const given = Object.keys(state.lineage?.outcomes ?? {}).filter((id) => state.tasks.has(id));
  for (const path of withDownstream(state, [...lost.flatMap((entry) => undoneAt(state, entry)), ...given])) {
    restarted.add(path);
    keys.add(path);
  }
  const known = new Set(late.map(({ taskId, attempt }) => `${taskId}@${attempt}`));
  if (mended) for (const task of state.tasks.values()) if (!fits(state, task)) tasks.add(task.id);
  for (const task of state.tasks.values())
    if (isLost(state, task) && !known.has(`${task.id}@${task.attempt}`)) tasks.add(task.id);
  for (const scope of state.scopes.values()) {
    if (!isHandledNoMore(state, scope, restarted)) continue;
    // What it cut short goes on.
    for (const task of tasksOf(state, scope)) {
      if (isOfHandler(state, task)) {
        tasks.delete(task.id);
        restarted.delete(task.id);
        continue;
      }
      if (task.status !== 'failed' && task.status !== 'cancelled') continue;
      restarted.add(task.id);
      keys.add(task.id);
    }
  }
  for (const id of [...tasks, ...restarted]) {
    const substitute = begunSubstitute(state, state.tasks.get(id));
    if (substitute !== undefined) (restarted.has(id) ? restarted : tasks).add(substitute);
  }
  const all = new Set([...tasks, ...restarted]);
  const isTop = (path: string): boolean => !isInside(path, all);
  return {
    tasks: [...tasks].filter((path) => isTop(path) && !restarted.has(path)),
    restarted: [...restarted].filter(isTop),
    renewed: renewed.filter((path) => isTop(path) && !all.has(path)),
    undone: lost,
    keys: [...keys].filter((path) => !isInside(path, keys)),
  };
}

/** Whether something that a task is in was about to end, and had to undo what was done in it. */
export function isClosingAround(state: RunState, taskId: string): boolean {
  for (let at: string | undefined = taskId; at !== undefined; at = enclosing(at))
    if (state.tasks.get(at)?.closing !== undefined) return true;
  return false;
}

/**
 * Whether what a task is about fits the definition, which is another one than that of the history. What does not (a list that is none any more, say)
 * would wait for what never comes; nor does what was about to end, by rules that may be gone.
 */
function fits(state: RunState, task: TaskState): boolean {
  const definition = definitionOf(state, task);
  if (hasEnded(task) || task.status === 'pending' || definition === undefined || task.undoes !== undefined) return true;
  if (task.closing !== undefined) return task.closing.why === 'within';
  const isWhole = isList(definition) && task.index === undefined;
  if (isWhole !== (task.items !== undefined)) return false;
  const standIn = standInOf(definition);
  if (task.fallback === 'task') return standIn !== undefined && siblingOf(state, task, standIn)?.status !== 'pending';
  if (task.fallback === 'agent') return fallbacksOf(definition)[task.passed]?.kind === 'agent';
  if (!isEntered(task)) return true;
  const { scope, wait, sleep, workflow, send } = definition;
  return (
    (scope ?? wait ?? sleep ?? workflow ?? send) !== undefined &&
    (scope !== undefined) === state.scopes.has(task.id) &&
    (wait?.signal !== undefined) === (task.signal !== undefined) &&
    (wait?.message !== undefined || send?.until === 'replied') === (task.awaits !== undefined) &&
    ((send?.until ?? 'sent') !== 'sent') === (task.sent !== undefined) &&
    (wait?.form !== undefined) === (task.form !== undefined) &&
    (sleep !== undefined) === (task.wakeAt !== undefined) &&
    (workflow !== undefined) === (task.child !== undefined)
  );
}

/** Something in it failed, or its own time or rounds are used up: what was done in it stands. */
const goesOn = (state: RunState, { id, items, status, fallback }: TaskState): boolean =>
  fallback === undefined &&
  status === 'running' &&
  (state.scopes.has(id) || (items !== undefined && !lacksItems(items)));

/** It never had as many items as it needs: it asks for them again. */
const lacksItems = ({ need, total }: ItemsState): boolean => need !== undefined && need > total;

/** An attempt of it, or its child run, was open; or nothing would go on with it. */
function isLost(state: RunState, task: TaskState): boolean {
  if (task.closing !== undefined) return false;
  if (isInFlight(task) || (isEntered(task) && task.child !== undefined)) return true;
  return (
    task.status === 'waiting' && task.retryAt === undefined && task.fallback !== 'task' && !state.frontier.has(task.id)
  );
}

/** What is to be begun anew because an attempt was undone: the outermost of what it is in that has ended; or, where a later round was under way, what has rounds. */
function undoneAt(state: RunState, { taskId, attempt }: AttemptName): readonly string[] {
  const around: TaskState[] = [];
  for (let at: string | undefined = taskId; at !== undefined; at = enclosing(at)) {
    const task = state.tasks.get(at);
    if (task !== undefined) around.unshift(task);
  }
  const ended = around.find(hasEnded);
  for (const task of around) {
    const segment = segmentOf(state, task);
    if (segment.length > 0) return segment;
    if (task === ended) break;
  }
  const own = state.tasks.get(taskId);
  const isCurrent = own !== undefined && (own.attempt === attempt || own.undoes !== undefined);
  if (ended !== undefined && (isCurrent || ended !== own)) return [ended.id];
  if (isCurrent) return [taskId];
  const loop = around.findLast((task) => state.graph.block(task.definitionId)?.hasRounds === true);
  return loop === undefined ? (own === undefined ? [] : [taskId]) : [loop.id];
}
