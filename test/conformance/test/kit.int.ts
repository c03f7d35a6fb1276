import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { MONITOR_CONTROL, MONITOR_MUTANTS } from './fixtures/monitor-mutants.ts';
import { CONTROL, MUTANTS } from './fixtures/mutants.ts';
import { OWNERSHIP_CONTROL, OWNERSHIP_MUTANTS } from './fixtures/ownership-mutants.ts';
import { STRATEGY_CONTROL, STRATEGY_MUTANTS } from './fixtures/strategy-mutants.ts';
import { TEAM_CONTROL, TEAM_MUTANTS } from './fixtures/team-mutants.ts';
import { TRANSPORT_CONTROL, TRANSPORT_MUTANTS } from './fixtures/transport-mutants.ts';
import { VIEW_STORE_CONTROL, VIEW_STORE_MUTANTS } from './fixtures/view-store-mutants.ts';

// The kit is tested as its users run it: by a mocha of its own with nothing configured, so at its limit of two seconds a test.

interface Report {
  readonly stats: { readonly passes: number; readonly failures: number; readonly pending: number };
  readonly failures: readonly { readonly fullTitle: string; readonly err: { readonly message?: string } }[];
}

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}.ts`, import.meta.url));
const mocha = fileURLToPath(new URL('../../../node_modules/mocha/bin/mocha.js', import.meta.url));

/** Runs the suites of a fixture to their end, however many fail. */
async function report(name: string, only: readonly string[] = []): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-kit-'));
  const output = join(folder, 'report.json');
  try {
    const reporter = ['--reporter', 'json', '--reporter-option', `output=${output}`];
    const grep =
      only.length === 0 ? [] : ['--grep', only.map((title) => `^${title.replace(/[()]/g, '\\$&')}`).join('|')];
    const args = ['--conditions=reprise-source', mocha, '--no-config', '--exit', ...reporter, ...grep, fixture(name)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    await new Promise<void>((resolve) => child.on('close', () => resolve()));
    try {
      return JSON.parse(readFileSync(output, 'utf8')) as Report;
    } catch (cause) {
      throw new Error(`The mocha of ${name} gave no report: ${stderr}`, { cause });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('the conformance kit', () => {
  it('passes correct stores, at 5 and 20 ms an append too, whatever time limit mocha has', async () => {
    const { stats, failures } = await report('slow-stores');
    expect(failures.map(({ fullTitle, err }) => `${fullTitle}: ${err.message}`)).to.deep.equal([]);
    expect(stats.passes).to.be.greaterThan(2 * 50);
    expect(stats.pending).to.equal(0);
  });

  it('says of positions that do not compare what is wrong, and tries nothing else', async () => {
    const { stats, failures } = await report('mutant-stores', [
      'event store conformance: counts its positions without padding ',
    ]);
    expect(failures.map(({ fullTitle }) => fullTitle)).to.deep.equal([
      'event store conformance: counts its positions without padding positions compare as text, in the order of the appends',
    ]);
    expect(failures[0]?.err.message).to.contain("Positions must compare as text: '10' came right after '9'");
    expect(stats.passes).to.equal(0);
    expect(stats.pending).to.be.greaterThan(50);
  });

  findsOut('event store', 'mutant-stores', CONTROL, MUTANTS);
  findsOut('transport', 'mutant-transports', TRANSPORT_CONTROL, TRANSPORT_MUTANTS);
  findsOut('strategy', 'mutant-strategies', STRATEGY_CONTROL, STRATEGY_MUTANTS);
  findsOut('team', 'mutant-teams', TEAM_CONTROL, TEAM_MUTANTS);
  findsOut('monitor', 'mutant-monitors', MONITOR_CONTROL, MONITOR_MUTANTS);
  findsOut('ownership', 'mutant-ownerships', OWNERSHIP_CONTROL, OWNERSHIP_MUTANTS);
  findsOut('view store', 'mutant-view-stores', VIEW_STORE_CONTROL, VIEW_STORE_MUTANTS);
});

/** Runs a fixture in which each of `mutants` goes through the suites of `port`, and expects each to be found out where it says. */
function findsOut(
  port: string,
  fixtureName: string,
  control: string,
  mutants: Readonly<Record<string, { readonly suite: string }>>,
): void {
  describe(`finds out one that (${port})`, () => {
    const titleOf = (what: string, suite = ''): string => `${port} conformance: ${what} ${suite}`;
    // Of a mutant only the suite that has to find it out: in others it may hang until the time limit.
    const titles = [
      titleOf(control),
      ...Object.entries(mutants).map(([what, { suite }]) => titleOf(what, `${suite} `)),
    ];
    let failed: readonly string[] = [];
    before(async () => {
      failed = (await report(fixtureName, titles)).failures.map(({ fullTitle }) => fullTitle);
    });

    it('is broken, and no other', () => {
      expect(failed.filter((title) => title.startsWith(titleOf(control)))).to.deep.equal([]);
    });

    for (const [what, { suite }] of Object.entries(mutants)) {
      it(`${what} (${suite})`, () => {
        expect(failed.some((title) => title.startsWith(titleOf(what, `${suite} `)))).to.equal(true);
      });
    }
  });
}
