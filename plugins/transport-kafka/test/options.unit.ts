import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRepriseError } from '@reprise/core/plugin';
import { type KafkaOptions, kafkaTransport } from '@reprise/transport-kafka';
import { expect } from 'chai';
import { after, describe, it } from 'mocha';
import { resolveOptions } from '../src/options.ts';

const SECRET = 'hunter2-hunter2';

function problemOf(options: unknown): string {
  try {
    kafkaTransport(options as KafkaOptions);
  } catch (error) {
    expect(isRepriseError(error, 'REPRISE_CONFIG_INVALID'), String(error)).to.equal(true);
    return `${(error as Error).message} ${JSON.stringify(error)}`;
  }
  return 'none';
}

const brokers = ['a:9092'];

describe('the options of Kafka', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-kafka-options-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it('have defaults, but for where the cluster is', () => {
    expect(resolveOptions({ brokers: 'a:9092, b.example:9093' })).to.deep.equal({
      brokers: ['a:9092', 'b.example:9093'],
      driver: 'kafkajs',
      clientId: 'reprise',
      prefix: '',
      partitions: 12,
      replicationFactor: undefined,
      createTopics: true,
      tls: undefined,
      sasl: undefined,
      orchestrators: 'many',
      sessionMs: 10_000,
      retryMs: 30_000,
    });
  });

  it('take secrets from files, and tokens from them anew each time', () => {
    const passwordFile = file('password', `${SECRET}\n`);
    const { sasl } = resolveOptions({ brokers, sasl: { mechanism: 'scram-sha-512', username: 'bo', passwordFile } });
    expect(sasl).to.deep.equal({ mechanism: 'scram-sha-512', username: 'bo', password: SECRET });
    const tokenFile = file('token', 'first\n');
    const oauth = resolveOptions({ brokers, sasl: { mechanism: 'oauthbearer', tokenFile } }).sasl;
    const token = (): string => (oauth?.mechanism === 'oauthbearer' ? oauth.token() : '');
    expect(token()).to.equal('first');
    file('token', 'second\n');
    expect(token()).to.equal('second');
  });

  it('read certificates', () => {
    const [caFile, certFile, keyFile] = [file('ca', 'CA'), file('cert', 'CERT'), file('key', 'KEY')];
    expect(resolveOptions({ brokers, tls: { caFile, certFile, keyFile, serverName: 'kafka' } }).tls).to.deep.equal({
      ca: 'CA',
      cert: 'CERT',
      key: 'KEY',
      serverName: 'kafka',
    });
    expect(resolveOptions({ brokers, tls: true }).tls).to.deep.equal({});
  });

  const mistakes: Readonly<Record<string, readonly [unknown, string]>> = {
    nothing: [undefined, 'not an object'],
    'no brokers': [{}, 'brokers is missing'],
    'an empty list of brokers': [{ brokers: [] }, 'brokers is missing'],
    'a broker without a port': [{ brokers: ['a'] }, 'host:port'],
    'a broker with a scheme and a password': [{ brokers: `kafka://bo:${SECRET}@a:9092` }, 'without a scheme'],
    'an option that there is not': [{ brokers, groupId: 'x' }, 'no option "groupId"'],
    'a namespace with a dot': [{ brokers, namespace: 'a.b' }, 'namespace'],
    'a part of a partition': [{ brokers, partitions: 1.5 }, 'partitions'],
    'a session that is too short': [{ brokers, sessionMs: 10 }, 'sessionMs'],
    'another mechanism': [{ brokers, sasl: { mechanism: 'aws', password: SECRET } }, 'plain, scram-sha-256'],
    'no password': [{ brokers, sasl: { mechanism: 'plain', username: 'bo' } }, 'either password or passwordFile'],
    'two passwords': [
      { brokers, sasl: { mechanism: 'plain', username: 'bo', password: SECRET, passwordFile: '/x' } },
      'either password or passwordFile',
    ],
    'no user': [{ brokers, sasl: { mechanism: 'plain', password: SECRET } }, 'sasl.username'],
    'a file that is not there': [
      { brokers, sasl: { mechanism: 'oauthbearer', tokenFile: '/no/such/file' } },
      'sasl.tokenFile /no/such/file cannot be read (ENOENT)',
    ],
    'an option of another mechanism': [
      { brokers, sasl: { mechanism: 'oauthbearer', token: SECRET, username: 'bo' } },
      'no option "sasl.username"',
    ],
    'a certificate without a key': [{ brokers, tls: { certFile: '/x' } }, 'together'],
    'text for TLS': [{ brokers, tls: 'yes' }, 'tls must be'],
  };
  for (const [what, [options, told]] of Object.entries(mistakes))
    it(`say what is wrong with ${what}, and no secret`, () => {
      const problem = problemOf(options);
      expect(problem).to.include(told);
      expect(problem).not.to.include(SECRET);
    });
});
