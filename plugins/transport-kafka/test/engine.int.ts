import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createReprise, remoteAgent, workflow } from '@reprise/core';
import { kafkaTransport } from '@reprise/transport-kafka';
import { expect } from 'chai';
import { afterEach, it } from 'mocha';
import { until } from './support/talk.ts';
import { withEachDriver } from './support/with-broker.ts';

const PROGRAM = fileURLToPath(new URL('./support/worker-process.ts', import.meta.url));

withEachDriver('kafka, between an orchestrator and workers of other processes', (broker, driver) => {
  const children: { readonly child: ChildProcess; readonly began: number[] }[] = [];
  afterEach(async () => {
    for (const { child } of children.splice(0)) await kill(child);
  });

  const options = (namespace: string) => ({
    brokers: broker().address,
    driver,
    namespace,
    partitions: 4,
    sessionMs: 1500,
  });

  function startWorker(namespace: string): { readonly child: ChildProcess; readonly began: number[] } {
    const argv = ['--conditions=reprise-source', PROGRAM, JSON.stringify(options(namespace))];
    const { NODE_OPTIONS: _inherited, ...env } = process.env;
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'], env });
    const began: number[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => began.push(Number(line)));
    children.push({ child, began });
    return { child, began };
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  it('carries a run over, of which one worker is killed and another takes what it had', async () => {
    const worker = remoteAgent<{ number: number }, number>({ name: 'worker' });
    const numbers = Array.from({ length: 40 }, (_, number) => ({ number }));
    const batch = workflow<{ numbers: { number: number }[] }>('batch')
      .task('double', worker, { forEach: ({ input }) => input.numbers, retry: 5 })
      .build();
    const reprise = await createReprise({
      workflows: [batch],
      plugins: [kafkaTransport(options('run'))],
      limits: { leaseMs: 3000 },
    });
    await reprise.start();
    try {
      const first = startWorker('run');
      const run = await reprise.startRun(batch, { numbers });
      await until(() => first.began.length >= 10);
      await kill(first.child);
      const second = startWorker('run');
      const third = startWorker('run');
      expect(await run.result()).to.deep.equal(numbers.map(({ number }) => 2 * number));
      expect(second.began.length, 'the second worked').to.be.above(0);
      expect(third.began.length, 'and so did the third').to.be.above(0);
    } finally {
      await reprise.stop();
    }
  });
});
