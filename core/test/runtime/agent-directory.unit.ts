import { ManualClock } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { AnnouncedAgent } from '../../src/orchestration/messaging/announcements.ts';
import type { AgentHealth } from '../../src/orchestration/runtime/admission/breaker.ts';
import { AgentDirectory } from '../../src/orchestration/runtime/agent-directory.ts';

const LEASE_MS = 30_000;

const announced = (name: string, more: Partial<AnnouncedAgent> = {}): AnnouncedAgent => ({
  name,
  capabilities: [],
  concurrency: 2,
  free: 2,
  ...more,
});

function setUp() {
  const clock = new ManualClock();
  const told: string[] = [];
  const healths: Record<string, AgentHealth> = {};
  const directory = new AgentDirectory({
    clock,
    sweepMs: LEASE_MS / 4,
    appeared: () => told.push('appeared'),
    changed: (agent) => told.push(agent),
    gone: () => undefined,
    call: (names) => told.push(`called ${names.join(' ')}`),
    healthOf: (agent) => healths[agent],
  });
  return { clock, told, directory, healths };
}

describe('the directory of agents', () => {
  it('has of each agent the most that any of its workers declares that an attempt uses', () => {
    const { directory } = setUp();
    directory.heard({ worker: 'w1', agents: [announced('a', { maxUsage: { tokens: 10 } }), announced('b')] });
    expect(directory.maxUsageOf('a')).to.deep.equal({ tokens: 10 });
    directory.heard({ worker: 'w2', agents: [announced('a', { maxUsage: { tokens: 5, cost: 0.1 } })] });
    expect(directory.maxUsageOf('a')).to.deep.equal({ tokens: 10, cost: 0.1 });
    expect([directory.maxUsageOf('b'), directory.maxUsageOf('c')]).to.deep.equal([undefined, undefined]);
    expect(directory.views.get('a')?.maxUsage).to.deep.equal({ tokens: 10, cost: 0.1 });
    directory.heard({ worker: 'w2', agents: [] });
    expect(directory.maxUsageOf('a')).to.deep.equal({ tokens: 10 });
  });

  it('has of each agent what all of its workers take together', () => {
    const { directory } = setUp();
    directory.heard({ worker: 'w1', agents: [announced('a', { version: '1', capabilities: ['read'], free: 0 })] });
    directory.heard({
      worker: 'w2',
      agents: [announced('a', { version: '2', capabilities: ['write'], concurrency: 5 })],
    });
    directory.addLoad('a', 1);
    expect(directory.presences()).to.deep.equal([
      {
        name: 'a',
        capabilities: ['read', 'write'],
        versions: ['1', '2'],
        workers: ['w1', 'w2'],
        concurrency: 7,
        free: 2,
        load: 1,
        state: 'ready',
        restedUntil: undefined,
        lastFailure: undefined,
      },
    ]);
    expect(directory.takersOf('write').map(({ name }) => name)).to.deep.equal(['a']);
    expect([directory.has('a'), directory.has('b'), directory.hasCapability('fly')]).to.deep.equal([
      true,
      false,
      false,
    ]);
  });

  it('says how an agent stands, and shows strategies which ones rest', () => {
    const { directory, healths } = setUp();
    directory.heard({ worker: 'w1', agents: [announced('a'), announced('b')] });
    const error = { code: 'BROKEN', message: 'no', retryable: true };
    const lastFailure = { at: 5, runId: 'r', taskId: 't', error };
    const standing = (): unknown =>
      directory.presences().map(({ state, restedUntil, lastFailure: last }) => ({ state, restedUntil, last }));
    healths['a'] = { state: 'rested', until: 9000, lastFailure };
    const b = { state: 'ready', restedUntil: undefined, last: undefined };
    expect(standing()).to.deep.equal([{ state: 'rested', restedUntil: 9000, last: lastFailure }, b]);
    expect(Array.from(directory.views.values(), ({ name, rested }) => [name, rested])).to.deep.equal([
      ['a', true],
      ['b', false],
    ]);
    healths['a'] = { state: 'trying', until: 9500, lastFailure };
    expect(standing()).to.deep.equal([{ state: 'trying', restedUntil: undefined, last: lastFailure }, b]);
    expect(directory.views.get('a')?.rested).to.equal(false);
  });

  it('says when somebody takes what nobody took, and when there is more or less room; nothing when all is as it was', () => {
    const { directory, told } = setUp();
    const next = (): string[] => told.splice(0);
    directory.heard({ worker: 'w1', agents: [announced('a')] });
    expect(next()).to.deep.equal(['a', 'appeared']);
    directory.heard({ worker: 'w1', agents: [announced('a', { free: 0 })] });
    expect(next()).to.deep.equal([]);
    directory.heard({ worker: 'w2', agents: [announced('a')] });
    expect(next(), 'more of the same').to.deep.equal(['a']);
    directory.heard({ worker: 'w2', agents: [announced('a', { capabilities: ['read'] })] });
    expect(next(), 'a capability is new').to.deep.equal(['appeared']);
    directory.heard({ worker: 'w2', agents: [] });
    directory.heard({ worker: 'w1', agents: [] });
    expect(next()).to.deep.equal(['a', 'a']);
    expect(directory.presences()).to.deep.equal([]);
  });

  it('keeps a worker for the lease that it named, and one that named none', () => {
    const { clock, directory } = setUp();
    directory.heard({ worker: 'mortal', agents: [announced('a')], leaseMs: LEASE_MS });
    directory.heard({ worker: 'here', agents: [announced('b')] });
    clock.advance(LEASE_MS - 1);
    expect(directory.has('a')).to.equal(true);
    directory.heard({ worker: 'mortal', agents: [announced('a')], leaseMs: LEASE_MS });
    clock.advance(LEASE_MS - 1);
    expect(directory.has('a'), 'it was heard again').to.equal(true);
    clock.advance(LEASE_MS);
    expect([directory.has('a'), directory.has('b')]).to.deep.equal([false, true]);
    expect(clock.pending, 'nobody is left to expire').to.equal(0);
  });

  it('gives every worker another lease when the process was asleep', () => {
    const { clock, directory } = setUp();
    directory.heard({ worker: 'mortal', agents: [announced('a')], leaseMs: LEASE_MS });
    clock.oversleep(3_600_000);
    clock.advance(LEASE_MS - 1);
    expect(directory.has('a')).to.equal(true);
    clock.advance(LEASE_MS);
    expect(directory.has('a')).to.equal(false);
  });

  it('knows the load of an agent whose workers come and go', () => {
    const { directory } = setUp();
    directory.addLoad('a', 1);
    directory.heard({ worker: 'w', agents: [announced('a')] });
    expect(directory.views.get('a')?.load).to.equal(1);
    directory.heard({ worker: 'w', agents: [] });
    directory.addLoad('a', -1);
    directory.heard({ worker: 'w', agents: [announced('a')] });
    expect(directory.views.get('a')?.load).to.equal(0);
  });
});
