#!/usr/bin/env node
// Runs every test that needs no service and ends with the line "N passed, N failed". Arguments go to mocha: files, --grep …
// End-to-end tests come last; those that kill processes one file after the other: they time their kills by what a process of their own gets done.
// REPRISE_TEST_JOBS: other test files at once (default 2; 1 runs them one after the other).
// REPRISE_SWEEP: "all" kills the second process, too, after every append of the first (test/simulation/support/second-kill.ts).
// REPRISE_PAIRS: "all" plays every pair of words of the language on every path (core/test/workflow/language/pairs.unit.ts).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countedMocha, sayCounts } from './lib/counted-mocha.mjs';
import { say } from './lib/progress.mjs';
import { inRoot, readJson } from './lib/repository.mjs';

const config = readJson(inRoot('.mocharc.json'));
const folder = mkdtempSync(join(tmpdir(), 'reprise-test-'));
const jobs = Number(process.env.REPRISE_TEST_JOBS ?? 2);
const parallel = jobs > 1 ? ['--parallel', '--jobs', String(jobs)] : [];
const own = process.argv.slice(2);

const ignoring = (...patterns) => patterns.flatMap((pattern) => ['--ignore', pattern]);

/** Tests that are no end-to-end tests. */
const COSTS = ['**/*.unit.ts', '**/*.int.ts'];

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
    ['the command line end to end', [...ignoring(...COSTS, '{core,docs,plugins,test}/**'), ...parallel]],
    ['the other end-to-end tests', ignoring(...COSTS, 'cli/**')],
  ];
}

const allFailed = [];
const total = { passes: 0, failures: 0, pending: 0 };
for (const [index, [title, args]] of phases().entries()) {
  say(`> Running ${title} (from source; no service needed) ...`);
  const { code, failed, ...counts } = await countedMocha([...args, ...own], join(folder, `${index}.json`));
  for (const key of Object.keys(total)) total[key] += counts[key];
  allFailed.push(...failed);
  if (code === 130) break;
}
rmSync(folder, { recursive: true, force: true });

sayCounts({ ...total, failed: allFailed });
