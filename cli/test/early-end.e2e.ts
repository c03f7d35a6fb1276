import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { BIN, jsonLines, reprise, temporaryFolders } from './support.ts';

const folder = temporaryFolders();

const configured = (text: string): string => {
  const cwd = folder();
  writeFileSync(join(cwd, 'reprise.config.mjs'), text);
  return cwd;
};

describe('a command that ends early', () => {
  it('says that stdout is full, without a stack', function () {
    if (!existsSync('/dev/full')) this.skip();
    for (const [flags, start] of [
      [[], /^Error REPRISE_NOT_WRITABLE: .*the disk is full\.\n {2}Fix: /m],
      [['--json'], /^\{"error":\{"code":"REPRISE_NOT_WRITABLE"/m],
    ] as const) {
      const full = openSync('/dev/full', 'w');
      try {
        const { status, stderr } = spawnSync(process.execPath, [BIN, 'workflow', 'list', ...flags], {
          cwd: configured('export default { workflows: [] };'),
          stdio: ['ignore', full, 'pipe'],
          encoding: 'utf8',
        });
        expect(status).to.equal(1);
        expect(stderr).to.match(start);
        expect(stderr).not.to.match(/^\s+at /m);
      } finally {
        closeSync(full);
      }
    }
  });

  it('names the configuration that ended the process', async () => {
    const cwd = configured('process.exit(0);');
    const { code, stderr } = await reprise(['workflow', 'list'], { cwd });
    expect(code).to.equal(1);
    expect(stderr).to.contain('reprise.config.mjs ended the process (exit code 0)');
  });

  it('tells what was thrown where nobody could catch it', async () => {
    const cwd = configured(
      'setTimeout(() => { throw new Error("late"); }); export default {}; await new Promise((done) => setTimeout(done, 500));',
    );
    const { code, stderr } = await reprise(['workflow', 'list', '--json'], { cwd });
    expect(code).to.equal(1);
    const [first] = jsonLines(stderr.split('\n')[0] ?? '');
    expect(first?.error).to.include({ code: 'REPRISE_UNEXPECTED', exitCode: 1 });
    expect(stderr.split('\n')[0]).to.contain('thrown where nobody could catch it. late');
  });
});
