import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createReprise, loadDefinition, type Orchestrator, type RepriseError } from '@reprise/core';
import { createSqliteStorage, sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { loadProject } from '../src/config/load-project.ts';
import { checkProject } from '../src/doctor/check-project.ts';
import { checkStore } from '../src/doctor/check-store.ts';
import { createTerminal, type Terminal } from '../src/output/terminal.ts';
import { listRuns } from '../src/runs/list-runs.ts';
import { showRun } from '../src/runs/show-run.ts';
import { steerRun } from '../src/runs/steer-run.ts';
import { handsOf } from '../src/store/run-holds.ts';
import { fileStore } from '../src/store/store-access.ts';
import { startWorker } from '../src/workers/start-worker.ts';
import { Memory, temporaryFolders } from './support.ts';

const folders = temporaryFolders();
const terminalOf = (json: boolean): { readonly terminal: Terminal; readonly out: Memory; readonly err: Memory } => {
  const [out, err] = [new Memory(), new Memory()];
  return { terminal: createTerminal(out, err, {}, json), out, err };
};

/** A project whose configuration knows no agent, and a store with a run that one process left when it had one. */
async function heldRun(): Promise<{ readonly config: string; readonly store: string }> {
  const folder = folders();
  const config = join(folder, 'reprise.config.yaml');
  const store = join(folder, 'runs.db');
  writeFileSync(config, `store: { path: ${JSON.stringify(store)} }\n`);
  const definition = loadDefinition({ name: 'data', tasks: { a: { agent: 'gone' } } });
  const handle = (_task: unknown, { signal }: { readonly signal: AbortSignal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const reprise: Orchestrator = await createReprise({
    plugins: [sqliteEventStore({ path: store })],
    workflows: [definition],
    agents: [{ name: 'gone', handle }],
  });
  await reprise.start();
  await reprise.startRun(definition, {}, { id: 'left' });
  await reprise.stop({ drainMs: 0 });
  return { config, store };
}

describe('a run that waits for an agent that nobody has', () => {
  it('is held: the worker ends with its name, and list, show and doctor say why', async function () {
    this.timeout(30_000);
    const { config, store } = await heldRun();
    const worker = terminalOf(false);
    const flags = { config, log: 'silent', 'until-idle': true } as const;
    expect(await startWorker(flags, worker.terminal)).to.equal(0);
    expect(worker.err.text).to.match(/held: left \(.*agent 'gone'/);
    const list = terminalOf(false);
    await listRuns({ config, limit: 10 }, list.terminal);
    expect(list.out.text).to.contain('held');
    expect(list.err.text).to.contain(
      "left is held: The run stands still: no worker is there that takes 'a' (agent 'gone')",
    );
    const json = terminalOf(true);
    await listRuns({ config, limit: 10 }, json.terminal);
    expect(JSON.parse(json.out.text)).to.have.nested.property('runs[0].held.reason', 'agent');
    const show = terminalOf(false);
    await showRun('left', { config }, show.terminal);
    expect(show.out.text).to.match(/Held +The run stands still/);
    const project = await loadProject(config, folders());
    const checks = await checkStore(fileStore(store), handsOf(project), false);
    expect(checks.find(({ name }) => name === 'held run')?.detail).to.contain("agent 'gone'");
  });
});

describe('a run that waits for an agent that runs elsewhere', () => {
  it('is held with its name; doctor says who the agents are, and that one is none of this process', async function () {
    this.timeout(30_000);
    const { store } = await heldRun();
    const folder = join(store, '..');
    const config = join(folder, 'reprise.config.mjs');
    const agents = `[{ name: 'gone', remote: true, capabilities: ['leaving'] }, { name: 'here', version: '2', handle: () => 1 }]`;
    writeFileSync(config, `export default { store: { path: ${JSON.stringify(store)} }, agents: ${agents} };\n`);
    const { checks } = await checkProject(config);
    const worker = terminalOf(false);
    expect(await startWorker({ config, log: 'silent', 'until-idle': true }, worker.terminal)).to.equal(0);
    expect(worker.err.text).to.match(/held: left \(.*agent 'gone'/);
    const list = terminalOf(false);
    await listRuns({ config, limit: 10 }, list.terminal);
    expect(list.err.text).to.contain("no worker is there that takes 'a' (agent 'gone')");
    const named = checks.find(({ name }) => name === 'agents');
    expect(named?.detail).to.equal('2 agents: gone (leaving, elsewhere), here@2');
    expect(checks.find(({ name }) => name === 'start')?.status).to.equal('ok');
  });
});

describe('a run that is parked', () => {
  it('says why in list, show and doctor; resume and cancel take it on', async () => {
    const { config, store } = await heldRun();
    const { events: opened } = await createSqliteStorage({ path: store });
    const [last] = await opened.read('run-left', { direction: 'backwards', limit: 1 });
    const error = { code: 'REPRISE_UNDECIDABLE', message: 'FireTimer could not be decided: a fault', retryable: false };
    const data = { commandId: 'park', error, command: 'FireTimer' };
    const metadata = { causationId: 'park', correlationId: 'left', schemaVersion: 1 };
    const id = '00000000-0000-4000-8000-000000000001';
    const summary = { kind: 'run', name: 'data', status: 'parked', createdAt: 1, updatedAt: 2 };
    await opened.append('run-left', [{ id, type: 'RunParked', time: 2, data, metadata }], last?.revision ?? -1, {
      summary,
    });
    await opened.close();
    const list = terminalOf(false);
    await listRuns({ config, limit: 10, status: ['parked'] }, list.terminal);
    expect(list.out.text).to.contain('parked');
    expect(list.err.text).to.contain('left is parked: FireTimer could not be decided: a fault');
    const show = terminalOf(true);
    await showRun('left', { config }, show.terminal);
    expect(JSON.parse(show.out.text)).to.deep.include({ status: 'parked', parked: error });
    const checks = await checkStore(fileStore(store), undefined, false);
    expect(checks.find(({ name }) => name === 'parked run')).to.deep.include({ status: 'warn' });
    const resume = terminalOf(true);
    await steerRun('left', 'resume', { config }, resume.terminal);
    expect(JSON.parse(resume.out.text)).to.include({ status: 'running' });
    const cancel = terminalOf(true);
    await steerRun('left', 'cancel', { config, reason: 'enough' }, cancel.terminal);
    expect(JSON.parse(cancel.out.text)).to.include({ status: 'cancelled' });
  });
});

describe('a store whose file is gone', () => {
  it('is told by every command, not taken for one that is yet to be made', async () => {
    const { config, store } = await heldRun();
    for (const file of [store, `${store}-wal`, `${store}-shm`]) rmSync(file, { force: true });
    const refused = async (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        () => 'nothing was said',
        (error: RepriseError) => error.code,
      );
    expect(await refused(listRuns({ config, limit: 10 }, terminalOf(false).terminal))).to.equal(
      'REPRISE_STORE_CORRUPT',
    );
    expect(await refused(showRun('left', { config }, terminalOf(false).terminal))).to.equal('REPRISE_STORE_CORRUPT');
    const checks = await checkStore(fileStore(store), undefined, false);
    expect(checks.find(({ name }) => name === 'store')).to.deep.include({ status: 'fail' });
  });
});
