import { dirname, join, resolve } from 'node:path';
import { replaySimulation } from '@reprise/core/testing';
import { EXIT } from '../errors/exit-codes.ts';
import { eventLine } from '../output/json-shapes.ts';
import type { Terminal } from '../output/terminal.ts';
import { count, plain } from '../output/text.ts';
import { historyLine } from '../runs/show-history.ts';
import { loadSim } from './load-sim.ts';
import { checkedTimeout } from './run-simulation.ts';
import { readSimFile } from './sim-file.ts';
import { faultText } from './sim-lines.ts';

/** Plays the run of a file again, and prints its history. Returns the exit code: 1 when an invariant does not hold, as when it was found. */
export async function replaySimulationFile(
  path: string,
  { config }: { readonly config?: string | undefined },
  { out, err, json }: Terminal,
): Promise<number> {
  const file = await readSimFile(path);
  const folder = dirname(resolve(path));
  const { name, version, hash, file: source } = file.workflow;
  const workflow = source === undefined ? `${name}@${version}` : join(folder, source);
  const loaded = await loadSim({ config, workflow, agents: file.agents, invariants: file.invariants }, folder);
  const { input, seed, faults, timeout } = file;
  const maxDuration = checkedTimeout(timeout);
  if (loaded.workflow.hash !== hash)
    await err.line(err.style('yellow', `${plain(name)} has changed since: the run may be another.`));
  const { run, broken } = await replaySimulation(loaded.workflow, {
    ...loaded.options,
    input,
    seed,
    faults,
    maxDuration,
  });
  if (json) {
    for (const entry of run.entries) await out.json(eventLine(entry));
    await out.json({
      kind: 'verdict',
      status: run.status,
      broken: broken ?? null,
      faults: run.faults,
      calls: run.calls,
    });
    return broken === undefined ? EXIT.ok : EXIT.failed;
  }
  const startedAt = run.entries[0]?.recorded.time ?? 0;
  for (const entry of run.entries) await out.line(historyLine(out, entry, startedAt));
  await out.line();
  for (const fault of run.faults) await out.line(faultText(fault));
  const missed = faults.length - run.faults.length;
  if (missed > 0) await out.line(`${count(missed, 'fault')} of the file found no place in this run.`);
  const said =
    broken === undefined
      ? `${out.style('green', '✔')} every invariant held; when the file was written, ${plain(file.broken.invariant)} did not`
      : `${out.style('red', '✖')} ${out.style('bold', plain(broken.invariant))}: ${plain(broken.detail)}`;
  await out.line(said);
  return broken === undefined ? EXIT.ok : EXIT.failed;
}
