import { DEFAULT_RETRY, type RetryPolicy, type TaskDefinition } from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  afterFailure,
  type FailedAttempt,
  MAX_LOSSES,
  retryDelay,
} from '../../src/orchestration/task-chaining/failure.ts';

const policy = (changes: Partial<RetryPolicy> = {}): RetryPolicy => ({ ...DEFAULT_RETRY, jitter: 0, ...changes });

const policies = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 10_000 }),
  initialDelayMs: fc.oneof(fc.constant(0), fc.nat(100_000)),
  factor: fc.double({ min: 1, max: 100, noNaN: true }),
  maxDelayMs: fc.nat(86_400_000),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  nonRetryable: fc.constant([]),
});

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the delay before a retry', () => {
  it('grows by the factor, up to the cap', () => {
    const delays = [1, 2, 3, 4, 5].map((tries) =>
      retryDelay(policy({ initialDelayMs: 100, factor: 3, maxDelayMs: 2000 }), tries, 0.5),
    );
    expect(delays).to.deep.equal([100, 300, 900, 2000, 2000]);
  });

  it('stays within its jitter, and is always a time', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 10_000 }), random, (of, tries, chance) => {
        const plain = retryDelay({ ...of, jitter: 0 }, tries, chance);
        const delay = retryDelay(of, tries, chance);
        expect(Number.isSafeInteger(delay) && delay >= 0).to.equal(true);
        expect(plain).to.be.lessThanOrEqual(of.maxDelayMs);
        expect(delay).to.be.within(Math.floor(plain * (1 - of.jitter)) - 1, Math.ceil(plain * (1 + of.jitter)) + 1);
      }),
    );
  });

  it('uses the whole width of the jitter', () => {
    const wide = policy({ initialDelayMs: 1000, jitter: 0.5 });
    expect([0, 0.5, 1].map((chance) => retryDelay(wide, 1, chance))).to.deep.equal([500, 1000, 1500]);
  });
});

describe('what follows a failed attempt', () => {
  const task = (changes: Partial<TaskDefinition> = {}): TaskDefinition => ({
    id: 'a',
    agent: 'agent',
    after: [],
    retry: policy({ maxAttempts: 3 }),
    timeouts: {},
    priority: 0,
    delivery: 'at-least-once',
    ...changes,
  });
  const failed = (changes: Partial<FailedAttempt> = {}): FailedAttempt => ({
    error: { code: 'BOOM', message: '', retryable: true },
    tries: 1,
    losses: 0,
    lost: false,
    random: 0.5,
    ...changes,
  });

  it('is a retry while attempts are left', () => {
    expect(afterFailure(task(), failed({ tries: 2 }))).to.deep.equal({ kind: 'retry', delayMs: 2000 });
    expect(afterFailure(task(), failed({ tries: 3 }))).to.deep.equal({ kind: 'give-up' });
  });

  it('is no retry for what a retry cannot mend', () => {
    const final = failed({ error: { code: 'BOOM', message: '', retryable: false } });
    expect(afterFailure(task(), final)).to.deep.equal({ kind: 'give-up' });
    expect(afterFailure(task({ retry: policy({ nonRetryable: ['BOOM'] }) }), failed())).to.deep.equal({
      kind: 'give-up',
    });
  });

  it('is another attempt at once when the worker was lost, up to a bound', () => {
    const lost = (losses: number) => failed({ lost: true, losses, tries: 99 });
    expect(afterFailure(task(), lost(1))).to.deep.equal({ kind: 'retry', delayMs: 0 });
    expect(afterFailure(task(), lost(MAX_LOSSES))).to.deep.equal({ kind: 'give-up' });
    expect(afterFailure(task({ delivery: 'at-most-once' }), lost(1))).to.deep.equal({ kind: 'give-up' });
  });

  it('waits as long as the error asks for, beyond the cap of the policy, too', () => {
    const error = { code: 'BUSY', message: '', retryable: true, retryAfterMs: 90_000 };
    expect(afterFailure(task(), failed({ error }))).to.deep.equal({ kind: 'retry', delayMs: 90_000 });
    const soon = { ...error, retryAfterMs: 5 };
    expect(afterFailure(task(), failed({ error: soon }))).to.deep.equal({ kind: 'retry', delayMs: 1000 });
  });
});
