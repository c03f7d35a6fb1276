import { decodeEvent, type RunEvent } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { checkHistory } from './support/history-checks.ts';
import type { KillPoint } from './support/port-taps.ts';
import { SWEEP_SCENARIOS, type SweepScenario } from './support/sweep-scenarios.ts';
import { SweepWorld, type Swept } from './support/sweep-world.ts';

// Every port call of a run is numbered; then the run is played again for each of them, once with a kill just before it and
// once just after. Deterministic: a failure names its point, and the point alone brings it back.

const play = (scenario: SweepScenario, durable: boolean, point?: KillPoint): Promise<Swept> =>
  new SweepWorld(scenario, durable).play(point);

const eventsOf = (swept: Swept): readonly RunEvent[] => swept.truth.log.map((recorded) => decodeEvent(recorded));

/** How a run ended, without the numbers of attempts that its messages may name. */
function endOf({ outcome }: Swept): unknown {
  return outcome.status === 'failed' ? { status: 'failed', code: outcome.error.code } : outcome;
}

const isOnce = (scenario: SweepScenario, taskId: string): boolean =>
  scenario.workflow.definition.tasks.some(({ id, delivery }) => id === taskId && delivery === 'at-most-once');

/** Whether an at-most-once attempt was open at the kill: its outcome cannot be known, and the run may end otherwise. */
function wasInDoubt(scenario: SweepScenario, swept: Swept): boolean {
  const open = new Set<string>();
  for (const event of eventsOf(swept).slice(0, swept.killedAt ?? 0)) {
    if (event.type === 'TaskScheduled' && isOnce(scenario, event.taskId)) open.add(event.taskId);
    if (event.type === 'TaskCompleted' || event.type === 'TaskAttemptFailed') open.delete(event.taskId);
  }
  return open.size > 0;
}

function check(scenario: SweepScenario, calm: Swept, swept: Swept): void {
  const { log } = swept.truth;
  const events = eventsOf(swept);
  expect(log.map(({ revision }) => revision)).to.deep.equal(log.map((_, index) => index));
  checkHistory(events);
  checkCalls(scenario, swept, events);
  const unknown = events.some(
    (event) => event.type === 'TaskAttemptFailed' && event.error.code === 'REPRISE_OUTCOME_UNKNOWN',
  );
  if (unknown) expect(wasInDoubt(scenario, swept), 'an outcome is called unknown that was known').to.equal(true);
  else expect(endOf(swept), 'the end of the run').to.deep.equal(endOf(calm));
}

function checkCalls(scenario: SweepScenario, { calls }: Swept, events: readonly RunEvent[]): void {
  const once = new Set<string>();
  for (const { agent, taskId, attempt, round, seen } of calls) {
    const scheduled = events
      .slice(0, seen)
      .some((event) => event.type === 'TaskScheduled' && event.taskId === taskId && event.attempt === attempt);
    expect(scheduled, `${agent} was called for ${taskId}/${attempt} before that was on record`).to.equal(true);
    if (!isOnce(scenario, taskId)) continue;
    const key = `${agent} for ${taskId} in round ${round}`;
    expect(once.has(key), `${key}, at most once, was called twice`).to.equal(false);
    once.add(key);
  }
}

/** Kills at every point; what went wrong, a line for each, and how many points there were. */
async function sweep(
  scenario: SweepScenario,
  durable: boolean,
): Promise<{ points: number; faults: readonly string[]; kinds: ReadonlySet<string> }> {
  const calm = await play(scenario, durable);
  expect(calm.outcome.status, 'the undisturbed run').to.equal(scenario.ends);
  check(scenario, calm, calm);
  const faults: string[] = [];
  let points = 0;
  for (const [index, kind] of calm.ports.entries()) {
    for (const when of ['before', 'after'] as const) {
      const point = { call: index + 1, when };
      try {
        const swept = await play(scenario, durable, point);
        if (swept.killedAt !== undefined) points += 1;
        expect(swept.ports, 'the calls up to the kill').to.deep.equal(calm.ports.slice(0, swept.ports.length));
        check(scenario, calm, swept);
      } catch (error) {
        faults.push(`${when} call ${point.call} (${kind}): ${(error as Error).message}`);
      }
    }
  }
  return { points, faults, kinds: new Set(calm.ports) };
}

describe('a process that is killed before or after any call of a port', () => {
  for (const durable of [false, true]) {
    describe(durable ? 'with messages that outlive it' : 'with messages that end with it', () => {
      for (const [what, scenario] of Object.entries(SWEEP_SCENARIOS)) {
        it(`leaves ${what} to the next, which ends it as if nothing had been`, async () => {
          const { points, faults } = await sweep(scenario, durable);
          expect(faults.slice(0, 10), `${faults.length} of ${points}`).to.deep.equal([]);
        });
      }
    });
  }
});
