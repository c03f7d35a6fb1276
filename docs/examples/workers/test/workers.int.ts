import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

describe('workers over a shared transport', () => {
  it('take what waits for them, and the program ends', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=reprise-source', main]);
    expect(stdout).to.equal('On tea\n');
  });
});
