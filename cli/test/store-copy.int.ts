import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createInMemoryStorage,
  createReprise,
  defineAgent,
  definePlugin,
  isRepriseError,
  NO_STREAM,
  type Orchestrator,
  RepriseError,
  RunReader,
  type Storage,
  workflow,
} from '@reprise/core';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { createTerminal } from '../src/output/terminal.ts';
import { copyCommand } from '../src/store/copy/copy-command.ts';
import { copyStore } from '../src/store/copy/copy-store.ts';
import { Memory, temporaryFolders } from './support.ts';

const folders = temporaryFolders();

const part = workflow<number>('part')
  .task('double', defineAgent({ name: 'double', handle: ({ input }: { readonly input: number }) => input * 2 }))
  .build();
const flow = workflow<number>('flow').workflow('part', part).wait('word', { signal: 'word' }).build();
const workflows = [flow, part];

/** The same storage, not closed by who was lent it. */
const lent = (storage: Storage): Storage => ({
  ...storage,
  events: { ...storage.events, close: async () => undefined },
});

describe('store copy', () => {
  const opened: Storage[] = [];
  const running: Orchestrator[] = [];
  afterEach(async () => {
    for (const reprise of running.splice(0)) await reprise.stop({ drainMs: 0 });
    for (const { events } of opened.splice(0)) await events.close();
  });
  const sqlite = async (): Promise<Storage> => {
    const storage = await createSqliteStorage({ path: join(folders(), 'runs.db') });
    opened.push(storage);
    return storage;
  };
  const memory = async (): Promise<Storage> => createInMemoryStorage();
  const engine = async (storage: Storage): Promise<Orchestrator> => {
    const plugin = definePlugin({ name: 'lent', kind: 'event-store', create: () => lent(storage) });
    const reprise = await createReprise({ workflows, plugins: [plugin] });
    running.push(reprise);
    await reprise.start();
    return reprise;
  };

  /** Five runs with a child each, of which two wait for a word. */
  const fill = async (storage: Storage): Promise<void> => {
    const reprise = await engine(storage);
    for (const [index, id] of ['a', 'b', 'c', 'd', 'e'].entries()) {
      const run = await reprise.startRun(flow, index, { id });
      if (index < 3) {
        await run.signal('word', 'go');
        await run.outcome();
      }
    }
    while ((await reprise.runs.list({})).filter(({ status }) => status === 'completed').length < 8)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await reprise.stop({ drainMs: 0 });
  };

  const everything = async ({ events }: Storage) => {
    const all = await events.readAll({ limit: 10_000 });
    return [...all]
      .map(({ position: _position, ...event }) => event)
      .sort((a, b) => (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : a.revision - b.revision));
  };

  for (const [what, open, target] of [
    ['SQLite to memory', sqlite, memory],
    ['memory to SQLite', memory, sqlite],
    ['SQLite to SQLite', sqlite, sqlite],
  ] as const)
    it(`moves all histories from ${what}, and the runs go on there`, async () => {
      const [from, to] = [await open(), await target()];
      await fill(from);
      const report = await copyStore(from, to);
      expect(report).to.deep.include({ copied: 10, there: 0, open: 0, failed: 0 });
      expect(await everything(to)).to.deep.equal(await everything(from));
      expect(await copyStore(from, to)).to.deep.equal({ copied: 0, there: 10, open: 0, failed: 0, events: 0 });
      const reprise = await engine(to);
      for (const id of ['d', 'e']) await reprise.run(id).signal('word', 'go');
      for (const id of ['d', 'e']) expect((await reprise.run(id).outcome()).status).to.equal('completed');
      const listed = await reprise.runs.list({});
      expect(listed.map(({ status }) => status)).to.deep.equal(Array(10).fill('completed'));
      for (const { runId } of listed) expect((await reprise.runs.replay(runId)).matches).to.equal(true);
    });

  it('goes on where it was interrupted, in the middle of a run too', async () => {
    const [from, to] = [await sqlite(), await memory()];
    await fill(from);
    const [first] = await from.events.readAll({ limit: 1 });
    const begun = await from.events.read(first?.stream ?? '', { limit: 3 });
    await to.events.append(first?.stream ?? '', begun, NO_STREAM);
    let appends = 0;
    const failing: Storage = {
      ...to,
      events: {
        ...to.events,
        append: async (...request) => {
          appends += 1;
          if (appends > 4) throw new Error('the end of the world');
          return to.events.append(...request);
        },
      },
    };
    const broken = await copyStore(from, failing).catch((error: unknown) => error);
    expect(String(broken)).to.include('the end of the world');
    const report = await copyStore(from, to);
    expect(report).to.deep.include({ copied: 6, there: 4, failed: 0 });
    expect(await everything(to)).to.deep.equal(await everything(from));
  });

  it('appends the same again while it is not known what became of it, and in pieces that the store takes', async () => {
    const [from, to] = [await sqlite(), await memory()];
    await fill(from);
    let appends = 0;
    const most = 8 * 1024;
    const odd: Storage = {
      ...to,
      events: {
        ...to.events,
        maxAppendBytes: most,
        append: async (stream, events, ...rest) => {
          expect(Buffer.byteLength(JSON.stringify(events))).to.be.below(most);
          const result = await to.events.append(stream, events, ...rest);
          appends += 1;
          if (appends % 5 === 0) throw new RepriseError('REPRISE_STORE_UNKNOWN_OUTCOME', 'who knows');
          return result;
        },
      },
    };
    expect(await copyStore(from, odd)).to.deep.include({ copied: 10, failed: 0 });
    expect(await everything(to)).to.deep.equal(await everything(from));
  });

  it('tells what is another run there, and what cannot be folded, and copies the rest', async () => {
    const [from, to] = [await memory(), await memory()];
    await fill(from);
    await fill(to); // the same ids, other runs
    const [odd] = await from.events.read('run-a', { from: 1, limit: 1 });
    if (odd === undefined) throw new Error('a run has a second event');
    await from.events.append('run-odd', [{ ...odd, type: 'WhatIsToCome' }], NO_STREAM);
    await from.events.append('notes', [{ ...odd, type: 'Note' }], NO_STREAM);
    const told = new Map<string, string>();
    const before = await everything(to);
    const report = await copyStore(from, to, { onFailed: (stream, why) => told.set(stream, why) });
    expect(report).to.deep.include({ copied: 1, failed: told.size });
    expect(told.get('run-a')).to.include('is another one');
    expect(told.get('run-odd')).to.include('REPRISE_EVENT_UNREADABLE');
    const after = await everything(to);
    expect(after.filter(({ stream }) => stream !== 'notes')).to.deep.equal(before);
  });

  it('is refused while somebody drives one of the stores, and takes what has ended beside him', async () => {
    const path = join(folders(), 'runs.db');
    const storage = await createSqliteStorage({ path });
    opened.push(storage);
    await fill(storage);
    await engine(storage);
    const from = await createSqliteStorage({ path, readOnly: true });
    opened.push(from);
    const to = await memory();
    const other = await createSqliteStorage({ path });
    opened.push(other);
    for (const [source, target] of [
      [from, to],
      [to, other],
    ] as const) {
      const error = await copyStore(source, target).catch((reason: unknown) => reason);
      expect(isRepriseError(error, 'REPRISE_STORE_DRIVEN'), String(error)).to.equal(true);
    }
    expect(await copyStore(from, to, { ended: true })).to.deep.include({ copied: 8, open: 2, failed: 0 });
    expect((await new RunReader(to).replay('a')).matches).to.equal(true);
  });

  it('says what it would do, and makes nothing', async () => {
    const [path, target] = [join(folders(), 'runs.db'), join(folders(), 'new.db')];
    const storage = await createSqliteStorage({ path });
    await fill(storage);
    await storage.events.close();
    const [out, err] = [new Memory(), new Memory()];
    const code = await copyCommand(path, target, { 'dry-run': true }, createTerminal(out, err, {}, false));
    expect([code, existsSync(target)]).to.deep.equal([0, false]);
    expect(out.text).to.match(/^would copy 10 streams \(\d+ events\)\.\n$/);
    const [json, none] = [new Memory(), new Memory()];
    expect(await copyCommand(path, target, {}, createTerminal(json, none, {}, true))).to.equal(0);
    expect(JSON.parse(json.text)).to.include({ dryRun: false, copied: 10, there: 0, open: 0, failed: 0 });
    for (const [from, to, code] of [
      [path, path, 'REPRISE_CONFIG_INVALID'],
      [join(folders(), 'absent.db'), target, 'REPRISE_STORE_UNAVAILABLE'],
    ] as const) {
      const error = await copyCommand(from, to, {}, createTerminal(json, none, {}, false)).catch(
        (reason: unknown) => reason,
      );
      expect(isRepriseError(error, code), String(error)).to.equal(true);
    }
  });

  it('takes no module for a configuration that is none, at either end, and writes nothing', async () => {
    const folder = folders();
    const path = join(folder, 'runs.db');
    const storage = await createSqliteStorage({ path });
    await fill(storage);
    await storage.events.close();
    mkdirSync(join(folder, '.reprise'));
    const project = join(folder, '.reprise', 'reprise.db');
    await (await createSqliteStorage({ path: project })).events.close();
    const module = join(folder, 'inv.ts');
    const unfinished = join(folder, 'reprise.config.ts');
    for (const file of [module, unfinished]) writeFileSync(file, 'export const holds = (): boolean => true;\n');
    const terminal = createTerminal(new Memory(), new Memory(), {}, false);
    for (const [from, to] of [
      [path, module],
      [path, unfinished],
      [module, join(folder, 'new.db')],
    ] as const) {
      const error = await copyCommand(from, to, {}, terminal).catch((reason: unknown) => reason);
      expect(isRepriseError(error, 'REPRISE_CONFIG_INVALID'), String(error)).to.equal(true);
    }
    expect(existsSync(join(folder, 'new.db'))).to.equal(false);
    const there = await createSqliteStorage({ path: project, readOnly: true });
    opened.push(there);
    expect(await new RunReader(there).list()).to.deep.equal([]);
  });
});
