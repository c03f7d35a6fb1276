import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createReprise, parseWorkflow } from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createTerminal } from '../src/output/terminal.ts';
import { exportRuns } from '../src/runs/export-runs.ts';
import { importRuns } from '../src/runs/import-runs.ts';
import { replayRun } from '../src/runs/replay-run.ts';
import { showHistory } from '../src/runs/show-history.ts';
import { jsonLines, Memory, temporaryFolders } from './support.ts';

const folders = temporaryFolders();
const document = { text: 'much of it '.repeat(100) };

/** A store with a run and its child, which was handed what the run was. */
async function family(): Promise<{ readonly store: string; readonly child: string }> {
  const store = join(folders(), 'runs.db');
  const workflows = [
    parseWorkflow('{ name: part, tasks: { work: { set: 1 } } }'),
    parseWorkflow('{ name: above, tasks: { part: { workflow: part } } }'),
  ];
  const reprise = await createReprise({ plugins: [sqliteEventStore({ path: store })], workflows, agents: [] });
  await reprise.start();
  const run = await reprise.startRun('above', document, { id: 'above' });
  await run.outcome();
  const child = (await run.state()).tasks.get('part')?.child ?? '';
  await reprise.stop();
  return { store, child };
}

describe('a child run', () => {
  it('is exported with its input, and so is whole without its parent', async () => {
    const { store, child } = await family();
    const [out, err] = [new Memory(), new Memory()];
    const terminal = createTerminal(out, err, {}, true);
    const output = join(folders(), 'child.ndjson');
    expect(await exportRuns([child], { store, output }, terminal)).to.equal(0);
    const [, first] = jsonLines(readFileSync(output, 'utf8')) as { readonly data?: Record<string, unknown> }[];
    expect(first?.data).to.deep.include({ input: document });
    expect(first?.data).to.not.have.property('inputFrom');
    const copy = join(folders(), 'copy.db');
    await importRuns(output, { store: copy }, terminal);
    expect(await replayRun(child, { store: copy }, terminal)).to.equal(0);
    expect(jsonLines(out.text).at(-1)).to.include({ matches: true });
  });

  it('is shown with its input, or where it is from as the store has it', async () => {
    const { store, child } = await family();
    for (const json of [true, false]) {
      const [out, err] = [new Memory(), new Memory()];
      expect(await showHistory(child, { store }, createTerminal(out, err, { NO_COLOR: '1' }, json))).to.equal(0);
      expect(out.text).to.contain(json ? '"inputFrom":{"runId":"above","revision":0,"path":["input"]}' : 'much of it');
    }
  });
});

describe('a run that sleeps', () => {
  it('is exported without saying so: where it is imported, that is found out', async () => {
    const store = join(folders(), 'runs.db');
    const workflows = [parseWorkflow('{ name: night, tasks: { rest: { sleep: { for: 1d } } } }')];
    const reprise = await createReprise({ plugins: [sqliteEventStore({ path: store })], workflows, agents: [] });
    await reprise.start();
    await reprise.startRun('night', null, { id: 'asleep' });
    const [listed] = await reprise.runs.list({});
    expect(listed?.sleepsUntil).to.be.above(Date.now());
    await reprise.stop();
    const [out, err] = [new Memory(), new Memory()];
    const terminal = createTerminal(out, err, {}, true);
    const output = join(folders(), 'asleep.ndjson');
    expect(await exportRuns(['asleep'], { store, output }, terminal)).to.equal(0);
    expect(readFileSync(output, 'utf8')).to.not.contain('sleepsUntil');
    const copy = join(folders(), 'copy.db');
    await importRuns(output, { store: copy, open: true }, terminal);
    const imported = await createReprise({ plugins: [sqliteEventStore({ path: copy })], workflows, agents: [] });
    const [run] = await imported.runs.list({});
    expect([run?.runId, run?.status, run?.sleepsUntil]).to.deep.equal(['asleep', 'running', undefined]);
    await imported.stop();
  });
});
