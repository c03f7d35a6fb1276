#!/usr/bin/env node
// The tests with coverage: a table, and coverage/index.html. Arguments as for `npm test`.
import { run } from './lib/child.mjs';
import { inRoot, repositoryNode } from './lib/repository.mjs';

const included = ['core/src/**', 'plugins/*/src/**', 'cli/src/**', 'test/conformance/src/**', 'docs/examples/*/src/**'];
const { code } = await run(
  repositoryNode(),
  [
    inRoot('node_modules', 'c8', 'bin', 'c8.js'),
    '--all',
    ...included.flatMap((pattern) => ['--include', pattern]),
    ...['--reporter', 'text', '--reporter', 'html', '--reporter', 'lcovonly'],
    repositoryNode(),
    inRoot('scripts', 'test.mjs'),
    ...process.argv.slice(2),
  ],
  { env: { REPRISE_TEST_JOBS: '1' } },
);
process.exitCode = code;
