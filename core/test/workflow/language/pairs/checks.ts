import { encodeEvent, runToMermaid, UntrustedHistory, uuidv5 } from '@reprise/core';
import { TEST_RUN_ID } from '@reprise/core/testing';
import { explainErrors } from '../../../../../test/simulation/support/explain-checks.ts';
import { checkHistory } from '../../../../../test/simulation/support/history-checks.ts';
import { endDigest, isEnd } from '../../../../src/orchestration/workflow/end-of-run.ts';
import { evolve } from '../../../../src/orchestration/workflow/evolve.ts';
import { initialState, isTerminal } from '../../../../src/orchestration/workflow/state.ts';
import { serializeState } from '../../../../src/orchestration/workflow/state-codec.ts';
import { viewOf } from '../../../../src/orchestration/workflow/view-of.ts';
import { expectMermaid } from '../mermaid-grammar.ts';
import { undoFlaws } from './undo-checks.ts';
import type { World } from './world.ts';

const ANYBODY = { has: () => true, hasCapability: () => true };

/** Looks at a run whenever it is at rest: each open task has one reason, something moves the run, and it can be drawn. */
export const watcher = (world: World) => (): void => {
  world.flaws.push(...explainErrors(world.state, { now: world.now, takers: ANYBODY }, true));
  world.flaws.push(...thrownBy(() => expectMermaid(runToMermaid(viewOf(world.state)))));
};

/** What is wrong with a run that has ended: its replay, its end, what it undid, and what it began again. */
export const flawsOf = (world: World): readonly string[] => [
  ...endFlaws(world),
  ...undoFlaws(world.definition, world.events),
];

/** The same, but for what it undid. */
export function endFlaws(world: World): readonly string[] {
  const { events, calls } = world;
  const replica = initialState();
  const flaws = [...world.flaws];
  for (const event of events) {
    if (isTerminal(replica.status)) flaws.push(`${event.type} after the end`);
    if (isEnd(event) && event.stateDigest !== endDigest(replica, event)) flaws.push('the digest of the replay differs');
    evolve(replica, event);
  }
  if (serializeState(replica) !== serializeState(world.state)) flaws.push('the replay differs');
  for (const { once, nth, taskId } of calls) if (once && nth > 1) flaws.push(`${taskId}, at most once, is begun again`);
  return flaws;
}

/** The rules of every history, whatever it is of. */
export const rulesKept = ({ events }: World): readonly string[] => thrownBy(() => checkHistory(events));

/** The history is taken back from outside. */
export function importFlaws({ events }: World): readonly string[] {
  const history = new UntrustedHistory(TEST_RUN_ID);
  const flaws: unknown[] = events.map((event, revision) => {
    const metadata = { causationId: 'c', correlationId: TEST_RUN_ID, schemaVersion: 1 };
    const id = uuidv5('pair', String(revision));
    return history.add(JSON.parse(JSON.stringify({ revision, id, ...encodeEvent(event), metadata })));
  });
  return [...flaws, history.end()].flatMap((flaw) => (flaw === undefined ? [] : [`import: ${JSON.stringify(flaw)}`]));
}

export function thrownBy(act: () => unknown): readonly string[] {
  try {
    act();
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
