import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Client,
  createClient,
  createReprise,
  defineAgent,
  definePlugin,
  isRepriseError,
  type Orchestrator,
  type Plugin,
  remoteAgent,
  workflow,
} from '@reprise/core';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';

// A program that only starts and watches runs, beside one that carries them out, over one store file.

const doubler = remoteAgent<number, number>({ name: 'doubler' });
const double = workflow<number>('double', { version: '1' }).task('twice', doubler).build();
const other = workflow<number>('other', { version: '1' }).task('twice', doubler).build();

describe('a client', () => {
  let folder: string;
  const open: { stop?(): Promise<void>; close?(): Promise<void> }[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-client-'));
  });
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await (one.close?.() ?? one.stop?.());
    rmSync(folder, { recursive: true, force: true });
  });

  const store = (): Plugin<'event-store'> =>
    definePlugin({
      name: 'sqlite',
      kind: 'event-store',
      create: () => createSqliteStorage({ path: join(folder, 'events.db') }),
    });

  async function client(): Promise<Client> {
    // What only those need who drive is not asked for.
    const dispatchSecret = { env: 'REPRISE_TEST_NOT_SET' };
    const made = await createClient({ workflows: [double, other], plugins: [store()], dispatchSecret });
    open.push(made);
    return made;
  }

  async function driver(): Promise<Orchestrator> {
    const agent = defineAgent({ name: 'doubler', handle: ({ input }: { input: number }) => 2 * input });
    const made = await createReprise({ workflows: [double, other], agents: [agent], plugins: [store()] });
    open.push(made);
    await made.start();
    return made;
  }

  const codeOf = async (work: Promise<unknown>): Promise<string> => {
    try {
      await work;
      return 'nothing was thrown';
    } catch (error) {
      return isRepriseError(error) ? error.code : String(error);
    }
  };

  it('starts, steers and watches runs that another process carries out, and has no agent', async () => {
    await driver();
    const it = await client();
    const run = await it.startRun(double, 21);
    expect(await run.result()).to.equal(42);
    expect((await it.runs.list()).map(({ runId }) => runId)).to.deep.equal([run.id]);
    const paused = await it.startRun(double, 1);
    await paused.cancel().catch(() => undefined);
    expect(['completed', 'cancelled']).to.include((await it.run(paused.id).state()).status);
  });

  it('carries nothing out, also when nobody else does; what it asked for is done once somebody does', async () => {
    const it = await client();
    const run = await it.startRun(double, 4, { id: 'later' });
    expect((await run.state()).status).to.equal('running');
    expect([...(await run.state()).tasks.values()].map(({ status }) => status)).to.deep.equal(['ready']);
    await driver();
    expect(await run.result()).to.equal(8);
  });

  it('does as it is told when there is a run of that id', async () => {
    await driver();
    const it = await client();
    await (await it.startRun(double, 1, { id: 'nightly' })).result();
    expect(await codeOf(it.startRun(double, 2, { id: 'nightly' }))).to.equal('REPRISE_RUN_EXISTS');
    const same = await it.startRun(double, 2, { id: 'nightly', onConflict: 'existing' });
    expect([same.id, await same.result()]).to.deep.equal(['nightly', 2]);
    // One of another workflow is not what was meant.
    expect(await codeOf(it.startRun(other, 2, { id: 'nightly', onConflict: 'existing' }))).to.equal(
      'REPRISE_RUN_EXISTS',
    );
    const another = await it.startRun(double, 3, { id: 'nightly', onConflict: 'new' });
    expect([another.id, await another.result()]).to.deep.equal(['nightly-2', 6]);
    const request = { id: 'nightly', onConflict: 'new', requestId: 'r' } as const;
    const [third, again] = [await it.startRun(double, 4, request), await it.startRun(double, 4, request)];
    expect([third.id, again.id]).to.deep.equal(['nightly-3', 'nightly-3']);
    expect(await codeOf(it.startRun(double, 1, { id: 'x', onConflict: 'newest' as never }))).to.equal(
      'REPRISE_CONFIG_INVALID',
    );
  });

  it('that many start at once under one id is one run, or many, as they say', async () => {
    await driver();
    const it = await client();
    const start = (onConflict: 'existing' | 'new') =>
      Promise.all(Array.from({ length: 5 }, () => it.startRun(double, 1, { id: onConflict, onConflict })));
    expect(new Set((await start('existing')).map(({ id }) => id)).size).to.equal(1);
    expect(new Set((await start('new')).map(({ id }) => id)).size).to.equal(5);
  });

  it('needs a store that others use', async () => {
    expect(await codeOf(createClient({ workflows: [double] }))).to.equal('REPRISE_CONFIG_INVALID');
  });
});
