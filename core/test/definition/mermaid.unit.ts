import { expect } from 'chai';
import { describe, it } from 'mocha';
import { cel, toMermaid, workflow } from '../../src/index.ts';

const { definition } = workflow('picture')
  .fallbackTask('manual', { capability: 'human' })
  .task('inventory', 'lister', { fallback: { task: 'manual' } })
  .task('inspect', 'inspect', { after: 'inventory', forEach: cel('outputs.inventory') })
  .task('legal', 'lawyer', {
    after: 'inspect',
    when: cel('outputs.inspect.exists(x, x == "<b>|]#")'),
    fallback: { agent: 'paralegal' },
  })
  .task('edit', 'editor', { after: ['inspect', 'legal'] })
  .task('end', 'critic', { after: 'edit', repeat: { from: 'edit', until: ({ round }) => round > 2, max: 3 } })
  .build();

describe('toMermaid', () => {
  it('draws edges, conditions, forEach, fallbacks and repeats', () => {
    expect(toMermaid(definition).split('\n')).to.deep.equal([
      'flowchart TD',
      '  t0["manual<br/>any agent that can human"]',
      '  t1["inventory<br/>lister"]',
      '  t2[["inspect<br/>for each of outputs.inventory"]]',
      '  t3(["legal<br/>lawyer"])',
      '  t4["edit<br/>editor"]',
      '  t5["end<br/>critic"]',
      '  t1 -.->|"on failure"| t0',
      '  t1 --> t2',
      '  t2 -->|"if outputs.inspect.exists(x, x == #34;#60;b#62;#124;#93;#35;#34;)"| t3',
      '  t3 -.->|"on failure"| t3f("paralegal")',
      '  t2 --> t4',
      '  t3 --> t4',
      '  t4 --> t5',
      '  t5 ==>|"repeat until round #62; 2, 3 rounds at most"| t4',
      '',
    ]);
  });
});

describe('toMermaid: blocks and performers', () => {
  const { definition } = workflow('whole')
    .wait('ok', { signal: 'approved' })
    .switch('route', [{ when: cel('outputs.ok'), then: 'book' }, { else: 'stop' }], { after: 'ok' })
    .end('stop', { bought: false }, { after: 'route' })
    .scope(
      'book',
      (block) => block.task('pay', 'payer', { compensate: 'refund' }).workflow('ship', 'shipping', { after: 'pay' }),
      {
        after: 'route',
        loop: { until: cel('output.ok'), max: 3 },
        catch: [
          {
            on: { code: 'DECLINED' },
            do: (handler) => handler.wait('card', { signal: 'new-card' }).task('note', 'clerk', { after: 'card' }),
            then: 'retry',
            max: 2,
          },
        ],
      },
    )
    .sleep('nap', '1s', { after: 'route', case: 'book' })
    .set('first', cel('outputs.nap'), { after: ['book', 'nap'], join: 'any', rest: 'cancel' })
    .raise('late', { code: 'LATE' }, { after: 'first', when: cel('outputs.first == null') })
    .catch([{ then: 'continue' }])
    .build();

  it('draws each with a shape of its own, scopes as frames, catches dotted', () => {
    expect(toMermaid(definition).split('\n')).to.deep.equal([
      'flowchart TD',
      '  t0{{"ok<br/>waits for approved"}}',
      '  t1{"route"}',
      '  t2((("stop<br/>end with a template")))',
      '  subgraph t3["book<br/>loop until output.ok, 3 rounds at most"]',
      '    t3_0["pay<br/>payer"]',
      '    t3_1[\\"ship<br/>workflow shipping"/]',
      '  end',
      '  t3c0>"catch DECLINED<br/>then retry, 2 times at most"]',
      '  t3c0_0{{"card<br/>waits for new-card"}}',
      '  t3c0_1["note<br/>clerk"]',
      '  t4[/"nap<br/>sleeps 1.0s"\\]',
      '  t5[/"first<br/>= outputs.nap<br/>when 1 of 2 completed, the rest cancelled"/]',
      '  t6(("late<br/>raises LATE"))',
      '  wc0>"catch<br/>then continue"]',
      '  t3_0 -.->|"undone by"| t3_0u("refund")',
      '  t3_0 --> t3_1',
      '  t3 -.-> t3c0',
      '  t3c0_0 --> t3c0_1',
      '  t3c0 -.-> t3c0_0',
      '  t0 --> t1',
      '  t1 -->|"case stop"| t2',
      '  t1 -->|"case book"| t3',
      '  t1 -->|"case book"| t4',
      '  t3 --> t5',
      '  t4 --> t5',
      '  t5 -->|"if outputs.first == null"| t6',
      '',
    ]);
  });
});
