import {
  createReprise,
  createWorker,
  defineAgent,
  type Orchestrator,
  remoteAgent,
  type Worker,
  workflow,
} from '@reprise/core';
import { kafkaTransport } from '@reprise/transport-kafka';
import { expect } from 'chai';
import { afterEach, it } from 'mocha';
import { until } from './support/talk.ts';
import { withEachDriver } from './support/with-broker.ts';

// Work finds the workers that have room, over a real Kafka, where a partition belongs to one worker.

withEachDriver('kafka, between workers of which one is full', (broker, driver) => {
  const open: (Orchestrator | Worker)[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.stop({ drainMs: 0 });
  });

  const plugins = (namespace: string) => [
    kafkaTransport({ brokers: broker().address, driver, namespace, partitions: 4, sessionMs: 6000 }),
  ];
  const remote = remoteAgent<number, string>({ name: 'work' });
  const one = workflow<number>('one')
    .task('work', remote, { input: ({ input }) => input, retry: 3 })
    .build();

  async function orchestrator(namespace: string): Promise<Orchestrator> {
    const made = await createReprise({ workflows: [one], plugins: plugins(namespace) });
    open.push(made);
    await made.start();
    return made;
  }
  /** Takes two attempts at once; one whose input is 0 takes as long as the test. */
  async function worker(namespace: string, name: string, began: Map<number, { name: string; at: number }>) {
    const held: (() => void)[] = [];
    const agent = defineAgent({
      name: 'work',
      concurrency: 2,
      handle: async ({ input }: { input: number }, { signal }) => {
        began.set(input, { name, at: performance.now() });
        if (input > 0) return name;
        const { promise, resolve } = Promise.withResolvers<void>();
        held.push(resolve);
        signal.addEventListener('abort', () => resolve());
        await promise;
        return name;
      },
    });
    const made = await createWorker({ agents: [agent], plugins: plugins(namespace) });
    open.push(made);
    await made.start();
    const end = (): void => {
      for (const release of held.splice(0)) release();
    };
    return { end };
  }

  it('what is short begins at the other within a second', async () => {
    const began = new Map<number, { name: string; at: number }>();
    const reprise = await orchestrator('room');
    const first = await worker('room', 'first', began);
    for (const input of [0, -1]) await reprise.startRun(one, input);
    await until(() => began.size === 2);
    await worker('room', 'second', began);
    await until(() => reprise.agents.some(({ workers }) => workers.length === 2));
    for (let n = 1; n <= 16; n += 1) {
      const sent = performance.now();
      const run = await reprise.startRun(one, n, { id: `r-${n}` });
      expect(await run.result()).to.equal('second');
      expect((began.get(n)?.at ?? 0) - sent, `ms until ${n} began`).to.be.below(1000);
    }
    // Many at once: no more than the other has room for are with it.
    const from = performance.now();
    const many = Array.from({ length: 30 }, (_, n) => reprise.startRun(one, 100 + n));
    for (const run of await Promise.all(many)) expect(await run.result()).to.equal('second');
    expect(performance.now() - from).to.be.below(10_000);
    first.end();
  });
});
