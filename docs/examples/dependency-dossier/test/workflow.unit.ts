import { expect } from 'chai';
import { describe, it } from 'mocha';
import { dossier, dossierInputSchema } from '../src/index.ts';

interface TestScope {
  readonly input?: unknown;
  readonly outputs?: unknown;
  readonly output?: unknown;
  readonly feedback?: unknown;
}

const task = (id: string): (typeof dossier.definition.tasks)[number] => {
  const found = dossier.definition.tasks.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`no task ${id}`);
  return found;
};

function evaluate(expression: unknown, scope: TestScope): unknown {
  const { fn } = expression as { fn?: (scope: TestScope) => unknown };
  if (fn === undefined) throw new Error('not a function');
  return fn(scope);
}

describe('the dossier workflow', () => {
  it('has the graph of its README', () => {
    expect(dossier.definition.tasks.map(({ id, agent, after }) => [id, agent, after])).to.deep.equal([
      ['inventory', 'inventory', []],
      ['inspect', 'inspector', ['inventory']],
      ['summarise', 'summariser', ['inventory']],
      ['audit', 'licence-auditor', ['inspect']],
      ['review', 'legal-review', ['audit']],
      ['score', 'risk-scorer', ['audit']],
      ['edit', 'editor', ['summarise', 'review', 'score']],
      ['check', 'critic', ['edit']],
    ]);
    expect(task('summarise').fallback).to.deep.equal({ kind: 'agent', agent: 'describer' });
    expect(task('check').repeat).to.include({ from: 'edit', max: 3 });
    expect(dossier.agents.map(({ name }) => name)).to.have.lengthOf(9);
  });

  it('hands every package its folder', () => {
    const outputs = { inventory: { folder: '/f', packages: [{ path: 'node_modules/a' }] } };
    for (const id of ['inspect', 'summarise']) {
      expect(evaluate(task(id).forEach?.items, { outputs })).to.deep.equal([{ folder: '/f', path: 'node_modules/a' }]);
    }
  });

  it('reviews licences only when there is something to review', () => {
    expect(evaluate(task('review').when, { outputs: { audit: { review: [] } } })).to.equal(false);
    expect(evaluate(task('review').when, { outputs: { audit: { review: [{}] } } })).to.equal(true);
  });

  it("gives the editor the critic's findings of the round before, and does without a skipped review", () => {
    const outputs = {
      inventory: { folder: '/f', project: { name: 'p', version: '1' }, source: 's', packages: [] },
      inspect: [],
      summarise: [{ text: 'A.' }],
      audit: { counts: {}, licences: [], review: [] },
      review: null,
      score: { ranked: [] },
    };
    const input = { outDir: 'out' };
    const first = evaluate(task('edit').input, { input, outputs, feedback: null });
    expect(first).to.deep.include({ folder: '/f', outDir: 'out', findings: [] });
    expect(first)
      .to.have.property('material')
      .that.deep.includes({ summaries: ['A.'], groups: [] });
    const findings = [{ code: 'missing-package', message: 'm', paths: ['p'] }];
    const second = evaluate(task('edit').input, { input, outputs, feedback: { complete: false, findings } });
    expect(second).to.deep.include({ findings });
  });

  it('ends the loop when the report is complete', () => {
    expect(evaluate(task('check').repeat?.until, { output: { complete: true, findings: [] } })).to.equal(true);
    expect(evaluate(task('check').repeat?.until, { output: { complete: false, findings: [] } })).to.equal(false);
  });

  it('has a default for everything that it takes', () => {
    expect(dossierInputSchema.parse({})).to.deep.equal({ folder: '.', outDir: '.reprise/dossier' });
    expect(dossierInputSchema.safeParse({ folder: '' }).success).to.equal(false);
  });
});
