import { readFileSync } from 'node:fs';
import { toMermaid, workflowToYaml } from '@reprise/core';
import { simulate } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { pathOf } from './event-types.ts';
import { order } from './order-example.ts';

// What docs/reference/workflow-format.md shows of the builder is the file of the example.

describe('the example of the builder', () => {
  it('is on the page as it is here', () => {
    const example = readFileSync(pathOf('core/test/workflow-docs/order-example.ts'), 'utf8');
    expect(readFileSync(pathOf('docs/reference/workflow-format.md'), 'utf8')).to.contain(`\`\`\`ts\n${example}\`\`\``);
  });

  it('runs, and can be drawn', async () => {
    const given = { reserved: 1 };
    const { outcome, state } = await simulate(order, {
      input: { goods: ['book'], total: 7 },
      agents: {
        reserve: { output: given },
        release: { output: null },
        charge: { output: { payment: 'P-7' } },
        refund: { output: null },
        fast: { output: 'fast' },
        cheap: { delay: '1h', output: 'cheap' },
        write: { output: { text: 'Dear customer', good: true } },
      },
    });
    expect(outcome).to.deep.equal({ status: 'completed', output: { payment: { payment: 'P-7' }, carrier: 'fast' } });
    expect(state.tasks.get('approved')?.status).to.equal('skipped');
    expect(toMermaid(order.definition)).to.contain('letter');
    expect(() => workflowToYaml(order.definition)).to.throw('function');
  });
});
