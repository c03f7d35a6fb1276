import { createReprise, defineAgent, isRepriseError, parseQuery, runIndex, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';

describe('A query to a view in a program', () => {
  it('is read with the fields of its projection; text is refused with what to do', async () => {
    const agent = defineAgent({ name: 'agent', handle: () => 1 });
    const definition = workflow('one').task('a', agent).build();
    const reprise = await createReprise({ workflows: [definition], projections: [runIndex] });
    await reprise.start();
    try {
      await (await reprise.startRun(definition, null, { id: 'first' })).result();
      await reprise.views.reachEnd('runs');
      const keys = async (text: string): Promise<readonly string[]> => {
        const where = parseQuery(text, { now: Date.now(), fields: runIndex.fields ?? {} });
        return (await reprise.views.list('runs', { where })).rows.map(({ key }) => key);
      };
      expect(await keys('status:completed')).to.deep.equal(['first']);
      expect(await keys('status:failed')).to.deep.equal([]);
      for (const [wrong, what] of [
        ['status:failed', 'is text'],
        [{ status: 'failed' }, 'is of type object'],
        [null, 'is of type null'],
      ] as const) {
        const error: unknown = await reprise.views.list('runs', { where: wrong as never }).catch((reason) => reason);
        expect(isRepriseError(error, 'REPRISE_QUERY_INVALID'), what).to.equal(true);
        expect((error as Error).message)
          .to.contain(what)
          .and.to.contain('parseQuery(text, { now, fields })');
      }
    } finally {
      await reprise.stop();
    }
  });

  it('runs are in the order of a field where the run index is kept; without it, what to do is said', async () => {
    const agent = defineAgent({ name: 'agent', handle: () => 1 });
    const definition = workflow('one').task('a', agent).build();
    const order = { path: ['started'] };
    for (const projections of [[runIndex], []]) {
      const reprise = await createReprise({ workflows: [definition], projections });
      await reprise.start();
      try {
        for (const id of ['b', 'a']) await (await reprise.startRun(definition, null, { id })).result();
        const list = reprise.runs.list({ order });
        if (projections.length > 0) {
          const started = (await list).map(({ startedAt }) => startedAt);
          expect(started).to.deep.equal(started.toSorted()).and.to.have.length(2);
        } else {
          const error: unknown = await list.catch((reason) => reason);
          expect(isRepriseError(error, 'REPRISE_VIEW_UNKNOWN'), String(error)).to.equal(true);
        }
      } finally {
        await reprise.stop();
      }
    }
  });
});
