import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { type Json, toErrorData, type Workflow } from '@reprise/core';
import { SIM_FAULTS, type SimFailure, type SimFault } from '@reprise/core/testing';
import { fileReason, readTextFile } from '../config/read-text-file.ts';
import { usageError } from '../errors/usage-error.ts';
import { parse } from '../input/parse-given.ts';
import type { SimSources } from './load-sim.ts';

const FORMAT = 'reprise-simulation/1';

/** A run that broke an invariant, with all that it takes to play it again: in a file. Paths are relative to the file. */
export interface SimFile {
  readonly format: typeof FORMAT;
  readonly workflow: { readonly name: string; readonly version: string; readonly hash: string; readonly file?: string };
  readonly seed: number;
  readonly input: Json;
  readonly agents: string;
  readonly invariants: readonly string[];
  readonly timeout: string;
  readonly faults: readonly SimFault[];
  readonly broken: { readonly invariant: string; readonly detail: string };
  readonly events: number;
}

export interface Written {
  readonly workflow: Workflow;
  readonly failure: SimFailure;
  readonly sources: SimSources;
  readonly timeout: string;
}

/** Writes it, with the folders that it takes. Throws REPRISE_USAGE when it cannot be written. */
export async function writeSimFile(path: string, { workflow, failure, sources, timeout }: Written): Promise<void> {
  const folder = dirname(resolve(path));
  const from = (file: string): string => relative(folder, resolve(file)) || '.';
  const { name, version } = workflow.definition;
  const isFile = sources.workflow !== undefined && /[./\\]/.test(sources.workflow) && sources.workflow.includes('.');
  const { run, broken } = failure;
  const content: SimFile = {
    format: FORMAT,
    workflow: {
      ...{ name, version, hash: workflow.hash },
      ...(isFile && sources.workflow !== undefined ? { file: from(sources.workflow) } : {}),
    },
    seed: run.seed,
    input: run.input,
    agents: sources.agents === 'schema' || sources.agents === 'project' ? sources.agents : from(sources.agents),
    invariants: sources.invariants.map(from),
    timeout,
    faults: run.faults,
    broken,
    events: run.history.length,
  };
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(path, `${JSON.stringify(content, undefined, 2)}\n`);
  } catch (error) {
    throw usageError(`The file ${path} cannot be written: ${fileReason(error)}.`, {
      cause: error,
      fix: 'Name one that can be, with --out.',
    });
  }
}

/** Reads one. Throws REPRISE_USAGE for what is none. */
export async function readSimFile(path: string): Promise<SimFile> {
  const content = await readTextFile(path, (why, cause) =>
    usageError(`The file ${path} could not be read: ${why}.`, { cause, fix: 'Name a file that `sim run` wrote.' }),
  );
  const value = parsed(content, path);
  const flaw = flawOf(value);
  if (flaw === undefined) return value as unknown as SimFile;
  throw usageError(`${path} is no simulation: ${flaw}.`, { fix: 'Name a file that `sim run` wrote.' });
}

function parsed(content: string, path: string): Json {
  try {
    return parse('simulation', content, path);
  } catch (error) {
    const { message } = toErrorData(error, 'REPRISE_USAGE');
    throw usageError(message, { fix: 'Name a file that `sim run` wrote.' });
  }
}

function flawOf(value: Json): string | undefined {
  if (!isObject(value)) return 'it is no object';
  const { format, workflow, seed, agents, invariants, timeout, faults } = value;
  if (format !== FORMAT)
    return `its format is ${JSON.stringify(format ?? null)}, and this build reads ${JSON.stringify(FORMAT)}`;
  if (!isObject(workflow) || typeof workflow['name'] !== 'string' || typeof workflow['version'] !== 'string')
    return 'it names no workflow';
  if (!Number.isSafeInteger(seed)) return 'its seed is no whole number';
  if (!('input' in value)) return 'it has no input';
  if (typeof agents !== 'string' || typeof timeout !== 'string') return 'its agents or its timeout are missing';
  if (!Array.isArray(invariants) || !invariants.every((one) => typeof one === 'string' && !isAbsolute(one)))
    return 'its invariants are no list of paths';
  if (!Array.isArray(faults) || !faults.every(isFault)) return 'its faults are none that there are';
  return undefined;
}

const isObject = (value: unknown): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isFault(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { kind, at, nth, ms, when } = value;
  return (
    SIM_FAULTS.some((one) => one === kind) &&
    typeof at === 'string' &&
    Number.isSafeInteger(nth) &&
    (ms === undefined || (typeof ms === 'number' && ms >= 0)) &&
    (when === undefined || when === 'before' || when === 'after')
  );
}
