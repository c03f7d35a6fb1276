import { parseWorkflow } from '@reprise/core';
import type { Work } from './recorder.ts';
import type { Scenario } from './scenario.ts';

const PAPER = parseWorkflow(`
name: correspondence
version: "1"
mailboxes: { desk: { limit: 10, retry: { maxAttempts: 2, initialDelay: 100ms, jitter: 0 } } }
tasks:
  author: { agent: author, may: send }
  critic: { agent: critic, retry: { maxAttempts: 3, initialDelay: 100ms, jitter: 0 } }
  clerk: { agent: clerk }
  post: { send: { to: "#desk", data: { letter: 1 }, type: letter, until: acknowledged } }
  room:
    scope:
      inner: { agent: inner }
      note: { send: { to: inner, data: "nobody reads this" } }
  said: { wait: { message: { from: author, performative: inform, where: message.data == "the end" } } }
  buried: { wait: { message: { mailbox: "#dead-letters" } }, after: said }
`);

const author: Work = async (_task, { messages }, sleep) => {
  const answer = await messages.request('critic', { draft: 1 }, { key: 'first', type: 'review', deadline: '1m' });
  const late = await messages
    .request('room/inner', 'are you there?', { deadline: 500 })
    .catch((error: unknown) => error);
  await messages.send('#desk', 'nobody takes this', { expires: 200, type: 'late' });
  await messages.send('#desk', 'nobody misses this', { expires: 200, drop: true });
  await messages.send('#desk', 'bad', { performative: 'request' });
  await sleep(2000);
  await messages.send('said', 'the end', { key: 'end' });
  return { answer: answer.data, late: late instanceof Error };
};

/** Fails once with what it was asked, then agrees, and answers. */
const critic: Work = async ({ attempt }, { messages }) => {
  const asked = await messages.receive({ performative: 'request', timeout: '1m' });
  if (attempt === 1) throw Object.assign(new Error('not in the mood'), { code: 'MOODY' });
  if (asked === undefined) return null;
  await messages.reply(asked, null, { performative: 'agree', deadline: '10s' });
  await messages.reply(asked, { good: true });
  return (await messages.receive({ timeout: 50 })) ?? 'nothing more';
};

const clerk: Work = async (_task, { messages }, sleep) => {
  const letter = await messages.receive({ mailbox: '#desk', type: 'letter' });
  if (letter !== undefined) await messages.ack(letter);
  await sleep(1300);
  for (;;) {
    const message = await messages.receive({ mailbox: '#desk' });
    if (message?.data === 'mended') return message.delivery;
    if (message !== undefined) await messages.nack(message, { reason: 'it is bad' });
  }
};

const inner: Work = async (_task, _context, sleep) => {
  await sleep(1200);
  return 'it was never asked';
};

const NEWS = parseWorkflow(`
name: newsroom
version: "1"
mailboxes: { archive: {}, narrow: { limit: 1 } }
topics: { news: { subscribers: ["#archive", "#narrow", desks, later] }, prices: {} }
tasks:
  desks: { agent: desk, forEach: "[1, 2]" }
  reader: { agent: reader, may: send }
  teller: { agent: teller, may: send, retry: { maxAttempts: 2, initialDelay: 100ms, jitter: 0 } }
  tell: { send: { topic: "#news", data: { n: 1 }, type: first }, after: teller }
  later: { wait: { message: { where: message.topic == "#news" } }, after: tell }
  clerk: { agent: clerk, may: send }
  ask: { send: { to: clerk, data: price?, until: replied, deadline: 1m } }
  again: { send: { to: clerk, data: really?, until: replied }, after: ask, fallback: { value: nobody knows } }
`);

const desk: Work = async (_task, { messages }) => (await messages.receive())?.data ?? null;

/** Subscribes, wants less, and hears no more. */
const reader: Work = async (_task, { messages }) => {
  const prices = await messages.subscribe('#prices');
  await messages.subscribe('#prices', { filter: { type: 'low', where: 'message.data < 3' } });
  const first = await messages.receive();
  await prices.close();
  await messages.send('teller', 'heard', { key: 'heard' });
  return first?.data ?? null;
};

/** Fails once with what it would have said; tells of prices, and that it is done with its output. */
const teller: Work = async ({ attempt }, { messages }, sleep) => {
  await messages.send('#narrow', attempt, { on: 'completion' });
  if (attempt === 1) throw new Error('not yet');
  await sleep(500);
  for (const price of [5, 2, 1]) await messages.publish('#prices', price, { type: 'low', key: `price ${price}` });
  await messages.receive({ from: 'reader' });
  await messages.publish('#prices', 0, { type: 'low' });
  await messages.publish('#news', 'done', { on: 'completion', expires: '1h' });
  return 'told';
};

/** Answers once, and asks back then. */
const seller: Work = async (_task, { messages }) => {
  const first = await messages.receive({ performative: 'request' });
  if (first === undefined) return null;
  await messages.reply(first, null, { performative: 'agree' });
  await messages.reply(first, 7);
  const second = await messages.receive({ performative: 'request' });
  if (second === undefined) return null;
  await messages.reply(second, 'of what?', { performative: 'query' });
  return (await messages.receive({ performative: 'not-understood' }))?.data ?? null;
};

const CROSSED = parseWorkflow(`
name: crossed
version: "1"
mailboxes: { desk: {} }
tasks:
  asker: { agent: asker, may: sendAcross, input: "\${ input.other }" }
  taker: { agent: taker, may: sendAcross }
  lost: { send: { to: nobody, run: "\${ input.other }", data: lost } }
  told: { send: { to: reader, run: "\${ input.other }", data: { n: 1 }, until: acknowledged } }
  heard: { wait: { message: { from: reader, run: "\${ input.other }" } } }
  last: { send: { to: "#narrow", run: "\${ input.other }", data: last words }, after: [asker, taker, told, heard] }
`);

const OTHER = parseWorkflow(`
name: other
version: "1"
mailboxes: { narrow: { limit: 1 } }
tasks:
  reader: { agent: answerer, may: sendAcross }
  slow: { agent: slow }
`);

const crossing: Work = async (task, { messages }) => {
  const run = task.input as string;
  return (await messages.request('reader', 'may I?', { run, type: 'leave', deadline: '1m' })).data;
};

/** Takes from a name of no run: gives back the first, and answers the second. */
const taking: Work = async (_task, { messages }) => {
  const first = await messages.receive({ mailbox: '@work' });
  if (first !== undefined) await messages.nack(first, { reason: 'not now', delay: 100 });
  const again = await messages.receive({ mailbox: '@work' });
  if (again !== undefined) await messages.reply(again, 'done');
  return (await messages.receive({ mailbox: '@work', timeout: 50 })) ?? 'nothing more';
};

const reading: Work = async (_task, { messages }, sleep) => {
  await sleep(100);
  const asked = await messages.receive({ performative: 'request' });
  if (asked === undefined) return null;
  await messages.reply(asked, null, { performative: 'agree' });
  await messages.reply(asked, 'you may');
  const told = await messages.receive({ performative: 'inform' });
  if (told?.run !== undefined) await messages.send('heard', 'heard', { run: told.run });
  return told?.data ?? null;
};

const emptying: Work = async (_task, { messages }, sleep) => {
  await sleep(5000);
  const first = await messages.receive({ mailbox: '#narrow' });
  if (first !== undefined) await messages.ack(first);
  return (await messages.receive({ mailbox: '#narrow' }))?.data ?? null;
};

export const SCENARIO_OF_MESSAGES: Readonly<Record<string, Scenario>> = {
  talked: {
    about:
      'Tasks talked: a request that came back, was agreed to and answered; one that was answered on behalf of who did not; a queue by name; a message that expired, one that was dropped, one that was given back too often. Of the dead letters one was taken by a task, one edited and redriven, one discarded; a block and the run closed what was open.',
    async play(stage) {
      const runId = 'talked-1';
      const reprise = await stage.start(PAPER, { author, critic, clerk, inner });
      const run = await reprise.startRun(PAPER, {}, { id: runId });
      await run.send('#desk', 'from outside', { from: 'kim', type: 'odd', requestId: 'once' });
      const dead = async (): Promise<readonly string[]> =>
        (await stage.history(runId)).flatMap(({ type, data }) =>
          type === 'MessageDeadLettered' ? [String(data['message'])] : [],
        );
      await stage.until(async () => (await dead()).length === 3);
      const open = [...((await run.state()).mailboxes.get('#dead-letters')?.messages ?? [])];
      await run.discardDeadLetters(open[0]?.id ?? '', { by: 'kim', reason: 'nobody wants it' });
      await run.editDeadLetter(open[1]?.id ?? '', 'mended', { by: 'kim' });
      await run.send('author', 'too late for you', { from: 'kim' });
      await run.redriveDeadLetters(open[1]?.id ?? '', { to: '#desk', by: 'kim', reason: 'mended' });
      await stage.toEnd(runId);
      return runId;
    },
  },
  published: {
    about:
      'Tasks were told what was published: names, a list and a wait that the workflow names, an agent that subscribed, said what it wants, and closed; where a mailbox was full, the message was a dead letter. A message went with the output of the attempt that ended well. Of two questions of the workflow one was agreed to and answered, and one was asked back.',
    async play(stage) {
      const runId = 'published-1';
      const reprise = await stage.start(NEWS, { desk, reader, teller, clerk: seller });
      await reprise.startRun(NEWS, {}, { id: runId });
      await stage.toEnd(runId);
      return runId;
    },
  },
  crossed: {
    about:
      'A run talked with another, with a name of no run and with a program: it asked and was answered, waited until its message was dealt with there, was refused one; took from a name, gave it back and took it again; a program took from it; its end waited for a mailbox that was full.',
    async play(stage) {
      const reprise = await stage.start([CROSSED, OTHER], {
        asker: crossing,
        taker: taking,
        answerer: reading,
        slow: emptying,
      });
      const other = await reprise.startRun('other', null, { id: 'other-1' });
      await other.send('#narrow', 'in the way', { requestId: 'way' });
      const runId = 'crossed-1';
      const run = await reprise.startRun('crossed', { other: other.id }, { id: runId });
      await run.send('#desk', 'for a program', { requestId: 'desk' });
      const kim = reprise.messages('kim');
      const answered = kim.request('@work', 'what?', { requestId: 'work', deadline: '1m' });
      const taken = await kim.receive('#desk', { run: runId, timeout: '1s' });
      await taken?.extend('1m');
      await taken?.ack();
      await stage.toEnd(runId);
      await answered;
      return runId;
    },
  },
};
