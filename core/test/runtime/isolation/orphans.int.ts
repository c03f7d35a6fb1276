import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { temporaryFiles } from '../support.ts';
import { gone, isAlive } from './support.ts';

const PARENT = fileURLToPath(new URL('../fixtures/isolating-parent.ts', import.meta.url));

describe('processes of isolated agents', () => {
  const temporary = temporaryFiles();

  for (const signal of ['SIGKILL', 'SIGTERM'] as const)
    it(`end with their parent, however it ends (${signal}), and so does what they have started`, async () => {
      const folder = dirname(temporary());
      const files = ['grandchild', 'looping', 'ready'].map((name) => join(folder, name));
      const parent = spawn(process.execPath, ['--conditions=reprise-source', PARENT, ...files], { stdio: 'inherit' });
      const pidIn = (file: string): number => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0);
      const [grandchild = '', looping = ''] = files;
      try {
        for (let waited = 0; waited < 20_000 && !(pidIn(grandchild) > 0 && pidIn(looping) > 0); waited += 20)
          await sleep(20);
        const pids = [pidIn(grandchild), pidIn(looping)];
        expect(pids.every((pid) => pid > 0 && isAlive(pid))).to.equal(true);
        parent.kill(signal);
        expect(await gone(...pids)).to.equal(true);
      } finally {
        parent.kill('SIGKILL');
      }
    });
});
