/** One try, as the API tells it; times are ms since the Unix epoch. */
export interface Attempt {
  readonly attempt: number;
  readonly agent?: string;
  readonly ready?: number;
  readonly scheduled?: number;
  readonly started?: number;
  readonly ended?: number;
  readonly status: string;
}

/** `wait`: what is entered and performed by no agent is under way. */
export type Part = 'queue' | 'connect' | 'work' | 'wait';

/** A stretch of a row, in pixels. */
export interface Bar {
  readonly part: Part;
  /** Of what is worked on: how that ended, or `running`. The worst of those that are merged. */
  readonly status: string;
  from: number;
  to: number;
  /** Attempts that are in it. */
  count: number;
}

/** From times to pixels and back, with idle time folded to a few pixels. Both ways O(log n). */
export interface Scale {
  readonly width: number;
  x(time: number): number;
  time(x: number): number;
  /** Where idle time was folded: pixels, and how long it was. */
  readonly folds: readonly { readonly from: number; readonly to: number; readonly ms: number }[];
}

const FOLD_PX = 18;
/** Idle time is folded where it takes more than so much of what is shown. */
const FOLDED_SHARE = 0.15;

/** The scale of a timeline of `width` pixels between two times; what lies between `busy` stretches (in any order) may be folded. */
export function scaleOf(busy: readonly (readonly [number, number])[], from: number, to: number, width: number): Scale {
  const end = Math.max(to, from + 1);
  const stretches: [number, number][] = [];
  for (const [start, stop] of busy.toSorted((a, b) => a[0] - b[0])) {
    const last = stretches.at(-1);
    const [one, other] = [Math.max(from, start), Math.min(end, stop)];
    if (other < one) continue;
    if (last !== undefined && one <= last[1]) last[1] = Math.max(last[1], other);
    else stretches.push([one, other]);
  }
  const idle: [number, number][] = [];
  let at = from;
  for (const [start, stop] of [...stretches, [end, end] as const]) {
    if (start - at > FOLDED_SHARE * (end - from)) idle.push([at, start]);
    at = Math.max(at, stop);
  }
  let gone = idle.reduce((sum, [start, stop]) => sum + stop - start, 0);
  if (end - from - gone < 1) {
    // Nobody has worked on anything: what was waited for is all that there is to be seen.
    idle.length = 0;
    gone = 0;
  }
  const scale = Math.max(0, width - idle.length * FOLD_PX) / Math.max(1, end - from - gone);
  // Knots of a line that only rises.
  const times: number[] = [from];
  const places: number[] = [0];
  const folds: { from: number; to: number; ms: number }[] = [];
  const knot = (time: number, slope: number, fixed?: number): void => {
    const [last = 0, place = 0] = [times.at(-1), places.at(-1)];
    if (time <= last) return;
    times.push(time);
    places.push(place + (fixed ?? (time - last) * slope));
  };
  for (const [start, stop] of idle) {
    knot(start, scale);
    const before = places.at(-1) ?? 0;
    knot(stop, 0, FOLD_PX);
    folds.push({ from: before, to: before + FOLD_PX, ms: stop - start });
  }
  knot(end, scale);
  return {
    width,
    folds,
    x: (time) => interpolate(times, places, time),
    time: (x) => interpolate(places, times, x),
  };
}

function interpolate(from: readonly number[], to: readonly number[], value: number): number {
  let [low, high] = [0, from.length - 1];
  while (high - low > 1) {
    const half = (low + high) >> 1;
    if ((from[half] ?? 0) <= value) low = half;
    else high = half;
  }
  const [a = 0, b = a, c = 0, d = c] = [from[low], from[high], to[low], to[high]];
  if (b === a) return c;
  return c + (Math.min(Math.max(value, a), b) - a) * ((d - c) / (b - a));
}

const WORST = ['failed', 'lost', 'running', 'scheduled', 'completed'];
const worse = (a: string, b: string): string => (WORST.indexOf(a) <= WORST.indexOf(b) ? a : b);

/**
 * The bars of one row: queueing (ready to scheduled), connecting (scheduled to started), working (started to ended, or `now`). Those that would begin in a pixel
 * that a bar of their kind covers already are merged with it: there are never more of a kind than pixels.
 */
export function barsOf(attempts: readonly Attempt[], scale: Pick<Scale, 'x'>, now: number): readonly Bar[] {
  const open = new Map<string, Bar>();
  const bars: Bar[] = [];
  const add = (part: Part, status: string, from: number | undefined, to: number | undefined): void => {
    if (from === undefined || to === undefined || to < from || (to === from && part !== 'work' && part !== 'wait'))
      return;
    const [start, end] = [scale.x(from), Math.max(scale.x(to), scale.x(from) + 1)];
    const last = open.get(part);
    const isSame = last !== undefined && Math.floor(start) <= Math.floor(last.to - 0.001) && start >= last.from;
    const isShort = last !== undefined && (last.to - last.from <= 2 || end - start <= 2);
    if (last !== undefined && isSame && isShort) {
      const merged: Bar = {
        ...last,
        status: worse(last.status, status),
        to: Math.max(last.to, end),
        count: last.count + 1,
      };
      bars[bars.indexOf(last, Math.max(0, bars.length - 4))] = merged;
      open.set(part, merged);
      return;
    }
    const bar: Bar = { part, status, from: start, to: end, count: 1 };
    open.set(part, bar);
    bars.push(bar);
  };
  for (const { agent, ready, scheduled, started, ended, status } of attempts) {
    if (agent === undefined) {
      // Nobody works on it: a wait, a sleep, a block.
      add('wait', status, started ?? ready, ended ?? now);
      continue;
    }
    add('queue', status, ready, scheduled ?? started ?? ended ?? now);
    add('connect', status, scheduled, started ?? ended ?? now);
    add('work', status, started, ended ?? now);
  }
  return bars;
}

/** Rows in the order in which they began, each with its attempts; items of a list (`each[3]`) are one row, that of the list, when there are more than `most`. */
export function rowsOf(
  tasks: Readonly<Record<string, readonly Attempt[]>>,
  most = 50,
): readonly { readonly id: string; readonly attempts: readonly Attempt[]; readonly tasks: number }[] {
  const lists = new Map<string, number>();
  const listOf = (id: string): string => id.replace(/\[\d+\][^[]*$/, '');
  for (const id of Object.keys(tasks)) lists.set(listOf(id), (lists.get(listOf(id)) ?? 0) + 1);
  const rows = new Map<string, { id: string; attempts: Attempt[]; tasks: number }>();
  for (const [id, attempts] of Object.entries(tasks)) {
    const list = listOf(id);
    const key = list !== id && (lists.get(list) ?? 0) > most ? list : id;
    const row = rows.get(key) ?? { id: key, attempts: [], tasks: 0 };
    row.attempts.push(...attempts);
    row.tasks += 1;
    rows.set(key, row);
  }
  const begin = ({ ready, scheduled, started }: Attempt): number => ready ?? scheduled ?? started ?? 0;
  const all = [...rows.values()];
  for (const { attempts } of all) attempts.sort((a, b) => begin(a) - begin(b));
  const first = new Map(all.map((row) => [row, row.attempts[0] === undefined ? 0 : begin(row.attempts[0])]));
  return all.sort((a, b) => (first.get(a) ?? 0) - (first.get(b) ?? 0));
}

/** Times at which a scale is labelled: round ones, about `count` of them, as offsets from the beginning. */
export function ticks(ms: number, count: number): readonly number[] {
  const steps = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5,
    216e5, 432e5, 864e5,
  ];
  const step = steps.find((one) => ms / one <= count) ?? Math.ceil(ms / count / 864e5) * 864e5;
  return Array.from({ length: Math.floor(ms / step) + 1 }, (_, at) => at * step);
}
