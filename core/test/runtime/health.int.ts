import {
  createInProcessTransport,
  createReprise,
  createWorker,
  defineAgent,
  definePlugin,
  type Transport,
  type TransportHealth,
  workflow,
} from '@reprise/core';
import { type Ownership, OwnershipListeners } from '@reprise/core/plugin';
import { ManualClock } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Health } from '../../src/orchestration/runtime/health.ts';
import { Driving } from '../../src/orchestration/runtime/ownership/driving.ts';

const echo = defineAgent({ name: 'echo', handle: ({ input }: { readonly input: number }) => input });
const flow = workflow<number>('flow').task('echo', echo).build();
const failing = (checks: readonly { readonly name: string; readonly ok: boolean }[]): readonly string[] =>
  checks.filter(({ ok }) => !ok).map(({ name }) => name);

const spanning = (health?: () => TransportHealth) =>
  definePlugin({
    name: 'spanning',
    kind: 'transport',
    create: (): Transport => {
      const inner = createInProcessTransport();
      return Object.assign(inner, { spans: true, ...(health === undefined ? {} : { health }) });
    },
  });

describe('the health of a process', () => {
  it('of an orchestrator: from its start to its stop', async () => {
    const reprise = await createReprise({ workflows: [flow] });
    expect(failing(await reprise.health())).to.have.members(['transport', 'ownership']);
    await reprise.start();
    expect(failing(await reprise.health())).to.deep.equal([]);
    await reprise.stop();
    expect(failing(await reprise.health())).to.include.members(['store', 'transport', 'draining']);
  });

  it('of an orchestrator whose transport was asked something before: it is started all the same, and stopped', async () => {
    const calls: string[] = [];
    const asked = definePlugin({
      name: 'asked',
      kind: 'transport',
      create: (): Transport => {
        const inner = createInProcessTransport();
        const note = (name: 'start' | 'stop') => async (): Promise<void> => {
          calls.push(name);
          await inner[name]();
        };
        return {
          ...inner,
          publish: (messages) => inner.publish(messages),
          subscribe: (channel, handler, options) => inner.subscribe(channel, handler, options),
          start: note('start'),
          stop: note('stop'),
          inspect: async () => [],
          topics: { look: async () => [], apply: async () => [] },
        };
      },
    });
    const reprise = await createReprise({ workflows: [flow], plugins: [asked] });
    expect(await reprise.inspectTransport()).to.deep.equal([]);
    expect(await reprise.transportTopics()?.look()).to.deep.equal([]);
    expect(failing(await reprise.health())).to.have.members(['transport', 'ownership']);
    await reprise.start();
    expect(await (await reprise.startRun(flow, 7)).result()).to.equal(7);
    await reprise.stop();
    expect(calls).to.deep.equal(['start', 'stop']);
  });

  it('of a worker, by what its transport says; one that throws is not well', async () => {
    let said = (): TransportHealth => ({ ok: true, detail: 'fine' });
    const worker = await createWorker({ agents: [echo], plugins: [spanning(() => said())] });
    expect(worker.agents).to.deep.equal(['echo']);
    expect(failing(worker.health())).to.deep.equal(['transport']);
    await worker.start();
    expect(failing(worker.health())).to.deep.equal([]);
    said = () => ({ ok: false, detail: 'away' });
    expect(worker.health().find(({ name }) => name === 'transport')?.detail).to.equal('away');
    said = () => {
      throw new Error('a bug');
    };
    expect(failing(worker.health())).to.deep.equal(['transport']);
    await worker.stop();
    expect(failing(worker.health())).to.have.members(['transport', 'draining']);
  });

  it('a store that hangs is given 2 s, and asked once until it answers', async () => {
    const clock = new ManualClock();
    let asked = 0;
    const answer = Promise.withResolvers<never[]>();
    const read = () => {
      asked += 1;
      return answer.promise;
    };
    const store = { read } as never;
    const health = new Health({ clock, transport: createInProcessTransport(), store });
    const looks = [health.store(), health.store()];
    clock.advance(2000);
    for (const [check] of await Promise.all(looks))
      expect(check).to.deep.equal({ name: 'store', ok: false, detail: 'no answer within 2000 ms' });
    expect(asked).to.equal(1);
    answer.resolve([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(failing(await health.store())).to.deep.equal([]);
    expect(asked).to.equal(2);
  });
});

describe('whether ownership is settled', () => {
  it('from the first word on, while nothing is being shared out anew, and no problem is fresh', async () => {
    const clock = new ManualClock();
    const listeners = new OwnershipListeners();
    let unsettled: Promise<void> | undefined;
    const ownership: Ownership = {
      start: async () => listeners.tell({ gained: true, lost: false }),
      owns: () => true,
      onChange: (listener) => listeners.add(listener),
      unsettled: () => unsettled,
      stop: async () => undefined,
    };
    const monitors = { notice: () => undefined };
    const driving = new Driving({ ownership, clock, monitors, drive: async () => undefined, changed: () => undefined });
    driving.begin();
    expect(driving.settlement.ok).to.equal(false);
    await driving.stand();
    expect(driving.settlement).to.deep.equal({ ok: true, detail: 'driver' });
    unsettled = Promise.resolve();
    expect(driving.settlement.ok).to.equal(false);
    unsettled = undefined;
    listeners.tell({ gained: false, lost: false, error: new Error('the lease cannot be read') });
    expect(driving.settlement.detail).to.contain('the lease cannot be read');
    clock.advance(9999);
    expect(driving.settlement.ok).to.equal(false);
    clock.advance(1);
    expect(driving.settlement.ok, 'it was not told again').to.equal(true);
    driving.stop();
  });
});

describe('agents: false', () => {
  it('is refused where no worker can be reached', async () => {
    const reprise = await createReprise({ workflows: [flow] });
    const refused = await reprise.start({ agents: false }).catch((error: unknown) => error);
    expect(refused).to.include({ code: 'REPRISE_CONFIG_INVALID' });
    await reprise.stop();
  });

  it('leaves the agents to workers: the run waits for one', async () => {
    const reprise = await createReprise({ workflows: [flow], plugins: [spanning()] });
    await reprise.start({ agents: false });
    const run = await reprise.startRun(flow, 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(reprise.agents).to.deep.equal([]);
    expect((await run.state()).status).to.equal('running');
    expect(reprise.holdOf(run.id)?.reason).to.equal('agent');
    await reprise.stop();
  });
});
