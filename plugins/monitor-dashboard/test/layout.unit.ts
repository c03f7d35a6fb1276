import { expect } from 'chai';
import * as fc from 'fast-check';
import { describe, it } from 'mocha';
import { folded, type GraphEdge, type GraphNode } from '../ui/pure/graph.ts';
import { type Box, layout } from '../ui/pure/layout.ts';

const node = (id: string, more: Partial<GraphNode> = {}): GraphNode => ({
  id,
  block: id.includes('/') ? id.slice(0, id.lastIndexOf('/')) : '',
  frame: false,
  look: 'completed',
  work: 'w',
  ...more,
});
const edge = (from: string, to: string, kind = 'after'): GraphEdge => ({ from, to, kind, label: '' });
const boxOf = (boxes: ReadonlyMap<string, Box>, id: string): Box =>
  boxes.get(id) ?? { x: -1, y: -1, width: 0, height: 0 };
const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height - 0.001 && b.y < a.y + a.height - 0.001;
const isIn = (a: Box, b: Box): boolean =>
  a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width + 0.001 && a.y + a.height <= b.y + b.height + 0.001;

/** `wide` chains of `deep` tasks, tied together at random. */
function layered(wide: number, deep: number): { readonly nodes: GraphNode[]; readonly edges: GraphEdge[] } {
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  for (let layer = 0; layer < deep; layer += 1)
    for (let at = 0; at < wide; at += 1) {
      nodes.push(node(`t${layer}-${at}`, { work: `w${at}` }));
      if (layer === 0) continue;
      edges.push(edge(`t${layer - 1}-${at}`, `t${layer}-${at}`));
      edges.push(edge(`t${layer - 1}-${(at * 7 + layer * 3) % wide}`, `t${layer}-${at}`));
    }
  return { nodes, edges };
}

describe('the layout of a graph', () => {
  it('puts what comes after to the right, and nothing over anything else', () => {
    void fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.tuple(fc.nat(29), fc.nat(29)), { maxLength: 60 }),
        (count, pairs) => {
          const nodes = Array.from({ length: count }, (_, at) => node(`n${at}`));
          const edges = pairs.filter(([a, b]) => a < b && b < count).map(([a, b]) => edge(`n${a}`, `n${b}`));
          const { boxes, width, height } = layout({ nodes, edges });
          const all = [...boxes.values()];
          expect(all).to.have.length(count);
          for (const { from, to } of edges) {
            const [one, other] = [boxOf(boxes, from), boxOf(boxes, to)];
            expect(one.x + one.width).to.be.lessThan(other.x);
          }
          for (const [at, one] of all.entries()) {
            expect(isIn(one, { x: 0, y: 0, width, height })).to.equal(true);
            for (const other of all.slice(at + 1)) expect(overlap(one, other)).to.equal(false);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('keeps what is in a block inside it, blocks in blocks too', () => {
    const nodes = [
      node('a'),
      node('b', { frame: true }),
      node('b/c'),
      node('b/d', { frame: true }),
      node('b/d/e'),
      node('b/d/f'),
      node('g'),
    ];
    const edges = [
      edge('a', 'b'),
      edge('b/c', 'b/d'),
      edge('b/d/e', 'b/d/f'),
      edge('b', 'g'),
      edge('b/d/e', 'g', 'caught'),
    ];
    const { boxes, lines } = layout({ nodes, edges });
    for (const [one, other] of [
      ['b/c', 'b'],
      ['b/d', 'b'],
      ['b/d/e', 'b/d'],
      ['b/d/f', 'b/d'],
    ] as const)
      expect(isIn(boxOf(boxes, one), boxOf(boxes, other)), `${one} in ${other}`).to.equal(true);
    expect(overlap(boxOf(boxes, 'b'), boxOf(boxes, 'g'))).to.equal(false);
    // From inside a block it is drawn from the block.
    expect(lines.map(({ edge: { from, to } }) => `${from} ${to}`)).to.have.members([
      'a b',
      'b/c b/d',
      'b/d/e b/d/f',
      'b g',
      'b g',
    ]);
  });

  it('has no crossing where there need not be one', () => {
    const nodes = ['a', 'b', 'c', 'z', 'y', 'x'].map((id) => node(id));
    const { boxes } = layout({ nodes, edges: [edge('a', 'x'), edge('b', 'y'), edge('c', 'z')] });
    const ys = ['x', 'y', 'z'].map((id) => boxOf(boxes, id).y);
    expect(ys).to.deep.equal(ys.toSorted((a, b) => a - b));
    expect(ys).to.deep.equal(['a', 'b', 'c'].map((id) => boxOf(boxes, id).y));
  });

  it('keeps the order of what was there as the graph grows', () => {
    const before = layered(6, 5);
    const first = layout(before);
    const more = [node('late'), ...before.nodes, node('later')];
    const next = layout(
      { nodes: more, edges: [...before.edges, edge('t4-0', 'late'), edge('t4-5', 'later')] },
      first.order,
    );
    for (let layer = 0; layer < 5; layer += 1) {
      const inLayer = (boxes: ReadonlyMap<string, Box>) =>
        [...boxes]
          .filter(([id]) => id.startsWith(`t${layer}-`))
          .sort((a, b) => a[1].y - b[1].y)
          .map(([id]) => id);
      expect(inLayer(next.boxes)).to.deep.equal(inLayer(first.boxes));
    }
  });

  it('draws circles and edges back', () => {
    const nodes = ['a', 'b', 'c'].map((id) => node(id));
    const { boxes, lines } = layout({
      nodes,
      edges: [edge('a', 'b'), edge('b', 'c'), edge('c', 'a'), edge('c', 'b', 'repeat')],
    });
    expect(boxes.size).to.equal(3);
    expect(lines).to.have.length(4);
  });

  it('does work in proportion to the graph', () => {
    // Twice the tasks: about twice the slots, edges that pass many layers included.
    const chain = (length: number) => {
      const nodes = Array.from({ length }, (_, at) => node(`n${at}`));
      const edges = nodes.slice(1).flatMap(({ id }, at) => [edge(`n${at}`, id), edge('n0', id)]);
      return layout({ nodes, edges }).lines.reduce((sum, { points }) => sum + points.length, 0);
    };
    expect(chain(4000)).to.be.lessThan(2.1 * chain(2000));
    expect(layout(layered(100, 100)).boxes.size).to.equal(10_000);
  });
});

describe('siblings in a graph', () => {
  const fan = (count: number) => {
    const nodes = [
      node('start'),
      ...Array.from({ length: count }, (_, at) => [
        node(`s${at}`),
        node(`p${at}`, { work: 'v', look: at === 3 ? 'failed' : 'completed' }),
      ]).flat(),
      node('end'),
    ];
    const edges = Array.from({ length: count }, (_, at) => [
      edge('start', `s${at}`),
      edge(`s${at}`, `p${at}`),
      edge(`p${at}`, 'end'),
    ]).flat();
    return { nodes, edges };
  };

  it('are one node each when there are more than fifty', () => {
    const { nodes, edges } = fan(51);
    const drawn = folded(nodes, edges);
    expect(drawn.nodes.map(({ id }) => id)).to.deep.equal(['start', 's0…', 'p0…', 'end']);
    expect(drawn.edges.map(({ from, to }) => `${from} ${to}`)).to.deep.equal(['start s0…', 's0… p0…', 'p0… end']);
    expect(drawn.nodes[2]?.look).to.equal('failed');
    expect([...(drawn.nodes[2]?.looks ?? [])]).to.deep.equal([
      ['completed', 50],
      ['failed', 1],
    ]);
    expect(drawn.nodes[2]?.members).to.have.length(51);
  });

  it('are drawn one by one when there are fifty, when they differ, and when somebody opened them', () => {
    const fifty = fan(50);
    expect(folded(fifty.nodes, fifty.edges).nodes).to.have.length(102);
    const { nodes, edges } = fan(60);
    const differ = folded(nodes, [...edges, ...Array.from({ length: 59 }, (_, at) => edge(`s${at}`, `s${at + 1}`))]);
    expect(differ.nodes).to.have.length(122);
    const open = folded(nodes, edges, { open: new Set(['s0…']) });
    expect(open.nodes).to.have.length(63);
  });
});
