import { type DrawGraph, type DrawNode, type GraphEdge, isForward, neighbours, topological } from './graph.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Line {
  readonly edge: GraphEdge;
  /** From the right side of one to the left side of the other, left to right, and the places that it passes in between. */
  readonly points: readonly (readonly [number, number])[];
}

export interface Layout {
  readonly boxes: ReadonlyMap<string, Box>;
  readonly lines: readonly Line[];
  readonly width: number;
  readonly height: number;
  /** Place of each node among those of its layer: what the next layout begins with. */
  readonly order: ReadonlyMap<string, number>;
}

const NODE_WIDTH = 164;
const NODE_HEIGHT = 40;
const GAP_X = 34;
const GAP_Y = 14;
const PAD = 14;
const HEAD = 26;
const SWEEPS = 4;
/** An edge over more layers is drawn straight: bending each such edge could cost V times E. */
const MOST_BENDS = 12;

/** A thing in a layer: a node, or where an edge passes. */
interface Slot {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly layer: number;
  y: number;
  place: number;
  readonly before: Slot[];
  readonly after: Slot[];
}

interface Placed {
  readonly width: number;
  readonly height: number;
  /** Relative to the block. */
  readonly boxes: ReadonlyMap<string, Box>;
  readonly lines: readonly Line[];
}

/**
 * Places a graph from left to right: blocks from the inside out; in each, layers by the longest path, crossings reduced by barycentres, and every node as near to
 * the middle of its neighbours as those of its layer let it. Each pass is O(V + E), but for the sorting of layers. `previous`: the order of an earlier layout, which
 * a graph that grew keeps as far as its edges let it.
 */
export function layout({ nodes, edges }: DrawGraph, previous: ReadonlyMap<string, number> = new Map()): Layout {
  const byBlock = new Map<string, DrawNode[]>();
  for (const node of nodes) {
    const others = byBlock.get(node.block);
    if (others === undefined) byBlock.set(node.block, [node]);
    else others.push(node);
  }
  const blockOf = new Map(nodes.map(({ id, block }) => [id, block]));
  const between = new Map<string, GraphEdge[]>();
  for (const edge of edges) {
    const joined = siblings(edge, blockOf);
    if (joined === undefined) continue;
    const others = between.get(joined.block);
    if (others === undefined) between.set(joined.block, [joined.edge]);
    else others.push(joined.edge);
  }
  const order = new Map<string, number>();
  const placed = new Map<string, Placed>();
  // What is in a block comes after it: so the last blocks are the innermost.
  const blocks = [
    ...nodes
      .filter(({ frame }) => frame)
      .map(({ id }) => id)
      .reverse(),
    '',
  ];
  for (const block of blocks)
    placed.set(block, placeBlock(byBlock.get(block) ?? [], between.get(block) ?? [], placed, previous, order));
  return assemble(placed, order);
}

/** An edge as one between two of the same block: of what is in different ones, between the blocks around them. */
function siblings(
  edge: GraphEdge,
  blockOf: ReadonlyMap<string, string>,
): { readonly block: string; readonly edge: GraphEdge } | undefined {
  let { from, to } = edge;
  const around = new Map<string, string>();
  for (let at: string | undefined = from; at !== undefined && at !== ''; at = blockOf.get(at))
    around.set(blockOf.get(at) ?? '', at);
  for (;;) {
    const block = blockOf.get(to);
    if (block === undefined) return undefined;
    const other = around.get(block);
    if (other !== undefined) {
      from = other;
      if (from === to) return undefined;
      return { block, edge: from === edge.from && to === edge.to ? edge : { ...edge, from, to } };
    }
    to = block;
  }
}

function placeBlock(
  nodes: readonly DrawNode[],
  edges: readonly GraphEdge[],
  inner: ReadonlyMap<string, Placed>,
  previous: ReadonlyMap<string, number>,
  order: Map<string, number>,
): Placed {
  const forward = edges.filter(isForward);
  const { before, after } = neighbours(nodes, forward);
  const sorted = topological(nodes, before, after);
  const rank = new Map(sorted.map((id, at) => [id, at]));
  const isAhead = ({ from, to }: GraphEdge): boolean => (rank.get(from) ?? 0) < (rank.get(to) ?? 0);
  const layers = layersOf(sorted, before, rank);
  const slots = new Map<string, Slot>();
  for (const { id } of nodes) {
    const of = inner.get(id);
    const [width, height] = of === undefined ? [NODE_WIDTH, NODE_HEIGHT] : [of.width, of.height];
    slots.set(id, { id, width, height, layer: layers.get(id) ?? 0, y: 0, place: 0, before: [], after: [] });
  }
  const rows: Slot[][] = [];
  const first = [...slots.values()];
  // As it was, then what is new, as it came.
  first.sort(
    (a, b) => (previous.get(a.id) ?? Number.MAX_SAFE_INTEGER) - (previous.get(b.id) ?? Number.MAX_SAFE_INTEGER),
  );
  for (const slot of first) put(rows, slot);
  const bends = new Map<GraphEdge, readonly Slot[]>();
  for (const edge of forward) {
    const [one, other] = [slots.get(edge.from), slots.get(edge.to)];
    if (one !== undefined && other !== undefined && isAhead(edge)) bends.set(edge, bend(one, other, rows));
  }
  const kept = keptOf(nodes, previous);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) reduceCrossings(rows, sweep % 2 === 0, kept);
  const height = placeRows(rows);
  const lefts: number[] = [];
  let x = PAD;
  for (const row of rows) {
    lefts.push(x);
    x += Math.max(...row.map(({ width }) => width)) + GAP_X;
  }
  const boxes = new Map<string, Box>();
  for (const [id, { layer, y, width, height: own, place }] of slots) {
    boxes.set(id, { x: lefts[layer] ?? PAD, y: y + HEAD, width, height: own });
    order.set(id, place);
  }
  const lines = edges.flatMap((edge): Line[] => {
    const [one, other] = [boxes.get(edge.from), boxes.get(edge.to)];
    if (one === undefined || other === undefined) return [];
    const via = (bends.get(edge) ?? []).flatMap(({ layer, y }): [number, number][] => {
      const left = lefts[layer] ?? PAD;
      const width = Math.max(...(rows[layer] ?? []).map((slot) => slot.width));
      return [
        [left, y + HEAD],
        [left + width, y + HEAD],
      ];
    });
    const start: [number, number] = [one.x + one.width, one.y + one.height / 2];
    const end: [number, number] = [other.x, other.y + other.height / 2];
    return [{ edge, points: [start, ...via, end] }];
  });
  return { width: Math.max(x - GAP_X + PAD, NODE_WIDTH), height: height + HEAD + PAD, boxes, lines };
}

function layersOf(
  sorted: readonly string[],
  before: ReadonlyMap<string, readonly string[]>,
  rank: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const layers = new Map<string, number>();
  for (const id of sorted) {
    let layer = 0;
    for (const one of before.get(id) ?? [])
      if ((rank.get(one) ?? 0) < (rank.get(id) ?? 0)) layer = Math.max(layer, (layers.get(one) ?? 0) + 1);
    layers.set(id, layer);
  }
  return layers;
}

function put(rows: Slot[][], slot: Slot): void {
  while (rows.length <= slot.layer) rows.push([]);
  const row = rows[slot.layer] ?? [];
  slot.place = row.length;
  row.push(slot);
}

/** Joins two slots, through a slot in every layer between. */
function bend(from: Slot, to: Slot, rows: Slot[][]): readonly Slot[] {
  const via: Slot[] = [];
  let last = from;
  const isLong = to.layer - from.layer > MOST_BENDS;
  for (let layer = from.layer + 1; layer < to.layer && !isLong; layer += 1) {
    const slot: Slot = { id: '', width: 0, height: 0, layer, y: 0, place: 0, before: [last], after: [] };
    last.after.push(slot);
    put(rows, slot);
    via.push(slot);
    last = slot;
  }
  last.after.push(to);
  to.before.push(last);
  return via;
}

/** Nodes whose order stays as it was: all that were there, when they are the most. */
function keptOf(nodes: readonly DrawNode[], previous: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const known = nodes.filter(({ id }) => previous.has(id)).length;
  return known * 2 > nodes.length ? previous : new Map();
}

function reduceCrossings(rows: readonly Slot[][], downwards: boolean, kept: ReadonlyMap<string, number>): void {
  const all = downwards ? rows : [...rows].reverse();
  for (const row of all) {
    const wanted = new Map<Slot, number>();
    for (const slot of row) {
      const side = downwards ? slot.before : slot.after;
      const was = kept.get(slot.id);
      if (was !== undefined) {
        wanted.set(slot, was);
        continue;
      }
      let sum = 0;
      for (const { place } of side) sum += place;
      wanted.set(slot, side.length === 0 ? slot.place : sum / side.length);
    }
    row.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0) || a.place - b.place);
    for (const [place, slot] of row.entries()) slot.place = place;
  }
}

const PASSES = 3;

/** Gives every slot its y; returns the height of all. */
function placeRows(rows: readonly Slot[][]): number {
  for (const row of rows) {
    let y = 0;
    for (const slot of row) {
      slot.y = y;
      y += slot.height + GAP_Y;
    }
  }
  for (let pass = 0; pass < PASSES; pass += 1) {
    for (const row of rows) settle(row, ({ before }) => before);
    for (const row of [...rows].reverse()) settle(row, ({ after }) => after);
  }
  let [top, bottom] = [Number.POSITIVE_INFINITY, 0];
  for (const row of rows) for (const { y } of row) top = Math.min(top, y);
  for (const row of rows)
    for (const slot of row) {
      slot.y -= top;
      bottom = Math.max(bottom, slot.y + slot.height);
    }
  return bottom;
}

const middle = ({ y, height }: Slot): number => y + height / 2;

/**
 * Moves each slot of a row to the middle of its neighbours, as near as the others let it: the least squares that keep the order and the gaps, by pooling
 * those that would overlap.
 */
function settle(row: readonly Slot[], side: (slot: Slot) => readonly Slot[]): void {
  const pools: { sum: number; count: number; from: number; to: number }[] = [];
  const offsets: number[] = [];
  let offset = 0;
  for (const [at, slot] of row.entries()) {
    const near = side(slot);
    let sum = 0;
    for (const one of near) sum += middle(one);
    const wanted = near.length === 0 ? slot.y : sum / near.length - slot.height / 2;
    offsets.push(offset);
    let pool = { sum: wanted - offset, count: 1, from: at, to: at };
    for (
      let last = pools.at(-1);
      last !== undefined && last.sum / last.count > pool.sum / pool.count;
      last = pools.at(-1)
    ) {
      pools.pop();
      pool = { sum: last.sum + pool.sum, count: last.count + pool.count, from: last.from, to: at };
    }
    pools.push(pool);
    offset += slot.height + GAP_Y;
  }
  for (const { sum, count, from, to } of pools)
    for (let at = from; at <= to; at += 1) {
      const slot = row[at];
      if (slot !== undefined) slot.y = sum / count + (offsets[at] ?? 0);
    }
}

function assemble(placed: ReadonlyMap<string, Placed>, order: ReadonlyMap<string, number>): Layout {
  const boxes = new Map<string, Box>();
  const lines: Line[] = [];
  const todo: { readonly block: string; readonly x: number; readonly y: number }[] = [
    { block: '', x: 0, y: -HEAD + PAD },
  ];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { block, x, y } = next;
    const of = placed.get(block);
    if (of === undefined) continue;
    for (const [id, box] of of.boxes) {
      boxes.set(id, { ...box, x: box.x + x, y: box.y + y });
      if (placed.has(id)) todo.push({ block: id, x: box.x + x, y: box.y + y });
    }
    for (const { edge, points } of of.lines)
      lines.push({ edge, points: points.map(([px, py]): [number, number] => [px + x, py + y]) });
  }
  const { width = 0, height = 0 } = placed.get('') ?? {};
  return { boxes, lines, width, height: height - HEAD + PAD, order };
}
