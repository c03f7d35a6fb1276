import { type DrawGraph, folded, type GraphEdge, type GraphNode } from '../pure/graph.ts';
import { type Layout, layout } from '../pure/layout.ts';

export interface LayoutOrder {
  readonly number: number;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly open: readonly string[];
  readonly previous: ReadonlyMap<string, number>;
}

export interface LaidOut {
  readonly number: number;
  readonly graph: DrawGraph;
  readonly layout: Layout;
  readonly ms: number;
}

self.onmessage = ({ data }: MessageEvent<LayoutOrder>) => {
  const begun = performance.now();
  const graph = folded(data.nodes, data.edges, { open: new Set(data.open) });
  const laid: LaidOut = {
    number: data.number,
    graph,
    layout: layout(graph, data.previous),
    ms: performance.now() - begun,
  };
  self.postMessage(laid);
};
