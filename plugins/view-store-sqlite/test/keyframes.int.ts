import { randomBytes } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Keyframe } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createSqliteKeyframes } from '../src/index.ts';
import { openDatabase } from '../src/node-sqlite.ts';
import { temporaryPaths } from './folder.ts';

const paths = temporaryPaths();
const VERSION = 'v1';
const frame = (revision: number, state = `state ${revision} ✓`): Keyframe => ({
  revision,
  eventId: `event-${revision}`,
  state,
});
const ALL = { after: -1, at: Number.POSITIVE_INFINITY };

describe('keyframes in a file', () => {
  it('are found again by another process, as they were given', async () => {
    const path = paths();
    const first = createSqliteKeyframes({ path });
    for (const revision of [4999, 9999, 14_999]) await first.save('r1', VERSION, frame(revision));
    const second = createSqliteKeyframes({ path });
    for (const store of [first, second]) {
      expect(await store.load('r1', VERSION, ALL)).to.deep.equal(frame(14_999));
      expect(await store.load('r1', VERSION, { after: -1, at: 14_998 })).to.deep.equal(frame(9999));
      expect(await store.load('r1', VERSION, { after: 9999, at: 14_998 })).to.equal(undefined);
      expect(await store.load('r2', VERSION, ALL)).to.equal(undefined);
    }
    await second.forget('r1');
    expect(await first.load('r1', VERSION, ALL)).to.equal(undefined);
    await first.close();
    await second.close();
    expect(await first.load('r1', VERSION, ALL)).to.equal(undefined);
  });

  it('of another version are not given, and gone', async () => {
    const path = paths();
    const old = createSqliteKeyframes({ path });
    await old.save('r1', 'v0', frame(4999));
    const next = createSqliteKeyframes({ path });
    expect(await next.load('r1', VERSION, ALL)).to.equal(undefined);
    await next.save('r2', VERSION, frame(4999));
    expect(await old.load('r1', 'v0', ALL)).to.equal(undefined);
    await old.close();
    await next.close();
  });

  it('take no more room than they may: runs go that were asked for longest ago, then every other frame', async () => {
    const path = paths();
    const store = createSqliteKeyframes({ path, maxBytes: 100_000 });
    const large = () => randomBytes(10_000).toString('base64');
    for (const run of ['a', 'b', 'c'])
      for (let at = 1; at <= 3; at += 1) await store.save(run, VERSION, frame(at, large()));
    await store.load('a', VERSION, ALL);
    await store.save('d', VERSION, frame(1, large()));
    const there = async (run: string) => (await store.load(run, VERSION, ALL)) !== undefined;
    expect([await there('a'), await there('b'), await there('d')]).to.deep.equal([true, false, true]);
    for (let at = 1; at <= 40; at += 1) await store.save('one', VERSION, frame(at, large()));
    expect(await there('a')).to.equal(false);
    const db = openDatabase(path, { readOnly: true });
    const { bytes, frames } =
      db.prepare('SELECT sum(length(state)) AS bytes, count(*) AS frames FROM frames').get() ?? {};
    db.close();
    expect(bytes).to.be.at.most(100_000);
    expect(frames).to.be.greaterThan(2);
    expect((await store.load('one', VERSION, ALL))?.revision).to.be.greaterThan(30);
    await store.close();
    expect(statSync(path).size).to.be.below(400_000);
  });

  it('that are damaged are none, whatever the damage', async () => {
    const path = paths();
    const write = async (): Promise<void> => {
      const store = createSqliteKeyframes({ path });
      for (let at = 1; at <= 20; at += 1) await store.save('r1', VERSION, frame(at, randomBytes(3000).toString('hex')));
      await store.close();
    };
    const damage: readonly (() => void)[] = [
      () => writeFileSync(path, 'no database'),
      () => writeFileSync(path, ''),
      () => {
        const file = openSync(path, 'r+');
        ftruncateSync(file, 5000);
        closeSync(file);
      },
      () => {
        const file = openSync(path, 'r+');
        for (let at = 4096; at < readFileSync(path).length; at += 4096) writeSync(file, randomBytes(64), 0, 64, at);
        closeSync(file);
      },
      () => {
        const db = openDatabase(path);
        db.exec("UPDATE frames SET state = x'00'");
        db.close();
      },
      () => {
        const db = openDatabase(path);
        db.exec('DROP TABLE runs');
        db.close();
      },
    ];
    for (const [at, harm] of damage.entries()) {
      await write();
      harm();
      const store = createSqliteKeyframes({ path });
      await store.load('r1', VERSION, ALL).then((found) => {
        if (at !== 5) expect(found, `damage ${at}`).to.equal(undefined);
      });
      const other = `after ${at}`;
      await store.save(other, VERSION, frame(1));
      await store.save(other, VERSION, frame(2));
      expect((await store.load(other, VERSION, ALL))?.revision, `after damage ${at}`).to.equal(2);
      await store.close();
    }
  });

  it('leave the file of another application alone, and say so', async () => {
    const path = paths();
    mkdirSync(dirname(path), { recursive: true });
    const db = openDatabase(path);
    db.exec('CREATE TABLE theirs (a)');
    db.close();
    const store = createSqliteKeyframes({ path });
    const told = await store.save('r1', VERSION, frame(1)).then(
      () => 'kept',
      (error: { readonly code: string; readonly message: string }) => `${error.code} ${error.message}`,
    );
    expect(told).to.match(/^REPRISE_VIEW_STORE_UNAVAILABLE .*another application/);
    const again = openDatabase(path, { readOnly: true });
    expect(again.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'theirs'").get()?.['n']).to.equal(1);
    again.close();
  });

  it('are not waited for while another process writes', async () => {
    const path = paths();
    const store = createSqliteKeyframes({ path });
    await store.save('r1', VERSION, frame(1));
    const db = openDatabase(path);
    db.exec('BEGIN IMMEDIATE');
    await store.save('r1', VERSION, frame(2));
    expect((await store.load('r1', VERSION, ALL))?.revision).to.equal(1);
    db.exec('ROLLBACK');
    db.close();
    await store.save('r1', VERSION, frame(2));
    expect((await store.load('r1', VERSION, ALL))?.revision).to.equal(2);
    await store.close();
  });
});
