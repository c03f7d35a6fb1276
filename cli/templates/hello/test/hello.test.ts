import assert from 'node:assert/strict';
import test from 'node:test';
import { callAgent, simulate } from '@reprise/core/testing';
import { counter } from '../agents/counter.ts';
import { hello } from '../workflows/hello.ts';

// The whole workflow, in virtual time, with agents that do as the test says: the second that a retry waits takes no time.
test('greets again when the first attempt fails', async () => {
  const { outcome, calls, duration } = await simulate(hello, {
    input: { name: 'Ada' },
    agents: {
      greeter: [{ fail: 'busy' }, { output: 'Hello, Ada!' }],
      counter: { output: { text: 'Hello, Ada!', letters: 8 } },
    },
  });
  assert.deepEqual(outcome, { status: 'completed', output: { text: 'Hello, Ada!', letters: 8 } });
  assert.deepEqual(
    calls.map(({ agent, attempt }) => `${agent} ${attempt}`),
    ['greeter 1', 'greeter 2', 'counter 1'],
  );
  assert.ok(duration > 800 && duration < 1200, `${duration} ms`);
});

test('fails when every attempt does', async () => {
  const agents = { greeter: { fail: 'busy' }, counter: 'never' } as const;
  const { outcome } = await simulate(hello, { input: {}, agents });
  assert.equal(outcome.status, 'failed');
});

// An agent alone, called as a worker would.
test('counts letters only', async () => {
  const { output } = await callAgent(counter, 'Hello, Ada!');
  assert.deepEqual(output, { text: 'Hello, Ada!', letters: 8 });
});
