import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Approval, createReprise, type Orchestrator, type RunEvent, type RunHandle } from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import config from '../reprise.config.ts';

/** The repository that this example lies in: what it depends on is the real input. */
const REPOSITORY = resolve(import.meta.dirname, '../../../..');

describe('the publication, with real files and a SQLite file', () => {
  let folder = '';
  let out = '';
  let reprise: Orchestrator;

  const start = async (): Promise<void> => {
    reprise = await createReprise({ ...config, plugins: [sqliteEventStore({ path: join(folder, 'runs.db') })] });
    await reprise.start();
  };
  const startRun = (id: string) => reprise.startRun('publication', { folder: REPOSITORY, out }, { id });
  const eventsOf = async (id: string): Promise<RunEvent[]> => {
    const events: RunEvent[] = [];
    for await (const { event } of reprise.runs.history(id)) events.push(event);
    return events;
  };
  /** Follows the history until somebody is asked. */
  const asked = async (run: RunHandle): Promise<void> => {
    for await (const { event } of run.follow()) {
      if (event.type === 'TaskEntered' && event.taskId === 'book/approved') return;
    }
    throw new Error('nobody was asked');
  };
  const answer = async (run: RunHandle, given: Approval): Promise<void> => {
    await asked(run);
    await run.answer('book/approved', given as never, { by: 'kim' });
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'saga-'));
    out = join(folder, 'out');
    await start();
  });
  afterEach(async () => {
    await reprise.stop({ drainMs: 0 });
    await rm(folder, { recursive: true, force: true });
  });

  it('publishes what this repository depends on, once it is approved', async () => {
    const run = await startRun('yes');
    await answer(run, { decision: 'edit', edited: { title: 'What we use' } });
    const output = (await run.result()) as { file: string; packages: number };
    const published = JSON.parse(readFileSync(output.file, 'utf8'));
    expect(published.title).to.equal('What we use');
    expect(published.packages).to.have.lengthOf(output.packages);
    expect(published.packages.map(({ name }: { name: string }) => name)).to.include.members(['mocha', 'typescript']);
    expect(readFileSync(join(out, 'latest.txt'), 'utf8')).to.equal(`${output.file}\n`);
    expect(readFileSync(join(out, 'reserved'), 'utf8')).to.equal('yes');
  });

  it('leaves nothing behind when it is rejected', async () => {
    const run = await startRun('no');
    await asked(run);
    expect(readdirSync(out).sort()).to.deep.equal(['reserved', 'staged.json']);
    await answer(run, { decision: 'reject', comment: 'Not today' });
    expect(await run.result()).to.deep.equal({ refused: 'refuse: Not today' });
    expect(readdirSync(out)).to.deep.equal([]);
  });

  it('undoes all steps when the last one cannot be done, and so the folder is free again', async () => {
    await mkdir(join(out, 'latest.txt'), { recursive: true });
    const run = await startRun('broken');
    await answer(run, { decision: 'approve' });
    expect(await run.outcome()).to.have.property('status', 'failed');
    expect(readdirSync(out)).to.deep.equal(['latest.txt']);
    await rm(join(out, 'latest.txt'), { recursive: true });
    const next = await startRun('mended');
    await answer(next, { decision: 'approve' });
    expect(await next.outcome()).to.have.property('status', 'completed');
  });

  it('does not take what another run has, nor gives it back', async () => {
    await mkdir(out);
    await writeFile(join(out, 'reserved'), 'other');
    const outcome = await (await startRun('late')).outcome();
    expect(JSON.stringify(outcome)).to.include('is reserved by the run other');
    expect(readdirSync(out)).to.deep.equal(['reserved']);
    expect(readFileSync(join(out, 'reserved'), 'utf8')).to.equal('other');
  });

  for (const decision of ['approve', 'reject'] as const) {
    it(`goes on after a restart while somebody is asked (${decision})`, async () => {
      await asked(await startRun('restarted'));
      await reprise.stop({ drainMs: 0 });
      await start();
      const run = reprise.run('restarted');
      await run.answer('book/approved', { decision }, { by: 'kim' });
      expect(await run.outcome()).to.have.property('status', 'completed');
      expect(existsSync(join(out, 'published.json'))).to.equal(decision === 'approve');
      expect(existsSync(join(out, 'reserved'))).to.equal(decision === 'approve');
      const scheduled = (await eventsOf('restarted')).flatMap((event) =>
        event.type === 'TaskScheduled' ? [event.taskId] : [],
      );
      expect(scheduled.filter((id) => id === 'read' || id === 'book/reserve' || id === 'book/stage')).to.deep.equal([
        'read',
        'book/reserve',
        'book/stage',
      ]);
    });
  }
});
