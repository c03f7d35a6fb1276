#!/usr/bin/env node
// Runs the tests that need a service, which they start themselves: Kafka, of its jars from Maven Central (Java 17, Maven), and ends with the
// line "N passed, N failed". Where there is none they say so, and CI=true fails. Arguments go to mocha.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countedMocha, sayCounts } from './lib/counted-mocha.mjs';
import { inRoot } from './lib/repository.mjs';

const folder = ['plugins', 'transport-kafka', 'test'];
const files = readdirSync(inRoot(...folder))
  .filter((name) => name.endsWith('.int.ts'))
  .map((name) => inRoot(...folder, name));
files.push(inRoot('test', 'integration', 'cluster.int.ts'), inRoot('test', 'integration', 'python-worker.int.ts'));
const settings = ['--no-config', '--exit', '--forbid-only', '--timeout', '120000'];
const counts = mkdtempSync(join(tmpdir(), 'reprise-test-'));
sayCounts(
  await countedMocha([...settings, ...files, ...process.argv.slice(2)], join(counts, 'counts.json'), {
    REPRISE_TEST_SERVICES: '1',
  }),
);
rmSync(counts, { recursive: true, force: true });
