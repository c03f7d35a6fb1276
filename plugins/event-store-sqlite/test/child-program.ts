import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type EventStore, isRepriseError, NO_STREAM, type RepriseError, sleep } from '@reprise/core/plugin';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { runStream, sampleEvents } from './sample.ts';

// What the children of the tests do. Started by child.ts as: <program> <path> <arguments>.

const [program, path = '', ...args] = process.argv.slice(2);
const print = (line: string | number): number => writeSync(1, `${line}\n`);

const lastRevision = async (store: EventStore, stream: string): Promise<number> =>
  (await store.read(stream, { direction: 'backwards', limit: 1 }))[0]?.revision ?? NO_STREAM;

const programs: Readonly<Record<string, () => Promise<void>>> = {
  /** Appends to `streams` runs for ever, three events at a time, and prints each acknowledgement. */
  async forever() {
    const { events: store } = await createSqliteStorage({ path });
    const write = async (runId: string): Promise<never> => {
      for (let revision = await lastRevision(store, runStream(runId)); ; ) {
        ({ revision } = await store.append(runStream(runId), sampleEvents(runId, revision + 1, 3), revision));
        print(`${runId} ${revision}`);
      }
    };
    await Promise.all(Array.from({ length: Number(args[0]) }, (_, index) => write(`run${index}`)));
  },

  /** Appends one event to the run `count` times, against other processes: reads again after each conflict. */
  async contend() {
    const { events: store } = await createSqliteStorage({ path });
    const [runId = '', count = '0', name = ''] = args;
    let conflicts = 0;
    let revision = await lastRevision(store, runStream(runId));
    for (let done = 0; done < Number(count); ) {
      const [event] = sampleEvents(`${name}-${done}`, 0, 1);
      if (event === undefined) return;
      try {
        ({ revision } = await store.append(runStream(runId), [event], revision));
        done += 1;
      } catch (error) {
        if (!isRepriseError(error, 'REPRISE_STORE_CONFLICT')) throw error;
        conflicts += 1;
        revision = Number(error.details.actualRevision);
      }
    }
    print(conflicts);
    await store.close();
  },

  /** Appends one event to the named run for each line on stdin. */
  async onDemand() {
    const { events: store } = await createSqliteStorage({ path });
    print('ready');
    for await (const runId of createInterface({ input: process.stdin })) {
      const revision = await lastRevision(store, runStream(runId));
      await store.append(runStream(runId), sampleEvents(runId, revision + 1, 1), revision);
      print(`${runId} ${revision + 1}`);
    }
    await store.close();
  },

  /** Appends `count` events to run-a, one by one, says so, and waits to be killed. */
  async fill() {
    const { events: store } = await createSqliteStorage({ path });
    let revision = NO_STREAM;
    for (let left = Number(args[0]); left > 0; left -= 1) {
      ({ revision } = await store.append('run-a', sampleEvents('a', revision + 1, 1, 'x'.repeat(300)), revision));
    }
    print(revision);
    await sleep(60_000);
  },

  /** Reads as somebody who may not write: prints how many events there are, or what is wrong. */
  async look() {
    if (process.getuid?.() === 0) process.setuid?.(65_534);
    try {
      const { events: store } = await createSqliteStorage({ path, readOnly: true });
      print((await store.readAll()).length);
      await store.close();
    } catch (error) {
      print(isRepriseError(error) ? `${error.code} ${error.message}` : String(error));
    }
  },

  /** Owns the store and appends to it, until it is told that the store is lost: prints the code, and what an append says then. */
  async drive() {
    const { events: store, ownership, foreign } = await createSqliteStorage({ path });
    process.stdin.resume(); // an idle store keeps nothing alive
    const lost = new Promise<RepriseError>((resolve) => foreign?.onLost?.(resolve));
    await ownership?.start();
    print(ownership?.owns('any') === true ? 'owner' : 'refused');
    print((await lost).code);
    const error = await store.append('run-a', sampleEvents('a', 0, 1), NO_STREAM).catch((reason: unknown) => reason);
    print(isRepriseError(error) ? error.code : 'appended');
    await store.close();
    process.stdin.destroy();
  },

  /** Owns the store until it is killed. */
  async own() {
    const { ownership } = await createSqliteStorage({ path });
    await ownership?.start();
    print(ownership?.owns('any') === true ? 'owner' : 'refused');
    await sleep(60_000);
  },

  /** Appends once, and ends without close(): an idle store must not keep the process alive. */
  async unclosed() {
    const { events: store, foreign } = await createSqliteStorage({ path });
    foreign?.onAppend(() => undefined);
    await store.append('run-a', sampleEvents('a', 0, 1), NO_STREAM);
    print('done');
  },

  /** The process may not write files larger than the limit it was started with; appends until that shows, then as told. */
  async limited() {
    process.on('SIGXFSZ', () => undefined);
    const { events: store } = await createSqliteStorage({ path });
    print(process.pid);
    let revision = NO_STREAM;
    for await (const text of createInterface({ input: process.stdin })) {
      const size = Number(text);
      try {
        ({ revision } = await store.append('run-a', sampleEvents('a', revision + 1, 1, 'x'.repeat(size)), revision));
        print(`ok ${revision}`);
      } catch (error) {
        print(isRepriseError(error) ? error.code : String(error));
      }
    }
    await store.close();
  },
};

await programs[program ?? '']?.();
