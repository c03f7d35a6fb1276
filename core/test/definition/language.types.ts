import type { StandardSchemaV1 } from '@standard-schema/spec';
// Type tests: what is asserted here is asserted by the compiler (npm run check:types).
import {
  type AgentTask,
  cel,
  defineAgent,
  type Json,
  type Message,
  type WorkflowOutput,
  workflow,
} from '../../src/index.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <T extends true>(): T | undefined => undefined;

interface Order {
  readonly customer: string;
  readonly total: number;
}

const quote = defineAgent({ name: 'quote', handle: (task: AgentTask<Order>) => ({ price: task.input.total }) });
const pay = defineAgent({ name: 'pay', handle: (_task: AgentTask<{ price: number }>) => ({ receipt: 'r' }) });
const ship = defineAgent({ name: 'ship', handle: (_task: AgentTask<{ receipt: string }>) => ({ tracking: 't' }) });
const refund = defineAgent({ name: 'refund', handle: (_task: AgentTask<Json>) => null });

const purchase = workflow<Order>('purchase')
  .task('quote', quote)
  .wait(
    'approved',
    { signal: ({ input }) => `approved-${input.customer}`, timeout: '2d', default: { ok: false } },
    { after: 'quote' },
  )
  .switch('route', [{ when: ({ outputs }) => outputs.quote.price < 100, then: 'book' }, { else: 'stop' }], {
    after: ['approved', 'quote'],
  })
  .end('stop', ({ outputs }) => ({ bought: false, price: outputs.quote.price }), { after: 'route', case: 'stop' })
  .scope(
    'book',
    (block) =>
      block
        .task('pay', pay, {
          input: ({ outputs, block: { input } }) => {
            same<Equal<typeof outputs.quote, { price: number }>>();
            same<Equal<typeof outputs.approved, Json>>();
            same<Equal<keyof typeof input, 'approved' | 'quote'>>();
            return outputs.quote;
          },
          delivery: 'at-most-once',
          compensate: refund,
        })
        .task('ship', ship, { after: 'pay', compensate: { agent: 'recall', retry: 5 } }),
    {
      after: 'route',
      catch: [
        {
          on: { code: 'CARD_DECLINED', task: 'pay' },
          when: ({ error, outputs }) => error.code !== outputs.pay.receipt,
          do: (b) => b.wait('card', { signal: ({ error }) => error.code, timeout: '1d' }),
          then: 'retry',
          max: 3,
        },
      ],
      mutex: ({ input }) => input.customer,
      timeout: '3d',
    },
  );

const done = purchase
  .set(
    'result',
    ({ outputs }) => {
      same<Equal<typeof outputs.book, { tracking: string }>>();
      return { tracking: outputs.book.tracking };
    },
    { after: 'book' },
  )
  .build();
same<
  Equal<
    WorkflowOutput<typeof done>,
    { readonly stop: null; readonly result: { tracking: string } | null } | { bought: boolean; price: number }
  >
>();

// What a join does not wait for may be null; what is behind it, too.
workflow<Order>('race')
  .task('one', quote)
  .task('two', quote)
  .set(
    'first',
    ({ outputs }) => {
      same<Equal<typeof outputs.one, { price: number } | null>>();
      return 1;
    },
    { after: ['one', 'two'], join: 'any', rest: 'cancel' },
  )
  .set(
    'later',
    ({ outputs }) => {
      same<Equal<typeof outputs.first, number>>();
      same<Equal<typeof outputs.two, { price: number } | null>>();
      return outputs.one?.price ?? 0;
    },
    { after: 'first' },
  )
  .set('sure', ({ outputs }) => outputs.two.price, { after: ['first', 'two'] })
  .build();

// A child gives its output and is checked against its input.
const child = workflow<{ price: number }>('child').task('pay', pay).build();
const parent = workflow<Order>('parent')
  .task('quote', quote)
  .workflow('buy', child, { after: 'quote', retry: 2 })
  .workflow('other', 'by-name', { after: 'buy' })
  .build();
same<Equal<WorkflowOutput<typeof parent>, Json>>();
const bought = workflow<{ price: number }>('bought').workflow('buy', child).build();
same<Equal<WorkflowOutput<typeof bought>, { receipt: string }>>();

// A scope of which there are many, a loop, an output of its own.
const many = workflow<readonly Order[]>('many')
  .scope('each', (block) => block.task('quote', quote, { input: () => ({ customer: 'a', total: 1 }) }), {
    forEach: ({ input }) => input,
    onItemFailure: 'continue',
    output: ({ outputs }) => outputs.quote.price,
    loop: { until: ({ outputs }) => outputs.quote.price > 1, max: 3, feedback: ({ outputs }) => outputs.quote },
  })
  .build();
same<Equal<WorkflowOutput<typeof many>, (number | null)[]>>();

// A list of which not all is needed has null for the rest of it.
const some = workflow<readonly Order[]>('some')
  .task('two', quote, { forEach: { items: ({ input }) => input, need: 2, rest: 'cancel' } })
  .task('found', quote, {
    forEach: {
      items: ({ input }) => input,
      until: ({ output, completed, ended, total, input }) => {
        const prices: readonly ({ price: number } | null)[] = output;
        return prices.some((one) => (one?.price ?? 0) > input.length) || completed + ended > total;
      },
    },
  })
  .task('all', quote, { forEach: { items: ({ input }) => input, concurrency: 2 } })
  .task('asked', quote, { forEach: { items: ({ input }) => input, need: ({ input }) => input.length - 1 } })
  .wait('signed', { signal: 'sign' }, { forEach: { items: ({ input }) => input, need: cel('2') } })
  .scope('each', (block) => block.task('quote', quote, { input: () => ({ customer: 'a', total: 1 }) }), {
    forEach: { items: ({ input }) => input, need: 1 },
  })
  .build();
// A join of each is a list of what it comes after, null where that did not complete.
const merged = workflow<Order>('merged')
  .task('quote', quote)
  .set('note', () => 'note', { when: ({ input }) => input.total > 1 })
  .set('size', ({ item }) => JSON.stringify(item).length, { after: ['quote', 'note'], join: 'each' })
  .task('both', defineAgent({ name: 'both', handle: (task: AgentTask<{ task: string }>) => task.input.task.length }), {
    after: ['quote', 'note'],
    join: 'each',
    input: ({ item }) => {
      same<
        Equal<
          typeof item,
          | { readonly task: 'quote'; readonly output: { price: number } }
          | { readonly task: 'note'; readonly output: string }
        >
      >();
      return item;
    },
  })
  .build();
same<Equal<WorkflowOutput<typeof merged>, { readonly size: (number | null)[]; readonly both: (number | null)[] }>>();

type Priced = { price: number };
same<
  Equal<
    WorkflowOutput<typeof some>,
    {
      readonly two: (Priced | null)[];
      readonly found: (Priced | null)[];
      readonly all: Priced[];
      readonly asked: (Priced | null)[];
      readonly signed: (Json | null)[];
      readonly each: (Priced | null)[];
    }
  >
>();

// A catch that continues widens the output; sleeps and switches hand their input on.
const caught = workflow<Order>('caught')
  .sleep('pause', { until: ({ input }) => input.total })
  .task('quote', quote, { after: 'pause' })
  .catch([{ then: 'continue', output: ({ error }) => error.code }])
  .build();
same<Equal<WorkflowOutput<typeof caught>, { price: number } | string | null>>();

const begun = workflow<Order>('x')
  .task('a', quote)
  .switch('s', [{ when: cel('true'), then: 'left' }], { after: 'a' });
// @ts-expect-error: the switch has no such case
begun.task('t', refund, { after: 's', case: 'right' });
// @ts-expect-error: an id of the block around
begun.scope('b', (block) => block.task('a', refund));
// @ts-expect-error: what is inside a scope is not seen from outside
begun.scope('b', (block) => block.task('inner', refund)).set('v', ({ outputs }) => outputs.inner, { after: 'b' });
// @ts-expect-error: a task after one of another block
begun.scope('b', (block) => block.task('inner', refund, { after: 'a' }));
// @ts-expect-error: the child does not take this
begun.workflow('w', child);
// @ts-expect-error: no item where there are not many
begun.scope('b', (block) => block.task('inner', refund, { input: ({ item }) => item }));
// @ts-expect-error: no error outside a catch
begun.set('v', ({ error }) => error);

// Each method takes the options of its performer, and no others.
// @ts-expect-error: a value is not tried again
begun.set('v', 1, { retry: 3 });
// @ts-expect-error: a value is handed nothing
begun.set('v', 1, { input: cel('input') });
// @ts-expect-error: a pause is not undone
begun.sleep('v', '1s', { compensate: 'undo' });
// @ts-expect-error: a wait is not tried again
begun.wait('v', { signal: 'go' }, { retry: 3 });
// @ts-expect-error: a switch chooses once
begun.switch('v', [{ else: 'left' }], { forEach: cel('input') });
// @ts-expect-error: a cancel takes no time
begun.cancel('v', 'a', { timeout: '1s' });
// @ts-expect-error: a child has no loop
begun.workflow('v', 'child', { loop: { until: cel('true'), max: 2 } });
// @ts-expect-error: a block is run again by its catch, or its loop
begun.scope('v', (block) => block.task('inner', refund), { retry: 3 });

// Messages: what comes and what was sent is typed; `to` and `mailbox` are text.
const letters = workflow<Order>('letters', {
  mailboxes: { desk: { limit: 5, retry: { maxAttempts: 2 } } },
  topics: { news: { subscribers: ['#desk', 'said'] } },
})
  .task('quote', quote, { may: ['send'] })
  .send('ask', {
    to: ({ input }) => input.customer,
    data: ({ outputs, item }) => {
      same<Equal<keyof typeof outputs, never>>();
      return { item };
    },
    performative: 'request',
    conversation: ({ input }) => input.customer,
    expires: '1m',
    until: 'acknowledged',
  })
  .send('hand', { to: '#desk' }, { after: 'quote', input: ({ outputs }) => outputs.quote.price, timeout: '1s' })
  .wait(
    'said',
    {
      message: {
        from: 'quote',
        performative: 'inform',
        inReplyTo: ({ outputs }) => {
          same<Equal<typeof outputs.ask, { readonly id: string }>>();
          return outputs.ask.id;
        },
        where: ({ message, outputs }) => {
          same<Equal<typeof message.data, Json>>();
          return message.from !== outputs.ask.id && message.delivery > 1;
        },
      },
      timeout: '1h',
    },
    { after: 'ask' },
  )
  .send('tell', { topic: '#news', data: 1, type: 'flash' })
  .send('quoted', { to: ({ input }) => input.customer, until: 'replied', deadline: '1h', performative: 'query' })
  .set(
    'heard',
    ({ outputs }) => {
      same<Equal<typeof outputs.tell, { readonly id: string; readonly recipients: number }>>();
      same<Equal<typeof outputs.quoted, Message>>();
      return outputs.quoted.data;
    },
    { after: ['tell', 'quoted'] },
  )
  .wait('typed', { message: { schema: {} as StandardSchemaV1<Order> } })
  .wait('shaped', { message: { schema: { type: 'object' } } })
  .set(
    'total',
    ({ outputs }) => {
      same<Equal<typeof outputs.typed, Message<Order>>>();
      same<Equal<typeof outputs.shaped, Message>>();
      return 1;
    },
    { after: ['typed', 'shaped'] },
  )
  .wait('any', { message: true }, { after: 'said', when: ({ outputs }) => outputs.said.sentAt > 1 })
  .wait('each', { message: { mailbox: '#desk' } }, { forEach: { items: () => [1, 2], need: 1 } })
  .set(
    'end',
    ({ outputs }) => {
      same<Equal<typeof outputs.said.id, string>>();
      same<Equal<typeof outputs.said.data, Json>>();
      same<Equal<typeof outputs.said.conversation, string | undefined>>();
      same<Equal<typeof outputs.hand, { readonly id: string }>>();
      return outputs.any?.performative === 'accept-proposal' ? outputs.any.mailbox : (outputs.each[0]?.from ?? '');
    },
    { after: ['any', 'hand', 'each', 'heard', 'total'] },
  )
  .build();
same<Equal<WorkflowOutput<typeof letters>, string>>();

// @ts-expect-error: a message says where to
begun.send('v', { data: 1 });
// @ts-expect-error: no such performative
begun.send('v', { to: 'a', performative: 'shout' });
// @ts-expect-error: no such end of a send
begun.send('v', { to: 'a', until: 'heard' });
// @ts-expect-error: to a mailbox, or to whoever subscribes
begun.send('v', { to: 'a', topic: '#news' });
// @ts-expect-error: what is published is acknowledged by several
begun.send('v', { topic: '#news', until: 'acknowledged' });
// @ts-expect-error: what is published answers nothing
begun.send('v', { topic: '#news', inReplyTo: 'a' });
// @ts-expect-error: which mailboxes
workflow('v', { topics: { news: { subscribers: 3 } } });
// @ts-expect-error: no such part of a topic
workflow('v', { topics: { news: { limit: 3 } } });
// @ts-expect-error: it is dropped, or it is not said
begun.send('v', { to: 'a', expires: '1s', drop: false });
// @ts-expect-error: a message is not sent again by itself
begun.send('v', { to: 'a' }, { retry: 3 });
// @ts-expect-error: a message is not undone
begun.send('v', { to: 'a' }, { compensate: 'undo' });
// @ts-expect-error: the id is taken
begun.send('a', { to: 'a' });
// @ts-expect-error: outputs of what it does not come after
begun.send('v', { to: 'a', data: ({ outputs }) => outputs.a });
// @ts-expect-error: true, or which messages
begun.wait('v', { message: false });
// @ts-expect-error: no such performative
begun.wait('v', { message: { performative: 'shout' } });
// @ts-expect-error: a mailbox keeps what came
begun.wait('v', { message: true, buffered: false });
// @ts-expect-error: a signal or a message
begun.wait('v', { message: true, signal: 'go' });
// @ts-expect-error: a form or a message
begun.wait('v', { message: true, form: {} });
// @ts-expect-error: nobody answers a message for another
begun.wait('v', { message: true, assignee: 'kim' });
// @ts-expect-error: no such part of a message
begun.wait('v', { message: true }, { after: 's' }).set('w', ({ outputs }) => outputs.v.nope, { after: 'v' });
// @ts-expect-error: a mailbox has a limit of messages
workflow('v', { mailboxes: { desk: { limit: 'many' } } });
// @ts-expect-error: nothing else is said of a mailbox
workflow('v', { mailboxes: { desk: { size: 3 } } });
