import { formatDuration, type HistoryEntry, type RunEvent } from '@reprise/core';
import { describeEntry, describeEvent, type ErrorWords, errorText, idIn, taskOf } from './describe-event.ts';
import type { Failures } from './failures.ts';
import type { ProgressView } from './progress-view.ts';
import type { RunProgress } from './run-progress.ts';
import { itemsText } from './task-line.ts';
import { endedItems } from './task-rows.ts';
import type { Screen } from './terminal.ts';
import { pad, padStart, plain } from './text.ts';
import { ToldFailures } from './told-failures.ts';

/** Between two lines about the items of one task, in ms of the run's own time. */
const ITEM_LINES_MS = 2000;
/** Failures of items that are told one by one; the rest are counted. */
const ITEM_FAILURES = 5;

/** Below the name of the task: elapsed time is 8 wide. */
const INDENT = ' '.repeat(12);

/**
 * Lines about tasks, for logs and pipes. Items are told as counts every two seconds, so that their number does not matter.
 * The same failure is told once: what repeats it, or follows from it, says whose it is.
 * Goes by the times in the events alone: the same history gives the same lines.
 */
export class PlainView implements ProgressView {
  readonly tellsFailures = true;
  readonly tellsEnd = true;
  readonly #screen: Screen;
  readonly #failed: Failures | undefined;
  readonly #toldAt = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #told = new ToldFailures();

  /** `failures`: where agents of this process failed. */
  constructor(screen: Screen, failures?: Failures) {
    this.#screen = screen;
    this.#failed = failures;
  }

  async onEvent(entry: HistoryEntry, progress: RunProgress): Promise<void> {
    const { event, recorded } = entry;
    // What is copied from another run was told when it happened.
    if (recorded.metadata.origin !== undefined) return;
    const about = taskOf(event, progress.state.rules);
    const known = new Set<string>();
    const error: ErrorWords = (one) => {
      // What a value stands in for was told by the attempt.
      if (event.type === 'TaskCompleted') return errorText(one);
      const words = this.#told.words(taskIn(event), one);
      if (words !== undefined) known.add(one.message);
      return words ?? errorText(one);
    };
    const line =
      about?.item === true ? this.#itemLine(event, about.task, progress, error) : taskLine(entry, progress, error);
    if (line === undefined) return;
    // A fork begins with what it resets.
    const start = event.type === 'TasksReset' && event.why === 'fork' ? event.at : progress.state.startedAt;
    const elapsed = padStart(`+${formatDuration(Math.max(0, event.at - start))}`, 8);
    await this.#screen.line(`${this.#screen.style('dim', elapsed)}  ${line}`);
    if (event.type !== 'TaskAttemptFailed' || known.size > 0 || this.#isOver(about?.task, about?.item)) return;
    const where = this.#failed?.linesOf(progress.state.runId, event.taskId, event.attempt) ?? [];
    for (const one of where) await this.#screen.line(this.#screen.style('dim', `${INDENT}${one}`));
  }

  /** Whether failures of the items of a task are only counted by now. */
  #isOver = (task: string | undefined, item: boolean | undefined): boolean =>
    item === true && (this.#failures.get(task ?? '') ?? 0) > ITEM_FAILURES;

  note(line: string): Promise<void> {
    return this.#screen.line(line);
  }

  async close(): Promise<void> {
    // Every line stands by itself.
  }

  #itemLine(event: RunEvent, task: string, progress: RunProgress, error: ErrorWords): string | undefined {
    if (event.type === 'TaskFailed' || event.type === 'TaskFellBack' || event.type === 'TaskAttemptFailed') {
      const told = (this.#failures.get(task) ?? 0) + 1;
      this.#failures.set(task, told);
      if (told <= ITEM_FAILURES) return labelled(event.taskId, labelOf(event), describeEvent(event, error));
      if (told === ITEM_FAILURES + 1)
        return labelled(task, 'and more', 'further failures of its items are only counted');
    }
    const toldAt = this.#toldAt.get(task) ?? progress.state.tasks.get(task)?.firstScheduledAt ?? event.at;
    if (event.at - toldAt < ITEM_LINES_MS) return undefined;
    this.#toldAt.set(task, event.at);
    const row = progress.rows().find(({ path }) => path === task);
    if (row?.items === undefined || endedItems(row.items) === row.items.total) return undefined;
    return labelled(task, 'items', itemsText(row));
  }
}

/** Whose failure an event tells; undefined for the run, which fails because of a task. */
const taskIn = (event: RunEvent): string | undefined =>
  event.type !== 'RunFailed' && 'taskId' in event ? event.taskId : undefined;

const labelled = (task: string, what: string, details: string): string =>
  `${pad(task, 16)}  ${details === '' ? what : `${pad(what, 14)}  ${details}`}`.trimEnd();

/** `TaskAttemptFailed`: `attempt failed`. */
const labelOf = ({ type }: RunEvent): string =>
  type
    .replace(/^(Task|Run)(?=[A-Z])/, '')
    .replaceAll(/\B[A-Z]/g, ' $&')
    .toLowerCase();

/** What is told of an event about the run or a task of its definition; undefined for what only repeats another. */
function taskLine(entry: HistoryEntry, progress: RunProgress, error: ErrorWords): string | undefined {
  const { event } = entry;
  const details = describeEntry(entry, error);
  switch (event.type) {
    case 'TaskScheduled':
    case 'TaskReady':
      return undefined;
    case 'RunFailed': {
      const words = error(event.error);
      return labelled('run', 'failed', words === errorText(event.error) ? details : words);
    }
    case 'TaskExpanded':
      return event.items !== undefined && event.from + event.items.length < event.total
        ? undefined
        : labelled(event.taskId, 'items', `${event.total} to do`);
    case 'TaskCompleted': {
      const row = progress.rows().find(({ id }) => id === event.taskId);
      const took = row?.startedAt === undefined ? '' : formatDuration(event.at - row.startedAt);
      const items = row === undefined ? '' : itemsText(row);
      const by = event.via === 'agent' || event.via === 'items' ? '' : `by ${event.via}`;
      return labelled(event.taskId, 'completed', [took, items, by].filter((part) => part !== '').join(', '));
    }
    case 'TaskEntered': {
      const { runId } = progress.state;
      const how = event.signal === undefined ? [] : [plain(`(reprise run signal ${runId} ${event.signal})`)];
      return labelled(event.taskId, 'entered', [details, ...how].join(' '));
    }
    case 'TaskStarted':
      return labelled(event.taskId, 'started', event.attempt > 1 ? details : '');
    default:
      if ('taskId' in event && event.taskId !== undefined) return labelled(event.taskId, labelOf(event), details);
      return labelled(idIn(event) ?? 'run', labelOf(event), details);
  }
}
