import { type AgentTask, defineAgent, type Json, type Message, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventsOf, only, orchestrators } from './support.ts';

// Agents of several runs that talk, through workers and the engine.

const answering = (name: string, times: number, answer: (message: Message) => Json) =>
  defineAgent({
    name,
    handle: async (_: AgentTask, { messages }) => {
      for (let count = 0; count < times; count += 1) {
        const asked = await messages.receive();
        if (asked !== undefined) await messages.reply(asked, answer(asked));
      }
      return name;
    },
  });

describe('Agents of two runs', () => {
  const { start } = orchestrators();

  it('ask and answer', async () => {
    const writer = defineAgent({
      name: 'writer',
      handle: async ({ input }: AgentTask<{ run: string }>, { messages }) =>
        (await messages.request('critic', { draft: 'Once' }, { run: input.run, type: 'review' })).data,
    });
    const critic = answering('critic', 1, ({ data, from, run, type }) => ({
      data,
      from,
      run: run ?? null,
      type: type ?? null,
    }));
    const asks = workflow<{ run: string }>('asks').task('writer', writer, { may: 'sendAcross' }).build();
    const answers = workflow('answers').task('critic', critic).build();
    const reprise = await start({ workflows: [asks, answers] });
    const other = await reprise.startRun(answers, null);
    const run = await reprise.startRun(asks, { run: other.id });
    expect(await run.result()).to.deep.equal({ data: { draft: 'Once' }, from: 'writer', run: run.id, type: 'review' });
    expect(await other.result()).to.equal('critic');
    for (const one of [run, other]) {
      const events = await eventsOf(reprise, one.id);
      expect(only(events, 'MessageSent')).to.have.length(1);
      expect(only(events, 'MessageReceived')).to.have.length(1);
      expect(only(events, 'MessagesHandedOver')).to.have.length(1);
      expect((await reprise.runs.replay(one.id)).matches).to.equal(true);
    }
  });
});
