import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transportConformance } from '@reprise/conformance';
import { systemClock, systemIds, systemRandom } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { sharedTransport } from '../shared-transport.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

const context = { clock: systemClock, ids: systemIds, random: systemRandom };
transportConformance('shared', { create: async () => sharedTransport()().create(context) });

describe('workers over a shared transport', () => {
  it('take what waits for them, and the program ends', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=reprise-source', main]);
    expect(stdout).to.equal('On tea\n');
  });
});
