#!/usr/bin/env node
// Runs the tests that need a service, which they start themselves: Kafka, of its jars from Maven Central (Java 17, Maven), Jaeger, built from the Go module proxy (Go), and
// Prometheus, of its Debian package; and ends with the line "N passed, N failed". Where there is none they say so; CI=true fails without Kafka, and without Jaeger where Go is. Arguments go to mocha.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countedMocha, sayCounts } from './lib/counted-mocha.mjs';
import { inRoot } from './lib/repository.mjs';

const folder = ['plugins', 'transport-kafka', 'test'];
const files = readdirSync(inRoot(...folder))
  .filter((name) => name.endsWith('.int.ts'))
  .map((name) => inRoot(...folder, name));
const integration = [
  'cluster',
  'cluster-limits',
  'commands',
  'chaos',
  'tracing',
  'tracing-processes',
  'prometheus',
  'probes',
  'distributed-template',
  'python-worker',
  'dashboard',
];
for (const name of integration) files.push(inRoot('test', 'integration', `${name}.int.ts`));
files.push(inRoot('test', 'e2e', 'start-cluster.e2e.ts'));
const settings = ['--no-config', '--exit', '--forbid-only', '--timeout', '120000'];
const counts = mkdtempSync(join(tmpdir(), 'reprise-test-'));
sayCounts(
  await countedMocha([...settings, ...files, ...process.argv.slice(2)], join(counts, 'counts.json'), {
    REPRISE_TEST_SERVICES: '1',
  }),
);
rmSync(counts, { recursive: true, force: true });
