import {
  encodeEvent,
  parseWorkflow,
  type RunEvent,
  type TaskDefinition,
  UntrustedHistory,
  uuidv5,
} from '@reprise/core';
import { expect } from 'chai';
import { stateDigest } from '../../../src/orchestration/workflow/digest/state-digest.ts';
import type { PutBefore } from '../../../src/orchestration/workflow/events.ts';
import { readyTasks } from '../../../src/orchestration/workflow/ready-tasks.ts';
import type { RunState } from '../../../src/orchestration/workflow/state.ts';
import { restoreState, serializeState } from '../../../src/orchestration/workflow/state-codec.ts';
import type { PureRun } from '../pure-run.ts';

const indented = (text: string): string =>
  text
    .trim()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');

/** Tasks as a definition has them. `there`: the tasks of the run that they name. */
export function tasks(text: string, there = ''): readonly TaskDefinition[] {
  const { definition } = parseWorkflow(`name: w\ntasks:\n${indented(there)}\n${indented(text)}\n`);
  const known = new Set(there.match(/^[\w-]+(?=:)/gm));
  return definition.tasks.filter(({ id }) => !known.has(id));
}

/** Adds tasks; `before` as `[task of the run, added task]`. */
export function add(
  run: PureRun,
  scope: string,
  added: readonly TaskDefinition[],
  before: readonly (readonly [string, string])[] = [],
): readonly RunEvent[] {
  const edges: readonly PutBefore[] = before.map(([taskId, dependency]) => ({ taskId, dependency }));
  return run.send({ type: 'AddTasks', scope, tasks: added, ...(edges.length > 0 && { before: edges }) });
}

/** The code of a rejection, or the types of the events. */
export const answer = (events: readonly RunEvent[]): string =>
  events.map((event) => (event.type === 'CommandRejected' ? event.code : event.type)).join(' ');

/** What a restart makes of a run, from its events and from a snapshot, is what is there. */
export function expectSame(run: PureRun, what = 'a restart'): void {
  const { definition } = run.state;
  const digest = stateDigest(run.state);
  const ids = (state: RunState) => [...readyTasks(state)].map(({ id }) => id);
  const restored = restoreState(serializeState(run.state), () => definition);
  expect(serializeState(restored), `${what}: restored`).to.equal(serializeState(run.state));
  expect(stateDigest(restored), `${what}: restored`).to.equal(digest);
  expect(ids(restored), `${what}: restored`).to.deep.equal(ids(run.state));
  const replayed = run.replayed();
  expect(stateDigest(replayed), `${what}: replayed`).to.equal(digest);
  expect(ids(replayed), `${what}: replayed`).to.deep.equal(ids(run.state));
}

/** A restart, a replay and an import give what is there. */
export function expectKept(run: PureRun): void {
  expectSame(run);
  const history = new UntrustedHistory(run.runId);
  for (const [revision, event] of run.events.entries()) {
    const metadata = { causationId: 'c', correlationId: run.runId, schemaVersion: 1 };
    const id = uuidv5('kept', String(revision));
    const record = JSON.parse(JSON.stringify({ revision, id, ...encodeEvent(event), metadata }));
    expect(history.add(record), `revision ${revision}, ${event.type}`).to.equal(undefined);
  }
}
