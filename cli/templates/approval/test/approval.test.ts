import assert from 'node:assert/strict';
import test from 'node:test';
import { type SimulateOptions, simulate } from '@reprise/core/testing';
import { approval } from '../workflows/approval.ts';

type Options = Required<SimulateOptions<{ title?: string }>>;

const agents: Options['agents'] = {
  writer: { output: { title: 'News', text: 'News: a first draft.' } },
  publisher: ({ input }: { input: { by: string } }) => `published by ${input.by}`,
};

/** Decides after a minute of virtual time. */
const decide =
  (decision: { approved: boolean; by: string } | string): Options['steer'] =>
  async (run, time) => {
    await time.sleep('1m');
    await run.signal('decision', decision);
  };

test('publishes what is approved', async () => {
  const steer = decide({ approved: true, by: 'kim' });
  const { outcome, duration } = await simulate(approval, { input: {}, agents, steer });
  assert.deepEqual(outcome, { status: 'completed', output: { said: 'published by kim' } });
  assert.equal(duration, 60_000);
});

for (const [what, decision] of [
  ['refused', { approved: false, by: 'kim' }],
  ['answered with nonsense', 'yes, please'],
] as const) {
  test(`puts away what is ${what}`, async () => {
    const { outcome, calls } = await simulate(approval, { input: {}, agents, steer: decide(decision) });
    assert.deepEqual(outcome, { status: 'completed', output: { said: "'News' is put away." } });
    assert.deepEqual(
      calls.map(({ agent }) => agent),
      ['writer'],
    );
  });
}

test('puts it away when nobody decides in time', async () => {
  const { outcome, duration } = await simulate(approval, { input: {}, agents });
  assert.deepEqual(outcome, { status: 'completed', output: { said: "'News' is put away." } });
  assert.equal(duration, 120_000);
});
