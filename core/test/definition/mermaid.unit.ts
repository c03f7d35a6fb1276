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

  it('colours tasks by state, and ignores states and tasks that it does not know', () => {
    const picture = toMermaid(definition, {
      inventory: 'completed',
      inspect: 'running',
      legal: 'running',
      edit: 'odd',
      nobody: 'failed',
    });
    expect(picture).to.match(/classDef completed fill:/);
    expect(picture).to.include('  class t1 completed\n').and.include('  class t2,t3 running\n');
    expect(picture).to.not.match(/odd|classDef failed/);
  });
});
