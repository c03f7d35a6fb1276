import {
  createReprise,
  createWorker,
  definePlugin,
  type Json,
  type RepriseConfig,
  remoteAgent,
  workflow,
} from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { limits, world } from './remote-world.ts';
import { codeOfAsync, eventsOf, gate, only } from './support.ts';

/** An attempt that takes longer is claimed; in ms. */
const SOON = 10;

describe('An agent that runs elsewhere', () => {
  const { until, quiet, pass, engine, worker, send, twice, listen } = world();

  const write = remoteAgent<{ topic: string }, string>({ name: 'writer' });
  const print = remoteAgent<string, string>({ name: 'printer', capabilities: ['printing'] });
  const book = workflow<{ topic: string }>('book')
    .task('write', write)
    .task('print', { capability: 'printing' }, { after: 'write' })
    .output(({ outputs }) => outputs.print)
    .build();
  const config = { workflows: [book], agents: [print] };

  it('lets a workflow start, whose tasks wait until a worker is there', async () => {
    const reprise = await engine(config);
    const run = await reprise.startRun(book, { topic: 'tea' });
    await quiet();
    expect(reprise.agents).to.deep.equal([]);
    expect(reprise.holdOf(run.id)).to.deep.include({ reason: 'agent' });
    expect((await run.explain()).summary).to.contain("waits for a worker of the agent 'writer': none is there");
    const [writer, printer] = [gate('writer', { version: '2' }), gate('any', { capabilities: ['printing'] })];
    const first = await worker(writer.agent);
    expect(await until(() => writer.waiting === 1), 'without any time going by').to.equal(true);
    expect(reprise.holdOf(run.id)).to.equal(undefined);
    expect(writer.calls[0]?.input).to.deep.equal({ topic: 'tea' });
    writer.answer('a text');
    await quiet();
    expect((await run.explain()).summary).to.contain("a worker with the capability 'printing': none is there");
    await worker(printer.agent);
    await until(() => printer.waiting === 1);
    expect(reprise.agents.map(({ name, versions, capabilities }) => ({ name, versions, capabilities }))).to.deep.equal([
      { name: 'any', versions: [], capabilities: ['printing'] },
      { name: 'writer', versions: ['2'], capabilities: [] },
    ]);
    printer.answer('a book');
    expect(await run.result()).to.equal('a book');
    const started = only(await eventsOf(reprise, run.id), 'TaskStarted');
    expect(started[0]).to.include({ taskId: 'write', worker: first.worker.id });
  });

  it('harms nobody who sends what is no announcement, or a command that is none of a worker', async () => {
    const local = gate('local');
    const definition = workflow('w').task('a', local.agent).build();
    const heard: string[] = [];
    const monitor = definePlugin({
      name: 'ears',
      kind: 'monitor',
      create: () => ({
        name: 'ears',
        onEvent: () => undefined,
        onNotice: (notice) => void (notice.kind === 'log' && heard.push(notice.message)),
        forceFlush: async () => undefined,
        shutdown: async () => undefined,
      }),
    });
    const reprise = await engine({ workflows: [definition] }, [monitor]);
    const agent = { name: 'local', capabilities: [], concurrency: 1, free: 1 };
    const sender = 'w1';
    const announcements: readonly Json[] = [
      null,
      {},
      { worker: sender },
      { worker: sender, agents: [null] },
      { worker: sender, agents: [{ name: 'far' }] },
      { worker: '', agents: [agent] },
      ...[0, -100, 1.5, 1e9, '4'].map((concurrency) => ({ worker: sender, agents: [{ ...agent, concurrency }] })),
      { worker: sender, agents: [{ ...agent, capabilities: [1] }] },
      { worker: sender, agents: [agent], leaseMs: -1 },
    ];
    for (const data of announcements) await send('reprise.workers', 'reprise.announcement', data);
    const run = await reprise.startRun(definition, null);
    for (const data of [
      null,
      { type: 'CancelRun', commandId: 'c', runId: run.id, reason: 'not yours' },
      { type: 'Nope', commandId: 'c', runId: run.id, taskId: 'a', attempt: 1 },
      { type: 'CompleteTask', commandId: 'c', runId: run.id, taskId: 'a', attempt: 'one', output: 1 },
    ])
      await send('reprise.results', 'reprise.command', data);
    for (const data of [
      { type: 'CompleteTask', commandId: 'c', runId: run.id, taskId: 'a', attempt: 1 },
      { type: 'FailTask', commandId: 'c', runId: run.id, taskId: 'a', attempt: 1, error: 'odd' },
      { type: 'CompleteTask', commandId: 'c', runId: run.id, taskId: 'a', attempt: 1, output: 1, directives: 'all' },
    ])
      await send('reprise.results', 'reprise.command', data);
    for (const data of [null, 7, {}, { taskId: 1, attempt: 'one' }]) {
      await send('reprise.heartbeats', 'reprise.heartbeat', data);
      await send('reprise.aborts', 'reprise.abort', data);
      await send('reprise.agent.local', 'reprise.dispatch', data);
      await send('reprise.agent.local', 'reprise.nonsense', data);
    }
    await until(() => local.waiting === 1);
    expect(reprise.agents).to.have.length(1);
    expect(reprise.agents[0]).to.include({ name: 'local', concurrency: 16 });
    local.answer('done');
    expect((await run.outcome()).status).to.equal('completed');
    await quiet();
    // The engine refuses announcements, results and heartbeats, and tells of twenty at a time; its worker has aborts and dispatches.
    expect(reprise.border?.refused).to.equal(announcements.length + 7 + 4);
    expect(heard.filter((message) => message.startsWith('dropped'))).to.have.length(20 + 12);
    // Those that come later are heard.
    const far = gate('far');
    await worker(far.agent);
    await quiet();
    expect(reprise.agents.map(({ name }) => name)).to.deep.equal(['far', 'local']);
  });

  it('is known to an engine that starts after its worker, which it asks', async () => {
    const writer = gate('writer');
    await worker(writer.agent);
    const reprise = await engine(config);
    expect(reprise.agents.map(({ name }) => name)).to.deep.equal(['writer']);
    await reprise.startRun(book, { topic: 'tea' });
    await until(() => writer.waiting === 1);
  });

  it('is looked for again for runs of which something else is under way', async () => {
    const both = workflow('both')
      .task('slow', remoteAgent({ name: 'slow' }))
      .task('write', write as never)
      .build();
    const reprise = await engine({ workflows: [both] });
    const [slow, writer] = [gate('slow'), gate('writer')];
    await worker(slow.agent);
    await reprise.startRun(both, { topic: 'tea' });
    await until(() => slow.waiting === 1);
    await worker(writer.agent);
    expect(await until(() => writer.waiting === 1)).to.equal(true);
  });

  it('that dies with an attempt in hand loses it after a lease; another worker makes it again', async () => {
    const reprise = await engine(config);
    const [one, other] = [gate('writer'), gate('writer')];
    const { kill } = await worker(one.agent);
    const run = await reprise.startRun(book, { topic: 'tea' });
    await until(() => one.waiting === 1);
    await pass(SOON);
    await kill();
    expect(reprise.agents).to.have.length(1);
    await pass(2 * limits.leaseMs);
    expect(reprise.agents, 'it was silent for too long').to.deep.equal([]);
    const [lost] = only(await eventsOf(reprise, run.id), 'TaskAttemptFailed');
    expect(lost).to.deep.include({ taskId: 'write', attempt: 1, lost: true });
    expect((await run.explain()).summary).to.contain('none is there');
    await worker(other.agent);
    // That of the first attempt was acknowledged with its start: it comes to nobody else.
    expect(await until(() => other.calls.length > 0)).to.equal(true);
    await pass(3 * limits.redispatchMs);
    expect(other.calls.map(({ attempt }) => attempt)).to.deep.equal([2]);
    other.answer('attempt 2');
    await quiet();
    expect(only(await eventsOf(reprise, run.id), 'TaskCompleted')[0]).to.deep.include({
      attempt: 2,
      output: 'attempt 2',
    });
  });

  it('is there for as long as its worker announces it, and no longer once it has stopped', async () => {
    const reprise = await engine(config);
    const { worker: made } = await worker(gate('writer').agent);
    await pass(100 * limits.leaseMs);
    expect(reprise.agents.map(({ name, workers }) => ({ name, workers }))).to.deep.equal([
      { name: 'writer', workers: [made.id] },
    ]);
    await made.stop();
    await quiet();
    expect(reprise.agents).to.deep.equal([]);
  });

  it('is announced as full, and as free again, soon after', async () => {
    const reprise = await engine(config);
    const one = gate('writer', { concurrency: 1 });
    await worker(one.agent);
    const free = (): number | undefined => reprise.agents[0]?.free;
    expect(free()).to.equal(1);
    await reprise.startRun(book, { topic: 'tea' });
    await until(() => one.waiting === 1);
    expect(await until(() => free() === 0, 1000)).to.equal(true);
    one.answer('a text');
    expect(await until(() => free() === 1, 1000)).to.equal(true);
  });

  it('is shared by two workers, of which one that stops gives back what it had not begun', async () => {
    const list = workflow<null>('list')
      .task('each', write as never, { forEach: () => [1, 2, 3, 4], delivery: 'at-most-once', concurrency: 4 })
      .build();
    const reprise = await engine({ workflows: [list] });
    const [one, other] = [gate('writer', { concurrency: 1 }), gate('writer', { concurrency: 3 })];
    const first = await worker(one.agent);
    await worker(other.agent);
    expect(reprise.agents[0]).to.include({ name: 'writer', concurrency: 4 });
    const run = await reprise.startRun(list, null);
    // They are handed out in turn: of the two of the first worker one waits.
    await until(() => one.waiting === 1 && other.waiting === 2);
    expect(reprise.agents[0]).to.include({ load: 4 });
    const stopping = first.worker.stop();
    expect(await until(() => other.waiting === 3), 'at once, while the first is still busy').to.equal(true);
    one.answer('one');
    await stopping;
    for (const _call of other.calls) other.answer('other');
    expect((await run.result()) as unknown).to.have.length(4);
    expect(one.calls.length + other.calls.length, 'each once').to.equal(4);
  });

  it('has its start on record with the outcome of what is soon over, in one message each and without an answer; what takes longer is claimed', async () => {
    const reprise = await engine(config);
    const writer = gate('writer');
    const made = await worker(writer.agent);
    const [said, answers] = [await listen('reprise.results'), await listen(`reprise.worker.${made.worker.id}`)];
    const play = async (ms: number): Promise<readonly (readonly [string, unknown])[]> => {
      const before = said.length;
      const run = await reprise.startRun(book, { topic: 'tea' });
      await until(() => writer.waiting === 1);
      await pass(ms);
      writer.answer('a text');
      await until(() => false, 100);
      const events = await eventsOf(reprise, run.id);
      expect(only(events, 'TaskStarted')[0]).to.deep.include({ taskId: 'write', worker: made.worker.id });
      expect(only(events, 'TaskCompleted')[0]).to.deep.include({ taskId: 'write', output: 'a text' });
      return said.slice(before).map(({ data }) => {
        const { type, claims } = data as { readonly type: string; readonly claims?: boolean };
        return [type, claims] as const;
      });
    };
    expect(await play(SOON - 1)).to.deep.equal([
      ['StartTask', undefined],
      ['CompleteTask', undefined],
    ]);
    expect(answers).to.deep.equal([]);
    expect(await play(SOON)).to.deep.equal([
      ['StartTask', true],
      ['CompleteTask', undefined],
    ]);
    expect(answers.map(({ data }) => data)).to.deep.equal([{ taskId: 'write', attempt: 1, call: 0 }]);
  });

  it('keeps an attempt at the worker whose start is on record, however often it is handed out; the other gives it up', async () => {
    const reprise = await engine(config);
    const [one, other] = [gate('writer', { obeys: true }), gate('writer', { obeys: true })];
    await worker(one.agent);
    await worker(other.agent);
    const end = await twice('writer');
    const run = await reprise.startRun(book, { topic: 'tea' });
    await until(() => one.waiting + other.waiting > 0);
    await pass(3 * limits.redispatchMs);
    expect(one.waiting + other.waiting, 'one has it').to.equal(1);
    const [begun] = only(await eventsOf(reprise, run.id), 'TaskStarted');
    expect(only(await eventsOf(reprise, run.id), 'TaskStarted')).to.have.length(1);
    const [has, gaveUp] = one.waiting === 1 ? [one, other] : [other, one];
    const reasons = gaveUp.contexts.map(({ signal }) => (signal.reason as { code?: string }).code);
    expect(reasons, 'it had begun').to.deep.equal(['REPRISE_ATTEMPT_REFUSED']);
    has.answer('a text');
    await until(() => false, 1000);
    const [done] = only(await eventsOf(reprise, run.id), 'TaskCompleted');
    expect([done?.attempt, done?.output]).to.deep.equal([begun?.attempt, 'a text']);
    expect(only(await eventsOf(reprise, run.id), 'TaskAttemptFailed')).to.deep.equal([]);
    await end();
  });

  it('is not waited for at a worker that is busy while another is idle', async () => {
    const list = workflow<null>('list')
      .task('each', write as never, { forEach: () => [1, 2, 3, 4, 5, 6], concurrency: 2 })
      .build();
    const reprise = await engine({ workflows: [list] });
    const [one, other] = [gate('writer', { concurrency: 1 }), gate('writer', { concurrency: 1 })];
    await worker(one.agent);
    await worker(other.agent);
    const run = await reprise.startRun(list, null);
    await until(() => one.waiting === 1 && other.waiting === 1);
    for (let made = 2; made <= 5; made += 1) {
      other.answer('other');
      expect(
        await until(() => other.calls.length === made, 1000),
        `the ${made}th of it comes within a second`,
      ).to.equal(true);
    }
    expect(one.calls).to.have.length(1);
    one.answer('one');
    other.answer('other');
    expect((await run.result()) as unknown).to.have.length(6);
  });

  it('gives up, when its worker stops, what it has begun: others need not wait for the lease', async () => {
    const pay = workflow<null>('pay')
      .task('write', write as never, { retry: 3 })
      .task('pay', write as never, { delivery: 'at-most-once', fallback: { value: 'unknown' } as never })
      .build();
    const reprise = await engine({ workflows: [pay] });
    const [one, other] = [gate('writer'), gate('writer')];
    const first = await worker(one.agent);
    const run = await reprise.startRun(pay, null);
    await until(() => one.waiting === 2);
    await worker(other.agent);
    await pass(SOON);
    await first.worker.stop({ drainMs: 0 });
    expect(await until(() => other.waiting === 1, limits.leaseMs / 2)).to.equal(true);
    expect(other.calls.map(({ taskId, attempt }) => [taskId, attempt])).to.deep.equal([['write', 2]]);
    other.answer('a text');
    expect((await run.result()) as unknown).to.deep.equal({ write: 'a text', pay: 'unknown' });
    const lost = only(await eventsOf(reprise, run.id), 'TaskAttemptFailed').map(({ error }) => error.code);
    expect(lost).to.include('REPRISE_WORKER_LOST');
  });

  it('makes an attempt that may be made once only once, however often it is handed out, at the worker that asked first', async () => {
    const list = workflow<null>('list')
      .task('each', write as never, { forEach: () => [1, 2, 3, 4, 5, 6], delivery: 'at-most-once' })
      .build();
    const reprise = await engine({ workflows: [list] });
    const [one, other] = [gate('writer'), gate('writer')];
    await worker(one.agent);
    await worker(other.agent);
    const end = await twice('writer');
    const run = await reprise.startRun(list, null);
    await until(() => one.waiting + other.waiting === 6);
    await pass(3 * limits.redispatchMs);
    expect(one.calls.length + other.calls.length).to.equal(6);
    for (const _call of one.calls) one.answer('one');
    for (const _call of other.calls) other.answer('other');
    const given = (await run.result()) as unknown as string[];
    const events = only(await eventsOf(reprise, run.id), 'TaskStarted');
    expect(events.map(({ taskId }) => taskId)).to.have.members([0, 1, 2, 3, 4, 5].map((index) => `each[${index}]`));
    const workers = new Map(events.map(({ taskId, worker: who }) => [taskId, who]));
    expect(new Set(given.map((text, index) => `${text} ${workers.get(`each[${index}]`)}`)).size).to.equal(2);
    await end();
  });

  it('loses an attempt that may be made once with the worker that began it, and hands it on when none had', async () => {
    const pay = workflow<null>('pay')
      .task('pay', write as never, { delivery: 'at-most-once', fallback: { value: 'unknown' } as never })
      .build();
    const reprise = await engine({ workflows: [pay] });
    const [one, other] = [gate('writer', { concurrency: 1 }), gate('writer', { concurrency: 1 })];
    const first = await worker(one.agent);
    const begun = await reprise.startRun(pay, null);
    await until(() => one.waiting === 1);
    await first.kill();
    const second = await worker(other.agent);
    await until(() => false, 3 * limits.leaseMs);
    expect((await begun.result()) as unknown, 'nobody knows whether it was paid').to.equal('unknown');
    expect(other.calls).to.have.length(0);
    const run = await reprise.startRun(pay, null);
    await until(() => other.waiting === 1);
    other.answer('paid');
    expect((await run.result()) as unknown).to.equal('paid');
    await second.worker.stop();
  });

  it('is no other than one of the process that drives, over the same transport', async () => {
    const own = gate('writer');
    const reprise = await engine({ ...config, agents: [own.agent] });
    await reprise.startRun(book, { topic: 'tea' });
    await until(() => own.waiting === 1);
    await pass(10 * limits.leaseMs);
    expect(reprise.agents.map(({ name, load }) => ({ name, load }))).to.deep.equal([{ name: 'writer', load: 1 }]);
    expect(reprise.running).to.equal(1);
  });

  it('need not be declared where the transport spans processes; elsewhere it has to be', async () => {
    const asking = workflow('asking').task('a', 'nobody').build();
    const reprise = await engine({ workflows: [asking] });
    const run = await reprise.startRun(asking, null);
    await quiet();
    expect(reprise.holdOf(run.id)?.message).to.contain("agent 'nobody'");
    expect(await codeOfAsync(createReprise({ workflows: [asking] }))).to.equal('REPRISE_AGENT_UNKNOWN');
  });
});

describe('An agent that is declared where no transport spans processes', () => {
  const { until, quiet, pass, engine, worker } = world({ spans: false });

  it('waits for whoever takes its tasks over that transport', async () => {
    const definition = workflow('declared')
      .task('a', remoteAgent({ name: 'far' }))
      .build();
    const reprise = await engine({ workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await quiet();
    expect(reprise.holdOf(run.id)?.reason).to.equal('agent');
    const far = gate('far');
    await worker(far.agent);
    await until(() => far.waiting === 1);
    far.answer('near');
    expect(await run.result()).to.equal('near');
  });

  it('gives way to one of that name that this process has', async () => {
    const near = gate('far');
    const definition = workflow('here')
      .task('a', remoteAgent({ name: 'far' }))
      .build();
    const reprise = await engine({ workflows: [definition], agents: [near.agent] });
    const run = await reprise.startRun(definition, 1);
    await until(() => near.waiting === 1);
    near.answer('here');
    expect(await run.result()).to.equal('here');
    // A worker of this process is there until it says otherwise: nobody but its own engine hears it.
    await pass(100 * limits.leaseMs);
    expect(reprise.agents).to.have.length(1);
  });
});

describe('A worker', () => {
  it('needs an agent and one transport', async () => {
    expect(await codeOfAsync(createWorker({}))).to.equal('REPRISE_CONFIG_INVALID');
    expect(await codeOfAsync(createWorker({ agents: [gate('a').agent] }))).to.equal('REPRISE_CONFIG_INVALID');
    const declared = createWorker({ agents: [remoteAgent({ name: 'a' })] });
    expect(await codeOfAsync(declared)).to.equal('REPRISE_CONFIG_INVALID');
  });

  it('is told what it lacks, and where that comes from', async () => {
    const said = (config: RepriseConfig): Promise<string> =>
      createWorker(config).then(
        () => '',
        ({ message }: Error) => message,
      );
    expect(await said({ agents: [remoteAgent({ name: 'far' })] })).to.contain(
      "'far' is only declared, by remoteAgent()",
    );
    expect(await said({})).to.match(/needs an agent\. Add one that has a `handle`/);
    expect(await said({ agents: [gate('a').agent] })).to.match(
      /the plugins bring 0: add one plugin .*docs\/workers\.md/,
    );
  });
});
