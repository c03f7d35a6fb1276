import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { lacksKafka } from '../../plugins/transport-kafka/test/support/kafka-broker.ts';
import type { Figure } from './cluster/figures.ts';
import { withCluster } from './cluster/members.ts';
import { type Chosen, HELP, Misused, readOptions } from './cluster/options.ts';
import { ROWS } from './cluster/rows.ts';

// `npm run bench:cluster`: several orchestrators and workers over a real Kafka and the protocol of EventStoreDB, all on this machine, each a process of its own.

/** One row, of one driver and one size. */
interface Measured {
  readonly row: string;
  readonly driver: string;
  readonly orchestrators: number;
  readonly workers: number;
  readonly figures?: readonly Figure[];
  /** Why there are none. */
  readonly failure?: string;
}

const tell = (line: string): void => void process.stderr.write(`${line}\n`);

function options(): Chosen {
  try {
    const read = readOptions(process.argv.slice(2));
    if (read !== 'help') return read;
    process.stdout.write(HELP);
    return process.exit(0);
  } catch (error) {
    if (!(error instanceof Misused)) throw error;
    process.stderr.write(`${error.message}\n\n${HELP}`);
    return process.exit(2);
  }
}

async function measure(name: string, size: Chosen['sizes'], driver: Chosen['drivers'][number], chosen: Chosen) {
  const row = ROWS[name];
  const all: Measured[] = [];
  for (const { orchestrators, workers } of row?.fixed === true ? row.sizes : (size ?? row?.sizes ?? [])) {
    const of = { row: name, driver, orchestrators, workers };
    tell(`> ${name}, ${driver}, ${orchestrators}+${workers} ...`);
    try {
      const figures = await withCluster(
        { orchestrators, workers, driver, profile: chosen.profile },
        chosen.limitSeconds * 1000,
        async (members) => (await row?.measure(members, chosen.scale)) ?? [],
      );
      all.push({ ...of, figures });
    } catch (error) {
      all.push({ ...of, failure: error instanceof Error ? error.message : String(error) });
    }
    if (!chosen.json) show(all.at(-1));
  }
  return all;
}

function show(measured: Measured | undefined): void {
  if (measured === undefined) return;
  const { row, driver, orchestrators, workers, figures = [], failure } = measured;
  const lines = figures.map(({ what, value, unit, goal = '' }) => {
    const digits = value >= 100 ? 0 : 2;
    return `  ${what.padEnd(52)} ${value.toFixed(digits).padStart(10)} ${unit.padEnd(8)} ${goal}`.trimEnd();
  });
  if (failure !== undefined) lines.push(`  not measured: ${failure}`);
  process.stdout.write(`${row}, ${driver}, ${orchestrators}+${workers}\n${lines.join('\n')}\n\n`);
}

const chosen = options();
const lacking = await lacksKafka();
if (lacking !== undefined) {
  process.stderr.write(`There can be no broker here: ${lacking}.\n`);
  process.exit(77);
}
const results: Measured[] = [];
for (const driver of chosen.drivers)
  for (const row of chosen.rows) results.push(...(await measure(row, chosen.sizes, driver, chosen)));
const report = { node: process.version, cpus: cpus().length, scale: chosen.scale, results };
const text = `${JSON.stringify(report, undefined, 2)}\n`;
if (chosen.json) process.stdout.write(text);
if (chosen.out !== undefined) {
  mkdirSync(dirname(chosen.out), { recursive: true });
  writeFileSync(chosen.out, text);
}
process.exit(results.some(({ failure }) => failure !== undefined) ? 1 : 0);
