import type { Json } from '../../shared/json.ts';
import { exampleOfStandard } from './example.ts';
import { DEFAULT_SIM_FAULTS, dicesOf, FaultPlan, type SimFault, type SimFaultKind } from './fault.ts';
import { brokenBy } from './invariants.ts';
import { shrink } from './shrink.ts';
import type { PlayedBy } from './sim-agents.ts';
import { playCase, type SimParts } from './sim-world.ts';
import type { Broken, SimInvariant, SimulatedRun } from './simulated-run.ts';

/** What simulateRuns() is told. */
export interface SimulateRunsOptions extends Omit<SimParts, 'workflow'> {
  /** How many runs. Default 100. */
  readonly runs?: number;
  /** Of the first run; each has the next. Default 1. */
  readonly seed?: number;
  /** Default: all but `hang` and `silence`. */
  readonly faults?: readonly SimFaultKind[];
  /** Default: made from the workflow's input schema, another one for each run; null without one. */
  readonly input?: Json;
  /** By name, beside those that hold of every workflow. */
  readonly invariants?: Readonly<Record<string, SimInvariant>>;
  /** Told after each run, and while a failure is made smaller. */
  onProgress?(progress: SimProgress): void;
  readonly signal?: AbortSignal;
}

/** How far a simulation is: runs that were played, of how many. */
export interface SimProgress {
  readonly runs: number;
  readonly of: number;
  /** Set once a run was found that fails: how many faults are left of it. */
  readonly shrinking: number | undefined;
}

/** A run that broke an invariant, as small as it could be made. */
export interface SimFailure {
  readonly broken: Broken;
  readonly run: SimulatedRun;
  /** Faults that befell it when it was found. */
  readonly faultsBefore: number;
}

/** What came of a simulation. */
export interface SimReport {
  /** Runs that were played, the one that failed included. */
  readonly runs: number;
  /** How they ended: `completed`, `cancelled`, `open`, or `failed` with the code. */
  readonly ends: Readonly<Record<string, number>>;
  /** How often what went wrong. */
  readonly faults: Readonly<Partial<Record<SimFaultKind, number>>>;
  /** Who played the agents that were called. */
  readonly cast: Readonly<Record<string, PlayedBy>>;
  /** The run without any fault: how it ended. Undefined when it was not played to its end. */
  readonly calm: string;
  readonly failure: SimFailure | undefined;
}

const DEFAULT_RUNS = 100;
const MOST_SHRINKS = 300;

/**
 * Plays a workflow many times in virtual time, under faults that follow from seeds: agents fail, messages are late, the store is away, processes are killed.
 * Looks after each run whether every invariant holds, ends with the first that breaks one, and makes that as small as it can be: the fewest faults.
 * The first run has no faults.
 *
 * Rejects as startRun() does for an input that cannot be started, or where none can be made of its schema (REPRISE_INPUT_INVALID).
 */
export async function simulateRuns(
  workflow: SimParts['workflow'],
  options: SimulateRunsOptions = {},
): Promise<SimReport> {
  const { runs = DEFAULT_RUNS, seed = 1, faults: kinds = DEFAULT_SIM_FAULTS, invariants = {}, signal } = options;
  const parts: SimParts = { ...options, workflow };
  const ends: Record<string, number> = {};
  const faults: Partial<Record<SimFaultKind, number>> = {};
  const cast: Record<string, PlayedBy> = {};
  let calm = '';
  let played = 0;
  for (; played < runs && signal?.aborted !== true; played += 1) {
    const one = seed + played;
    const plan = played === 0 ? FaultPlan.of([]) : FaultPlan.bySeed(one, kinds);
    const input = options.input === undefined ? await inputOf(workflow, one) : options.input;
    const run = await playCase(parts, { input, seed: one, plan });
    for (const { agent, by } of run.calls) cast[agent] = by;
    const end = endOf(run);
    if (played === 0) calm = end;
    ends[end] = (ends[end] ?? 0) + 1;
    for (const { kind } of run.faults) faults[kind] = (faults[kind] ?? 0) + 1;
    const broken = await brokenBy(run, invariants);
    if (broken !== undefined) {
      const failure = await smallest(parts, options, run, broken, played + 1);
      return { runs: played + 1, ends, faults, cast, calm, failure };
    }
    options.onProgress?.({ runs: played + 1, of: runs, shrinking: undefined });
  }
  return { runs: played, ends, faults, cast, calm, failure: undefined };
}

/** Plays a run again, with these faults and no others, and looks at the invariants. The same arguments give the same history. */
export async function replaySimulation(
  workflow: SimParts['workflow'],
  options: Omit<SimulateRunsOptions, 'runs' | 'faults' | 'input'> & {
    readonly input: Json;
    readonly faults: readonly SimFault[];
  },
): Promise<{ readonly run: SimulatedRun; readonly broken: Broken | undefined }> {
  const { faults, input, seed = 1, ...parts } = options;
  const run = await playCase({ ...parts, workflow }, { input, seed, plan: FaultPlan.of(faults) });
  return { run, broken: await brokenBy(run, options.invariants ?? {}) };
}

async function smallest(
  parts: SimParts,
  options: SimulateRunsOptions,
  found: SimulatedRun,
  broken: Broken,
  runs: number,
): Promise<SimFailure> {
  const { invariants = {}, signal, onProgress } = options;
  let best = { run: found, broken };
  const fails = async (faults: readonly SimFault[]): Promise<boolean> => {
    onProgress?.({ runs, of: options.runs ?? DEFAULT_RUNS, shrinking: best.run.faults.length });
    const run = await playCase(parts, { input: found.input, seed: found.seed, plan: FaultPlan.of(faults) });
    const again = await brokenBy(run, invariants);
    if (again?.invariant !== broken.invariant) return false;
    best = { run, broken: again };
    return true;
  };
  const stopped = (): boolean => signal?.aborted === true;
  await shrink(found.faults, fails, { most: MOST_SHRINKS, stopped });
  return { ...best, faultsBefore: found.faults.length };
}

const inputOf = async ({ inputSchema, definition }: SimParts['workflow'], seed: number): Promise<Json> =>
  inputSchema === undefined
    ? null
    : exampleOfStandard(inputSchema, `the input schema of ${definition.name}`, dicesOf(seed, 'input'));

function endOf({ status, error, stuck }: SimulatedRun): string {
  if (stuck !== undefined) return 'open';
  return status === 'failed' ? `failed ${error?.code ?? ''}`.trim() : status;
}
