import { writeSync } from 'node:fs';
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
};

await programs[program ?? '']?.();
