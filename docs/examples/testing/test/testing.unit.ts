import {
  type AgentContext,
  type AgentTask,
  createInMemoryStorage,
  createInProcessTransport,
  createReprise,
  defineAgent,
  definePlugin,
  workflow,
} from '@reprise/core';
import {
  type AgentScript,
  callAgent,
  faultyTransport,
  given,
  ManualClock,
  recordingMonitor,
  type SimulatedRun,
  type Simulation,
  seededRandom,
  sequentialIds,
  simulate,
  simulateRuns,
  started,
  talks,
  VirtualTime,
} from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { reminder } from '../reminder.ts';

describe('the reminder', () => {
  // #region simulate
  it('is sent after a day, in no time', async () => {
    const { outcome, calls, duration } = await simulate(reminder, {
      input: { to: 'ada@example.org' },
      agents: {
        // Of each task, the first call fails, and the next gives this.
        mailer: [{ fail: { code: 'BUSY' } }, { delay: '2s', output: 'sent' }],
      },
      // While the run waits: here, half a day after the reminder.
      steer: async (run, time) => {
        await time.sleep('36h');
        await run.signal('approval', { by: 'Ada' });
      },
    });
    expect(outcome).to.deep.equal({ status: 'completed', output: { approval: { by: 'Ada' } } });
    expect(calls.map(({ taskId, attempt }) => `${taskId} ${attempt}`)).to.deep.equal([
      'ask 1',
      'ask 2',
      'remind 1',
      'remind 2',
    ]);
    expect(duration).to.equal(36 * 3_600_000);
  });
  // #endregion

  // #region faults
  it('asks once, twice at the most, whatever befalls it', async () => {
    const asksTwice = ({ calls }: SimulatedRun) =>
      new Set(calls.map(({ idempotencyKey }) => idempotencyKey)).size <= 2 || 'asked three times';
    const { failure, ends } = await simulateRuns(reminder, {
      runs: 50,
      input: { to: 'ada@example.org' },
      scripts: { mailer: { output: 'sent' } },
      signals: { approval: { by: 'Ada' } },
      faults: ['fail', 'crash', 'duplicate', 'drop', 'silence'],
      invariants: { asksTwice },
    });
    expect(failure).to.equal(undefined);
    expect(ends['completed']).to.be.greaterThan(10);
  });
  // #endregion

  // #region functions
  it('goes to whoever the run is for', async () => {
    const { calls } = await simulate(reminder, {
      input: { to: 'ada@example.org' },
      agents: {
        mailer: async (_task, { sleep }) => {
          await sleep('5m');
          return 'sent';
        },
      },
    });
    expect(calls[0]?.input).to.deep.equal({ to: 'ada@example.org', text: 'Please approve' });
    expect(calls.map(({ at }) => at)).to.deep.equal([0, 24 * 3_600_000 + 5 * 60_000]);
  });
  // #endregion

  // #region given
  it('is not sent to whoever has approved', () => {
    given(
      started(reminder, { to: 'ada@example.org' }),
      { type: 'TaskScheduled', taskId: 'ask', attempt: 1, agent: 'mailer', input: null },
      { type: 'TaskCompleted', taskId: 'ask', attempt: 1, via: 'agent', output: 'sent' },
      { type: 'TaskEntered', taskId: 'first', attempt: 1, signal: 'approval' },
    )
      .when({ type: 'SendSignal', signal: 'approval', data: true })
      .thenEvents(
        { type: 'SignalReceived', signal: 'approval', data: true },
        { type: 'TaskCompleted', taskId: 'first', via: 'signal' },
        { type: 'TaskSkipped', taskId: 'remind', reason: 'condition' },
        { type: 'TaskSkipped', taskId: 'second', reason: 'dependencies' },
        { type: 'RunCompleted', output: { approval: true } },
      );
  });
  // #endregion
});

describe('an engine whose time stands still', () => {
  // #region clock
  it('tries again when the clock is moved, and not before', async () => {
    const clock = new ManualClock();
    const time = new VirtualTime(clock);
    const monitor = recordingMonitor();
    const flaky = defineAgent({
      name: 'flaky',
      handle: ({ attempt }) => {
        if (attempt === 1) throw new Error('not yet');
        return attempt;
      },
    });
    const patient = workflow('patient')
      .task('try', flaky, { retry: { initialDelay: '1h', jitter: 0 } })
      .build();
    const reprise = await createReprise({
      workflows: [patient],
      plugins: [monitor.plugin],
      clock,
      ids: sequentialIds('run'),
      random: seededRandom(1),
    });
    await reprise.start();
    const run = await reprise.startRun(patient, null);
    await time.quiet();
    expect((await run.state()).tasks.get('try')?.status).to.equal('waiting');
    clock.advance(3_600_000);
    expect(await run.result()).to.equal(2);
    expect(monitor.events.filter(({ event }) => event.type === 'TaskAttemptFailed')).to.have.length(1);
    await reprise.stop();
  });
  // #endregion
});

describe('an agent that talks', () => {
  // #region messages
  /** Says what it makes of a text; the first time that it sees a long one, it has no time. */
  const reviewer = defineAgent({
    name: 'reviewer',
    async handle(_task: AgentTask, { messages }: AgentContext) {
      for (;;) {
        const asked = await messages.receive({ mailbox: '#desk', timeout: '1h' });
        if (asked === undefined) return 'nothing more';
        const { text } = asked.data as { readonly text: string };
        if (text.length > 20 && asked.delivery === 1) await messages.nack(asked, { reason: 'no time' });
        else await messages.reply(asked, { good: text.endsWith('.'), delivery: asked.delivery });
      }
    },
  });

  it('by itself, it is given messages of a mailbox', async () => {
    const messages = ['Short.', 'A long one, for another time'].map((text) => ({
      from: 'writer',
      mailbox: '#desk',
      data: { text },
    }));
    const { output, sent, settled } = await callAgent(reviewer, null, { messages });
    expect(output).to.equal('nothing more');
    expect(sent?.map(({ to, data }) => ({ to, data }))).to.deep.equal([
      { to: 'writer', data: { good: true, delivery: 1 } },
    ]);
    expect(settled?.map(({ how, reason }) => ({ how, reason }))).to.deep.equal([
      { how: 'rejected', reason: 'no time' },
    ]);
  });

  it('what it asks is answered', async () => {
    const writer = defineAgent({
      name: 'writer',
      handle: async ({ input: text }: AgentTask<string>, { messages }: AgentContext) =>
        (await messages.request('#desk', { text })).data,
    });
    const { output } = await callAgent(writer, 'Short.', {
      answer: ({ to, performative }) => ({ from: 'reviewer', data: { to, asks: performative === 'request' } }),
    });
    expect(output).to.deep.equal({ to: '#desk', asks: true });
    const { error } = await callAgent(writer, 'Short.', {
      answer: () => ({ from: 'reviewer', data: 'no', performative: 'refuse' }),
    });
    expect(error?.code).to.equal('REPRISE_REQUEST_REFUSED');
  });

  it('in a run, what it gives back comes again', async () => {
    const flow = workflow('review', { mailboxes: { desk: {} } })
      .task('reviewer', reviewer)
      .send('ask', { to: '#desk', data: { text: 'A long one, for another time' }, performative: 'request' })
      .wait('answer', { message: { mailbox: 'ask' } }, { after: 'ask' })
      .output(({ outputs }) => outputs.answer.data)
      .build();
    const { outcome } = await simulate(flow, { input: null, agents: { reviewer: reviewer.handle } });
    expect(outcome).to.deep.equal({ status: 'completed', output: { good: false, delivery: 2 } });
  });
  // #endregion
});

describe('agents that talk', () => {
  // #region talks
  const flow = workflow('review', { mailboxes: { archive: {} } })
    .task('writer', 'writer', { may: 'send' })
    .task('critic', 'critic')
    .output(({ outputs }) => outputs.writer)
    .build();

  const agents: Readonly<Record<string, AgentScript>> = {
    writer: async (_task, { messages }) => {
      const { data } = await messages.request('critic', 'a draft');
      await messages.send('#archive', data, { expires: '1d' });
      return data;
    },
    // The first time it has no time; then it answers, after five minutes.
    critic: talks([{ nack: 'no time' }, { reply: 'fine', delay: '5m' }], { times: 2 }),
  };
  const told = ({ messages }: Simulation<unknown>): readonly string[] =>
    messages.map(
      ({ from, to, performative, deliveries }) => `${from} > ${to}: ${performative} (delivered: ${deliveries})`,
    );

  it('say what they are to say, and who was told is known', async () => {
    const run = await simulate(flow, { input: null, agents });
    expect(run.outcome).to.deep.equal({ status: 'completed', output: 'fine' });
    expect(told(run)).to.deep.equal([
      'writer > critic: request (delivered: 2)',
      'critic > writer: inform (delivered: 1)',
      'writer > #archive: inform (delivered: 0)',
    ]);
    expect(run.messages.map(({ status }) => status)).to.deep.equal(['acknowledged', 'acknowledged', 'closed']);
  });

  it('and say no more and no less, whatever befalls what carries it', async () => {
    const calm = await simulate(flow, { input: null, agents });
    for (const seed of [1, 2, 3]) {
      const run = await simulate(flow, { input: null, agents, seed, faults: { drop: 0.3, delay: 0.3, duplicate: 1 } });
      expect(run.faults.duplicated).to.be.greaterThan(10);
      expect(run.outcome).to.deep.equal(calm.outcome);
      expect(told(run)).to.deep.equal(told(calm));
    }
  });
  // #endregion

  // #region two-runs
  it('in two runs: one asks the other, and is told when that has ended', async () => {
    const clock = new ManualClock();
    const time = new VirtualTime(clock);
    const storage = time.watchStorage(createInMemoryStorage());
    const transport = time.watchTransport(createInProcessTransport(clock));
    const critic = defineAgent({
      name: 'critic',
      handle: async (_task: AgentTask, { messages }: AgentContext) => {
        const asked = await messages.receive({ timeout: '1h' });
        if (asked !== undefined) await messages.reply(asked, 'fine');
        return asked?.run ?? 'nobody';
      },
    });
    const reviewing = workflow('reviewing').task('critic', critic).build();
    // A send asks; what it is answered is its output.
    const writing = workflow<string>('writing')
      .send('ask', { to: 'critic', run: ({ input }) => input, data: 'a draft', until: 'replied' })
      .build();
    const reprise = await createReprise({
      workflows: [reviewing, writing],
      plugins: [
        definePlugin({ name: 'memory', kind: 'event-store', create: () => storage }),
        definePlugin({ name: 'watched', kind: 'transport', create: () => transport }),
      ],
      clock,
    });
    await reprise.start();
    const review = await reprise.startRun(reviewing, null);
    const first = await reprise.startRun(writing, review.id);
    await time.until(() => false, 60_000);
    expect(await first.result()).to.include({ data: 'fine', from: 'critic', run: review.id });
    expect(await review.result()).to.equal(first.id);
    // It has ended: nobody takes what is sent there, and the send fails by that.
    const second = await reprise.startRun(writing, review.id);
    await time.until(() => false, 60_000);
    const outcome = await second.outcome();
    expect(outcome).to.have.nested.property('error.cause.code', 'REPRISE_RUN_CLOSED');
    await reprise.stop();
  });
  // #endregion

  // #region faulty
  it('over a transport of your own, until it heals', async () => {
    const clock = new ManualClock();
    const time = new VirtualTime(clock);
    // No answer of the engine arrives.
    const transport = faultyTransport(createInProcessTransport(clock), {
      clock,
      faults: ({ envelope }) => (envelope.type === 'reprise.answer' ? { drop: 1 } : undefined),
    });
    const writer = defineAgent({
      name: 'writer',
      handle: async (_task: AgentTask, { messages }: AgentContext) => (await messages.send('#archive', 'text')).id,
    });
    const reprise = await createReprise({
      workflows: [
        workflow('post', { mailboxes: { archive: {} } })
          .task('writer', writer, { may: 'send' })
          .build(),
      ],
      plugins: [definePlugin({ name: 'faulty', kind: 'transport', create: () => time.watchTransport(transport) })],
      clock,
    });
    await reprise.start();
    const run = await reprise.startRun('post', null);
    expect(await time.until(() => transport.counts.dropped > 5, 60_000)).to.equal(true);
    expect(await reprise.runs.messages(run.id)).to.have.length(1);
    expect((await run.state()).tasks.get('writer')?.status).to.equal('running');
    transport.heal();
    await time.until(() => false, 60_000);
    expect(await run.outcome()).to.have.property('status', 'completed');
    await reprise.stop();
  });
  // #endregion
});
