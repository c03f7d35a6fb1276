import { createInMemoryStorage } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { checkStore } from '../src/doctor/check-store.ts';
import type { StoreAccess } from '../src/store/store-access.ts';

describe('reprise doctor --deep', () => {
  const event = (id: number, type: string) => ({
    id: `00000000-0000-4000-8000-00000000000${id}`,
    type,
    time: 0,
    data: {},
    metadata: { causationId: 'c', correlationId: 'c', schemaVersion: 1 },
  });
  const integrity = async (stream: string, type: string) => {
    const storage = createInMemoryStorage();
    await storage.events.append(stream, [event(1, type)], -1);
    const access = { where: 'memory', exists: true, openReader: async () => storage } as unknown as StoreAccess;
    return (await checkStore(access, undefined, true)).find(({ name }) => name === 'integrity');
  };

  it('takes the history of a limit for what it is, and counts it', async () => {
    expect(await integrity('limit-0a', 'PermitsAsked')).to.include({
      status: 'ok',
      detail: '1 event in 1 stream, all readable, no gaps',
    });
  });

  it('tells an event of a run that nobody knows', async () => {
    const check = await integrity('run-a', 'PermitsAsked');
    expect(check?.status).to.equal('fail');
    expect(check?.detail).to.contain('run-a: event 0 cannot be read');
  });
});
