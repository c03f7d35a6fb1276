import type { Json, RunEvent } from '@reprise/core';
import type { GivenCommand } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { effectsOf } from '../../../src/orchestration/workflow/effects.ts';
import { explainState } from '../../../src/orchestration/workflow/explain/explain-run.ts';
import { viewOf } from '../../../src/orchestration/workflow/view-of.ts';
import type { PureRun } from '../pure-run.ts';
import { types } from '../pure-run.ts';
import { add, answer, expectKept, tasks } from './add.ts';
import { run } from './yaml-run.ts';

const link = (r: PureRun, taskId: string, ...after: readonly string[]) => r.send({ type: 'LinkTasks', taskId, after });
const unlink = (r: PureRun, taskId: string, ...after: readonly string[]) =>
  r.send({ type: 'UnlinkTasks', taskId, after });
const skip = (r: PureRun, taskId: string) => r.send({ type: 'SkipTask', taskId });
const override = (r: PureRun, taskId: string, output: Json) => r.send({ type: 'OverrideTask', taskId, output });
const prioritise = (r: PureRun, taskId: string, priority: number) => r.send({ type: 'SetPriority', taskId, priority });

const closed = (r: PureRun, events: readonly RunEvent[]): string[] =>
  events
    .flatMap((event) => effectsOf(r.state, event))
    .flatMap((effect) => (effect.kind === 'close-attempt' ? [`${effect.taskId}/${effect.attempt}`] : []));

describe('linking a task', () => {
  const three = 'a: { agent: x }\nb: { agent: x }\nc: { agent: x, after: a }';

  it('makes it wait for another, whose output it can read then; what it is handed stays', () => {
    const r = run(`${three}\nd: { agent: x, after: a, input: '\${ outputs["" + "b"] }' }`);
    expect(answer(link(r, 'c', 'b'))).to.equal('TasksLinked');
    expect(answer(link(r, 'd', 'b'))).to.equal('TasksLinked');
    expectKept(r);
    r.run('a', 'A');
    expect(r.ready()).to.deep.equal(['b']);
    const { tasks: reasons } = explainState(r.state, { now: r.now, takers: undefined });
    expect(reasons.find(({ taskId }) => taskId === 'c')).to.deep.include({ waitsFor: ['b'], needed: 2, met: 1 });
    expect(viewOf(r.state).tasks.get('c')?.putBehind).to.deep.equal(['b']);
    r.run('b', 'B');
    expect(r.schedule('c')[0]).to.include({ input: 'A' });
    expect(r.schedule('d')[0]).to.include({ input: 'B' });
    r.complete('c');
    r.complete('d');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  it('to one that has ended holds it up no longer', () => {
    const r = run(three);
    r.run('b', 'B');
    link(r, 'c', 'b');
    expect(r.task('c').waitingOn).to.equal(1);
    r.run('a');
    expect(r.ready()).to.deep.equal(['c']);
    expectKept(r);
  });

  it('meets a join of some at once when it has completed', () => {
    const r = run('a: { agent: x }\nb: { agent: x }\nc: { agent: x }\nj: { agent: x, after: [a, b], join: any }');
    r.run('c');
    link(r, 'j', 'c');
    expect(r.ready()).to.include('j');
    expectKept(r);
  });

  it('closes no cycle, through what waits only', () => {
    const r = run('a: { agent: x }\nb: { agent: x, after: a }\nc: { agent: x, after: b }\nd: { agent: x, after: a }');
    expect(answer(link(r, 'b', 'c'))).to.equal('REPRISE_CYCLE');
    expect(answer(link(r, 'b', 'b'))).to.equal('REPRISE_CYCLE');
    expect(answer(link(r, 'd', 'c'))).to.equal('TasksLinked');
    expect(answer(link(r, 'b', 'd'))).to.equal('REPRISE_CYCLE');
    expectKept(r);
  });

  it('is refused where it cannot be', () => {
    const r = run(`${three}\nf: { agent: x, retry: 1, fallback: { task: s } }\ns: { agent: y }
g: { agent: x, after: [a, f], join: any }\nl: { agent: x, forEach: '[1]' }\nk: { agent: x, after: [c], join: any, rest: cancel }`);
    r.schedule('f');
    expect(answer(link(r, 'nobody', 'a'))).to.equal('REPRISE_TASK_UNKNOWN');
    expect(answer(link(r, 'c', 'nobody'))).to.equal('REPRISE_DEPENDENCY_UNKNOWN');
    expect(answer(link(r, 'c', 's')), 'a stand-in').to.equal('REPRISE_DEPENDENCY_UNKNOWN');
    expect(answer(link(r, 'c', 'l[0]')), 'an item').to.equal('REPRISE_DEPENDENCY_UNKNOWN');
    expect(answer(link(r, 'l[0]', 'a')), 'an item').to.equal('REPRISE_TASK_BEGUN');
    expect(answer(link(r, 's', 'a')), 'a stand-in').to.equal('REPRISE_TASK_BEGUN');
    expect(answer(link(r, 'b', 'a')), 'ready').to.equal('REPRISE_TASK_BEGUN');
    expect(answer(link(r, 'c', 'a')), 'there').to.equal('REPRISE_COMMAND_INVALID');
    expect(answer(link(r, 'c', 'b', 'b')), 'twice').to.equal('REPRISE_COMMAND_INVALID');
    expect(answer(link(r, 'c')), 'nothing').to.equal('REPRISE_COMMAND_INVALID');
    expect(answer(link(r, 'g', 'c')), 'a loser').to.equal('REPRISE_DEFINITION_INVALID');
    expect(r.events.filter(({ type }) => type === 'TasksLinked')).to.deep.equal([]);
    expectKept(r);
  });

  it('to one that failed in vain is refused', () => {
    const r = run(
      'a: { agent: x, retry: 1 }\nb: { agent: x }\nj: { agent: x, after: [a, b], join: any }\nc: { agent: x, after: b }',
    );
    r.schedule();
    r.fail('a');
    expect(answer(link(r, 'c', 'a'))).to.equal('REPRISE_DEPENDENCY_UNMET');
  });

  it('lasts until the next round of its block, of added tasks, too', () => {
    const r = run(`
b:
  scope: { one: { agent: x }, two: { agent: x, after: one }, three: { agent: x, after: one } }
  loop: { until: 'false', max: 2, onExhausted: accept }`);
    add(r, 'b', tasks('new: { agent: y, after: one }', 'one: { agent: x }'));
    expect(answer(link(r, 'b/two', 'three', 'new'))).to.equal('TasksLinked');
    expect(answer(link(r, 'b/new', 'three'))).to.equal('TasksLinked');
    expectKept(r);
    r.run('b/one');
    expect(r.ready()).to.deep.equal(['b/three']);
    r.run('b/three');
    expect(r.ready()).to.deep.equal(['b/new']);
    r.run('b/new');
    r.run('b/two');
    expect(r.task('b/one')).to.include({ round: 2, status: 'ready' });
    r.run('b/one');
    expect(r.ready()).to.deep.equal(['b/two', 'b/three']);
    expectKept(r);
  });

  it('holds in the rounds of a segment that repeats', () => {
    const r = run(`
first: { agent: x }
a: { agent: x, after: first }
out: { agent: x, after: first }
b: { agent: x, after: a }
z: { agent: x, after: b, repeat: { from: a, until: 'round == 2', max: 3 } }`);
    link(r, 'out', 'z', 'b');
    r.run('first');
    r.run('a');
    r.run('b');
    r.run('z');
    expect(r.status('out')).to.equal('pending');
    r.run('a');
    r.run('b');
    expect(r.status('out'), 'z goes on').to.equal('pending');
    r.run('z');
    expect(r.ready()).to.deep.equal(['out']);
    expectKept(r);
  });
});

describe('linking a task to one that was skipped before its time', () => {
  it('is refused when that comes after it: in the next round both would wait for each other', () => {
    const r = run('a: { agent: a }\nb: { agent: a, after: a }\nc: { agent: a, after: b }');
    r.send({ type: 'SkipTask', taskId: 'c' });
    expect(answer(r.send({ type: 'LinkTasks', taskId: 'b', after: ['c'] }))).to.equal('REPRISE_CYCLE');
  });
});

describe('unlinking a task', () => {
  it('lets it begin without what it waited for', () => {
    const r = run(
      'a: { agent: x }\nb: { agent: x }\nc: { agent: x, after: [a, b], input: "none" }\nd: { agent: x, after: c }',
    );
    expect(answer(unlink(r, 'c', 'a'))).to.equal('TasksUnlinked');
    expectKept(r);
    r.run('b');
    expect(r.ready()).to.deep.equal(['a', 'c']);
    r.run('c');
    r.run('d');
    expect(r.state.status, 'a is open').to.equal('running');
    r.run('a');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  it('of all that it waited for begins it at once', () => {
    const r = run('a: { agent: x }\nc: { agent: x, after: a, input: "none" }');
    unlink(r, 'c', 'a');
    expect(r.ready()).to.deep.equal(['a', 'c']);
    expectKept(r);
  });

  it('takes a link back, and the other way round', () => {
    const r = run(
      'a: { agent: x }\nb: { agent: x }\nc: { agent: x, after: a, input: "none" }\nd: { agent: x, after: [b, c] }',
    );
    link(r, 'c', 'b');
    expect(answer(unlink(r, 'c', 'b'))).to.equal('TasksUnlinked');
    expect(viewOf(r.state).tasks.get('c')).to.deep.include({ putBehind: [], takenFrom: [] });
    expect(answer(link(r, 'c', 'b'))).to.equal('TasksLinked');
    expect(answer(unlink(r, 'c', 'a'))).to.equal('TasksUnlinked');
    expect(viewOf(r.state).tasks.get('c')).to.deep.include({ putBehind: ['b'], takenFrom: ['a'] });
    expect(answer(unlink(r, 'c', 'a'))).to.equal('REPRISE_DEPENDENCY_UNKNOWN');
    expect(answer(link(r, 'c', 'a'))).to.equal('TasksLinked');
    expect(viewOf(r.state).tasks.get('c')).to.deep.include({ putBehind: ['b'], takenFrom: [] });
    expectKept(r);
  });

  it('lets another come after it that it came after', () => {
    const r = run(
      'a: { agent: x, input: "none" }\nz: { agent: x }\nb: { agent: x, after: [a, z], input: "none" }\nc: { agent: x, after: b }',
    );
    link(r, 'b', 'a');
    unlink(r, 'b', 'a');
    expect(r.state.graph.isBefore('a', 'c')).to.equal(false);
    expect(r.state.graph.isBefore('z', 'c')).to.equal(true);
    expectKept(r);
  });

  it('is refused when it, or what comes after it, reads what would be out of sight', () => {
    const text = `
a: { agent: x }
b: { agent: x, after: a, input: 'none' }
c: { agent: x, after: b, input: "\${ outputs.a }" }
d: { agent: x, after: a }
e: { agent: x, after: [a, d], input: "\${ outputs.a }" }
f: { agent: x, after: [a, d], input: 'none' }
g: { after: f, scope: { in: { agent: x, when: 'outputs.a == 1' } } }
h: { agent: x, after: [a, d], join: 2, input: 'none' }`;
    const r = run(text);
    const refused = unlink(r, 'b', 'a');
    expect(answer(refused)).to.equal('REPRISE_DEPENDENCY_NEEDED');
    expect(refused[0]).to.have.property('message').that.includes("'c' reads the output of 'a'");
    expect(answer(unlink(r, 'd', 'a')), 'handed by default').to.equal('REPRISE_DEPENDENCY_NEEDED');
    expect(answer(unlink(r, 'e', 'a')), 'd comes after a').to.equal('TasksUnlinked');
    expect(answer(unlink(r, 'e', 'd')), 'read').to.equal('REPRISE_DEPENDENCY_NEEDED');
    expect(answer(unlink(r, 'f', 'a', 'd')), 'read inside a block').to.equal('REPRISE_DEPENDENCY_NEEDED');
    expect(answer(unlink(r, 'f', 'a'))).to.equal('TasksUnlinked');
    expect(answer(unlink(r, 'h', 'a')), 'a join of two').to.equal('REPRISE_DEPENDENCY_UNMET');
    expect(answer(unlink(r, 'a', 'b')), 'ready').to.equal('REPRISE_TASK_BEGUN');
    expect(answer(unlink(r, 'b', 'd')), 'no edge').to.equal('REPRISE_DEPENDENCY_UNKNOWN');
    expectKept(r);
  });

  it('from a switch no longer depends on what it chooses', () => {
    const r = run(`
a: { agent: x }
way: { switch: [{ when: 'false', then: go }, { else: stop }], after: a }
go: { agent: x, after: [way], case: go, input: none }`);
    unlink(r, 'go', 'way');
    expect(r.status('go')).to.equal('ready');
    r.run('a');
    expect(r.status('go')).to.equal('ready');
    expectKept(r);
  });

  it('is refused of what a repeat begins again: a round would begin while it is under way', () => {
    const r = run(
      'a: { agent: a }\nb: { workflow: other, after: a }\nd: { agent: a, after: a }\ne: { agent: a, after: [a, b], input: 1 }\nc: { agent: a, after: [b, d, e], input: 1, repeat: { from: a, until: "round >= 2", max: 3 } }',
    );
    expect(answer(unlink(r, 'c', 'b')), 'e comes after b').to.equal('TasksUnlinked');
    expect(answer(unlink(r, 'e', 'b')), 'and c repeats b').to.equal('REPRISE_DEPENDENCY_NEEDED');
    expect(r.of('CommandRejected').at(-1)?.message).to.equal("'c' repeats 'b', so it has to come after it.");
    expect(answer(unlink(r, 'c', 'd'))).to.equal('REPRISE_DEPENDENCY_NEEDED');
    expect(answer(unlink(r, 'e', 'a')), 'b comes after a').to.equal('TasksUnlinked');
  });
});

describe('skipping a task', () => {
  const two = 'a: { agent: x }\nb: { agent: x, after: a }\nc: { agent: x, after: [a, b] }';

  it('that waits goes on without it', () => {
    const r = run(two);
    expect(skip(r, 'b')[0]).to.deep.include({ type: 'TaskSkipped', reason: 'manual', commandId: 'c2' });
    r.run('a', 'A');
    expect(r.schedule('c')[0]).to.deep.include({ input: { a: 'A', b: null } });
    r.complete('c');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  it('whose attempt is under way aborts it, and a late result is put on record as ignored', () => {
    const r = run(two);
    r.schedule('a');
    r.begin('a');
    const events = skip(r, 'a');
    expect(types(events)).to.deep.equal(['TaskSkipped', 'TaskSkipped', 'TaskSkipped', 'RunCompleted']);
    const again = run(`${two}\nz: { agent: x }`);
    again.schedule('a');
    again.begin('a');
    expect(closed(again, skip(again, 'a'))).to.deep.equal(['a/1']);
    expect(types(again.complete('a'))).to.deep.equal(['TaskResultIgnored']);
    expectKept(again);
  });

  it('that waits for a retry, sleeps or waits for a signal ends it', () => {
    const r = run(
      'a: { agent: x }\ns: { sleep: 1h }\nw: { wait: { signal: go } }\nz: { agent: x, after: [a, s, w] }\ny: { agent: x }',
    );
    r.schedule('a');
    r.fail('a');
    for (const id of ['a', 's', 'w']) expect(answer(skip(r, id)).split(' ')[0]).to.equal('TaskSkipped');
    expect(r.status('z'), 'all skipped').to.equal('skipped');
    expect(r.state.waits.size).to.equal(0);
    expectKept(r);
  });

  it('undoes what it may have done first, and what comes after it waits for that', () => {
    const r = run('pay: { agent: x, compensate: refund }\nnext: { agent: x, after: pay }\nz: { agent: x }');
    r.schedule('pay');
    expect(skip(r, 'pay')[0]).to.deep.include({ type: 'TaskClosing', why: 'skip', commandId: 'c3' });
    expect(explainState(r.state, { now: r.now, takers: undefined }).tasks[0]).to.have.property('taskId', 'pay');
    expectKept(r);
    expect(types(r.complete('pay', 'paid'))).to.deep.equal(['TaskAttemptCompleted', 'CompensationBegan']);
    expect(r.schedule('pay@1')[0]).to.have.nested.property('input.output', 'paid');
    expect(r.status('next')).to.equal('pending');
    expect(r.complete('pay@1')[1]).to.deep.include({ type: 'TaskSkipped', reason: 'manual', commandId: 'c3' });
    expect(r.status('next')).to.equal('skipped');
    expectKept(r);
  });

  it('that is a block undoes what was done in it, and ends its child runs', () => {
    const r = run(`
b:
  scope:
    pay: { agent: x, compensate: refund }
    sub: { workflow: other, after: pay }
next: { agent: x, after: b, input: none }
z: { agent: x }`);
    r.run('b/pay', 'paid');
    const child = r.task('b/sub').child ?? '';
    const events = skip(r, 'b');
    expect(types(events)).to.deep.equal(['TaskClosing']);
    expect(events.flatMap((event) => effectsOf(r.state, event))).to.deep.include({
      kind: 'cancel-child',
      taskId: 'b/sub',
      child,
      reason: 'skip',
    });
    r.send({ type: 'EndChild', taskId: 'b/sub', attempt: 1, child, outcome: { status: 'cancelled' } });
    r.run('b/pay@1');
    expect(r.task('b')).to.include({ status: 'skipped', output: null });
    expectKept(r);
  });

  it('that is a child run ends that first', () => {
    const r = run('sub: { workflow: other }\nnext: { agent: x, after: sub }\nz: { agent: x }');
    const { child = '' } = r.task('sub');
    skip(r, 'sub');
    expect(r.status('sub')).to.equal('running');
    const outcome = { status: 'completed', output: 1 } as const;
    r.send({ type: 'EndChild', taskId: 'sub', attempt: 1, child, outcome });
    expect(r.task('sub')).to.include({ status: 'skipped', output: null });
    expectKept(r);
  });

  it('that is a list, or an item of one', () => {
    const r = run("l: { agent: x, forEach: '[1, 2, 3]' }\nz: { agent: x }");
    r.run('l[0]', 'one');
    expect(answer(skip(r, 'l[1]'))).to.equal('TaskSkipped');
    r.run('l[2]', 'three');
    expect(r.task('l')).to.deep.include({ status: 'completed', output: ['one', null, 'three'] });
    const all = run("l: { agent: x, forEach: '[1, 2, 3]' }\nz: { agent: x }");
    all.schedule('l[0]');
    expect(closed(all, skip(all, 'l'))).to.deep.equal(['l[0]/1']);
    expect(all.status('l[1]')).to.equal('cancelled');
    expectKept(r);
    expectKept(all);
  });

  it('that something stands in for', () => {
    const r = run('f: { agent: x, retry: 1, fallback: { task: s } }\ns: { agent: y }\nz: { agent: x }');
    expect(answer(skip(r, 's')), 'stands by').to.equal('REPRISE_COMMAND_INVALID');
    r.schedule('f');
    r.fail('f');
    r.schedule('s');
    expect(closed(r, skip(r, 'f'))).to.deep.equal(['f/1', 's/1']);
    expect([r.status('f'), r.status('s')]).to.deep.equal(['skipped', 'cancelled']);
    expectKept(r);
  });

  it('lets its mutex go, and what waits for it begins', () => {
    const r = run('a: { agent: x, mutex: "k" }\nb: { agent: x, mutex: "k" }');
    r.schedule('a');
    skip(r, 'a');
    expect(r.ready()).to.deep.equal(['b']);
    expectKept(r);
  });

  it('is refused for what has ended, is closing, undoes, or is not there', () => {
    const r = run('pay: { agent: x, compensate: refund }\nz: { agent: x }\nlast: { agent: x, after: [pay, z] }');
    r.run('z');
    expect(answer(skip(r, 'nobody'))).to.equal('REPRISE_TASK_UNKNOWN');
    const [refused] = skip(r, 'z');
    expect(refused).to.include({ code: 'REPRISE_TASK_ENDED' });
    expect(refused).to.have.property('message').that.includes('reprise run fork');
    r.schedule('pay');
    skip(r, 'pay');
    expect(answer(skip(r, 'pay'))).to.equal('REPRISE_BLOCK_CLOSED');
    r.complete('pay');
    expect(answer(skip(r, 'pay@1'))).to.equal('REPRISE_COMMAND_INVALID');
  });
});

describe('overriding a task', () => {
  it('completes it with what was said, whatever it was about', () => {
    const r = run(`
a: { agent: x }
b: { agent: x, after: a }
c: { agent: x, after: b }
s: { sleep: 1h }
w: { wait: { signal: go } }
q: { set: 1, after: a }
z: { agent: x, after: [s, w, q] }`);
    expect(override(r, 'b', { n: 1 })[0]).to.deep.include({
      type: 'TaskCompleted',
      via: 'override',
      attempt: 1,
      output: { n: 1 },
      commandId: 'c2',
    });
    expect(r.schedule('c')[0]).to.deep.include({ input: { n: 1 } });
    override(r, 's', 's');
    override(r, 'w', 'w');
    override(r, 'q', 'q');
    expect(r.schedule('z')[0]).to.deep.include({ input: { s: 's', w: 'w', q: 'q' } });
    expect(r.state.waits.size).to.equal(0);
    expectKept(r);
  });

  it('aborts its attempt, and what that gives is ignored, on record', () => {
    const r = run('a: { agent: x }\nb: { agent: x, after: a }');
    r.schedule('a');
    r.begin('a');
    expect(closed(r, override(r, 'a', 'said'))).to.deep.equal(['a/1']);
    expect(r.complete('a', 'late'), 'of attempt 2, which nobody has').to.deep.equal([]);
    const late = r.send({ type: 'CompleteTask', taskId: 'a', attempt: 1, output: 'late' });
    expect(types(late)).to.deep.equal(['TaskResultIgnored']);
    expect(r.task('a')).to.include({ output: 'said', attempt: 2 });
    expectKept(r);
  });

  it('counts as done: it is undone with what was said when its block fails', () => {
    for (const begun of [false, true]) {
      const r = run('pay: { agent: x, compensate: refund, input: 5 }\nnext: { agent: x, after: pay, retry: 1 }');
      if (begun) r.schedule('pay');
      override(r, 'pay', 'paid by hand');
      r.schedule('next');
      r.fail('next');
      const name = begun ? 'pay@2' : 'pay@1';
      expect(r.schedule(name)[0]).to.deep.include({
        input: { input: begun ? 5 : null, output: 'paid by hand', outcome: 'completed' },
      });
      r.complete(name);
      expect(r.state.status).to.equal('failed');
      expectKept(r);
    }
  });

  it('of a block waits for what is outstanding in it, and undoes nothing', () => {
    const r = run(`
b:
  scope:
    pay: { agent: x, compensate: refund }
    sub: { workflow: other, after: pay }
    more: { agent: x }
next: { agent: x, after: b }`);
    r.run('b/pay', 'paid');
    r.schedule('b/more');
    const { child = '' } = r.task('b/sub');
    const events = override(r, 'b', 'said');
    expect(types(events)).to.deep.equal(['TaskClosing']);
    expect(closed(r, events)).to.deep.equal(['b/more/1']);
    expect(r.status('next')).to.equal('pending');
    expectKept(r);
    r.send({ type: 'EndChild', taskId: 'b/sub', attempt: 1, child, outcome: { status: 'cancelled' } });
    expect(r.events.at(-1)).to.deep.include({ type: 'TaskCompleted', taskId: 'b', via: 'override', commandId: 'c5' });
    expect(r.events.at(-1)).not.to.have.property('output');
    expect(r.schedule('next')[0]).to.include({ input: 'said' });
    expect(r.of('CompensationBegan')).to.deep.equal([]);
    expectKept(r);
    r.send({ type: 'CancelRun' });
    expect(r.ready(), 'what was done in the block').to.deep.equal(['b/pay@1']);
    expectKept(r);
  });

  it('of a child run ends that first; one that completes all the same is undone by its own output', () => {
    const r = run('sub: { workflow: other, compensate: undo }\nnext: { agent: x, after: sub, retry: 1 }');
    const { child = '' } = r.task('sub');
    override(r, 'sub', 'said');
    r.send({ type: 'EndChild', taskId: 'sub', attempt: 1, child, outcome: { status: 'completed', output: 'done' } });
    expect(r.task('sub')).to.include({ status: 'completed', output: 'said' });
    r.schedule('next');
    r.fail('next');
    expect(r.ready()).to.deep.equal(['sub@1']);
    expect(r.schedule('sub@1')[0]).to.have.nested.property('input.output', 'done');
    expectKept(r);
  });

  it('is undone in each round of the block around it in which it was said', () => {
    const r = run(`
b:
  scope: { pay: { agent: x, compensate: refund } }
  repeat: { from: b, until: 'false', max: 2, onExhausted: accept }
last: { agent: x, after: b, retry: 1 }`);
    r.run('b/pay', 'one');
    r.schedule('b/pay');
    override(r, 'b/pay', 'two');
    r.schedule('last');
    r.fail('last');
    expect(r.schedule('b/pay@3')[0]).to.have.nested.property('input.output', 'two');
    r.complete('b/pay@3');
    expect(r.schedule('b/pay@1')[0]).to.have.nested.property('input.output', 'one');
    expectKept(r);
  });

  it('of a list, an item, and of a task that repeats ends them', () => {
    const r = run(`
l: { agent: x, forEach: '[1, 2]' }
m: { agent: x, forEach: '[1, 2]' }
p: { agent: x, repeat: { from: p, until: 'false', max: 3 } }
z: { agent: x, after: [l, m, p] }`);
    override(r, 'l[0]', 'one');
    r.run('l[1]', 'two');
    expect(r.task('l').output).to.deep.equal(['one', 'two']);
    override(r, 'm', 'all');
    override(r, 'p', 'enough');
    expect(r.schedule('z')[0]).to.deep.include({ input: { l: ['one', 'two'], m: 'all', p: 'enough' } });
    expectKept(r);
  });

  it('is refused for a switch, an end, what has ended, and what is too large', () => {
    const r = run(`
a: { agent: x }
way: { switch: [{ when: 'true', then: go }], after: a }
go: { agent: x, after: way }
stop: { end: { output: 1 }, after: go }`);
    r.maxPayloadChars = 100;
    expect(answer(override(r, 'way', 1))).to.equal('REPRISE_COMMAND_INVALID');
    expect(answer(override(r, 'stop', 1))).to.equal('REPRISE_COMMAND_INVALID');
    expect(answer(override(r, 'a', 'x'.repeat(200)))).to.equal('REPRISE_PAYLOAD_TOO_LARGE');
    expect(answer(override(r, 'a', { d: new Date() } as unknown as Json))).to.equal('REPRISE_INVALID_PAYLOAD');
    r.run('a');
    expect(answer(override(r, 'a', 1))).to.equal('REPRISE_TASK_ENDED');
  });
});

describe('setting a priority', () => {
  it('puts a task, or the items of a list, before others, from now on', () => {
    const r = run("a: { agent: x }\nb: { agent: x }\nc: { agent: x, after: a }\nl: { agent: x, forEach: '[1, 2]' }");
    prioritise(r, 'b', 5);
    expect(r.ready()).to.deep.equal(['b', 'a', 'l[0]', 'l[1]']);
    prioritise(r, 'l', 9);
    prioritise(r, 'l[1]', 10);
    prioritise(r, 'c', 7);
    expect(r.ready()).to.deep.equal(['l[1]', 'l[0]', 'b', 'a']);
    expectKept(r);
    r.run('a');
    expect(r.ready()).to.deep.equal(['l[1]', 'l[0]', 'c', 'b']);
    expect(viewOf(r.state).tasks.get('c')?.priority).to.equal(7);
    expect(answer(prioritise(r, 'a', 1))).to.equal('REPRISE_TASK_ENDED');
    expect(answer(prioritise(r, 'b', Number.NaN))).to.equal('REPRISE_COMMAND_INVALID');
    expectKept(r);
  });
});

describe('cancelling without undoing', () => {
  const text = 'pay: { agent: x, compensate: refund }\nship: { agent: x, after: pay, compensate: recall }';

  it('waits for what is outstanding, and undoes nothing', () => {
    const r = run(text);
    r.run('pay');
    r.schedule('ship');
    expect(types(r.send({ type: 'CancelRun', compensate: false, reason: 'stop' }))).to.deep.equal(['TaskClosing']);
    expectKept(r);
    expect(types(r.complete('ship'))).to.deep.equal(['TaskCompleted', 'RunCancelled']);
    expect(r.state.cancelReason).to.equal('stop');
    expectKept(r);
  });

  it('ends at once when only something would be to undo', () => {
    const r = run(text);
    r.run('pay');
    expect(types(r.send({ type: 'CancelRun', compensate: false }))).to.deep.equal(['RunCancelled']);
    expectKept(r);
  });

  it('stops an undoing that is under way before the next', () => {
    const r = run(`${text}\nlast: { agent: x, after: ship }`);
    r.run('pay');
    r.run('ship');
    r.send({ type: 'CancelRun', reason: 'first' });
    expect(r.ready()).to.deep.equal(['ship@1']);
    r.schedule('ship@1');
    expect(types(r.send({ type: 'CancelRun', compensate: false }))).to.deep.equal(['TaskClosing']);
    expect(types(r.send({ type: 'CancelRun' }))).to.deep.equal([]);
    expect(types(r.complete('ship@1'))).to.deep.equal(['TaskCompleted', 'RunCancelled']);
    expect(r.state.cancelReason).to.equal('first');
    expectKept(r);
  });
});

describe('a change of a run', () => {
  const CHANGES: readonly GivenCommand[] = [
    { type: 'AddTasks', scope: '', tasks: tasks('new: { agent: y }') },
    { type: 'LinkTasks', taskId: 'c', after: ['b'] },
    { type: 'UnlinkTasks', taskId: 'c', after: ['a'] },
    { type: 'SkipTask', taskId: 'a' },
    { type: 'OverrideTask', taskId: 'a', output: 1 },
    { type: 'SetPriority', taskId: 'a', priority: 1 },
  ];
  const text = 'a: { agent: x }\nb: { agent: x }\nc: { agent: x, after: a, input: none }';

  for (const change of CHANGES) {
    it(`${change.type} takes effect once, by its id, and during a pause`, () => {
      const r = run(text);
      r.send({ type: 'PauseRun' });
      const events = r.send({ ...change, commandId: 'mine' });
      expect(events[0]).to.include({ commandId: 'mine' });
      expect(events[0]?.type).not.to.equal('CommandRejected');
      expect(r.send({ ...change, commandId: 'mine' })).to.deep.equal([]);
      expectKept(r);
      r.send({ type: 'ResumeRun' });
      for (let left = r.ready(); left.length > 0; left = r.ready()) for (const id of left) r.run(id);
      expect(r.state.status).to.equal('completed');
      expectKept(r);
      expect(r.send({ ...change, commandId: 'mine' }), 'after the end').to.deep.equal([]);
      expect(answer(r.send({ ...change, commandId: 'other' }))).to.equal('REPRISE_RUN_CLOSED');
    });

    it(`${change.type} may mend a run that is parked`, () => {
      const r = run(text);
      r.send({ type: 'ParkRun', error: { code: 'X', message: 'x', retryable: false } });
      expect(r.send(change)[0]?.type).not.to.equal('CommandRejected');
      expect(r.state.status).to.equal('parked');
      expectKept(r);
      r.send({ type: 'ResumeRun' });
      for (let left = r.ready(); left.length > 0; left = r.ready()) for (const id of left) r.run(id);
      expect(r.state.status).to.equal('completed');
      expectKept(r);
    });

    it(`${change.type} is refused by a run that is closing`, () => {
      const r = run(`${text}\npay: { agent: x, compensate: refund }`);
      r.schedule('pay');
      r.send({ type: 'CancelRun' });
      expect(answer(r.send(change))).to.match(/^REPRISE_(BLOCK_CLOSED|TASK_ENDED)$/);
      expectKept(r);
    });

    it(`${change.type} is refused until the history of a fork is there`, () => {
      const r = run(text);
      r.state.status = 'forking';
      expect(answer(r.send(change))).to.equal('REPRISE_RUN_FORKING');
    });
  }
});
