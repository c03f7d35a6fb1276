import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createReprise } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import config from '../reprise.config.ts';
import { releaseNotes } from '../workflow.ts';

const EXAMPLE = join(import.meta.dirname, '..');

describe('a run of the release notes', () => {
  it('gives what the tutorial shows, by the ways that it describes', async () => {
    const reprise = await createReprise(config);
    await reprise.start();
    const run = await reprise.startRun(releaseNotes, { file: join(EXAMPLE, 'changes.txt') });
    const { markdown } = await run.result();
    const { tasks } = await run.state();
    await reprise.stop();
    expect(tasks.get('classify[2]')?.attempt).to.equal(2);
    expect(tasks.get('classify[4]')?.agent).to.equal('sorter');
    const tutorial = readFileSync(join(EXAMPLE, '..', '..', 'tutorial', 'first-workflow.md'), 'utf8');
    expect(tutorial).to.include(markdown);
  });
});
