import { type Agent, defineAgent } from '@reprise/core';
import { callAgent } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { z } from 'zod';

const agent = (handle: Agent<{ n: number }>['handle']): Agent<{ n: number }> =>
  defineAgent({ name: 'one', inputSchema: z.object({ n: z.number().default(7) }), handle });

describe('an agent that is called by itself', () => {
  it('is handed what its schema makes of the input, and its task', async () => {
    const seen: unknown[] = [];
    const called = await callAgent(
      agent((task, { emit, heartbeat, logger, traceparent }) => {
        seen.push(task, traceparent);
        heartbeat();
        emit({ done: 1 });
        logger.info('working', { on: 1 });
        return { n: task.input.n };
      }),
      {},
      { task: { attempt: 2, taskId: 'count' }, may: ['spawn'] },
    );
    expect(called).to.deep.equal({
      output: { n: 7 },
      emitted: [{ done: 1 }],
      logged: [{ level: 'info', message: 'working', fields: { on: 1 } }],
    });
    const task = { runId: 'run', workflow: 'workflow', taskId: 'count', attempt: 2, round: 1 };
    expect(seen).to.deep.equal([{ ...task, input: { n: 7 }, idempotencyKey: 'run/count', may: ['spawn'] }, undefined]);
  });

  it('fails as in a run: by its schema, by what it throws, by what is no JSON', async () => {
    const refused = await callAgent(
      agent(() => 1),
      { n: 'x' },
    );
    expect(refused.error?.code).to.equal('REPRISE_INPUT_INVALID');
    const declined = Object.assign(new Error('no money'), { code: 'CARD_DECLINED', retryable: false });
    const thrown = await callAgent(
      agent(() => {
        throw declined;
      }),
      {},
    );
    expect(thrown.error).to.include({ code: 'CARD_DECLINED', message: 'no money', retryable: false });
    expect(thrown).to.not.have.property('output');
    expect(thrown.logged, 'its stack is no word of the agent').to.deep.equal([]);
    const dated = await callAgent(
      agent(() => ({ at: new Date(0) })),
      {},
    );
    expect(dated.error?.code).to.equal('REPRISE_OUTPUT_INVALID');
  });

  it('is aborted, also when it was before it began', async () => {
    const listens = Promise.withResolvers<void>();
    const waits = agent((_task, { signal }) => {
      listens.resolve();
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    const controller = new AbortController();
    const called = callAgent(waits, {}, { signal: controller.signal });
    await listens.promise;
    controller.abort();
    expect((await called).error?.code).to.equal('REPRISE_RUN_CLOSED');
    const heeds = agent((_task, { signal }) => signal.throwIfAborted());
    expect((await callAgent(heeds, {}, { signal: AbortSignal.abort() })).error?.code).to.equal('REPRISE_RUN_CLOSED');
  });

  it('must be heard of in time, where that is asked', async () => {
    const silent = agent(() => new Promise(() => undefined));
    expect((await callAgent(silent, {}, { heartbeatMs: 5 })).error?.code).to.equal('REPRISE_HEARTBEAT_TIMEOUT');
  });

  it('sends what it may, and does not wait for what cannot come', async () => {
    const sends = agent(async (_task, { messages }) => (await messages.send('b', 1)).id);
    expect((await callAgent(sends, {}, { may: [] })).error?.code).to.equal('REPRISE_MESSAGE_INVALID');
    expect((await callAgent(sends, {}, { may: ['send'] })).sent).to.have.lengthOf(1);
    const answers = agent(async (_task, { messages }) => {
      const message = await messages.receive();
      if (message !== undefined) await messages.reply(message, 'yes');
      return null;
    });
    const answered = await callAgent(answers, {}, { may: [], messages: [{ from: 'kim', data: 'well?' }] });
    expect(answered.sent?.[0]).to.include({ to: 'kim', data: 'yes' });
    const idle = await callAgent(answers, {});
    expect(idle.error?.code).to.equal('REPRISE_MESSAGE_INVALID');
    expect(idle.error?.message).to.contain("waits in 'task' without a limit");
    const asks = agent(async (_task, { messages }) => (await messages.request('b', 1)).data);
    expect((await callAgent(asks, {})).error?.code).to.equal('REPRISE_REPLY_TIMEOUT');
    const agrees = await callAgent(asks, {}, { answer: ({ to }) => ({ from: to, performative: 'agree', data: 1 }) });
    expect(agrees.error?.code, 'nothing comes after the agree').to.equal('REPRISE_REPLY_TIMEOUT');
  });
});
