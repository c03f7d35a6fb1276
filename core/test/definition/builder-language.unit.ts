import { expect } from 'chai';
import { describe, it } from 'mocha';
import { cel, defineAgent, parseWorkflow, remoteAgent, workflow } from '../../src/index.ts';

const pay = defineAgent({ name: 'pay', handle: () => ({ receipt: 'r' }) });
const refund = defineAgent({ name: 'refund', handle: () => null });
const child = workflow<unknown>('child', { version: '2' }).task('a', pay).build();

describe('the builder speaks the language of the texts', () => {
  it('word by word', () => {
    const built = workflow<Record<string, unknown>>('purchase')
      .task(
        'quotes',
        { capability: 'supplier' },
        { forEach: cel('input.suppliers'), compensate: { capability: 'undo', retry: 2 } },
      )
      .wait('approved', { signal: `\${ input.manager }`, timeout: '2d', default: { ok: false } }, { after: 'quotes' })
      .switch('route', [{ when: cel('outputs.approved.ok'), then: 'book' }, { else: 'stop' }], { after: 'approved' })
      .end('stop', { bought: false }, { after: 'route' })
      .scope(
        'book',
        (block) =>
          block
            .task('pay', pay, { input: cel('block.input'), delivery: 'at-most-once', compensate: refund })
            .sleep('rest', '1h', { after: 'pay' })
            .workflow('ship', child, { after: 'rest', retry: 3 }),
        {
          after: 'route',
          output: cel('outputs.ship'),
          concurrency: 2,
          catch: [
            {
              on: { code: 'CARD_DECLINED', task: 'pay' },
              when: cel('error.status == 402'),
              do: (handler) => handler.wait('card', { signal: 'new-card' }, { timeout: '1d' }),
              then: 'retry',
              max: 3,
            },
          ],
          loop: { until: cel('output.ok'), max: 2, feedback: { last: `\${ output }` } },
          mutex: { key: cel('input.customer') },
          timeout: '3d',
        },
      )
      .wait('carrier', { signal: 'delivered' }, { after: 'book' })
      .wait('customer', { signal: 'received' }, { after: 'book' })
      .set(
        'first',
        { carrier: `\${ outputs.carrier }` },
        { after: ['carrier', 'customer'], join: 'any', rest: 'cancel' },
      )
      .sleep('until', { until: '2030-01-31T08:00:00Z' }, { after: 'first' })
      .raise('late', { code: 'LATE', message: 'too late', details: { a: 1 } }, { after: 'until', when: cel('true') })
      .catch([{ then: 'continue', output: cel('error.code') }])
      .build();
    const text = `
name: purchase
tasks:
  quotes: { capability: supplier, forEach: input.suppliers, compensate: { capability: undo, retry: 2 } }
  approved: { wait: { signal: "\${ input.manager }", timeout: 2d, default: { ok: false } }, after: quotes }
  route: { switch: [{ when: outputs.approved.ok, then: book }, { else: stop }], after: approved }
  stop: { end: { output: { bought: false } }, after: route }
  book:
    after: route
    scope:
      pay: { agent: pay, input: "\${ block.input }", delivery: at-most-once, compensate: refund }
      rest: { sleep: 1h, after: pay }
      ship: { workflow: { name: child, version: "2" }, after: rest, retry: 3 }
    output: \${ outputs.ship }
    concurrency: 2
    catch:
      - on: { code: CARD_DECLINED, task: pay }
        when: error.status == 402
        do: { card: { wait: { signal: new-card }, timeout: 1d } }
        then: retry
        max: 3
    loop: { until: output.ok, max: 2, feedback: { last: "\${ output }" } }
    mutex: \${ input.customer }
    timeout: 3d
  carrier: { wait: { signal: delivered }, after: book }
  customer: { wait: { signal: received }, after: book }
  first: { set: { carrier: "\${ outputs.carrier }" }, after: [carrier, customer], join: any, rest: cancel }
  until: { sleep: { until: "2030-01-31T08:00:00Z" }, after: first }
  late: { raise: { code: LATE, message: too late, details: { a: 1 } }, after: until, when: "true" }
catch: [{ then: continue, output: "\${ error.code }" }]
`;
    expect(built.definition).to.deep.equal(parseWorkflow(text).definition);
    expect(built.agents).to.deep.equal([pay, refund]);
    expect(built.children).to.deep.equal([child]);
  });

  it('functions stand wherever an expression may', () => {
    const { definition } = workflow<{ a: string }>('x')
      .switch('route', [{ when: ({ input }) => input.a === '', then: 'left' }])
      .wait('w', { signal: ({ input }) => input.a, default: () => null, timeout: 1 })
      .sleep('s', { for: () => 5 })
      .set('v', ({ input }) => input.a)
      .raise('r', { code: 'A', message: () => 'no', details: () => ({}) }, { when: () => false })
      .build();
    const [route, w, s, v, r] = definition.tasks;
    const kinds = [route?.switch?.cases[0]?.when, w?.wait?.signal, w?.wait?.default, v?.set, r?.raise?.details];
    expect(kinds.map((one) => one?.kind)).to.deep.equal(Array(5).fill('function'));
    expect(s?.sleep).to.deep.include({ kind: 'for-computed' });
  });

  it('the tasks of a block may also be given an output and a catch by their builder', () => {
    const { definition } = workflow('x')
      .scope('b', (block) =>
        block
          .task('a', pay)
          .output(cel('outputs.a'))
          .catch([{ then: 'fail' }]),
      )
      .build();
    expect(definition.tasks[0]?.scope).to.deep.include({ output: cel('outputs.a'), catch: [{ then: 'fail' }] });
  });

  it('reports what is wrong inside blocks, with its place', () => {
    const other = defineAgent({ name: 'pay', handle: () => 1 });
    const bad = workflow('x')
      .scope('b', (block) => block.task('a', pay, { input: cel('outputs.z') }).task('c', other), {
        catch: [{ do: (handler) => handler.task('h', 'q', { retry: -1 }), then: 'fail' }],
      })
      .scope('none', () => ({}));
    expect(() => bad.build()).to.throw(
      /b\.scope\.c\.agent: there are two different agents named 'pay'[\s\S]*none\.scope: must be what a builder of tasks gives back, not an object[\s\S]*catch\[0\]\.do\.h\.retry\.maxAttempts[\s\S]*b\.scope\.a\.input: outputs\.z: there is no task 'z'/,
    );
  });
});

describe('an agent that runs elsewhere', () => {
  it('stands wherever an agent does, by its name', () => {
    const far = remoteAgent({ name: 'far', capabilities: ['reach'] });
    const built = workflow('remote')
      .task('a', far, { compensate: far, fallback: { agent: far } })
      .build();
    const [task] = built.definition.tasks;
    expect(task).to.deep.include({ agent: 'far', fallback: { kind: 'agent', agent: 'far' } });
    expect(task?.compensate).to.include({ agent: 'far' });
    expect(built.agents).to.deep.equal([far]);
  });
});
