import { type AnyWorkflow, defineAgent, type NewEvent, runStream, uuidv5, workflow } from '@reprise/core';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import type { Command } from '../../core/src/orchestration/workflow/commands.ts';
import { encodeEvent } from '../../core/src/orchestration/workflow/event-schema.ts';
import { handle } from '../../core/src/orchestration/workflow/handle.ts';
import { initialState } from '../../core/src/orchestration/workflow/state.ts';
import { STATE_VERSION, serializeState } from '../../core/src/orchestration/workflow/state-codec.ts';
import { inFolder, openReprise, sizeOf } from './setup.ts';

export interface LongRunFigures {
  readonly events: number;
  /** From start() until the run's agent was called again, in ms, with a snapshot and a tail. */
  readonly resumeMs: number;
  /** Growth of the heap over the resume, in MiB. */
  readonly heapMiB: number;
  readonly fileMiB: number;
  readonly overheadBytesPerEvent: number;
}

const RUN = 'long';
const TAIL = 1900;

/** A run with a history of `events` events (a repeat of many rounds), interrupted and resumed. */
export async function measureLongRun(events: number): Promise<LongRunFigures> {
  return inFolder(async (path) => {
    let called: (() => void) | undefined;
    const spin = defineAgent({
      name: 'spin',
      handle: ({ input }: { readonly input: unknown }) => {
        called?.();
        return called === undefined ? input : new Promise<unknown>(() => undefined);
      },
    });
    const long = workflow('long', { version: '1' })
      .task('spin', spin, { input: () => null, repeat: { from: 'spin', until: () => false, max: events } })
      .build() as AnyWorkflow;
    const payload = await writeHistory(path, long, events);
    const fileMiB = sizeOf(path) / 2 ** 20;
    const reprise = await openReprise(path, [long]);
    const heapBefore = process.memoryUsage().heapUsed;
    const start = performance.now();
    const again = new Promise<void>((resolve) => {
      called = resolve;
    });
    await reprise.start();
    await again;
    const resumeMs = performance.now() - start;
    const heapMiB = (process.memoryUsage().heapUsed - heapBefore) / 2 ** 20;
    await reprise.stop({ drainMs: 0 });
    return { events, resumeMs, heapMiB, fileMiB, overheadBytesPerEvent: (fileMiB * 2 ** 20 - payload) / events };
  });
}

/** Writes the history as the engine would, without waiting for an agent between events. Returns the bytes of the payloads. */
export async function writeHistory(path: string, long: AnyWorkflow, events: number): Promise<number> {
  const { events: store, snapshots } = await createSqliteStorage({ path });
  const state = initialState();
  let batch: NewEvent[] = [];
  let stored = -1;
  let payload = 0;
  const add = (command: Command): void => {
    for (const [index, event] of handle(state, command, {
      now: Date.now(),
      random: () => 0,
      maxPayloadChars: 1e6,
    }).entries()) {
      const { type, time, data, metadata } = encodeEvent(event);
      payload += JSON.stringify(data).length;
      const id = uuidv5(command.commandId, String(index));
      batch.push({
        id,
        type,
        time,
        data,
        metadata: { ...metadata, causationId: command.commandId, correlationId: RUN },
      });
    }
  };
  const flush = async (): Promise<void> => {
    const summary = {
      kind: 'run',
      name: 'long',
      status: 'running',
      createdAt: state.startedAt,
      updatedAt: state.updatedAt,
    };
    const { revision } = await store.append(runStream(RUN), batch, stored, { summary });
    stored = revision;
    batch = [];
  };
  const { definition, hash } = long;
  add({ type: 'StartRun', commandId: 'start', runId: RUN, definition, definitionHash: hash, input: null });
  let snapshot = false;
  for (let attempt = 1; state.revision < events; attempt += 1) {
    const base = { runId: RUN, taskId: 'spin', attempt };
    add({
      type: 'ScheduleTasks',
      commandId: `${attempt}/s`,
      runId: RUN,
      strategy: 'graph',
      assignments: [{ taskId: 'spin', agent: 'spin' }],
    });
    add({ type: 'StartTask', commandId: `${attempt}/b`, ...base, worker: 'w' });
    add({ type: 'CompleteTask', commandId: `${attempt}/c`, ...base, output: null });
    if (batch.length >= 3000) await flush();
    if (!snapshot && state.revision >= events - TAIL) {
      snapshot = true;
      await flush();
      await snapshots?.save(runStream(RUN), {
        revision: state.revision,
        schema: STATE_VERSION,
        state: serializeState(state),
      });
    }
  }
  await flush();
  await store.close();
  return payload;
}

if (import.meta.main) console.log(await measureLongRun(Number(process.argv[2] ?? 1_000_000)));
