import { parseWorkflow } from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventsOf, eventually, only, orchestrators, temporaryFiles } from './support.ts';

const CROWD = parseWorkflow(`
name: crowd
tasks:
  each: { wait: { signal: go }, forEach: { items: input, need: 3 } }
  last: { set: "\${ outputs.each }", after: each }
`);

const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: { readonly code?: string }) => error.code,
  );

describe('items that are added through the engine', () => {
  const { make, start } = orchestrators();
  const file = temporaryFiles();

  it('come from a process that does not drive the run, and knows no workflow, once for one command', async () => {
    const path = file();
    const plugins = () => [sqliteEventStore({ path, pollIntervalMs: 5 })];
    const reprise = await start({ plugins: plugins(), workflows: [CROWD] });
    const run = await reprise.startRun(CROWD, [1, 2, 3]);
    const elsewhere = await make({ plugins: plugins() });
    await elsewhere.run(run.id).addItems('each', [4, 5], { requestId: 'more', by: 'ann', reason: 'forgotten' });
    await run.addItems('each', [4, 5], { requestId: 'more' });
    await eventually(async () => (await run.state()).tasks.get('each[4]')?.status === 'running');
    for (const data of ['a', 'b', 'c', 'd', 'e']) await run.signal('go', data);
    expect(await run.result()).to.deep.equal(['a', 'b', 'c', null, null]);
    await run.addItems('each', [4, 5], { requestId: 'more' });
    expect(only(await eventsOf(reprise, run.id), 'ItemsAdded')).to.have.length(1);
    const [event] = only(await eventsOf(reprise, run.id), 'ItemsAdded');
    expect(event).to.deep.include({ from: 3, items: [4, 5], commandId: 'AddItems/more' });
  });

  it('are refused with the code that says why', async () => {
    const reprise = await start({ workflows: [CROWD] });
    const run = await reprise.startRun(CROWD, [1, 2, 3]);
    expect(await codeOf(run.addItems('last', [1]))).to.equal('REPRISE_COMMAND_INVALID');
    expect(await codeOf(run.addItems('each', []))).to.equal('REPRISE_COMMAND_INVALID');
    expect(await codeOf(run.addItems('each', [new Map()]))).to.equal('REPRISE_INVALID_PAYLOAD');
    expect(await codeOf(reprise.run('nobody').addItems('each', [1]))).to.equal('REPRISE_RUN_NOT_FOUND');
    await run.cancel();
    expect(await codeOf(run.addItems('each', [1]))).to.equal('REPRISE_RUN_CLOSED');
  });

  it('wait in a run that is paused', async () => {
    const reprise = await start({ workflows: [CROWD] });
    const run = await reprise.startRun(CROWD, [1, 2]);
    expect((await run.outcome()).status, 'two are too few').to.equal('failed');
    const other = await reprise.startRun(CROWD, [1, 2, 3]);
    await other.pause();
    await other.addItems('each', [4]);
    expect((await other.state()).tasks.get('each[3]')?.status).to.equal('ready');
    await other.resume();
    await eventually(async () => (await other.state()).tasks.get('each[3]')?.status === 'running');
  });
});
