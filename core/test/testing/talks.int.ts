import { type Json, workflow } from '@reprise/core';
import { messagesOf, type ScriptedAnswer, simulate, type TalksOptions, talks } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const HOUR = 3_600_000;

const flow = workflow<Json>('asked', {
  mailboxes: { desk: { retry: { maxAttempts: 5, initialDelay: '1m', jitter: 0 } } },
})
  .task('asks', 'asks', { may: 'send' })
  .task('critic', 'critic', { retry: { maxAttempts: 3, initialDelay: '1m', jitter: 0 } })
  .build();

/** A critic that is asked once, and told something; how the asking ended, and all messages. */
function asked(answers: ScriptedAnswer | readonly ScriptedAnswer[], options: TalksOptions = {}, faults = {}) {
  return simulate(flow, {
    input: null,
    faults,
    agents: {
      asks: async (_task, { messages }) => {
        const to = options.mailbox ?? 'critic';
        const answer = await messages.request(to, 'what?').then(
          ({ data }) => data,
          ({ code }: { readonly code: string }) => code,
        );
        await messages.send(to, 'well');
        return answer;
      },
      critic: talks(answers, options),
    },
  });
}

describe('talks', () => {
  it('answers, as inform or as it is said, at once or later, and gives what it was told', async () => {
    const { outcome, messages, duration } = await asked([{ reply: 42, delay: '5m' }, 'ack'], { times: 2 });
    expect(outcome).to.deep.include({ output: { asks: 42, critic: ['what?', 'well'] } });
    expect(messages[1]).to.include({
      from: 'critic',
      to: 'asks',
      performative: 'inform',
      data: 42,
      status: 'acknowledged',
    });
    expect(duration).to.be.within(300_000, 302_000);
    const refuse = { reply: null, performative: 'refuse' } as const;
    const refused = await asked([refuse, 'ack'], { times: 2 });
    expect(refused.outcome).to.have.nested.property('output.asks', 'REPRISE_REQUEST_REFUSED');
  });

  it('gives back, with its reason, when it likes; the next answer is for whatever comes next', async () => {
    const { outcome, history, messages } = await asked(
      [{ nack: 'no' }, { nack: 'no, no', delay: '3m' }, { reply: 1 }],
      {
        times: 3,
      },
    );
    expect(outcome).to.have.nested.property('output.critic').that.deep.equals(['what?', 'what?', 'what?']);
    const back = history.flatMap((event) => (event.type === 'MessageRejected' ? [event] : []));
    expect(back.map(({ reason }) => reason)).to.deep.equal(['no', 'no, no']);
    expect((back[1]?.retryAt ?? 0) - (back[1]?.at ?? 0)).to.equal(180_000);
    expect(messages[0]).to.include({ deliveries: 3 });
    const dead = await asked([{ nack: 'for good', requeue: false }], { times: 1 });
    expect(dead.messages[0]).to.include({ status: 'closed', code: 'REPRISE_MESSAGE_REJECTED' });
    expect(dead.outcome).to.have.nested.property('output.asks', 'REPRISE_REQUEST_REFUSED');
  });

  it('fails, and goes on with the next answer in its next attempt', async () => {
    const { outcome, messages, calls } = await asked([{ fail: 'BUSY' }, { reply: 'now' }], { times: 1 });
    expect(outcome).to.have.nested.property('output.asks', 'now');
    expect(messages[0]).to.include({ deliveries: 2 });
    expect(calls.filter(({ agent }) => agent === 'critic').map(({ attempt }) => attempt)).to.deep.equal([1, 2]);
  });

  it('keeps, which answers nothing', async () => {
    const { outcome, messages } = await asked('keep', { patience: '2h' });
    expect(outcome).to.have.nested.property('output.asks', 'REPRISE_REPLY_TIMEOUT');
    expect(messages.map(({ status }) => status)).to.deep.equal(['acknowledged', 'acknowledged', 'acknowledged']);
  });

  it('does what a function says, or does by itself', async () => {
    const { outcome, messages } = await asked(
      [
        async (message, { messages: all, sleep }) => {
          await all.reply(message, null, { performative: 'agree', deadline: '1h' });
          await sleep('30m');
          await all.reply(message, 'done');
        },
        ({ data }) => (data === 'well' ? 'ack' : { fail: 'odd' }),
      ],
      { times: 2 },
    );
    expect(outcome).to.have.nested.property('output.asks', 'done');
    expect(messages.map(({ performative }) => performative)).to.deep.equal(['request', 'agree', 'inform', 'inform']);
  });

  it('takes from a name, and ends when nothing comes for long enough', async () => {
    const { outcome, duration } = await asked({ reply: 'ok' }, { mailbox: '#desk', patience: '2h' });
    expect(outcome).to.have.nested.property('output.critic').that.deep.equals(['what?', 'well']);
    expect(duration).to.be.within(2 * HOUR, 2 * HOUR + 10_000);
    expect((await asked({ reply: 'ok' }, { mailbox: '#desk' })).duration).to.be.within(HOUR, HOUR + 10_000);
  });

  it('is the same script in every simulation', async () => {
    const critic = talks([{ nack: 'no' }, { reply: 1 }, 'ack'], { times: 3 });
    const asks = async (_task: unknown, { messages }: Parameters<typeof critic>[1]) => {
      await messages.request('critic', 'what?');
      await messages.send('critic', 'well');
    };
    const play = () => simulate(flow, { input: null, runId: 'r', agents: { asks, critic } });
    expect((await play()).history).to.deep.equal((await play()).history);
  });
});

describe('a simulation with faults', () => {
  it('is the same with the same seed; tells what befell messages; without them nothing does', async () => {
    const faults = { drop: 0.2, duplicate: 0.5, reorder: 0.2 };
    const [first, again] = [await asked({ reply: 1 }, {}, faults), await asked({ reply: 1 }, {}, faults)];
    expect(again.history).to.deep.equal(first.history);
    expect(again.faults).to.deep.equal(first.faults);
    expect(Math.min(first.faults.dropped, first.faults.duplicated, first.faults.reordered)).to.be.greaterThan(0);
    const none = { dropped: 0, delayed: 0, duplicated: 0, reordered: 0, lost: 0 };
    expect((await asked({ reply: 1 })).faults).to.deep.equal(none);
  });
});

describe('messagesOf', () => {
  it('says of a history who told whom, when, and what became of it', async () => {
    const { history, messages } = await asked([{ reply: 42, delay: '5m' }, 'ack'], { times: 2 });
    expect(messagesOf(history)).to.deep.equal(messages);
    const [question, answer] = messages;
    expect(question).to.deep.equal({
      id: question?.id,
      from: 'asks',
      to: 'critic',
      performative: 'request',
      data: 'what?',
      conversation: question?.id,
      at: 0,
      status: 'acknowledged',
      deliveries: 1,
    });
    expect(answer).to.include({ at: 300_000, inReplyTo: question?.id });
    expect(messagesOf([])).to.deep.equal([]);
  });
});
