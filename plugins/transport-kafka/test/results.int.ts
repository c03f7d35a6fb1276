import {
  createInMemoryStorage,
  createReprise,
  createWorker,
  defineAgent,
  definePlugin,
  type Json,
  type Orchestrator,
  remoteAgent,
  type Storage,
  type Worker,
  workflow,
} from '@reprise/core';
import { type Delivery, type Envelope, readStream, runStream } from '@reprise/core/plugin';
import { kafkaTransport } from '@reprise/transport-kafka';
import { expect } from 'chai';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, it } from 'mocha';
import { makeTopic } from './support/make-topic.ts';
import { message, started, stopAll, until } from './support/talk.ts';
import { withEachDriver } from './support/with-broker.ts';

const SECRETS = { REPRISE_TEST_NEW: 'n'.repeat(32), REPRISE_TEST_OLD: 'o'.repeat(32) };
const [NEW, OLD] = [{ env: 'REPRISE_TEST_NEW' }, { env: 'REPRISE_TEST_OLD' }];

const job = workflow<null>('job')
  .task('work', remoteAgent<null, string>({ name: 'worker' }), { retry: 3 })
  .build();

withEachDriver('kafka, over which somebody reports what was not his to do', (broker, driver) => {
  Object.assign(process.env, SECRETS);
  const open: (Orchestrator | Worker)[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.stop({ drainMs: 0 });
    await stopAll();
  });

  const options = (namespace: string) => ({
    brokers: broker().address,
    driver,
    namespace,
    partitions: 2,
    sessionMs: 1500,
  });

  /** A store that outlives the orchestrators that it is lent to, and what they are warned of. */
  function world(namespace: string) {
    const inner = createInMemoryStorage();
    const storage: Storage = { ...inner, events: { ...inner.events, close: async () => undefined } };
    const codes: unknown[] = [];
    const store = definePlugin({ name: 'lent', kind: 'event-store', create: () => storage });
    const ears = definePlugin({
      name: 'ears',
      kind: 'monitor',
      create: () => ({
        name: 'ears',
        onEvent: () => undefined,
        onNotice: (notice) =>
          void (notice.kind === 'log' && notice.fields?.['refused'] !== undefined && codes.push(notice.fields['code'])),
        forceFlush: async () => undefined,
        shutdown: async () => undefined,
      }),
    });
    const orchestrator = async (
      dispatchSecret: NonNullable<Parameters<typeof createReprise>[0]>['dispatchSecret'] = NEW,
    ) => {
      const plugins = [kafkaTransport(options(namespace)), store, ears];
      const limits = { leaseMs: 2000, redispatchMs: 2000 };
      const reprise = await createReprise({ workflows: [job], plugins, limits, dispatchSecret });
      open.push(reprise);
      await reprise.start();
      return reprise;
    };
    const eventsOf = (runId: string) => Array.fromAsync(readStream(storage.events, runStream(runId)));
    return { orchestrator, codes, eventsOf };
  }

  /** A worker whose attempts wait until they are answered. */
  async function worker(namespace: string) {
    const calls: { readonly attempt: number; answer(output: string): void }[] = [];
    const agent = defineAgent({
      name: 'worker',
      handle: ({ attempt }) => {
        const { promise, resolve } = Promise.withResolvers<string>();
        calls.push({ attempt, answer: resolve });
        return promise;
      },
    });
    const plugins = [kafkaTransport(options(namespace))];
    const made = await createWorker({ agents: [agent], plugins, limits: { leaseMs: 2000 } });
    open.push(made);
    await made.start();
    return { worker: made, calls };
  }

  /** Who has read the dispatches and may write to the topics. */
  async function intruder(namespace: string) {
    const transport = await started({ ...options(namespace), clientId: 'intruder' });
    const dispatches: Envelope[] = [];
    const hear = (delivery: Delivery): void => {
      dispatches.push(delivery.envelope);
      delivery.ack();
    };
    await transport.subscribe('reprise.agent.worker', hear, { broadcast: true });
    const say = async (channel: string, runId: string, data: Json, dispatchtoken?: string): Promise<void> => {
      const { envelope } = message(channel, runId);
      const token = dispatchtoken === undefined ? {} : { dispatchtoken };
      await transport.publish([
        { channel, envelope: { ...envelope, source: 'intruder', runid: runId, ...token, data } },
      ]);
    };
    return { dispatches, say };
  }

  const forged = (runId: string, attempt: number) =>
    ({
      type: 'CompleteTask',
      commandId: `forged/${attempt}`,
      runId,
      taskId: 'work',
      attempt,
      output: 'forged',
    }) as const;

  /** The causes of the first so many dead letters, and where each was. */
  async function deadLetters(namespace: string, count: number): Promise<readonly string[]> {
    const kafka = new Kafka({ brokers: [broker().address], logLevel: logLevel.NOTHING });
    const reader = kafka.consumer({ groupId: `${namespace}.reader`, maxWaitTimeInMs: 200 });
    const causes: string[] = [];
    await reader.connect();
    // The topic is made with the first of them, and known to the broker a moment later.
    const topics = [`${namespace}.reprise.dead-letters`];
    await until(() =>
      reader.subscribe({ topics, fromBeginning: true }).then(
        () => true,
        () => false,
      ),
    );
    await reader.run({
      eachMessage: async ({ message: { headers = {} } }) => {
        causes.push(`${headers['reprise-topic']} ${headers['reprise-cause']}`);
      },
    });
    await until(() => causes.length >= count);
    await reader.disconnect();
    return causes;
  }

  it('ends no attempt by it; is told of it, keeps it as a dead letter, and takes the real result', async () => {
    const { orchestrator, codes, eventsOf } = world('forged');
    const { dispatches, say } = await intruder('forged');
    const reprise = await orchestrator();
    const first = await worker('forged');
    const run = await reprise.startRun(job, null);
    await until(() => first.calls.length === 1 && dispatches.length === 1);
    const [old] = dispatches;
    // An attempt that is given up before is handed to another as it is.
    await until(async () => (await eventsOf(run.id)).some(({ type }) => type === 'TaskStarted'));
    // Its worker gives the first attempt up; the token of it is worth nothing for the second.
    await first.worker.stop({ drainMs: 0 });
    const second = await worker('forged');
    const last = () => second.calls.find(({ attempt }) => attempt === 2);
    await until(() => last() !== undefined && dispatches.length > 1);
    const token = dispatches.at(-1)?.dispatchtoken;
    expect(token).to.be.a('string').and.not.equal(old?.dispatchtoken);
    await say('reprise.results', run.id, forged(run.id, 2));
    await say('reprise.results', run.id, forged(run.id, 2), 'x'.repeat(47));
    await say('reprise.results', run.id, forged(run.id, 2), old?.dispatchtoken);
    const cancel = { ...forged(run.id, 2), type: 'CancelRun', reason: 'not yours' };
    await say('reprise.results', run.id, cancel, token);
    await say('reprise.commands', run.id, forged(run.id, 2), token);
    await until(() => codes.length === 5);
    expect(codes.filter((code) => code === 'REPRISE_RESULT_UNVERIFIED')).to.have.length(3);
    expect(codes.filter((code) => code === 'REPRISE_CHANNEL_REFUSED')).to.have.length(2);
    expect(reprise.border).to.deep.equal({ verifiesResults: true, refused: 5 });
    const [none, wrong] = ['it has no token', 'its token is not of this attempt'];
    expect((await deadLetters('forged', 5)).toSorted()).to.deep.equal([
      'forged.reprise.commands REPRISE_CHANNEL_REFUSED: results go over reprise.results',
      'forged.reprise.results REPRISE_CHANNEL_REFUSED: over reprise.results workers report of attempts, and nothing else',
      `forged.reprise.results REPRISE_RESULT_UNVERIFIED: ${none}`,
      `forged.reprise.results REPRISE_RESULT_UNVERIFIED: ${wrong}`,
      `forged.reprise.results REPRISE_RESULT_UNVERIFIED: ${wrong}`,
    ]);
    last()?.answer('real');
    expect(await run.result()).to.equal('real');
    const events = await eventsOf(run.id);
    expect(events.some(({ type }) => type === 'CommandRejected' || type === 'RunCancelled')).to.equal(false);
    const completed = events.find(({ type }) => type === 'TaskCompleted');
    expect(completed?.metadata.sender).to.deep.equal({ worker: second.worker.id, verified: true });
  });

  it('takes results of what another orchestrator handed out, before and after the secret was changed', async () => {
    const { orchestrator, codes } = world('rotated');
    const { calls } = await worker('rotated');
    const first = await orchestrator(OLD);
    const run = await first.startRun(job, null);
    await until(() => calls.length === 1);
    await first.stop({ drainMs: 0 });
    const second = await orchestrator(OLD);
    calls[0]?.answer('taken over');
    expect(await second.run(run.id).result(), 'the same secret').to.equal('taken over');
    const other = await second.startRun(job, null);
    await until(() => calls.length === 2);
    await second.stop({ drainMs: 0 });
    const third = await orchestrator([NEW, OLD]);
    calls[1]?.answer('rotated');
    expect(await third.run(other.id).result(), 'the new secret, and the old one beside it').to.equal('rotated');
    const last = await third.startRun(job, null);
    await until(() => calls.length === 3);
    await third.stop({ drainMs: 0 });
    const fourth = await orchestrator(NEW);
    calls[2]?.answer('the new one');
    expect(await fourth.run(last.id).result(), 'the new one alone').to.equal('the new one');
    expect(codes).to.deep.equal([]);
  });

  it('is refused when the topics of runs have not the same number of partitions', async () => {
    const kafka = new Kafka({ brokers: [broker().address], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await makeTopic(admin, { topic: 'uneven.reprise.results', numPartitions: 3 });
    await admin.disconnect();
    const { orchestrator } = world('uneven');
    const failed = await orchestrator().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failed).to.include({ code: 'REPRISE_TRANSPORT_REFUSED' });
    expect(String(failed)).to.contain('uneven.reprise.commands has 2, uneven.reprise.results has 3');
  });
});
