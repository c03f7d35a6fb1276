import { writeSync } from 'node:fs';
import { NO_STREAM, uuidv5 } from '@reprise/core/plugin';
import { createEventStoreDBStorage } from '@reprise/event-store-eventstoredb';

// What the children of the tests do. Started by child.ts as: <program> <options as JSON>.

const [program, options = '{}'] = process.argv.slice(2);
const print = (line: string | number): number => writeSync(1, `${line}\n`);

const programs: Readonly<Record<string, () => Promise<void>>> = {
  /** Owns all runs until it is killed, and says so. */
  async own() {
    const { ownership } = await createEventStoreDBStorage(JSON.parse(options));
    ownership?.onChange(({ gained }) => {
      if (gained) print('owns');
    });
    await ownership?.start();
    setInterval(() => undefined, 1000);
  },

  /** Appends to a run for ever, three events at a time, and prints each acknowledgement. */
  async forever() {
    const { events: store } = await createEventStoreDBStorage(JSON.parse(options));
    for (let revision = NO_STREAM; ; ) {
      const events = [1, 2, 3].map((step) => ({
        id: uuidv5('forever', String(revision + step)),
        type: 'Tested',
        time: revision + step,
        data: { n: revision + step },
        metadata: { causationId: 'command', correlationId: 'forever', schemaVersion: 1 },
      }));
      ({ revision } = await store.append('run-forever', events, revision));
      print(revision);
    }
  },
};

await programs[program ?? '']?.();
