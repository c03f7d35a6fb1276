/** A node as the API tells it; what layout needs of it. */
export interface GraphNode {
  readonly id: string;
  /** The block that it is in; '' is the run. */
  readonly block: string;
  readonly frame: boolean;
  readonly look: string;
  readonly work: string;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: string;
  readonly label: string;
}

/** What is drawn as one node: a task, a block, or many tasks that look the same from both sides. */
export interface DrawNode extends GraphNode {
  /** Of a fold: the tasks that it stands for, and how many there are of each look. */
  readonly members?: readonly string[];
  readonly looks?: ReadonlyMap<string, number>;
}

export interface DrawGraph {
  readonly nodes: readonly DrawNode[];
  readonly edges: readonly GraphEdge[];
}

/** Edges that do not say what comes first. */
const BACKWARD: ReadonlySet<string> = new Set(['repeat']);

export const isForward = ({ kind }: Pick<GraphEdge, 'kind'>): boolean => !BACKWARD.has(kind);

/** Neighbours of each node. */
export function neighbours(
  nodes: readonly { readonly id: string }[],
  edges: readonly Pick<GraphEdge, 'from' | 'to'>[],
): { readonly before: ReadonlyMap<string, readonly string[]>; readonly after: ReadonlyMap<string, readonly string[]> } {
  const before = new Map<string, string[]>(nodes.map(({ id }) => [id, []]));
  const after = new Map<string, string[]>(nodes.map(({ id }) => [id, []]));
  for (const { from, to } of edges) {
    after.get(from)?.push(to);
    before.get(to)?.push(from);
  }
  return { before, after };
}

/** The nodes so that each comes after what it depends on; what is in a circle comes last, as it was given. */
export function topological(
  nodes: readonly { readonly id: string }[],
  before: ReadonlyMap<string, readonly string[]>,
  after: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const left = new Map(nodes.map(({ id }) => [id, before.get(id)?.length ?? 0]));
  const order = nodes.flatMap(({ id }) => (left.get(id) === 0 ? [id] : []));
  for (let at = 0; at < order.length; at += 1) {
    for (const next of after.get(order[at] ?? '') ?? []) {
      const open = (left.get(next) ?? 0) - 1;
      left.set(next, open);
      if (open === 0) order.push(next);
    }
  }
  if (order.length === nodes.length) return order;
  const known = new Set(order);
  return [...order, ...nodes.flatMap(({ id }) => (known.has(id) ? [] : [id]))];
}

/** More siblings than that are drawn as one node. */
export const MOST_SIBLINGS = 50;

/**
 * Draws many tasks that look the same from both sides as one: they do the same work in the same block, come after what looks the same, and before what
 * does. O(V + E).
 */
export function folded(
  nodes: readonly GraphNode[],
  edges: readonly GraphEdge[],
  {
    most = MOST_SIBLINGS,
    open = new Set<string>(),
  }: { readonly most?: number; readonly open?: ReadonlySet<string> } = {},
): DrawGraph {
  const { before, after } = neighbours(nodes, edges.filter(isForward));
  const order = topological(nodes, before, after);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const colours = new Map<string, number>();
  const number = (text: string): number => {
    const known = colours.get(text) ?? colours.size;
    colours.set(text, known);
    return known;
  };
  const colour = (
    ids: Iterable<string>,
    sides: ReadonlyMap<string, readonly string[]>,
  ): ReadonlyMap<string, number> => {
    const found = new Map<string, number>();
    for (const id of ids) {
      const { block = '', work = '', frame = false } = byId.get(id) ?? {};
      const side = [...new Set((sides.get(id) ?? []).map((one) => found.get(one) ?? -1))].sort((a, b) => a - b);
      // Blocks are drawn one by one: each has tasks of its own.
      found.set(id, number(JSON.stringify([block, work, frame ? id : '', side])));
    }
    return found;
  };
  const left = colour(order, before);
  const right = colour([...order].reverse(), after);
  const groups = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    if (node.frame) continue;
    const key = `${left.get(node.id)}/${right.get(node.id)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [node]);
    else group.push(node);
  }
  const standsFor = new Map<string, DrawNode>();
  for (const members of groups.values()) {
    const [first] = members;
    if (first === undefined || members.length <= most || open.has(`${first.id}…`)) continue;
    const looks = new Map<string, number>();
    for (const { look } of members) looks.set(look, (looks.get(look) ?? 0) + 1);
    const node = { ...first, id: `${first.id}…`, look: lookOf(looks), members: members.map(({ id }) => id), looks };
    for (const { id } of members) standsFor.set(id, node);
  }
  if (standsFor.size === 0) return { nodes, edges };
  const kept = new Set<DrawNode>(nodes.map((node) => standsFor.get(node.id) ?? node));
  const drawn = new Map<string, GraphEdge>();
  for (const edge of edges) {
    const from = standsFor.get(edge.from)?.id ?? edge.from;
    const to = standsFor.get(edge.to)?.id ?? edge.to;
    const key = `${from}\n${to}\n${edge.kind}`;
    if (!drawn.has(key)) drawn.set(key, from === edge.from && to === edge.to ? edge : { ...edge, from, to });
  }
  return { nodes: [...kept], edges: [...drawn.values()] };
}

const URGENT = ['failed', 'running', 'scheduled', 'waiting', 'ready', 'pending', 'cancelled', 'completed', 'skipped'];

/** The look that most asks to be looked at. */
export const lookOf = (looks: ReadonlyMap<string, number>): string =>
  URGENT.find((look) => looks.has(look)) ?? 'pending';
