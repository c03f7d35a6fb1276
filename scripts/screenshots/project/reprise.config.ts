import { defineAgent, defineConfig, type Json, parseWorkflow } from '@reprise/core';
import { hierarchicalScheduler, managerAgent } from '@reprise/scheduler-hierarchical';

// What the pictures in docs/dashboard.md show: orders, some of them stuck. How long an agent works is in its input, in virtual time: see ../write-history.ts.

/** How the agents of the pictures pass time. */
export const pace = { sleep: (_ms: number): Promise<void> => Promise.resolve() };

const failure = (code: string, message: string): Error => Object.assign(new Error(message), { code });

const worker = (name: string, ms: number, of: (input: Json) => Json) =>
  defineAgent({
    name,
    concurrency: 4,
    handle: async ({ input }: { readonly input: Json }, { logger, usage }) => {
      logger.info(`${name} begins`, { input });
      await pace.sleep(ms);
      usage({ tokens: ms / 10, cost: ms / 1_000_000 });
      const output = of(input);
      logger.info(`${name} is done`);
      return output;
    },
  });

const agents = [
  worker('clerk', 1400, (input) => ({ checked: input })),
  worker('supplier', 3200, (input) => ({ item: input, price: String(input).length * 12 })),
  worker('buyer', 2100, () => ({ chosen: 'the second' })),
  worker('bank', 2600, (input) => {
    if ((input as { readonly card?: unknown }).card === 'expired')
      throw failure('CARD_DECLINED', 'The card has expired.');
    return { paid: true };
  }),
  worker('carrier', 5200, () => ({ parcel: 'RX-1' })),
  defineAgent({
    name: 'shop',
    handle: async ({ input }: { readonly input: { readonly cards: readonly string[] } }, { messages }) => {
      for (const card of input.cards) {
        await messages.send('#desk', { card }, { type: 'payment', conversation: `payment-${card}` });
        await pace.sleep(900);
      }
      return { sent: input.cards.length };
    },
  }),
  defineAgent({
    name: 'desk',
    handle: async ({ input }: { readonly input: { readonly cards: readonly string[] } }, { messages }) => {
      for (const _ of input.cards) {
        const message = await messages.receive({ mailbox: '#desk' });
        if (message === undefined) return null;
        await pace.sleep(700);
        if ((message.data as { readonly card: string }).card === 'expired')
          throw failure('CARD_DECLINED', 'The card has expired.');
        await messages.ack(message);
      }
      return null;
    },
  }),
];

const order = parseWorkflow(`
name: order
description: Quotes of several suppliers, a person who approves, then pay and ship, or neither
tasks:
  check: { agent: clerk }
  quotes: { agent: supplier, forEach: input.items, after: check }
  stock: { agent: clerk, after: check }
  choose: { agent: buyer, after: [quotes, stock] }
  approve:
    after: choose
    wait:
      form: { title: Approve the order?, type: object, properties: { approved: { type: boolean, title: Approved }, note: { type: string, title: Note } }, required: [approved] }
      assignee: kim
  book:
    after: approve
    scope:
      pay: { agent: bank, input: { card: "\${ input.card }" }, retry: { maxAttempts: 2, initialDelay: 4s } }
      ship: { agent: carrier, after: pay }
  report: { agent: clerk, after: book }
`);

const payments = parseWorkflow(`
name: payments
description: Payments that a desk takes from its mailbox
mailboxes: { desk: { retry: 1 } }
tasks:
  shop: { agent: shop, input: "\${ input }", may: send }
  desk: { agent: desk, input: "\${ input }", retry: { maxAttempts: 3, initialDelay: 1s } }
`);

/** Plans a page, has the draft done once more, and finishes with what was checked. */
const editor = managerAgent({
  name: 'editor',
  decide: async ({ ask, news }, _task, { usage }) => {
    await pace.sleep(1800);
    usage({ tokens: 640, cost: 0.0032 });
    if (ask === 'plan')
      return {
        facts: { audience: 'customers', length: 'one page' },
        do: [
          {
            plan: [
              { step: 'draft', work: 'Write about delivery times', to: 'author' },
              { step: 'check', work: 'Hold it against the contract', to: 'lawyer', after: ['draft'] },
            ],
          },
        ],
      };
    const says = (next: string) => ({ satisfied: false, progressing: true, looping: false, next });
    const ended = news.map(({ step, output }) => ({
      step,
      words: (output as { readonly words?: number })?.words ?? 0,
    }));
    if (ended.some(({ step, words }) => step === 'draft' && words > 300))
      return {
        progress: says('The draft is too long for one page: once more, shorter.'),
        do: [{ reject: 'draft', feedback: 'One page: at most 300 words.' }],
      };
    if (ended.some(({ step }) => step === 'check'))
      return {
        progress: { ...says('Checked: nothing is promised that is not kept.'), satisfied: true },
        do: [{ accept: 'check' }, { finishWith: 'check' }],
      };
    return {
      progress: says('The draft fits one page; the lawyer is to look at it.'),
      do: ended.map(({ step }) => ({ accept: step })),
    };
  },
});
const author = defineAgent({
  name: 'author',
  handle: async ({ input }: { readonly input: { readonly feedback: Json } }, { usage }) => {
    await pace.sleep(6000);
    usage({ tokens: 2100, cost: 0.0126 });
    return { words: input.feedback === null ? 540 : 280 };
  },
});
const lawyer = defineAgent({
  name: 'lawyer',
  handle: async (_task: unknown, { usage }) => {
    await pace.sleep(4000);
    usage({ tokens: 900, cost: 0.0081 });
    return { words: 280, approved: true };
  },
});

const page = parseWorkflow(`
name: page
description: A team writes a page, and a person publishes it
budget: { tokens: 12000, cost: 0.1 }
tasks:
  team:
    scope: {}
    strategy: { name: hierarchical, goal: A page about delivery times, manager: editor, workers: [author, lawyer] }
  publish: { agent: clerk, after: team }
`);

export default defineConfig({
  plugins: [hierarchicalScheduler()],
  agents: [...agents, editor, author, lawyer],
  workflows: [order, payments, page],
});
