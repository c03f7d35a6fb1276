import {
  type Client,
  createClient,
  isRepriseError,
  type Orchestrator,
  parseWorkflow,
  type RepriseConfig,
  RepriseError,
  type Workflow,
  workflow,
} from '@reprise/core';
import { COMMAND_CHANNEL, type Delivery, type Envelope } from '@reprise/core/plugin';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { clusterWorld } from './cluster-world.ts';
import { codeOfAsync, eventsOf, eventually, gate, historyOf, only, orchestrators } from './support.ts';

const two = workflow('two').task('one', 'work').task('other', 'work', { after: 'one' }).build();
const waits = parseWorkflow('name: waits\ntasks: { a: { wait: { signal: go } } }') as Workflow;

// Commands of whoever does not drive a run, over the transport, to whoever does.

describe('commands to the owner of a run', () => {
  const { start } = orchestrators();
  const clients: Client[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
  });

  async function world(overheard = true) {
    const workflows = [two, waits];
    const cluster = await clusterWorld(start, { workflows });
    /** What went over the commands. */
    const sent: Envelope[] = [];
    const hear = (delivery: Delivery): void => {
      sent.push(delivery.envelope);
      delivery.ack();
    };
    // What nobody subscribes to is kept for the first group that does.
    if (overheard) await cluster.shared.subscribe(COMMAND_CHANNEL, hear, { broadcast: true });
    const client = async (commandMs = 20_000, more: Partial<RepriseConfig> = {}): Promise<Client> => {
      const plugins = cluster.pluginsOf(`client-${clients.length}`);
      const made = await createClient({ workflows, ...more, plugins, limits: { commandMs } });
      clients.push(made);
      return made;
    };
    return { ...cluster, sent, client };
  }

  /** Who put an event on record, by the ids of events: `sender` where it was commanded from elsewhere. */
  const sendersOf = async (reprise: Orchestrator, runId: string, type: string): Promise<readonly unknown[]> =>
    (await historyOf(reprise, runId))
      .filter(({ event }) => event.type === type)
      .map(({ recorded }) => recorded.metadata.sender);

  it('start, steer and end runs, are answered in their streams, and say who commanded', async () => {
    const { open, client, sent } = await world();
    const [work, first] = [gate('work'), await open('first', [])];
    await open('second', [work.agent]);
    const it = await client();
    const runs = await Promise.all(
      Array.from({ length: 6 }, (_, n) => it.startRun(waits, null, { id: `r-${n}`, by: 'kim', reason: 'a test' })),
    );
    for (const run of runs) {
      await run.pause('for now', { by: 'kim' });
      expect((await run.state()).status).to.equal('paused');
      await run.resume();
      await run.signal('go', { a: 1 });
      expect(await run.result()).to.deep.equal({ a: 1 });
    }
    expect(sent.map(({ data }) => (data as { type: string }).type).sort()).to.deep.equal(
      ['PauseRun', 'ResumeRun', 'SendSignal', 'StartRun'].flatMap((type) => Array<string>(6).fill(type)),
    );
    const [begun] = await historyOf(first, 'r-0');
    const { sender, by, reason, causationId } = begun?.recorded.metadata ?? {};
    expect(sender).to.have.keys('client', 'verified').and.include({ verified: false });
    expect([by, reason, causationId]).to.deep.equal(['kim', 'a test', sent[0]?.id]);
    expect(await sendersOf(first, 'r-0', 'SignalReceived')).to.deep.equal([sender]);
  });

  it('go to the other from an orchestrator that does not drive the run, and not over the transport to itself', async () => {
    const { open, runOf, sent } = await world();
    const [first, second] = [await open('first', []), await open('second', [])];
    const [mine, other] = [runOf('first', ['first', 'second']), runOf('second', ['first', 'second'])];
    await first.startRun(waits, null, { id: mine });
    expect(sent.length).to.equal(0);
    await first.startRun(waits, null, { id: other });
    expect(sent.length).to.equal(1);
    expect(second.run(other).id).to.equal(other);
    await first.run(other).cancel();
    expect((await second.run(other).outcome()).status).to.equal('cancelled');
    expect(await sendersOf(second, other, 'RunCancelled')).to.have.length(1);
  });

  it('are refused on record, once for all, and by nobody where there is no stream', async () => {
    const { open, client } = await world();
    const first = await open('first', []);
    const it = await client();
    const run = await it.startRun(waits, null, { id: 'r' });
    const code = (work: Promise<unknown>) => codeOfAsync(work);
    expect(await code(run.resume({ requestId: 'x' }))).to.equal('REPRISE_COMMAND_INVALID');
    await run.pause();
    expect(await code(run.resume({ requestId: 'x' })), 'the same command has the same answer').to.equal(
      'REPRISE_COMMAND_INVALID',
    );
    expect((await run.state()).status).to.equal('paused');
    expect(only(await eventsOf(first, 'r'), 'CommandRejected')).to.have.length(1);
    expect(await code(it.startRun(two, null, { id: 'r' }))).to.equal('REPRISE_RUN_EXISTS');
    expect(await code(it.run('nobody').pause())).to.equal('REPRISE_RUN_NOT_FOUND');
    await run.cancel();
    expect(await code(run.pause())).to.equal('REPRISE_RUN_CLOSED');
    expect(await code(run.cancel()), 'it is so already').to.equal('no error');
    expect(await code(it.startRun(waits, null, { id: 'r' }))).to.equal('REPRISE_RUN_EXISTS');
    expect((await it.startRun(waits, null, { id: 'r', onConflict: 'existing' })).id).to.equal('r');
    expect((await it.startRun(waits, null, { id: 'r', onConflict: 'new' })).id).to.equal('r-2');
  });

  it('that change nothing are noted, so that whoever sent them is answered', async () => {
    const { open, client } = await world();
    const work = gate('work');
    const first = await open('first', [work.agent]);
    const saga = parseWorkflow(
      'name: saga\ntasks: { a: { agent: work, compensate: { agent: work } }, b: { wait: { signal: go }, after: a } }',
    ) as Workflow;
    const it = await client(20_000, { workflows: [saga] });
    const run = await it.startRun(saga, null, { id: 's' });
    await eventually(() => work.waiting === 1);
    work.answer(1);
    await eventually(async () => only(await eventsOf(first, 's'), 'TaskCompleted').length === 1);
    await run.cancel();
    await run.cancel();
    const noted = only(await eventsOf(first, 's'), 'CommandNoted');
    expect(noted.map(({ command }) => command)).to.deep.equal(['CancelRun']);
    await eventually(() => work.waiting === 1);
    work.answer(1);
    expect((await run.outcome()).status).to.equal('cancelled');
    expect((await first.runs.replay('s')).matches).to.equal(true);
  });

  it('of which nobody is there to take one are not lost, and take effect once', async () => {
    const { open, client } = await world(false);
    const it = await client(300);
    const start = it.startRun(waits, 7, { id: 'r', requestId: 'once' });
    const failure = await start.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(isRepriseError(failure, 'REPRISE_OUTCOME_UNKNOWN')).to.equal(true);
    expect(String(failure)).to.contain('reprise.commands').and.contain('takes effect once');
    const again = it.startRun(waits, 7, { id: 'r', requestId: 'once' }).catch(() => undefined);
    const first = await open('first', []);
    await again;
    await eventually(async () => (await it.runs.list()).length === 1);
    const run = await it.startRun(waits, 7, { id: 'r', requestId: 'once' });
    expect((await run.state()).input).to.equal(7);
    expect(only(await eventsOf(first, 'r'), 'RunStarted')).to.have.length(1);
    expect(only(await eventsOf(first, 'r'), 'CommandRejected')).to.deep.equal([]);
  });

  it('that come twice, also to who takes over, count once, refused ones too', async () => {
    const { open, client, sent, shared, kill } = await world();
    await open('first', []);
    const it = await client();
    const run = await it.startRun(waits, null, { id: 'r' });
    await codeOfAsync(run.resume());
    await run.pause();
    await kill('first');
    const second = await open('second', []);
    // As those would that the killed one had not acknowledged.
    await shared.publish(sent.map((envelope) => ({ channel: COMMAND_CHANNEL, envelope })));
    await run.signal('later', 1);
    const events = await eventsOf(second, 'r');
    expect(only(events, 'RunPaused')).to.have.length(1);
    expect(only(events, 'RunResumed'), 'what was refused stays so').to.deep.equal([]);
    expect(only(events, 'CommandRejected')).to.have.length(1);
    expect(only(events, 'SignalReceived')).to.have.length(1);
    expect((await run.state()).status).to.equal('paused');
  });

  it('start a run whose functions whoever drives it has not: it is held, and says so, and what needs them is refused', async () => {
    const { open, client } = await world();
    const first = await open('first', []);
    const code = workflow('code')
      .task('a', 'work', { input: () => 1 })
      .task('b', 'work', { after: 'a' })
      .build();
    const it = await client(20_000, { workflows: [code] });
    const run = await it.startRun(code, null, { id: 'c' });
    await eventually(() => first.holdOf('c') !== undefined);
    expect((await first.run('c').outcome({ orStuck: true })).status).to.equal('held');
    expect(await codeOfAsync(run.retry())).to.equal('REPRISE_DEFINITION_CHANGED');
    expect(only(await eventsOf(first, 'c'), 'TaskScheduled')).to.deep.equal([]);
    await run.cancel();
    expect((await run.outcome()).status).to.equal('cancelled');
  });

  it('retry and fork runs, and send messages, too', async () => {
    const { open, client } = await world();
    const work = gate('work', { obeys: true });
    const first = await open('first', [work.agent]);
    const it = await client();
    const run = await it.startRun(two, { a: [1, 2] }, { id: 't' });
    await eventually(() => work.waiting === 1);
    await run.cancel();
    await eventually(() => work.waiting === 0);
    const again = await it.retryRun('t', { id: 't2', by: 'kim' });
    for (const answer of [1, 2]) {
      await eventually(() => work.waiting === 1);
      work.answer(answer);
    }
    expect(await again.result()).to.equal(2);
    const fork = await it.forkRun('t2', { id: 't3', at: 0 });
    await fork.pause();
    expect((await fork.state()).input).to.deep.equal({ a: [1, 2] });
    await fork.cancel();
    expect((await first.runs.replay('t3')).matches).to.equal(true);
    const desk = it.messages('kim');
    const { id } = await desk.send('@desk', 'hello', { requestId: 'm' });
    expect((await desk.send('@desk', 'hello', { requestId: 'm' })).id).to.equal(id);
    const taken = await it.messages('lee').receive('@desk', { timeout: 5000 });
    expect([taken?.id, taken?.data]).to.deep.equal([id, 'hello']);
    await taken?.ack();
    expect(await it.messages('lee').receive('@desk', { timeout: 100 })).to.equal(undefined);
  });

  it('follow a run that goes to another orchestrator while they are on their way', async () => {
    const { open, client, ownership } = await world();
    const [first, second] = [await open('first', []), await open('second', [])];
    const it = await client();
    const run = await it.startRun(waits, null, { id: 'r' });
    for (const [turn, name] of ['first', 'second', 'first', 'second'].entries()) {
      const settle = ownership.unsettle();
      const signals = Promise.all([
        run.signal(`s-${turn}`, 1, { requestId: `${turn}` }),
        first.run('r').signal(`a-${turn}`, 1),
        second.run('r').signal(`b-${turn}`, 1),
      ]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      settle(() => name);
      await signals;
    }
    const names = only(await eventsOf(second, 'r'), 'SignalReceived').map(({ signal }) => signal);
    expect(names.length).to.equal(12);
    expect(new Set(names).size).to.equal(12);
  });

  it('that the store will never take are refused, and the run goes on', async () => {
    const { open, client, storage } = await world();
    const { append } = storage.events;
    Object.assign(storage.events, {
      append: async (...request: Parameters<typeof append>) => {
        if (JSON.stringify(request[1]).includes('too much'))
          throw new RepriseError('REPRISE_STORE_TOO_LARGE', 'An event is too large.');
        return append(...request);
      },
    });
    const first = await open('first', []);
    const it = await client(1500);
    const run = await it.startRun(waits, null, { id: 'r' });
    expect(await codeOfAsync(run.signal('go', 'too much'))).to.equal('REPRISE_STORE_TOO_LARGE');
    expect(await codeOfAsync(it.startRun(waits, 'too much', { id: 'n' }))).to.equal('REPRISE_OUTCOME_UNKNOWN');
    expect(first.border?.refused).to.equal(1);
    await run.signal('go', 1);
    expect(await run.result()).to.equal(1);
  });

  it('that are none are refused, and no run hears of them', async () => {
    const { open, client, shared } = await world();
    const first = await open('first', []);
    const run = await (await client()).startRun(waits, null, { id: 'r' });
    const base = { commandId: 'x', runId: 'r' };
    const forged: readonly (readonly [string, unknown])[] = [
      ['reprise.command', { ...base, type: 'CompleteTask', taskId: 'a', attempt: 1, output: 1 }],
      ['reprise.client-command', { ...base, type: 'CompleteTask', taskId: 'a', attempt: 1, output: 1 }],
      ['reprise.client-command', { ...base, type: 'ParkRun', error: {} }],
      ['reprise.client-command', { ...base, type: 'PauseRun', by: 'parent' }],
      ['reprise.client-command', { ...base, type: 'CancelRun', sender: { client: 'x', verified: true } }],
      ['reprise.client-command', { ...base, type: 'SendSignal', signal: 'go' }],
      ['reprise.client-command', { ...base, type: 'SendSignal', signal: 'go', data: JSON.parse('{"__proto__":1}') }],
      ['reprise.client-command', { ...base, runId: '../r', type: 'CancelRun' }],
      ['reprise.client-command', { ...base, type: 'AddTasks', scope: '', tasks: [{ id: 'x' }] }],
      ['reprise.client-command', null],
      [
        'reprise.client-command',
        {
          ...base,
          runId: 'n',
          type: 'StartRun',
          definition: waits.definition,
          definitionHash: 'a'.repeat(64),
          input: 1,
          parent: {},
        },
      ],
      [
        'reprise.client-command',
        {
          ...base,
          runId: 'n',
          type: 'StartRun',
          definition: { ...waits.definition, name: 'z' },
          definitionHash: 'a'.repeat(64),
          input: 1,
        },
      ],
    ];
    for (const [index, [type, data]] of forged.entries()) {
      const envelope = { specversion: '1.0', id: `f-${index}`, source: 'anybody', type, subject: 'r' } as const;
      const more = { time: new Date(0).toISOString(), datacontenttype: 'application/json' } as const;
      const of = { correlationid: 'r', causationid: 'r', partitionkey: 'r', data: data as never };
      await shared.publish([{ channel: COMMAND_CHANNEL, envelope: { ...envelope, ...more, ...of } }]);
    }
    await eventually(() => first.border?.refused === forged.length);
    expect((await eventsOf(first, 'r')).map(({ type }) => type)).to.not.include('CommandRejected');
    expect(await codeOfAsync(first.runs.state('n'))).to.equal('REPRISE_RUN_NOT_FOUND');
    await run.signal('go', 1);
    expect(await run.result()).to.equal(1);
  });
});
