import { parseArgs } from 'node:util';
import { KafkaBroker, lacksKafka } from '../../plugins/transport-kafka/test/support/kafka-broker.ts';
import { chaos } from './chaos.ts';
import type { Drivers } from './cluster.ts';

// `npm run chaos`: a cluster on this machine, of which everything is broken, as a seed has it, while it carries out runs.

const HELP = `Usage: npm run chaos -- [--minutes N] [--seed N] [--driver kafkajs|platformatic|mixed]

Starts Kafka, the protocol server of EventStoreDB, three orchestrators and three workers on 127.0.0.1, and breaks them while they carry out
runs: processes killed, stopped and continued beyond their leases, partitions moved, the broker killed, the store cut. Then every run has to
end, no outcome be there twice, what is done at most once be done once, every replay match, nothing wait, and no dead letter be there.

  --minutes N  for how long, 1 to 600 (default 3)
  --seed N     what is done, and in which order (default: another each time, which is told)
  --driver D   the driver of the transport (default mixed: both, in one cluster)
`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function options(): { readonly minutes: number; readonly seed: number; readonly drivers: Drivers } {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { minutes: text, seed: text, driver: text, help: { type: 'boolean' } } });
  if (values.help === true) {
    say(HELP);
    process.exit(0);
  }
  const { minutes = '3', seed = String(Date.now() % 1_000_000), driver = 'mixed' } = values;
  if (!(Number(minutes) >= 1 && Number(minutes) <= 600)) throw new Error('--minutes must be a number, 1 to 600.');
  if (!Number.isSafeInteger(Number(seed))) throw new Error('--seed must be a whole number.');
  if (driver !== 'kafkajs' && driver !== 'platformatic' && driver !== 'mixed')
    throw new Error('--driver must be kafkajs, platformatic or mixed.');
  return { minutes: Number(minutes), seed: Number(seed), drivers: driver };
}

function optionsOrExit(): ReturnType<typeof options> {
  try {
    return options();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
}

const chosen = optionsOrExit();
const lacking = await lacksKafka();
if (lacking !== undefined) {
  process.stderr.write(`There can be no broker here: ${lacking}.\n`);
  process.exit(77);
}
const { minutes, seed, drivers } = chosen;
say(`seed ${seed}, ${minutes} minutes, ${drivers}`);
const broker = await KafkaBroker.open();
try {
  const { runs, calls, done } = await chaos({ ...chosen, broker, tell: say }).finally(() => broker.stop());
  for (const [what, count] of Object.entries(done)) say(`${String(count).padStart(4)} × ${what}`);
  say(`All holds: ${runs} runs have ended, over ${calls} calls of agents (seed ${seed}).`);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  say(`It does not hold: --minutes ${minutes} --seed ${seed} --driver ${drivers} does the same again.`);
  process.exit(1);
}
