import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createReprise, type Orchestrator } from '@reprise/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import config from '../reprise.config.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../../..');

describe('the team that reports what a project depends on', () => {
  let reprise: Orchestrator;
  let outDir: string;

  beforeEach(async () => {
    outDir = mkdtempSync(join(tmpdir(), 'reprise-report-team-'));
    reprise = await createReprise(config);
    await reprise.start();
  });
  afterEach(async () => {
    await reprise.stop({ drainMs: 0 });
    rmSync(outDir, { recursive: true, force: true });
  });

  it('surveys, writes, has what is too short written again, and checks it', async () => {
    const run = await reprise.startRun('report', { folder: REPOSITORY, outDir });
    const { edition, json, entries } = (await run.result()) as { edition: string; json: string; entries: number };
    expect(edition).to.equal('complete');
    const written = JSON.parse(readFileSync(json, 'utf8')) as { packages: readonly { path: string }[] };
    expect(written.packages).to.have.length(entries).above(300);
    const lockfile = readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8');
    for (const { path } of written.packages) expect(lockfile).to.include(`"${path}": {`);
    const decisions: string[] = [];
    for await (const { event } of reprise.runs.history(run.id))
      if (event.type === 'DecisionMade') decisions.push(`${event.kind} ${event.tasks?.join() ?? ''}`.trim());
    expect(decisions).to.deep.equal([
      ...['ask plan-1', 'note', 'add survey'],
      ...['ask next-2', 'accept survey', 'add draft'],
      ...['ask next-3', 'note', 'reject draft'],
      ...['ask next-4', 'accept draft', 'add check'],
      ...['ask next-5', 'note', 'finish'],
    ]);
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });
});
