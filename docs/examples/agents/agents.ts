import { readFile } from 'node:fs/promises';
import { type AgentContext, type AgentTask, defineAgent, type Message, type Orchestrator } from '@reprise/core';
import { z } from 'zod';

// #region charge
const orderSchema = z.object({ id: z.string(), total: z.number().positive() });
const paymentSchema = z.object({ payment: z.string() });

/** What an agent needs beside its input is handed to the function that makes it. */
export const chargeAt = (url: string) =>
  defineAgent({
    name: 'charge',
    inputSchema: orderSchema,
    outputSchema: paymentSchema,
    async handle({ input, idempotencyKey, attempt }, { signal, logger, traceparent }) {
      logger.info('charging', { order: input.id, attempt });
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          // The same at every attempt, so that a charge whose answer was lost is not made twice.
          'idempotency-key': idempotencyKey,
          ...(traceparent === undefined ? {} : { traceparent }),
        },
        body: JSON.stringify(input),
        signal,
      });
      if (!response.ok) throw refusal(response);
      return paymentSchema.parse(await response.json());
    },
  });

/** What a workflow can go by: a code of its own, whether to try again, and when at the earliest. */
function refusal({ status, headers }: Response): Error {
  const error = new Error(`the payment service answered ${status}`);
  if (status === 402) return Object.assign(error, { code: 'CARD_DECLINED', retryable: false, status });
  const seconds = Number(headers.get('retry-after') ?? 0);
  return Object.assign(error, { code: 'PAYMENTS_BUSY', retryable: true, status, retryAfterMs: seconds * 1000 });
}
// #endregion

// #region count
/** Work of many steps: it heeds its signal, and says how far it is. */
export const countLines = defineAgent({
  name: 'count-lines',
  async handle({ input }: AgentTask<{ readonly files: readonly string[] }>, { signal, emit }: AgentContext) {
    let lines = 0;
    for (const [index, file] of input.files.entries()) {
      signal.throwIfAborted();
      const text = await readFile(file, { encoding: 'utf8', signal });
      lines += text.split('\n').length - 1;
      // A heartbeat, too.
      emit({ done: index + 1, of: input.files.length });
    }
    return { lines };
  },
});
// #endregion

// #region plan
/** Reads the question, and adds a task for each source that is worth it; what comes after it waits for them, too. */
export const planResearch = defineAgent({
  name: 'plan-research',
  handle(
    { input, error }: AgentTask<{ readonly sources: readonly string[] }>,
    { spawn, finish, logger }: AgentContext,
  ) {
    if (error !== undefined) logger.warn('the plan before was refused', { error });
    if (input.sources.length === 0) finish({ report: 'there is nothing to read' });
    for (const [index, url] of input.sources.entries())
      spawn(
        { [`read-${index}`]: { agent: 'read-source', after: 'plan', input: { url }, retry: 5 } },
        { before: 'write' },
      );
    return { sources: input.sources.length };
  },
});
// #endregion

// #region talk
/** Writes, asks the critic, and writes again until it is content. */
export const author = defineAgent({
  name: 'author',
  async handle({ input }: AgentTask<{ readonly topic: string }>, { messages }: AgentContext) {
    let text = `About ${input.topic}`;
    for (let draft = 1; draft <= 3; draft += 1) {
      const { data } = await messages.request('critic', { draft, text }, { type: 'review', deadline: '10m' });
      if ((data as { readonly good: boolean }).good) break;
      text += ', at length';
    }
    await messages.send('critic', 'done', { key: 'done' });
    return { text };
  },
});

/** Answers until nobody asks any more. */
export const critic = defineAgent({
  name: 'critic',
  async handle(_task: AgentTask, { messages }: AgentContext) {
    for (let asked = 0; ; asked += 1) {
      const message = await messages.receive();
      if (message === undefined || message.data === 'done') return { asked };
      const { draft } = message.data as { readonly draft: number };
      await messages.reply(message, { good: draft > 1 });
    }
  },
});
// #endregion

// #region contract
/** Asks several for a price, takes the lowest, and waits for what was ordered. */
export const buyer = defineAgent({
  name: 'buyer',
  async handle({ input }: AgentTask<{ readonly sellers: readonly string[] }>, { messages }: AgentContext) {
    // Each call is a conversation of its own, which has the id of the call.
    const calls: { readonly seller: string; readonly id: string }[] = [];
    for (const seller of input.sellers) {
      const call = { performative: 'cfp', deadline: '10m', key: `call ${seller}` } as const;
      calls.push({ seller, ...(await messages.send(seller, { want: 'honey' }, call)) });
    }
    const offers: {
      readonly seller: string;
      readonly id: string;
      readonly price: number;
      readonly message: Message;
    }[] = [];
    for (const { seller, id } of calls) {
      // Whatever is answered: of who refuses, understood nothing, has ended or is late (then the run says failure), no proposal will come.
      const message = await messages.receive({ conversation: id });
      if (message?.performative !== 'propose') continue;
      offers.push({ seller, id, price: (message.data as { readonly price: number }).price, message });
    }
    const [best, ...others] = offers.sort((a, b) => a.price - b.price);
    for (const { seller, message } of others)
      await messages.reply(message, null, { performative: 'reject-proposal', key: `reject ${seller}` });
    if (best === undefined) return { bought: null };
    const { seller, id, message, price } = best;
    await messages.reply(message, null, { performative: 'accept-proposal', key: `accept ${seller}` });
    const done = await messages.receive({ conversation: id, timeout: '1h' });
    return { bought: done?.performative === 'inform' ? { seller, price, parcel: done.data } : null };
  },
});

/** Makes an offer, and delivers when it is taken. */
export const seller = defineAgent({
  name: 'seller',
  async handle({ input }: AgentTask<{ readonly price: number }>, { messages }: AgentContext) {
    const call = await messages.receive({ performative: 'cfp' });
    if (call === undefined) return 'not asked';
    if (input.price === 0) {
      await messages.reply(call, { why: 'sold out' }, { performative: 'refuse' });
      return 'refused';
    }
    await messages.reply(call, { price: input.price }, { performative: 'propose' });
    const answer = await messages.receive({ conversation: call.id, timeout: '10m' });
    if (answer?.performative !== 'accept-proposal') return 'not taken';
    await messages.reply(answer, 'a jar');
    return 'sold';
  },
});
// #endregion

// #region across
/** Asks the librarian of another run, whose id it is handed. */
export const reporter = defineAgent({
  name: 'reporter',
  async handle(
    { input }: AgentTask<{ readonly library: string; readonly words: readonly string[] }>,
    { messages }: AgentContext,
  ) {
    const run = input.library;
    const found: unknown[] = [];
    for (const word of input.words) found.push((await messages.request('librarian', { word }, { run })).data);
    await messages.send('librarian', 'done', { run, key: 'done' });
    return { found };
  },
});

/** Answers whoever asks, of whatever run: a reply goes to where the question came from. */
export const librarian = defineAgent({
  name: 'librarian',
  async handle(_task: AgentTask, { messages }: AgentContext) {
    const readers = new Set<string>();
    for (;;) {
      const message = await messages.receive();
      if (message === undefined || message.data === 'done') return { readers: readers.size };
      readers.add(`${message.from} of ${message.run ?? 'this run'}`);
      const { word } = message.data as { readonly word: string };
      await messages.reply(message, `${word}: see page ${word.length}`);
    }
  },
});
// #endregion

// #region queue
/** Has parcels packed by whoever takes from `@parcels`: nobody has to be there yet. */
export const forwarder = defineAgent({
  name: 'forwarder',
  async handle({ input }: AgentTask<{ readonly parcels: readonly string[] }>, { messages }: AgentContext) {
    const packed = await Promise.all(
      input.parcels.map((parcel) => messages.request('@parcels', { parcel }, { type: 'pack', deadline: '1h' })),
    );
    return { labels: packed.map(({ data }) => data) };
  },
});

/** A program that packs what lies in `@parcels`, until nothing has come for a while. Any number of them may. */
export async function packParcels(reprise: Orchestrator, name: string): Promise<number> {
  const messages = reprise.messages(name);
  for (let packed = 0; ; packed += 1) {
    // Others have it when this program is gone for 30 s.
    const message = await messages.receive('@parcels', { type: 'pack', lease: '30s', timeout: '1s' });
    if (message === undefined) return packed;
    const { parcel } = message.data as { readonly parcel: string };
    // A final answer is the acknowledgement, too.
    await message.reply(`${parcel}, packed`);
  }
}
// #endregion

// #region packer
/** Packs, too: until nothing has come for a while. */
export const packer = defineAgent({
  name: 'packer',
  async handle(_task: AgentTask, { messages }: AgentContext) {
    for (let packed = 0; ; packed += 1) {
      const message = await messages.receive({ mailbox: '@parcels', type: 'pack', timeout: '1s' });
      if (message === undefined) return { packed };
      const { parcel } = message.data as { readonly parcel: string };
      await messages.reply(message, `${parcel}, packed`);
    }
  },
});
// #endregion

// #region with-output
export const payer = defineAgent({
  name: 'payer',
  async handle({ input }: AgentTask<{ readonly order: string }>, { messages }: AgentContext) {
    await messages.publish('#paid', { order: input.order }, { on: 'completion' });
    return { paid: true };
  },
});
// #endregion

// #region topics
/** Tells everybody of each price, as it comes. */
export const exchange = defineAgent({
  name: 'exchange',
  async handle({ input }: AgentTask<{ readonly prices: readonly number[] }>, { messages }: AgentContext) {
    for (const price of input.prices) await messages.publish('#prices', { price }, { key: `price ${price}` });
    await messages.publish('#prices', { price: null }, { key: 'closed' });
  },
});

/** Waits for a price that is low enough. */
export const watcher = defineAgent({
  name: 'watcher',
  async handle({ input }: AgentTask<{ readonly below: number }>, { messages }: AgentContext) {
    const where = `message.data.price == null || message.data.price < ${input.below}`;
    await messages.subscribe('#prices', { filter: { where } });
    const message = await messages.receive({ timeout: '1h' });
    return (message?.data as { readonly price: number | null } | undefined)?.price ?? null;
  },
});
// #endregion
