import { type AddedBy, GrownGraph } from '../../../definition/grown-graph.ts';
import { lines, workOf } from '../../../definition/mermaid-labels.ts';
import { formatDuration } from '../../../shared/duration.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import type { Reason } from '../explain/explanation.ts';
import { Questions } from '../explain/questions.ts';
import { reasonOf } from '../explain/reason-of.ts';
import { wordingOf } from '../explain/wording.ts';
import { hasEnded, isTerminal, type RunState, type TaskState } from '../state.ts';
import type { Drawn } from './drawn-tasks.ts';

/** How a task looks: its status, `waiting` also where it waits for something outside, or for its turn. */
export type Look = TaskState['status'];

/** Characters of a line in a label. */
const MAX_LINE = 80;
/** Hand-offs that are told one by one. */
const MOST_HANDED = 4;

const NOT_BEGUN: ReadonlySet<string> = new Set(['dependencies', 'stand-by']);
const WAITING: ReadonlySet<string> = new Set([
  'signal',
  'message',
  'sent',
  'form',
  'sleep',
  'child',
  'retry',
  'mutex',
  'admission',
  'budget',
  'nobody',
]);

/** What these say is what the plan of the task says. */
const SAYS_ALL: ReadonlySet<string> = new Set(['signal', 'sleep']);

/** Of a message an agent may wait, too, which is to be named. */
const saysAll = (reason: Reason | undefined, { wait }: Drawn['definition']): boolean =>
  reason !== undefined && (SAYS_ALL.has(reason.reason) || (reason.reason === 'message' && wait !== undefined));

const SKIPPED = {
  condition: 'its condition was false',
  while: 'its while was false',
  dependencies: 'what it comes after was skipped',
  case: 'another case was chosen',
  manual: 'by hand',
} as const;

const CANCELLED = {
  join: 'a join does not need it',
  list: 'its list has what it is for',
  cancel: 'a cancel named it',
  while: 'its while holds no longer',
  closed: 'with what it is in',
} as const;

const lookOf = (task: TaskState | undefined, reason: Reason | undefined): Look =>
  reason !== undefined && WAITING.has(reason.reason) ? 'waiting' : (task?.status ?? 'pending');

/** What the labels of a run's tasks say at `now`. */
export class TaskTexts {
  readonly #state: RunState;
  readonly #now: number;
  readonly #questions: Questions | undefined;

  constructor(state: RunState, now: number) {
    this.#state = state;
    this.#now = now;
    const isStill = isTerminal(state.status) || state.status === 'forking' || state.status === 'none';
    this.#questions = isStill ? undefined : new Questions(state, { now });
  }

  /** The quoted label of a task, and how it looks. */
  of({ path, definition, task, addedInItems }: Drawn): { readonly label: string; readonly look: Look } {
    const reason = this.#reason(task);
    const id = path.slice(path.lastIndexOf('/') + 1);
    const worker = task?.agent ?? workOf(definition);
    const parts = [
      id,
      worker === id || saysAll(reason, definition) ? '' : worker,
      ...(task === undefined ? [] : this.#came(task)),
      this.#stands(task, reason),
      ...(task === undefined ? [] : this.#did(task)),
      addedInItems === 0 ? '' : `${addedInItems} added in its items`,
    ];
    return { label: lines(...parts.map(clipped)), look: lookOf(task, reason) };
  }

  /** How a task looks. */
  look({ task }: Drawn): Look {
    return lookOf(task, this.#reason(task));
  }

  #reason(task: TaskState | undefined): Reason | undefined {
    if (task === undefined || this.#questions === undefined || hasEnded(task)) return undefined;
    return reasonOf(task, this.#questions);
  }

  /** Where it is from, when it is not of the plan. */
  #came({ id, definitionId, undoes }: TaskState): readonly string[] {
    const { graph } = this.#state;
    const by = graph instanceof GrownGraph ? graph.addedBy(id) : undefined;
    return [
      by === undefined ? '' : addedText(by),
      undoes === undefined ? '' : `undoes ${undoes.taskId}, attempt ${undoes.attempt}`,
      by === undefined && graph.node(definitionId)?.clause !== undefined ? 'handles a failure' : '',
    ];
  }

  #stands(task: TaskState | undefined, reason: Reason | undefined): string {
    if (task === undefined) return 'planned';
    const { status, because, error } = task;
    switch (status) {
      case 'skipped':
        return because === undefined || !isOf(SKIPPED, because) ? 'skipped' : `skipped: ${SKIPPED[because]}`;
      case 'cancelled':
        return because === undefined || !isOf(CANCELLED, because) ? 'cancelled' : `cancelled: ${CANCELLED[because]}`;
      case 'failed':
        return failedText(error);
      case 'completed':
        return because === 'override' ? 'completed: by hand' : 'completed';
      default:
        if (reason === undefined) return status === 'pending' ? 'planned' : status;
        // How far its items are is said below.
        if (reason.reason === 'items' && reason.need === undefined && !reason.yielded) return status;
        return NOT_BEGUN.has(reason.reason) ? 'planned' : wordingOf(reason, this.#now).waits;
    }
  }

  #did(task: TaskState): readonly string[] {
    const { tries, losses, attempt, handOffs = [], fallback, agent, items, child, chosen } = task;
    // Of a block under way: that of what is in it.
    const round = this.#state.scopes.get(task.id)?.round ?? task.round;
    const handed = handOffs.slice(0, MOST_HANDED);
    const more = handOffs.length - handed.length;
    const counts = [
      ...(round > 1 ? [`round ${round}`] : []),
      ...(task.again > 0 ? [`begun again ${task.again === 1 ? 'once' : `${task.again} times`}`] : []),
      ...(attempt > 1 && task.scheduledAt !== undefined ? [`attempt ${attempt}`] : []),
      ...(tries > 0 ? [`${tries} failed ${tries === 1 ? 'attempt' : 'attempts'}`] : []),
      ...(losses > 0 ? [`${losses} lost`] : []),
    ];
    return [
      counts.join(', '),
      ...handed.map(({ from, to, why }) => `handed off by ${from} to ${to}${why === undefined ? '' : `: ${why}`}`),
      more > 0 ? `and ${more} more hand-offs` : '',
      fallback === 'agent' ? `fell back to ${agent}` : '',
      items === undefined ? '' : itemsText(items),
      child === undefined || !hasEnded(task) ? '' : `child run ${child}`,
      chosen === undefined ? '' : `chose ${chosen}`,
      task.firstScheduledAt === undefined || task.endedAt === undefined
        ? ''
        : `took ${formatDuration(Math.max(0, task.endedAt - task.firstScheduledAt))}`,
    ];
  }
}

function itemsText({ total, ended, completed, active, dropped }: NonNullable<TaskState['items']>): string {
  const parts = [
    `${completed} of ${total} items completed`,
    ...(ended > completed ? [`${ended - completed} ended otherwise`] : []),
    ...(active > 0 ? [`${active} open`] : []),
    ...(dropped > 0 ? [`${dropped} not needed`] : []),
  ];
  return parts.join(', ');
}

/** What a task or a run failed with. */
export const failedText = (error: ErrorData | undefined): string =>
  error === undefined ? 'failed' : `failed: ${error.code}`;

export const clipped = (line: string): string => (line.length > MAX_LINE ? `${line.slice(0, MAX_LINE - 3)}...` : line);

const isOf = <Key extends string>(texts: Readonly<Record<Key, string>>, key: string): key is Key =>
  Object.hasOwn(texts, key);

function addedText(by: AddedBy): string {
  if ('taskId' in by) return `added by ${by.taskId}, attempt ${by.attempt}`;
  return by.decision === undefined ? 'added from outside' : `decision ${by.decision} of its team`;
}
