import { type Json, type RunEvent, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Command } from '../../src/orchestration/workflow/commands.ts';
import { isEnd, type RunEnd } from '../../src/orchestration/workflow/end-of-run.ts';
import { decodeEvent, encodeEvent } from '../../src/orchestration/workflow/event-schema.ts';
import { handle } from '../../src/orchestration/workflow/handle.ts';
import { replay } from '../../src/orchestration/workflow/replay.ts';
import { initialState } from '../../src/orchestration/workflow/state.ts';

const one = workflow<Json>('one').task('a', 'agent', { retry: 1 }).build();

/** The history of a run of one task whose attempt ends as told, as a store gives it back. */
function history(outcome: 'completed' | 'failed' | 'cancelled'): readonly RunEvent[] {
  const state = initialState();
  const base = { commandId: 'c', runId: 'r' };
  const { definition, hash } = one;
  const attempt = { ...base, taskId: 'a', attempt: 1 };
  const error = { code: 'BROKEN', message: 'it broke', retryable: false };
  const commands: readonly Command[] = [
    { ...base, type: 'StartRun', definition, definitionHash: hash, input: 'in' },
    { ...base, type: 'ScheduleTasks', strategy: 'graph', assignments: [{ taskId: 'a', agent: 'agent' }] },
    outcome === 'completed'
      ? { ...attempt, type: 'CompleteTask', output: { b: 1, a: null } }
      : outcome === 'failed'
        ? { ...attempt, type: 'FailTask', error }
        : { ...base, commandId: 'cancel', type: 'CancelRun', reason: 'enough' },
  ];
  const context = { now: 1000, random: () => 0, maxPayloadChars: 1000 };
  const events = commands.flatMap((command) => handle(state, command, context));
  return events.map((event) => decodeEvent(JSON.parse(JSON.stringify(encodeEvent(event)))));
}

const forged = (events: readonly RunEvent[], change: (end: RunEnd) => object): readonly RunEvent[] =>
  events.map((event) => (isEnd(event) ? (change(event) as RunEvent) : event));

describe('the digest of the end of a run', () => {
  for (const outcome of ['completed', 'failed', 'cancelled'] as const) {
    it(`holds for a run that ${outcome}, as a store gives it back`, () => {
      expect(replay(history(outcome)).state.status).to.equal(outcome);
      expect(replay(history(outcome)).matches).to.equal(true);
    });

    for (const [what, change] of Object.entries<(end: RunEnd) => object>({
      'another kind of end': (end) => ({ ...end, type: end.type === 'RunCompleted' ? 'RunCancelled' : 'RunCompleted' }),
      'another time': (end) => ({ ...end, at: end.at + 1 }),
      'another error': (end) => ({ ...end, error: { code: 'X', message: 'all was well', retryable: false } }),
      'an output of its own': (end) => ({ ...end, output: 'forged' }),
      'another reason': (end) => ({ ...end, reason: 'forged' }),
      'a field of nobody': (end) => ({ ...end, note: 'forged' }),
      'no digest': ({ stateDigest, ...end }) => end,
    })) {
      it(`shows ${what} put on a run that ${outcome}`, () => {
        expect(replay(forged(history(outcome), change)).matches).to.equal(false);
      });
    }
  }

  it('does not depend on the order of keys', () => {
    const reordered = forged(history('completed'), (end) => Object.fromEntries(Object.entries(end).reverse()));
    expect(replay(reordered).matches).to.equal(true);
  });
});
