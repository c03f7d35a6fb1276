import assert from 'node:assert/strict';
import test from 'node:test';
import { createReprise } from '@reprise/core';
import { callAgent, simulate } from '@reprise/core/testing';
import { biller } from '../agents/biller.ts';
import { order } from '../workflows/order.ts';

// Nothing here needs Kafka, EventStoreDB or a network.

test('packs each item again when it fails, and bills once', async () => {
  const { outcome, calls } = await simulate(order, {
    input: { items: ['tea', 'cups'] },
    agents: {
      packer: [{ fail: 'the box broke' }, { output: 'a parcel' }],
      biller: { output: { receipt: '2 parcels billed', key: 'k' } },
    },
  });
  assert.equal(outcome.status, 'completed');
  const made = calls.map(({ agent }) => agent);
  assert.equal(made.filter((agent) => agent === 'packer').length, 4);
  assert.equal(made.filter((agent) => agent === 'biller').length, 1);
});

test('does not bill again when nobody knows whether it was billed', async () => {
  const agents = { packer: { output: 'tea' }, biller: { fail: 'the line broke' } } as const;
  const { outcome, calls } = await simulate(order, { input: { items: ['tea'] }, agents });
  assert.equal(outcome.status, 'failed');
  assert.equal(calls.filter(({ agent }) => agent === 'biller').length, 1);
});

test('runs whole in one process', async () => {
  const reprise = await createReprise({ workflows: [order] });
  await reprise.start();
  try {
    const run = await reprise.startRun(order, { items: ['tea'] });
    assert.deepEqual(await run.result(), { parcels: ['a parcel with tea'], receipt: '1 parcels billed' });
  } finally {
    await reprise.stop();
  }
});

test('hands the bank a key', async () => {
  const { output } = await callAgent(biller, { parcels: 2 });
  assert.match(JSON.stringify(output), /"receipt":"2 parcels billed","key":".+"/);
});
