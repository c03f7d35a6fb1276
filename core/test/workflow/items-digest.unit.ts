import { type Json, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { stateDigest } from '../../src/orchestration/workflow/digest/state-digest.ts';
import { evolve } from '../../src/orchestration/workflow/evolve.ts';
import type { RunState } from '../../src/orchestration/workflow/state.ts';
import { restoreState, serializeState } from '../../src/orchestration/workflow/state-codec.ts';
import { PureRun } from './pure-run.ts';

const ITEMS = 700;
const list = workflow<Json[]>('list', { concurrency: ITEMS })
  .task('each', 'agent', { forEach: ({ input }) => input, concurrency: ITEMS })
  .build();

/** A copy that remembers nothing of what was hashed before. */
const afresh = (state: RunState): RunState => restoreState(serializeState(state), () => state.definition);

/** All items, those at 7, 14, 21 … first: pieces end out of order, and each with a straggler. */
const order = [...Array(ITEMS).keys()].sort((a, b) => (a % 7) - (b % 7) || b - a);

describe('the digest of a long list', () => {
  const whole = (): PureRun => {
    const run = new PureRun(
      list,
      Array.from({ length: ITEMS }, (_, index) => `item ${index}`),
    );
    run.schedule();
    return run;
  };

  it('is the same however much of it was hashed on the way', () => {
    const run = whole();
    for (const [done, index] of order.entries()) {
      if (done % 100 === 0 || done > ITEMS - 3) expect(stateDigest(run.state)).to.equal(stateDigest(afresh(run.state)));
      run.complete(`each[${index}]`, index);
    }
    expect(run.state.status).to.equal('completed');
    expect(stateDigest(run.state)).to.equal(stateDigest(afresh(run.state)));
    expect(stateDigest(run.replayed())).to.equal(stateDigest(run.state));
  });

  it('goes on from a snapshot', () => {
    const run = whole();
    for (const index of order.slice(0, 650)) run.complete(`each[${index}]`, index);
    const copy = afresh(run.state);
    const from = run.events.length;
    for (const index of order.slice(650)) run.complete(`each[${index}]`, index);
    for (const event of run.events.slice(from)) evolve(copy, event);
    expect(copy.status).to.equal('completed');
    expect(copy.stateDigest).to.equal(run.state.stateDigest);
    expect(stateDigest(copy)).to.equal(stateDigest(afresh(run.state)));
  });

  it('covers what comes late of an item whose piece was hashed', () => {
    const run = whole();
    for (let index = 0; index < 600; index += 1) run.complete(`each[${index}]`, index);
    const before = stateDigest(run.state);
    run.send({
      type: 'FailTask',
      taskId: 'each[3]',
      attempt: 1,
      error: { code: 'LATE', message: '', retryable: false },
    });
    expect(run.of('TaskResultIgnored')).to.have.length(1);
    expect(stateDigest(run.state)).to.not.equal(before);
    expect(stateDigest(run.state)).to.equal(stateDigest(afresh(run.state)));
    for (let index = 600; index < ITEMS; index += 1) run.complete(`each[${index}]`, index);
    expect(stateDigest(run.state)).to.equal(stateDigest(afresh(run.state)));
  });

  it('covers every output and item of every piece', () => {
    const run = whole();
    for (const index of order) run.complete(`each[${index}]`, index);
    const digests = new Set([stateDigest(run.state)]);
    for (const index of [0, 255, 256, 511, 512, ITEMS - 1]) {
      for (const forge of [
        (state: RunState) => Object.assign(state.tasks.get(`each[${index}]`) ?? {}, { output: 'forged' }),
        (state: RunState) => state.tasks.get('each')?.items?.values.splice(index, 1, 'forged'),
      ]) {
        const copy = afresh(run.state);
        forge(copy);
        digests.add(stateDigest(copy));
      }
    }
    expect(digests.size).to.equal(13);
  });
});
