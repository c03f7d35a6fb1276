import { decodeEvent, isRepriseError, isTerminal, type RunEvent, taskPaths } from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { TaskGraph } from '../../core/src/definition/task-graph.ts';
import { CURRENT_RULES } from '../../core/src/orchestration/workflow/rules.ts';
import { UntrustedHistory } from '../../core/src/orchestration/workflow/untrusted/untrusted-history.ts';
import { runStream } from '../../core/src/shared/ids.ts';
import { NO_FAULTS } from './support/faulty-store.ts';
import { checkHistory } from './support/history-checks.ts';
import { endOf, FAIR, historyOf, launch, live, RUN, type Weather } from './support/life.ts';
import { toWorkflow, type WorkflowSpec, workflowArbitrary } from './support/random-workflow.ts';
import type { World } from './support/world.ts';

const HOUR_MS = 3_600_000;

interface GoingOn {
  readonly as: 'retry' | 'fork';
  /** Of a fork: how far into the history, from 0 to 1. */
  readonly where: number;
  /** That at-most-once tasks are done again is allowed. */
  readonly again: boolean;
  /** An outcome is given to one of the tasks, counted from 0; to none, if there are not so many. */
  readonly given: number;
}

const REFUSALS: ReadonlySet<string> = new Set(['REPRISE_COMMAND_INVALID', 'REPRISE_WOULD_REPEAT']);

/** A user who goes on from what ended, one run from the one before; with other processes when one is killed. */
async function goOn(world: World, spec: WorkflowSpec, steps: readonly GoingOn[]): Promise<readonly string[]> {
  const runs: string[] = [];
  let last = RUN;
  for (const [index, { as, where, again: allowed, given }] of steps.entries()) {
    const history = historyOf(world, last);
    const end = history.at(-1)?.type;
    if (as === 'retry' && end === 'RunCompleted') continue;
    const id = `${RUN}-${index}`;
    let refused: unknown;
    for (let tries = 0; endOf(world, id) === undefined && refused === undefined; tries += 1) {
      expect(tries, 'processes that were needed').to.be.lessThan(20);
      if (world.living.length === 0) await launch(world, spec);
      const [process] = world.living;
      if (historyOf(world, id).length === 0) {
        const tasks = history.flatMap(({ data }) => (typeof data['taskId'] === 'string' ? [data['taskId']] : []));
        const again = allowed ? tasks : [];
        const task = [...new Set(tasks)].filter((id) => id !== '')[given];
        const outcomes = task === undefined ? {} : { outcomes: { [task]: { task, attempt: 0, given: true } } };
        const at = Math.floor(where * (history.length - 1));
        const made =
          as === 'retry'
            ? process?.reprise.retryRun(last, { id, again, ...outcomes })
            : process?.reprise.forkRun(last, { id, again, at, ...outcomes });
        made?.catch((error: unknown) => {
          if (isRepriseError(error) && REFUSALS.has(error.code)) refused = error;
        });
      }
      await world.time.until(
        () => endOf(world, id) !== undefined || refused !== undefined || world.living.length === 0,
        48 * HOUR_MS,
      );
    }
    if (refused !== undefined) continue;
    runs.push(id);
    last = id;
  }
  await world.time.quiet();
  return runs;
}

const eventsOf = (world: World, runId: string): readonly RunEvent[] =>
  historyOf(world, runId).map((recorded) => decodeEvent(recorded));

function check(world: World, runs: readonly string[]): void {
  for (const runId of runs) {
    const events = eventsOf(world, runId);
    const state = checkHistory(events);
    expect(isTerminal(state.status), `${runId} has ended`).to.equal(true);
    const { lineage } = state;
    const source = eventsOf(world, lineage?.runId ?? '');
    const copied = (lineage?.revision ?? 0) + 1;
    expect(events.slice(1, copied), `what ${runId} has copied`).to.deep.equal(source.slice(1, copied));
    checkOnce(world, runId, events.slice(copied));
    checkUntrusted(world, runId);
  }
}

/** What may be done once only was not done again without having been allowed: neither by a run nor by the one that it goes on from. */
function checkAtMostOnce(world: World, spec: WorkflowSpec, steps: readonly GoingOn[], runs: readonly string[]): void {
  if (steps.some(({ again }) => again)) return;
  const graph = TaskGraph.of(toWorkflow(spec).definition);
  for (const run of runs) {
    const [first] = eventsOf(world, run);
    const source = first?.type === 'RunStarted' ? first.lineage?.runId : undefined;
    const once = new Set<string>();
    for (const { agent, taskId, key, runId } of world.calls) {
      if (runId !== run && runId !== source) continue;
      if (graph.node(taskPaths(CURRENT_RULES).definition(taskId))?.definition.delivery !== 'at-most-once') continue;
      expect(once.has(`${agent} ${key}`), `${taskId} was done again by ${runId}`).to.equal(false);
      once.add(`${agent} ${key}`);
    }
  }
}

/** Nothing that stands is done again: an attempt follows only for what was reset, or had not begun. */
function checkOnce(world: World, runId: string, own: readonly RunEvent[]): void {
  const calls = world.calls.filter((call) => call.runId === runId);
  for (const { taskId, attempt } of calls) {
    const scheduled = own.some(
      (event) => event.type === 'TaskScheduled' && event.taskId === taskId && event.attempt === attempt,
    );
    expect(scheduled, `${taskId}/${attempt} was called by ${runId} without having been scheduled there`).to.equal(true);
  }
}

function checkUntrusted(world: World, runId: string): void {
  const history = new UntrustedHistory(runId);
  for (const recorded of world.truth.log.filter(({ stream }) => stream === runStream(runId))) {
    const { stream: _stream, position: _position, ...event } = recorded;
    const { sleepsUntil: _sleepsUntil, ...metadata } = event.metadata;
    const exported = { ...event, metadata };
    const flaw = history.add(JSON.parse(JSON.stringify(exported)));
    expect(flaw, `event ${recorded.revision} (${recorded.type}) of ${runId}`).to.equal(undefined);
  }
  expect(history.end(), `the end of ${runId}`).to.equal(undefined);
}

const steps = fc.array(
  fc.record({
    as: fc.constantFrom<GoingOn['as']>('retry', 'retry', 'fork'),
    where: fc.double({ min: 0, max: 1, noNaN: true }),
    again: fc.boolean(),
    given: fc.nat(20),
  }),
  { minLength: 1, maxLength: 3 },
);
const cases = fc.tuple(workflowArbitrary, fc.integer(), steps);

const property = (weather: Weather) =>
  fc.asyncProperty(cases, async ([spec, seed, going]) => {
    let runs: readonly string[] = [];
    const world = await live(spec, seed, weather, async (ended) => {
      runs = await goOn(ended, spec, going);
    });
    check(world, runs);
    checkAtMostOnce(world, spec, going, runs);
  });

describe('going on from a run that ended, for any workflow and any agents', () => {
  it('gives a run that begins as the other one and ends by every rule', async () => {
    await fc.assert(property(FAIR), { numRuns: 200 });
  });

  it('with processes that are killed around their appends', async () => {
    const store = { ...NO_FAULTS, crashBefore: 0.03, crashAfter: 0.03, conflict: 0.05 };
    await fc.assert(property({ ...FAIR, store, crashes: 6 }), { numRuns: 150 });
  });
});
