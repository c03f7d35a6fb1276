import { parseWorkflow, type Workflow } from '@reprise/core';
import { seededRandom } from '@reprise/core/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { readyTasks } from '../../core/src/orchestration/workflow/ready-tasks.ts';
import { isInFlight, isTerminal } from '../../core/src/orchestration/workflow/state.ts';
import { PureRun } from '../../core/test/workflow/pure-run.ts';
import { circlesOf } from './support/circles.ts';

interface Holder {
  readonly key: number | undefined;
  readonly many: boolean;
  readonly first: boolean;
  readonly inner: readonly Holder[];
}

const holder = (depth: number): fc.Arbitrary<Holder> =>
  fc.record({
    // Of an item, it is the key of that number and its place.
    key: fc.option(fc.nat(2), { nil: undefined, freq: 4 }),
    many: fc.boolean(),
    first: fc.boolean(),
    inner: depth === 0 ? fc.constant([]) : fc.array(holder(depth - 1), { maxLength: 3 }),
  });

/** Tasks that hold mutexes around others, as YAML in one line. */
function tasksOf(holders: readonly Holder[], prefix: string): string {
  const tasks = holders.map(({ key, many, first, inner }, place) => {
    const id = `${prefix}${place}`;
    const after = first || place === 0 ? '' : `, after: ${prefix}${place - 1}`;
    const isMany = many && inner.length > 0;
    const name = isMany ? `\${ 'k' + string((index + ${key}) % 3) }` : `k${key}`;
    const what = inner.length === 0 ? 'agent: a' : `scope: { ${tasksOf(inner, `${id}x`)} }`;
    const mutex = key === undefined ? '' : `, mutex: "${name}"`;
    return `${id}: { ${what}${isMany ? `, forEach: '[0, 1]'` : ''}${mutex}${after}, fallback: { value: 0 } }`;
  });
  return tasks.join(', ');
}

/** Goes through the run as the dice fall; returns how often a mutex was refused. */
function play(holders: readonly Holder[], seed: number): number {
  const text = `name: w\ntasks: { ${tasksOf(holders, 't')} }\n`;
  const run = new PureRun(parseWorkflow(text) as Workflow);
  const dice = seededRandom(seed);
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(dice() * from.length)];
  for (let step = 0; !isTerminal(run.state.status); step += 1) {
    expect(circlesOf(run.state)).to.deep.equal([]);
    const ready = [...readyTasks(run.state)];
    const open = [...run.state.tasks.values()].filter(isInFlight);
    const id = pick([...ready, ...open])?.id;
    expect(id, 'something moves the run').to.not.equal(undefined);
    if (id === undefined) return 0;
    if (run.status(id) === 'ready') run.schedule(id);
    else run.complete(id);
    expect(step, 'steps').to.be.lessThan(5000);
  }
  // Nothing else fails.
  return run.of('TaskCompleted').filter(({ via }) => via === 'fallback-value').length;
}

describe('mutexes of blocks in blocks', () => {
  it('are never waited for in a circle, and every run ends; where one would close, the task fails', () => {
    let refused = 0;
    const runs = fc.tuple(fc.array(holder(2), { minLength: 2, maxLength: 4 }), fc.integer());
    fc.assert(
      fc.property(runs, ([holders, seed]) => {
        refused += play(holders, seed);
      }),
      { numRuns: 400 },
    );
    expect(refused, 'circles that would have been').to.be.greaterThan(0);
  });
});
