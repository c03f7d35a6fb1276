// `npm run cluster`: what cluster/topology.json says, as plain processes on 127.0.0.1, new and empty, until Ctrl-C, or until `npm run cluster -- stop`. It needs
// Java 17 and Maven; exit code 77 says that they are not there.
import { lacksKafka } from '../plugins/transport-kafka/test/support/kafka-broker.ts';
import { CLI, Cluster, CONFIG, type Row } from './cluster/cluster.ts';
import { ask, openControl } from './cluster/control.ts';
import { clusterFolder, controlFile, SKIPPED } from './cluster/where.ts';

interface Status {
  readonly rows: readonly Row[];
  readonly env: Readonly<Record<string, string>>;
}

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const folder = clusterFolder();
const file = controlFile();

function table({ rows, env }: Status): void {
  if (rows.length === 0) return void say('It is starting.');
  const width = Math.max(...rows.map(({ name }) => name.length));
  for (const { name, pid, state, log } of rows)
    say(`${name.padEnd(width)}  ${String(pid).padStart(7)}  ${state.padEnd(9)}  ${log}`);
  const words = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
  say(`\nIts runs: ${words.join(' ')} node ${CLI} run list`);
}

const running = async (): Promise<Status | undefined> => (await ask(file, 'status')) as Status | undefined;

async function start(): Promise<number> {
  const already = await running();
  if (already !== undefined) {
    say('A cluster runs already. Stop it: npm run cluster -- stop');
    table(already);
    return 0;
  }
  const lacking = await lacksKafka();
  if (lacking !== undefined) {
    say(`Skipped: no cluster can be started, because ${lacking}.`);
    return SKIPPED;
  }
  const stopping = Promise.withResolvers<string>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.resolve(signal));
  const stopped = Promise.withResolvers<void>();
  let cluster: Cluster | undefined;
  let asked = false;
  const status = async (): Promise<Status> => ({ rows: (await cluster?.rows()) ?? [], env: cluster?.env ?? {} });
  // Before anything is there: a second start is to find this one.
  const control = await openControl(file, async (asked) => {
    if (asked === 'status') return status();
    stopping.resolve('stop');
    await stopped.promise;
    return {};
  });
  try {
    void stopping.promise.then(() => {
      asked = true;
      say('Stopping ...');
    });
    cluster = await Cluster.open(folder, (step) => say(`Starting ${step} ...`));
    table(await status());
    say('\nStop: Ctrl-C, or npm run cluster -- stop');
    for (const one of cluster.members)
      void one.ended.then(() => asked || say(`${one.name} ${one.end}. Its log: ${one.log}`));
    const why = await Promise.race([stopping.promise, cluster.broken().then((what) => ({ what }))]);
    if (typeof why === 'string') return 0;
    asked = true;
    say(`Stopping, because ${why.what}. Logs: ${cluster.logs}`);
    return 1;
  } finally {
    await cluster?.stop();
    await control.close();
    stopped.resolve();
    say('Stopped.');
  }
}

async function stop(): Promise<number> {
  say((await ask(file, 'stop')) === undefined ? 'Nothing runs.' : 'Stopped.');
  return 0;
}

async function status(): Promise<number> {
  const found = await running();
  if (found === undefined) {
    say('Nothing runs. Start it: npm run cluster');
    return 3;
  }
  table(found);
  return found.rows.every(({ state }) => state === 'ready' || state === 'runs') ? 0 : 1;
}

const COMMANDS: Readonly<Record<string, () => Promise<number>>> = { start, stop, status };
const [command = 'start', ...surplus] = process.argv.slice(2);
const known = surplus.length === 0 && Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
if (known === undefined) {
  say(`npm run cluster [-- start | stop | status]

start   (default) the processes of cluster/topology.json, until Ctrl-C. Every process reads ${CONFIG}
stop    stops them, from another terminal
status  what runs, with its log; exit code 0: all of it, 1: not all, 3: nothing

REPRISE_CLUSTER names another folder for logs and lists than .reprise/cluster. Exit code ${SKIPPED}: there is no Java 17 or Maven.`);
  process.exitCode = command === 'help' || command === '--help' ? 0 : 2;
} else {
  try {
    process.exitCode = await known();
  } catch (error) {
    say(`The cluster did not start: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
