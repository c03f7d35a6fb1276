import grpc from '@grpc/grpc-js';
import { eventStoreConformance } from '@reprise/conformance';
import type { Storage } from '@reprise/core/plugin';
import { createEventStoreDBStorage } from '@reprise/event-store-eventstoredb';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { FAULTS, faultPlan, testSeed } from './support/fault-plan.ts';
import { patientStorage } from './support/patient-storage.ts';
import { type Call, type Fault, ProtocolServer } from './support/protocol-server.ts';

const seed = testSeed();

/** What a suite that reads its own writes cannot have; the engine has it (test/simulation/eventstoredb.int.ts). */
const STALE = ['stale'] as const;

describe(`EventStoreDB with faults by seed (again: REPRISE_SEED=${seed})`, () => {
  const server = new ProtocolServer({ lateMs: 300 });
  const met = new Set<Fault>();
  before(async () => {
    await server.start();
    server.fault = faultPlan({ seed, rate: 0.1, without: STALE, onFault: (fault) => met.add(fault) });
  });
  after(async () => {
    server.fault = undefined;
    await server.stop();
  });

  const namespaces = new WeakMap<Storage, string>();
  let spaces = 0;
  const open = async (namespace = `suite${++spaces}`): Promise<Storage> => {
    const { connectionString } = server;
    const storage = patientStorage(await createEventStoreDBStorage({ connectionString, namespace, deadlineMs: 200 }));
    namespaces.set(storage, namespace);
    return storage;
  };

  eventStoreConformance('eventstoredb in trouble', {
    create: () => open(),
    async reopen(storage) {
      await storage.events.close();
      return open(namespaces.get(storage));
    },
    openSecond: (storage) => open(namespaces.get(storage)),
    timeoutMs: 60_000,
  });

  after('met much of what goes wrong', () => expect(met.size).to.be.at.least(10));
});

describe('a plan of faults', () => {
  const calls = Array.from({ length: 3000 }, (_, index): Call => {
    const kind = (['batch', 'append', 'read', 'subscribe'] as const)[index % 4] ?? 'read';
    return { kind, stream: kind === 'subscribe' ? '$all' : `space.run-${index % 7}`, metadata: new grpc.Metadata() };
  });
  const played = (of: number, order = calls): ReadonlyMap<Call, Fault | undefined> => {
    const plan = faultPlan({ seed: of, rate: 0.1 });
    return new Map(order.map((call) => [call, plan(call)]));
  };

  it('has every fault there is, follows from its seed, and not from the order of other calls', () => {
    const plan = played(seed);
    expect(new Set([...plan.values()].filter((fault) => fault !== undefined))).to.deep.equal(
      new Set(Object.values(FAULTS).flat()),
    );
    const other = played(
      seed,
      [...calls].sort((a, b) => a.stream.localeCompare(b.stream)),
    );
    for (const [call, fault] of plan) expect(other.get(call)).to.equal(fault);
    expect([...played(seed + 1).values()]).to.not.deep.equal([...plan.values()]);
  });
});
