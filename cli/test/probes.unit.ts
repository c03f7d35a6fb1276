import type { HealthCheck } from '@reprise/core';
import { ManualClock } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Liveness } from '../src/probes/liveness.ts';
import { Readiness } from '../src/probes/readiness.ts';

describe('what probes say', () => {
  it('the loop is live until it stands still, and again once it turns', () => {
    const clock = new ManualClock();
    let still = 0;
    const liveness = new Liveness({ now: () => clock.now() + still, schedule: clock.schedule.bind(clock) });
    clock.advance(60_000);
    expect(liveness.answer()).to.deep.equal({ ok: true, body: { status: 'live' } });
    still = 10_001;
    expect(liveness.answer().ok).to.equal(false);
    expect(String(liveness.answer().body['detail'])).to.contain('10001 ms');
    clock.advance(500);
    expect(liveness.answer().ok).to.equal(true);
    liveness.close();
  });

  it('it is not live once its work has ended for good', () => {
    const liveness = new Liveness(new ManualClock(), () => 'the store is gone');
    expect(liveness.answer()).to.deep.equal({ ok: false, body: { status: 'down', detail: 'the store is gone' } });
    liveness.close();
  });

  it('ready names each check, and since when it is as it is', async () => {
    const clock = new ManualClock();
    // What is asked at a tick has answered once the loop has turned.
    const pass = async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 500) {
        clock.advance(Math.min(left, 500));
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    let checks: readonly HealthCheck[] | Error = [{ name: 'store', ok: true, detail: 'answers' }];
    const look = async () => {
      if (checks instanceof Error) throw checks;
      return checks;
    };
    const readiness = new Readiness({ look, clock });
    expect(readiness.answer().ok, 'before it has started').to.equal(false);
    await pass(1000);
    expect(readiness.answer().ok).to.equal(false);
    await readiness.started();
    expect(readiness.answer().ok).to.equal(true);
    const since = (name: string) => {
      const said = readiness.answer().body['checks'] as readonly { name: string; since: string }[];
      return Date.parse(said.find((check) => check.name === name)?.since ?? '') - clock.now();
    };
    checks = [{ name: 'store', ok: false, detail: 'x'.repeat(10_000) }];
    await pass(500);
    expect(readiness.answer().ok).to.equal(false);
    expect(JSON.stringify(readiness.answer().body).length).to.be.below(1000);
    await pass(5000);
    expect(since('store'), 'it has been so for that long').to.equal(-5000);
    checks = new Error('a bug');
    await pass(500);
    expect(JSON.stringify(readiness.answer().body)).to.contain('a bug');
    checks = [{ name: 'store', ok: true, detail: 'answers' }];
    await pass(500);
    expect(readiness.answer().ok, JSON.stringify(readiness.answer().body)).to.equal(true);
    readiness.drain();
    checks = [{ name: 'draining', ok: true, detail: 'takes work' }];
    await pass(500);
    expect(readiness.answer().ok, 'a drain is not taken back').to.equal(false);
    readiness.close();
  });
});
