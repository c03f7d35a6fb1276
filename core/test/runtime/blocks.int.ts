import { type Json, parseWorkflow, RepriseError } from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventsOf, eventually, gate, manualTime, only, orchestrators, temporaryFiles, typesOf } from './support.ts';

const SAGA = `
name: trip
tasks:
  trip:
    scope:
      hotel: { agent: booker, input: hotel, compensate: { agent: undoer } }
      flight: { agent: booker, after: hotel, input: flight, compensate: { agent: undoer, input: "\${ output.booked }" } }
      pay: { agent: payer, after: flight, retry: 1 }
    CATCH
  mail: { agent: booker, after: trip, input: mail }
`;

const declined = (): never => {
  throw Object.assign(new Error('The card was declined.'), { code: 'CARD_DECLINED', retryable: false });
};

/** What an agent answers once it has noted that it was called. */
function noting(calls: Json[], call: Json, answer: Json): Json {
  calls.push(call);
  return answer;
}

describe('a block through the engine', () => {
  const { make, start } = orchestrators();
  const file = temporaryFiles();

  /** A trip whose payment is declined, with what its agents were called for, in order. */
  async function trip(clause: string) {
    const calls: Json[] = [];
    const workflow = parseWorkflow(SAGA.replace('CATCH', clause));
    const reprise = await start({
      workflows: [workflow],
      agents: [
        { name: 'booker', handle: ({ input }) => noting(calls, input as Json, { booked: input as Json }) },
        { name: 'undoer', handle: ({ input, taskId }) => noting(calls, { undo: taskId, input: input as Json }, null) },
        { name: 'payer', handle: declined },
      ],
    });
    const run = await reprise.startRun(workflow, {});
    return { outcome: await run.outcome(), calls, events: await eventsOf(reprise, run.id) };
  }

  const UNDONE = [
    'hotel',
    'flight',
    { undo: 'trip/flight@1', input: 'flight' },
    { undo: 'trip/hotel@1', input: { input: 'hotel', output: { booked: 'hotel' }, outcome: 'completed' } },
  ];

  it('undoes what was done, in reverse, and then fails with what failed', async () => {
    const { outcome, calls, events } = await trip('description: no catch');
    expect(calls).to.deep.equal(UNDONE);
    expect(outcome).to.have.property('status', 'failed');
    expect(outcome).to.have.nested.property('error.cause.code', 'CARD_DECLINED');
    expect(only(events, 'TaskFailed').map(({ taskId }) => taskId)).to.deep.equal(['trip/pay', 'trip']);
    expect(only(events, 'CompensationBegan').map(({ taskId }) => taskId)).to.deep.equal([
      'trip/flight@1',
      'trip/hotel@1',
    ]);
  });

  it('whose failure is caught goes on with what the clause says, and undoes nothing', async () => {
    const clause = `catch: [{ on: { code: CARD_DECLINED }, then: continue, output: { code: "\${ error.code }" } }]`;
    const { outcome, calls } = await trip(clause);
    expect(calls).to.deep.equal(['hotel', 'flight', 'mail']);
    expect(outcome).to.deep.equal({ status: 'completed', output: { booked: 'mail' } });
  });

  it('whose failure no clause takes is undone as without one', async () => {
    const { outcome, calls } = await trip('catch: [{ on: { code: OTHER }, then: continue }]');
    expect(calls).to.deep.equal(UNDONE);
    expect(outcome).to.have.property('status', 'failed');
  });

  it('undoes what was done when the run is cancelled, before it ends; another cancellation meanwhile is none', async () => {
    const [undoer, worker] = [gate('undoer'), gate('worker', { obeys: true })];
    const workflow = parseWorkflow(`
name: paid
tasks:
  pay: { agent: payer, compensate: undoer }
  work: { agent: worker, after: pay }
`);
    const agents = [undoer.agent, worker.agent, { name: 'payer', handle: () => 'paid' }];
    const reprise = await start({ workflows: [workflow], agents });
    const run = await reprise.startRun(workflow, {});
    await eventually(() => worker.waiting === 1);
    await run.cancel('enough');
    await eventually(() => undoer.waiting === 1);
    expect(worker.contexts[0]?.signal.aborted).to.equal(true);
    await run.cancel('once more');
    expect((await run.state()).status).to.equal('running');
    undoer.answer();
    expect(await run.outcome()).to.deep.equal({ status: 'cancelled', reason: 'enough' });
    expect(only(await eventsOf(reprise, run.id), 'TaskClosing')).to.have.length(1);
  });

  it('undoes nothing when the run is cancelled by force, and ends while something is being undone', async () => {
    const undoer = gate('undoer', { obeys: true });
    const workflow = parseWorkflow(`
name: forced
tasks:
  pay: { agent: payer, compensate: undoer }
  wait: { wait: { signal: never }, after: pay }
`);
    const agents = [undoer.agent, { name: 'payer', handle: () => 'paid' }];
    const reprise = await start({ workflows: [workflow], agents });
    const paid = async (id: string): Promise<boolean> => typesOf(await eventsOf(reprise, id)).includes('TaskEntered');
    const first = await reprise.startRun(workflow, {});
    await eventually(() => paid(first.id));
    await first.cancel('now', { force: true });
    expect(await first.outcome()).to.deep.equal({ status: 'cancelled', reason: 'now' });
    expect(undoer.calls).to.have.length(0);
    const second = await reprise.startRun(workflow, {});
    await eventually(() => paid(second.id));
    await second.cancel();
    await eventually(() => undoer.waiting === 1);
    await second.cancel('now', { force: true });
    expect(await second.outcome()).to.deep.equal({ status: 'cancelled', reason: 'now' });
    await eventually(() => undoer.contexts[0]?.signal.aborted === true);
  });

  it('is listed as running while it is undone, when another process cancelled the paused run', async () => {
    const path = file();
    const plugins = () => [sqliteEventStore({ path, pollIntervalMs: 5 })];
    const undoer = gate('undoer');
    const workflow = parseWorkflow(`
name: listed
tasks:
  pay: { agent: payer, compensate: undoer }
  wait: { wait: { signal: never }, after: pay }
`);
    const agents = [undoer.agent, { name: 'payer', handle: () => 'paid' }];
    const reprise = await start({ plugins: plugins(), workflows: [workflow], agents });
    const elsewhere = await make({ plugins: plugins() });
    const run = await reprise.startRun(workflow, {});
    await eventually(async () => typesOf(await eventsOf(reprise, run.id)).includes('TaskEntered'));
    await run.pause();
    await elsewhere.run(run.id).cancel('enough');
    await eventually(() => undoer.waiting === 1);
    expect((await reprise.runs.list({})).map(({ status }) => status)).to.deep.equal(['running']);
    undoer.answer();
    expect(await run.outcome()).to.deep.equal({ status: 'cancelled', reason: 'enough' });
  });

  it('awaits an attempt that would have to be undone, and undoes it when it completes after all', async () => {
    const [payer, undone] = [gate('payer'), [] as Json[]];
    const workflow = parseWorkflow(`
name: late
tasks:
  pay: { agent: payer, compensate: undoer }
  fail: { raise: { code: NO_GOOD }, after: check }
  check: { wait: { signal: fail } }
`);
    const undoer = { name: 'undoer', handle: ({ input }: { input: Json }) => noting(undone, input, null) };
    const reprise = await start({ workflows: [workflow], agents: [payer.agent, undoer] });
    const run = await reprise.startRun(workflow, {});
    await eventually(() => payer.waiting === 1);
    await run.signal('fail');
    await eventually(async () => typesOf(await eventsOf(reprise, run.id)).includes('TaskClosing'));
    expect(payer.contexts[0]?.signal.aborted, 'it is awaited, not aborted').to.equal(false);
    payer.answer({ receipt: 7 });
    expect(await run.outcome()).to.have.nested.property('error.cause.code', 'NO_GOOD');
    expect(undone).to.deep.equal([{ input: {}, output: { receipt: 7 }, outcome: 'completed' }]);
  });

  it('gives a race to the first, and aborts the agent that lost', async () => {
    const [fast, slow] = [gate('fast'), gate('slow')];
    const workflow = parseWorkflow(`
name: race
tasks:
  fast: { agent: fast }
  slow: { agent: slow }
  first: { after: [fast, slow], join: any, rest: cancel, set: { fast: "\${ outputs.fast }", slow: "\${ outputs.slow }" } }
`);
    const reprise = await start({ workflows: [workflow], agents: [fast.agent, slow.agent] });
    const run = await reprise.startRun(workflow, {});
    await eventually(() => fast.waiting + slow.waiting === 2);
    fast.answer('won');
    expect(await run.result()).to.deep.equal({ fast: 'won', slow: null });
    await eventually(() => slow.contexts[0]?.signal.aborted === true);
    slow.answer('late');
    await eventually(() => reprise.running === 0);
    const events = await eventsOf(reprise, run.id);
    expect(only(events, 'TaskCancelled')).to.have.nested.property('[0].reason', 'join');
    expect(only(events, 'TaskCompleted').map(({ taskId }) => taskId)).to.deep.equal(['fast', 'first']);
  });

  it('goes round with what the round before handed on, and fails when there is no end', async () => {
    const seen: Json[] = [];
    const text = (max: number): string => `
name: loop${max}
tasks:
  review:
    scope:
      write: { agent: writer, input: { last: "\${ feedback }", round: "\${ round }" } }
      check: { agent: checker, after: write }
    loop: { until: output.good, max: ${max}, feedback: "\${ output.complaint }" }
`;
    const workflows = [parseWorkflow(text(5)), parseWorkflow(text(2))];
    const reprise = await start({
      workflows,
      agents: [
        { name: 'writer', handle: ({ input }) => noting(seen, input as Json, input as Json) },
        { name: 'checker', handle: ({ round }) => ({ good: round === 3, complaint: `of round ${round}` }) },
      ],
    });
    const run = await reprise.startRun('loop5', {});
    expect(await run.result()).to.deep.equal({ good: true, complaint: 'of round 3' });
    expect(seen).to.deep.equal([
      { last: null, round: 1 },
      { last: 'of round 1', round: 2 },
      { last: 'of round 2', round: 3 },
    ]);
    const endless = await (await reprise.startRun('loop2', {})).outcome();
    expect(endless).to.have.nested.property('error.cause.code', 'REPRISE_REPEAT_EXHAUSTED');
  });

  it('is given up when its time is up; what stands in for it is its output', async () => {
    const { time, parts } = manualTime();
    const work = gate('work');
    const workflow = parseWorkflow(`
name: limited
tasks:
  block:
    scope: { a: { agent: work }, b: { sleep: 1h } }
    timeout: 1m
    fallback: { value: late }
`);
    const reprise = await start({ ...parts(), workflows: [workflow], agents: [work.agent] });
    const run = await reprise.startRun(workflow, {});
    await time.until(() => work.waiting === 1, 0);
    const result = run.result();
    await time.until(() => work.contexts[0]?.signal.aborted === true, 61_000);
    expect(await result).to.equal('late');
    expect(work.contexts[0]?.signal.reason).to.be.instanceOf(RepriseError);
  });
});
