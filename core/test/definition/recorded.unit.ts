import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  bindDefinition,
  cel,
  hashDefinition,
  jsonProblem,
  recordDefinition,
  type WorkflowDefinition,
  workflow,
} from '../../src/index.ts';

const build = (limit: number): WorkflowDefinition =>
  workflow<{ list: number[] }>('bound')
    .task('a', 'agent', { when: ({ input }) => input.list.length > limit, input: ({ input }) => input.list })
    .task('b', 'agent', { after: 'a', forEach: ({ input }) => input.list, input: cel('item') })
    .task('c', 'agent', { after: 'b', repeat: { until: ({ round }) => round > 1, max: 2 } })
    .output(({ outputs }) => outputs.c)
    .build().definition;

describe('recorded definitions', () => {
  it('are plain JSON with the digests of functions', () => {
    const recorded = recordDefinition(build(1));
    expect(jsonProblem(recorded)).to.equal(undefined);
    const when = recorded.tasks[0]?.when;
    expect(when?.kind === 'function' && when.fn).to.equal(undefined);
    expect(when?.kind === 'function' && when.digest).to.match(/^[0-9a-f]{64}$/);
  });

  it('hash the same with functions and without, and differently when anything differs', () => {
    const definition = build(1);
    expect(hashDefinition(recordDefinition(definition))).to.equal(hashDefinition(definition));
    expect(hashDefinition({ ...definition, concurrency: 3 })).to.not.equal(hashDefinition(definition));
  });

  it('hash the same in whatever order their keys are', () => {
    const recorded = recordDefinition(build(1));
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.keys(recorded), { minLength: Object.keys(recorded).length }), (keys) => {
        const shuffled = Object.fromEntries(keys.map((key) => [key, recorded[key as keyof WorkflowDefinition]]));
        expect(hashDefinition(shuffled as unknown as WorkflowDefinition)).to.equal(hashDefinition(recorded));
      }),
    );
  });

  it('get their functions back by place', () => {
    const definition = build(1);
    const bound = bindDefinition(recordDefinition(definition), definition);
    expect(bound.missing).to.deep.equal([]);
    expect(bound.changed).to.deep.equal([]);
    expect(bound.definition).to.deep.equal(definition);
  });

  it('name the places whose functions are missing', () => {
    const recorded = recordDefinition(build(1));
    const every = ["task 'a': when", "task 'a': input", "task 'b': forEach", "task 'c': repeat.until", 'output'];
    expect(bindDefinition(recorded, undefined).missing).to.deep.equal(every);
    const { tasks, ...others } = build(1);
    const without = { ...others, tasks: tasks.filter((task) => task.id !== 'a') };
    expect(bindDefinition(recorded, without).missing).to.deep.equal(every.slice(0, 2));
  });

  it('name the places whose functions changed, and keep everything else as recorded', () => {
    const recorded = recordDefinition(build(1));
    const other = workflow<{ list: number[] }>('bound')
      .task('a', 'other', { when: ({ input }) => input.list.length > 99, input: ({ input }) => input.list })
      .build().definition;
    const { definition, changed } = bindDefinition(recorded, other);
    expect(changed).to.deep.equal(["task 'a': when"]);
    expect(definition.tasks[0]?.agent).to.equal('agent');
  });

  it('need no registered definition when they have no functions', () => {
    const plain = workflow('plain')
      .task('a', 'x', { when: cel('true') })
      .build().definition;
    expect(bindDefinition(recordDefinition(plain), undefined)).to.deep.equal({
      definition: plain,
      missing: [],
      changed: [],
    });
  });
});
