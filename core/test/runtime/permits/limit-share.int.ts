import { createInMemoryStorage, systemClock } from '@reprise/core';
import { ManualClock } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { LimitLog } from '../../../src/orchestration/runtime/permits/limit-log.ts';
import { LimitShare } from '../../../src/orchestration/runtime/permits/limit-share.ts';
import type { Clock } from '../../../src/shared/clock.ts';
import { eventually } from '../support.ts';

const LEASE_MS = 90;

describe("An orchestrator's share of a limit", () => {
  const store = createInMemoryStorage().events;
  const failed = (_: string, error: unknown): never => {
    throw error;
  };

  /** Wants `waiting` permits of two. */
  function orchestrator(id: string, clock: Clock, waiting: number): { readonly share: LimitShare } {
    const log = new LimitLog('l', { id, store, clock, maxPauseMs: 10, failed });
    const share = new LimitShare({ id, log, clock, leaseMs: LEASE_MS, options: { concurrency: 2, rate: undefined } });
    share.bind({ used: 0, waiting }, () => undefined);
    share.changed();
    return { share };
  }

  it('goes to others once it was silent for a lease, although nobody tells them of anything', async () => {
    // Its clock stands still: it says nothing more.
    const dead = orchestrator('dead', new ManualClock(systemClock.now()), 2);
    await eventually(() => dead.share.slots === 2);
    const alive = orchestrator('alive', systemClock, 2);
    const began = Date.now();
    await eventually(() => alive.share.slots === 2);
    expect(Date.now() - began, 'not before its lease').to.be.at.least(LEASE_MS - 5);
    alive.share.close();
  });
});
