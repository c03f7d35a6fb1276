import { encodePosition, NO_STREAM, readStream } from '@reprise/core/plugin';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { temporaryPaths } from './folder.ts';
import { sampleEvents } from './sample.ts';

const LARGE = 900_000;
const EVENTS = 12;

describe('a page of large events', () => {
  const newPath = temporaryPaths();

  it('ends at some 4 MiB, in every direction, and the next one goes on', async () => {
    const { events: store } = await createSqliteStorage({ path: newPath() });
    for (let revision = 0; revision < EVENTS; revision += 1) {
      await store.append('run-a', sampleEvents('a', revision, 1, 'x'.repeat(LARGE)), revision - 1);
    }
    const revisions = (events: readonly { readonly revision: number }[]): number[] =>
      events.map(({ revision }) => revision);
    expect(revisions(await store.read('run-a'))).to.deep.equal([0, 1, 2, 3, 4]);
    expect(revisions(await store.read('run-a', { from: 5 }))).to.deep.equal([5, 6, 7, 8, 9]);
    expect(revisions(await store.read('run-a', { direction: 'backwards' }))).to.deep.equal([11, 10, 9, 8, 7]);
    expect(revisions(await store.readAll({ after: encodePosition(0) }))).to.deep.equal([1, 2, 3, 4, 5]);
    expect((await store.read('run-a')).complete).to.equal(undefined);
    expect((await store.read('run-a', { from: 10 })).complete).to.equal(true);
    const streamed: number[] = [];
    for await (const { revision } of readStream(store, 'run-a')) streamed.push(revision);
    expect(streamed).to.deep.equal(Array.from({ length: EVENTS }, (_, index) => index));
    const delivered: number[] = [];
    await new Promise<void>((resolve) => {
      void store.subscribe({ onEvents: (page) => void delivered.push(...revisions(page)), onCaughtUp: resolve });
    });
    expect(delivered).to.deep.equal(streamed);
    await store.close();
  });

  it('holds one event at least', async () => {
    const { events: store } = await createSqliteStorage({ path: newPath() });
    await store.append('run-a', sampleEvents('a', 0, 2, 'x'.repeat(5_000_000)), NO_STREAM);
    expect(await store.read('run-a')).to.have.length(1);
    expect(await store.read('run-a', { from: 1 })).to.have.length(1);
    await store.close();
  });
});
