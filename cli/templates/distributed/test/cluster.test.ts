import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { parseEnv } from 'node:util';
import { cluster } from '../cluster.ts';

test('is one process where the environment says nothing', () => {
  assert.deepEqual(cluster({}), []);
  assert.deepEqual(cluster({ KAFKA_BROKERS: '', EVENTSTOREDB_URL: '' }), []);
});

test('is a cluster where it says where the services are, as cluster.env does', () => {
  const env = parseEnv(readFileSync(new URL('../cluster.env', import.meta.url), 'utf8'));
  assert.deepEqual(
    cluster(env).map(({ kind }) => kind),
    ['transport', 'event-store'],
  );
});

test('refuses one without the other, and what is no address', () => {
  assert.throws(() => cluster({ KAFKA_BROKERS: '127.0.0.1:9092' }), /belong together/);
  assert.throws(() => cluster({ EVENTSTOREDB_URL: 'esdb://127.0.0.1:2113' }), /belong together/);
  assert.throws(() => cluster({ KAFKA_BROKERS: 'kafka', EVENTSTOREDB_URL: 'esdb://127.0.0.1:2113' }), /host:port/);
});
