import { type AgentContext, type Json, parseWorkflow } from '@reprise/core';
import type { Script, SweepScenario } from './sweep-scenario.ts';

type Talk = (messages: AgentContext['messages']) => Promise<Json>;

const talking =
  (talk: Talk): Script =>
  () => ({ talk: ({ messages }) => talk(messages) });

/** Whoever made the attempt before may have answered: then nothing comes any more. */
const answeringFor =
  (timeout: number): Talk =>
  async (messages) => {
    for (;;) {
      const asked = await messages.receive({ timeout });
      if (asked === undefined) return 'nobody asks';
      await messages.reply(asked, null, { performative: 'agree', key: `agree-${asked.id}` }).catch(() => undefined);
      await messages.reply(asked, { good: asked.data }, { key: `answer-${asked.id}` });
    }
  };

/** Messages of every kind: asked and answered, queued, refused for good, expired, waited for. */
export const SWEPT_TALK: Readonly<Record<string, SweepScenario>> = {
  'agents that talk': {
    workflow: parseWorkflow(`
name: talking
mailboxes: { desk: {}, bad: { retry: { maxAttempts: 2, initialDelay: 50ms, jitter: 0 } } }
tasks:
  author: { agent: author, may: send, retry: 5 }
  critic: { agent: critic }
  post: { send: { to: "#desk", data: letter, until: acknowledged } }
  clerk: { agent: clerk }
  odd: { send: { to: "#bad", data: "odd", performative: request } }
  picky: { agent: picky }
  late: { send: { to: author, data: late, expires: 20ms, drop: true } }
  buried: { wait: { message: { mailbox: "#dead-letters" } } }
  thanked: { wait: { message: { from: author, where: message.data == "thanks" } } }
output: { author: "\${ outputs.author }", buried: "\${ outputs.buried.data }", thanked: "\${ outputs.thanked.from }" }
`),
    agents: {
      author: talking(async (messages) => {
        const answer = await messages.request('critic', 'draft', { key: 'ask' });
        await messages.send('thanked', 'thanks', { key: 'thanks' });
        return answer.data;
      }),
      critic: talking(answeringFor(60_000)),
      clerk: talking(async (messages) => (await messages.receive({ mailbox: '#desk', timeout: 60_000 }))?.data ?? null),
      picky: talking(async (messages) => {
        for (;;) {
          const message = await messages.receive({ mailbox: '#bad', timeout: 60_000 });
          if (message === undefined) return 'nothing more';
          await messages.nack(message, { reason: 'it is odd' });
        }
      }),
    },
    about: [
      'MessageSent',
      'MessageAwaited',
      'MessageDelivered',
      'MessageMissed',
      'MessageAcknowledged',
      'MessageRejected',
      'MessageDeadLettered',
    ],
    ends: 'completed',
  },
  'runs that talk': {
    workflow: parseWorkflow(`
name: upper
tasks:
  boss: { agent: boss }
  lower: { workflow: lower }
  told: { wait: { message: { performative: inform } } }
output: { lower: "\${ outputs.lower }", boss: "\${ outputs.boss }" }
`),
    others: [
      parseWorkflow(`
name: lower
tasks:
  asker: { agent: asker, may: sendAcross, retry: 5 }
  tell: { send: { to: told, run: parent, data: done, until: acknowledged }, after: asker }
  lost: { send: { to: nobody, run: parent, data: lost } }
  buried: { wait: { message: { mailbox: "#dead-letters" } } }
output: { answer: "\${ outputs.asker }", buried: "\${ outputs.buried.data }" }
`),
    ],
    agents: {
      boss: talking(answeringFor(20_000)),
      asker: talking(
        async (messages) => (await messages.request('boss', 'may I?', { run: 'parent', key: 'ask' })).data,
      ),
    },
    isCrowded: true,
    about: ['MessageSent', 'MessageReceived', 'MessagesHandedOver', 'MessageDeadLettered'],
    ends: 'completed',
  },
  'agents that publish': {
    workflow: parseWorkflow(`
name: publishing
topics: { news: { subscribers: listed } }
tasks:
  clerk: { agent: clerk }
  ask: { send: { to: clerk, data: price, until: replied } }
  reader: { agent: reader, may: send, retry: 5 }
  teller: { agent: teller, may: send, retry: 5 }
  listed: { wait: { message: { schema: { type: string } } } }
  heard: { wait: { message: { from: teller } } }
output: { ask: "\${ outputs.ask.data.good }", reader: "\${ outputs.reader }", listed: "\${ outputs.listed.topic }", heard: "\${ outputs.heard.data }" }
`),
    agents: {
      clerk: talking(answeringFor(60_000)),
      reader: talking(async (messages) => {
        const news = await messages.subscribe('#news', { filter: { from: 'teller' } });
        await messages.send('teller', 'ready', { key: 'ready' });
        const heard = await messages.receive({ where: "message.topic == '#news'", timeout: 60_000 });
        await news.close();
        return heard?.data ?? null;
      }),
      teller: talking(async (messages) => {
        await messages.receive({ from: 'reader', timeout: 60_000 });
        await messages.publish('#news', 'flash', { key: 'flash' });
        await messages.send('heard', 'told', { on: 'completion' });
        return 'told';
      }),
    },
    about: ['MailboxSubscribed', 'MailboxUnsubscribed', 'MessageSent', 'MessageDelivered', 'MessageAcknowledged'],
    ends: 'completed',
  },
};
