import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { AttemptsByTask } from '../../src/orchestration/reading/attempts.ts';
import { type CriticalPath, criticalPathOf } from '../../src/orchestration/reading/critical-path/critical-path.ts';
import { orderedBy } from '../../src/orchestration/reading/critical-path/task-order.ts';

const done = (ready: number, scheduled: number, started: number, ended: number, attempt = 1) =>
  ({ attempt, agent: 'a', ready, scheduled, started, ended, status: 'completed' }) as const;
const pathOf = (attempts: AttemptsByTask, order: Record<string, string[]>, until: number): CriticalPath =>
  criticalPathOf({ startedAt: 0, until, attempts, after: orderedBy(order, 99) });
const told = ({ links }: CriticalPath): readonly string[] =>
  links.map(({ taskId, attempt, parts }) =>
    [`${taskId}#${attempt}`, ...parts.map(({ part, from, until }) => `${part} ${until - from}`)].join(' '),
  );

/** What holds of every path: it covers the time of the run, link by link, part by part. */
function expectCovered({ from, until, links, workingMs, waitingMs, restMs }: CriticalPath): void {
  let at = from;
  for (const link of links) {
    expect(link.from).to.equal(at);
    for (const part of link.parts) {
      expect(part.from).to.equal(at);
      expect(part.until).to.be.above(part.from);
      at = part.until;
    }
    expect(link.until).to.equal(at);
  }
  expect(at + restMs).to.equal(until);
  expect(workingMs + waitingMs + restMs).to.equal(until - from);
}

describe('the critical path', () => {
  it('goes back from the end to what ended last of all that a task comes after, and tells waiting from working', () => {
    const attempts = {
      slow: [done(0, 0, 5, 100)],
      quick: [done(0, 0, 1, 10)],
      both: [done(100, 130, 140, 200)],
    };
    const path = pathOf(attempts, { slow: [], quick: [], both: ['quick', 'slow'] }, 205);
    expect(told(path)).to.deep.equal(['slow#1 connecting 5 working 95', 'both#1 queueing 30 connecting 10 working 60']);
    expect([path.workingMs, path.waitingMs, path.restMs]).to.deep.equal([155, 45, 5]);
    expectCovered(path);
  });

  it('goes through attempts that failed, and what lies between them', () => {
    const attempts: AttemptsByTask = {
      flaky: [{ ...done(0, 0, 0, 10), status: 'failed' }, done(60, 60, 60, 70, 2)],
    };
    expect(told(pathOf(attempts, { flaky: [] }, 70))).to.deep.equal([
      'flaky#1 working 10',
      'flaky#2 retrying 50 working 10',
    ]);
  });

  it('goes into blocks and lists, and out of them to what they come after', () => {
    const around = { attempt: 1, ready: 20, started: 20, ended: 80, status: 'completed' } as const;
    const attempts: AttemptsByTask = {
      first: [done(0, 0, 0, 20)],
      each: [around],
      'each[0]': [around],
      'each[1]': [{ ...around, ended: 50 }],
      'each[0]/a': [done(20, 20, 20, 30)],
      'each[0]/b': [done(30, 30, 30, 80)],
      'each[1]/a': [done(20, 20, 20, 50)],
      last: [done(80, 80, 80, 90)],
    };
    const path = pathOf(attempts, { first: [], each: ['first'], 'each/a': [], 'each/b': ['a'], last: ['each'] }, 90);
    expect(told(path)).to.deep.equal([
      'first#1 working 20',
      'each[0]/a#1 working 10',
      'each[0]/b#1 working 50',
      'last#1 working 10',
    ]);
  });

  it('goes on past what was skipped or takes no time, and to whoever ended in the very turn', () => {
    const attempts = { a: [done(0, 0, 0, 10)], c: [done(10, 10, 10, 30)], added: [done(30, 30, 30, 50)] };
    const path = pathOf(attempts, { a: [], b: ['a'], c: ['b'] }, 50);
    expect(told(path)).to.deep.equal(['a#1 working 10', 'c#1 working 20', 'added#1 working 20']);
  });

  it('tells of an open run what it waits for longest, and of one in turns the order in which they were', () => {
    const open: AttemptsByTask = {
      a: [done(0, 0, 0, 10)],
      form: [{ attempt: 1, ready: 10, started: 10, status: 'running' }],
      b: [{ attempt: 1, agent: 'a', ready: 30, scheduled: 31, status: 'scheduled' }],
    };
    expect(told(pathOf(open, { a: [], form: ['a'], b: [] }, 100))).to.deep.equal([
      'a#1 working 10',
      'form#1 outside 90',
    ]);
    const turns = { a: [done(0, 0, 0, 10)], b: [done(0, 10, 12, 30)] };
    const after = orderedBy({ a: [], b: [] }, 99);
    const path = criticalPathOf({ startedAt: 0, until: 30, attempts: turns, after, inTurns: true });
    expect(told(path)).to.deep.equal(['a#1 working 10', 'b#1 connecting 2 working 18']);
  });

  it('covers what there is when nothing was tried, or clocks were set back', () => {
    expect(pathOf({}, {}, 40)).to.deep.equal({ from: 0, until: 40, links: [], workingMs: 0, waitingMs: 0, restMs: 40 });
    const path = pathOf({ a: [done(30, 20, 10, 5)], b: [done(3, 2, 1, 50)] }, { a: [], b: ['a'] }, 45);
    expectCovered(path);
  });

  /** A graph whose tasks begin when all that they come after is over, each with its waits. */
  const graphs = fc.array(
    fc.record({
      after: fc.array(fc.nat(), { maxLength: 4 }),
      queued: fc.nat(20),
      connected: fc.nat(5),
      work: fc.integer({ min: 1, max: 50 }),
    }),
    { minLength: 1, maxLength: 40 },
  );

  it('is as long as the run, and the longest way through any graph', () => {
    fc.assert(
      fc.property(graphs, (tasks) => {
        const order: Record<string, string[]> = {};
        const attempts: Record<string, ReturnType<typeof done>[]> = {};
        /** The oracle: the longest way to the end of each. */
        const ends: number[] = [];
        const worked: number[] = [];
        for (const [at, { after, queued, connected, work }] of tasks.entries()) {
          const before = at === 0 ? [] : [...new Set(after.map((one) => one % at))];
          order[`t${at}`] = before.map((one) => `t${one}`);
          const ready = Math.max(0, ...before.map((one) => ends[one] ?? 0));
          const started = ready + queued + connected;
          ends.push(started + work);
          worked.push(work);
          attempts[`t${at}`] = [done(ready, ready + queued, started, started + work)];
        }
        const until = Math.max(...ends);
        const path = pathOf(attempts, order, until);
        expectCovered(path);
        expect(path.restMs).to.equal(0);
        const ids = path.links.map(({ taskId }) => Number(taskId.slice(1)));
        expect(path.workingMs).to.equal(ids.reduce((sum, id) => sum + (worked[id] ?? 0), 0));
        for (const [at, { taskId, parts }] of path.links.entries()) {
          expect(parts.every(({ part }) => part !== 'held' && part !== 'retrying')).to.equal(true);
          const before = path.links[at - 1]?.taskId;
          if (before !== undefined) expect(order[taskId]).to.include(before);
          else expect(order[taskId]).to.deep.equal([]);
        }
      }),
      { numRuns: 300 },
    );
  });
});
