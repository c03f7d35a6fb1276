import type { Json, RunEvent } from '@reprise/core';
import { TEST_RUN_ID } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { loadTasks } from '../../../src/definition/text/parse-workflow.ts';
import { idempotencyKey } from '../../../src/orchestration/workflow/attempt-key.ts';
import type { Directive } from '../../../src/orchestration/workflow/directives.ts';
import { effectsOf } from '../../../src/orchestration/workflow/effects.ts';
import { evolve } from '../../../src/orchestration/workflow/evolve.ts';
import { initialState } from '../../../src/orchestration/workflow/state.ts';
import { type PureRun, types } from '../pure-run.ts';
import { answer, expectKept } from './add.ts';
import { run } from './yaml-run.ts';

// A task that has begun, and all that comes after it, begin again: because an agent goes back to it, or somebody outside says so.

function give(r: PureRun, id: string, ...directives: readonly Directive[]): readonly RunEvent[] {
  const { attempt } = r.task(id);
  return r.send({ type: 'CompleteTask', taskId: id, attempt, output: `${id} done`, directives });
}

const goTo = (task: string, feedback?: Json): Directive => ({
  kind: 'goto',
  task,
  ...(feedback !== undefined && { feedback }),
});
const restart = (r: PureRun, taskId: string) => r.send({ type: 'RestartTask', taskId });
const key = (r: PureRun, id: string): string => idempotencyKey(r.state, r.task(id)).replace(TEST_RUN_ID, '');

function refusal(events: readonly RunEvent[]): string {
  const [first] = events;
  expect(first?.type).to.equal('TaskAttemptFailed');
  return (first as Extract<RunEvent, { type: 'TaskAttemptFailed' }>).error.message;
}

/** The attempts that the last events close. */
function closed(r: PureRun, last: number): string[] {
  const state = initialState();
  return r.events.flatMap((event, revision) => {
    evolve(state, event);
    if (revision < r.events.length - last) return [];
    return effectsOf(state, event).flatMap((effect) =>
      effect.kind === 'close-attempt' ? [`${effect.taskId}/${effect.attempt}`] : [],
    );
  });
}

const chain = [
  `draft: { agent: a, input: { topic: "\${ input }", said: "\${ feedback }" } }`,
  'check: { agent: a, after: draft }',
  'review: { agent: a, after: check, may: goto, retry: 3 }',
  'publish: { agent: a, after: review }',
].join('\n');

describe('goto', () => {
  it('begins a task and all that comes after it again, with other keys, and hands on what its agent gives', () => {
    const r = run(chain, 'bees');
    expect(r.schedule('draft')[0]).to.deep.include({ input: { topic: 'bees', said: null } });
    expect(key(r, 'draft')).to.equal('/draft');
    r.complete('draft', 'v1');
    r.run('check');
    r.schedule('review');
    const events = give(r, 'review', goTo('draft'));
    expect(types(events)).to.deep.equal(['TaskCompleted', 'TasksReset']);
    expect(events[1]).to.deep.include({
      region: '',
      why: 'goto',
      from: 'draft',
      by: { taskId: 'review', attempt: 1 },
      feedback: 'review done',
    });
    expect(r.of('TasksReset')[0]?.restarted?.toSorted()).to.deep.equal(['check', 'draft', 'publish', 'review']);
    expect(r.ready()).to.deep.equal(['draft']);
    expectKept(r);
    expect(r.schedule('draft')[0]).to.deep.include({ attempt: 2, input: { topic: 'bees', said: 'review done' } });
    expect(key(r, 'draft')).to.equal('/draft+1');
    expect(key(r, 'publish'), 'it had not begun').to.equal('/publish');
    r.complete('draft', 'v2');
    expect(r.schedule('check')[0]).to.include({ input: 'v2' });
    r.complete('check', 'c2');
    r.run('review');
    r.run('publish', 'out');
    expect(r.state).to.include({ status: 'completed', output: 'out' });
    expectKept(r);
  });

  it('says what its agent says as feedback, and why', () => {
    const r = run(chain, 'bees');
    r.run('draft');
    r.run('check');
    r.schedule('review');
    give(r, 'review', { kind: 'goto', task: 'draft', feedback: { more: 'bees' }, why: 'too short' });
    expect(r.of('TasksReset')[0]).to.deep.include({ feedback: { more: 'bees' }, reason: 'too short' });
    expect(r.schedule('draft')[0]).to.deep.include({ input: { topic: 'bees', said: { more: 'bees' } } });
    expectKept(r);
  });

  it('cancels what is under way of them: late results are ignored, and attempts are aborted', () => {
    const r = run(`${chain}\nprint: { agent: a, after: draft }\nother: { agent: a }`, 'x');
    r.run('draft');
    r.run('check');
    r.schedule('review', 'print', 'other');
    const events = give(r, 'review', goTo('draft'));
    expect(types(events)).to.deep.equal(['TaskCompleted', 'TaskCancelled', 'TasksReset']);
    expect(closed(r, 2)).to.deep.equal(['print/1']);
    expect(r.status('print')).to.equal('pending');
    expect(r.status('other'), 'does not come after it').to.equal('scheduled');
    expect(r.send({ type: 'CompleteTask', taskId: 'print', attempt: 1, output: 'late' })).to.deep.equal([]);
    expectKept(r);
    r.run('draft');
    expect(r.schedule('print')[0]).to.include({ attempt: 2 });
  });

  it('goes back to tasks of blocks around it: the block begins anew, with its rounds', () => {
    const r = run(
      [
        'plan: { agent: a }',
        'work:',
        '  after: plan',
        '  scope:',
        '    do: { agent: a }',
        '    judge: { agent: a, after: do, may: goto }',
        '  loop: { until: output == "fine", max: 3 }',
      ].join('\n'),
    );
    r.run('plan');
    r.run('work/do');
    r.run('work/judge', 'again');
    expect(key(r, 'work/do')).to.equal('/work~2/do');
    r.run('work/do');
    r.schedule('work/judge');
    give(r, 'work/judge', goTo('plan', 'new plan'));
    expect(r.state.scopes.has('work')).to.equal(false);
    expect(r.ready()).to.deep.equal(['plan']);
    expectKept(r);
    r.run('plan');
    expect(key(r, 'work/do')).to.equal('/work+1/do');
    expect(r.task('work/do')).to.include({ round: 1 });
    r.run('work/do');
    r.run('work/judge', 'fine');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  it('within a loop is of the round: the next round begins as always', () => {
    const r = run(
      [
        'work:',
        '  scope:',
        `    do: { agent: a, input: "\${ feedback }" }`,
        '    judge: { agent: a, after: do, may: goto }',
        '  loop: { until: output == "fine", max: 3 }',
      ].join('\n'),
    );
    r.run('work/do');
    r.schedule('work/judge');
    give(r, 'work/judge', goTo('do', 'hint'));
    expect(r.schedule('work/do')[0]).to.include({ input: 'hint' });
    expect(key(r, 'work/do')).to.equal('/work/do+1');
    r.complete('work/do');
    r.run('work/judge', 'bad');
    expect(key(r, 'work/do')).to.equal('/work~2/do');
    expect(r.schedule('work/do')[0]).to.include({ input: 'bad' });
    expectKept(r);
  });

  it('begins a segment that repeats at its first round, with all its rounds', () => {
    const r = run(
      [
        'plan: { agent: a }',
        'write: { agent: a, after: plan }',
        'rate: { agent: a, after: write, repeat: { from: write, until: output == "fine", max: 2 } }',
        'end: { agent: a, after: rate, may: goto }',
      ].join('\n'),
    );
    r.run('plan');
    for (const rating of ['bad', 'fine']) {
      r.run('write');
      r.run('rate', rating);
    }
    r.schedule('end');
    give(r, 'end', goTo('rate'));
    expect(r.ready()).to.deep.equal(['write']);
    expect(key(r, 'write')).to.equal('/write+1');
    expectKept(r);
    r.run('write');
    r.run('rate', 'bad');
    expect(key(r, 'write')).to.equal('/write~2+1');
    r.run('write');
    r.run('rate', 'fine');
    r.run('end');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  it('keeps what was done: it can be undone as long as the block goes on, both times', () => {
    const r = run(
      [
        'pay: { agent: a, compensate: { agent: refund } }',
        'check: { agent: a, after: pay, may: goto }',
        'ship: { agent: a, after: check, retry: 1 }',
      ].join('\n'),
    );
    r.run('pay', 'p1');
    r.schedule('check');
    give(r, 'check', goTo('pay'));
    r.run('pay', 'p2');
    r.run('check');
    r.schedule('ship');
    r.fail('ship');
    expect(r.events.at(-1)).to.deep.include({ type: 'CompensationBegan', taskId: 'pay@2' });
    r.run('pay@2');
    expect(r.events.at(-1)).to.deep.include({ type: 'CompensationBegan', taskId: 'pay@1' });
    expect(key(r, 'pay@1')).to.equal('/pay@1');
    r.run('pay@1');
    expect(r.state.status).to.equal('failed');
    expectKept(r);
  });

  it('with an end behind it keeps what was done before it, as what was done in a round before', () => {
    const r = run(
      [
        'pay: { agent: a, compensate: { agent: refund } }',
        'check: { agent: a, after: pay, may: goto }',
        'wait: { agent: a, after: pay }',
        'stop: { end: { output: 1 }, after: check }',
      ].join('\n'),
    );
    r.run('pay');
    r.schedule('check');
    give(r, 'check', goTo('pay'));
    r.run('pay');
    r.run('check');
    expect(r.state).to.include({ status: 'completed', output: 1 });
    expect(r.of('CompensationBegan')).to.deep.equal([]);
    expectKept(r);
  });

  it('forgets what agents of those had added, and what was added behind that; what a person added stays', () => {
    const r = run(
      [
        'plan: { agent: a, may: spawn }',
        'review: { agent: a, after: plan, may: goto }',
        'last: { agent: a, after: review }',
      ].join('\n'),
    );
    const added = { part: { agent: 'x', after: 'plan' }, alone: { agent: 'x' } };
    r.schedule('plan');
    give(r, 'plan', { kind: 'spawn', tasks: loadTasks(added, 'tasks'), before: ['last'] });
    r.send({
      type: 'AddTasks',
      scope: '',
      tasks: loadTasks({ note: { agent: 'x', after: 'part' }, mine: { agent: 'x', after: 'plan' } }, 'tasks'),
    });
    r.schedule('alone', 'part', 'mine');
    r.complete('part');
    r.schedule('review');
    const events = give(r, 'review', goTo('plan'));
    expect(types(events)).to.deep.equal(['TaskCompleted', 'TaskCancelled', 'TaskCancelled', 'TasksReset']);
    expect(r.of('TasksReset')[0]?.dropped?.toSorted()).to.deep.equal(['alone', 'note', 'part']);
    expect([...r.state.tasks.keys()].toSorted()).to.deep.equal(['last', 'mine', 'plan', 'review']);
    expectKept(r);
    // The same names may come again; attempts go on.
    r.schedule('plan');
    give(r, 'plan', {
      kind: 'spawn',
      tasks: loadTasks({ part: { agent: 'x', after: 'plan' } }, 'tasks'),
      before: ['last'],
    });
    expect(r.schedule('part')[0]).to.include({ attempt: 2 });
    r.complete('part');
    r.run('mine');
    r.run('review');
    r.run('last');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  it('works from an item of a list, which begins anew as a whole', () => {
    const r = run(
      [
        'find: { agent: a }',
        'look: { agent: a, after: find, forEach: input, may: goto }',
        'sum: { agent: a, after: look }',
      ].join('\n'),
      [1, 2, 3],
    );
    r.run('find');
    r.schedule('look[0]', 'look[1]', 'look[2]');
    r.complete('look[0]');
    const events = give(r, 'look[1]', goTo('find'));
    expect(types(events)).to.deep.equal(['TaskCompleted', 'TaskCancelled', 'TasksReset']);
    expect(closed(r, 3).toSorted()).to.deep.equal(['look[1]/1', 'look[2]/1']);
    r.run('find');
    expect(key(r, 'look[2]')).to.equal('/look[2]+1');
    for (const item of ['look[0]', 'look[1]', 'look[2]']) r.run(item);
    r.run('sum');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  it('is refused with its reason, and the attempt is made again', () => {
    const first =
      'a: { agent: a }\nb: { agent: a, after: a, may: [goto, spawn, finish, handOff, cancel], retry: 9 }\nc: { agent: a, after: b }';
    const r = run(first);
    r.run('a');
    r.schedule('b');
    const refused: readonly (readonly [readonly Directive[], RegExp])[] = [
      [[goTo('nobody')], /'nobody' is to begin again, and there is no such task/],
      [[goTo('c')], /'c' has not begun/],
      [[goTo('a'), goTo('b')], /goes back to 'a' and to 'b'; choose one/],
      [[goTo('a'), { kind: 'finish', output: 1 }], /its block is finished; do one of the two/],
      [[goTo('a'), { kind: 'handOff', agent: 'x' }], /handed to another agent; do one of the two/],
      [[goTo('a'), { kind: 'cancel', tasks: ['c'] }], /cancel would be undone at once/],
      [
        [goTo('a'), { kind: 'spawn', tasks: loadTasks({ x: { agent: 'x' } }, 'tasks') }],
        /spawn would be undone at once/,
      ],
    ];
    for (const [directives, why] of refused) {
      expect(refusal(give(r, 'b', ...directives))).to.match(why);
      r.retry('b');
      r.schedule('b');
    }
    expectKept(r);
    const other = run('a: { agent: a }\nb: { agent: a, after: a, retry: 1 }');
    other.run('a');
    other.schedule('b');
    expect(refusal(give(other, 'b', goTo('a')))).to.match(/'b' may not goto; say so on the task: may: \[goto\]/);
  });

  it('waits for what can be undone, or is a run of its own: it is refused as long as that is under way', () => {
    const r = run(
      'a: { agent: a }\npay: { agent: a, after: a, compensate: { agent: undo } }\nb: { agent: a, after: a, may: goto, retry: 3 }',
    );
    r.run('a');
    r.schedule('pay', 'b');
    expect(refusal(give(r, 'b', goTo('a')))).to.match(
      /'pay' would begin again with it, is under way, and can be undone/,
    );
    r.complete('pay');
    r.retry('b');
    r.schedule('b');
    expect(types(give(r, 'b', goTo('a')))).to.deep.equal(['TaskCompleted', 'TasksReset']);
    expectKept(r);
  });

  it('of one that can be undone itself does not wait for itself', () => {
    const r = run(
      'a: { agent: a }\nb: { agent: a, after: a, may: goto, compensate: { agent: undo } }\nc: { agent: a, after: b, retry: 1 }',
    );
    r.run('a');
    r.schedule('b');
    give(r, 'b', goTo('a'));
    r.run('a');
    r.run('b');
    r.schedule('c');
    r.fail('c');
    r.run('b@2');
    r.run('b@1');
    expect(r.state.status).to.equal('failed');
    expectKept(r);
  });

  it('happens at most 100 times in a round of a block', () => {
    const r = run('a: { agent: a }\nb: { agent: a, after: a, may: goto, retry: 1 }');
    for (let times = 0; times < 100; times += 1) {
      r.run('a');
      r.schedule('b');
      give(r, 'b', goTo('a'));
    }
    r.run('a');
    r.schedule('b');
    expect(refusal(give(r, 'b', goTo('a')))).to.match(/100 times in this round of its block/);
    expect(r.state.status).to.equal('failed');
  });
});

describe('restarting a task from outside', () => {
  const three = 'a: { agent: a }\nb: { agent: a, after: a }\nc: { agent: a, after: b }\nd: { agent: a, after: a }';

  it('does it again with all that comes after it, once a command, whether they have ended or not', () => {
    const r = run(three);
    r.run('a');
    r.run('b');
    r.schedule('c', 'd');
    const events = r.send({ type: 'RestartTask', taskId: 'b', commandId: 'again' });
    expect(types(events)).to.deep.equal(['TaskCancelled', 'TasksReset']);
    expect(events[1]).to.deep.include({ from: 'b', commandId: 'again', restarted: ['b', 'c'], feedback: null });
    expect(events[1]).to.not.have.property('by');
    expect(r.send({ type: 'RestartTask', taskId: 'b', commandId: 'again' })).to.deep.equal([]);
    expect(r.status('d')).to.equal('scheduled');
    expect(r.ready()).to.deep.equal(['b']);
    expectKept(r);
    r.run('b');
    expect(r.schedule('c')[0]).to.include({ attempt: 2 });
    r.complete('c');
    r.complete('d');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  it('is refused of what has not begun, is no task, is an item, or is over', () => {
    const r = run(`${three}\ne: { agent: a, forEach: input }\nx: { scope: { y: { agent: a } } }`, [1]);
    r.schedule('a', 'e[0]', 'x/y');
    expect(answer(restart(r, 'b'))).to.equal('REPRISE_COMMAND_INVALID');
    expect(answer(restart(r, 'nobody'))).to.equal('REPRISE_TASK_UNKNOWN');
    expect(answer(restart(r, 'e[0]'))).to.equal('REPRISE_COMMAND_INVALID');
    r.complete('x/y');
    expect(answer(restart(r, 'x/y'))).to.equal('REPRISE_BLOCK_CLOSED');
    expectKept(r);
  });

  it('keeps the feedback that there is', () => {
    const r = run(
      `work: { scope: { do: { agent: a, input: "\${ feedback }" }, judge: { agent: a, after: do } }, loop: { until: output == "fine", max: 3 } }`,
    );
    r.run('work/do');
    r.run('work/judge', 'bad');
    r.run('work/do');
    restart(r, 'work/do');
    expect(r.schedule('work/do')[0]).to.include({ input: 'bad' });
    expectKept(r);
  });

  it('of a task that failed and is not needed lets it try once more', () => {
    const r = run('a: { agent: a, retry: 1 }\nb: { agent: a }\nj: { agent: a, after: [a, b], join: any }');
    r.schedule('a');
    r.fail('a');
    restart(r, 'a');
    expect(r.ready().toSorted()).to.deep.equal(['a', 'b']);
    r.run('a');
    r.run('j');
    r.run('b');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  it('does again what may be done at most once only when that is said of it', () => {
    const r = run(
      'a: { agent: a }\npay: { agent: a, after: a, delivery: at-most-once }\nbook: { scope: { seal: { agent: a, delivery: at-most-once } }, after: pay }\nc: { agent: a, after: book }',
    );
    r.run('a');
    restart(r, 'a');
    r.run('a');
    r.run('pay');
    r.run('book/seal');
    expect(r.of('TasksReset'), 'it had not been started').to.have.length(1);
    const [refused] = restart(r, 'a');
    expect(refused).to.deep.include({ code: 'REPRISE_WOULD_REPEAT' });
    expect(refused).to.have.property('message').that.includes("'pay', 'book/seal'");
    expect(answer(r.send({ type: 'RestartTask', taskId: 'a', again: ['pay'] }))).to.equal('REPRISE_WOULD_REPEAT');
    expect(answer(r.send({ type: 'RestartTask', taskId: 'a', again: ['pay', 'book'] }))).to.equal('TasksReset');
    expectKept(r);
    expect(answer(restart(r, 'a')), 'it has not begun again').to.equal('REPRISE_COMMAND_INVALID');
  });

  it('begins a switch again, and what it passed over', () => {
    const r = run(
      [
        'ask: { agent: a }',
        'route: { after: ask, switch: [{ when: outputs.ask == "left", then: left }, { else: right }] }',
        'left: { agent: a, after: route }',
        'right: { agent: a, after: route }',
        'all: { agent: a, after: [left, right] }',
      ].join('\n'),
    );
    r.run('ask', 'left');
    r.run('left');
    expect(r.status('right')).to.equal('skipped');
    restart(r, 'ask');
    r.run('ask', 'right');
    expect(r.status('left')).to.equal('skipped');
    r.run('right');
    r.run('all');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });
});
