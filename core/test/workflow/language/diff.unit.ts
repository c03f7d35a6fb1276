import { diffRuns, type RunDiff } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { PureRun } from '../pure-run.ts';
import { goOnFrom } from './going-on.ts';
import { run } from './yaml-run.ts';

const between = (a: PureRun, b: PureRun): RunDiff => diffRuns(a.events, b.events);
const said = ({ differences }: RunDiff): readonly unknown[] =>
  differences.map(({ rounds, attempt, what, a, b }) => [rounds, attempt, what, a?.value, b?.value]);
const parting = ({ parting }: RunDiff): readonly unknown[] =>
  [parting?.a, parting?.b].map((side) => side && [side.type, side.revision, side.rounds, side.attempt, side.what]);

describe('the difference of two runs', () => {
  const chain = 'a: { agent: a }\nb: { agent: a, after: a }\nc: { agent: a, after: b }';

  it('is none where both did the same, whatever their ids, times and order', () => {
    const text = 'a: { agent: a }\nb: { agent: a }\nc: { agent: a, after: [a, b] }';
    const [one, other] = [run(text), run(text)];
    one.run('a', 1);
    one.now += 5000;
    one.run('b', 2);
    other.run('b', 2);
    other.run('a', 1);
    one.run('c', { sum: 3, of: [1, 2] });
    other.run('c', { of: [1, 2], sum: 3 });
    Object.assign(other.events[0] ?? {}, { runId: 'else' });
    const diff = between(one, other);
    expect(diff).to.deep.include({ parting: undefined, differences: [], onlyA: [], onlyB: [], workflow: 'same' });
    expect(diff.same).to.equal(4);
    expect([diff.b.runId, diff.a.status]).to.deep.equal(['else', 'completed']);
  });

  it('is where they part first: in what an attempt gave, then in all that comes of it', () => {
    const [one, other] = [run(chain), run(chain)];
    for (const r of [one, other]) r.run('a', 1);
    one.run('b', { n: 1 });
    other.run('b', { n: 2 });
    one.run('c', 'end');
    other.run('c', 'end');
    const diff = between(one, other);
    const at = one.events.findIndex((event) => event.type === 'TaskCompleted' && event.taskId === 'b');
    expect(parting(diff)).to.deep.equal([
      ['TaskCompleted', at, 'b', 1, 'output'],
      ['TaskCompleted', at, 'b', 1, 'output'],
    ]);
    expect(said(diff)).to.deep.equal([
      ['b', 1, 'output', { n: 1 }, { n: 2 }],
      ['c', 1, 'input', { n: 1 }, { n: 2 }],
    ]);
  });

  it('says input, agent, status, error, and the input of the run itself', () => {
    const [one, other] = [run(chain, { n: 1 }), run(chain, { n: 2 })];
    one.schedule('a');
    one.fail('a', { retryable: false });
    other.send({ type: 'ScheduleTasks', strategy: 'test', assignments: [{ taskId: 'a', agent: 'else' }] });
    other.complete('a', 1);
    const diff = between(one, other);
    expect(parting(diff)).to.deep.equal([
      ['RunStarted', 0, '', undefined, 'input'],
      ['RunStarted', 0, '', undefined, 'input'],
    ]);
    expect(said(diff)).to.deep.include.members([
      ['', undefined, 'input', { n: 1 }, { n: 2 }],
      ['', undefined, 'status', 'failed', undefined],
      ['a', 1, 'agent', 'agent', 'else'],
      ['a', 1, 'status', 'failed', 'completed'],
      ['a', 1, 'output', undefined, 1],
      ['a', 1, 'error', { code: 'BOOM', message: 'BOOM!' }, undefined],
      ['a', undefined, 'status', 'failed', 'completed'],
    ]);
  });

  it('of a retry is the failure that it did not take over, and what it did instead', () => {
    const r = run('a: { agent: a }\nb: { agent: a, after: a, retry: 1 }\nc: { agent: a, after: b }');
    r.run('a', 1);
    r.schedule('b');
    r.fail('b');
    const next = goOnFrom(r);
    next.run('b', 2);
    next.run('c', 3);
    const diff = between(r, next);
    const failed = r.events.findIndex(({ type }) => type === 'TaskFailed');
    expect(parting(diff)).to.deep.equal([
      ['TaskFailed', failed, 'b', undefined, 'status'],
      ['TaskScheduled', failed + 2, 'b', 2, 'attempt'],
    ]);
    expect(diff.onlyB.map(({ task, status, attempts }) => [task, status, attempts])).to.deep.equal([
      ['c', 'completed', 1],
    ]);
    expect(diff.onlyA).to.deep.equal([]);
    expect(diff.b.lineage).to.include({ runId: r.runId, as: 'retry' });
    expect(diff.a.cost).to.include({ attempts: 2, retries: 0, failures: 1, events: r.events.length });
    expect(diff.a.taken).to.equal(undefined);
    expect(diff.b.cost).to.include({ attempts: 2, retries: 1, failures: 0 });
    expect(diff.b.taken).to.include({ attempts: 2, failures: 1, events: failed - 1 });
    // Its own begins with its start, a day after the events that it took over.
    expect(diff.b.cost.wallMs).to.be.below(2 * 86_400_000);
    expect(diff.tasks.find(({ task }) => task === 'b')).to.deep.include({
      a: { attempts: 1, failures: 1, agentMs: 0 },
      b: { attempts: 2, failures: 1, agentMs: 0 },
    });
  });

  it('of a retry leaves the rounds before the one that is begun anew', () => {
    const r = run(`s:
  scope: { a: { agent: a, compensate: u }, b: { agent: a, after: a, retry: 1 } }
  catch: [{ on: { code: BOOM }, then: retry, max: 1 }]`);
    for (const undo of ['s/a@1', 's/a@2']) {
      r.run('s/a', 1);
      r.schedule('s/b');
      r.fail('s/b');
      r.run(undo, null);
    }
    expect(r.state.status).to.equal('failed');
    const next = goOnFrom(r);
    next.run('s/a', 1);
    next.run('s/b', 2);
    const diff = between(r, next);
    expect(diff.onlyA.map(({ rounds }) => rounds)).to.deep.equal(['s~2/a@2']);
    expect(diff.onlyB).to.deep.equal([]);
    expect(diff.parting?.a?.rounds).to.equal('s~2/b');
  });

  it('of a fork with another result begins there: what is done anew stands in the place of what was taken over', () => {
    const r = run(chain);
    for (const id of ['a', 'b', 'c']) r.run(id, `${id}1`);
    const next = goOnFrom(r, { as: 'fork', outcomes: { a: 'else' } });
    next.run('b', 'b1');
    next.run('c', 'c2');
    const diff = between(r, next);
    expect(said(diff)).to.deep.equal([
      ['a', 1, 'attempt', 1, undefined],
      ['a', undefined, 'output', undefined, 'else'],
      ['a', undefined, 'decision', undefined, { via: 'given' }],
      ['b', 1, 'input', 'a1', 'else'],
      ['c', 1, 'output', 'c1', 'c2'],
    ]);
    expect(diff.parting?.a?.task).to.equal('a');
    expect(diff.parting?.b).to.include({ task: 'a', type: 'TaskAdopted' });
  });

  it('of a fork with attempts under way compares what it did of them with what the other did', () => {
    const r = run(chain);
    r.run('a', 1);
    r.schedule('b');
    const at = r.events.length - 1;
    r.complete('b', 2);
    const next = goOnFrom(r, { as: 'fork', at });
    next.run('b', 2);
    expect(said(between(r, next))).to.deep.equal([]);
    for (const one of [r, next]) one.run('c', 3);
    expect(between(r, next).parting).to.equal(undefined);
  });

  it('aligns rounds of loops, in blocks in blocks too, and tells of one that the other has not', () => {
    const text =
      'outer:\n  scope:\n    inner:\n      scope: { x: { agent: a } }\n      loop: { until: outputs.x == true, max: 5 }\n    last: { agent: a, after: inner }\n  loop: { until: outputs.last == true, max: 3 }';
    const [one, other] = [run(text), run(text)];
    for (const r of [one, other]) {
      r.run('outer/inner/x', false);
      r.run('outer/inner/x', true);
      r.run('outer/last', false);
    }
    one.run('outer/inner/x', false);
    one.run('outer/inner/x', true);
    other.run('outer/inner/x', true);
    const diff = between(one, other);
    expect(diff.onlyA.map(({ rounds }) => rounds)).to.deep.equal(['outer~2/inner~2/x']);
    expect(said(diff)).to.deep.equal([
      ['outer~2/inner', undefined, 'decision', { round: 2, why: 'loop' }, undefined],
      ['outer~2/inner/x', 1, 'output', false, true],
    ]);
    expect(diff.parting?.a).to.include({ rounds: 'outer~2/inner/x', what: 'output', value: false });
    expect(diff.parting?.b).to.include({ rounds: 'outer~2/inner/x', what: 'output', value: true });
  });

  it('aligns attempts of a segment that repeats, and items of lists', () => {
    const text =
      'list: { agent: a }\neach: { agent: a, after: list, forEach: outputs.list }\ncheck: { agent: a, after: each, repeat: { from: each, until: output.ok, max: 3 } }';
    const [one, other] = [run(text), run(text)];
    for (const r of [one, other]) {
      r.run('list', [1, 2]);
      r.run('each[0]', 'x');
      r.run('each[1]', r === one ? 'y' : 'z');
      r.run('check', { ok: false });
      r.run('each[0]', 'x');
      r.run('each[1]', 'y');
      r.run('check', { ok: true });
    }
    const found = said(between(one, other)).filter((entry) => (entry as unknown[])[2] === 'output');
    expect(found).to.deep.equal([['each[1]', 1, 'output', 'y', 'z']]);
    const rounds = between(one, run(text)).onlyA.map((task) => task.rounds);
    expect(rounds).to.include.members(['each[1]', 'each[1]~2', 'check', 'check~2']);
  });

  it('tells decisions: what was skipped, chosen, caught, signalled, added', () => {
    const text =
      'a: { agent: a }\nroute: { after: a, switch: [{ when: outputs.a == 1, then: one }, { else: two }] }\none: { agent: a, after: route }\ntwo: { agent: a, after: route }\nw: { wait: { signal: go } }';
    const [x, y] = [run(text), run(text)];
    x.run('a', 1);
    y.run('a', 2);
    x.send({ type: 'SendSignal', signal: 'go', data: 7 });
    const diff = between(x, y);
    expect(said(diff)).to.deep.include.members([
      ['route', undefined, 'decision', { case: 'one' }, { case: 'two' }],
      ['', undefined, 'decision', { signal: 'go', data: 7 }, undefined],
      ['w', 1, 'output', 7, undefined],
    ]);
    expect(diff.onlyA.map(({ task, status }) => [task, status])).to.deep.equal([['two', 'skipped']]);
    expect(diff.onlyB.map(({ task, status }) => [task, status])).to.deep.equal([['one', 'skipped']]);
  });

  it('tells that a list had what it is for', () => {
    const text = 'each: { agent: a, forEach: { items: "[1, 2]", need: 1 } }';
    const [x, y] = [run(text), run(text)];
    x.run('each[0]', 1);
    expect(said(between(x, y))).to.deep.equal([['each', undefined, 'decision', { yielded: 'let' }, undefined]]);
  });

  it('of runs of other versions and of other workflows is said', () => {
    const r = run(chain);
    r.run('a', 1);
    const named = (name: string, version: string): PureRun => {
      const other = run(chain);
      const [first] = other.events;
      if (first?.type !== 'RunStarted') throw new Error('no start');
      other.events[0] = { ...first, definition: { ...first.definition, name, version } };
      return other;
    };
    const { name, version } = r.state.definition;
    expect(between(r, named(name, 'else')).workflow).to.equal('version');
    expect(between(r, named(name, version)).onlyA.map(({ task }) => task)).to.deep.equal(['a']);
    const other = between(r, named('else', version));
    expect(other).to.deep.include({ workflow: 'other', parting: undefined, differences: [], onlyA: [], onlyB: [] });
    expect(other.a.cost.attempts).to.equal(1);
    const mended = run(`${chain}\nd: { agent: a, after: c }`);
    expect(between(r, mended)).to.deep.include({
      workflow: 'definition',
      changes: [{ task: 'd', part: 'task', kind: 'added' }],
    });
    expect(between(r, r).changes).to.deep.equal([]);
  });

  it('counts what agents worked, of attempts that nobody waits for any more until then', () => {
    const r = run('a: { agent: a }\nb: { agent: a }\nj: { set: 1, after: [a, b], join: any, rest: cancel }');
    r.schedule('a', 'b');
    r.now += 100;
    r.begin('a');
    r.begin('b');
    r.now += 1000;
    r.complete('a', 1);
    const { a } = between(r, r);
    expect(a.cost).to.include({ attempts: 2, agentMs: 2000, wallMs: 1100, failures: 0 });
    const open = run('a: { agent: a, retry: { maxAttempts: 3 } }');
    open.schedule('a');
    open.begin('a');
    open.now += 10;
    open.fail('a', { lost: true });
    expect(between(open, open).a.cost).to.include({ lost: 1, failures: 0, agentMs: 10 });
  });

  it('of histories of a hundred thousand events reads each event once', () => {
    const size = 34_000;
    const r = run(
      'list: { agent: a }\neach: { agent: a, after: list, forEach: { items: outputs.list, concurrency: 1000 } }',
    );
    r.run(
      'list',
      Array.from({ length: size }, (_, n) => n),
    );
    while (r.state.status === 'running') {
      for (const event of r.schedule()) {
        if (event.type !== 'TaskScheduled') continue;
        r.begin(event.taskId);
        r.complete(event.taskId, null);
      }
    }
    expect(r.events.length).to.be.greaterThan(100_000);
    let read = 0;
    const counted = function* () {
      for (const event of r.events) {
        read += 1;
        yield event;
      }
    };
    const diff = diffRuns(counted(), counted());
    expect(read).to.equal(2 * r.events.length);
    expect([diff.same, diff.parting]).to.deep.equal([size + 3, undefined]);
  }).timeout(60_000);
});
