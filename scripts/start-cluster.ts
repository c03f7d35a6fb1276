// `npm run start:cluster`: the main job (npm start) on a cluster of plain processes: starts it, or uses one that runs; makes the dossier there; keeps the
// runs in a file; stops what it started. Exit code 77: there is no Java 17 or Maven.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { lacksKafka } from '../plugins/transport-kafka/test/support/kafka-broker.ts';
import { Cluster } from './cluster/cluster.ts';
import { ask } from './cluster/control.ts';
import { makeDossiers } from './cluster/make-dossiers.ts';
import { clusterFolder, controlFile, inRoot, SKIPPED } from './cluster/where.ts';

const USAGE = `Usage: npm run start:cluster [-- [/path/to/project] [--runs N]]

Makes a dossier of the dependencies of this repository, or of the project that is named, on two orchestrators and three workers.
  --runs N  as many at once (1 to 100; default 1): the reports are in .reprise/dossier-1 … of the project`;

const say = (text: string): boolean => process.stderr.write(`${text}\n`);

function given(): { readonly project: string; readonly runs: number } | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { runs: { type: 'string', default: '1' } },
    });
    const runs = Number(values.runs);
    if (!Number.isSafeInteger(runs) || runs < 1 || runs > 100 || positionals.length > 1) return undefined;
    const [named] = positionals;
    // npm runs scripts in the repository; INIT_CWD is where the user is.
    const project = named === undefined ? inRoot() : resolve(process.env['INIT_CWD'] ?? process.cwd(), named);
    return { project, runs };
  } catch {
    return undefined;
  }
}

async function onCluster(project: string, runs: number): Promise<number> {
  const found = (await ask(controlFile(), 'status')) as { readonly env?: Cluster['env'] } | undefined;
  if (found?.env?.['KAFKA_BROKERS'] !== undefined) {
    say('> A cluster runs already: it is used, and left alone');
    return makeDossiers({ project, runs, env: found.env, folder: clusterFolder() });
  }
  const lacking = await lacksKafka();
  if (lacking !== undefined) {
    say(`Skipped: no cluster can be started, because ${lacking}.`);
    return SKIPPED;
  }
  const interrupted = Promise.withResolvers<number>();
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)
    process.on(signal, () => interrupted.resolve(code));
  const folder = `${clusterFolder()}-start`;
  const cluster = await Cluster.open(folder, (step) => say(`> Starting ${step} ...`));
  try {
    const broken = cluster.broken().then((what) => {
      throw new Error(`${what}. Logs: ${cluster.logs}`);
    });
    return await Promise.race([makeDossiers({ project, runs, env: cluster.env, folder }), interrupted.promise, broken]);
  } finally {
    say('> Stopping ...');
    await cluster.stop();
  }
}

const job = given();
if (job === undefined) {
  say(USAGE);
  process.exitCode = 2;
} else if (!existsSync(join(job.project, 'package.json'))) {
  say(
    `${job.project} has no package.json. Name the folder of a Node.js project: npm run start:cluster -- /path/to/project`,
  );
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await onCluster(job.project, job.runs);
  } catch (error) {
    say(`The dossier was not made: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
