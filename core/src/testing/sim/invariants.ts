import { isEnd } from '../../orchestration/workflow/end-of-run.ts';
import type { RunEvent } from '../../orchestration/workflow/events.ts';
import { replay } from '../../orchestration/workflow/replay.ts';
import { definitionOf, isTerminal } from '../../orchestration/workflow/state.ts';
import { stateOf } from '../../orchestration/workflow/view-of.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Broken, SimInvariant, SimulatedRun } from './simulated-run.ts';

/** What has to be true of every run of every workflow, in the order in which it is looked at. */
export const SIM_INVARIANTS = ['ends', 'at-most-once', 'recorded-first', 'replay', 'children-end'] as const;

type Own = (typeof SIM_INVARIANTS)[number];

const OWN: Readonly<Record<Own, (run: SimulatedRun) => string | undefined>> = {
  ends: ({ stuck }) => stuck,
  'at-most-once': calledTwice,
  'recorded-first': ({ calls }) => {
    const early = calls.find(({ recorded }) => !recorded);
    return (
      early && `${early.agent} was called for ${early.taskId} (attempt ${early.attempt}) before that was on record`
    );
  },
  replay: ({ history, children }) => {
    for (const [name, events] of [['the run', history] as const, ...children]) {
      const flaw = differs(events);
      if (flaw !== undefined) return `${name}: ${flaw}`;
    }
    return undefined;
  },
  'children-end': ({ status, children }) => {
    if (!isTerminal(status)) return undefined;
    const open = [...children].find(([, events]) => !events.some(isEnd));
    return open && `child run ${open[0]} goes on although the run has ended`;
  },
};

/** The first invariant that does not hold of a run: those of every workflow, then the user's own. */
export async function brokenBy(
  run: SimulatedRun,
  own: Readonly<Record<string, SimInvariant>>,
): Promise<Broken | undefined> {
  for (const invariant of SIM_INVARIANTS) {
    const detail = OWN[invariant](run);
    if (detail !== undefined) return { invariant, detail };
  }
  for (const [invariant, holds] of Object.entries(own)) {
    try {
      const said = await holds(run);
      if (said === false) return { invariant, detail: 'it gave false' };
      if (typeof said === 'string') return { invariant, detail: said };
    } catch (error) {
      return { invariant, detail: messageOf(error) };
    }
  }
  return undefined;
}

/** An at-most-once task whose agent was called twice with one idempotency key. */
function calledTwice({ calls, history, children, state }: SimulatedRun): string | undefined {
  const seen = new Set<string>();
  for (const [runId, events] of [[state.runId, history] as const, ...children]) {
    const inner = stateOf(replay(events).state);
    for (const { agent, taskId, idempotencyKey } of calls.filter((call) => call.runId === runId)) {
      const task = inner.tasks.get(taskId);
      if (task === undefined || definitionOf(inner, task)?.delivery !== 'at-most-once') continue;
      const key = `${agent} ${idempotencyKey}`;
      if (seen.has(key)) return `${taskId} is at-most-once, and ${agent} was called twice for it (${idempotencyKey})`;
      seen.add(key);
    }
  }
  return undefined;
}

function differs(events: readonly RunEvent[]): string | undefined {
  const { matches, recordedDigest, replayedDigest } = replay(events);
  return matches === false
    ? `a replay comes to another state than the one on record: ${replayedDigest}, recorded ${recordedDigest ?? ''}`
    : undefined;
}
