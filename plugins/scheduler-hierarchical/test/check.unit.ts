import { isRepriseError, type JsonObject, type TeamSchedulingView } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createHierarchicalStrategy } from '../src/index.ts';
import { SPEC, TeamPlay } from './support.ts';

const { team, select } = createHierarchicalStrategy();
const check = (spec: unknown): readonly string[] => team.check?.(spec as JsonObject) ?? [];

describe('what a workflow says of a hierarchical team', () => {
  it('is right', () => {
    const all = {
      ...SPEC,
      manager: { capability: 'lead' },
      workers: [
        'writer',
        {
          agent: 'critic',
          description: 'Criticises',
          capabilities: ['style'],
          atOnce: 3,
          handed: 'input',
          task: { retry: 2, maxUsage: { tokens: 10 } },
        },
        { capability: 'read' },
        { workflow: 'audit', task: { timeout: '1h', budget: { tokens: 100 } } },
        { name: 'crew', team: { name: 'hierarchical', ...SPEC }, task: { budget: { tasks: 3 } } },
        { name: 'bidders', team: { name: 'autonomous', mode: 'bid' } },
      ],
      review: 'failed',
      bounds: { delegations: 10, stalls: 0, resets: 0, nonsense: 0, rejections: 0 },
      managerTimeout: '30s',
      managerAttempts: 1,
    };
    expect(check(SPEC)).to.deep.equal([]);
    expect(check(all)).to.deep.equal([]);
  });

  it('is told all that is wrong with it, each in a sentence', () => {
    const problems = check({
      goals: 'x',
      manager: 7,
      workers: [
        'writer',
        { agnet: 'critic' },
        { agent: 'writer', capability: 'x', atOnce: 0, handed: 'inptu', task: { retri: 1 } },
      ],
      review: 'faild',
      bounds: { delegation: 5, stalls: -1 },
      managerTimeout: 'soon',
      managerAttempts: 0,
    });
    expect(problems).to.deep.equal([
      `the strategy hierarchical has no "goals"; did you mean 'goal'? There are goal, manager, workers, review, bounds, managerTimeout, managerAttempts.`,
      'goal is missing: what the team is for, as text.',
      'manager is 7, not the name of an agent, { agent: … } or { capability: … }.',
      `workers[1] has no "agnet"; did you mean 'agent'? There are agent, capability, workflow, team, name, description, capabilities, atOnce, handed, task.`,
      'workers[1] needs one of agent, capability, workflow, team.',
      'workers[2] needs one of agent, capability, workflow, team, and has agent, capability.',
      'workers[2].atOnce is not a whole number from 1 to 1000.',
      `workers[2].handed is "inptu"; did you mean 'input'? There are step, input.`,
      `workers[2].task has no "retri"; did you mean 'retry'? There are retry, timeout, delivery, fallback, compensate, mutex, priority, may, maxUsage.`,
      "workers[2] is called 'writer', as workers[0] is; give it another name.",
      `review is "faild"; did you mean 'failed'? There are all, failed, none.`,
      `bounds has no "delegation"; did you mean 'delegations'? There are delegations, stalls, resets, nonsense, rejections.`,
      'bounds.stalls is -1, not a whole number from 0 to 100.',
      'managerTimeout is "soon", not a duration, such as "5m".',
      'managerAttempts is 0, not a whole number from 1 to 100.',
    ]);
  });

  for (const [spec, says] of [
    [{}, /goal is missing.*manager is missing.*workers is missing/],
    [{ ...SPEC, goal: ' ' }, /goal is not text/],
    [{ ...SPEC, workers: [] }, /workers is not a list of 1 to 1000/],
    [{ ...SPEC, workers: 'writer' }, /workers is not a list/],
    [{ ...SPEC, workers: ['a b'] }, /workers\[0\] is "a b", no name of an agent/],
    [{ ...SPEC, workers: [null] }, /workers\[0\] is neither/],
    [{ ...SPEC, workers: [{ agent: 'a b' }] }, /workers\[0\]\.agent is "a b", which is no name/],
    [{ ...SPEC, workers: [{ team: { name: 'bid' } }] }, /workers\[0\] is a team, and needs a name/],
    [{ ...SPEC, workers: [{ name: 'crew', team: 'bid' }] }, /workers\[0\]\.team is not a strategy/],
    [
      { ...SPEC, workers: [{ name: 'c', team: { name: 'x' }, task: { retry: 2 } }] },
      /workers\[0\]\.task has no "retry"/,
    ],
    [
      { ...SPEC, workers: [{ name: 'crew', team: { ...SPEC, name: 'hierarchical', workers: ['a b'], review: 1 } }] },
      /workers\[0\] of workers\[0\]\.team is "a b".*review is 1; .* \(of workers\[0\]\.team\)/,
    ],
    [{ ...SPEC, manager: { agent: 'a', capability: 'b' } }, /manager is .*, not the name/],
    [{ ...SPEC, bounds: 3 }, /bounds is not an object/],
    [{ ...SPEC, bounds: { delegations: 100_000 } }, /bounds\.delegations is 100000, not a whole number from 1 to 1000/],
  ] as const) {
    it(`is wrong: ${says}`, () => {
      const problems = check(spec);
      expect(problems.join(' ')).to.match(says);
      for (const problem of problems) expect(problem).to.match(/\.$/);
    });
  }

  it('asks for its manager and its workers, those of teams in it, too', () => {
    const inner = {
      name: 'hierarchical',
      goal: 'g',
      manager: { capability: 'lead' },
      workers: ['reader', { agent: 'x' }],
    };
    const spec = {
      ...SPEC,
      workers: [
        'writer',
        { capability: 'read', task: { fallback: [{ agent: 'spare' }, { value: 1 }], compensate: 'undoer' } },
        { workflow: 'audit' },
        { name: 'crew', team: inner },
      ],
    };
    expect(team.agentsOf?.(spec)).to.deep.equal([
      { agent: 'editor' },
      { agent: 'writer' },
      { capability: 'read' },
      { agent: 'spare' },
      { agent: 'undoer' },
      { capability: 'lead' },
      { agent: 'reader' },
      { agent: 'x' },
    ]);
    expect(team.agentsOf?.({ manager: 3, workers: 'x' } as unknown as JsonObject)).to.deep.equal([]);
  });

  it('that was not checked leads nothing', () => {
    const view: TeamSchedulingView = new TeamPlay(createHierarchicalStrategy(), {
      spec: { goal: 'g' },
      manager: () => null,
    }).view();
    expect(() => select(view))
      .to.throw(/manager is missing/)
      .that.satisfies((error: unknown) => isRepriseError(error, 'REPRISE_DEFINITION_INVALID'));
  });
});
