import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createReprise, loadDefinition } from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { checkStore } from '../src/doctor/check-store.ts';
import { createTerminal, type Terminal } from '../src/output/terminal.ts';
import { explainRun } from '../src/runs/explain-run.ts';
import { listRuns } from '../src/runs/list-runs.ts';
import { showRun } from '../src/runs/show-run.ts';
import { steerRun } from '../src/runs/steer-run.ts';
import { fileStore } from '../src/store/store-access.ts';
import { Memory, temporaryFolders } from './support.ts';

const folders = temporaryFolders();

/** What a command says, on stdout and stderr. */
async function said(
  json: boolean,
  command: (terminal: Terminal) => Promise<unknown>,
): Promise<readonly [string, string]> {
  const [out, err] = [new Memory(), new Memory()];
  await command(createTerminal(out, err, {}, json));
  return [out.text, err.text];
}

describe('a store whose driver is stopped', function () {
  this.timeout(60_000);
  let child: ChildProcess;
  let config = '';
  let store = '';
  before(async () => {
    const folder = folders();
    config = join(folder, 'reprise.config.yaml');
    store = join(folder, 'runs.db');
    writeFileSync(config, `store: { path: ${JSON.stringify(store)} }\n`);
    const definition = loadDefinition({ name: 'data', tasks: { a: { wait: { signal: 'go' } } } });
    const reprise = await createReprise({ plugins: [sqliteEventStore({ path: store })], workflows: [definition] });
    await reprise.start();
    await reprise.startRun(definition, {}, { id: 'open' });
    await reprise.stop({ drainMs: 0 });
    const owner = fileURLToPath(new URL('./fixtures/owner.ts', import.meta.url));
    child = spawn(process.execPath, ['--conditions=reprise-source', owner, store], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout ?? child, 'data');
  });
  after(() => child.kill('SIGKILL'));

  const stop = (): void => {
    child.kill('SIGSTOP');
    const then = Date.now() / 1000 - 60;
    utimesSync(`${store}-driver`, then, then);
  };

  it('is driven, as long as that process shows signs of life', async () => {
    const checks = await checkStore(fileStore(store), undefined, false);
    expect(checks.find(({ name }) => name === 'driver')).to.include({ status: 'ok' });
    const [out] = await said(true, (terminal) => listRuns({ config, limit: 10 }, terminal));
    expect(JSON.parse(out)).to.not.have.property('silentDriver');
  });

  it('says so in doctor, list, show, explain and after a command: which process, and how it is ended', async () => {
    stop();
    const words = new RegExp(
      `Process ${child.pid} on .*shows no sign of life for \\d+ s.*kill -CONT ${child.pid}.*kill -9 ${child.pid}`,
    );
    const checks = await checkStore(fileStore(store), undefined, false);
    const driver = checks.find(({ name }) => name === 'driver');
    expect(driver).to.include({ status: 'warn' });
    expect(driver?.detail).to.match(words);
    const onErr = [
      await said(false, (terminal) => listRuns({ config, limit: 10 }, terminal)),
      await said(false, (terminal) => showRun('open', { config }, terminal)),
      await said(false, (terminal) => steerRun('open', 'pause', { config }, terminal)),
    ];
    for (const [, err] of onErr) expect(err).to.match(words);
    const [explained, toDo] = await said(false, (terminal) => explainRun('open', { config }, terminal));
    expect(explained)
      .to.match(/shows no sign of life/)
      .and.not.include('kill');
    expect(toDo).to.match(words);
    const inJson = [
      await said(true, (terminal) => listRuns({ config, limit: 10 }, terminal)),
      await said(true, (terminal) => showRun('open', { config }, terminal)),
      await said(true, (terminal) => explainRun('open', { config }, terminal)),
      await said(true, (terminal) => steerRun('open', 'resume', { config }, terminal)),
    ];
    for (const [out] of inJson) expect(JSON.parse(out)).to.have.nested.property('silentDriver.pid', child.pid);
  });

  it('says nothing of it once the process has ended, or when no run is open', async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
    const [out, err] = await said(false, (terminal) => explainRun('open', { config }, terminal));
    expect(out).to.include('No process drives the run now');
    expect(out + err).to.not.include('sign of life');
  });
});
