import { type Json, type JsonObject, runToMermaid, type TaskView } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { loadTasks } from '../../../src/definition/text/parse-workflow.ts';
import type { Directive } from '../../../src/orchestration/workflow/directives.ts';
import { viewOf } from '../../../src/orchestration/workflow/view-of.ts';
import type { PureRun } from '../pure-run.ts';
import { add, answer, expectSame, tasks } from './add.ts';
import { expectMermaid } from './mermaid-grammar.ts';
import { run } from './yaml-run.ts';

// What a run looks like: what was planned, what came at run time, and what became of it.

/** The picture, which has to be Mermaid, and the same after a restart. */
function pictureOf(r: PureRun, limit?: number): string {
  const picture = runToMermaid(viewOf(r.state), limit === undefined ? {} : { limit });
  expectMermaid(picture);
  expectSame(r);
  expect(runToMermaid(viewOf(r.replayed()), limit === undefined ? {} : { limit })).to.equal(picture);
  return picture;
}

/** The name and the lines of the label of a task's node. */
function nodeOf(picture: string, id: string): { readonly name: string; readonly said: readonly string[] } {
  for (const [, name = '', label = ''] of picture.matchAll(/^ +(?:subgraph )?(\w+)[^\w"]+"([^"]*)"/gm)) {
    const [first, ...said] = label.split('<br/>');
    if (first === id) return { name, said };
  }
  throw new Error(`no node '${id}' in ${picture}`);
}

const saidOf = (picture: string, id: string): readonly string[] => nodeOf(picture, id).said;

/** The classes of a task's node. */
function looksOf(picture: string, id: string): readonly string[] {
  const { name } = nodeOf(picture, id);
  return [...picture.matchAll(/^ {2}class (\S+) (\w+)$/gm)].flatMap(([, names = '', look = '']) =>
    names.split(',').includes(name) ? [look] : [],
  );
}

/** The edge between two tasks: its arrow and its label. */
function edgeOf(picture: string, from: string, to: string): string | undefined {
  const [one, other] = [nodeOf(picture, from).name, nodeOf(picture, to).name];
  return new RegExp(`^  ${one} (\\S+?(?:\\|"[^"]*"\\|)?) ${other}$`, 'm').exec(picture)?.[1];
}

const viewed = (r: PureRun, id: string): TaskView => {
  const task = viewOf(r.state).tasks.get(id);
  if (task === undefined) throw new Error(`no task ${id}`);
  return task;
};

function give(r: PureRun, id: string, agent: string, directives: readonly Directive[] = [], output: Json = 1): string {
  r.send({ type: 'ScheduleTasks', strategy: 'test', assignments: [{ taskId: id, agent }] });
  const { attempt } = r.task(id);
  return answer(r.send({ type: 'CompleteTask', taskId: id, attempt, output, directives }));
}

const spawn = (written: Json, ...before: readonly string[]): Directive => ({
  kind: 'spawn',
  tasks: loadTasks(written, 'tasks'),
  before,
});

describe('the picture of a run', () => {
  it('tells what an agent added, and what came from outside, from what was planned', () => {
    const r = run('plan: { agent: a, may: [spawn] }\nlast: { agent: z, after: plan }');
    expect(give(r, 'plan', 'a', [spawn({ look: { agent: 'x', after: 'plan' } }, 'last')])).to.equal(
      'TasksAdded TaskCompleted',
    );
    add(r, '', tasks('more: { agent: m }'), [['last', 'more']]);
    const picture = pictureOf(r);
    expect(saidOf(picture, 'look')).to.deep.equal(['x', 'added by plan, attempt 1', 'is ready']);
    expect(saidOf(picture, 'more')).to.deep.equal(['m', 'added from outside', 'is ready']);
    expect(saidOf(picture, 'last')).to.deep.equal(['z', 'planned']);
    expect(saidOf(picture, 'plan')).to.deep.equal(['a', 'completed', 'took 0ms']);
    expect(looksOf(picture, 'look')).to.deep.equal(['ready', 'added']);
    expect(looksOf(picture, 'last')).to.deep.equal(['pending']);
    expect(edgeOf(picture, 'plan', 'look')).to.equal('-->');
    expect(edgeOf(picture, 'look', 'last')).to.equal('-->|"added"|');
    expect(viewed(r, 'look').addedBy).to.deep.equal({ taskId: 'plan', attempt: 1 });
    expect(viewed(r, 'more').addedBy).to.have.all.keys('commandId');
    expect(viewed(r, 'last').addedBy).to.equal(undefined);
  });

  it('tells what a team decided', () => {
    const r = run('team: { strategy: { name: led }, scope: {} }');
    const decision: JsonObject = { kind: 'add', tasks: { x: { agent: 'a' } } };
    r.send({ type: 'Decide', scope: 'team', strategy: 'led', format: 1, seen: r.state.revision, decision });
    expect(saidOf(pictureOf(r), 'x')).to.deep.equal(['a', 'decision 1 of its team', 'is ready']);
    expect(viewed(r, 'team/x').addedBy).to.deep.include({ decision: 1 });
  });

  it('has edges that were drawn and that were taken away', () => {
    const r = run('a: { agent: x }\nb: { agent: x }\nc: { agent: x, after: [a], input: 1 }');
    expect(answer(r.send({ type: 'LinkTasks', taskId: 'c', after: ['b'] }))).to.equal('TasksLinked');
    expect(answer(r.send({ type: 'UnlinkTasks', taskId: 'c', after: ['a'] }))).to.equal('TasksUnlinked');
    const picture = pictureOf(r);
    expect(edgeOf(picture, 'a', 'c')).to.equal('-.-x|"taken away"|');
    expect(edgeOf(picture, 'b', 'c')).to.equal('-->|"added"|');
    expect(answer(r.send({ type: 'LinkTasks', taskId: 'c', after: ['a'] }))).to.equal('TasksLinked');
    expect(edgeOf(pictureOf(r), 'a', 'c')).to.equal('-->');
  });

  it('says why a task was skipped or cancelled, and so does the view', () => {
    const r = run(`no: { agent: a, when: "false" }
then: { agent: a, after: no }
route: { switch: [{ when: "true", then: yes }, { else: nope }] }
yes: { agent: a, after: route }
nope: { agent: a, after: route }
hand: { agent: a }
stop: { cancel: victim, after: go }
go: { agent: a }
victim: { wait: { signal: never } }
race: { agent: a }
first: { set: 1, after: [race, slow], join: any, rest: cancel }
slow: { sleep: 1d }`);
    r.send({ type: 'SkipTask', taskId: 'hand' });
    r.run('go');
    r.run('race');
    const picture = pictureOf(r);
    for (const [id, why, text] of [
      ['no', 'condition', 'its condition was false'],
      ['then', 'dependencies', 'what it comes after was skipped'],
      ['nope', 'case', 'another case was chosen'],
      ['hand', 'manual', 'by hand'],
    ] as const) {
      expect(saidOf(picture, id), id).to.include(`skipped: ${text}`);
      expect(viewed(r, id), id).to.include({ skippedBecause: why, cancelledBecause: undefined });
      expect(looksOf(picture, id)).to.deep.equal(['skipped']);
    }
    for (const [id, why, text] of [
      ['victim', 'cancel', 'a cancel named it'],
      ['slow', 'join', 'a join does not need it'],
    ] as const) {
      expect(saidOf(picture, id), id).to.include(`cancelled: ${text}`);
      expect(viewed(r, id), id).to.include({ skippedBecause: undefined, cancelledBecause: why });
    }
    expect(saidOf(picture, 'route')).to.deep.equal(['completed', 'chose yes']);
    expect(edgeOf(picture, 'route', 'nope')).to.equal('-->|"case nope"|');
    expect(JSON.parse(JSON.stringify(viewOf(r.state))).tasks.hand.skippedBecause).to.equal('manual');
  });

  it('says what waits, and for what', () => {
    const r = run(`ask: { wait: { form: approval, assignee: anna } }
paid: { wait: { signal: paid } }
said: { wait: { message: { from: one } } }
nap: { sleep: 1h }
one: { agent: a, mutex: m }
two: { agent: a, mutex: m }
tries: { agent: a, retry: 3 }
child: { workflow: other }`);
    r.schedule('tries');
    r.fail('tries', { code: 'BUSY' });
    const picture = pictureOf(r);
    expect(saidOf(picture, 'ask')).to.deep.equal(['asks anna: Approval', "waits for an answer of 'anna'"]);
    expect(saidOf(picture, 'paid')).to.deep.equal(["waits for the signal 'paid'"]);
    expect(saidOf(picture, 'said')).to.deep.equal(["waits for a message from 'one' in 'said'"]);
    expect(saidOf(picture, 'nap')).to.deep.equal(['sleeps until 2026-01-01T01:00:00.000Z']);
    expect(saidOf(picture, 'two')[1]).to.equal("waits for the mutex 'm', which 'one' has");
    expect(saidOf(picture, 'tries').slice(1)).to.deep.equal([
      'waits for its next attempt after BUSY',
      '1 failed attempt',
    ]);
    expect(saidOf(picture, 'child')[1]).to.match(/^waits for the end of the child run '/);
    for (const id of ['ask', 'paid', 'said', 'nap', 'two', 'tries', 'child'])
      expect(looksOf(picture, id), id).to.deep.equal(['waiting']);
    r.send({ type: 'PauseRun' });
    const paused = pictureOf(r);
    expect(saidOf(paused, 'one')).to.include('is held up because the run is paused');
    expect(nodeOf(paused, r.runId).said).to.deep.equal(['w@1', 'paused']);
  });

  it('says who handed a task to whom, and what stands in for a task', () => {
    const r = run(`ticket: { agent: triage, may: [handOff] }
risky: { agent: r, fallback: { task: stand } }
stand: { agent: s }
other: { agent: o, fallback: { agent: spare } }`);
    give(r, 'ticket', 'triage', [{ kind: 'handOff', agent: 'billing', why: 'about money' }]);
    give(r, 'ticket', 'billing', [{ kind: 'handOff', agent: 'legal' }]);
    expect(edgeOf(pictureOf(r), 'risky', 'stand')).to.equal('-.->|"on failure"|');
    for (const id of ['risky', 'other']) {
      r.schedule(id);
      r.fail(id, { code: 'BROKEN', retryable: false });
    }
    const picture = pictureOf(r);
    expect(saidOf(picture, 'ticket')).to.include.members([
      'legal',
      'handed off by triage to billing: about money',
      'handed off by billing to legal',
    ]);
    expect(viewed(r, 'ticket').handOffs?.map(({ from, to }) => [from, to])).to.deep.equal([
      ['triage', 'billing'],
      ['billing', 'legal'],
    ]);
    expect(edgeOf(picture, 'risky', 'stand')).to.equal('==>|"fell back to"|');
    expect(saidOf(picture, 'other')).to.include('fell back to spare');
  });

  it('numbers rounds and attempts, and shows what is inside a block that has not begun', () => {
    const r = run(`draft: { agent: d, retry: 2 }
check: { agent: c, after: draft, repeat: { from: draft, until: "output == 'good'", max: 4 } }
book: { after: check, scope: { pay: { agent: p }, ship: { agent: s, after: pay } } }`);
    r.run('draft');
    r.run('check', 'bad');
    r.schedule('draft');
    r.fail('draft', { code: 'BUSY' });
    r.retry('draft');
    r.schedule('draft');
    r.begin('draft');
    const picture = pictureOf(r);
    expect(saidOf(picture, 'draft')).to.include('round 2, attempt 3, 1 failed attempt');
    expect(viewed(r, 'draft')).to.include({ round: 2, attempt: 3, tries: 1 });
    expect(edgeOf(picture, 'check', 'draft')).to.equal('==>|"round 2 of 4 at most"|');
    expect(picture).to.match(/subgraph t2\["book<br\/>planned"\]\n {4}t3\["pay<br\/>p<br\/>planned"\]/);
    expect(edgeOf(picture, 'pay', 'ship')).to.equal('-->');
    expect(edgeOf(picture, 'check', 'book')).to.equal('-->');
    expect(looksOf(picture, 'draft')).to.deep.equal(['running']);
  });

  it('says how often somebody went back to a task', () => {
    const r = run('draft: { agent: d }\ncheck: { agent: c, after: draft }\nlast: { agent: l, after: check }');
    r.run('draft');
    r.run('check');
    expect(answer(r.send({ type: 'RestartTask', taskId: 'draft' }))).to.include('TasksReset');
    const picture = pictureOf(r);
    expect(saidOf(picture, 'draft')).to.deep.equal(['d', 'is ready', 'begun again once']);
    expect(saidOf(picture, 'check')).to.include('planned');
    expect(viewed(r, 'draft')).to.include({ round: 1, again: 1 });
  });

  it('shows a failure that is handled, and what is undone', () => {
    const r = run(`book:
  scope:
    pay: { agent: p, compensate: refund }
    ship: { agent: s, after: pay }
  catch: [{ on: { code: LOST }, do: { note: { agent: n } }, then: retry, max: 2 }]`);
    r.run('book/pay');
    r.schedule('book/ship');
    r.fail('book/ship', { code: 'LOST', retryable: false });
    const undone = pictureOf(r);
    expect(saidOf(undone, 'pay@1')).to.include('undoes book/pay, attempt 1');
    expect(edgeOf(undone, 'pay', 'pay@1')).to.equal('-.->|"undone by"|');
    r.run('book/pay@1');
    const handled = pictureOf(r);
    expect(edgeOf(handled, 'ship', 'note')).to.equal('-.->|"caught: LOST"|');
    expect(saidOf(handled, 'note')).to.include('handles a failure');
    expect(saidOf(handled, 'ship')).to.include('failed: LOST');
    r.run('book/note');
    expect(saidOf(pictureOf(r), 'book')).to.include('round 2');
  });

  it('has a list as one node, with how far it is and what was added in its items', () => {
    const r = run(`each: { forEach: "[1, 2, 3]", scope: { a: { agent: a }, b: { agent: b, after: a } } }
plain: { forEach: "[1, 2]", agent: p }`);
    add(r, 'each[1]', tasks('c: { agent: c }'));
    r.run('plain[0]');
    const picture = pictureOf(r);
    expect(saidOf(picture, 'each')).to.include.members(['0 of 3 items completed, 3 open', '1 added in its items']);
    expect(saidOf(picture, 'plain')).to.deep.equal(['p', 'running', '1 of 2 items completed, 1 open']);
    expect(picture).to.not.match(/\["(a|b|c|each#91;)/);
    expect(viewed(r, 'each[1]/c').addedBy).to.have.all.keys('commandId');
    expect(viewed(r, 'each[0]/a').addedBy).to.equal(undefined);
  });

  it('lets no text of agents or users out of its label', () => {
    const evil =
      'x"]\n%%{init: {"theme":"dark"}}%%\nend\r\n  click t0 "javascript:alert(1)"\u2028<script>`|&#34;\\ \u202e\ud800';
    const r = run(
      `ticket: { agent: triage, may: [handOff] }\nlast: { agent: z }\nsig: { wait: { signal: "\${ input }" } }`,
      evil,
    );
    give(r, 'ticket', 'triage', [{ kind: 'handOff', agent: 'billing', why: evil }]);
    r.schedule('last');
    r.fail('last', { code: evil, message: evil });
    r.send({ type: 'CancelRun', reason: evil });
    const picture = pictureOf(r);
    expect(picture).to.include('#34;#93;').and.to.include('#37;#37;#123;init');
    expect(picture).to.not.match(/%%|click t0 "|\u2028|\u202e|\r|<script/);
  });

  it('says how much of a large run it leaves out, and does not take long', function () {
    this.timeout(20_000);
    const lines = Array.from({ length: 10_000 }, (_, n) => `t${n}: { agent: a${n === 0 ? '' : `, after: t${n - 1}`} }`);
    const r = run('first: { agent: a }');
    add(r, '', tasks('late: { agent: a }'));
    for (let from = 0; from < lines.length; from += 1000) {
      const part = lines.slice(from, from + 1000).join('\n');
      expect(answer(add(r, '', tasks(part, from === 0 ? '' : `t${from - 1}: { agent: a }`)))).to.equal('TasksAdded');
    }
    r.run('first');
    const begun = performance.now();
    const picture = runToMermaid(viewOf(r.state));
    expect(performance.now() - begun).to.be.below(2_000);
    expectMermaid(picture);
    expect(picture).to.include('left>"9802 more tasks are not drawn: 9802 planned"]');
    expect(picture.length).to.be.below(50_000);
    const few = runToMermaid(viewOf(r.state), { limit: 2 });
    expect(saidOf(few, 'late')).to.include('is ready');
    expect(few).to.match(/left>"10000 more tasks are not drawn: /);
    expect(() => runToMermaid(viewOf(r.state), { limit: 0 })).to.throw(RangeError, /positive integer/);
  });

  it('draws no more edges than Mermaid takes, and says how many there are', () => {
    const many = Array.from({ length: 40 }, (_, n) => n);
    const text = many.map(
      (n) => `t${n}: { agent: a, input: 1${n === 0 ? '' : `, after: [${many.slice(0, n).map((m) => `t${m}`)}]`} }`,
    );
    const r = run(text.join('\n'));
    const picture = pictureOf(r, 40);
    expect(picture.match(/-->/g)).to.have.length(100);
    expect(picture).to.include('left>"680 more edges are not drawn"]');
  });

  it('has the blocks of what it keeps', () => {
    const r = run('a: { agent: a }\nb: { scope: { in: { scope: { deep: { agent: d } } } } }');
    r.run('a');
    const picture = pictureOf(r, 3);
    expect(saidOf(picture, 'deep')).to.include('is ready');
    expect(picture).to.match(/left>"1 more task is not drawn: 1 completed"/);
  });
});
