import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseWorkflow } from '@reprise/core';
import { callAgent, given, simulate, started } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { changeSchema, sorter } from '../agents.ts';
import { releaseNotes } from '../workflow.ts';

const YAML = parseWorkflow(readFileSync(join(import.meta.dirname, '..', 'release-notes.yaml'), 'utf8'));

describe('release notes', () => {
  // #region simulate
  it('classify a line again when the service is busy', async () => {
    const { outcome, calls, duration } = await simulate(releaseNotes, {
      input: {},
      agents: {
        reader: { output: ['breaking: b'] },
        classifier: [{ fail: 'busy' }, { output: { kind: 'breaking', text: 'b' } }],
        sorter: 'never',
        guide: { output: ['Read b.'] },
        editor: ({ input }) => input,
      },
    });
    expect(outcome).to.deep.equal({
      status: 'completed',
      output: { changes: [{ kind: 'breaking', text: 'b' }], steps: ['Read b.'] },
    });
    expect(calls.filter(({ agent }) => agent === 'classifier').map(({ attempt }) => attempt)).to.deep.equal([1, 2]);
    expect(duration).to.be.within(450, 550);
  });
  // #endregion

  // #region given
  it('skip the guide when nothing is breaking', () => {
    given(
      started(releaseNotes, { file: 'changes.txt' }),
      { type: 'TaskScheduled', taskId: 'read', attempt: 1, agent: 'reader', input: null },
      { type: 'TaskCompleted', taskId: 'read', attempt: 1, via: 'agent', output: ['fix: f'] },
      { type: 'TaskExpanded', taskId: 'classify', from: 0, items: ['fix: f'], total: 1 },
      { type: 'TaskScheduled', taskId: 'classify[0]', attempt: 1, agent: 'classifier', input: 'fix: f' },
    )
      .when({ type: 'CompleteTask', taskId: 'classify[0]', attempt: 1, output: { kind: 'fix', text: 'f' } })
      .thenEvents(
        { type: 'TaskCompleted', taskId: 'classify[0]' },
        { type: 'TaskCompleted', taskId: 'classify', via: 'items' },
        { type: 'TaskSkipped', taskId: 'guide', reason: 'condition' },
      );
  });
  // #endregion

  for (const [form, definition] of [
    ['TypeScript', releaseNotes],
    ['YAML', YAML],
  ] as const) {
    it(`put the sorter in for a line without a kind, at once (${form})`, async () => {
      const { outcome, state, duration } = await simulate(definition, {
        input: { file: 'changes.txt' },
        agents: {
          reader: { output: ['Tidy up'] },
          classifier: { fail: { code: 'NO_KIND', retryable: false } },
          sorter: { output: { kind: 'other', text: 'Tidy up' } },
          guide: 'never',
          editor: ({ input }) => input,
        },
      });
      expect(outcome).to.deep.equal({
        status: 'completed',
        output: { changes: [{ kind: 'other', text: 'Tidy up' }], steps: [] },
      });
      expect(state.tasks.get('guide')?.status).to.equal('skipped');
      expect(duration).to.equal(0);
    });
  }

  it('are the same graph in both forms', () => {
    const graphs = [releaseNotes, YAML].map(({ definition }) =>
      definition.tasks.map(({ id, agent, after, retry, timeouts, fallback }) => ({
        ...{ id, agent, after, retry, timeouts, fallback },
      })),
    );
    expect(graphs[0]).to.deep.equal(graphs[1]);
  });

  it('keep lines that the sorter sorts', async () => {
    const { output } = await callAgent(sorter, 'Tidy up');
    expect(changeSchema.parse(output)).to.deep.equal({ kind: 'other', text: 'Tidy up' });
  });
});
