import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { GroupWriter } from '../src/group-writer.ts';
import { openWritable } from '../src/open.ts';
import { type AppendCells, pushAppend, type WriteMessage } from '../src/write-messages.ts';
import { temporaryPaths } from './folder.ts';
import { sampleEvents } from './sample.ts';

const message = (runId: string, expected: number, count: number, text?: string): WriteMessage => {
  const appends: AppendCells = [];
  const events = sampleEvents(runId, expected + 1, count, text);
  const data = events.map((event) => JSON.stringify(event.data));
  pushAppend(appends, `run-${runId}`, expected, events, data, undefined);
  return { kind: 'write', appends, snapshots: [] };
};

describe('the group writer', () => {
  const newPath = temporaryPaths();
  const open = (path: string, maxFileBytes?: number): [DatabaseSync, GroupWriter] => {
    const db = openWritable({ path, maxFileBytes });
    return [db, new GroupWriter(db, path)];
  };

  it('writes a group in one transaction: positions without gaps, in the order of the messages', () => {
    const [db, writer] = open(newPath());
    const { outcomes } = writer.write([
      message('a', -1, 20),
      message('b', -1, 3),
      message('a', 19, 1),
      message('a', 18, 1),
      message('a', 19, 2),
    ]);
    expect(outcomes).to.deep.equal([
      [0, 19, 19],
      [0, 2, 22],
      [0, 20, 23],
      [0, 19, 19],
      [1, 20, 0],
    ]);
    expect(writer.head).to.equal(23);
    db.close();
  });

  it('rolls back the whole group on a fault, and counts on as if it had not been', () => {
    const [db, writer] = open(newPath(), 300_000);
    writer.write([message('a', -1, 1)]);
    const { outcomes } = writer.write([
      message('a', 0, 1),
      message('new', -1, 2),
      message('b', -1, 1, 'x'.repeat(400_000)),
    ]);
    for (const outcome of outcomes) expect(outcome).to.include({ code: 'REPRISE_STORE_UNAVAILABLE' });
    expect(writer.write([message('a', 0, 1), message('new', -1, 1)]).outcomes).to.deep.equal([
      [0, 1, 1],
      [0, 0, 2],
    ]);
    db.close();
  });

  it('notices what another connection committed, and nothing of its own', () => {
    const path = newPath();
    const [one, first] = open(path);
    const [other, second] = open(path);
    expect([first.poll(), second.poll()]).to.deep.equal([undefined, undefined]);
    first.write([message('a', -1, 2)]);
    expect([first.poll(), second.poll()]).to.deep.equal([undefined, { from: 0, to: 1 }]);
    second.write([message('b', -1, 1)]);
    const { outcomes, foreign } = first.write([message('a', 1, 1), message('b', -1, 2)]);
    expect(foreign).to.deep.equal({ from: 2, to: 2 });
    expect(outcomes).to.deep.equal([
      [0, 2, 3],
      [1, 0, 0],
    ]);
    one.close();
    other.close();
  });

  it('counts what was written after the position it is told of as foreign', () => {
    const path = newPath();
    const [db, writer] = open(path);
    writer.write([message('a', -1, 5)]);
    const again = new GroupWriter(db, path, 2);
    expect(again.poll()).to.deep.equal({ from: 3, to: 4 });
    db.close();
  });

  it('rejects the group, and nothing else, while another connection holds the file', () => {
    const path = newPath();
    mkdirSync(dirname(path), { recursive: true });
    const [db, writer] = open(path);
    db.exec('PRAGMA busy_timeout = 0');
    const holder = new DatabaseSync(path);
    holder.exec('BEGIN IMMEDIATE');
    const [busy] = writer.write([message('a', -1, 1)]).outcomes;
    expect(busy).to.include({ code: 'REPRISE_STORE_UNAVAILABLE' });
    holder.exec('COMMIT');
    holder.close();
    expect(writer.write([message('a', -1, 1)]).outcomes).to.deep.equal([[0, 0, 0]]);
    db.close();
  });
});
