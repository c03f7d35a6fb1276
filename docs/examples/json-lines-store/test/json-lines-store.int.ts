import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventStoreConformance } from '@reprise/conformance';
import { NO_STREAM, type Storage } from '@reprise/core/plugin';
import { expect } from 'chai';
import { after, describe, it } from 'mocha';
import { createJsonLinesStorage, jsonLines } from '../json-lines-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'reprise-json-lines-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let made = 0;
const newPath = (): string => {
  made += 1;
  return join(folder, `${made}.jsonl`);
};

const paths = new WeakMap<Storage, string>();
async function open(path: string): Promise<Storage> {
  const storage = await createJsonLinesStorage(path);
  paths.set(storage, path);
  return storage;
}

eventStoreConformance('json lines', {
  create: () => open(newPath()),
  reopen: async (storage) => {
    await storage.events.close();
    return open(paths.get(storage) ?? '');
  },
});

describe('a file of JSON lines', () => {
  const event = (id: string) => ({
    id,
    type: 'Tested',
    time: 0,
    data: {},
    metadata: { causationId: 'c', correlationId: 'a', schemaVersion: 1 },
  });

  it('has a line for each append; one that was torn by a crash is as if it had never been', async () => {
    const path = newPath();
    const { events } = await createJsonLinesStorage(path);
    await events.append('run-a', [event('1'), event('2')], NO_STREAM);
    await events.append('run-b', [event('3')], NO_STREAM);
    await events.close();
    const whole = readFileSync(path, 'utf8');
    expect(whole.split('\n')).to.have.length(3);
    appendFileSync(path, '{"stream":"run-b","events":[{"id":"4');
    const { events: again } = await createJsonLinesStorage(path);
    expect((await again.readAll()).map(({ id }) => id)).to.deep.equal(['1', '2', '3']);
    await again.append('run-b', [event('5')], 0);
    await again.close();
    expect(readFileSync(path, 'utf8').startsWith(whole)).to.equal(true);
    expect(readFileSync(path, 'utf8').split('\n')).to.have.length(4);
  });

  it('is brought by a plugin', () => {
    expect(jsonLines('x')).to.include({ name: 'json-lines', kind: 'event-store' });
  });
});
