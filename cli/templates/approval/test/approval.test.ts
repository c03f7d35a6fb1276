import assert from 'node:assert/strict';
import test from 'node:test';
import type { Approval } from '@reprise/core';
import { type SimulateOptions, simulate } from '@reprise/core/testing';
import { approval } from '../workflows/approval.ts';

type Options = Required<SimulateOptions<{ title?: string }>>;

const agents: Options['agents'] = {
  writer: { output: { title: 'News', text: 'News: a first draft.' } },
  publisher: ({ input }: { input: { text: string } }) => `published: ${input.text}`,
};

/** Decides after a minute of virtual time. */
const decide =
  (decision: Approval): Options['steer'] =>
  async (run, time) => {
    await time.sleep('1m');
    await run.answer('decision', decision, { by: 'kim' });
  };

for (const [decision, said] of [
  [{ decision: 'approve' }, 'published: News: a first draft.'],
  [{ decision: 'edit', edited: { title: 'News', text: 'Better.' } }, 'published: Better.'],
] as const) {
  test(`publishes after ${decision.decision}`, async () => {
    const { outcome, duration } = await simulate(approval, { input: {}, agents, steer: decide(decision) });
    assert.deepEqual(outcome, { status: 'completed', output: { said } });
    assert.equal(duration, 60_000);
  });
}

test('puts away what is rejected, and says why', async () => {
  const steer = decide({ decision: 'reject', comment: 'too short' });
  const { outcome, calls } = await simulate(approval, { input: {}, agents, steer });
  assert.deepEqual(outcome, { status: 'completed', output: { said: "'News' is put away: too short." } });
  assert.deepEqual(
    calls.map(({ agent }) => agent),
    ['writer'],
  );
});

test('takes nothing that does not fit the form', async () => {
  const nonsense = decide({ decision: 'maybe' } as unknown as Approval);
  await assert.rejects(simulate(approval, { input: {}, agents, steer: nonsense }), { code: 'REPRISE_FORM_INVALID' });
});

test('puts it away when nobody decides in time', async () => {
  const { outcome, duration } = await simulate(approval, { input: {}, agents });
  assert.deepEqual(outcome, { status: 'completed', output: { said: "'News' is put away: nobody decided in time." } });
  assert.equal(duration, 120_000);
});
