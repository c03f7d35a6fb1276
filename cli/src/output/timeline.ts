import { formatDuration, isEnd, type RunEvent } from '@reprise/core';
import { idIn, taskOf } from './describe-event.ts';
import { asStatus, statusSymbol } from './status.ts';
import { itemsText, tookText, troubleText } from './task-line.ts';
import { endedItems, type TaskRow } from './task-rows.ts';
import type { Screen } from './terminal.ts';
import { clip, pad, padStart } from './text.ts';

const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const IDLE = '·';
const FAILED = '✖';
const LEAST_BAR = 16;
const MOST_BAR = 72;
const MOST_ID = 28;

/** How busy one task was in each slice of the time axis. */
interface Track {
  /** Most attempts under way at once, by slice. */
  readonly levels: number[];
  /** Slices in which an attempt failed. */
  readonly failures: Set<number>;
  /** Attempts under way now, by task id. */
  readonly open: Set<string>;
  first: number;
  last: number;
}

/**
 * What a run did over time, one row a task. The axis is fixed from the start, so folding costs nothing that grows with the
 * history, and a picture can be drawn at any moment.
 */
export class Timeline {
  readonly #from: number;
  readonly #to: number;
  readonly #slices: number;
  readonly #tracks = new Map<string, Track>();
  /** Blocks in which something has a track. */
  readonly #blocks = new Set<string>();
  #now: number;
  #rules = 1;

  /** `from` and `to` in ms: the first and the last moment that is shown. */
  constructor(from: number, to: number, columns: number) {
    this.#from = from;
    this.#to = Math.max(to, from + 1);
    this.#slices = Math.min(MOST_BAR, Math.max(LEAST_BAR, columns - 62));
    this.#now = from;
  }

  fold(event: RunEvent): void {
    this.#now = event.at;
    if (event.type === 'RunStarted') this.#rules = event.rules ?? 1;
    const about = taskOf(event, this.#rules);
    if (about === undefined) {
      if (isEnd(event)) for (const task of this.#tracks.keys()) this.#advance(task, event.at).open.clear();
      return;
    }
    const taskId = idIn(event) ?? '';
    switch (event.type) {
      case 'TaskScheduled':
      case 'TaskEntered':
        this.#advance(about.task, event.at).open.add(taskId);
        // Again, so that even an attempt of no length shows in its slice.
        this.#advance(about.task, event.at);
        return;
      case 'TaskAttemptFailed': {
        const track = this.#advance(about.task, event.at);
        track.failures.add(this.#slice(event.at));
        track.open.delete(taskId);
        return;
      }
      case 'TaskHandedOff':
      case 'TaskAttemptCompleted':
        this.#advance(about.task, event.at).open.delete(taskId);
        return;
      case 'TaskFellBack':
      case 'TaskClosing':
        this.#closeWithin(about.task, taskId, event.at);
        return;
      case 'TaskExpanded':
      case 'TaskCompleted':
      case 'TaskFailed':
      case 'TaskRepeated':
      case 'TasksReset':
      case 'TaskCancelled':
        this.#advance(about.task, event.at).open.delete(taskId);
        this.#closeWithin(about.task, taskId, event.at);
        return;
      default:
        return;
    }
  }

  /** What is in a block ends with it, or begins anew: that is no event of its own. */
  #closeWithin(block: string, taskId: string, at: number): void {
    if (!this.#blocks.has(block)) return;
    for (const [path, { open }] of this.#tracks) {
      if (open.size === 0 || !path.startsWith(`${block}/`)) continue;
      const inner = [...open].filter((id) => id.startsWith(`${taskId}/`) || id.startsWith(`${taskId}[`));
      if (inner.length === 0) continue;
      this.#advance(path, at);
      for (const id of inner) open.delete(id);
    }
  }

  /** Lines: the axis, then a row for every task. */
  draw(screen: Screen, rows: readonly TaskRow[]): readonly string[] {
    const width = Math.min(MOST_ID, Math.max(4, ...rows.map((row) => row.name.length)));
    const axis = `${' '.repeat(width + 2)} ${screen.style('dim', this.#axis())}`;
    return [axis, ...rows.map((row) => this.#row(screen, row, width))];
  }

  #row(screen: Screen, row: TaskRow, width: number): string {
    const name = pad(clip(row.name, width), width);
    const took = padStart(tookText(row, this.#now), 7);
    const rest = [itemsText(row), troubleText(row)].filter((text) => text !== '').join(', ');
    const bar = this.#bar(screen, row);
    const what = asStatus(screen, row.status, pad(row.status, 9));
    return `${statusSymbol(screen, row.status)} ${name} ${bar} ${what} ${took}  ${rest}`.trimEnd();
  }

  #bar(screen: Screen, row: TaskRow): string {
    const track = this.#tracks.get(row.path);
    if (track === undefined) return ' '.repeat(this.#slices);
    if (track.open.size > 0) this.#advance(row.path, this.#now);
    const peak = Math.max(1, ...track.levels);
    const status = row.items !== undefined && endedItems(row.items) < row.items.total ? 'running' : row.status;
    let bar = '';
    let piece = { look: '', text: '' };
    const paint = (look: string, text: string): void => {
      if (look === piece.look) {
        piece.text += text;
        return;
      }
      bar += painted(screen, piece.look, piece.text);
      piece = { look, text };
    };
    for (let slice = 0; slice < this.#slices; slice += 1) {
      const level = track.levels[slice] ?? 0;
      if (track.failures.has(slice)) paint('failed', FAILED);
      else if (level > 0) paint(status, LEVELS[Math.ceil((level / peak) * LEVELS.length) - 1] ?? '█');
      else if (slice > track.first && slice < track.last) paint('pending', IDLE);
      else paint('', ' ');
    }
    return bar + painted(screen, piece.look, piece.text);
  }

  #axis(): string {
    const total = formatDuration(this.#to - this.#from);
    const half = formatDuration((this.#to - this.#from) / 2);
    const middle = Math.floor((this.#slices - half.length) / 2);
    const left = pad('0', middle) + half;
    return left + padStart(total, this.#slices - left.length);
  }

  #slice(at: number): number {
    const part = (at - this.#from) / (this.#to - this.#from);
    return Math.min(this.#slices - 1, Math.max(0, Math.floor(part * this.#slices)));
  }

  /** Brings a track up to `at`: what is under way has been so since the slice before. */
  #advance(task: string, at: number): Track {
    const slice = this.#slice(at);
    let track = this.#tracks.get(task);
    if (track === undefined) {
      track = {
        levels: Array.from({ length: this.#slices }, () => 0),
        failures: new Set(),
        open: new Set(),
        first: slice,
        last: slice,
      };
      this.#tracks.set(task, track);
      for (let at = task.lastIndexOf('/'); at > 0; at = task.lastIndexOf('/', at - 1))
        this.#blocks.add(task.slice(0, at));
    }
    const busy = track.open.size;
    if (busy > 0) {
      for (let index = track.last; index <= slice; index += 1)
        track.levels[index] = Math.max(track.levels[index] ?? 0, busy);
    }
    track.last = Math.max(track.last, slice);
    return track;
  }
}

const painted = (screen: Screen, look: string, text: string): string =>
  look === '' || text === '' ? text : asStatus(screen, look, text);
