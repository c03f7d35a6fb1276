import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReprise, isRepriseError, type Orchestrator, type RunEvent } from '@reprise/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import config from '../reprise.config.ts';
import { dossier } from '../src/index.ts';
import { dossierSchema } from '../src/report/dossier.ts';
import { failure, folderWith, REPOSITORY } from './support.ts';

const MIT = { license: 'MIT', main: 'index.js' };
const PROSE = 'A small library that counts the words of a text.';

async function eventsOf(reprise: Orchestrator, runId: string): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const { event } of reprise.runs.history(runId)) events.push(event);
  return events;
}

const taskIds = (events: readonly RunEvent[], type: RunEvent['type']): string[] =>
  events.flatMap((event) => (event.type === type && 'taskId' in event ? [String(event.taskId)] : []));

describe('a run of the dossier', () => {
  let reprise: Orchestrator;
  let out = '';
  beforeEach(async () => {
    out = await mkdtemp(join(tmpdir(), 'dossier-run-'));
    reprise = await createReprise(config);
    await reprise.start();
  });
  afterEach(async () => {
    await reprise.stop();
    await rm(out, { recursive: true, force: true });
  });

  it('makes a complete dossier of this repository', async () => {
    const run = await reprise.startRun(dossier, { folder: REPOSITORY, outDir: out });
    const output = await run.result();
    const written = dossierSchema.parse(JSON.parse(readFileSync(output.json, 'utf8')));
    expect(written.edition).to.equal('complete');
    expect(written.packages).to.have.lengthOf(output.packages);
    expect(readFileSync(output.report, 'utf8')).to.match(/^# Dependency dossier of `reprise@/);
    const events = await eventsOf(reprise, run.id);
    expect(taskIds(events, 'TaskCompleted').filter((id) => id.startsWith('inspect['))).to.have.lengthOf(
      output.packages,
    );
    expect(taskIds(events, 'TaskCompleted').filter((id) => id.startsWith('summarise['))).to.have.lengthOf(
      output.packages,
    );
    // The first edition is short, so the critic sent the editor back once; NO_README led to the describer without a retry.
    expect(events.flatMap((event) => (event.type === 'TasksReset' ? event.region : []))).to.deep.equal(['check']);
    const fellBack = taskIds(events, 'TaskFellBack');
    expect(fellBack).to.have.length.above(0);
    expect(new Set(fellBack)).to.have.lengthOf(fellBack.length);
    expect(fellBack.filter((id) => !id.startsWith('summarise['))).to.deep.equal([]);
  });

  it('skips the review when every licence is permissive, and needs one round for a small project', async () => {
    const { folder, remove } = await folderWith({
      'package.json': { name: 'app', version: '1.0.0', dependencies: { a: '1' } },
      'node_modules/a/package.json': { name: 'a', version: '1.0.0', ...MIT },
      'node_modules/a/README.md': PROSE,
    });
    try {
      const run = await reprise.startRun(dossier, { folder });
      const output = await run.result();
      expect(output).to.include({
        packages: 1,
        licencesToReview: 0,
        json: join(folder, '.reprise/dossier/dossier.json'),
      });
      const state = await run.state();
      expect(state.tasks.get('review')?.status).to.equal('skipped');
      expect(state.tasks.get('check')?.status).to.equal('completed');
      expect(readFileSync(output.report, 'utf8')).to.include(PROSE);
    } finally {
      await remove();
    }
  });

  it('copes with a project full of ugly packages', async () => {
    const entry = (version = '1.0.0'): object => ({ version });
    const { folder, remove } = await folderWith({
      'package.json': {
        name: 'app',
        version: '1.0.0',
        dependencies: { '@s/a': '1', alias: 'npm:real@2', c: '1', d: '1', e: '1' },
      },
      'package-lock.json': {
        name: 'app',
        version: '1.0.0',
        lockfileVersion: 3,
        packages: {
          '': {
            name: 'app',
            version: '1.0.0',
            dependencies: { '@s/a': '1', alias: 'npm:real@2', c: '1', d: '1', e: '1' },
          },
          'node_modules/@s/a': { ...entry(), dependencies: { c: '2' } },
          'node_modules/@s/a/node_modules/c': entry('2.0.0'),
          'node_modules/alias': { ...entry('2.0.0'), name: 'real' },
          'node_modules/c': entry(),
          'node_modules/d': entry(),
          'node_modules/e': { ...entry(), optional: true, os: ['nowhere'] },
        },
      },
      'node_modules/@s/a/package.json': { name: '@s/a', version: '1.0.0', license: { type: 'GPL-3.0' } },
      'node_modules/@s/a/README.md': Buffer.from([0, 1, 2]),
      'node_modules/@s/a/node_modules/c/package.json': {
        name: 'c',
        version: '2.1.0',
        licenses: [{ type: 'MIT' }],
        ...MIT,
      },
      'node_modules/alias/package.json': { name: 'real', version: '2.0.0', license: 7, description: 'x `y` <b>\n## z' },
      'node_modules/c/package.json': '{ broken',
      'node_modules/c/README.md': '<div></div>',
      'node_modules/d/LICENSE': 'Ask us.',
    });
    try {
      const output = await (await reprise.startRun(dossier, { folder })).result();
      expect(output).to.include({ packages: 6, licencesToReview: 5 });
      const { packages, review } = dossierSchema.parse(JSON.parse(readFileSync(output.json, 'utf8')));
      expect(packages.map(({ path, name, version }) => [path, name, version])).to.deep.equal([
        ['node_modules/@s/a', '@s/a', '1.0.0'],
        ['node_modules/@s/a/node_modules/c', 'c', '2.0.0'],
        ['node_modules/alias', 'real', '2.0.0'],
        ['node_modules/c', 'c', '1.0.0'],
        ['node_modules/d', 'd', '1.0.0'],
        ['node_modules/e', 'e', '1.0.0'],
      ]);
      expect(review.map(({ rule }) => rule)).to.deep.equal(['strong-copyleft', 'unknown-licence', 'not-installed']);
    } finally {
      await remove();
    }
  });

  it('makes an empty dossier of a project without dependencies', async () => {
    const { folder, remove } = await folderWith({
      'package.json': { name: 'app', version: '1.0.0' },
      'package-lock.json': { name: 'app', version: '1.0.0', lockfileVersion: 3, packages: { '': { name: 'app' } } },
    });
    try {
      expect(await (await reprise.startRun(dossier, { folder })).result()).to.include({ packages: 0 });
    } finally {
      await remove();
    }
  });

  it('fails at once, without a retry, when there is no project', async () => {
    const run = await reprise.startRun(dossier, { folder: join(out, 'nowhere') });
    const error = await failure(run.result());
    expect(isRepriseError(error, 'REPRISE_TASK_FAILED')).to.equal(true);
    expect(error.message).to.match(/no folder .*nowhere/);
    expect((await run.state()).tasks.get('inventory')?.attempt).to.equal(1);
    expect(existsSync(join(out, 'nowhere'))).to.equal(false);
  });
});
