import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createReprise } from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { loadProject } from '../src/config/load-project.ts';
import { createTerminal } from '../src/output/terminal.ts';
import { startWorker } from '../src/workers/start-worker.ts';
import { Memory, temporaryFolders } from './support.ts';

const folders = temporaryFolders();

const yaml = (name: string, tasks: string, more = ''): string => `name: ${name}\n${more}tasks:\n  only: ${tasks}\n`;

/** A project with some workflows that need no agent, a store, and a run of each that is named. */
async function projectWith(files: Readonly<Record<string, string>>, start: readonly string[]) {
  const folder = folders();
  const store = join(folder, 'runs.db');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `${name}.yaml`), text);
  const config = join(folder, 'reprise.config.yaml');
  const names = Object.keys(files).map((name) => `${name}.yaml`);
  writeFileSync(config, `store: { path: ${JSON.stringify(store)} }\nworkflows: [${names.join(', ')}]\n`);
  const { workflows } = await loadProject(config, folder);
  const open = () =>
    createReprise({
      plugins: [sqliteEventStore({ path: store })],
      workflows: workflows.map(({ workflow }) => workflow),
    });
  const reprise = await open();
  await reprise.start({ drive: false });
  for (const name of start) await reprise.startRun(name, {}, { id: `${name}-1` });
  await reprise.stop();
  const work = async (): Promise<string> => {
    const err = new Memory();
    const flags = { config, log: 'silent', 'until-idle': true } as const;
    expect(await startWorker(flags, createTerminal(new Memory(), err, {}, false))).to.equal(0);
    return err.text;
  };
  const statusOf = async (runId: string): Promise<string> => {
    const reader = await open();
    const { status } = await reader.run(runId).state();
    await reader.stop();
    return status;
  };
  return { work, statusOf };
}

describe('worker start --until-idle', function () {
  this.timeout(30_000);

  it('is idle when a run waits for a signal from outside, and names it', async () => {
    const { work, statusOf } = await projectWith({ approval: yaml('approval', '{ wait: { signal: approved } }') }, [
      'approval',
    ]);
    expect(await work()).to.contain('Nothing is left that could move; waiting for a signal: approval-1 (approved)');
    expect(await statusOf('approval-1')).to.equal('running');
  });

  it('waits for what ends by itself: a limit, a sleep', async () => {
    const files = {
      limited: yaml('limited', '{ wait: { signal: approved, timeout: 700ms, default: late } }'),
      short: yaml('short', '{ wait: { signal: approved } }', 'timeout: 700ms\n'),
      sleepy: yaml('sleepy', '{ sleep: 4s }'),
    };
    const { work, statusOf } = await projectWith(files, ['limited', 'short', 'sleepy']);
    const said = await work();
    // In silence nobody would know why it goes on.
    expect(said.match(/Nothing is under way, but sleepy-1 moves by itself at some time/g)).to.have.length(1);
    expect(said).to.contain('Nothing is left to do.');
    expect(await statusOf('limited-1')).to.equal('completed');
    expect(await statusOf('short-1')).to.equal('failed');
    expect(await statusOf('sleepy-1')).to.equal('completed');
  });

  it('says of a parent what its child waits for, and waits for a child that does not wait', async () => {
    const files = {
      parent: yaml('parent', '{ workflow: child }'),
      child: yaml('child', '{ wait: { signal: approved } }'),
      patient: yaml('patient', '{ workflow: sleepy }'),
      sleepy: yaml('sleepy', '{ sleep: 700ms }'),
    };
    const { work, statusOf } = await projectWith(files, ['parent', 'patient']);
    const said = await work();
    expect(said).to.match(/waiting for a signal: [0-9a-f-]{36} \(approved\)/);
    expect(said).to.not.contain('parent-1');
    expect(await statusOf('parent-1')).to.equal('running');
    expect(await statusOf('patient-1')).to.equal('completed');
  });
});
