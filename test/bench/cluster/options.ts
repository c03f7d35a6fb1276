import { parseArgs } from 'node:util';
import type { Settings } from './member.ts';
import type { Size } from './members.ts';
import { ROWS } from './rows.ts';

const rows = Object.entries(ROWS).map(([name, { about, sizes }]) => {
  const usual = sizes.map(({ orchestrators, workers }) => `${orchestrators}+${workers}`).join(', ');
  return `  ${name.padEnd(12)} ${about} (${usual})`;
});

export const HELP = `Usage: npm run bench:cluster -- [ROW…] [--driver kafkajs|platformatic] [--members 1+1,2+2] [--scale N]
                                [--limit SECONDS] [--json] [--out FILE] [--profile FOLDER]

Measures a cluster on this machine: a Kafka and a protocol server of EventStoreDB, which it starts itself on 127.0.0.1, and orchestrators and
workers as processes. Needs Java 17 and Maven. Nothing fails because it is slow: goals stand beside what was measured.

Rows (default: all), each with the orchestrators + workers that it is measured with:
${rows.join('\n')}

  --driver D        kafkajs or platformatic (default: both, one after the other)
  --members LIST    ORCHESTRATORS+WORKERS, with commas between, instead of the row's own; not for planned and killed
  --scale N         how much there is to do, 0.1 to 10 (default 1)
  --limit SECONDS   after which a row is given up, for each driver and size, 10 to 3600 (default 180)
  --json            JSON on stdout, instead of tables; what is going on is said on stderr in both cases
  --out FILE        the same JSON in a file
  --profile FOLDER  a CPU profile of each process; reading it is what Chrome's DevTools are for

Exit code: 0 measured, 1 a row was given up, 2 misused, 77 there can be no broker here.

Examples:
  npm run bench:cluster -- throughput --driver platformatic --members 1+1,4+2
  npm run bench:cluster -- lone idle --json > figures.json
`;

export interface Chosen {
  readonly rows: readonly string[];
  readonly drivers: readonly Settings['driver'][];
  readonly sizes: readonly Size[] | undefined;
  readonly scale: number;
  readonly limitSeconds: number;
  readonly json: boolean;
  readonly out: string | undefined;
  readonly profile: string | undefined;
}

/** What cannot be done, in one line. */
export class Misused extends Error {}

const DRIVERS = ['kafkajs', 'platformatic'] as const;
const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

/** Throws Misused. */
export function readOptions(args: readonly string[]): Chosen | 'help' {
  const { values, positionals } = parsed(args);
  if (values.help) return 'help';
  const unknown = positionals.find((row) => !Object.hasOwn(ROWS, row));
  if (unknown !== undefined)
    throw new Misused(`There is no row '${unknown}' (there are ${Object.keys(ROWS).join(', ')}).`);
  const drivers = DRIVERS.filter((one) => one === (values.driver ?? one));
  if (drivers.length === 0) throw new Misused(`--driver must be ${DRIVERS.join(' or ')}, not '${values.driver}'.`);
  return {
    rows: positionals.length === 0 ? Object.keys(ROWS) : [...new Set(positionals)],
    drivers,
    sizes: values.members?.split(',').map(sizeOf),
    scale: numberOf('--scale', values.scale ?? '1', 0.1, 10),
    limitSeconds: numberOf('--limit', values.limit ?? '180', 10, 3600),
    json: values.json,
    out: values.out,
    profile: values.profile,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        driver: text,
        members: text,
        scale: text,
        limit: text,
        out: text,
        profile: text,
        json: flag,
        help: flag,
      },
    });
  } catch (error) {
    throw new Misused(error instanceof Error ? error.message : String(error));
  }
}

function sizeOf(pair: string): Size {
  const [, orchestrators, workers] = /^([1-9]\d?)\+([1-9]\d?)$/.exec(pair) ?? [];
  if (orchestrators === undefined || workers === undefined)
    throw new Misused(`--members must be ORCHESTRATORS+WORKERS, 1 to 99 each, as 2+2; '${pair}' is not.`);
  return { orchestrators: Number(orchestrators), workers: Number(workers) };
}

function numberOf(name: string, said: string, least: number, most: number): number {
  const value = Number(said);
  if (said.trim() !== '' && value >= least && value <= most) return value;
  throw new Misused(`${name} must be a number, ${least} to ${most}, not '${said}'.`);
}
