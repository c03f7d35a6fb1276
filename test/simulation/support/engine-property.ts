import { EventReader, isForAgents, isTerminal, type RunEvent, taskPaths } from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { TaskGraph } from '../../../core/src/definition/task-graph.ts';
import { evolve } from '../../../core/src/orchestration/workflow/evolve.ts';
import { CURRENT_RULES } from '../../../core/src/orchestration/workflow/rules.ts';
import { initialState } from '../../../core/src/orchestration/workflow/state.ts';
import { serializeState } from '../../../core/src/orchestration/workflow/state-codec.ts';
import { runStream } from '../../../core/src/shared/ids.ts';
import { checkHistory } from './history-checks.ts';
import { live, RUN, type Weather } from './life.ts';
import { AGENT_CONCURRENCY } from './random-agents.ts';
import { toWorkflow, type WorkflowSpec, workflowArbitrary } from './random-workflow.ts';
import { snapshotLines } from './snapshot-lines.ts';
import type { World } from './world.ts';

// What is true of every run of the engine, whatever its store, its messages and its processes went through.

// A counterexample is told before the test runs out of time, shrunk as far as it got.
fc.configureGlobal({ interruptAfterTimeLimit: 50_000, markInterruptAsFailure: true });

/** The events of a stream as whoever reads the store sees them. */
async function eventsOf(world: World, stream: string): Promise<readonly RunEvent[]> {
  const { log } = world.truth;
  const reader = new EventReader({
    read: async (wanted, { from = 0 } = {}) =>
      log.filter((recorded) => recorded.stream === wanted && recorded.revision >= from),
  });
  const events: RunEvent[] = [];
  for (const recorded of log) if (recorded.stream === stream) events.push(await reader.read(recorded));
  return events;
}

/** Types of the events of all of the runs that were checked. */
export const seen = new Set<string>();

async function check(world: World, spec: WorkflowSpec): Promise<void> {
  const { log, saved } = world.truth;
  for (const { type } of log) seen.add(type);
  expect(new Set(log.map(({ id }) => id)).size, 'event ids').to.equal(log.length);
  const streams = new Set(log.map(({ stream }) => stream));
  for (const stream of streams) {
    const history = log.filter((recorded) => recorded.stream === stream);
    const revisions = history.map(({ revision }) => revision);
    expect(revisions, 'revisions').to.deep.equal(history.map((_, index) => index));
    const state = checkHistory(await eventsOf(world, stream));
    // A user who retries the run at the very moment of its end has another run, which is none of its.
    const root = state.parent?.rootRunId ?? state.runId;
    if (root === RUN) expect(isTerminal(state.status), `${stream} has ended with the run, or before it`).to.equal(true);
  }
  const events = await eventsOf(world, runStream(RUN));
  checkSnapshots(
    events,
    saved.filter(({ stream }) => stream === runStream(RUN)),
  );
  checkOutputs(spec, events);
  checkCalls(world, spec, events);
}

/** What counts as the output of an attempt is what the agent gave for that very attempt. */
function checkOutputs(spec: WorkflowSpec, events: readonly RunEvent[]): void {
  const agents = new Set(toWorkflow(spec).definition.tasks.flatMap((task) => (isForAgents(task) ? [task.id] : [])));
  for (const event of events) {
    const repeats = event.type === 'TasksReset' && event.why === 'repeat' && event.via === undefined;
    if (repeats && agents.has(event.region))
      expect(event.feedback).to.include({ task: event.region, attempt: event.attempt });
    if (event.type === 'TaskCompleted' && event.via === 'agent')
      expect(event.output).to.include({ task: event.taskId, attempt: event.attempt });
  }
}

function checkSnapshots(events: readonly RunEvent[], saved: World['truth']['saved']): void {
  for (const { snapshot } of saved) {
    const replica = initialState();
    for (const event of events.slice(0, snapshot.revision + 1)) evolve(replica, event);
    expect(snapshotLines(snapshot.state), `the live state at revision ${snapshot.revision}`).to.deep.equal(
      snapshotLines(serializeState(replica)),
    );
  }
}

function checkCalls(world: World, spec: WorkflowSpec, events: readonly RunEvent[]): void {
  expect(world.mostAtOnce, 'calls of an agent at once').to.be.lessThanOrEqual(AGENT_CONCURRENCY);
  const once = new Set<string>();
  const { definition } = toWorkflow(spec);
  for (const call of world.calls.filter(({ runId }) => runId === RUN)) {
    const name = `${call.agent} for ${call.taskId}/${call.attempt} in round ${call.round}`;
    const before = world.truth.log.slice(0, call.seen).filter(({ stream }) => stream === runStream(RUN));
    const known = events.slice(0, before.length);
    const scheduled = known.some(
      (event) => event.type === 'TaskScheduled' && event.taskId === call.taskId && event.attempt === call.attempt,
    );
    expect(scheduled, `${name} was called before its dispatch was on record`).to.equal(true);
    const task = TaskGraph.of(definition).node(taskPaths(CURRENT_RULES).definition(call.taskId))?.definition;
    if (task?.delivery !== 'at-most-once') continue;
    const key = `${call.agent} ${call.key}`;
    expect(once.has(key), `${name}, at most once, was called twice`).to.equal(false);
    once.add(key);
  }
}

const cases = fc.tuple(workflowArbitrary, fc.integer());

/** Any run of any workflow in that weather keeps every rule, and ends. */
export function property(weather: Weather, also: (world: World, spec: WorkflowSpec) => void = () => undefined) {
  return fc.asyncProperty(cases, async ([spec, seed]) => {
    const world = await live(spec, seed, weather);
    await check(world, spec);
    also(world, spec);
  });
}

export const FOUL: Weather = {
  store: {
    unknownDone: 0.05,
    unknownNotDone: 0.05,
    unavailable: 0.05,
    conflict: 0.05,
    readUnavailable: 0.1,
    crashBefore: 0.03,
    crashAfter: 0.03,
  },
  transport: { drop: 0.1, delay: 0.1, duplicate: 0.2, reorder: 0.2 },
  crashes: 4,
  zombies: 2,
  meddling: true,
};
