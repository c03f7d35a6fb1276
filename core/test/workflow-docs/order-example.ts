import { defineAgent, workflow } from '@reprise/core';

const agent = <In, Out>(name: string, give: (input: In) => Out) =>
  defineAgent({ name, handle: ({ input }: { input: In }) => give(input) });

interface Order {
  readonly goods: readonly string[];
  readonly total: number;
}

const reserve = agent('reserve', (goods: readonly string[]) => ({ reserved: goods.length }));
const release = agent('release', (_: unknown) => null);
const charge = agent('charge', (total: number) => ({ payment: `P-${total}` }));
const refund = agent('refund', (_: unknown) => null);
const fast = agent('fast', (_: unknown) => 'fast carrier');
const cheap = agent('cheap', (_: unknown) => 'cheap carrier');
const write = agent('write', (_: unknown) => ({ text: 'Dear customer', good: true }));
const packing = workflow<readonly string[]>('packing').task('pack', reserve).build();

export const order = workflow<Order>('order')
  .switch('route', [{ when: ({ input }) => input.total > 1000, then: 'approved' }, { else: 'direct' }])
  .wait('approved', { signal: 'approval', timeout: '2d', default: { ok: false } }, { after: 'route' })
  .set('direct', () => ({ ok: true }), { after: 'route' })
  .scope(
    'book',
    (block) =>
      block
        .task('reserve', reserve, { input: ({ input }) => input.goods, compensate: release })
        .task('charge', charge, {
          after: 'reserve',
          input: ({ input }) => input.total,
          delivery: 'at-most-once',
          compensate: refund,
        }),
    {
      after: ['approved', 'direct'],
      timeout: '1h',
      // A new card, and the block again, once what it did is undone.
      catch: [
        {
          on: { code: 'CARD_DECLINED' },
          do: (handler) => handler.wait('card', { signal: 'new-card', timeout: '1d' }),
          then: 'retry',
          max: 2,
        },
      ],
    },
  )
  .workflow('pack', packing, { after: 'book', input: ({ input }) => input.goods })
  .task('fast', fast, { after: 'pack' })
  .task('cheap', cheap, { after: 'pack' })
  .set('carrier', ({ outputs }) => outputs.fast ?? outputs.cheap, {
    after: ['fast', 'cheap'],
    join: 'any',
    rest: 'cancel',
  })
  .scope('letter', (block) => block.task('draft', write, { input: ({ feedback }) => feedback }), {
    after: 'carrier',
    loop: { until: ({ outputs }) => outputs.draft.good, max: 3, onExhausted: 'accept' },
  })
  .sleep('cooling', '1s', { after: 'letter' })
  .output(({ outputs }) => ({ payment: outputs.book, carrier: outputs.carrier }))
  .build();
