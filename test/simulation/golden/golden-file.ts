import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Json, RunView, StoredEvent } from '@reprise/core';
import { stateDigest } from '../../../core/src/orchestration/workflow/digest/state-digest.ts';
import { stateOf } from '../../../core/src/orchestration/workflow/view-of.ts';

/** What replaying the events of a golden history must give. */
export interface Expected {
  readonly status: string;
  readonly output: Json;
  readonly error: string | null;
  /** Of the whole state after the last event; its terminal event has that of the state before. */
  readonly digest: string;
  /** By id: status, round, attempt and, where there was one, the agent of the last attempt. */
  readonly tasks: Readonly<Record<string, string>>;
}

export interface GoldenEvent extends StoredEvent {
  readonly revision: number;
}

/**
 * A golden history as a file: what `reprise run export` writes (a header line, then a line for each event), with two more fields in
 * the header.
 */
export interface Golden {
  readonly name: string;
  readonly header: {
    readonly format: 'reprise-run';
    readonly formatVersion: 1;
    readonly runId: string;
    readonly workflow: string;
    readonly version: string;
    readonly events: number;
    readonly exportedAt: string;
    readonly about: string;
    readonly expected: Expected;
  };
  readonly events: readonly GoldenEvent[];
}

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

export const goldenPath = (name: string): string => `${FOLDER}${name}.ndjson`;

export const goldenNames = (): readonly string[] =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.ndjson'))
    .map((file) => file.slice(0, -'.ndjson'.length))
    .sort();

export function readGolden(name: string): Golden {
  const lines = readFileSync(goldenPath(name), 'utf8').trimEnd().split('\n');
  const [header, ...events] = lines.map((line) => JSON.parse(line) as unknown);
  return { name, header: header as Golden['header'], events: events as GoldenEvent[] };
}

/** What a golden history keeps of a state. */
export function summarise(state: RunView): Expected {
  const tasks = [...state.tasks.values()].map(({ id, status, round, attempt, agent }) => [
    id,
    `${status}, round ${round}, attempt ${attempt}${agent === undefined ? '' : `, ${agent}`}`,
  ]);
  return {
    status: state.status,
    output: state.output ?? null,
    error: state.error?.code ?? null,
    digest: stateDigest(stateOf(state)),
    tasks: Object.fromEntries(tasks) as Record<string, string>,
  };
}
