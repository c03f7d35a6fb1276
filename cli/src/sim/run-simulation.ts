import { join, relative } from 'node:path';
import { didYouMean, type Json, parseDuration } from '@reprise/core';
import {
  DEFAULT_SIM_FAULTS,
  SIM_FAULTS,
  type SimFaultKind,
  type SimProgress,
  type SimReport,
  simulateRuns,
} from '@reprise/core/testing';
import { exitCodeOfSignal, type InterruptSignal, onInterrupt } from '../drive/interrupts.ts';
import { endNow } from '../errors/early-end.ts';
import { EXIT } from '../errors/exit-codes.ts';
import { usageError } from '../errors/usage-error.ts';
import { type InputFlags, readOtherInput } from '../input/read-input.ts';
import { LiveRegion } from '../output/live-region.ts';
import type { Screen, Terminal } from '../output/terminal.ts';
import { count, number, plain } from '../output/text.ts';
import { type LoadedSim, loadSim } from './load-sim.ts';
import { writeSimFile } from './sim-file.ts';
import { failureLines, reportLines } from './sim-lines.ts';

export interface SimRunFlags extends InputFlags {
  readonly config?: string | undefined;
  readonly runs: number;
  readonly seed: number;
  readonly faults?: readonly string[] | undefined;
  readonly invariant?: readonly string[] | undefined;
  readonly agents: string;
  readonly timeout: string;
  readonly out?: string | undefined;
}

/** Plays a workflow under faults, and writes down the smallest run that breaks an invariant. Returns the exit code: 1 when one does. */
export async function runSimulation(
  typed: string | undefined,
  flags: SimRunFlags,
  terminal: Terminal,
): Promise<number> {
  const faults = faultsOf(flags.faults);
  const timeout = checkedTimeout(flags.timeout);
  const input = await readOtherInput(flags);
  const { invariant: invariants = [], agents, config } = flags;
  const sources = { config, workflow: typed, agents, invariants };
  const loaded = await loadSim(sources);
  const { report, interruptedBy } = await played(loaded, { ...flags, faults, timeout, input }, terminal);
  const { failure } = report;
  const { definition } = loaded.workflow;
  let file: string | undefined;
  if (failure !== undefined) {
    const name = `${encodeURIComponent(definition.name)}-${failure.run.seed}.json`;
    file = flags.out ?? relative(process.cwd(), join(loaded.folder, '.reprise', 'simulations', name));
    await writeSimFile(file, { workflow: loaded.workflow, failure, sources, timeout });
  }
  await print(loaded, report, file, flags, terminal);
  if (failure !== undefined) return EXIT.failed;
  return interruptedBy === undefined ? EXIT.ok : exitCodeOfSignal(interruptedBy);
}

interface Playing extends SimRunFlags {
  readonly faults: readonly SimFaultKind[];
}

async function played(
  { workflow, options }: LoadedSim,
  flags: Omit<Playing, 'input'> & { readonly input: Json | undefined },
  { err }: Terminal,
): Promise<{ readonly report: SimReport; readonly interruptedBy: InterruptSignal | undefined }> {
  const stopping = new AbortController();
  let interruptedBy: InterruptSignal | undefined;
  const ignore = onInterrupt((signal, times) => {
    // Code of the project may keep it from ending by itself.
    if (times > 1) endNow(exitCodeOfSignal(signal));
    interruptedBy = signal;
    stopping.abort();
  });
  const progress = new Progress(err);
  try {
    const report = await simulateRuns(workflow, {
      ...options,
      runs: flags.runs,
      seed: flags.seed,
      faults: flags.faults,
      maxDuration: flags.timeout,
      ...(flags.input === undefined ? {} : { input: flags.input }),
      signal: stopping.signal,
      onProgress: (now) => progress.show(now),
    });
    return { report, interruptedBy };
  } finally {
    ignore();
    await progress.end();
  }
}

/** Drawn over again on a terminal; elsewhere, a line when a run was found that fails. */
class Progress {
  readonly #screen: Screen;
  readonly #region: LiveRegion;
  #told = false;

  constructor(screen: Screen) {
    this.#screen = screen;
    this.#region = new LiveRegion(screen);
  }

  show({ runs, of, shrinking }: SimProgress): void {
    const text =
      shrinking === undefined
        ? `${number(runs)} of ${count(of, 'run')}`
        : `run ${number(runs)} breaks an invariant: making it smaller, ${count(shrinking, 'fault')}`;
    if (this.#screen.isTTY) void this.#region.draw([this.#screen.style('dim', text)]);
    else if (shrinking !== undefined && !this.#told) {
      this.#told = true;
      void this.#screen.line(`Run ${number(runs)} breaks an invariant: making it smaller.`);
    }
  }

  async end(): Promise<void> {
    if (this.#screen.isTTY) await this.#region.clear();
  }
}

async function print(
  { workflow }: LoadedSim,
  report: SimReport,
  file: string | undefined,
  flags: SimRunFlags,
  { out, json }: Terminal,
): Promise<void> {
  const { name, version } = workflow.definition;
  const { failure, ...rest } = report;
  if (json) {
    const shape = failure && {
      ...failure.broken,
      seed: failure.run.seed,
      input: failure.run.input,
      status: failure.run.status,
      faults: failure.run.faults,
      faultsBefore: failure.faultsBefore,
    };
    await out.json({ workflow: name, version, seed: flags.seed, ...rest, failure: shape ?? null, file: file ?? null });
    return;
  }
  for (const line of reportLines(out, `${name}@${version}`, report)) await out.line(line);
  if (failure === undefined || file === undefined) {
    await out.line(`${out.style('green', '✔')} every invariant held`);
    return;
  }
  for (const line of failureLines(out, failure)) await out.line(line);
  await out.line(`  Play it again: reprise sim replay ${plain(file)}`);
}

/** `all`, `none`, or kinds, given several times or with commas between. */
function faultsOf(given: readonly string[] | undefined): readonly SimFaultKind[] {
  if (given === undefined) return DEFAULT_SIM_FAULTS;
  const words = given.flatMap((one) => one.split(',')).map((one) => one.trim());
  if (words.includes('none')) {
    if (words.length === 1) return [];
    throw usageError('--faults none stands alone: it means that nothing goes wrong.');
  }
  return words.flatMap((word) => {
    if (word === 'all') return SIM_FAULTS;
    const kind = SIM_FAULTS.find((one) => one === word);
    if (kind !== undefined) return kind;
    throw usageError(
      `There is no fault '${word}'${didYouMean(word, SIM_FAULTS)} (there are ${SIM_FAULTS.join(', ')}; all, none).`,
    );
  });
}

/** Throws REPRISE_USAGE for what is no duration. */
export function checkedTimeout(given: string): string {
  const ms = parseDuration(given);
  if (ms !== undefined && ms > 0) return given;
  throw usageError(`--timeout ${JSON.stringify(given)} is no duration: write 30s, 5m, 12h or 7d.`);
}
