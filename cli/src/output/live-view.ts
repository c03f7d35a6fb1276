import { formatDuration, type HistoryEntry, sleep, systemClock, taskPaths } from '@reprise/core';
import { wantsStacks } from '../errors/describe-error.ts';
import type { Failures } from './failures.ts';
import { LiveRegion } from './live-region.ts';
import type { ProgressView } from './progress-view.ts';
import type { RunProgress } from './run-progress.ts';
import { asStatus, statusSymbol, statusText } from './status.ts';
import { itemsText, tookText, troubleText } from './task-line.ts';
import { endedItems, type TaskRow } from './task-rows.ts';
import type { Screen } from './terminal.ts';
import { clip, count, pad, padStart, plain } from './text.ts';

const REDRAW_MS = 100;
const BAR = 20;
const MOST_ID = 28;

/**
 * The run as it is now, drawn over again ten times a second at most.
 *
 *   idle ──first event──► drawing ──close()──► closed
 */
export class LiveView implements ProgressView {
  readonly tellsFailures = true;
  readonly #screen: Screen;
  readonly #failures: Failures | undefined;
  readonly #region: LiveRegion;
  readonly #said = new Map<string, string>();
  #progress: RunProgress | undefined;
  #drawing: Promise<void> | undefined;
  #closed = false;

  /** `failures`: where agents of this process failed. */
  constructor(screen: Screen, failures?: Failures) {
    this.#screen = screen;
    this.#failures = failures;
    this.#region = new LiveRegion(screen);
  }

  async onEvent({ event, recorded }: HistoryEntry, progress: RunProgress): Promise<void> {
    this.#progress = progress;
    this.#drawing ??= this.#loop();
    // The picture has the first frame; the whole stack stands above it.
    if (event.type !== 'TaskAttemptFailed' || recorded.metadata.origin !== undefined || !wantsStacks(process.env))
      return;
    const lines = this.#failures?.linesOf(progress.state.runId, event.taskId, event.attempt) ?? [];
    if (lines.length > 0) await this.note(plain(`${event.taskId}, attempt ${event.attempt}: ${event.error.code}`));
    for (const line of lines) await this.note(this.#screen.style('dim', `  ${line}`));
  }

  note(line: string): Promise<void> {
    return this.#region.above(line);
  }

  onAgentProgress(taskId: string, text: string): void {
    const { definition } = taskPaths(this.#progress?.state.rules ?? 1);
    this.#said.set(definition(taskId), plain(text));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#drawing;
    await this.#draw();
    await this.#region.end();
  }

  async #loop(): Promise<void> {
    while (!this.#closed) {
      await this.#draw();
      await sleep(REDRAW_MS);
    }
  }

  async #draw(): Promise<void> {
    if (this.#progress === undefined) return;
    await this.#region.draw(drawRun(this.#screen, this.#progress, systemClock.now(), this.#said, this.#failures));
  }
}

/** The lines of a run at `now`: a head, then its tasks, as many as the screen has room for. */
export function drawRun(
  screen: Screen,
  progress: RunProgress,
  now: number,
  said: ReadonlyMap<string, string> = new Map(),
  failures?: Failures,
): readonly string[] {
  const { state } = progress;
  const at = state.endedAt ?? now;
  const { name, version } = state.definition;
  const took = formatDuration(Math.max(0, at - state.startedAt));
  const head = `${screen.style('bold', `${name}@${version}`)}  ${state.runId}  ${statusText(screen, state.status)}  ${took}`;
  const rows = progress.rows();
  const room = Math.max(3, screen.rows - 3);
  const shown = rows.length <= room ? rows : mostTelling(rows, room - 1);
  const width = Math.min(MOST_ID, Math.max(4, ...shown.map((row) => row.name.length)));
  let left = screen.rows - 3 - shown.length;
  const lines = shown.flatMap((row) => {
    const line = drawTask(screen, row, width, at, said.get(row.path));
    const troubled = row.status !== 'completed' && (row.failedAttempts > 0 || row.error !== undefined);
    const frame = troubled ? failures?.frameOf(state.runId, row.path) : undefined;
    if (frame === undefined || left <= 0) return [line];
    left -= 1;
    return [line, screen.style('dim', `    ${frame}`)];
  });
  if (shown.length < rows.length)
    lines.push(screen.style('dim', `  and ${count(rows.length - shown.length, 'more task')}`));
  return [head, ...lines];
}

/** Where there is no room for all: what goes on or went wrong, then what ended last; in the order of the definition. */
function mostTelling(rows: readonly TaskRow[], room: number): readonly TaskRow[] {
  const weight = ({ status, endedAt }: TaskRow): number => {
    if (status === 'running' || status === 'scheduled' || status === 'waiting' || status === 'failed')
      return Number.POSITIVE_INFINITY;
    return endedAt ?? (status === 'ready' ? 1 : 0);
  };
  const chosen = new Set(rows.toSorted((a, b) => (weight(a) === weight(b) ? 0 : weight(b) - weight(a))).slice(0, room));
  return rows.filter((row) => chosen.has(row));
}

function drawTask(screen: Screen, row: TaskRow, width: number, now: number, said: string | undefined): string {
  const parts = [itemsText(row), troubleText(row)];
  if (row.error !== undefined) parts.push(plain(`${row.error.code}: ${clip(row.error.message, 200)}`));
  else if (said !== undefined && row.endedAt === undefined) parts.push(screen.style('dim', said));
  const rest = parts.filter((part) => part !== '').join(', ');
  const bar = row.items === undefined || row.items.total === 0 ? '' : `${barOf(screen, row)} `;
  const status = asStatus(screen, row.status, pad(row.status, 9));
  return `${statusSymbol(screen, row.status)} ${pad(clip(row.name, width), width)} ${status} ${padStart(tookText(row, now), 7)}  ${bar}${rest}`.trimEnd();
}

function barOf(screen: Screen, { items, status }: TaskRow): string {
  if (items === undefined) return '';
  const full = Math.floor((endedItems(items) / items.total) * BAR);
  return `${asStatus(screen, status, '█'.repeat(full))}${screen.style('dim', '░'.repeat(BAR - full))}`;
}
