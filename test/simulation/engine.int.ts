import { EVENT_VERSIONS, EventReader, isForAgents, isTerminal, type RunEvent, taskPaths } from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { TaskGraph } from '../../core/src/definition/task-graph.ts';
import { evolve } from '../../core/src/orchestration/workflow/evolve.ts';
import { CURRENT_RULES } from '../../core/src/orchestration/workflow/rules.ts';
import { initialState } from '../../core/src/orchestration/workflow/state.ts';
import { serializeState } from '../../core/src/orchestration/workflow/state-codec.ts';
import { runStream } from '../../core/src/shared/ids.ts';
import { NO_FAULTS } from './support/faulty-store.ts';
import { checkHistory } from './support/history-checks.ts';
import { endOf, FAIR, live, RUN, type Weather } from './support/life.ts';
import { AGENT_CONCURRENCY } from './support/random-agents.ts';
import { toWorkflow, type WorkflowSpec, workflowArbitrary } from './support/random-workflow.ts';
import { snapshotLines } from './support/snapshot-lines.ts';
import { SqliteFiles } from './support/sqlite-files.ts';
import type { World } from './support/world.ts';

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

/** Types of the events of all of these runs. */
const seen = new Set<string>();

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

function property(weather: Weather, also: (world: World, spec: WorkflowSpec) => void = () => undefined) {
  return fc.asyncProperty(cases, async ([spec, seed]) => {
    const world = await live(spec, seed, weather);
    await check(world, spec);
    also(world, spec);
  });
}

const FOUL: Weather = {
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

describe('the engine, for any workflow and any agents', () => {
  it('ends every run by every rule, and tells its user how', async () => {
    await fc.assert(
      property(FAIR, (world) => {
        const told = world.processes[0]?.outcome;
        const end = endOf(world)?.type;
        expect(told, 'what the user was told').to.have.property('status', end?.replace('Run', '').toLowerCase());
      }),
      { numRuns: 300 },
    );
  });

  it('with messages that are dropped, delayed, doubled and reordered', async () => {
    const transport = { drop: 0.2, delay: 0.2, duplicate: 0.3, reorder: 0.3 };
    await fc.assert(property({ ...FAIR, transport, meddling: true }), { numRuns: 250 });
  });

  it('with a store that conflicts, forgets to answer and is not there', async () => {
    const store = {
      ...NO_FAULTS,
      unknownDone: 0.1,
      unknownNotDone: 0.1,
      unavailable: 0.1,
      conflict: 0.1,
      readUnavailable: 0.2,
    };
    await fc.assert(property({ ...FAIR, store, meddling: true }), { numRuns: 250 });
  });

  it('with processes that are killed around their appends', async () => {
    const store = { ...NO_FAULTS, crashBefore: 0.05, crashAfter: 0.05 };
    await fc.assert(property({ ...FAIR, store, crashes: 5 }), { numRuns: 250 });
  });

  it('with two processes that both think they drive', async () => {
    await fc.assert(property({ ...FAIR, zombies: 2 }), { numRuns: 250 });
  });

  it('with limits over all runs that leave room for one attempt, now and then', async () => {
    const rate = { limit: 1, per: '3s', burst: 1 };
    const admission = { process: { concurrency: 1 }, agents: { '*': { rate } }, tenants: { '*': { concurrency: 2 } } };
    const store = { ...NO_FAULTS, conflict: 0.1, crashBefore: 0.03 };
    const weather = { ...FAIR, store, crashes: 3, meddling: true, admission };
    const oneAtOnce = ({ mostAtOnce, truth }: World): void => {
      // Who has waited for messages goes on, whatever has begun meanwhile.
      if (truth.log.some(({ type }) => type === 'MessageAwaited')) return;
      expect(mostAtOnce, 'calls of an agent at once').to.be.at.most(1);
    };
    await fc.assert(property(weather, oneAtOnce), { numRuns: 150 });
    await fc.assert(property({ ...weather, zombies: 2 }), { numRuns: 100 });
  });

  it('with all of that together', async () => {
    await fc.assert(property(FOUL), { numRuns: 250 });
  });

  it('whose agents did everything with messages of a run that there is', () => {
    // What goes between runs, and to programs, the crash sweep and the walks of the heart have.
    const between = ['MessageReceived', 'MessageTaken', 'MessageHandedOn', 'MessagesHandedOver'];
    const all = Object.keys(EVENT_VERSIONS).filter((type) => /^(Message|Conversation)/.test(type));
    expect(all).to.include.members(between);
    const talk = all.filter((type) => !between.includes(type));
    expect([...seen]).to.include.members(talk);
  });

  it('in which agents were rested, tried again, and came back', () => {
    expect([...seen]).to.include.members(['AgentRested', 'AgentBack']);
  });

  it('with all of that together, over files of SQLite', async () => {
    const files = new SqliteFiles();
    try {
      await fc.assert(property({ ...FOUL, storage: () => files.open() }), { numRuns: 40 });
    } finally {
      files.delete();
    }
  });
});
