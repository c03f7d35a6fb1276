import { type Json, parseWorkflow, type RunEvent } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Timer } from '../../src/orchestration/workflow/commands.ts';
import { stateDigest } from '../../src/orchestration/workflow/digest/state-digest.ts';
import { type Effect, effectsOf, openEffects } from '../../src/orchestration/workflow/effects.ts';
import { followsFlaw } from '../../src/orchestration/workflow/untrusted/follows.ts';
import { viewOf } from '../../src/orchestration/workflow/view-of.ts';
import { PureRun, START, types } from './pure-run.ts';

const parent = { runId: 'above', taskId: 't', attempt: 1, rootRunId: 'above', depth: 1 };

const open = (tasks: string, input: Json = null, head = ''): PureRun =>
  new PureRun(parseWorkflow(`name: w\n${head}\ntasks:\n  ${tasks.split('\n').join('\n  ')}\n`), input, { parent });

type Holder = 'user' | 'parent' | 'fault';

/** Says that the run stands still, or goes on, `at` ms after its start. */
function hold(run: PureRun, at: number, holds: boolean, by: Holder = 'user'): readonly RunEvent[] {
  run.now = START + at;
  const who = by === 'parent' ? ({ by } as const) : {};
  if (!holds) return run.send({ type: 'ResumeRun', ...who });
  if (by !== 'fault') return run.send({ type: 'PauseRun', ...who });
  return run.send({ type: 'ParkRun', error: { code: 'FAULT', message: 'a fault', retryable: false } });
}

const timersIn = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'set-timer' ? [{ timer: effect.timer, at: effect.at - START }] : []));

/** The timer of that kind that would be set if the run was read now; ms after the start of the run. */
const timerOf = (run: PureRun, kind: Timer['kind']) =>
  timersIn(openEffects(run.state)).find(({ timer }) => timer.kind === kind);

/** Each kind of time limit of a task `t`, which begins 5 s after its run and ends 10 s later. */
const limits: Record<string, { task: string; kind: Timer['kind']; begin?: (run: PureRun) => void }> = {
  'the limit of a task': {
    task: '{ agent: q, timeout: { task: 10s } }',
    kind: 'task',
    begin: (run) => run.schedule('t'),
  },
  'the limit of an item': {
    task: '{ agent: q, forEach: { items: "[1]" }, timeout: { task: 10s } }',
    kind: 'task',
    begin: (run) => run.schedule('t[0]'),
  },
  'the limit of a list': { task: '{ agent: q, forEach: { items: "[1, 2]" }, timeout: { all: 10s } }', kind: 'all' },
  'the limit of a scope': { task: '{ scope: { in: { agent: q } }, timeout: 10s }', kind: 'task' },
  'the limit of a child run': { task: '{ workflow: child, timeout: 10s }', kind: 'task' },
  'the limit of a wait': { task: '{ wait: { signal: go, timeout: 10s } }', kind: 'task' },
  'a sleep for a time': { task: '{ sleep: 10s }', kind: 'wake' },
  'a sleep for a computed time': { task: `{ sleep: { for: "\${ 10000 }" } }`, kind: 'wake' },
  'the delay of a retry': {
    task: '{ agent: q, retry: { initialDelay: 10s, jitter: 0 } }',
    kind: 'retry',
    begin: (run) => {
      run.schedule('t');
      run.fail('t');
    },
  },
};

/** Who holds the run, from when to when, and by how much what ends 15 s after the start is later for that. */
const pauses: Record<string, { spans: readonly (readonly [number, number, Holder?])[]; later: number }> = {
  'no pause': { spans: [], later: 0 },
  'a pause that ended before': { spans: [[1000, 4000]], later: 0 },
  'a pause that ended just then': { spans: [[1000, 5000]], later: 0 },
  'an hour': { spans: [[9000, 3_609_000]], later: 3_600_000 },
  'a pause before, and two during': {
    spans: [
      [1000, 3000],
      [6000, 7000],
      [9000, 20_000],
    ],
    later: 12_000,
  },
  'a pause and that of its parent, which overlap': {
    spans: [
      [6000, 9000],
      [8000, 12_000, 'parent'],
    ],
    later: 6000,
  },
  'a pause within that of its parent': {
    spans: [
      [6000, 12_000, 'parent'],
      [7000, 8000],
    ],
    later: 6000,
  },
  'being parked': { spans: [[7000, 10_000, 'fault']], later: 3000 },
};

type Step = readonly [at: number, step: () => unknown];

/** The run with `t` begun 5 s after it, once it has been held up and let go as `spans` say. */
function held(run: PureRun, { spans }: Pick<(typeof pauses)[string], 'spans'>, begin?: (run: PureRun) => void) {
  const steps = spans.flatMap(([from, to, by]): Step[] => [
    [from, () => hold(run, from, true, by)],
    [to, () => hold(run, to, false, by)],
  ]);
  const begins = (): void => {
    run.now = START + 5000;
    run.run('first');
    begin?.(run);
  };
  const inOrder: Step[] = [...steps, [5000, begins] as const];
  for (const [, step] of inOrder.sort(([a], [b]) => a - b)) step();
  return run;
}

const withTask = (task: string): PureRun => open(`first: { agent: q }\nt: ${task.replace('{', '{ after: first,')}`);

describe('a pause', () => {
  for (const [what, { task, kind, begin }] of Object.entries(limits)) {
    for (const [how, pause] of Object.entries(pauses)) {
      it(`${what}: ${how}`, () => {
        const run = held(withTask(task), pause, begin);
        const due = 15_000 + pause.later;
        const set = timerOf(run, kind);
        expect(set?.at).to.equal(due);
        if (set === undefined) return;
        run.now = START + due + 5;
        const before = run.events.length;
        expect(run.fire(set.timer, START + due - 1), 'set before the pause').to.deep.equal([]);
        run.fire(set.timer, START + due);
        expect(run.events.length).to.be.greaterThan(before);
        expect(run.replayed().stoppedMs).to.equal(run.state.stoppedMs);
      });
    }

    it(`${what}: nothing is due while the run is paused, and no timer set`, () => {
      const run = held(withTask(task), { spans: [] }, begin);
      const timer = timerOf(run, kind)?.timer as Timer;
      const [paused] = hold(run, 9000, true) as [RunEvent];
      expect(effectsOf(run.state, paused)[0]).to.deep.equal({ kind: 'clear-timers' });
      expect(timerOf(run, kind)).to.equal(undefined);
      run.now = START + 3_600_000;
      expect(run.fire(timer)).to.deep.equal([]);
      const [resumed] = hold(run, 3_600_000, false) as [RunEvent];
      expect(timersIn(effectsOf(run.state, resumed))).to.deep.include({ timer, at: 3_606_000 });
    });
  }
});

describe('a pause does not hold up', () => {
  it('a sleep until a moment, which ends it while it lasts; what comes after does not begin', () => {
    const run = open(`t: { sleep: { until: ${START + 15_000} } }\nnext: { set: 1, after: t }`);
    const [paused] = hold(run, 9000, true) as [RunEvent];
    const [set] = timersIn(effectsOf(run.state, paused));
    expect(set).to.deep.equal({ timer: { kind: 'wake', taskId: 't', attempt: 1 }, at: 15_000 });
    expect(run.fire({ kind: 'wake', taskId: 't', attempt: 1 }, START + 14_999), 'too early').to.deep.equal([]);
    expect(types(run.fire({ kind: 'wake', taskId: 't', attempt: 1 }, START + 15_000))).to.deep.equal(['TaskCompleted']);
    hold(run, 20_000, false);
    expect(run.state.status).to.equal('completed');
  });

  it('an attempt under way: its limit goes on', () => {
    const run = open('t: { agent: q, timeout: 10s, retry: { initialDelay: 1s, jitter: 0 } }');
    run.schedule('t');
    run.begin('t');
    const [paused] = hold(run, 4000, true) as [RunEvent];
    const timer = { kind: 'attempt', taskId: 't', attempt: 1 } as const;
    expect(timersIn(effectsOf(run.state, paused))).to.deep.equal([{ timer, at: 10_000 }]);
    run.now = START + 10_000;
    expect(types(run.fire(timer))).to.deep.equal(['TaskAttemptFailed']);
  });

  it('a signal that a wait is for', () => {
    const run = open('t: { wait: { signal: go, timeout: 10s } }');
    hold(run, 4000, true);
    run.now = START + 60_000;
    run.send({ type: 'SendSignal', signal: 'go', data: 7 });
    expect(run.status('t')).to.equal('completed');
  });
});

describe('the clock of a run', () => {
  it('is that of its limit', () => {
    const run = open('t: { agent: q }', null, 'timeout: 10s');
    expect(timerOf(run, 'run')?.at).to.equal(10_000);
    hold(run, 4000, true);
    expect(run.fire({ kind: 'run' })).to.deep.equal([]);
    hold(run, 3_604_000, false);
    expect(timerOf(run, 'run')?.at).to.equal(3_610_000);
    expect(run.fire({ kind: 'run' }, START + 10_000)).to.deep.equal([]);
    expect(types(run.fire({ kind: 'run' }, START + 3_610_000))).to.deep.equal(['RunFailed']);
  });

  it('counts what begins while it stands still from the resume on', () => {
    const run = open('t: { agent: q, retry: { initialDelay: 10s, jitter: 0 } }');
    run.schedule('t');
    hold(run, 1000, true);
    run.now = START + 5000;
    const [failed] = run.fail('t');
    expect(failed).to.have.property('retryAt', START + 15_000);
    expect(effectsOf(run.state, failed as RunEvent).map(({ kind }) => kind)).to.deep.equal(['close-attempt']);
    hold(run, 60_000, false);
    expect(timerOf(run, 'retry')?.at).to.equal(70_000);
    expect(run.task('t').retryAt, 'as it is on record').to.equal(START + 15_000);
  });

  it('says whether there is time for another attempt', () => {
    const limited = 't: { agent: q, timeout: { task: 10s }, retry: { initialDelay: 5s, maxAttempts: 9, jitter: 0 } }';
    for (const [failedAt, goesOn] of [
      [3_604_000, true],
      [3_606_000, false],
    ] as const) {
      const run = open(limited);
      run.schedule('t');
      hold(run, 1000, true);
      hold(run, 3_601_000, false);
      run.now = START + failedAt;
      expect(types(run.fail('t')).includes('TaskFailed'), String(failedAt)).to.equal(!goesOn);
    }
    const paused = open(limited);
    paused.schedule('t');
    hold(paused, 1000, true);
    paused.now = START + 3_600_000;
    expect(types(paused.fail('t')), 'while it stands still').to.deep.equal(['TaskAttemptFailed']);
  });

  it('is not known to begin again while it stands still: a view says no time', () => {
    const run = open('t: { agent: q, retry: { initialDelay: 10s, jitter: 0 } }');
    run.schedule('t');
    run.fail('t');
    const shown = () => viewOf(run.state).tasks.get('t')?.retryAt;
    expect(shown()).to.equal(START + 10_000);
    hold(run, 4000, true);
    expect(shown()).to.equal(undefined);
    hold(run, 3_604_000, false);
    expect(shown()).to.equal(START + 3_610_000);
  });

  it('is not set back by a clock that is', () => {
    const run = open('t: { sleep: 10s }');
    hold(run, 4000, true);
    hold(run, 1000, false);
    expect(timerOf(run, 'wake')?.at).to.equal(10_000);
  });

  it('is part of the digest of a run that was paused, and of no other', () => {
    const digestAfter = (...pauses: readonly (readonly [number, number])[]) => {
      const run = open('t: { agent: q }');
      for (const [from, to] of pauses) {
        hold(run, from, true);
        hold(run, to, false);
      }
      return run.state;
    };
    const plain = digestAfter();
    expect(stateDigest(digestAfter([1000, 3000]))).to.not.equal(stateDigest(plain));
    expect(stateDigest({ ...digestAfter([1000, 3000]), rules: 2 })).to.equal(stateDigest({ ...plain, rules: 2 }));
  });

  it('runs when the run is to end: what has to be done before is not held up', () => {
    const run = open('pay: { agent: q, compensate: { agent: refund } }\nship: { agent: q, after: pay }');
    run.run('pay');
    hold(run, 4000, true);
    run.now = START + 9000;
    const closing = run.send({ type: 'CancelRun' })[0] as RunEvent;
    expect(closing).to.include({ type: 'TaskClosing', taskId: '' });
    expect(run.state).to.include({ status: 'running', stoppedMs: 5000, stoppedAt: undefined });
    expect(run.state.pausedBy).to.deep.equal([]);
    expect(run.ready()).to.deep.equal(['pay@1']);
    expect(hold(run, 10_000, true, 'parent'), 'its parent, again').to.deep.equal([]);
  });
});

describe('a run that stands still with its parent', () => {
  it('goes on when neither it nor its parent is paused any more', () => {
    const run = open('t: { agent: q }');
    expect(types(hold(run, 1000, true, 'parent'))).to.deep.equal(['RunPaused']);
    expect(hold(run, 2000, true, 'parent'), 'again').to.deep.equal([]);
    expect(types(hold(run, 3000, true))).to.deep.equal(['RunPaused']);
    expect(types(hold(run, 4000, true)), 'again').to.deep.equal(['CommandRejected']);
    expect(types(hold(run, 5000, false, 'parent'))).to.deep.equal(['RunResumed']);
    expect(hold(run, 6000, false, 'parent'), 'again').to.deep.equal([]);
    expect(run.state.status).to.equal('paused');
    expect(types(hold(run, 7000, false))).to.deep.equal(['RunResumed']);
    expect(run.state).to.include({ status: 'running', stoppedMs: 6000 });
  });

  it('is not resumed by hand, and says by whom it is', () => {
    const run = open('t: { agent: q }');
    hold(run, 1000, true, 'parent');
    const [rejected] = hold(run, 2000, false);
    expect(rejected).to.include({ type: 'CommandRejected', code: 'REPRISE_COMMAND_INVALID' });
    expect(rejected).to.have.property('message').that.includes("'above'");
    expect(run.state.status).to.equal('paused');
  });

  it('is resumed from being parked by hand, and then stands still with its parent as before', () => {
    const run = open('t: { agent: q }');
    hold(run, 1000, true, 'fault');
    hold(run, 2000, true, 'parent');
    expect(run.state.status).to.equal('parked');
    hold(run, 3000, false);
    expect(run.state.status).to.equal('paused');
    hold(run, 4000, false, 'parent');
    expect(run.state).to.include({ status: 'running', stoppedMs: 3000 });
  });

  it('is one that has a parent', () => {
    const run = new PureRun(parseWorkflow('name: w\ntasks:\n  t: { agent: q }\n'));
    expect(run.send({ type: 'PauseRun', by: 'parent' })).to.deep.equal([]);
    expect(run.send({ type: 'ResumeRun', by: 'parent' })).to.deep.equal([]);
  });

  it('is told so by its parent, and again whenever that is read', () => {
    const run = open('t: { workflow: child }\nu: { workflow: child }');
    const children = ['t', 'u'].map((id) => run.task(id).child);
    const told = (effects: readonly Effect[]) =>
      effects.flatMap((effect) =>
        effect.kind === 'pause-child' || effect.kind === 'resume-child' ? [`${effect.kind} ${effect.child}`] : [],
      );
    expect(told(openEffects(run.state)), 'never paused').to.deep.equal([]);
    const [paused] = hold(run, 1000, true) as [RunEvent];
    const pausing = children.map((child) => `pause-child ${child}`);
    expect(told(effectsOf(run.state, paused))).to.deep.equal(pausing);
    expect(told(openEffects(run.state))).to.deep.equal(pausing);
    // No time has passed.
    const [resumed] = hold(run, 1000, false) as [RunEvent];
    const resuming = children.map((child) => `resume-child ${child}`);
    expect(told(effectsOf(run.state, resumed))).to.deep.equal(resuming);
    expect(told(openEffects(run.state))).to.deep.equal(resuming);
  });

  it('is not taken from outside when nobody can have held it, or let it go', () => {
    const command = { at: START, commandId: 'c' } as const;
    const byParent = { ...command, by: 'parent' } as const;
    const run = open('t: { agent: q }');
    const flawOf = (event: RunEvent) => followsFlaw(run.state, event)?.field;
    expect(flawOf({ type: 'RunResumed', ...byParent })).to.equal('type');
    hold(run, 1000, true);
    expect(flawOf({ type: 'RunPaused', ...command })).to.equal('type');
    expect(flawOf({ type: 'RunPaused', ...byParent })).to.equal(undefined);
    hold(run, 2000, true, 'parent');
    hold(run, 3000, false);
    expect(flawOf({ type: 'RunResumed', ...command })).to.equal('type');
    expect(flawOf({ type: 'RunResumed', ...byParent })).to.equal(undefined);
    run.state.parent = undefined;
    expect(flawOf({ type: 'RunPaused', ...byParent })).to.equal('data.by');
  });
});
