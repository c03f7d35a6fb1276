import {
  BUILT_IN_VIEWS,
  createInMemoryStorage,
  createReprise,
  defineAgent,
  deleteRun,
  deletions,
  type JsonObject,
  lookAtDeletion,
  type Orchestrator,
  type Storage,
  systemClock,
  systemIds,
  workflow,
} from '@reprise/core';
import { definePlugin } from '@reprise/core/plugin';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';

const big = 'x'.repeat(5000);
const maker = defineAgent({ name: 'maker', handle: async () => ({ text: big }) });
const child = workflow<{ readonly text: string }>('child').task('c', 'worker').build();
const parent = workflow('parent')
  .task('make', maker)
  .workflow('kid', child, { after: 'make' })
  .task('then', 'worker', { after: 'kid' })
  .build();
const single = workflow('single').task('one', 'worker').build();
const waiting = workflow('waiting').wait('go', { signal: 'go' }).build();

describe('deleteRun', () => {
  let storage: Storage;
  let reprise: Orchestrator;
  let fails = false;
  const parts = () => ({ storage, reader: reprise.runs, clock: systemClock, ids: systemIds });
  const ended = async (name: string, id: string): Promise<void> => {
    await (await reprise.startRun(name, null, { id })).outcome();
  };
  const refusal = async (runId: string): Promise<string> =>
    deleteRun(parts(), runId, { reason: 'test' }).then(
      () => expect.fail(`${runId} was deleted`),
      ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
    );
  const listed = async (): Promise<readonly string[]> => (await reprise.runs.list()).map(({ runId }) => runId).sort();

  beforeEach(async () => {
    storage = createInMemoryStorage();
    fails = false;
    const worker = {
      name: 'worker',
      handle: async () => {
        if (fails) throw Object.assign(new Error('no'), { retryable: false });
        return 1;
      },
    };
    reprise = await createReprise({
      plugins: [definePlugin({ name: 'store', kind: 'event-store', create: () => storage })],
      agents: [worker, maker],
      workflows: [parent, child, single, waiting],
      projections: BUILT_IN_VIEWS,
    });
    await reprise.start();
  });
  afterEach(() => reprise.stop());

  it('takes the run and its children out of everything, and says who did it, and why', async () => {
    await ended('parent', 'p-1');
    await ended('single', 's-1');
    const looked = await lookAtDeletion({ storage, reader: reprise.runs }, 'p-1');
    expect(looked.map(({ workflow: of }) => of)).to.deep.equal(['parent', 'child']);
    expect(await listed()).to.have.length(3);
    const gone = await deleteRun(parts(), 'p-1', { reason: 'personal data', by: 'kim', archive: 'a.ndjson' });
    expect(gone).to.deep.equal(looked);
    expect(await listed()).to.deep.equal(['s-1']);
    expect(await storage.events.read('run-p-1')).to.have.length(0);
    const on = await Array.fromAsync(deletions(storage.events));
    expect(on.map(({ runId, by, reason, status }) => [runId, by, reason, status])).to.deep.equal(
      gone.map(({ runId }) => [runId, 'kim', 'personal data', 'completed']),
    );
    expect(on[0]).to.include({ archive: 'a.ndjson', workflow: 'parent', digest: looked[0]?.digest });
    expect(await refusal('p-1')).to.match(/^REPRISE_RUN_NOT_FOUND/);
  });

  it('refuses what is open, a child of a run that is there, and what a run that goes on from it reads', async () => {
    await reprise.startRun('waiting', null, { id: 'w-1' });
    expect(await refusal('w-1')).to.match(/^REPRISE_RUN_NEEDED: .*it is running: it has not ended/);
    expect(await refusal('nope')).to.match(/^REPRISE_RUN_NOT_FOUND/);
    fails = true;
    await ended('parent', 'p-1');
    const [, kid] = await lookAtDeletion({ storage, reader: reprise.runs }, 'p-1');
    expect(await refusal(kid?.runId ?? '')).to.match(/REPRISE_RUN_NEEDED: .*child of run 'p-1'/);
    fails = false;
    const again = await reprise.retryRun('p-1', { id: 'p-2' });
    expect((await again.outcome()).status).to.equal('completed');
    expect(await refusal('p-1')).to.match(/REPRISE_RUN_NEEDED: .*reads its input there/);
    await deleteRun(parts(), 'p-2', { reason: 'test' });
    await deleteRun(parts(), 'p-1', { reason: 'test' });
    expect(await listed()).to.deep.equal(['w-1']);
  });

  it('leaves whole what was forked from it', async () => {
    await ended('single', 's-1');
    const fork = await reprise.forkRun('s-1', { id: 's-2' });
    await fork.outcome();
    await deleteRun(parts(), 's-1', { reason: 'test' });
    expect(await reprise.runs.replay('s-2')).to.have.property('matches', true);
    expect((await reprise.runs.state('s-2')).output).to.equal(1);
  });

  it('has views built anew, once for each deletion, and as if the run had never been', async () => {
    for (const id of ['s-1', 's-2']) await ended('single', id);
    await ended('parent', 'p-1');
    const rows = async (): Promise<readonly JsonObject[]> => {
      const all: JsonObject[] = [];
      for (const { name } of BUILT_IN_VIEWS) {
        await reprise.views.reachEnd(name);
        all.push(...(await reprise.views.list(name, { limit: 1000 })).rows.map(({ row }) => row));
      }
      return all;
    };
    expect(JSON.stringify(await rows()))
      .to.match(/p-1/)
      .and.match(/s-1/);
    for (const id of ['p-1', 's-1']) await deleteRun(parts(), id, { reason: 'test' });
    const after = await rows();
    expect(JSON.stringify(after))
      .to.match(/s-2/)
      .and.not.match(/p-1|s-1|child/);
    await ended('single', 's-3');
    expect(JSON.stringify(await rows())).to.match(/s-3/);
    for (const { name } of BUILT_IN_VIEWS) expect(reprise.views.lag(name)).to.include({ caughtUp: true, skipped: 0 });
  });

  it('is refused by a store that cannot remove', async () => {
    await ended('single', 's-1');
    const { remove: _remove, ...others } = storage;
    const refused = await deleteRun({ ...parts(), storage: others }, 's-1', { reason: 'x' }).catch(
      (error: unknown) => error,
    );
    expect(refused).to.have.property('code', 'REPRISE_STORE_UNAVAILABLE');
    expect(await listed()).to.deep.equal(['s-1']);
  });
});
