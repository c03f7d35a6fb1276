import { createReprise, createWorker, defineAgent, remoteAgent, workflow } from '@reprise/core';
import { isRepriseError } from '@reprise/core/plugin';
import { createKafkaTransport, type KafkaOptions, kafkaTransport } from '@reprise/transport-kafka';
import { expect } from 'chai';
import { type AclEntry, Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import { afterEach, before, it } from 'mocha';
import type { Special } from './support/kafka-broker.ts';
import { ROLES, rightsOfReadme } from './support/rights.ts';
import { failureOf, message } from './support/talk.ts';
import { withEachDriver } from './support/with-broker.ts';

const ADMIN = 'admin';
const passwordOf = (user: string): string => `password-of-${user}`;

/** A broker where nobody may do what he was not given a right to. */
const LOCKED: Special = {
  async prepare() {
    const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
    const users = [ADMIN, ...ROLES].map((user) => `user_${user}="${passwordOf(user)}"`).join(' ');
    return {
      'listener.security.protocol.map': 'PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN',
      'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'listener.name.plaintext.plain.sasl.jaas.config': `${login} username="${ADMIN}" password="${passwordOf(ADMIN)}" ${users};`,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': `User:${ADMIN};User:ANONYMOUS`,
    };
  },
  client: (): Partial<KafkaConfig> => ({
    sasl: { mechanism: 'plain', username: ADMIN, password: passwordOf(ADMIN) },
  }),
};

// As the protocol has them.
const OPERATIONS = { Read: 3, Write: 4, Create: 5, Delete: 6, Describe: 8, DescribeConfigs: 10, AlterConfigs: 11 };
const [LITERAL, PREFIXED] = [3, 4];
const RESOURCES = { topic: 2, group: 3 };
const ALLOW = 3;

const TOPIC = 'shop.reprise.agent.writer';

withEachDriver(
  'kafka, where each has the rights of the README and no other',
  (broker, driver) => {
    before(async () => {
      const client = { brokers: [broker().address], logLevel: logLevel.NOTHING, ...LOCKED.client(broker().folder) };
      const admin = new Kafka(client).admin();
      await admin.connect();
      const acl = rightsOfReadme().rights.map(({ on, name, role, operation }): AclEntry => {
        const [before = '', rest] = `shop.${name}`.split('<');
        return {
          principal: `User:${role}`,
          host: '*',
          operation: OPERATIONS[operation as keyof typeof OPERATIONS],
          permissionType: ALLOW,
          resourceType: RESOURCES[on],
          resourceName: before,
          resourcePatternType: rest === undefined ? LITERAL : PREFIXED,
        };
      });
      expect(acl.filter(({ operation }) => operation === undefined)).to.deep.equal([]);
      await admin.createAcls({ acl });
      await admin.disconnect();
    });
    const open: { stop(): Promise<void> }[] = [];
    afterEach(async () => {
      for (const one of open.splice(0)) await one.stop();
    });

    const as = (username: (typeof ROLES)[number]): KafkaOptions => ({
      brokers: broker().address,
      driver,
      namespace: 'shop',
      partitions: 2,
      createTopics: false,
      retryMs: 5000,
      sasl: { mechanism: 'plain', username, password: passwordOf(username) },
    });

    it('an operator makes the topics, over which an orchestrator and a worker carry a run out', async () => {
      const operator = createKafkaTransport(as('operator'));
      open.push(operator);
      expect(await operator.topics?.apply(['writer'])).to.have.length(7);
      expect((await operator.topics?.look(['writer']))?.flatMap(({ differences }) => differences)).to.deep.equal([]);
      const write = remoteAgent<string, string>({ name: 'writer' });
      const book = workflow<string>('book').task('write', write).build();
      const reprise = await createReprise({ workflows: [book], plugins: [kafkaTransport(as('orchestrator'))] });
      open.push(reprise);
      await reprise.start();
      const writer = defineAgent({
        name: 'writer',
        handle: ({ input }: { input: string }, { emit }) => {
          emit('begun');
          return `On ${input}`;
        },
      });
      const worker = await createWorker({ agents: [writer], plugins: [kafkaTransport(as('worker'))] });
      open.push(worker);
      await worker.start();
      const run = await reprise.startRun(book, 'tea');
      expect(await run.result()).to.equal('On tea');
      const findings = (await operator.inspect?.(['writer'])) ?? [];
      expect(findings.map(({ name, status }) => `${name} ${status}`)).to.deep.equal([
        'topics ok',
        'lag ok',
        'lag ok',
        'dead letters ok',
      ]);
      const client = { brokers: [broker().address], logLevel: logLevel.NOTHING, ...LOCKED.client(broker().folder) };
      const admin = new Kafka(client).admin();
      await admin.connect();
      const configEntries = [{ name: 'retention.ms', value: '1000' }];
      await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: TOPIC, configEntries }] });
      await admin.disconnect();
      // What it was made with is at the brokers' default now, too.
      const configs = ['max.message.bytes', 'retention.ms'];
      expect(await operator.topics?.apply(['writer'], { configs: true })).to.deep.equal([
        { topic: TOPIC, did: 'changed', configs },
      ]);
    });

    it('a worker neither commands nor reads results, and a client commands, and nothing else', async () => {
      const worker = createKafkaTransport(as('worker'));
      const client = createKafkaTransport(as('client'));
      open.push(worker, client);
      await Promise.all([worker.start(), client.start()]);
      const denied = async (action: Promise<unknown>, what: string): Promise<void> => {
        const error = await failureOf(action);
        expect(isRepriseError(error, 'REPRISE_TRANSPORT_DENIED'), `${what}: ${String(error)}`).to.equal(true);
      };
      const reads = { group: 'orchestrator' };
      await denied(worker.publish([message('reprise.commands', 'k')]), 'commands');
      await denied(
        worker.subscribe('reprise.results', (delivery) => delivery.ack(), reads),
        'results',
      );
      await denied(worker.publish([message('reprise.agent.writer', 'k')]), 'dispatches');
      await client.publish([message('reprise.commands', 'k')]);
      await denied(client.publish([message('reprise.results', 'k')]), 'results of a client');
      const seen = (await client.inspect?.([])) ?? [];
      expect(seen.map(({ name, detail }) => `${name} ${detail.split(':')[0]}`)).to.include('topics cannot be told');
    });
  },
  LOCKED,
);
