import type { RunEvent } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Effect, effectsOf, openEffects } from '../../../src/orchestration/workflow/effects.ts';
import { type PureRun, START, types } from '../pure-run.ts';
import { run } from './yaml-run.ts';

const limitsIn = (effects: readonly Effect[]): readonly string[] =>
  effects.flatMap((effect) =>
    effect.kind === 'set-timer' && (effect.timer.kind === 'task' || effect.timer.kind === 'run')
      ? [`${effect.timer.kind} ${effect.at - START}`]
      : [],
  );

const after = (r: PureRun, events: readonly RunEvent[]): readonly string[] =>
  limitsIn(events.flatMap((event) => effectsOf(r.state, event)));

describe('a time limit that passes while what it covers closes', () => {
  it('is set again when the block begins another round, which it ends', () => {
    const r = run(`
book:
  scope:
    hotel: { agent: a, compensate: undo }
    pay: { agent: a, after: hotel, retry: 1 }
  catch: [{ then: retry, max: 1 }]
  timeout: 1m`);
    r.run('book/hotel');
    r.schedule();
    r.fail('book/pay');
    expect(limitsIn(openEffects(r.state)), 'the block closes, and has no limit').to.deep.equal([]);
    r.now += 60_000;
    const timer = { kind: 'task', taskId: 'book', since: START } as const;
    expect(r.fire(timer), 'a compensation is not held up by it').to.deep.equal([]);
    r.schedule();
    expect(after(r, r.complete('book/hotel@1'))).to.deep.equal(['task 60000']);
    expect(limitsIn(openEffects(r.state))).to.deep.equal(['task 60000']);
    r.fire(timer);
    expect(r.task('book').error?.code).to.equal('REPRISE_TASK_TIMEOUT');
  });

  it('of the run, too', () => {
    const r = run(
      'hotel: { agent: a, compensate: undo }\npay: { agent: a, after: hotel, retry: 1 }',
      null,
      'timeout: 1m\ncatch: [{ then: retry, max: 1 }]',
    );
    r.run('hotel');
    r.schedule();
    r.fail('pay');
    expect(limitsIn(openEffects(r.state)), 'the run closes, and has no limit').to.deep.equal([]);
    r.now += 60_000;
    expect(r.fire({ kind: 'run' })).to.deep.equal([]);
    r.schedule();
    expect(after(r, r.complete('hotel@1'))).to.deep.equal(['run 60000']);
    r.fire({ kind: 'run' });
    expect(r.state.error?.code).to.equal('REPRISE_RUN_TIMEOUT');
  });

  it('is that of an attempt which is waited for, whose outcome is unknown then', () => {
    const r = run(
      'hotel: { agent: a, compensate: undo, timeout: { task: 1m }, fallback: { agent: b } }\npay: { agent: a, retry: 1 }',
    );
    r.schedule();
    r.fail('pay');
    expect(limitsIn(openEffects(r.state))).to.deep.equal(['task 60000']);
    expect(types(r.fire({ kind: 'task', taskId: 'hotel', since: START }))).to.deep.equal([
      'TaskAttemptFailed',
      'TaskCancelled',
      'CompensationBegan',
    ]);
    expect(r.schedule()[0]).to.deep.include({ input: { input: null, output: null, outcome: 'unknown' } });
  });
});
