import { viewStoreConformance } from '@reprise/conformance';
import { createInMemoryViewStore } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';

viewStoreConformance('in-memory', { create: async () => createInMemoryViewStore() });

describe('an in-memory view store', () => {
  it('freezes what it was handed', async () => {
    const store = createInMemoryViewStore();
    const row = { list: [1] };
    await store.commit({ name: 'v', version: 1 }, { expected: undefined, next: '1', changes: [{ key: 'a', row }] });
    expect(Object.isFrozen(row.list)).to.equal(true);
  });
});
