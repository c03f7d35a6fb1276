import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measureAdded } from './added-tasks.ts';
import { measureBigRun } from './big-run.ts';
import { measureChains } from './chains.ts';
import { measureCpuPerStep } from './cpu.ts';
import { measureDelegations } from './delegations.ts';
import { measureFanOut } from './fan-out.ts';
import { measureFollowers } from './followers.ts';
import { layeredGraph, mappedChain, measureBlocks, measureFarReads, measureGraph } from './graphs.ts';
import { measureIsolation } from './isolation.ts';
import { measureLongRun } from './long-run.ts';
import { measureMessages, measureMessagesBetweenRuns } from './messages.ts';
import { measureBareLoop, measureSqliteStore } from './raw-sqlite.ts';
import { measureRestart, measureSleepingRestart } from './restart.ts';
import { measureTaking } from './taking.ts';
import { measureTenants } from './tenants.ts';
import { measureViewLag } from './view-lag.ts';

// `npm run bench [-- --quick] [-- --out FILE]`: prints a table, writes JSON. Nothing here fails on a slow machine: read the ratios.

interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly budget: string;
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    out: { type: 'string', default: 'test/bench/results/latest.json' },
  },
});
const seconds = values.quick ? 1 : 5;
const scale = values.quick ? 0.1 : 1;
const rows: Row[] = [];

function report(what: string, value: number, unit: string, budget = ''): void {
  rows.push({ what, value, unit, budget });
  const digits = value >= 100 ? 0 : 2;
  console.log(`${what.padEnd(58)} ${value.toFixed(digits).padStart(10)} ${unit.padEnd(9)} ${budget}`);
}

console.log(`node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}\n`);

const bare = measureBareLoop({ seconds });
report(
  'bare loop over node:sqlite, 50 × 3 events a commit',
  bare.eventsPerSecond / 3,
  'steps/s',
  'the limit of this machine',
);
report('  one append alone, p50', bare.soloMs.p50, 'ms');
const store = await measureSqliteStore({ seconds });
report('event-store-sqlite, the same load', store.eventsPerSecond / 3, 'steps/s');
report('  one append alone, p50', store.soloMs.p50, 'ms');
report('  file bytes per event beyond the payload', store.overheadBytesPerEvent, 'bytes', '≤ 1,024');

const durable = await measureChains('sqlite', seconds);
report('durable 10-step chains, 50 at once', durable.stepsPerSecond, 'steps/s', '20,000');
report('  share of the bare loop', (100 * durable.stepsPerSecond) / (bare.eventsPerSecond / 3), '%');
report('  one run alone, p50', durable.soloP50Ms, 'ms', '5');
report(
  '  one run alone, in appends of the bare loop',
  durable.soloP50Ms / bare.soloMs.p50,
  '×',
  '11 appends are needed',
);
report('  processor time', await measureCpuPerStep('sqlite'), 'µs/step');
const memory = await measureChains('in-memory', seconds);
report('in-memory 10-step chains, 50 at once', memory.stepsPerSecond, 'steps/s');
report('  one run alone, p50', memory.soloP50Ms, 'ms');
report('  processor time', await measureCpuPerStep('in-memory'), 'µs/step');
const remote = await measureChains('eventstoredb', seconds);
report('10-step chains over the protocol of EventStoreDB, 50 at once', remote.stepsPerSecond, 'steps/s', '1,500');
report('  one run alone, p50', remote.soloP50Ms, 'ms');
report('  processor time, without the server', await measureCpuPerStep('eventstoredb'), 'µs/step');

for (const storage of ['in-memory', 'sqlite'] as const) {
  for (const count of [0, 50]) {
    const what = `${storage}, processor time with ${count} quiet followers of other runs`;
    report(what, await measureFollowers(storage, count), 'µs/step', 'flat');
  }
}

for (const storage of ['in-memory', 'sqlite'] as const) {
  for (const count of [100, 10_000 * scale]) {
    const { usPerMessage } = await measureMessages(storage, count);
    report(`${storage}, ${count} messages between two agents of a run`, usPerMessage, 'µs each', 'flat (5 %)');
    const between = await measureMessagesBetweenRuns(storage, count);
    report(`${storage}, ${count} messages between two runs`, between.usPerMessage, 'µs each', 'flat (5 %)');
  }
}

for (const isolation of [undefined, 'thread', 'process'] as const) {
  const figures = await measureIsolation(isolation, 2000 * scale);
  const where = isolation === undefined ? 'in this thread' : `in a ${isolation} of its own`;
  report(`in-memory, a run of one task, its agent ${where}, p50`, figures.p50Ms, 'ms');
  report('  50 at once', figures.perSecond, 'runs/s');
  report('  start of the orchestrator', figures.startMs, 'ms');
}

for (const what of ['none', 'run index', 'all'] as const) {
  const figures = await measureViewLag(what, seconds);
  report(`durable chains, views built beside them: ${what}`, figures.stepsPerSecond, 'steps/s');
  if (what === 'none') continue;
  report('  events that a view is built from', figures.eventsPerSecond, 'events/s');
  report('  behind when the chains stop', figures.lagMs, 'ms');
}

for (const width of [100, 1000, 10_000]) {
  const figures = await measureFanOut('sqlite', width);
  report(`durable fan-out to ${width} and join`, figures.totalMs, 'ms', width === 10_000 ? '2,000' : '');
  report('  per task', figures.usPerTask, 'µs', 'flat');
}

const big = await measureBigRun(950 * scale, 300_000);
report(`one run of ${950 * scale} items that share 300 KB`, big.totalMs, 'ms');
report('  longest block of the event loop', big.longestBlockMs, 'ms', '100');
const far = 10_000 * scale;
report(`a definition of ${far} tasks that all read the first, checked`, measureFarReads(far), 'ms');

for (const [what, graph] of [
  [`chain of ${1000 * (values.quick ? 1 : 10)} tasks with expressions`, mappedChain(values.quick ? 1000 : 10_000)],
  [`layered graph of ${values.quick ? 500 : 5000} tasks with expressions`, layeredGraph(values.quick ? 10 : 100, 50)],
] as const) {
  report(`durable ${what}`, (await measureGraph('sqlite', graph)).usPerTask, 'µs/task', 'flat');
}

for (const [what, unit] of [
  ['blocks', 'block of two tasks'],
  ['children', 'child run'],
  ['rounds', 'round of a block'],
  ['undone', 'task that is done and undone'],
] as const) {
  for (const count of values.quick ? [100] : [1000, 10_000])
    report(`durable, ${count} in one run: ${unit}`, (await measureBlocks('sqlite', what, count)).usEach, 'µs', 'flat');
}

for (const [shape, what] of [
  ['chain', 'each after the one before'],
  ['fan', 'all after one'],
  ['join', 'all before one'],
] as const) {
  for (const batch of [1, 10, 100]) {
    measureAdded(shape, 1000, batch);
    for (const count of values.quick ? [1000] : [1000, 10_000]) {
      const figures = measureAdded(shape, count, batch);
      report(`${count} added tasks, ${batch} at once, ${what}`, figures.allUs, 'µs/task', 'flat');
      report('  to add them', figures.addUs, 'µs/task');
    }
  }
}

await measureDelegations(100, 10);
for (const [atOnce, budget] of [
  [10, 'flat'],
  [1000, ''],
] as const) {
  for (const count of [100, 1000]) {
    const figures = await measureDelegations(count, atOnce);
    report(`${count} delegations, planned ${atOnce} at once`, figures.delegationsPerSecond, '/s', budget);
    report('  decisions', figures.decisionsPerSecond, '/s');
  }
}

for (const [mode, what] of [
  ['bid', 'awards'],
  ['claim', 'claims'],
] as const) {
  await measureTaking(mode, 100);
  for (const count of [100, 1000]) {
    const figures = await measureTaking(mode, count);
    report(`${count} ${what}`, figures.takenPerSecond, '/s', 'flat');
    report('  decisions', figures.decisionsPerSecond, '/s');
  }
}

for (const storage of ['in-memory', 'sqlite'] as const) {
  const { aloneP95Ms, besideP95Ms } = await measureTenants(storage, 10_000);
  report(`${storage}, 100 small runs of a tenant, p95`, aloneP95Ms, 'ms');
  report('  beside 10,000 tasks of another', besideP95Ms / aloneP95Ms, '×', '2');
}
const restart = await measureRestart(10_000 * scale);
report(`restart with ${restart.openRuns} open runs, all moving`, restart.allMovingMs, 'ms', '5,000');
const asleep = await measureSleepingRestart(10_000 * scale);
report(`restart with ${asleep.runs} runs that sleep, over the protocol of EventStoreDB`, asleep.startMs, 'ms', '1,000');
report('  growth of the heap', asleep.heapMiB, 'MiB');
const long = await measureLongRun(1_000_000 * scale);
report(`resume of a run of ${long.events} events`, long.resumeMs, 'ms', '200');
report('  growth of the heap', long.heapMiB, 'MiB', 'flat');
report('  file bytes per event beyond the payload', long.overheadBytesPerEvent, 'bytes', '≤ 1,024');

mkdirSync('test/bench/results', { recursive: true });
writeFileSync(values.out, `${JSON.stringify({ node: process.version, cpus: cpus().length, rows }, undefined, 2)}\n`);
console.log(`\nwritten to ${values.out}`);
