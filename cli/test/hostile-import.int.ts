import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createReprise, isRepriseError, loadDefinition, type RepriseError } from '@reprise/core';
import { createSqliteStorage, sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { mutations } from '../../test/simulation/support/mutations.ts';
import { checkStore } from '../src/doctor/check-store.ts';
import { createTerminal, type Terminal } from '../src/output/terminal.ts';
import { exportRuns } from '../src/runs/export-runs.ts';
import { importRuns } from '../src/runs/import-runs.ts';
import { listRuns } from '../src/runs/list-runs.ts';
import { MAX_LINE_BYTES, splitLines } from '../src/runs/read-lines.ts';
import { replayRun } from '../src/runs/replay-run.ts';
import { showHistory } from '../src/runs/show-history.ts';
import { showRun } from '../src/runs/show-run.ts';
import { showState } from '../src/runs/show-state.ts';
import { fileStore } from '../src/store/store-access.ts';
import { Memory, temporaryFolders } from './support.ts';

const NO_HANDS = { workflows: [], agents: [], more: false };

const folders = temporaryFolders();
const GOLDEN = join(import.meta.dirname, '..', '..', 'test', 'simulation', 'golden');
const golden = (name: string): string => readFileSync(join(GOLDEN, `${name}.ndjson`), 'utf8');
/** Whatever may steer a terminal, turn the order of text, or hide in it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const UNSEEN = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u00AD\u061C\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF]/;

const terminalOf = (json: boolean): { readonly terminal: Terminal; readonly out: Memory; readonly err: Memory } => {
  const [out, err] = [new Memory(), new Memory()];
  return { terminal: createTerminal(out, err, {}, json), out, err };
};

async function refusal(action: Promise<unknown>): Promise<RepriseError> {
  const error: unknown = await action.then(
    () => new Error('it was taken'),
    (reason: unknown) => reason,
  );
  if (isRepriseError(error)) return error;
  throw error;
}

const importText = async (text: string | Uint8Array, store = join(folders(), 'runs.db')): Promise<string> => {
  const file = join(folders(), 'run.ndjson');
  writeFileSync(file, text);
  await importRuns(file, { store, open: true }, terminalOf(true).terminal);
  return store;
};

/** All that shows a run, on what an import took. */
async function show(runId: string, store: string): Promise<string> {
  let said = '';
  for (const json of [true, false]) {
    const { terminal, out, err } = terminalOf(json);
    await listRuns({ store, limit: 10 }, terminal);
    await showRun(runId, { store }, terminal);
    await showState(runId, { store }, terminal);
    expect(await showHistory(runId, { store }, terminal)).to.equal(0);
    expect(await replayRun(runId, { store }, terminal)).to.equal(0);
    if (json) for (const line of out.text.trimEnd().split('\n')) JSON.parse(line);
    else expect(out.text + err.text).to.not.match(UNSEEN);
    said += out.text;
  }
  return said;
}

describe('an import from a hostile source', () => {
  it('is refused as such, or gives a run that every command can show', async () => {
    let taken = 0;
    const names = ['cancelled', 'failed', 'late', 'report', 'restarted', 'retried'];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), mutations, fc.nat(), async (name, mutate, cut) => {
        const [header = '', ...events] = golden(name)
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line));
        const mutated = mutate(events);
        // Half of them with a header that fits, so that not the count alone is what refuses them.
        const told = cut % 2 === 0 ? { ...header, events: mutated.length } : header;
        let text = [told, ...mutated].map((line) => JSON.stringify(line)).join('\n');
        if (cut % 11 === 0) text = text.slice(0, cut % text.length);
        let store: string;
        try {
          store = await importText(text);
        } catch (error) {
          expect(isRepriseError(error, 'REPRISE_IMPORT_INVALID'), String(error)).to.equal(true);
          return;
        }
        taken += 1;
        await show(header.runId, store);
      }),
      // Of what is mutated few are taken: those as they are, are.
      { numRuns: 80, examples: names.map((name) => [name, (events) => events, 2]) },
    );
    expect(taken, 'some are taken').to.be.at.least(names.length);
  });

  it('cannot bring text that steers the terminal of whoever looks at it', async () => {
    const evil = 'a\u001b[2J\u001b]0;owned\u0007\u009b31m\r\u202eb\u2066c\u200bd\u2028e';
    const reprise = await createReprise({
      agents: [
        {
          name: 'evil',
          handle: () => {
            throw Object.assign(new Error(evil), { code: evil, retryable: false });
          },
        },
      ],
      workflows: [
        loadDefinition({
          name: 'w',
          description: evil,
          tasks: { a: { agent: 'evil', fallback: { value: { [evil]: evil } } } },
        }),
      ],
      plugins: [sqliteEventStore({ path: join(folders(), 'a.db') })],
    });
    await reprise.start();
    const run = await reprise.startRun('w', { evil }, { id: 'evil-1' });
    await run.outcome();
    const lines: object[] = [];
    for await (const { recorded } of reprise.runs.history('evil-1')) {
      const { revision, id, type, time, data, metadata } = recorded;
      lines.push({ revision, id, type, time, data, metadata });
    }
    await reprise.stop();
    const header = { format: 'reprise-run', formatVersion: 1, runId: 'evil-1', events: lines.length };
    const store = await importText([header, ...lines].map((line) => JSON.stringify(line)).join('\n'));
    expect(await show('evil-1', store)).to.contain('a\\u001b[2J');
    const again = terminalOf(true);
    await exportRuns(['evil-1'], { store }, again.terminal);
    const back = again.out.text
      .split('\n')
      .slice(1, -1)
      .map((line) => JSON.parse(line));
    expect(back, 'export, import and export keep every character').to.deep.equal(JSON.parse(JSON.stringify(lines)));
  });

  it('keeps U+2028, U+2029 and lone surrogates, which end no line', async () => {
    const odd = '\u2028-\u2029-\ud800-\u0085';
    const reprise = await createReprise({
      agents: [{ name: 'echo', handle: ({ input }) => input }],
      workflows: [loadDefinition({ name: 'w', tasks: { a: { agent: 'echo' } } })],
      plugins: [sqliteEventStore({ path: join(folders(), 'a.db') })],
    });
    await reprise.start();
    await (await reprise.startRun('w', { odd }, { id: 'odd-1' })).outcome();
    const events: unknown[] = [];
    for await (const { recorded } of reprise.runs.history('odd-1')) {
      const { stream: _stream, position: _position, ...rest } = recorded;
      events.push(rest);
    }
    await reprise.stop();
    const header = { format: 'reprise-run', formatVersion: 1, runId: 'odd-1', events: events.length };
    const store = await importText(`${[header, ...events].map((line) => JSON.stringify(line)).join('\n')}\n`);
    const { terminal, out } = terminalOf(true);
    await showRun('odd-1', { store }, terminal);
    expect(JSON.parse(out.text).output).to.deep.equal({ odd });
  });

  it('may not bring an ended run under a new name', async () => {
    const text = golden('failed');
    const store = await importText(text);
    const renamed = text.replaceAll('"failed-1"', '"failed-2"');
    expect(renamed).to.not.equal(text);
    expect((await refusal(importText(renamed, store))).message, 'the digest covers the id').to.contain('stateDigest');
  });

  for (const [what, change, said] of [
    [
      'not UTF-8',
      (bytes: Buffer) => Buffer.concat([bytes, Buffer.from([0xc3, 0x28])]),
      /the bytes at offset \d+ are not UTF-8/,
    ],
    [
      'cut in a character',
      (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('"\u20ac').subarray(0, 3)]),
      /not UTF-8/,
    ],
    ['binary', (bytes: Buffer) => Buffer.concat([Buffer.from([0x7f, 0x45, 0, 1]), bytes]), /zero byte at offset 2/],
    ['UTF-16', (bytes: Buffer) => Buffer.from(bytes.toString('utf8'), 'utf16le'), /zero byte at offset 1/],
    ['empty', () => Buffer.alloc(0), /the file is empty/],
  ] as const) {
    it(`is refused when it is ${what}`, async () => {
      const error = await refusal(importText(change(Buffer.from(golden('failed')))));
      expect(error.code).to.equal('REPRISE_IMPORT_INVALID');
      expect(error.message).to.match(said);
    });
  }

  it('names the first byte that is no UTF-8, whatever stands before it', async () => {
    const good = '{"a":"\uFFFD\u20ac\u{1F600}"}\n{"b":"';
    const bytes = Buffer.concat([Buffer.from(good), Buffer.from([0x80, 0x22])]);
    async function* inOnes(): AsyncGenerator<Uint8Array> {
      for (const byte of bytes) yield Uint8Array.of(byte);
    }
    const error = await refusal(Array.fromAsync(splitLines(inOnes())));
    expect(error.message).to.contain(`Line 2: the bytes at offset ${Buffer.byteLength(good)} are not UTF-8`);
  });

  it('gives the same lines whatever the borders of the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary' })), fc.integer({ min: 1, max: 9 }), async (texts, size) => {
        const lines = texts.map((text) => text.replaceAll(/[\n\0]/g, '').toWellFormed());
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        async function* chunks(): AsyncGenerator<Uint8Array> {
          for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
        }
        const read = await Array.fromAsync(splitLines(chunks()), ({ text }) => text);
        expect(read).to.deep.equal(lines.map((line, index) => (index === 0 ? line.replace(/^\uFEFF/, '') : line)));
      }),
    );
  });

  it('holds no more than one line of bounded length', async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      const chunk = Buffer.alloc(1024 * 1024, 0x20);
      for (;;) {
        given += chunk.length;
        yield chunk;
      }
    }
    const error = await refusal(Array.fromAsync(splitLines(endless())));
    expect(error.message).to.contain(`Line 1: it has more than ${MAX_LINE_BYTES} bytes`);
    expect(given).to.be.at.most(MAX_LINE_BYTES + 1024 * 1024);
  });

  it('says why a file cannot be read', async () => {
    const folder = folders();
    mkdirSync(join(folder, 'runs'));
    const store = join(folder, 'runs.db');
    for (const [file, said] of [
      [join(folder, 'runs'), 'it is a folder'],
      [join(folder, 'none.ndjson'), 'there is no such file'],
      ['/dev/zero', 'it is a device'],
    ] as const) {
      const error = await refusal(importRuns(file, { store }, terminalOf(false).terminal));
      expect(error.code, file).to.equal('REPRISE_USAGE');
      expect(error.message).to.contain(said).and.to.contain(file);
    }
  });
});

describe('a run that this build cannot read', () => {
  it('is told, and hides neither its other events nor other runs', async () => {
    const store = await importText(golden('failed'));
    await importText(golden('report'), store);
    const { events: opened } = await createSqliteStorage({ path: store });
    const [first] = await opened.read('run-failed-1', { limit: 1 });
    if (first === undefined) throw new Error('no event');
    const { stream: _stream, position: _position, revision: _revision, ...event } = first;
    const id = '00000000-0000-4000-8000-00000000000';
    const summary = { kind: 'run', name: 'steps', status: 'running', createdAt: 9e15, updatedAt: 9e15 };
    await opened.append(
      'run-strange',
      [
        { ...event, id: `${id}1` },
        { ...event, id: `${id}2`, type: 'RunWarped', time: 9e15 },
        { ...event, id: `${id}3` },
      ],
      -1,
      { summary },
    );
    await opened.close();
    for (const json of [true, false]) {
      const listed = terminalOf(json);
      await listRuns({ store, limit: 10 }, listed.terminal);
      expect(listed.out.text).to.contain('strange').and.to.contain('failed-1').and.to.contain('report-1');
      const history = terminalOf(json);
      expect(await showHistory('strange', { store }, history.terminal)).to.equal(5);
      expect(history.out.text.trimEnd().split('\n')).to.have.length(3);
      expect(history.out.text).to.contain('RunWarped').and.to.contain('unknown to this build');
      expect(history.err.text).to.contain('1 event of run strange cannot be read');
    }
    expect((await refusal(showRun('strange', { store }, terminalOf(false).terminal))).code).to.equal(
      'REPRISE_EVENT_UNREADABLE',
    );
    const exported = terminalOf(true);
    expect(await exportRuns(['strange', 'failed-1'], { store }, exported.terminal)).to.equal(0);
    expect(exported.out.text.trimEnd().split('\n')).to.have.length(1 + 3 + 1 + 14);
    const checks = await checkStore(fileStore(store), NO_HANDS, true);
    const failed = checks.flatMap(({ status, detail }) => (status === 'fail' ? [detail] : []));
    expect(failed).to.have.length(1);
    expect(failed[0]).to.contain('run-strange: event 1 cannot be read');
    expect(
      checks.map(({ name }) => name),
      'the rest is looked at, too',
    ).to.include('open runs');
  });

  it('from its first event on, is passed over', async () => {
    const store = await importText(golden('failed'));
    const { events: opened } = await createSqliteStorage({ path: store });
    const id = '00000000-0000-4000-8000-000000000001';
    const metadata = { causationId: 'c', correlationId: 'later', schemaVersion: 99 };
    const summary = { kind: 'run', name: 'w', status: 'running', createdAt: 1, updatedAt: 1 };
    await opened.append('run-later', [{ id, type: 'RunStarted', time: 1, data: {}, metadata }], -1, { summary });
    await opened.close();
    const exported = terminalOf(false);
    expect(await exportRuns(['later', 'failed-1'], { store }, exported.terminal)).to.equal(5);
    expect(exported.err.text).to.contain('Run later was not exported').and.to.contain('version 99');
    expect(exported.out.text).to.contain('"runId":"failed-1"');
    const held = (await checkStore(fileStore(store), NO_HANDS, false)).find(({ name }) => name === 'held run');
    expect(held?.detail).to.contain('later cannot be read');
  });
});
