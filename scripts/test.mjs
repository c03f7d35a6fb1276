#!/usr/bin/env node
// Runs every test that needs no service and ends with the line "N passed, N failed". Arguments go to mocha: files, --grep …
// End-to-end tests come last and one file after the other: they time their kills by what a process of their own gets done.
// REPRISE_TEST_JOBS: other test files at once (default 2; 1 runs them one after the other).
// REPRISE_PAIRS: "all" plays every pair of words of the language on every path (core/test/workflow/language/pairs.unit.ts).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './lib/child.mjs';
import { say } from './lib/progress.mjs';
import { inRoot, readJson, repositoryNode } from './lib/repository.mjs';

const config = readJson(inRoot('.mocharc.json'));
const folder = mkdtempSync(join(tmpdir(), 'reprise-test-'));
const jobs = Number(process.env.REPRISE_TEST_JOBS ?? 2);
const parallel = jobs > 1 ? ['--parallel', '--jobs', String(jobs)] : [];
const own = process.argv.slice(2);

const ignoring = (...patterns) => patterns.flatMap((pattern) => ['--ignore', pattern]);

/** One run of mocha after the other, each with its title and arguments. */
function phases() {
  if (own.some((argument) => /\.(unit|int|e2e)\.ts$/.test(argument))) {
    // Named files replace the configured ones, which mocha would add to them.
    const settings = [
      '--no-config',
      '--forbid-only',
      '--timeout',
      String(config.timeout),
      '--slow',
      String(config.slow),
    ];
    return [['the tests', [...settings, ...parallel]]];
  }
  return [
    ['the unit and integration tests', [...ignoring('**/*.e2e.ts'), ...parallel]],
    ['the end-to-end tests', ignoring('**/*.unit.ts', '**/*.int.ts')],
  ];
}

/** Counts of one run of mocha. One that ends badly without a failed test (a file does not load, a crash) has one failure. */
async function mocha(args, counts) {
  const program = ['--conditions=reprise-source', inRoot('node_modules', 'mocha', 'bin', 'mocha.js')];
  const reporter = ['--reporter', inRoot('scripts', 'lib', 'counting-reporter.mjs')];
  const env = { REPRISE_TEST_COUNTS: counts };
  const { code } = await run(repositoryNode(), [...program, ...reporter, ...args, ...own], { env });
  const { passes, failures, pending, failed } = read(counts) ?? { passes: 0, failures: 1, pending: 0, failed: [] };
  return { code, failed, passes, failures: code !== 0 && failures === 0 ? 1 : failures, pending };
}

function read(path) {
  try {
    return readJson(path);
  } catch {
    return undefined; // mocha ended before its report
  }
}

const allFailed = [];
const total = { passes: 0, failures: 0, pending: 0 };
for (const [index, [title, args]] of phases().entries()) {
  say(`> Running ${title} (from source; no service needed) ...`);
  const { code, failed, ...counts } = await mocha(args, join(folder, `${index}.json`));
  for (const key of Object.keys(total)) total[key] += counts[key];
  allFailed.push(...failed);
  if (code === 130) break;
}
rmSync(folder, { recursive: true, force: true });

// Once more at the end, where whoever reads the last lines of a long log finds it.
for (const { title, message } of allFailed)
  process.stdout.write(`FAILED: ${title}\n  ${message.replaceAll('\n', '\n  ')}\n`);

const { passes, failures, pending } = total;
process.stdout.write(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}\n`);
process.exitCode = failures > 0 ? 1 : 0;
