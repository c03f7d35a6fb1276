import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect, promisify } from 'node:util';
import type { Delivery } from '@reprise/core/plugin';
import { isRepriseError } from '@reprise/core/plugin';
import { createKafkaTransport, type KafkaOptions } from '@reprise/transport-kafka';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import type { Special } from './support/kafka-broker.ts';
import { failureOf, ids, message, started, stopAll, until } from './support/talk.ts';
import { withEachDriver } from './support/with-broker.ts';

const run = promisify(execFile);

const USER = 'alice';
const SECRET = 'correct-horse-battery';
const STORE = 'password-of-the-store';

/** A broker that wants TLS, and a user with a password; its certificate is of its own making. */
const SECURED: Special = {
  async prepare(folder) {
    const store = ['-keystore', join(folder, 'keys.p12'), '-storepass', STORE, '-alias', 'broker'];
    const name = ['-dname', 'CN=localhost', '-ext', 'san=dns:localhost,ip:127.0.0.1'];
    await run('keytool', ['-genkeypair', '-keyalg', 'EC', '-storetype', 'PKCS12', '-validity', '2', ...name, ...store]);
    const { stdout } = await run('keytool', ['-exportcert', '-rfc', ...store]);
    writeFileSync(join(folder, 'ca.pem'), stdout);
    const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
    return {
      'listener.security.protocol.map': 'PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN',
      'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'listener.name.plaintext.plain.sasl.jaas.config': `${login} username="${USER}" password="${SECRET}" user_${USER}="${SECRET}" user_eve="another";`,
      'ssl.keystore.location': join(folder, 'keys.p12'),
      'ssl.keystore.type': 'PKCS12',
      'ssl.keystore.password': STORE,
      'ssl.truststore.location': join(folder, 'keys.p12'),
      'ssl.truststore.type': 'PKCS12',
      'ssl.truststore.password': STORE,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': `User:${USER};User:ANONYMOUS`,
    };
  },
  client: (folder) => ({
    ssl: { ca: [readFileSync(join(folder, 'ca.pem'), 'utf8')] },
    sasl: { mechanism: 'plain', username: USER, password: SECRET },
  }),
};

const told = (error: unknown): string => `${inspect(error, { depth: 9 })} ${JSON.stringify(error)}`;

withEachDriver(
  'kafka, over TLS and with a password',
  (broker, driver) => {
    afterEach(stopAll);

    const tls = () => ({ caFile: join(broker().folder, 'ca.pem') });
    const options = (sasl: KafkaOptions['sasl'], more: Partial<KafkaOptions> = {}): KafkaOptions => ({
      brokers: broker().address,
      driver,
      tls: tls(),
      ...(sasl === undefined ? {} : { sasl }),
      retryMs: 3000,
      ...more,
    });

    it('carries messages, the password being in a file', async () => {
      const passwordFile = join(broker().folder, 'password');
      writeFileSync(passwordFile, `${SECRET}\n`);
      const transport = await started(
        options({ mechanism: 'plain', username: USER, passwordFile }, { retryMs: 30_000 }),
      );
      const seen: Delivery[] = [];
      await transport.subscribe('jobs', (delivery) => void seen.push(delivery), { group: 'workers' });
      const one = message('jobs', 'key');
      await transport.publish([one]);
      await until(() => ids(seen).includes(one.envelope.id));
    });

    it('says that a password is wrong, and not which', async () => {
      const wrong = 'wrong-horse-battery';
      const transport = createKafkaTransport(options({ mechanism: 'plain', username: USER, password: wrong }));
      const began = Date.now();
      const error = await failureOf(transport.start());
      expect(isRepriseError(error, 'REPRISE_TRANSPORT_DENIED'), told(error)).to.equal(true);
      expect(Date.now() - began, 'asking again will not help').to.be.below(3000);
      expect(told(error)).to.include(broker().address).and.not.include(wrong);
      await transport.stop();
    });

    it('says which right is missing', async () => {
      const transport = await started(options({ mechanism: 'plain', username: 'eve', password: 'another' }));
      const error = await failureOf(transport.publish([message('jobs', 'key')]));
      expect(isRepriseError(error, 'REPRISE_TRANSPORT_DENIED'), told(error)).to.equal(true);
      expect(told(error)).to.include('jobs').and.not.include('another');
    });

    it('does not take a certificate of nobody that it knows', async () => {
      const transport = createKafkaTransport(
        options({ mechanism: 'plain', username: USER, password: SECRET }, { tls: true }),
      );
      const error = await failureOf(transport.start());
      expect(isRepriseError(error, 'REPRISE_TRANSPORT_UNAVAILABLE'), told(error)).to.equal(true);
      expect(told(error)).to.include('certificate').and.not.include(SECRET);
      await transport.stop();
    });
  },
  SECURED,
);

describe('kafka, where nobody answers', () => {
  it('says so in time, and where', async () => {
    const transport = createKafkaTransport({ brokers: '127.0.0.1:9', retryMs: 700 });
    const began = Date.now();
    const error = await failureOf(transport.start());
    expect(isRepriseError(error, 'REPRISE_TRANSPORT_UNAVAILABLE'), told(error)).to.equal(true);
    expect(told(error)).to.include('127.0.0.1:9');
    expect(Date.now() - began).to.be.within(600, 2000);
    await transport.stop();
  });
});
