import { type Json, type Scope, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { TaskGraph } from '../../src/definition/task-graph.ts';
import {
  type BindingSource,
  bindInput,
  bindOutput,
  scopeOf,
} from '../../src/orchestration/task-chaining/input-binding.ts';
import { PureRun, types } from '../workflow/pure-run.ts';

const { definition } = workflow<{ n: number }>('binding')
  .task('a', 'agent')
  .task('b', 'agent', { after: 'a' })
  .task('c', 'agent', { after: ['a', 'b'] })
  .task('mapped', 'agent', { after: 'b', input: ({ outputs, input }) => ({ sum: (outputs.a as number) + input.n }) })
  .task('each', 'agent', { after: 'a', forEach: ({ outputs }) => outputs.a as Json[] })
  .task('below', 'agent', { after: 'each' })
  .build();

const graph = TaskGraph.of(definition);

const source = (outputs: Readonly<Record<string, Json>>): BindingSource => ({
  runId: 'r',
  input: { n: 1 },
  outputOf: (_scope, id) => outputs[id],
});

const reader = (id: string, round = 1) => ({ id, block: '', scope: '', round });

const bind = (
  id: string,
  outputs: Readonly<Record<string, Json>>,
  maxChars = 1000,
  item?: { item: Json; index: number },
) => {
  const node = graph.node(id);
  if (node === undefined) throw new Error(`no task ${id}`);
  const place = { node, scope: '', item: item?.item, reader: () => ({ ...reader(id), item }) };
  return bindInput(graph, source(outputs), place, maxChars);
};

describe('the input of a task', () => {
  it('is that of the run without dependencies, the output of the only one, or all of them by id', () => {
    expect(bind('a', {})).to.deep.equal({ ok: true, value: { n: 1 } });
    expect(bind('b', { a: 7 })).to.deep.equal({ ok: true, value: 7 });
    expect(bind('c', { a: 7, b: null })).to.deep.equal({ ok: true, value: { a: 7, b: null } });
  });

  it('is the item of a forEach', () => {
    expect(bind('each', { a: [5] }, 1000, { item: 5, index: 0 })).to.deep.equal({ ok: true, value: 5 });
  });

  it('is what its mapping says, of all that came before', () => {
    expect(bind('mapped', { a: 2, b: 'ignored' })).to.deep.equal({ ok: true, value: { sum: 3 } });
  });

  it('is refused when it is larger than the limit: joined, mapped, or gathered from items', () => {
    const long = 'x'.repeat(80);
    for (const [id, outputs] of [
      ['c', { a: long, b: long }],
      ['mapped', { a: long }],
      ['below', { each: [long, long] }],
    ] as const) {
      const bound = bind(id, outputs, 50);
      expect(bound.ok === false && bound.error.code, id).to.equal('REPRISE_PAYLOAD_TOO_LARGE');
    }
  });
});

describe('what expressions see', () => {
  it('is the outputs of everything before, and no more', () => {
    const scope = scopeOf(graph, source({ a: 1, b: 2, c: 3, each: [] }), reader('mapped', 2));
    expect(scope).to.deep.equal({ input: { n: 1 }, outputs: { a: 1, b: 2 }, runId: 'r', round: 2, feedback: null });
  });

  it('of the run, for its output, is everything', () => {
    let seen: Scope | undefined;
    const output = {
      kind: 'function',
      digest: '',
      fn: (scope: Scope) => {
        seen = scope;
        return 1;
      },
    } as const;
    const scope = () => scopeOf(graph, source({ a: 1, c: 3 }), { block: '', scope: '', round: 1 });
    expect(bindOutput(output, scope, 'output', 'output', 100)).to.deep.equal({ ok: true, value: 1 });
    expect(seen?.outputs, 'null for what has not ended').to.deep.equal({
      ...{ a: 1, b: null, c: 3, mapped: null, each: null, below: null },
    });
    expect(bindOutput(undefined, scope, 'output', 'output', 100)).to.equal(undefined);
  });
});

describe('an expression that changes what it sees', () => {
  const sorting = () =>
    workflow<number[]>('sorting')
      .task('a', 'agent')
      .task('b', 'agent', { after: 'a', input: ({ outputs }) => (outputs.a as number[]).sort() })
      .build();

  it('fails, and changes nothing: what it sees is history', () => {
    const run = new PureRun(sorting(), []);
    run.run('a', [3, 1, 2]);
    expect(types(run.schedule('b'))).to.deep.equal(['TaskFailed', 'RunFailed']);
    expect(run.task('b').error?.code).to.equal('REPRISE_EXPRESSION_FAILED');
    expect(run.task('a').output).to.deep.equal([3, 1, 2]);
  });

  it('may change a copy', () => {
    const copying = workflow<number[]>('copying')
      .task('a', 'agent', { input: ({ input }) => input.toSorted() })
      .build();
    expect(new PureRun(copying, [3, 1, 2]).schedule('a')[0]).to.deep.include({ input: [1, 2, 3] });
  });
});

describe('the scope of an expression', () => {
  it('costs what is read of it, however long the chain before is', () => {
    const length = 4000;
    let chain = workflow<number>('chain').task('t0', 'agent');
    for (let index = 1; index < length; index += 1)
      chain = chain.task(`t${index}`, 'agent', { after: `t${index - 1}` } as never) as never;
    const long = chain.build().definition;
    const asked: string[] = [];
    const from: BindingSource = {
      ...source({}),
      outputOf: (_scope, id) => {
        asked.push(id);
        return id;
      },
    };
    const scope = scopeOf(TaskGraph.of(long), from, reader(`t${length - 1}`));
    expect(asked).to.deep.equal([]);
    expect([scope.outputs[`t${length - 2}`], scope.outputs['t0'], scope.outputs[`t${length - 1}`]]).to.deep.equal([
      `t${length - 2}`,
      't0',
      undefined,
    ]);
    expect(asked).to.deep.equal([`t${length - 2}`, 't0']);
    expect(Object.keys(scope.outputs)).to.have.length(length - 1);
  });
});
