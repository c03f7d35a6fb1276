import { RunReader } from '@reprise/core';
import type { Transport } from '@reprise/core/plugin';
import { createEventStoreDBStorage } from '@reprise/event-store-eventstoredb';
import { createKafkaTransport } from '@reprise/transport-kafka';
import { expect } from 'chai';
import type { ChaosCluster } from './cluster.ts';

export interface Findings {
  readonly runs: number;
  /** Calls of agents: those of attempts that were lost among them. */
  readonly calls: number;
}

/** Beyond it, what has not ended does not end. */
const END_MS = 120_000;
const LAG_MS = 60_000;
const LOOK_MS = 200;

/** All that must hold whatever was broken: throws with the first that does not. */
export async function checked(cluster: ChaosCluster, runIds: readonly string[]): Promise<Findings> {
  const storage = await createEventStoreDBStorage({ ...cluster.store, readOnly: true });
  try {
    const reader = new RunReader(storage);
    const end = performance.now() + END_MS;
    for (const runId of runIds) {
      await ended(reader, runId, end);
      await checkHistory(reader, runId);
    }
  } finally {
    await storage.events.close();
  }
  checkOnce(cluster);
  expect(said(cluster, 'refused'), 'whoever takes over takes the tokens of the one before').to.deep.equal([]);
  await checkTransport(cluster);
  return { runs: runIds.length, calls: cluster.calls.length };
}

async function ended(reader: RunReader, runId: string, end: number): Promise<void> {
  for (;;) {
    const state = await reader.state(runId).catch(() => undefined);
    if (state?.status === 'completed') return;
    // A run that ended otherwise did not end as it must: nothing in it may fail for good.
    if (performance.now() > end)
      throw new Error(`${runId} has not completed: ${JSON.stringify(state ?? 'it was never started').slice(0, 2000)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function checkHistory(reader: RunReader, runId: string): Promise<void> {
  const replayed = await reader.replay(runId);
  expect(replayed.matches, `${runId} replays to what is on record`).to.equal(true);
  const begun: string[] = [];
  const outcomes: string[] = [];
  for await (const { event } of reader.history(runId)) {
    if (event.type === 'TaskStarted') begun.push(`${event.taskId} ${event.attempt}`);
    if (event.type === 'TaskAttemptFailed') outcomes.push(`attempt ${event.taskId} ${event.attempt}`);
    if (event.type === 'TaskCompleted' || event.type === 'TaskFailed') outcomes.push(`task ${event.taskId}`);
    if (event.type === 'RunCompleted' || event.type === 'RunFailed') outcomes.push('run');
  }
  expect(begun, `${runId}: each attempt is one worker's`).to.deep.equal([...new Set(begun)]);
  expect(outcomes, `${runId}: no outcome twice`).to.deep.equal([...new Set(outcomes)]);
  expect(outcomes, runId).to.include('run');
}

/** An attempt that may be made once is made once, however often it came. */
function checkOnce(cluster: ChaosCluster): void {
  const paid = cluster.calls.flatMap((line) => (line.includes(' pay ') ? [line.split(' ')[0]] : []));
  expect(paid, 'at most once').to.deep.equal([...new Set(paid)]);
}

const said = (cluster: ChaosCluster, what: string): readonly string[] =>
  cluster.lines.filter((line) => line.startsWith(what));

/** What was sent is acknowledged, and there is nothing among the dead letters. */
async function checkTransport(cluster: ChaosCluster): Promise<void> {
  const transport = createKafkaTransport(cluster.kafka);
  await transport.start();
  try {
    const until = performance.now() + LAG_MS;
    for (;;) {
      const findings = await found(transport);
      const lags = findings.filter(({ name }) => name === 'lag').map(({ detail }) => detail);
      if (lags.length > 0 && lags.every((detail) => / 0 messages wait/.test(detail))) {
        const dead = findings.find(({ name }) => name === 'dead letters');
        expect(dead?.detail, 'dead letters').to.equal('none');
        return;
      }
      if (performance.now() > until) throw new Error(`The lag does not go back: ${lags.join('; ')}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  } finally {
    await transport.stop();
  }
}

async function found(transport: Transport) {
  if (transport.inspect === undefined) throw new Error('The transport cannot be inspected.');
  return transport.inspect(['worker']);
}
