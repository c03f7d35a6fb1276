import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { partitionOf } from '../../plugins/transport-kafka/src/partition-of.ts';
import { CLI } from './cluster.ts';
import { inRoot } from './where.ts';

export interface DossierJob {
  readonly project: string;
  readonly runs: number;
  /** By what the cluster is found. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the cluster has its logs. */
  readonly folder: string;
}

const OUT = '.reprise/dossier';
/** Lines of a report that are printed. */
const SHOWN = 24;

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

/** Makes a dossier in each of some runs, at once, watches the first, and says what became of each, and where it is. Returns the exit code. */
export async function makeDossiers({ project, runs, env, folder }: DossierJob): Promise<number> {
  const reprise = commandLine(env);
  const ids = idsOf(runs, `dossier-${Date.now().toString(36)}`);
  say(`> ${runs === 1 ? 'A dossier' : `${runs} dossiers`} of the dependencies of ${project} ...`);
  const outDirs = ids.map((_, index) => (runs === 1 ? OUT : `${OUT}-${index + 1}`));
  for (const [index, id] of ids.entries()) {
    const input = JSON.stringify({ folder: project, outDir: outDirs[index] });
    const { code, output } = await reprise('run', 'start', 'dossier', '--id', id, '--input', input);
    if (code !== 0) throw new Error(output.trim());
  }
  const codes: number[] = [];
  for (const [index, id] of ids.entries()) {
    // The others end meanwhile.
    const { code } = index === 0 ? await reprise.shown('run', 'watch', id) : await reprise('run', 'watch', id);
    codes.push(code);
  }
  const report = join(project, outDirs[0] ?? OUT, 'dossier.md');
  if (existsSync(report)) say(`\n${readFileSync(report, 'utf8').split('\n').slice(0, SHOWN).join('\n')}\n…`);
  say('');
  for (const id of ids) say(await tellRun(id, reprise, folder));
  const kept = join(folder, 'runs.db');
  rmSync(kept, { force: true });
  const copy = await reprise('store', 'copy', env['REPRISE_CONFIG'] ?? '', kept);
  if (codes.every((code) => code === 0)) say(`\nThe report is ${report}`);
  if (copy.code === 0) say(`The runs are in ${kept}: npx reprise run history ${ids[0]} --store ${kept}`);
  else say(`The runs could not be kept: ${copy.output.trim()}`);
  say(`The logs of the processes are in ${folder}`);
  return Math.max(...codes, copy.code);
}

/** Each of another partition of the commands, as long as there are some: so every orchestrator has a run, once there are more runs than each has partitions. */
function idsOf(runs: number, prefix: string): readonly string[] {
  const { partitions } = JSON.parse(readFileSync(inRoot('cluster', 'topology.json'), 'utf8')) as { partitions: number };
  const ids: string[] = [];
  let taken = new Set<number>();
  for (let number = 1; ids.length < runs; number += 1) {
    const id = `${prefix}-${number}`;
    const partition = partitionOf(id, partitions);
    if (taken.has(partition)) continue;
    taken.add(partition);
    if (taken.size === partitions) taken = new Set();
    ids.push(id);
  }
  return ids;
}

interface Said {
  readonly code: number;
  readonly output: string;
}

function commandLine(env: Readonly<Record<string, string>>) {
  const call = async (shown: boolean, args: readonly string[]): Promise<Said> => {
    const stdio = shown ? 'inherit' : 'pipe';
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: inRoot(),
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: ['ignore', stdio, stdio],
    });
    const said = Promise.all([child.stdout, child.stderr].map((stream) => (stream === null ? '' : text(stream))));
    const [[code], [stdout = '', stderr = '']] = await Promise.all([once(child, 'close'), said]);
    return { code: Number(code ?? 1), output: stdout === '' ? stderr : stdout };
  };
  const quietly = (...args: readonly string[]): Promise<Said> => call(false, args);
  return Object.assign(quietly, { shown: (...args: readonly string[]): Promise<Said> => call(true, args) });
}

/** `ID: completed, driven by orchestrator-2; attempts: worker-1 12, worker-3 9`. */
async function tellRun(id: string, reprise: ReturnType<typeof commandLine>, folder: string): Promise<string> {
  const { output } = await reprise('run', 'history', id, '--json');
  const events = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { readonly type?: string; readonly data?: { readonly worker?: string } });
  const logs = logsOf(folder);
  const attempts = new Map<string, number>();
  for (const { type, data } of events) {
    if (type !== 'TaskStarted') continue;
    const by = logs.find((log) => log.text.includes(`as ${data?.worker}`))?.name ?? data?.worker ?? 'unknown';
    attempts.set(by, (attempts.get(by) ?? 0) + 1);
  }
  const end = events.findLast(({ type = '' }) => /^Run(Completed|Failed|Cancelled)$/.test(type))?.type ?? 'RunOpen';
  const driver = logs.find(({ name, text: said }) => name.startsWith('orchestrator') && drove(said, id))?.name;
  const made = [...attempts].sort().map(([worker, count]) => `${worker} ${count}`);
  return `${id}: ${end.slice('Run'.length).toLowerCase()}, driven by ${driver ?? 'unknown'}; attempts: ${made.join(', ')}`;
}

/** The last event of a run is appended, and logged, by who drives it. */
const drove = (log: string, id: string): boolean =>
  log
    .split('\n')
    .some((line) => line.includes(`"${id}"`) && /RunCompleted|RunFailed|run completed|run failed/.test(line));

const logsOf = (folder: string): readonly { readonly name: string; readonly text: string }[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .map((name) => ({ name: name.slice(0, -'.log'.length), text: readFileSync(join(folder, name), 'utf8') }));
