import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { scratchRepository } from './support/scratch-repository.ts';
import { ROOT } from './support/tools.ts';

const { isNewEnough } = (await import(`${ROOT}scripts/lib/repository.mjs`)) as {
  isNewEnough(version: string): boolean;
};

/** Exit code and last line of `npm test` for one test file with `text`. */
function testing(text: string, jobs = '1'): { readonly code: number | null; readonly line: string | undefined } {
  const scratch = scratchRepository({ 'example.unit.ts': text });
  const args = [join(ROOT, 'scripts', 'test.mjs'), join(scratch.folder, 'example.unit.ts')];
  const env = { ...process.env, REPRISE_TEST_JOBS: jobs };
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', env, cwd: ROOT });
  scratch.remove();
  return { code: status, line: stdout.trimEnd().split('\n').at(-1) };
}

describe('scripts', () => {
  it('know which Node is new enough', () => {
    for (const version of ['v22.18.0', 'v22.19.1', 'v23.0.0', 'v24.21.0', '24.0.0'])
      expect(isNewEnough(version)).to.equal(true);
    for (const version of ['v20.20.2', 'v22.17.1', 'v18.0.0', '']) expect(isNewEnough(version)).to.equal(false);
  });

  it('end the tests with their counts', () => {
    const text = "it('a', () => {}); it('b', () => {}); it.skip('c', () => {});";
    expect(testing(text)).to.deep.equal({ code: 0, line: '2 passed, 0 failed, 1 skipped' });
  });

  it('fail when a test fails', () => {
    const text = "it('a', () => {}); it('b', () => { throw new Error('no'); });";
    expect(testing(text)).to.deep.equal({ code: 1, line: '1 passed, 1 failed' });
    expect(testing(text, '2')).to.deep.equal({ code: 1, line: '1 passed, 1 failed' });
  });

  for (const jobs of ['1', '2']) {
    it(`fail when a file does not load, or dies (${jobs} at once)`, () => {
      for (const text of ["import './absent.ts';", 'process.exit(3);', "process.kill(process.pid, 'SIGKILL');"]) {
        expect(testing(text, jobs), text).to.deep.equal({ code: 1, line: '0 passed, 1 failed' });
      }
    });
  }

  it('fail when a test is focused', () => {
    expect(testing("it.only('a', () => {});").code).to.equal(1);
    expect(testing("it.only('a', () => {});", '2').code).to.equal(1);
  });

  it('fail when a test leaves by process.exit(0)', () => {
    expect(testing("it('a', () => { process.exit(0); }); it('b', () => {});").code).to.equal(1);
  });

  describe('bench:cluster', () => {
    const bench = (...args: readonly string[]) => {
      const program = ['--conditions=reprise-source', join(ROOT, 'test', 'bench', 'cluster.ts'), ...args];
      const { status, stdout, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8', cwd: ROOT });
      return { status, stdout, stderr };
    };

    it('tells its rows, with the sizes that they are measured with', () => {
      const { status, stdout } = bench('--help');
      expect(status).to.equal(0);
      for (const row of ['throughput', 'lone', 'many-runs', 'fan-out', 'planned', 'killed', 'idle'])
        expect(stdout).to.match(new RegExp(`^  ${row} .*\\(\\d\\+\\d`, 'm'));
    });

    it('refuses what it cannot measure, in a line that says what it can', () => {
      const refused: readonly (readonly [readonly string[], RegExp])[] = [
        [['speed'], /^There is no row 'speed' \(there are throughput, /],
        [['--driver', 'other'], /^--driver must be kafkajs or platformatic, not 'other'\./],
        [['--members', '0+1'], /^--members must be ORCHESTRATORS\+WORKERS/],
        [['--members', ''], /^--members must be ORCHESTRATORS\+WORKERS/],
        [['--scale', '1e9'], /^--scale must be a number, 0\.1 to 10, not '1e9'\./],
        [['--limit', ''], /^--limit must be a number, 10 to 3600, not ''\./],
        [['--runs', '5'], /Unknown option '--runs'/],
      ];
      for (const [args, line] of refused) {
        const { status, stderr, stdout } = bench(...args);
        expect([status, stdout], args.join(' ')).to.deep.equal([2, '']);
        expect(stderr).to.match(line).and.contain('Usage: npm run bench:cluster');
      }
    });
  });
});
