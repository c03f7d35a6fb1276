#!/usr/bin/env node
// Runs the tests that need a service, which they start themselves: Kafka, of its jars from Maven Central (Java 17, Maven). Arguments go to mocha.
import { readdirSync } from 'node:fs';
import { run } from './lib/child.mjs';
import { inRoot, repositoryNode } from './lib/repository.mjs';

const folder = ['plugins', 'transport-kafka', 'test'];
const files = readdirSync(inRoot(...folder)).filter((name) => name.endsWith('.int.ts'));
const program = ['--conditions=reprise-source', inRoot('node_modules', 'mocha', 'bin', 'mocha.js')];
const settings = ['--no-config', '--exit', '--forbid-only', '--timeout', '120000'];
const { code } = await run(
  repositoryNode(),
  [...program, ...settings, ...files.map((name) => inRoot(...folder, name)), ...process.argv.slice(2)],
  { env: { REPRISE_TEST_SERVICES: '1' } },
);
process.exitCode = code;
