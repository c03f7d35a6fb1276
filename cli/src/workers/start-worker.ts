import { type AnyPlugin, createPart, createWorker, systemClock, systemIds, systemRandom } from '@reprise/core';
import { loadProject, type Project } from '../config/load-project.ts';
import { exitCodeOfSignal } from '../drive/interrupts.ts';
import { usageError } from '../errors/usage-error.ts';
import { keepLogs } from '../logs/keep-logs.ts';
import type { Terminal } from '../output/terminal.ts';
import { count, isoTime } from '../output/text.ts';
import { openProbes } from '../probes/open-probes.ts';
import { configuredStore } from '../store/locate-store.ts';
import { logPlugins } from './log-plugins.ts';
import { type OrchestratorFlags, startOrchestrator } from './start-orchestrator.ts';
import { stopBySignal } from './stop-by-signal.ts';

export type WorkerFlags = Omit<OrchestratorFlags, 'agents'>;

/**
 * Runs the project's agents. Where the project's messages stay in the process, that is: drives the runs of its store. Where its transport spans processes:
 * takes tasks from whoever drives, and needs no store. Until it is told to stop; returns the exit code.
 */
export async function startWorker(flags: WorkerFlags, terminal: Terminal): Promise<number> {
  const project = await loadProject(flags.config, process.cwd());
  const plugins = await spanning(project.plugins);
  if (plugins === undefined) return startOrchestrator({ ...flags, agents: true }, terminal, project);
  if (flags['until-idle'] === true)
    throw usageError(
      '--until-idle is for who drives the runs, and this worker does not: its tasks come from orchestrators.',
      {
        fix: 'Leave it out, or drive: `reprise orchestrator start --agents --until-idle`.',
      },
    );
  return work(project, plugins, flags, terminal);
}

/** The plugins, with the transport that they bring made; undefined when there is none that spans processes, which it says only then. */
async function spanning(plugins: readonly AnyPlugin[]): Promise<readonly AnyPlugin[] | undefined> {
  const plugin = plugins.find(({ kind }) => kind === 'transport');
  if (plugin?.kind !== 'transport') return undefined;
  const transport = await createPart(plugin, { clock: systemClock, ids: systemIds, random: systemRandom });
  if (transport.spans === true)
    return plugins.map((one) => (one === plugin ? { ...plugin, create: () => transport } : one));
  await transport.stop();
  return undefined;
}

async function work(
  project: Project,
  plugins: readonly AnyPlugin[],
  flags: WorkerFlags,
  terminal: Terminal,
): Promise<number> {
  const { config, workflows, agents, file } = project;
  const { limits } = config;
  const worker = await createWorker({
    ...(limits === undefined ? {} : { limits }),
    agents,
    workflows: workflows.map(({ workflow }) => workflow),
    plugins: [
      ...plugins,
      ...(await logPlugins(flags)).filter(({ name }) => plugins.every((one) => one.name !== name)),
      // On this machine: whoever looks into the same project here finds them.
      ...(await keepLogs(configuredStore(project, plugins), plugins)),
    ],
  });
  const { err, out, json } = terminal;
  const probes = await openProbes(flags, worker);
  const { stopped, ignore } = stopBySignal(
    worker,
    (text) => err.note(text),
    () => probes.drain(),
  );
  try {
    if (probes.url !== undefined) await err.note(`Probes: ${probes.url}/livez and /readyz`);
    await worker.start();
    await probes.started();
    const message = `Working: ${file}, ${count(worker.agents.length, 'agent')}, as ${worker.id}`;
    await (json
      ? out.json({ kind: 'worker', time: isoTime(systemClock.now()), role: 'worker', worker: worker.id, message })
      : err.line(message));
    return exitCodeOfSignal(await stopped);
  } finally {
    probes.drain();
    await Promise.race([worker.stop(), stopped]);
    await probes.close();
    ignore();
  }
}
