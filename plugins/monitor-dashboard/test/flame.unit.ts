import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { criticalNodes, isAlong } from '../ui/pure/critical.ts';
import { type FlameBox, flameOf, neighbourOf, rectsOf, stacked } from '../ui/pure/flame.ts';
import type { Attempt } from '../ui/pure/timeline.ts';

const done = (ready: number, started: number, ended: number, attempt = 1, status = 'completed'): Attempt => ({
  attempt,
  agent: 'a',
  ready,
  scheduled: ready,
  started,
  ended,
  status,
});
const RUN = { from: 0, now: 100, name: 'w', status: 'running' };
const idOf = ({ node, row }: FlameBox): string => `${row} ${node.kind} ${node.id}`;

describe('the flame graph', () => {
  it('nests the run, blocks, tasks and attempts, and tells queueing from working', () => {
    const flame = flameOf(
      {
        quote: [done(0, 5, 20, 1, 'failed'), done(30, 30, 40, 2)],
        book: [{ attempt: 1, ready: 40, started: 40, status: 'running' }],
        'book/pay': [done(40, 60, 90)],
        'each[0]': [done(40, 41, 50)],
        later: [done(101, 102, 103)],
      },
      RUN,
    );
    expect(stacked(flame).boxes.map(idOf)).to.deep.equal([
      '0 run ',
      '1 task quote',
      '2 attempt quote#1',
      '2 attempt quote#2',
      '1 block book',
      '2 task book/pay',
      '3 attempt book/pay#1',
      '4 block each',
      '5 task each[0]',
      '6 attempt each[0]#1',
    ]);
    const [quote, book] = flame.children;
    expect(quote?.children[0]?.parts).to.deep.equal([
      { part: 'connect', from: 0, to: 5 },
      { part: 'work', from: 5, to: 20 },
    ]);
    expect([quote?.from, quote?.to, quote?.status]).to.deep.equal([0, 40, 'completed']);
    expect([book?.from, book?.to, book?.status]).to.deep.equal([40, 100, 'running']);
    expect(flame.children.find(({ id }) => id === 'each')?.status).to.equal('completed');
  });

  it('shows a run as it was at a time', () => {
    const flame = flameOf({ a: [done(0, 10, 90)], b: [done(60, 70, 80)] }, { ...RUN, now: 50 });
    expect(flame.children.map(({ id, to, status }) => [id, to, status])).to.deep.equal([['a', 50, 'running']]);
    expect(flame.children[0]?.children[0]?.parts.at(-1)).to.deep.equal({ part: 'work', from: 10, to: 50 });
  });

  it('never has two boxes at one place, each below what it is in, whatever ran at once', () => {
    const tasks = fc.array(
      fc.tuple(fc.constantFrom('', 'a/', 'b/', 'b/c/'), fc.nat(80), fc.integer({ min: 1, max: 40 })),
      {
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(tasks, (given) => {
        const all = Object.fromEntries(
          given.map(([block, from, ms], at) => [`${block}t${at}`, [done(from, from, from + ms)]]),
        );
        const { boxes, rows } = stacked(flameOf(all, { ...RUN, now: 200 }));
        const byRow = Map.groupBy(
          boxes.filter(({ crowd }) => crowd === 0),
          ({ row }) => row,
        );
        for (const row of byRow.values()) {
          const ordered = row.toSorted((a, b) => a.node.from - b.node.from || a.node.to - b.node.to);
          for (const [at, { node }] of ordered.entries())
            expect(ordered[at + 1]?.node.from ?? Number.POSITIVE_INFINITY).to.be.at.least(node.to);
        }
        for (const { row, parent, node } of boxes) {
          expect(row).to.be.below(rows);
          if (parent === undefined) continue;
          expect(row).to.be.above(parent.row);
          expect(node.from).to.be.at.least(parent.node.from);
          expect(node.to).to.be.at.most(parent.node.to);
        }
        expect(boxes.filter(({ node }) => node.kind === 'attempt')).to.have.length(given.length);
      }),
    );
  });

  it('draws no more than there are pixels, and what has no row as a crowd', () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`t${at}`, [done(at, at, at + 1)]]));
    const flame = flameOf(many, { ...RUN, now: 20_001 });
    const { boxes, rows } = stacked(flame);
    expect(boxes).to.have.length(40_001);
    expect(rows).to.equal(3);
    const scale = { width: 1000, x: (time: number) => (time / 20_001) * 1000 };
    const rects = rectsOf(boxes, scale, [0, 100]);
    expect(rects.length).to.be.at.most(2001);
    expect(rects.filter(({ row }) => row === 1).reduce((sum, { count }) => sum + count, 0)).to.equal(20_000);
    const atOnce = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`t${at}`, [done(0, 0, 100)]]));
    const crowd = stacked(flameOf(atOnce, RUN));
    expect(crowd.rows).to.be.at.most(62);
    expect(crowd.boxes.some((one) => one.crowd > 0)).to.equal(true);
    const drawn = rectsOf(crowd.boxes, { width: 100, x: (time) => time }, [0, 100]);
    expect(drawn.filter(({ row }) => row === crowd.rows - 1)).to.have.length(1);
  });

  it('is gone through by keys', () => {
    const { boxes } = stacked(flameOf({ a: [done(0, 0, 10)], b: [done(20, 20, 30)] }, RUN));
    const [run, a, attempt, b] = boxes as [FlameBox, FlameBox, FlameBox, FlameBox];
    expect(neighbourOf(boxes, run, 'ArrowDown')).to.equal(a);
    expect(neighbourOf(boxes, a, 'ArrowDown')).to.equal(attempt);
    expect(neighbourOf(boxes, a, 'ArrowRight')).to.equal(b);
    expect(neighbourOf(boxes, b, 'ArrowLeft')).to.equal(a);
    expect(neighbourOf(boxes, b, 'ArrowUp')).to.equal(run);
    expect(neighbourOf(boxes, run, 'ArrowRight')).to.equal(undefined);
    expect(neighbourOf(boxes, b, 'ArrowRight')).to.equal(undefined);
  });
});

describe('the critical path in the graph', () => {
  it('goes through lists and blocks, and along the edges between what follows each other', () => {
    const links = ['first', 'each[3]', 'block/a', 'block/a', 'block/b', 'last'].map((taskId) => ({ taskId }));
    const path = criticalNodes(links, new Set(['first', 'each', 'block', 'block/a', 'block/b', 'last', 'other']));
    expect([...path.keys()].toSorted()).to.deep.equal(['block', 'block/a', 'block/b', 'each', 'first', 'last']);
    const along = [
      ['first', 'each'],
      ['each', 'block'],
      ['block/a', 'block/b'],
      ['block', 'last'],
      ['first', 'block'],
      ['first', 'other'],
    ].map(([from = '', to = '']) => isAlong(path, from, to));
    expect(along).to.deep.equal([true, true, true, true, false, false]);
  });
});
