import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { isRepriseError, NO_STREAM } from '@reprise/core/plugin';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Child } from './child.ts';
import { temporaryPaths } from './folder.ts';
import { sampleEvents } from './sample.ts';

describe('an SQLite event store without space', () => {
  const newPath = temporaryPaths();

  it('rejects what does not fit under maxFileBytes, keeps what it acknowledged, and takes what fits', async () => {
    const path = newPath();
    const { events: store } = await createSqliteStorage({ path, maxFileBytes: 400_000 });
    let revision = NO_STREAM;
    let error: unknown;
    while (error === undefined) {
      const events = sampleEvents('a', revision + 1, 1, 'x'.repeat(50_000));
      await store.append('run-a', events, revision).then(
        (result) => {
          ({ revision } = result);
        },
        (reason: unknown) => {
          error = reason;
        },
      );
    }
    expect(isRepriseError(error, 'REPRISE_STORE_UNAVAILABLE') && error.message).to.include('no space left');
    expect(revision).to.be.greaterThan(2);
    expect(statSync(path).size).to.be.at.most(400_000);
    expect(await store.read('run-a')).to.have.length(revision + 1);
    const small = await store.append('run-a', sampleEvents('a', revision + 1, 1), revision);
    await store.append('run-b', sampleEvents('b', 0, 1), NO_STREAM);
    await store.close();

    const { events: roomier } = await createSqliteStorage({ path });
    expect(await roomier.readAll()).to.have.length(revision + 3);
    await roomier.append('run-a', sampleEvents('a', small.revision + 1, 1, 'x'.repeat(50_000)), small.revision);
    await roomier.close();
  });

  it('works again, without being opened again, when the system gives it space', async function () {
    // A limit on the size of files stands for the full disk: write() fails in the same place, and it can be lifted.
    if (process.platform !== 'linux' || spawnSync('prlimit', ['--version']).status !== 0) return this.skip();
    const path = newPath();
    const child = new Child('limited', [path]);
    await child.printed(1);
    const limit = (bytes: string): Buffer =>
      execFileSync('prlimit', ['--pid', child.lines[0] ?? '', `--fsize=${bytes}:`]);
    limit('200000');
    let sent = 1;
    const append = async (size: number): Promise<string> => {
      child.tell(String(size));
      sent += 1;
      await child.printed(sent);
      return child.lines.at(-1) ?? '';
    };
    const answers: string[] = [];
    do answers.push(await append(30_000));
    while (answers.at(-1)?.startsWith('ok') && answers.length < 50);
    expect(answers.at(-1)).to.equal('REPRISE_STORE_UNAVAILABLE');
    expect(await append(30_000)).to.equal('REPRISE_STORE_UNAVAILABLE');
    const kept = answers.length - 1;
    limit('unlimited');
    expect(await append(30_000)).to.equal(`ok ${kept}`);
    child.process.stdin?.end();
    expect(await child.end(), child.stderr).to.equal(0);
    const { events: store } = await createSqliteStorage({ path });
    expect((await store.read('run-a')).map(({ revision }) => revision)).to.deep.equal(
      Array.from({ length: kept + 1 }, (_, index) => index),
    );
    await store.close();
  });
});
