import type { Attempt, Part, Scale } from './timeline.ts';

// A run as a flame graph over its time: the run, the blocks in it, tasks, attempts. What is done at once stands below each other.

/** Something that took time, with what was done in it. */
export interface FlameNode {
  /** Of an attempt: that of its task and its number (`pay#2`). */
  readonly id: string;
  readonly kind: 'run' | 'block' | 'task' | 'attempt';
  /** What is shown of it. */
  readonly name: string;
  readonly status: string;
  readonly from: number;
  readonly to: number;
  /** Of an attempt: what its time went to. */
  readonly parts: readonly { readonly part: Part; readonly from: number; readonly to: number }[];
  /** In the order in which they began. */
  readonly children: readonly FlameNode[];
  readonly agent?: string;
}

/** A node at its place: `row` from the top, of itself; what is in it comes below. */
export interface FlameBox {
  readonly node: FlameNode;
  readonly row: number;
  readonly parent: FlameBox | undefined;
  /** Of a box that stands for many which there was no row for: how many. */
  readonly crowd: number;
}

/** Rows that the children of one node have at most; what is done at once beyond them is one crowd. */
const MOST_ROWS = 60;

/** What is around a task: its block or list, by its path. */
export function around(path: string): string {
  if (path.endsWith(']')) return path.slice(0, path.lastIndexOf('['));
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** The tree of a run up to `now`. O(n log n) in attempts. */
export function flameOf(
  tasks: Readonly<Record<string, readonly Attempt[]>>,
  {
    from,
    now,
    name,
    status,
  }: { readonly from: number; readonly now: number; readonly name: string; readonly status: string },
): FlameNode {
  const inside = new Map<string, string[]>([['', []]]);
  const note = (path: string): void => {
    if (inside.has(path)) return;
    inside.set(path, []);
    const out = around(path);
    note(out);
    inside.get(out)?.push(path);
  };
  for (const [path, attempts] of Object.entries(tasks)) if (attempts.some((one) => beginOf(one) <= now)) note(path);
  const nodeOf = (path: string): FlameNode => {
    const within = inside.get(path);
    const isBlock = within !== undefined && within.length > 0;
    const children = isBlock ? within.map(nodeOf) : [];
    let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    let last: Attempt | undefined;
    for (const one of tasks[path] ?? []) {
      const begun = beginOf(one);
      if (begun > now) continue;
      last = one;
      if (!isBlock) children.push(attemptNode(path, one, now));
      from = Math.min(from, begun);
      to = Math.max(to, Math.min(now, one.ended ?? now));
    }
    for (const child of children) {
      from = Math.min(from, child.from);
      to = Math.max(to, child.to);
    }
    if (children.length > 1) children.sort(byBegin);
    return {
      id: path,
      kind: isBlock ? 'block' : 'task',
      name: path.slice(path.lastIndexOf('/') + 1),
      status: last === undefined ? together(children) : statusOf(last, now),
      from,
      to,
      parts: [],
      children,
    };
  };
  const top = (inside.get('') ?? []).map(nodeOf).sort(byBegin);
  const to = most([now, from, ...top.map((one) => one.to)]);
  return {
    id: '',
    kind: 'run',
    name,
    status,
    from: least([from, ...top.map((one) => one.from)]),
    to,
    parts: [],
    children: top,
  };
}

const byBegin = (one: FlameNode, other: FlameNode): number => one.from - other.from || other.to - one.to;
const beginOf = ({ ready, scheduled, started }: Attempt): number => ready ?? scheduled ?? started ?? 0;
const statusOf = (one: Attempt | undefined, now: number): string =>
  (one?.ended ?? 0) > now ? 'running' : (one?.status ?? 'running');
/** Of a list, which has no attempts of its own: by its items. */
const together = (children: readonly FlameNode[]): string =>
  ['scheduled', 'running', 'failed', 'lost'].find((status) => children.some((one) => one.status === status)) ??
  'completed';
/** Of any number of values. */
const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

function attemptNode(path: string, one: Attempt, now: number): FlameNode {
  const { attempt, agent, ready, scheduled, started, ended = now } = one;
  const [from, to] = [beginOf(one), Math.max(beginOf(one), Math.min(now, ended))];
  const parts: { part: Part; from: number; to: number }[] = [];
  const add = (part: Part, begin: number | undefined, end: number | undefined): void => {
    if (begin === undefined || begin > to) return;
    const until = Math.min(to, end ?? to);
    if (until > begin || part === 'work' || part === 'wait')
      parts.push({ part, from: begin, to: Math.max(begin, until) });
  };
  if (agent === undefined) add('wait', started ?? ready, ended);
  else {
    add('queue', ready, scheduled ?? started ?? ended);
    add('connect', scheduled, started ?? ended);
    add('work', started, ended);
  }
  return {
    id: `${path}#${attempt}`,
    kind: 'attempt',
    name: `${agent ?? 'waits'}${attempt > 1 ? ` (${attempt})` : ''}`,
    status: statusOf(one, now),
    from,
    to,
    parts,
    children: [],
    ...(agent === undefined ? {} : { agent }),
  };
}

/** Puts each node below what it is in, in the first row that is free while it lasts. Every box comes after that of its parent. */
export function stacked(root: FlameNode): { readonly boxes: readonly FlameBox[]; readonly rows: number } {
  const boxes: FlameBox[] = [];
  let rows = 1;
  /** Returns how many rows it takes. */
  const heights = new Map<FlameNode, { readonly height: number; readonly places: readonly number[] }>();
  const measure = (node: FlameNode): number => {
    const free: number[] = [];
    const places = node.children.map((child) => {
      const height = measure(child);
      for (let row = 0; row + height <= Math.max(MOST_ROWS, height); row += 1) {
        let fits = true;
        for (let at = row; at < row + height && fits; at += 1)
          fits = (free[at] ?? Number.NEGATIVE_INFINITY) <= child.from;
        if (!fits) continue;
        for (let at = row; at < row + height; at += 1)
          free[at] = Math.max(child.to, free[at] ?? Number.NEGATIVE_INFINITY);
        return row;
      }
      return -1;
    });
    const height = 1 + free.length + (places.includes(-1) ? 1 : 0);
    heights.set(node, { height, places });
    return height;
  };
  const put = (node: FlameNode, row: number, parent: FlameBox | undefined): void => {
    const box: FlameBox = { node, row, parent, crowd: 0 };
    boxes.push(box);
    const { height = 1, places = [] } = heights.get(node) ?? {};
    rows = Math.max(rows, row + height);
    for (const [index, child] of node.children.entries()) {
      const place = places[index] ?? -1;
      if (place >= 0) put(child, row + 1 + place, box);
      else boxes.push({ node: child, row: row + height - 1, parent: box, crowd: 1 });
    }
  };
  measure(root);
  put(root, 0, undefined);
  return { boxes, rows };
}

/** A box in pixels; several that would share one are one, with how many. */
export interface FlameRect {
  readonly box: FlameBox;
  readonly row: number;
  readonly x: number;
  readonly width: number;
  readonly count: number;
  readonly status: string;
}

const WORST = ['failed', 'lost', 'running', 'scheduled', 'completed'];
/** Narrower than that, boxes beside each other are drawn as one; px. */
const NARROW = 3;

/** What is drawn between two rows, in the order in which it is drawn. Never more than `width / 1` rectangles a row. */
export function rectsOf(
  boxes: readonly FlameBox[],
  scale: Pick<Scale, 'x' | 'width'>,
  [first, last]: readonly [number, number],
): readonly FlameRect[] {
  const open = new Map<
    number,
    { box: FlameBox; row: number; x: number; width: number; count: number; status: string }
  >();
  const rects: FlameRect[] = [];
  const flush = (row: number): void => {
    const one = open.get(row);
    if (one !== undefined) rects.push(one);
    open.delete(row);
  };
  for (const box of boxes) {
    const { row, node } = box;
    if (row < first || row > last) continue;
    const x = scale.x(node.from);
    const end = Math.max(x + 1, scale.x(node.to));
    if (end < 0 || x > scale.width) continue;
    const before = open.get(row);
    const isNarrow = end - x < NARROW || box.crowd > 0;
    if (
      before !== undefined &&
      isNarrow &&
      x >= before.x - 0.5 &&
      x <= before.x + before.width + 0.5 &&
      before.count > 0
    ) {
      before.width = Math.max(before.width, end - before.x);
      before.count += 1;
      if (rank(node.status) < rank(before.status)) before.status = node.status;
      continue;
    }
    flush(row);
    const rect = { box, row, x, width: end - x, count: isNarrow ? 1 : 0, status: node.status };
    if (isNarrow) open.set(row, rect);
    else rects.push({ ...rect, count: 1 });
  }
  for (const row of [...open.keys()]) flush(row);
  return rects;
}

const rank = (status: string): number => {
  const at = WORST.indexOf(status);
  return at < 0 ? WORST.length : at;
};

/** Where a key leads from a box: to what it is in, into it, or to what is beside it there. */
export function neighbourOf(boxes: readonly FlameBox[], box: FlameBox, key: string): FlameBox | undefined {
  if (key === 'ArrowUp') return box.parent;
  if (key === 'ArrowDown') return boxes.find(({ parent }) => parent === box);
  const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
  if (step === 0 || box.parent === undefined) return undefined;
  const beside = boxes.filter(({ parent }) => parent === box.parent).toSorted((a, b) => a.node.from - b.node.from);
  return beside[beside.indexOf(box) + step];
}
