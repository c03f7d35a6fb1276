import { sleep } from '@reprise/core/plugin';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Child } from './child.ts';
import { temporaryPaths } from './folder.ts';
import { runStream, sampleEvent } from './sample.ts';

const KILLS = 10;
const RUNS = 8;

describe('an SQLite event store whose process is killed', () => {
  const newPath = temporaryPaths();

  it(`has every acknowledged event after each of ${KILLS} SIGKILLs, and no gap`, async () => {
    const path = newPath();
    let acknowledged = 0;
    for (let round = 0; round < KILLS; round += 1) {
      const child = new Child('forever', [path, RUNS]);
      await child.printed(1 + Math.floor(Math.random() * 200));
      await sleep(Math.random() * 20);
      await child.kill();
      acknowledged += child.lines.length;
      const { events: store } = await createSqliteStorage({ path });
      const revisions = new Map<string, number>();
      for (const line of child.lines) {
        const [runId = '', revision] = line.split(' ');
        revisions.set(runId, Number(revision));
      }
      for (const [runId, revision] of revisions) {
        const recorded = await store.read(runStream(runId), { limit: Number.MAX_SAFE_INTEGER });
        expect(recorded.length % 3, 'an append is there as a whole').to.equal(0);
        expect(recorded.length, `${runId} after kill ${round}`).to.be.greaterThan(revision);
        for (const [index, { position: _position, stream: _stream, ...event }] of recorded.entries()) {
          expect(event).to.deep.equal({ ...sampleEvent(runId, index), revision: index });
        }
      }
      await store.close();
    }
    expect(acknowledged).to.be.greaterThan(KILLS);
  });
});
