import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { after, describe, it } from 'mocha';
import { jsonLines, reprise } from './support.ts';

// An agent that is a model, and comes with a plugin, through the command line; with a stand-in for the model.

const CLERK = fileURLToPath(new URL('../../docs/examples/licence-clerk', import.meta.url));

describe('the licence clerk through the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'clerk-cli-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is known when a workflow is validated', async () => {
    const { code, stdout, stderr } = await reprise(['workflow', 'validate', 'licences.yaml'], { cwd: CLERK });
    expect(code, stderr).to.equal(0);
    expect(stdout).to.include('licences@1');
  });

  it('runs, and its process ends by itself', async () => {
    const store = join(folder, 'history.db');
    const { code, stdout, stderr } = await reprise(['run', 'start', 'licences', '--wait', '--json', '--store', store], {
      cwd: CLERK,
    });
    expect(code, stderr).to.equal(0);
    const outcome = jsonLines(stdout).at(-1) as { readonly output: { readonly found: number } };
    expect(outcome.output.found).to.be.above(0);
  });
});
