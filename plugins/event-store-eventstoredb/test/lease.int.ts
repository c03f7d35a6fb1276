import type { Ownership, OwnershipChange } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Child } from './support/child.ts';
import type { ProtocolServer } from './support/protocol-server.ts';
import { until } from './support/sample.ts';
import { servers } from './support/stores.ts';

const LEASE_MS = 600;
const LEASE = 'lease-runs';

describe('the lease of a namespace', () => {
  const { serve, open } = servers();

  const compete = async (server: ProtocolServer, namespace = '', leaseMs = LEASE_MS): Promise<Ownership> => {
    const options = { leaseMs, deadlineMs: 200, ...(namespace === '' ? {} : { namespace }) };
    const { ownership } = await open(server, options);
    if (ownership === undefined) throw new Error('a store that can be written to has an ownership');
    return ownership;
  };

  it('is lost in time by who cannot renew it, and had again when the server is back', async () => {
    const server = await serve();
    const ownership = await compete(server);
    const told: OwnershipChange[] = [];
    ownership.onChange((change) => told.push(change));
    await ownership.start();
    await server.stop();
    const stopped = Date.now();
    await until(() => !ownership.owns('x'));
    expect(Date.now() - stopped).to.be.below(LEASE_MS);
    await until(() => told.some(({ lost }) => lost));
    await server.start();
    await until(() => ownership.owns('x'));
    const changes = told.filter(({ gained, lost }) => gained || lost).map(({ gained }) => gained);
    expect(changes).to.deep.equal([true, false, true]);
    expect(told.some(({ error }) => error !== undefined)).to.equal(true);
  });

  it('goes to another while its holder is stopped, who learns of it when it goes on', async () => {
    const server = await serve();
    const options = { connectionString: server.connectionString, leaseMs: LEASE_MS };
    const child = new Child('own', options);
    await child.printed(1);
    const ownership = await compete(server);
    await ownership.start();
    expect(ownership.owns('x')).to.equal(false);
    child.process.kill('SIGSTOP');
    await until(() => ownership.owns('x'));
    child.process.kill('SIGCONT');
    await new Promise((resolve) => setTimeout(resolve, LEASE_MS));
    expect(ownership.owns('x')).to.equal(true);
    expect(child.lines).to.deep.equal(['owns']);
    await ownership.stop();
    await child.printed(2);
    await child.kill();
  });

  it('is not taken from who renews it, however long others wait', async () => {
    const server = await serve();
    const [first, second] = [await compete(server), await compete(server)];
    await first.start();
    await second.start();
    for (const end = Date.now() + 3 * LEASE_MS; Date.now() < end; ) {
      expect([first.owns('x'), second.owns('x')]).to.deep.equal([true, false]);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    // Its stream does not grow without end.
    expect(server.log.visible(LEASE)?.length).to.be.within(5, 10);
  });

  it('survives renewals of which nobody knows what became', async () => {
    const server = await serve();
    // Long enough for a renewal that is made a second time, however busy the machine.
    const ownership = await compete(server, '', 4 * LEASE_MS);
    const changes: OwnershipChange[] = [];
    await ownership.start();
    ownership.onChange((change) => changes.push(change));
    let faults = 0;
    server.fault = ({ kind, stream }) => {
      if (!['append', 'batch'].includes(kind) || stream !== LEASE || faults >= 6) return undefined;
      faults += 1;
      return faults % 2 === 0 ? undefined : 'timeout-after';
    };
    await until(() => faults === 6);
    expect(ownership.owns('x')).to.equal(true);
    expect(changes.filter(({ lost }) => lost)).to.deep.equal([]);
  });

  it('is of its namespace only', async () => {
    const server = await serve();
    const owners = await Promise.all(['', 'one', 'two'].map((namespace) => compete(server, namespace)));
    await Promise.all(owners.map((owner) => owner.start()));
    expect(owners.map((owner) => owner.owns('x'))).to.deep.equal([true, true, true]);
  });

  it('is taken by nobody who only reads, and told to them', async () => {
    const server = await serve();
    const owner = await compete(server);
    await owner.start();
    const { ownership: reader, events } = await open(server, { readOnly: true });
    await reader?.start();
    expect(reader?.owns('x')).to.equal(false);
    const [driver] = (await reader?.drivers?.()) ?? [];
    expect(driver).to.include({ pid: process.pid });
    const refused = await events.append('run-a', [], -1).catch((error: unknown) => error);
    expect(String(refused)).to.include('for reading only');
  });
});
