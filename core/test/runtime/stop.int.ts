import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createInProcessTransport, isRepriseError, type Orchestrator, type Transport, workflow } from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  changedStore,
  changedTransport,
  commandOf,
  eventsOf,
  eventually,
  gate,
  lastingStore,
  only,
  orchestrators,
  storePlugin,
  temporaryFiles,
  transportPlugin,
} from './support.ts';

const codeOf = (error: unknown): string => (isRepriseError(error) ? error.code : String(error));

describe('Stopping', () => {
  const { make, start } = orchestrators();
  const file = temporaryFiles();

  const setUp = async (delivery: 'at-least-once' | 'at-most-once', transport?: () => Transport) => {
    const store = lastingStore();
    const work = gate('work', { obeys: true });
    const stubborn = gate('stubborn');
    const definition = workflow('stopped')
      .task('a', work.agent, { delivery, retry: 1 })
      .task('b', stubborn.agent, { after: 'a', delivery })
      .build();
    const open = (): Promise<Orchestrator> => {
      const plugins = [storePlugin(store), ...(transport === undefined ? [] : [transportPlugin(transport())])];
      return start({ plugins, workflows: [definition] });
    };
    const reprise = await open();
    const run = await reprise.startRun(definition, 1, { id: 'r1' });
    await eventually(() => work.waiting === 1);
    return { reprise, run, work, stubborn, open };
  };

  it('drains: what is under way is awaited and recorded, nothing new begins', async () => {
    const { reprise, work, stubborn, open } = await setUp('at-least-once');
    let stopped = false;
    const stopping = reprise.stop().then(() => {
      stopped = true;
    });
    const refused = await reprise.startRun('stopped', 1).then(() => 'no error', codeOf);
    expect(refused).to.equal('REPRISE_STOPPED');
    expect(work.contexts[0]?.signal.aborted).to.equal(false);
    expect(stopped).to.equal(false);
    work.answer('done');
    await stopping;
    expect(stubborn.calls).to.deep.equal([]);
    const next = await open();
    await eventually(() => stubborn.waiting === 1);
    stubborn.answer('next');
    expect(await next.run('r1').result()).to.equal('next');
    expect(work.calls).to.have.length(1);
    // Nothing was scheduled that could not be begun any more.
    expect(only(await eventsOf(next, 'r1'), 'TaskAttemptFailed')).to.deep.equal([]);
  });

  it('drains what has to travel, too', async () => {
    const slowly = (): Transport => {
      const transport = createInProcessTransport();
      return {
        ...changedTransport((message) => [message], transport),
        publish: async (messages) => {
          if (messages.some((message) => commandOf(message) === 'CompleteTask'))
            await new Promise((resolve) => setTimeout(resolve, 20));
          await transport.publish(messages);
        },
      };
    };
    const { reprise, run, work, open, stubborn } = await setUp('at-least-once', slowly);
    const stopping = reprise.stop();
    work.answer('done');
    await stopping;
    const next = await open();
    await eventually(() => stubborn.waiting === 1);
    expect(only(await eventsOf(next, run.id), 'TaskAttemptFailed')).to.deep.equal([]);
    expect(work.calls).to.have.length(1);
  });

  it('does not put at-most-once attempts on record that nobody will begin', async () => {
    const { reprise, work, stubborn, open } = await setUp('at-most-once');
    const stopping = reprise.stop();
    work.answer('done');
    await stopping;
    const next = await open();
    await eventually(() => stubborn.waiting === 1);
    stubborn.answer('next');
    expect(await next.run('r1').result()).to.equal('next');
  });

  it('at once aborts what is under way; it is made again under the next number', async () => {
    const { reprise, run, work, open, stubborn } = await setUp('at-least-once');
    await reprise.stop({ drainMs: 0 });
    expect(codeOf(work.contexts[0]?.signal.reason)).to.equal('REPRISE_STOPPED');
    const next = await open();
    await eventually(() => work.waiting === 1);
    work.answer('again');
    await eventually(() => stubborn.waiting === 1);
    stubborn.answer('end');
    expect(await next.run(run.id).result()).to.equal('end');
    expect(work.calls.map(({ attempt }) => attempt)).to.deep.equal([1, 2]);
    expect(work.calls.map(({ idempotencyKey }) => idempotencyKey)).to.deep.equal(['r1/a', 'r1/a']);
    const [lost, ...others] = only(await eventsOf(next, run.id), 'TaskAttemptFailed');
    expect(others).to.deep.equal([]);
    expect(lost).to.deep.include({ taskId: 'a', attempt: 1, lost: true });
  });

  it('at once leaves an at-most-once attempt unknown', async () => {
    const { reprise, run, work, open } = await setUp('at-most-once');
    await reprise.stop({ drainMs: 0 });
    const next = await open();
    const outcome = await next.run(run.id).outcome();
    expect(outcome).to.have.nested.property('error.details.code', 'REPRISE_OUTCOME_UNKNOWN');
    expect(work.calls).to.have.length(1);
  });

  it('waits longer for at-most-once attempts, where that is asked for', async () => {
    const { reprise, run, work, open, stubborn } = await setUp('at-most-once');
    expect([reprise.running, reprise.runningAtMostOnce]).to.deep.equal([1, 1]);
    const stopping = reprise.stop({ drainMs: 10, atMostOnceMs: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(work.contexts[0]?.signal.aborted).to.equal(false);
    work.answer('done');
    await stopping;
    const next = await open();
    await eventually(() => stubborn.waiting === 1);
    expect(only(await eventsOf(next, run.id), 'TaskCompleted')).to.have.length(1);
    expect(work.calls).to.have.length(1);
  });

  it('does not wait longer for others, and a second stop ends the wait', async () => {
    const others = await setUp('at-least-once');
    await others.reprise.stop({ drainMs: 10, atMostOnceMs: 60_000 });
    expect(codeOf(others.work.contexts[0]?.signal.reason)).to.equal('REPRISE_STOPPED');
    const { reprise, work } = await setUp('at-most-once');
    const stopping = reprise.stop({ drainMs: 10, atMostOnceMs: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await reprise.stop({ drainMs: 0 });
    await stopping;
    expect(codeOf(work.contexts[0]?.signal.reason)).to.equal('REPRISE_STOPPED');
  });

  it('at once cuts a drain that goes on; an agent that ignores its signal is left behind', async () => {
    const { reprise, work, stubborn } = await setUp('at-least-once');
    work.answer();
    await eventually(() => stubborn.waiting === 1);
    const draining = reprise.stop();
    await reprise.stop({ drainMs: 0 });
    await draining;
    expect(codeOf(stubborn.contexts[0]?.signal.reason)).to.equal('REPRISE_STOPPED');
  });

  it('twice is the same as once, and before the start nothing happens', async () => {
    const reprise = await make({});
    await Promise.all([reprise.stop(), reprise.stop()]);
    expect(reprise.role).to.equal('stopped');
    expect(await reprise.start().then(() => 'no error', codeOf)).to.equal('REPRISE_STOPPED');
  });

  it('lets go of the rest when one part does not stop', async () => {
    let closed = false;
    const close = async (): Promise<void> => {
      closed = true;
    };
    const store = changedStore(lastingStore(), { close });
    const transport = {
      ...changedTransport((message) => [message]),
      stop: () => Promise.reject(new Error('the broker is away')),
    };
    const reprise = await make({ plugins: [storePlugin(store), transportPlugin(transport)] });
    await reprise.start();
    const error = await reprise.stop().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(String(error)).to.contain('the broker is away');
    expect(closed).to.equal(true);
    // Said once; the cleanup of the test must not hear it again.
    reprise.stop = async () => undefined;
  });

  it('happens by itself when the start fails', async () => {
    let closed = false;
    const close = async (): Promise<void> => {
      closed = true;
    };
    const store = changedStore(lastingStore(), { close });
    const transport = {
      ...changedTransport((message) => [message]),
      start: () => Promise.reject(new Error('the broker is away')),
    };
    const reprise = await make({ plugins: [storePlugin(store), transportPlugin(transport)] });
    const error = await reprise.start().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(String(error)).to.contain('the broker is away');
    expect(closed).to.equal(true);
    expect(reprise.role).to.equal('stopped');
  });

  it('waits for runs that are being appended', async () => {
    const store = lastingStore();
    const held = Promise.withResolvers<void>();
    let holding = false;
    const slow = changedStore(store, {
      append: async (...request) => {
        if (holding) await held.promise;
        return store.events.append(...request);
      },
    });
    const work = gate('work', { obeys: true });
    const definition = workflow('slow-store').task('a', work.agent).build();
    const reprise = await start({ plugins: [storePlugin(slow)], workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await eventually(() => work.waiting === 1);
    holding = true;
    work.answer('kept');
    const stopping = reprise.stop();
    const outcome = run.outcome();
    held.resolve();
    await stopping;
    expect(await outcome).to.deep.equal({ status: 'completed', output: 'kept' });
  });

  for (const ending of ['stop', 'stop-at-once', 'failed-start', 'client', 'command']) {
    it(`lets a process end by itself: ${ending}`, async () => {
      const script = fileURLToPath(new URL('./fixtures/ends-by-itself.ts', import.meta.url));
      const path = file();
      const work = gate('work', { obeys: true });
      const open = workflow('open').task('a', work.agent).build();
      const owner =
        ending === 'client' || ending === 'command'
          ? await start({ plugins: [sqliteEventStore({ path })], workflows: [open] })
          : undefined;
      if (ending === 'command') await owner?.startRun(open, null, { id: 'open' });
      const child = spawn(process.execPath, ['--conditions=reprise-source', script, ending, path], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (data: Buffer) => {
          said += data.toString();
        });
      }
      const [code] = await once(child, 'close');
      expect({ code, said: said.trim() }).to.deep.equal({ code: 0, said: `ended: ${ending}` });
      await owner?.stop({ drainMs: 0 });
    });
  }
});
