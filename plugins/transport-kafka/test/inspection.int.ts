import type { Delivery, Finding, Transport } from '@reprise/core/plugin';
import { createKafkaTransport, type KafkaOptions } from '@reprise/transport-kafka';
import { expect } from 'chai';
import { afterEach, it } from 'mocha';
import { message, started, stopAll, until } from './support/talk.ts';
import { withEachDriver } from './support/with-broker.ts';

withEachDriver('kafka, which says how it is', (broker, driver) => {
  afterEach(stopAll);

  const options = (namespace: string): KafkaOptions => ({
    brokers: broker().address,
    driver,
    namespace,
    partitions: 4,
    sessionMs: 1500,
  });
  const told = async (transport: Transport, agents: readonly string[] = []): Promise<readonly Finding[]> =>
    (await transport.inspect?.(agents)) ?? [];
  const lagOf = (findings: readonly Finding[], whose: string): Finding | undefined =>
    findings.find(({ name, detail }) => name === 'lag' && detail.startsWith(whose));
  const GROUP = { group: 'orchestrator', concurrency: 100 };

  it('before anything was sent: what is made by a start, or is missing', async () => {
    const transport = await started(options('fresh'));
    expect(await told(transport, ['writer'])).to.deep.equal([
      { name: 'topics', status: 'ok', detail: '0 are as they are to be, 7 are made when they are first used' },
      { name: 'lag', status: 'ok', detail: 'orchestrators: nothing was sent yet' },
      { name: 'lag', status: 'ok', detail: 'workers of writer: nothing was sent yet' },
      { name: 'dead letters', status: 'ok', detail: 'none' },
    ]);
    const strict = await started({ ...options('fresh'), createTopics: false });
    const [topics] = await told(strict);
    expect(topics).to.include({ name: 'topics', status: 'fail', fix: 'Make them: reprise kafka topics apply' });
    expect(topics?.detail).to.contain('6 missing').and.contain('fresh.reprise.results');
  });

  it('what waits, by partition over the topics that belong together, and whether anybody takes it', async () => {
    const transport = await started(options('lag'));
    const taker = createKafkaTransport(options('lag'));
    await taker.start();
    const held: Delivery[] = [];
    const hold = (delivery: Delivery): void => void held.push(delivery);
    await taker.subscribe('reprise.commands', hold, GROUP);
    await taker.subscribe('reprise.results', hold, GROUP);
    // One key: both are in the same partition of their topics.
    const of = (channel: string) => Array.from({ length: 3 }, () => message(channel, 'run-1'));
    await transport.publish([...of('reprise.results'), ...of('reprise.commands')]);
    await until(() => held.length === 6);
    const busy = lagOf(await told(transport), 'orchestrators');
    expect(busy?.detail).to.match(/^orchestrators: 6 messages wait \(partition [0-3]: 6\), 1 process takes them$/);
    expect(busy?.status).to.equal('ok');
    for (const delivery of held.slice(0, 2)) delivery.ack();
    await until(
      async () => lagOf(await told(transport), 'orchestrators')?.detail.includes(': 4 messages wait') === true,
    );
    await taker.stop();
    const left = lagOf(await told(transport), 'orchestrators');
    expect(left).to.include({ status: 'warn', fix: 'Start one of the orchestrators.' });
    expect(left?.detail).to.contain('4 messages wait').and.contain('0 processes take them');
  });

  it('what was refused', async () => {
    const transport = await started(options('letters'));
    await transport.subscribe(
      'jobs',
      (delivery) => delivery.reject?.({ reason: 'REPRISE_MESSAGE_INVALID: odd' }),
      GROUP,
    );
    await transport.publish([message('jobs', 'a'), message('jobs', 'b')]);
    const letters = async (): Promise<Finding | undefined> =>
      (await told(transport)).find(({ name }) => name === 'dead letters');
    await until(
      async () => (await letters())?.status === 'warn' && (await letters())?.detail.startsWith('2 ') === true,
    );
    expect((await letters())?.detail).to.equal('2 in letters.reprise.dead-letters');
    expect((await letters())?.fix).to.contain('reprise-cause');
  });

  it('that no broker answers', async () => {
    const transport = createKafkaTransport({ brokers: '127.0.0.1:9', retryMs: 300 });
    const failed = await told(transport).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failed).to.include({ code: 'REPRISE_TRANSPORT_UNAVAILABLE' });
    await transport.stop();
  });
});
