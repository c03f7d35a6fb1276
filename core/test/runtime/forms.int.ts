import { type FormsRow, forms, outsideWaits, parseWorkflow, type RunHandle } from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  eventsOf,
  eventually,
  lastingStore,
  manualTime,
  only,
  orchestrators,
  storePlugin,
  temporaryFiles,
} from './support.ts';

const HOUR_MS = 3_600_000;
const LEAVE = parseWorkflow(`
name: leave
tasks:
  ask:
    input: { days: "\${ input.days }" }
    wait: { form: approval, assignee: kim, escalate: [{ after: 1h, to: lee }], timeout: 1d, default: { decision: reject } }
output: "\${ outputs.ask.decision }"
`);
const TEAM = parseWorkflow(`
name: team
tasks:
  each: { forEach: input, wait: { form: approval, assignee: "\${ item }" } }
  leave: { workflow: leave, input: { days: 2 } }
`);

const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: { readonly code?: string }) => error.code,
  );

describe('a form through the engine', () => {
  const { make, start } = orchestrators();
  const file = temporaryFiles();

  async function waiting() {
    const { time, clock, parts } = manualTime();
    const reprise = await start({ ...parts(), workflows: [LEAVE, TEAM], projections: [forms] });
    const elapse = async (ms: number): Promise<void> => {
      clock.advance(ms);
      await time.quiet();
    };
    return { elapse, reprise, time };
  }
  const formsOf = async ({ views }: Awaited<ReturnType<typeof waiting>>['reprise'], run: Pick<RunHandle, 'id'>) => {
    await views.reachEnd('forms');
    return (await views.get('forms', run.id)) as FormsRow | undefined;
  };

  it('is no form any more once somebody has said what it gives', async () => {
    const { reprise } = await waiting();
    const run = await reprise.startRun(TEAM, ['ann', 'bob']);
    await eventually(async () => (await formsOf(reprise, run))?.open === 2);
    await run.override('each', ['yes']);
    await eventually(async () => (await formsOf(reprise, run)) === undefined);
    await run.cancel();
  });

  it('is answered: the answer is the output, and who answered is on record', async () => {
    const { reprise } = await waiting();
    const run = await reprise.startRun(LEAVE, { days: 3 });
    expect(await codeOf(run.answer('ask', { decision: 'perhaps' }))).to.equal('REPRISE_FORM_INVALID');
    expect(await codeOf(run.answer('other', {}))).to.equal('REPRISE_FORM_NOT_OPEN');
    expect(await codeOf(run.answer('ask', { decision: 1n }))).to.equal('REPRISE_INVALID_PAYLOAD');
    expect(await codeOf(run.answer('ask', {}, { by: '' }))).to.equal('REPRISE_COMMAND_INVALID');
    expect(await codeOf(run.assign('ask', ''))).to.equal('REPRISE_INVALID_ID');
    await run.answer('ask', { decision: 'approve' }, { by: 'kim', requestId: 'r' });
    await run.answer('ask', { decision: 'approve' }, { by: 'kim', requestId: 'r' });
    expect(await run.result()).to.equal('approve');
    expect(only(await eventsOf(reprise, run.id), 'FormAnswered')).to.have.length(1);
    expect(await codeOf(run.answer('ask', { decision: 'approve' }))).to.equal('REPRISE_RUN_CLOSED');
  });

  it('has who answers and assigns, and why, where all commands have it: beside the events', async () => {
    const { reprise } = await waiting();
    const run = await reprise.startRun(LEAVE, { days: 3 });
    await run.assign('ask', 'sam', { by: 'kim', reason: 'on holiday' });
    await codeOf(run.answer('ask', { decision: 'perhaps' }, { by: 'sam' }));
    await run.answer('ask', { decision: 'approve' }, { by: 'sam', reason: 'few days' });
    const said: string[] = [];
    for await (const { event, recorded } of run.follow()) {
      const { by, reason } = recorded.metadata;
      if (by !== undefined) said.push(`${event.type} ${by}: ${reason ?? ''}`);
      expect(event).to.not.have.property('by');
    }
    expect(said).to.deep.equal(['FormAssigned kim: on holiday', 'CommandRejected sam: ', 'FormAnswered sam: few days']);
  });

  it('goes to the next one in time, and to its default at last; a pause holds both up', async () => {
    const { elapse, reprise } = await waiting();
    const run = await reprise.startRun(LEAVE, { days: 3 });
    await elapse(HOUR_MS / 2);
    await run.pause();
    await elapse(5 * HOUR_MS);
    await run.resume();
    expect((await run.state()).tasks.get('ask')?.form).to.deep.include({ assignee: 'kim' });
    await elapse(HOUR_MS / 2);
    expect((await run.state()).tasks.get('ask')?.form).to.deep.include({ assignee: 'lee', next: undefined });
    await elapse(23 * HOUR_MS);
    expect(await run.result()).to.equal('reject');
  });

  it('is in the view as long as it is open, with what is asked, of whom and until when', async () => {
    const { elapse, reprise } = await waiting();
    const run = await reprise.startRun(LEAVE, { days: 3 });
    const row = await formsOf(reprise, run);
    const since = row?.since ?? 0;
    expect(row).to.deep.include({ run: run.id, workflow: 'leave', open: 1 });
    expect(row?.forms['ask']).to.deep.include({
      task: 'ask',
      title: 'Approval',
      assignee: 'kim',
      since,
      expires: since + 24 * HOUR_MS,
    });
    expect(row?.forms['ask']?.schema).to.have.property('required');
    await run.pause();
    await elapse(HOUR_MS);
    expect((await formsOf(reprise, run))?.stopped).to.equal(since);
    await run.resume();
    expect((await formsOf(reprise, run))?.forms['ask']?.expires).to.equal(since + 25 * HOUR_MS);
    await run.assign('ask', 'sam');
    expect((await formsOf(reprise, run))?.forms['ask']?.assignee).to.equal('sam');
    await run.answer('ask', { decision: 'reject' });
    expect(await formsOf(reprise, run)).to.equal(undefined);
  });

  it('is a question about a budget, too, as long as nobody has answered it', async () => {
    const text = 'name: short\nbudget: { attempts: 1, onBudget: { ask: kim, timeout: 1h } }';
    const SHORT = parseWorkflow(
      `${text}\ntasks: { a: { agent: a }, b: { agent: a, after: a }, c: { agent: a, after: a } }`,
    );
    const { time, clock, parts } = manualTime();
    const worker = { name: 'a', handle: ({ taskId }: { readonly taskId: string }) => taskId };
    const reprise = await start({ ...parts(), workflows: [SHORT], agents: [worker], projections: [forms] });
    const run = await reprise.startRun(SHORT, null);
    await time.quiet();
    const row = await formsOf(reprise, run);
    const since = row?.since ?? 0;
    expect(row?.forms['b']).to.deep.include({
      ...{ task: 'b', title: 'Raise the budget of 1 attempt of the run?', assignee: 'kim' },
      ...{ since, expires: since + HOUR_MS },
      about: { scope: '', budget: 'attempts', limit: 1, spent: 1, least: 1 },
    });
    expect(outsideWaits(await run.state()), 'it has a time limit').to.equal(undefined);
    await run.raiseBudget({ attempts: 1 });
    await time.quiet();
    expect(Object.keys((await formsOf(reprise, run))?.forms ?? {})).to.deep.equal(['c']);
    clock.advance(HOUR_MS);
    await time.quiet();
    expect(await formsOf(reprise, run)).to.equal(undefined);
    expect((await run.outcome()).status).to.equal('failed');
  });

  it('is one for each item, and one of a child run', async () => {
    const { reprise, time } = await waiting();
    const run = await reprise.startRun(TEAM, ['kim', 'lee']);
    await time.quiet();
    const row = await formsOf(reprise, run);
    expect(Object.values(row?.forms ?? {}).map(({ task, assignee, title }) => [task, assignee, title])).to.deep.equal([
      ['each[0]', 'kim', 'Approval'],
      ['each[1]', 'lee', 'Approval'],
    ]);
    const child = reprise.run((await run.state()).tasks.get('leave')?.child ?? '');
    expect((await formsOf(reprise, child))?.open).to.equal(1);
    await child.answer('ask', { decision: 'approve' });
    await run.answer('each[1]', { decision: 'reject' });
    expect(Object.keys((await formsOf(reprise, run))?.forms ?? {})).to.deep.equal(['each[0]']);
    await run.answer('each[0]', { decision: 'approve' });
    expect(await run.result()).to.deep.equal({
      each: [{ decision: 'approve' }, { decision: 'reject' }],
      leave: 'approve',
    });
  });

  it('is gone from the view with the block or the run that it is in', async () => {
    const BLOCK = parseWorkflow(`
name: block
tasks:
  block: { scope: { ask: { wait: { form: approval } }, two: { forEach: "[1]", wait: { form: approval } } } }
  stop: { cancel: block, after: go }
  go: { wait: { signal: go } }
  last: { wait: { form: approval }, after: stop }
`);
    const { parts } = manualTime();
    const reprise = await start({ ...parts(), workflows: [BLOCK], projections: [forms] });
    const run = await reprise.startRun(BLOCK, null);
    expect(Object.keys((await formsOf(reprise, run))?.forms ?? {})).to.have.members(['block/ask', 'block/two[0]']);
    await run.signal('go');
    expect(Object.keys((await formsOf(reprise, run))?.forms ?? {})).to.deep.equal(['last']);
    await run.cancel();
    expect(await formsOf(reprise, run)).to.equal(undefined);
  });

  it('is answered from a process that does not drive, which is told what is wrong', async () => {
    const path = file();
    const plugins = () => [sqliteEventStore({ path, pollIntervalMs: 5 })];
    const driver = await start({ plugins: plugins(), workflows: [LEAVE] });
    const run = await driver.startRun(LEAVE, { days: 1 }, { id: 'leave-1' });
    const client = await start({ plugins: plugins() });
    expect(client.role).to.equal('client');
    expect(await codeOf(client.run('leave-1').answer('ask', { decision: 'edit' }))).to.equal('REPRISE_FORM_INVALID');
    await client.run('leave-1').assign('ask', 'pat', { by: 'boss' });
    await client.run('leave-1').answer('ask', { decision: 'approve' }, { by: 'pat' });
    expect(await run.result()).to.equal('approve');
  });

  it('is open still after a restart, with its limits; an answer that came meanwhile counts', async () => {
    const { time, clock, parts } = manualTime();
    const storage = lastingStore();
    const given = { ...parts(), plugins: [storePlugin(storage)], workflows: [LEAVE] };
    const first = await make(given);
    await first.start();
    const run = await first.startRun(LEAVE, { days: 1 });
    await time.quiet();
    await first.stop();
    clock.advance(2 * HOUR_MS);
    const second = await start({ ...given, plugins: [storePlugin(storage)] });
    clock.advance(1);
    await time.quiet();
    const again = second.run(run.id);
    expect((await again.state()).tasks.get('ask')?.form?.assignee).to.equal('lee');
    await again.answer('ask', { decision: 'approve' });
    expect(await again.result()).to.equal('approve');
    await eventually(() => second.running === 0);
  });
});
