import { isRepriseError, parseWorkflow, toMermaid } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { types } from '../pure-run.ts';
import { goOnFrom } from './going-on.ts';
import { run } from './yaml-run.ts';

const merge = (more = '', tail = 'last: { agent: z, after: t }') =>
  run(
    `a: { agent: a, retry: 1 }\nb: { agent: a, when: input != 'skip' }\nc: { agent: a }\nt: { agent: t, after: [a, b, c], join: each, retry: 1${more} }\n${tail}`,
    'x',
  );

describe('a join of each', () => {
  it('begins an item with each dependency that completes, which is handed it', () => {
    const r = merge();
    r.schedule();
    expect(types(r.complete('c', 'C'))).to.deep.equal(['TaskCompleted', 'ItemJoined']);
    expect(r.schedule('t[2]')[0]).to.deep.include({ input: { task: 'c', output: 'C' } });
    expect([r.status('t'), r.status('last')]).to.deep.equal(['running', 'pending']);
    r.complete('t[2]', 'three');
    expect(r.status('t'), 'more may come').to.equal('running');
    r.complete('a', 'A');
    r.complete('b', 'B');
    r.run('t[1]', 'two');
    r.run('t[0]', 'one');
    expect(r.schedule('last')[0]).to.deep.include({ input: ['one', 'two', 'three'] });
    r.complete('last');
    expect(r.state.status).to.equal('completed');
  });

  it('copies nothing of what came', () => {
    const r = merge();
    r.schedule();
    r.complete('a', 'UNIQUE');
    expect(JSON.stringify(r.of('ItemJoined'))).to.not.include('UNIQUE');
    expect(r.of('ItemJoined')[0]).to.deep.include({ taskId: 't', index: 0 });
  });

  it('has no item for one that was skipped, cancelled, or chose another case', () => {
    const r = run(
      `
a: { agent: a }
b: { agent: a, when: 'false' }
route: { switch: [{ when: 'true', then: other }, { else: t }] }
gone: { agent: a }
drop: { cancel: gone }
t: { agent: t, after: [a, b, route, gone], join: each, case: { route: t } }`,
    );
    r.run('a');
    r.run('t[0]', 'only');
    expect(r.task('t')).to.deep.include({ status: 'completed', output: ['only', null, null, null] });
  });

  it('is skipped when all were', () => {
    const r = run(
      "a: { agent: a, when: 'false' }\nb: { agent: a, when: 'false' }\nt: { agent: t, after: [a, b], join: each }",
    );
    expect(r.status('t')).to.equal('skipped');
    expect(r.state.status).to.equal('completed');
  });

  it('asks its condition once, with the first', () => {
    const no = merge(`, when: 'outputs.c == "yes"'`);
    no.schedule();
    no.complete('a');
    expect(no.status('t')).to.equal('skipped');
    no.complete('b');
    no.complete('c', 'yes');
    expect(no.status('t')).to.equal('skipped');
    const yes = merge(`, when: 'outputs.c == "yes"'`);
    yes.schedule();
    yes.complete('c', 'yes');
    yes.complete('a');
    expect(yes.ready()).to.deep.equal(['t[2]', 't[0]']);
  });

  it('fails with an item, and with a dependency', () => {
    const r = merge();
    r.schedule();
    r.complete('b');
    r.schedule();
    r.fail('t[1]', { code: 'ONE' });
    expect(r.task('t').error).to.include({ code: 'ONE', message: 'item 1: ONE!' });
    const other = merge();
    other.schedule();
    other.fail('a');
    expect(other.state.status).to.equal('failed');
  });

  it('retries, falls back and limits each item', () => {
    const r = merge(', fallback: { value: instead }, timeout: { all: 1m }');
    r.schedule();
    for (const id of ['a', 'b', 'c']) r.complete(id);
    r.schedule();
    r.fail('t[0]');
    expect(r.task('t[0]')).to.include({ status: 'completed', output: 'instead' });
    r.fire({ kind: 'all', taskId: 't', since: r.task('t').firstScheduledAt ?? 0 });
    expect(r.task('t').output).to.deep.equal(['instead', 'instead', 'instead']);
  });

  it('makes many blocks, waits, child runs; item and index are there', () => {
    const r = run(
      `
a: { agent: a }
b: { agent: a }
t:
  after: [a, b]
  join: each
  scope: { one: { agent: t, input: ['\${ item.output }', '\${ index }', '\${ block.input.task }'] }, two: { agent: t, after: one } }`,
    );
    r.run('b', 'B');
    expect(r.schedule('t[1]/one')[0]).to.deep.include({ input: ['B', 1, 'b'] });
    r.complete('t[1]/one');
    r.run('t[1]/two', 'B done');
    r.run('a', 'A');
    r.run('t[0]/one');
    r.run('t[0]/two', 'A done');
    expect(r.state.output).to.deep.equal(['A done', 'B done']);
  });

  it('takes turns by a mutex', () => {
    const r = merge(', mutex: key');
    r.schedule();
    r.complete('a');
    r.complete('b');
    expect(r.ready()).to.deep.equal(['t[0]']);
    r.run('t[0]');
    expect(r.ready()).to.deep.equal(['t[1]']);
  });

  it('joins what a list has yielded', () => {
    const r = run(
      'each: { agent: a, forEach: { items: input, need: 1 } }\nb: { agent: a }\nt: { agent: t, after: [each, b], join: each }',
      [1, 2],
    );
    r.schedule();
    r.complete('each[0]', 'one');
    expect(r.schedule('t[0]')[0]).to.deep.include({ input: { task: 'each', output: ['one', null] } });
  });

  it('begins anew in each round of a loop', () => {
    const r = run(
      "s: { scope: { a: { agent: a }, b: { agent: a }, t: { agent: t, after: [a, b], join: each } }, loop: { until: 'round > 1', max: 2 } }",
    );
    for (const round of [1, 2]) {
      r.run('s/b', `b${round}`);
      expect(r.schedule('s/t[1]')[0]).to.deep.include({ input: { task: 'b', output: `b${round}` } });
      r.complete('s/t[1]');
      r.run('s/a');
      r.run('s/t[0]');
    }
    expect(r.state.output).to.deep.equal(['s/t[0] done', 's/t[1] done']);
  });

  it('is gone on with by a retry: items that ended stand', () => {
    const r = merge();
    r.schedule();
    r.complete('a', 'A');
    r.run('t[0]', 'one');
    r.complete('b', 'B');
    r.schedule();
    r.fail('t[1]');
    const next = goOnFrom(r);
    expect(next.ready()).to.have.members(['c', 't[1]']);
    expect(next.schedule('t[1]')[0]).to.deep.include({ input: { task: 'b', output: 'B' } });
    next.complete('t[1]', 'two');
    next.run('c', 'C');
    next.run('t[2]', 'three');
    expect(next.schedule('last')[0]).to.deep.include({ input: ['one', 'two', 'three'] });
  });

  it('is cancelled with what is under way in it', () => {
    const r = run(
      'a: { agent: a }\nb: { agent: a }\nt: { agent: t, after: [a, b], join: each }\nstop: { cancel: t, after: b }',
    );
    r.schedule();
    r.complete('a');
    r.schedule();
    r.complete('b');
    expect([r.status('t'), r.status('t[0]')]).to.deep.equal(['cancelled', 'cancelled']);
    expect(r.state.status).to.equal('completed');
  });

  it('is refused where it makes no sense, and drawn', () => {
    const problem = (tasks: string): string => {
      try {
        parseWorkflow(`name: w\ntasks:\n  a: { agent: a }\n${tasks}\n`);
      } catch (error) {
        if (isRepriseError(error)) return error.message;
        throw error;
      }
      return '';
    };
    expect(problem('  t: { agent: t, join: each }')).to.include('there is nothing to join');
    expect(problem('  t: { agent: t, after: a, join: each, forEach: input }')).to.include('which is a list already');
    expect(problem('  t: { agent: t, after: a, join: each, rest: cancel }')).to.include(
      'with join: each there are none',
    );
    expect(problem('  t: { switch: [{ else: x }], after: a, join: each }')).to.include('a switch chooses once');
    expect(problem('  t: { end: {}, after: a, join: each }')).to.include('an end ends its block, once');
    expect(problem("  t: { agent: t, after: a, join: each, repeat: { until: 'true', max: 2 } }")).to.include(
      'a join: each task may not repeat',
    );
    expect(problem('  f: { agent: t }\n  t: { agent: t, after: a, join: each, fallback: { task: f } }')).to.include(
      'may fall back to a value or an agent',
    );
    expect(toMermaid(merge().state.definition)).to.include('for each that completed');
  });
});
