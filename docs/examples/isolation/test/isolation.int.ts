import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

describe('an agent in a process of its own', () => {
  it('gives what it found, and the program ends', async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--conditions=reprise-source', main]);
    const lines = readFileSync(main, 'utf8').split('\n');
    expect(stdout).to.equal(`${Math.max(...lines.map((line) => line.length))} characters\n`);
    expect(stderr).to.equal('');
  });
});
