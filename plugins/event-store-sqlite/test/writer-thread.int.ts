import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { BEGINNING, encodePosition, isRepriseError, NO_STREAM } from '@reprise/core/plugin';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { WriterThread } from '../src/writer-thread.ts';
import { Child } from './child.ts';
import { temporaryPaths } from './folder.ts';
import { sampleEvents } from './sample.ts';

const CRASHING = new URL('./crashing-worker.ts', import.meta.url);
const nobody = { onCommitted: () => undefined, onForeign: () => undefined };

describe("the writer's thread", () => {
  const newPath = temporaryPaths();
  const append = (writer: WriterThread, runId: string): Promise<unknown> =>
    writer.append(`run-${runId}`, NO_STREAM, sampleEvents(runId, 0, 1), ['{}'], undefined);

  it('leaves the outcome of waiting appends unknown when it crashes, and comes back with the next', async () => {
    const path = newPath();
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}-crash`, '');
    const writer = new WriterThread({ path }, nobody, CRASHING);
    await writer.open();
    const waiting = await Promise.allSettled([append(writer, 'a'), append(writer, 'b')]);
    for (const outcome of waiting) {
      const error = outcome.status === 'rejected' ? outcome.reason : undefined;
      expect(isRepriseError(error, 'REPRISE_STORE_UNKNOWN_OUTCOME') && error.retryable).to.equal(true);
      expect(error.cause.message).to.equal('the writer died');
    }
    expect(await append(writer, 'a')).to.deep.equal({ revision: 0, position: encodePosition(0) });
    expect(await append(writer, 'a')).to.deep.equal({ revision: 0, position: encodePosition(0) });
    await writer.close();
  });

  it('rejects waiting appends with the reason why it cannot open', async () => {
    const path = newPath();
    mkdirSync(path, { recursive: true });
    const writer = new WriterThread({ path }, nobody);
    const error = await append(writer, 'a').catch((reason: unknown) => reason);
    expect(isRepriseError(error, 'REPRISE_STORE_UNAVAILABLE') && error.message).to.include('not a file');
    await writer.close();
  });

  it('neither keeps an idle process alive nor prints anything', async () => {
    const path = newPath();
    const child = new Child('unclosed', [path]);
    expect(await child.end()).to.equal(0);
    expect([child.lines, child.stderr]).to.deep.equal([['done'], '']);
    const { events: store } = await createSqliteStorage({ path });
    expect(await store.read('run-a')).to.have.length(1);
    await store.close();
  });
});

describe('an append to an SQLite event store', () => {
  const newPath = temporaryPaths();

  it('refuses events that are too large or have no JSON form, and harms no other', async () => {
    const { events: store } = await createSqliteStorage({ path: newPath(), maxEventBytes: 1000 });
    const [event] = sampleEvents('a', 0, 1);
    if (event === undefined) throw new Error('no sample');
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const data = [{ text: 'ż'.repeat(500) }, cycle, undefined] as unknown as (typeof event.data)[];
    const attempts = data.map((odd) => store.append('run-a', [{ ...event, data: odd }], NO_STREAM));
    const good = store.append('run-b', sampleEvents('b', 0, 1), NO_STREAM);
    const codes = await Promise.all(
      attempts.map((attempt) => attempt.catch((error: unknown) => isRepriseError(error) && error.code)),
    );
    expect(codes).to.deep.equal(['REPRISE_STORE_TOO_LARGE', 'REPRISE_INVALID_PAYLOAD', 'REPRISE_INVALID_PAYLOAD']);
    expect((await good).revision).to.equal(0);
    expect(await store.readAll()).to.have.length(1);
    await store.append('run-a', [{ ...event, data: { text: 'x'.repeat(900) } }], NO_STREAM);
    await store.close();
  });

  it('of no events checks the revision and changes nothing', async () => {
    const { events: store } = await createSqliteStorage({ path: newPath() });
    expect(await store.append('run-a', [], NO_STREAM)).to.deep.equal({ revision: -1, position: BEGINNING });
    const { position } = await store.append('run-a', sampleEvents('a', 0, 2), NO_STREAM);
    expect(await store.append('run-a', [], 1)).to.deep.equal({ revision: 1, position });
    const error = await store.append('run-a', [], 0).catch((reason: unknown) => reason);
    expect(isRepriseError(error, 'REPRISE_STORE_CONFLICT')).to.equal(true);
    await store.close();
  });
});
