#!/usr/bin/env node
// Runs every test that needs no service and ends with the line "N passed, N failed". Arguments go to mocha: files, --grep …
// REPRISE_TEST_JOBS: test files at once (default 2; 1 runs them one after the other).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './lib/child.mjs';
import { say } from './lib/progress.mjs';
import { inRoot, readJson, repositoryNode } from './lib/repository.mjs';

const folder = mkdtempSync(join(tmpdir(), 'reprise-test-'));
const counts = join(folder, 'counts.json');
const jobs = Number(process.env.REPRISE_TEST_JOBS ?? 2);
const own = process.argv.slice(2);
const parallel = jobs > 1 ? ['--parallel', '--jobs', String(jobs)] : [];
const named = own.some((argument) => /\.(unit|int|e2e)\.ts$/.test(argument))
  ? ['--no-config', ...configWithoutSpec()]
  : [];

/** Named files replace the configured ones, which mocha would add to them. */
function configWithoutSpec() {
  const config = readJson(inRoot('.mocharc.json'));
  return ['--forbid-only', '--timeout', String(config.timeout), '--slow', String(config.slow)];
}

say('> Running the tests (from source; no service needed) ...');
const { code } = await run(
  repositoryNode(),
  [
    '--conditions=reprise-source',
    inRoot('node_modules', 'mocha', 'bin', 'mocha.js'),
    '--reporter',
    inRoot('scripts', 'lib', 'counting-reporter.mjs'),
    ...parallel,
    ...named,
    ...own,
  ],
  { env: { REPRISE_TEST_COUNTS: counts } },
);
const { passes, failures, pending } = read(counts) ?? { passes: 0, failures: 1, pending: 0 };
rmSync(folder, { recursive: true, force: true });

// A run that ends badly without a failed test (a file that does not load, a crash after the last test) counts as one failure.
const failed = code !== 0 && failures === 0 ? 1 : failures;
process.stdout.write(`${passes} passed, ${failed} failed${pending > 0 ? `, ${pending} skipped` : ''}\n`);
process.exitCode = failed > 0 ? 1 : 0;

function read(path) {
  try {
    return readJson(path);
  } catch {
    return undefined; // mocha ended before its report
  }
}
