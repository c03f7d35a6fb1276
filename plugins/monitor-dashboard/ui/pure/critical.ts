import { around } from './flame.ts';

/** Where a task of the graph, or a block, comes on the critical path: its first and its last link. */
export type OnPath = readonly [number, number];

/** The tasks of a graph that are on the critical path: those of its links, the lists of items, and the blocks that they are in. */
export function criticalNodes(
  links: readonly { readonly taskId: string }[],
  nodes: ReadonlySet<string>,
): ReadonlyMap<string, OnPath> {
  const found = new Map<string, OnPath>();
  for (const [index, { taskId }] of links.entries())
    for (let path = taskId; path !== ''; path = around(path))
      if (nodes.has(path)) found.set(path, [found.get(path)?.[0] ?? index, index]);
  return found;
}

/** Whether the path goes along an edge: what is at its end follows what is at its beginning. */
export function isAlong(path: ReadonlyMap<string, OnPath>, from: string, to: string): boolean {
  const [before, next] = [path.get(from), path.get(to)];
  return before !== undefined && next !== undefined && next[0] === before[1] + 1;
}
