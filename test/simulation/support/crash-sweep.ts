import {
  decodeEvent,
  isEnd,
  isTerminal,
  type RunEvent,
  runStream,
  streamRunId,
  type TaskDefinition,
} from '@reprise/core';
import { expect } from 'chai';
import { evolve } from '../../../core/src/orchestration/workflow/evolve.ts';
import { initialState, type RunState } from '../../../core/src/orchestration/workflow/state.ts';
import { mutexOf } from '../../../core/src/orchestration/workflow/transitions/mutex.ts';
import { checkHistory } from './history-checks.ts';
import type { KillPoint } from './port-taps.ts';
import type { SweepScenario } from './sweep-scenario.ts';
import { type Ports, SWEEP_RUN, SweepWorld, type Swept } from './sweep-world.ts';

// Every port call of a run is numbered; then the run is played again for each of them, once with a kill just before it and
// once just after. Deterministic: a failure names its point, and the point alone brings it back.

export async function play(scenario: SweepScenario, ports: Ports, ...points: readonly KillPoint[]): Promise<Swept> {
  const storage = await ports.storage?.();
  try {
    return await new SweepWorld(scenario, ports, storage).play(points);
  } finally {
    await storage?.events.close();
  }
}

/** An event, and the run that it is of: child runs have streams of their own. */
interface Told {
  readonly runId: string;
  readonly event: RunEvent;
}

const toldOf = ({ truth }: Swept): readonly Told[] =>
  truth.log.map((recorded) => ({ runId: streamRunId(recorded.stream) ?? '', event: decodeEvent(recorded) }));

/** The histories of the run and of its child runs, by the id of the run. */
const historiesOf = (told: readonly Told[]): ReadonlyMap<string, readonly RunEvent[]> =>
  new Map(
    [...Map.groupBy(told, ({ runId }) => runId)].map(([runId, events]) => [runId, events.map(({ event }) => event)]),
  );

/** How a run ended, without the numbers of attempts that its messages may name. */
function endOf({ outcome }: Swept): unknown {
  return outcome.status === 'failed' ? { status: 'failed', code: outcome.error.code } : outcome;
}

/** The tasks that may run once only, those in blocks included, by their paths. */
const onceIn = (tasks: readonly TaskDefinition[], block = ''): readonly string[] =>
  tasks.flatMap(({ id, delivery, scope }) => [
    ...(delivery === 'at-most-once' ? [`${block}${id}`] : []),
    ...onceIn(scope?.tasks ?? [], `${block}${id}/`),
  ]);

const isOnce = (scenario: SweepScenario, taskId: string): boolean =>
  onceIn(scenario.workflow.definition.tasks).includes(taskId);

/** Whether an at-most-once attempt was open at a kill: its outcome cannot be known, and the run may end otherwise. */
function wasInDoubt(scenario: SweepScenario, swept: Swept): boolean {
  return swept.kills.some(({ seen }) => {
    const open = new Set<string>();
    for (const { event } of toldOf(swept).slice(0, seen)) {
      if (event.type === 'TaskScheduled' && isOnce(scenario, event.taskId)) open.add(event.taskId);
      if (event.type === 'TaskCompleted' || event.type === 'TaskAttemptFailed') open.delete(event.taskId);
    }
    return open.size > 0;
  });
}

function check(scenario: SweepScenario, durable: boolean, calm: Swept, swept: Swept): void {
  const told = toldOf(swept);
  for (const [runId, events] of historiesOf(told)) {
    const revisions = swept.truth.log.filter(({ stream }) => stream === runStream(runId));
    expect(revisions.map(({ revision }) => revision)).to.deep.equal(events.map((_, index) => index));
    expect(isTerminal(checkHistory(events).status), `run ${runId} has ended`).to.equal(true);
  }
  checkCalls(scenario, swept, told);
  if (durable) checkReported(swept, told);
  checkOnce(told);
  checkMutexes(told);
  const unknown = told.some(
    ({ event }) => event.type === 'TaskAttemptFailed' && event.error.code === 'REPRISE_OUTCOME_UNKNOWN',
  );
  if (unknown) {
    expect(wasInDoubt(scenario, swept), 'an outcome is called unknown that was known').to.equal(true);
    for (const { event } of told)
      if (event.type === 'CompensationBegan') expect(completionsOf(told, event.taskId), event.taskId).to.equal(1);
    return;
  }
  expect(endOf(swept), 'the end of the run').to.deep.equal(endOf(calm));
  expect(endsOfChildren(told), 'the ends of child runs').to.deep.equal(endsOfChildren(toldOf(calm)));
  const undone = (all: readonly Told[]) => (scenario.isRace === true ? undoneIn(all, true).toSorted() : undoneIn(all));
  expect(undone(told), 'what was undone, in order').to.deep.equal(undone(toldOf(calm)));
}

const endsOfChildren = (told: readonly Told[]): readonly string[] =>
  told
    .filter(({ runId, event }) => runId !== SWEEP_RUN && isEnd(event))
    .map(({ runId, event }) => `${runId} ${event.type}`)
    .sort();

const completionsOf = (told: readonly Told[], taskId: string): number =>
  told.filter(({ event }) => event.type === 'TaskCompleted' && event.taskId === taskId).length;

/** What was done for certain and then undone, in order and without the numbers of attempts: each once, and to its end. */
function undoneIn(told: readonly Told[], unknown = false): readonly string[] {
  const undone: string[] = [];
  for (const { runId, event } of told) {
    if (event.type !== 'CompensationBegan' || (event.outcome !== 'completed' && !unknown)) continue;
    const own = told.filter((one) => one.runId === runId);
    undone.push(`${event.taskId.replace(/@\d+$/, '')}, ${completionsOf(own, event.taskId)} times`);
  }
  return undone;
}

/** What somebody wants, in however many processes it is said again, is done once. */
function checkOnce(told: readonly Told[]): void {
  const done = told.flatMap(({ runId, event }) =>
    'commandId' in event && event.commandId !== undefined && event.type !== 'CommandRejected'
      ? [`${runId}: ${event.type} of ${event.commandId}`]
      : [],
  );
  expect(done.filter((one, place) => done.indexOf(one) !== place)).to.deep.equal([]);
}

/** Of several runs one has a mutex at a time: in the order in which everything came into the store. */
function checkMutexes(told: readonly Told[]): void {
  if (!told.some(({ event }) => event.type === 'MutexGranted')) return;
  const states = new Map<string, RunState>();
  for (const { runId, event } of told) {
    const state = states.get(runId) ?? initialState();
    states.set(runId, state);
    evolve(state, event);
    if (event.type !== 'MutexGranted') continue;
    const name = state.tasks.get(event.taskId)?.mutex;
    const holders = [...states.values()].filter(
      (one) =>
        !isTerminal(one.status) &&
        (mutexOf(name ?? '').across === 'tenant' || one.definition.name === state.definition.name) &&
        one.tasks.values().some(({ mutex, granted }) => granted && mutex === name),
    );
    expect(
      holders.map((one) => one.runId),
      `who has ${JSON.stringify(name)}`,
    ).to.deep.equal([runId]);
  }
}

/** Where messages outlive processes, what an attempt came to is not lost once the transport has it. */
function checkReported({ kills }: Swept, told: readonly Told[]): void {
  const reported = new Set(kills.flatMap((kill) => kill.reported));
  const lost = told.flatMap(({ runId, event }) =>
    event.type === 'TaskAttemptFailed' && event.lost === true ? [`${runId} ${event.taskId}/${event.attempt}`] : [],
  );
  expect(
    lost.filter((attempt) => reported.has(attempt)),
    'reported, and yet called lost',
  ).to.deep.equal([]);
}

function checkCalls(scenario: SweepScenario, { calls }: Swept, told: readonly Told[]): void {
  const once = new Set<string>();
  for (const { agent, runId, taskId, attempt, round, seen } of calls) {
    const scheduled = told
      .slice(0, seen)
      .some(
        ({ runId: of, event }) =>
          event.type === 'TaskScheduled' && of === runId && event.taskId === taskId && event.attempt === attempt,
      );
    expect(scheduled, `${agent} was called for ${taskId}/${attempt} before that was on record`).to.equal(true);
    if (!isOnce(scenario, taskId)) continue;
    const key = `${agent} for ${taskId} in round ${round}`;
    expect(once.has(key), `${key}, at most once, was called twice`).to.equal(false);
    once.add(key);
  }
}

export interface Sweep {
  /** Kills that were made. */
  readonly points: number;
  /** What went wrong, a line for each kill that did harm. */
  readonly faults: readonly string[];
  /** Kinds of port calls before or after which a process was killed. */
  readonly kinds: ReadonlySet<string>;
}

/** Kills at every call (of `every` one) of the process that comes after those that are killed at `first`. */
export async function sweep(scenario: SweepScenario, between: Ports, ...first: readonly KillPoint[]): Promise<Sweep> {
  const { durable, every = 1, remote } = between;
  const calm = await play(scenario, between);
  expect(calm.outcome.status, 'the undisturbed run').to.equal(scenario.ends);
  expect(toldOf(calm).map(({ event }) => event.type)).to.include.members([...(scenario.about ?? [])]);
  const before = await play(scenario, between, ...first);
  check(scenario, durable, calm, before);
  const ports = before.ports[first.length] ?? [];
  const faults: string[] = [];
  const kinds = new Set<string>();
  let points = 0;
  for (const [index, kind] of ports.entries()) {
    if (index % every !== 0) continue;
    for (const when of ['before', 'after'] as const) {
      const point = { call: index + 1, when };
      try {
        const swept = await play(scenario, between, ...first, point);
        if (swept.kills.length > first.length) {
          kinds.add(kind);
          points += 1;
        }
        const own = swept.ports[first.length] ?? [];
        if (remote !== true && (between.storage === undefined || scenario.isCrowded !== true))
          expect(own, 'the calls up to the kill').to.deep.equal(ports.slice(0, own.length));
        check(scenario, durable, calm, swept);
      } catch (error) {
        const place = [...first, point].map((one) => `${one.when} call ${one.call}`).join(', then ');
        faults.push(`${place} (${kind}): ${(error as Error).message}`);
      }
    }
  }
  return { points, faults, kinds };
}
