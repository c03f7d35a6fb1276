import { expect } from 'chai';
import { describe, it } from 'mocha';
import { toEnvelope, toRecord } from '../src/records.ts';
import { Topics } from '../src/topics.ts';
import { message } from './support/talk.ts';

const topics = new Topics('acme.', 6);

describe('the topics of Kafka', () => {
  const routes: Readonly<Record<string, readonly [topic: string, partitions: number, shared: boolean]>> = {
    'reprise.commands': ['acme.reprise.commands', 6, false],
    'reprise.results': ['acme.reprise.results', 6, false],
    'reprise.heartbeats': ['acme.reprise.heartbeats', 6, false],
    'reprise.agent.writer': ['acme.reprise.agent.writer', 6, false],
    'reprise.aborts': ['acme.reprise.control', 1, true],
    'reprise.workers': ['acme.reprise.control', 1, true],
    'reprise.worker.w-1': ['acme.reprise.agent-messages', 6, true],
    'orders.paid': ['acme.orders.paid', 6, false],
  };
  for (const [channel, [name, partitions, shared]] of Object.entries(routes))
    it(`${channel} is in ${name}`, () => {
      const route = topics.route(channel);
      expect([route.topic.name, route.topic.partitions, route.shared]).to.deep.equal([name, partitions, shared]);
      expect(route.family).to.deep.include(route.topic);
    });

  it('has commands, results and heartbeats in one group, and nothing else', () => {
    const group = (channel: string): string => topics.groupOf('orchestrator', topics.route(channel));
    const together = ['reprise.results', 'reprise.heartbeats'];
    for (const channel of together) expect(group(channel)).to.equal(group('reprise.commands'));
    const others = Object.keys(routes).filter((channel) => !together.includes(channel));
    expect(new Set(others.map(group)).size).to.equal(others.length);
  });

  it('has names that Kafka takes, and that no other channel has', () => {
    const odd = ['wörter', 'w_rter', 'a/b', 'a b', '.', '..', 'x'.repeat(300), `${'x'.repeat(300)}y`];
    const names = odd.map((channel) => new Topics('', 1).route(channel).topic.name);
    for (const name of names) expect(name).to.match(/^[A-Za-z0-9._-]{3,249}$/);
    expect(new Set(names).size).to.equal(names.length);
  });
});

describe('the records of Kafka', () => {
  it('carry a message, its key, its trace, and its channel where channels share a topic', () => {
    const { channel, envelope } = message('reprise.aborts', 'run-1');
    const traced = {
      ...envelope,
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'a=b',
    };
    const record = toRecord({ channel, envelope: traced }, topics.route(channel), 1);
    expect(record.key).to.equal('run-1');
    expect(record.headers).to.include({
      'reprise-channel': 'reprise.aborts',
      traceparent: traced.traceparent,
      tracestate: 'a=b',
      ce_id: envelope.id,
    });
    const headers = Object.entries(record.headers).map(([name, text]) => [name, Buffer.from(text as string)] as const);
    const incoming = { offset: 0n, key: null, headers: Object.fromEntries(headers), value: record.value };
    expect(toEnvelope(incoming)).to.deep.equal(traced);
  });

  it('that are no message say why', () => {
    const empty = { offset: 0n, key: null, headers: {}, value: null };
    expect(toEnvelope(empty)).to.deep.equal({ unreadable: 'The message is no JSON.' });
    expect(toEnvelope({ ...empty, value: Buffer.from('{}') }))
      .to.have.property('unreadable')
      .that.includes('specversion 1.0, id');
  });
});
