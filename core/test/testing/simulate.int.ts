import { defineAgent, defineConfig, definePlugin, isRepriseError, type Json, replay, workflow } from '@reprise/core';
import { recordingMonitor, simulate } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { z } from 'zod';

const HOUR = 3_600_000;

const reader = defineAgent({
  name: 'reader',
  handle: async (task: { input: { folder: string } }) => [task.input.folder],
});
const flow = workflow<{ folder: string }>('flow')
  .task('read', reader, { retry: { maxAttempts: 3, initialDelay: '1h', maxDelay: '1d', jitter: 0 }, timeout: '10m' })
  .task('write', 'writer', { after: 'read' })
  .build();

const errorOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.fail('it did not reject'),
    (error: unknown) => error,
  );

describe('simulate', () => {
  it('runs a workflow with values, and tells everything about it', async () => {
    const { outcome, calls, duration, history, state } = await simulate(flow, {
      input: { folder: '.' },
      agents: { reader: { output: ['a'] }, writer: 'written' },
    });
    expect(outcome).to.deep.equal({ status: 'completed', output: 'written' });
    expect(calls.map(({ agent, taskId, input }) => [agent, taskId, input])).to.deep.equal([
      ['reader', 'read', { folder: '.' }],
      ['writer', 'write', ['a']],
    ]);
    expect(duration).to.equal(0);
    expect(history.at(0)?.type).to.equal('RunStarted');
    expect(replay(history).matches).to.equal(true);
    expect(state.status).to.equal('completed');
  });

  it('lets hours of retries and timeouts pass in virtual time', async () => {
    const { outcome, calls, duration } = await simulate(flow, {
      input: { folder: '.' },
      agents: {
        reader: [{ fail: { code: 'EBUSY' } }, 'never', { delay: '5m', output: 7 }],
        writer: (task: { input: number }) => task.input * 6,
      },
    });
    expect(outcome).to.deep.equal({ status: 'completed', output: 42 });
    expect(calls.map(({ attempt, at }) => [attempt, at / 60_000])).to.deep.equal([
      [1, 0],
      [2, 60],
      [3, 60 + 10 + 120],
      [1, 60 + 10 + 120 + 5],
    ]);
    expect(duration).to.equal(3 * HOUR + 15 * 60_000);
  });

  it('counts attempts for each task, and keeps to the last outcome', async () => {
    const each = workflow<Json[]>('each')
      .task('each', 'agent', { forEach: ({ input }) => input, retry: { maxAttempts: 5, initialDelay: 1 } })
      .build();
    const { outcome, calls } = await simulate(each, {
      input: [1, 2],
      agents: { agent: [{ fail: 'no' }, { fail: 'no' }, 'yes'] },
    });
    expect(outcome).to.deep.equal({ status: 'completed', output: ['yes', 'yes'] });
    expect(calls).to.have.length(6);
  });

  it('gives equal histories for equal seeds, other delays for others', async () => {
    const retried = workflow('retried')
      .task('a', 'agent', { retry: { maxAttempts: 3, jitter: 1 } })
      .build();
    const run = (seed: number) =>
      simulate(retried, { input: null, agents: { agent: [{ fail: 'x' }, { fail: 'y' }, 1] }, seed, runId: 'r' });
    const [first, again, other] = [await run(1), await run(1), await run(2)];
    expect(again.history).to.deep.equal(first.history);
    expect(other.duration).to.not.equal(first.duration);
  });

  it('fails with the error of the script', async () => {
    const { outcome } = await simulate(flow, {
      input: { folder: '.' },
      agents: { reader: { fail: { code: 'EPERM', message: 'no entry', retryable: false } }, writer: null },
    });
    expect(outcome).to.have.nested.property('error.message').that.contains('no entry');
    expect(outcome).to.have.nested.property('error.details.code', 'EPERM');
  });

  it('lets functions wait in virtual time, heed their signal, and throw', async () => {
    const aborted: unknown[] = [];
    const { outcome, duration } = await simulate(flow, {
      input: { folder: '.' },
      agents: {
        reader: [
          async (_task, { sleep, signal }) => {
            signal.addEventListener('abort', () => aborted.push(signal.reason));
            await sleep('20m');
            return 'too late';
          },
          async (_task, { sleep }) => {
            await sleep('9m');
            throw new Error('no luck');
          },
          'third',
        ],
        writer: (task: { input: Json }) => task.input,
      },
    });
    expect(outcome).to.deep.equal({ status: 'completed', output: 'third' });
    expect(isRepriseError(aborted[0], 'REPRISE_ATTEMPT_TIMEOUT')).to.equal(true);
    expect(duration).to.equal((10 + 60 + 9 + 120) * 60_000);
  });

  it('waits for a function that does something for real', async () => {
    const { outcome } = await simulate(flow, {
      input: { folder: '.' },
      agents: {
        reader: async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          return 'real';
        },
        writer: (task: { input: Json }) => task.input,
      },
    });
    expect(outcome).to.deep.equal({ status: 'completed', output: 'real' });
  });

  it('keeps the schemas of the real agents', async () => {
    const strict = defineAgent({
      name: 'strict',
      outputSchema: z.object({ n: z.number() }),
      handle: async () => ({ n: 1 }),
    });
    const checked = workflow('checked').task('a', strict, { retry: 1 }).build();
    const { outcome } = await simulate(checked, { input: null, agents: { strict: { output: { n: 'one' } } } });
    expect(outcome).to.have.nested.property('error.details.code', 'REPRISE_OUTPUT_INVALID');
  });

  it('lets a script stand for a capability', async () => {
    const capable = workflow('capable').task('a', { capability: 'translate' }).build();
    const { calls } = await simulate(capable, { input: null, agents: { translate: 'ok' } });
    expect(calls[0]?.agent).to.equal('translate');
  });

  it('says what it waits for when nothing moves', async () => {
    const forever = workflow('forever').task('a', 'agent').build();
    const error = await errorOf(simulate(forever, { input: null, agents: { agent: 'never' }, maxDuration: '1h' }));
    expect(isRepriseError(error, 'REPRISE_CONFIG_INVALID')).to.equal(true);
    expect((error as Error).message).to.contain('a (running, attempt 1, agent agent)');
  });

  it('says which agent has no script, and what is no duration', async () => {
    const unscripted = await errorOf(simulate(flow, { input: { folder: '.' }, agents: { reader: 1 } }));
    expect(isRepriseError(unscripted, 'REPRISE_AGENT_UNKNOWN') && unscripted.message).to.contain("'writer'");
    const odd = await errorOf(
      simulate(flow, { input: { folder: '.' }, agents: { reader: 1, writer: 1 }, maxDuration: 'soon' }),
    );
    expect((odd as Error).message).to.contain('"soon" is not a duration');
  });

  it('can be steered, and watched by plugins', async () => {
    const monitor = recordingMonitor();
    const { outcome, history } = await simulate(flow, {
      input: { folder: '.' },
      agents: { reader: { delay: '5m', output: 1 }, writer: { delay: '5m', output: 2 } },
      plugins: defineConfig({ plugins: [monitor.plugin] }).plugins ?? [],
      steer: async (run, { sleep }) => {
        await sleep('1m');
        await run.pause('tea');
        await sleep('1h');
        await run.resume();
        await sleep('1m');
        await run.cancel('enough');
      },
    });
    expect(outcome).to.deep.equal({ status: 'cancelled', reason: 'enough' });
    expect(monitor.events.map(({ event }) => event.type)).to.deep.equal(history.map(({ type }) => type));
    expect(monitor.notices.filter(({ kind }) => kind === 'dispatched')).to.have.length(2);
  });

  it('takes plain JSON as it is, and objects made of fail, output and delay as outcomes', async () => {
    const one = workflow('one').task('a', 'agent', { retry: 1 }).build();
    const given = async (script: Json) => (await simulate(one, { input: null, agents: { agent: script } })).outcome;
    expect(await given({ delay: '1m', other: 1 })).to.deep.equal({
      status: 'completed',
      output: { delay: '1m', other: 1 },
    });
    expect(await given({ output: [1, 2] })).to.deep.equal({ status: 'completed', output: [1, 2] });
    expect(await given([1, 2]), 'a list is one outcome per attempt').to.deep.equal({ status: 'completed', output: 1 });
    expect(await given(null)).to.deep.equal({ status: 'completed', output: null });
    expect(await given({ fail: 'no' })).to.have.property('status', 'failed');
  });

  it('waits in real time for monitors that really write, however fast its own passes', async () => {
    const one = workflow('one').task('a', 'agent').build();
    const written: string[] = [];
    const slow = definePlugin({
      name: 'slow',
      kind: 'monitor',
      create: () => ({
        name: 'slow',
        onEvent: async ({ event }) => {
          await new Promise((resolve) => setTimeout(resolve, 40));
          written.push(event.type);
        },
        forceFlush: async () => undefined,
        shutdown: async () => undefined,
      }),
    });
    const { history } = await simulate(one, { input: null, agents: { agent: 1 }, plugins: [slow] });
    expect(written).to.deep.equal(history.map(({ type }) => type));
  });

  it('runs a day of hundreds of runs in a moment of real time, and leaves nothing behind', async () => {
    const many = workflow<number[]>('many')
      .task('each', 'agent', { forEach: ({ input }) => input, concurrency: 10 })
      .build();
    const { duration, calls } = await simulate(many, {
      input: Array.from({ length: 300 }, (_, n) => n),
      agents: { agent: { delay: '48m', output: 1 } },
    });
    expect(calls).to.have.length(300);
    expect(duration).to.equal(24 * HOUR);
  });
});
