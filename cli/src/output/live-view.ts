import { formatDuration, type HistoryEntry, sleep, systemClock, taskPaths } from '@reprise/core';
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
  readonly #screen: Screen;
  readonly #region: LiveRegion;
  readonly #said = new Map<string, string>();
  #progress: RunProgress | undefined;
  #drawing: Promise<void> | undefined;
  #closed = false;

  constructor(screen: Screen) {
    this.#screen = screen;
    this.#region = new LiveRegion(screen);
  }

  onEvent(_entry: HistoryEntry, progress: RunProgress): void {
    this.#progress = progress;
    this.#drawing ??= this.#loop();
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
    await this.#region.draw(drawRun(this.#screen, this.#progress, systemClock.now(), this.#said));
  }
}

/** The lines of a run at `now`: a head, then its tasks, as many as the screen has room for. */
export function drawRun(
  screen: Screen,
  progress: RunProgress,
  now: number,
  said: ReadonlyMap<string, string> = new Map(),
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
  const lines = shown.map((row) => drawTask(screen, row, width, at, said.get(row.path)));
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
