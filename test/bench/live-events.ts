import { type AnyWorkflow, defineAgent, type NewEvent, runStream, uuidv5, workflow } from '@reprise/core';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import type { Page } from 'playwright-core';
import type { Command } from '../../core/src/orchestration/workflow/commands.ts';
import { encodeEvent } from '../../core/src/orchestration/workflow/event-schema.ts';
import { handle } from '../../core/src/orchestration/workflow/handle.ts';
import { initialState } from '../../core/src/orchestration/workflow/state.ts';

const RUN = 'live';
const TICK_MS = 10;

/** When each revision was durable; ms since the Unix epoch. */
type Appended = readonly (readonly [revision: number, at: number])[];

/** A run that gets `rate` events a second, as an engine would append them, for so many seconds. */
export async function appendAtRate(path: string, rate: number, seconds: number): Promise<Appended> {
  const spin = defineAgent({ name: 'spin', handle: ({ input }: { readonly input: unknown }) => input });
  const { definition, hash } = workflow('live', { version: '1' })
    .task('spin', spin, { input: () => null, repeat: { from: 'spin', until: () => false, max: rate * seconds } })
    .build() as AnyWorkflow;
  const { events: store } = await createSqliteStorage({ path });
  const state = initialState();
  let batch: NewEvent[] = [];
  let stored = -1;
  const add = (command: Command): void => {
    const made = handle(state, command, { now: Date.now(), random: () => 0, maxPayloadChars: 1e6 });
    for (const [index, event] of made.entries()) {
      const { metadata, ...encoded } = encodeEvent(event);
      const ids = { causationId: command.commandId, correlationId: RUN };
      batch.push({ id: uuidv5(command.commandId, String(index)), ...encoded, metadata: { ...metadata, ...ids } });
    }
  };
  add({ type: 'StartRun', commandId: 'live', runId: RUN, definition, definitionHash: hash, input: null });
  const appended: [number, number][] = [];
  const begun = performance.now();
  for (let attempt = 1; state.revision < rate * seconds; ) {
    const due = ((performance.now() - begun) / 1000) * rate;
    for (; state.revision < due; attempt += 1) {
      const base = { runId: RUN, taskId: 'spin', attempt };
      const assignments = [{ taskId: 'spin', agent: 'spin' }];
      add({ type: 'ScheduleTasks', commandId: `l${attempt}/s`, runId: RUN, strategy: 'graph', assignments });
      add({ type: 'StartTask', commandId: `l${attempt}/b`, ...base, worker: 'w' });
      add({ type: 'CompleteTask', commandId: `l${attempt}/c`, ...base, output: null });
    }
    if (batch.length > 0) {
      const { startedAt: createdAt, updatedAt } = state;
      const summary = { kind: 'run', name: 'live', status: 'running', createdAt, updatedAt };
      const { revision } = await store.append(runStream(RUN), batch, stored, { summary });
      stored = revision;
      batch = [];
      appended.push([stored, Date.now()]);
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await store.close();
  return appended;
}

/** From the append of an event until the page of its run shows its revision, in ms, for every append. */
export async function eventToScreen(
  page: Page,
  origin: string,
  write: () => Promise<Appended>,
): Promise<readonly number[]> {
  const writing = write();
  // The page is there once the run is.
  for (;;) {
    const status = await page.evaluate(`fetch('/api/v1/runs/${RUN}').then((one) => one.status)`);
    if (status === 200) break;
  }
  await page.goto(`${origin}/runs/${RUN}?tab=history`);
  await page.locator('input[type="range"]').waitFor();
  await page.evaluate(
    `globalThis.shown = []; (function look() { const now = Number(document.querySelector('input[type="range"]')?.max); if (now !== globalThis.shown.at(-1)?.[0]) globalThis.shown.push([now, Date.now()]); requestAnimationFrame(look); })(); undefined`,
  );
  const appended = await writing;
  await page.waitForTimeout(2000);
  const shown = (await page.evaluate('globalThis.shown')) as [number, number][];
  const [, from = 0] = shown[1] ?? [];
  return appended
    .filter(([, at]) => at >= from)
    .map(([revision, at]) => {
      const seen = shown.find(([last]) => last >= revision);
      return seen === undefined ? Number.POSITIVE_INFINITY : Math.max(0, seen[1] - at);
    });
}
