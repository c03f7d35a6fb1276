import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Approval, parseWorkflow } from '@reprise/core';
import { type Simulation, simulate } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const publication = parseWorkflow(readFileSync(join(import.meta.dirname, '..', 'publication.yaml'), 'utf8'));
const LIST = { folder: '/f', project: { name: 'shop', version: '1' }, packages: [{ name: 'a' }] };
const HOUR = 3_600_000;

/** The run with an answer after an hour, or none at all. */
const answered = (answer: Approval | undefined, announce: 'works' | 'fails' = 'works'): Promise<Simulation<unknown>> =>
  simulate(publication, {
    input: { folder: '.', out: '/out' },
    agents: {
      inventory: { output: LIST },
      reserve: { output: { owner: 'id-1' } },
      write: ({ input }) => ({ file: (input as { file: string }).file, packages: 1 }),
      announce: announce === 'works' ? { output: null } : { fail: { code: 'EISDIR' } },
      release: { output: null },
      remove: { output: null },
    },
    steer: async (run, time) => {
      if (answer === undefined) return;
      await time.sleep('1h');
      await run.answer('book/approved', answer as never, { by: 'kim' });
    },
  });

const undone = ({ calls }: Simulation<unknown>): unknown[] =>
  calls
    .filter(({ agent }) => agent === 'release' || agent === 'remove')
    .map(({ agent, input }) => [agent, (input as { input: unknown }).input]);
const STAGED = ['remove', { file: '/out/staged.json', list: LIST }];
const PUBLISHED = ['remove', { file: '/out/published.json', list: LIST, title: 'shop' }];
const RESERVED = ['release', { out: '/out' }];

describe('the publication', () => {
  it('is made once it is approved', async () => {
    const run = await answered({ decision: 'approve' });
    expect(run.outcome).to.deep.equal({ status: 'completed', output: { file: '/out/published.json', packages: 1 } });
    expect(undone(run)).to.deep.equal([]);
    expect(run.duration).to.equal(HOUR);
  });

  it('has the title that whoever approves gives it', async () => {
    const { calls } = await answered({ decision: 'edit', edited: { title: 'The shop' } });
    const titles = calls
      .filter(({ agent }) => agent === 'write')
      .map(({ input }) => (input as { title?: string }).title);
    expect(titles).to.deep.equal([undefined, 'The shop']);
  });

  it('undoes the two steps before a rejection, last first, and says why', async () => {
    const run = await answered({ decision: 'reject', comment: 'Not today' });
    expect(run.outcome).to.deep.equal({ status: 'completed', output: { refused: 'refuse: Not today' } });
    expect(undone(run)).to.deep.equal([STAGED, RESERVED]);
    expect(run.calls.filter(({ agent }) => agent === 'announce')).to.deep.equal([]);
  });

  it('is asked of somebody else after a day, and rejected after two', async () => {
    const run = await answered(undefined);
    expect(run.outcome).to.deep.equal({ status: 'completed', output: { refused: 'refuse: Nobody answered' } });
    expect(undone(run)).to.deep.equal([STAGED, RESERVED]);
    expect(run.duration).to.equal(48 * HOUR);
    const assigned = run.history.filter(({ type }) => type === 'FormAssigned');
    expect(assigned).to.have.length(1);
    expect(assigned[0]).to.include({ to: 'lee' });
  });

  it('undoes all three steps when the last one fails, and fails with that error', async () => {
    const run = await answered({ decision: 'approve' }, 'fails');
    expect(run.outcome.status).to.equal('failed');
    expect(JSON.stringify(run.outcome)).to.include('EISDIR');
    expect(undone(run)).to.deep.equal([PUBLISHED, STAGED, RESERVED]);
    expect(run.calls.filter(({ agent }) => agent === 'announce')).to.have.length(3);
  });
});
