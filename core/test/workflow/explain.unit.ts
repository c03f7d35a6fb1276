import { type Explanation, loadDefinition, parseWorkflow, type RunExplanation } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { explain } from '../../src/orchestration/workflow/explain/explain.ts';
import { explainState } from '../../src/orchestration/workflow/explain/explain-run.ts';
import type { ExplainFacts, Takers } from '../../src/orchestration/workflow/explain/explanation.ts';
import { viewOf } from '../../src/orchestration/workflow/view-of.ts';
import { PureRun } from './pure-run.ts';

const flow = (yaml: string, more?: ConstructorParameters<typeof PureRun>[2]): PureRun =>
  new PureRun(parseWorkflow(`name: flow\ntasks:\n${yaml}`), null, more);

const takers = (...names: readonly string[]): Takers => ({
  has: (name) => names.includes(name),
  hasCapability: () => false,
});

const all = (run: PureRun, facts: Partial<ExplainFacts> = {}): readonly Explanation[] =>
  explain(run.state, { now: run.now, ...facts });

const whole = (run: PureRun, facts: Partial<ExplainFacts> = {}): RunExplanation =>
  explainState(run.state, { now: run.now, ...facts });

/** Of one task, without what is only worded. */
function of(run: PureRun, id: string, facts: Partial<ExplainFacts> = {}): object {
  const found = all(run, facts).filter(({ taskId }) => taskId === id);
  expect(found, id).to.have.lengthOf(1);
  const { taskId, waits, moves, ...rest } = found[0] as Explanation;
  expect(waits).to.not.equal('');
  expect(moves).to.match(/\.$/);
  return rest;
}

describe('explain: what is in the graph', () => {
  it('names the dependencies that have not ended, and how many of how many are there', () => {
    const run = flow(`
  a: { agent: agent }
  b: { agent: agent }
  c: { agent: agent }
  every: { agent: agent, after: [a, b, c] }
  two: { agent: agent, after: [a, b, c], join: 2 }`);
    run.run('a');
    const open = { reason: 'dependencies', waitsFor: ['b', 'c'], open: 2, met: 1, count: 1, mover: 'tasks' };
    expect(of(run, 'every')).to.deep.equal({ ...open, needed: 3 });
    expect(of(run, 'two')).to.deep.equal({ ...open, needed: 2 });
  });

  it('says of a fallback task that it stands by, and of the task that it stands in', () => {
    const run = flow(`
  a: { agent: agent, retry: 1, fallback: { task: b } }
  b: { agent: agent }`);
    expect(of(run, 'b')).to.deep.include({ reason: 'stand-by', of: 'a' });
    run.schedule('a');
    run.fail('a');
    expect(of(run, 'a')).to.deep.include({ reason: 'fallback', task: 'b', mover: 'tasks' });
    expect(of(run, 'b')).to.deep.include({ reason: 'ready', mover: 'engine' });
  });

  it('has nothing to say of what has ended, or of a run that has', () => {
    const run = flow('\n  a: { agent: agent }');
    run.run('a');
    expect(all(run)).to.deep.equal([]);
    expect(whole(run)).to.include({ status: 'completed', summary: 'The run completed.', failure: undefined });
  });
});

describe('explain: what an agent does', () => {
  it('tells handed, working until when, and the retry at a time', () => {
    const run = flow(
      '\n  a: { agent: agent, timeout: { attempt: 10s, task: 30s }, retry: { maxAttempts: 2, initialDelay: 5s, jitter: 0 } }',
    );
    run.schedule('a');
    expect(of(run, 'a')).to.deep.include({ reason: 'handed', agent: 'agent', attempt: 1, since: run.now });
    run.begin('a');
    const working = { reason: 'working', worker: 'w', attempt: 1, limitAt: run.now + 10_000, mover: 'agent' };
    expect(of(run, 'a')).to.deep.include(working);
    run.fail('a');
    expect(of(run, 'a')).to.deep.include({ reason: 'retry', at: run.now + 5000, attempt: 2, mover: 'timer' });
  });

  it('tells slots of the run from those of a block', () => {
    const run = new PureRun(
      loadDefinition({
        name: 'slots',
        concurrency: 2,
        tasks: {
          book: { concurrency: 1, scope: { x: { agent: 'agent' }, y: { agent: 'agent' } } },
          c: { agent: 'agent' },
          d: { agent: 'agent' },
        },
      }),
    );
    expect(of(run, 'book/x')).to.deep.include({ reason: 'ready' });
    expect(of(run, 'book/y'), 'either may be chosen').to.deep.include({ reason: 'ready' });
    run.schedule('book/x');
    expect(of(run, 'book/y')).to.deep.include({ reason: 'slot', of: 'book', limit: 1, inFlight: 1 });
    run.schedule('c');
    expect(of(run, 'd')).to.deep.include({ reason: 'slot', of: '', limit: 2, inFlight: 2 });
    expect(of(run, 'book')).to.deep.include({ reason: 'block', waitsFor: ['book/x', 'book/y'], open: 2, round: 1 });
  });

  it('says that nobody takes it, as far as it is known who could', () => {
    const run = flow('\n  a: { agent: gone }\n  b: { capability: paint }');
    expect(of(run, 'a')).to.deep.include({ reason: 'ready' });
    expect(of(run, 'a', { takers: takers('agent') })).to.deep.include({
      reason: 'nobody',
      agent: 'gone',
      mover: 'person',
    });
    expect(of(run, 'b', { takers: takers('agent') })).to.deep.include({ reason: 'nobody', capability: 'paint' });
    expect(whole(run, { takers: takers() }).summary).to.match(
      /^The run stands still: 'a' waits for a worker of the agent 'gone'/,
    );
  });
});

describe('explain: what waits for the world', () => {
  it('tells the signal and its limit, the end of a sleep, and the child run', () => {
    const run = flow(`
  approve: { wait: { signal: go, default: false }, timeout: 1m }
  nap: { sleep: 30s }
  other: { workflow: child }`);
    const signal = { reason: 'signal', signal: 'go', limitAt: run.now + 60_000, hasDefault: true, mover: 'signal' };
    expect(of(run, 'approve')).to.deep.include(signal);
    expect(of(run, 'nap')).to.deep.include({ reason: 'sleep', until: run.now + 30_000, mover: 'timer' });
    expect(of(run, 'other')).to.deep.include({ reason: 'child', run: run.task('other').child, toldToEnd: false });
    expect(whole(run).waitsFor.map(({ taskId }) => taskId)).to.deep.equal(['approve', 'nap', 'other']);
  });
});

describe('explain: lists', () => {
  it('counts items that wait for the same, and those that are yet to come', () => {
    const run = new PureRun(
      loadDefinition({
        name: 'list',
        concurrency: 2,
        tasks: {
          each: {
            agent: 'agent',
            forEach: { items: 'input', concurrency: 1000 },
          },
        },
      }),
      Array.from({ length: 5000 }, (_, index) => index),
    );
    run.schedule();
    const told = all(run);
    expect(told).to.have.lengthOf(4);
    expect(of(run, 'each')).to.deep.include({ reason: 'items', total: 5000, ended: 0, open: 1000, queued: 4000 });
    expect(of(run, 'each[2]')).to.deep.include({ reason: 'slot', of: '', count: 998 });
  });

  it('tells an item that has left its place for a retry, and waits for one again', () => {
    const run = new PureRun(
      loadDefinition({
        name: 'list',
        tasks: {
          each: { agent: 'agent', retry: { maxAttempts: 2, jitter: 0 }, forEach: { items: 'input', concurrency: 1 } },
        },
      }),
      [1, 2],
    );
    run.schedule();
    run.fail('each[0]');
    run.schedule();
    expect(of(run, 'each[0]')).to.deep.include({ reason: 'retry', attempt: 2 });
    run.retry('each[0]');
    expect(of(run, 'each[0]')).to.deep.include({ reason: 'place', of: 'each', limit: 1, mover: 'tasks' });
  });
});

describe('explain: blocks that fail', () => {
  const saga = `
  book:
    scope:
      pay: { agent: agent, compensate: { agent: undo } }
      ship: { agent: agent, after: pay, retry: 1 }
  after: { agent: agent, after: book }`;

  it('tells what closes, what it waits for, and the compensation under way', () => {
    const run = flow(saga);
    run.run('book/pay');
    run.schedule('book/ship');
    run.fail('book/ship', { retryable: false });
    const undo = 'book/pay@1';
    expect(of(run, 'book')).to.deep.include({
      reason: 'closing',
      why: 'failure',
      waitsFor: [undo],
      open: 1,
      mover: 'tasks',
    });
    expect(of(run, undo)).to.deep.include({ reason: 'ready' });
    run.schedule(undo);
    run.begin(undo);
    expect(of(run, undo)).to.deep.include({ reason: 'working', undoes: 'book/pay' });
    expect(of(run, 'after')).to.deep.include({ reason: 'dependencies', waitsFor: ['book'] });
  });

  it('tells the root of a failure apart from what failed because of it', () => {
    const run = flow(saga);
    run.run('book/pay');
    run.schedule('book/ship');
    run.fail('book/ship', { retryable: false, code: 'NO_STOCK' });
    run.run('book/pay@1');
    const { failure, summary, tasks } = whole(run);
    expect(run.state.status).to.equal('failed');
    expect(failure).to.deep.include({ taskId: 'book/ship', path: ['book', 'book/ship'] });
    expect(failure?.error.code).to.equal('NO_STOCK');
    expect(summary).to.equal("The run failed: 'book/ship' failed (and with it 'book'): NO_STOCK: NO_STOCK!.");
    expect(tasks).to.deep.equal([]);
  });

  it('tells the handler that runs, and the failure that it handles', () => {
    const run = flow(`
  book:
    scope: { pay: { agent: agent, retry: 1 } }
    catch: [{ do: { tell: { agent: agent } }, then: continue }]`);
    run.schedule('book/pay');
    run.fail('book/pay');
    const told = all(run).find(({ taskId }) => taskId === 'book');
    expect(told).to.deep.include({ reason: 'block', waitsFor: ['book/tell'] });
    expect(told).to.have.nested.property('handling.taskId', 'book/pay');
    expect(told?.waits).to.equal("handles the failure of 'book/pay': waits for 'book/tell'");
  });

  it('tells a run that is cancelled and waits for its children', () => {
    const run = flow('\n  other: { workflow: child }\n  a: { agent: agent }');
    run.send({ type: 'CancelRun', reason: 'enough' });
    expect(of(run, 'other')).to.deep.include({ reason: 'child', toldToEnd: true, mover: 'run' });
    expect(whole(run).summary).to.match(
      /^The run is cancelled, and ends once .* 'other' waits for the end of the child run/,
    );
  });
});

describe('explain: a run that is held up', () => {
  const two = '\n  a: { agent: agent }\n  b: { agent: agent }\n  nap: { sleep: 30s }';

  it('paused: what would begin is held up, what is under way goes on', () => {
    const run = flow(two);
    run.schedule('a');
    run.send({ type: 'PauseRun' });
    expect(of(run, 'a')).to.deep.include({ reason: 'handed' });
    expect(of(run, 'b')).to.deep.include({ reason: 'paused', mover: 'person' });
    expect(of(run, 'nap')).to.deep.include({ reason: 'sleep' });
  });

  it('paused by hand, with its parent, or both: whoever holds it is told, and who would let it go on', () => {
    const parent = { runId: 'above', taskId: 't', attempt: 1, rootRunId: 'above', depth: 1 };
    const run = flow(two, { parent });
    const view = () => viewOf(run.state).pausedBy;
    expect(view()).to.deep.equal([]);
    run.send({ type: 'PauseRun', by: 'parent' });
    expect(view()).to.deep.equal(['parent']);
    expect(of(run, 'b')).to.deep.include({ reason: 'paused', by: ['parent'] });
    expect(whole(run).summary).to.match(/^The run is paused with its parent 'above'\. .*Resume its parent\.$/);
    run.send({ type: 'PauseRun' });
    expect(whole(run).summary).to.match(/^The run is paused by hand, and with its parent 'above'\. /);
    run.send({ type: 'ResumeRun', by: 'parent' });
    expect(view()).to.deep.equal(['user']);
    expect(whole(run).summary).to.match(/^The run is paused\. .*Resume the run\.$/);
    run.send({ type: 'CancelRun', force: true });
    expect(view(), 'nobody holds what has ended').to.deep.equal([]);
  });

  it('parked: only attempts and children go on', () => {
    const run = flow(two);
    run.schedule('a');
    const error = { code: 'REPRISE_UNDECIDABLE', message: 'a fault.', retryable: false };
    run.send({ type: 'ParkRun', error, command: 'FireTimer' });
    expect(of(run, 'a')).to.deep.include({ reason: 'handed' });
    expect(of(run, 'b')).to.deep.include({ reason: 'parked', error });
    expect(of(run, 'nap')).to.deep.include({ reason: 'parked', error });
    expect(whole(run).summary).to.match(/^The run is parked: a fault\./);
  });

  it('held: a strategy holds what is ready, functions that are not there hold all', () => {
    const run = flow(two);
    run.schedule('a');
    const strategy = { reason: 'strategy', message: 'it threw' };
    expect(of(run, 'a', { hold: strategy })).to.deep.include({ reason: 'handed' });
    expect(of(run, 'b', { hold: strategy })).to.deep.include({ reason: 'held', hold: 'strategy', message: 'it threw' });
    const hold = { reason: 'function', message: 'it needs functions' };
    for (const id of ['a', 'b', 'nap'])
      expect(of(run, id, { hold })).to.deep.include({ reason: 'held', hold: 'function' });
    expect(whole(run, { hold }).summary).to.equal('The run is held: it needs functions');
  });

  it('driven by a process that shows no sign of life: said first', () => {
    expect(whole(flow(two), { driven: true, silent: 'It is stuck.' }).summary).to.match(/^It is stuck\. /);
  });

  it('not driven: said first', () => {
    expect(whole(flow(two), { driven: false }).summary).to.match(/^No process drives the run now\. /);
  });

  it('not driven: what is under way is so as far as is on record', () => {
    const run = flow('  a: { agent: agent }');
    run.schedule();
    run.begin('a');
    expect(all(run, { driven: true })[0]?.moves).to.equal('The agent answers.');
    const [{ waits, moves } = { waits: '', moves: '' }] = all(run, { driven: false });
    expect(waits).to.match(/^is under way, as far as is on record: attempt 1 at 'agent' \(worker w\), begun .* ago$/);
    expect(moves).to.equal('Whoever drives the run next hears from its worker, or takes the attempt for lost.');
  });
});

describe('the explanation of limits and of what could not be undone', () => {
  it('tells the first limit, be it of a block around, by the clock of the run', () => {
    const run = flow('  book:\n    scope: { pay: { agent: a, timeout: { task: 1h } } }\n    timeout: 1m');
    run.schedule();
    run.begin('book/pay');
    expect(of(run, 'book/pay')).to.deep.include({ limitAt: run.now + 60_000 });
    run.send({ type: 'PauseRun' });
    run.now += 10_000;
    run.send({ type: 'ResumeRun' });
    expect(of(run, 'book/pay')).to.deep.include({ limitAt: run.now + 60_000 });
  });

  it('says what could not be undone', () => {
    const run = flow(
      '  pay: { agent: a, compensate: { agent: undo, retry: 1 } }\n  ship: { agent: a, after: pay, retry: 1 }',
    );
    run.run('pay');
    run.schedule();
    run.fail('ship');
    run.schedule();
    run.fail('pay@1', { retryable: false });
    expect(whole(run).summary).to.contain("What 'pay' did could not be undone.");
  });
});
