import { isRepriseError, parseWorkflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { types } from '../pure-run.ts';
import { run } from './yaml-run.ts';

const FIVE = [0, 1, 2, 3, 4];
const list = (forEach: string, more = '', after = 'next: { agent: b, after: each }') =>
  run(`each: { agent: a, retry: 1, forEach: { items: input, ${forEach} }${more} }\n${after}`, FIVE);

describe('a list that needs some of its items', () => {
  it('lets the rest go on, and what comes after it begins with what is there', () => {
    const r = list('need: 2');
    r.schedule();
    r.complete('each[3]', 'three');
    expect(r.status('next')).to.equal('pending');
    expect(types(r.complete('each[1]', 'one'))).to.deep.equal(['TaskCompleted', 'TaskYielded']);
    expect(r.schedule('next')[0]).to.deep.include({ input: [null, 'one', null, 'three', null] });
    expect(r.status('each')).to.equal('running');
    r.complete('next', 'done');
    expect(r.state.status, 'the rest is awaited').to.equal('running');
    for (const id of ['each[0]', 'each[2]']) r.complete(id);
    expect(types(r.fail('each[4]')), 'a failure changes nothing any more').to.deep.equal([
      'TaskAttemptFailed',
      'TaskFailed',
      'TaskCompleted',
      'RunCompleted',
    ]);
    expect(r.task('each').output, 'nor does an output').to.deep.equal([null, 'one', null, 'three', null]);
    expect(r.state).to.include({ status: 'completed', output: 'done' });
  });

  it('releases what has not begun all the same, and nothing when the rest is cancelled', () => {
    const goesOn = list('need: 1, concurrency: 1');
    goesOn.run('each[0]');
    expect(goesOn.ready()).to.deep.equal(['each[1]', 'next']);
    const stops = list('need: 1, concurrency: 1, rest: cancel');
    stops.schedule();
    expect(types(stops.complete('each[0]'))).to.deep.equal(['TaskCompleted', 'TaskYielded', 'TaskCompleted']);
    expect(stops.ready()).to.deep.equal(['next']);
    expect(stops.task('each')).to.deep.include({
      status: 'completed',
      output: ['each[0] done', null, null, null, null],
    });
  });

  it('cancels what is under way with rest: cancel, and completes', () => {
    const r = list('need: 2, rest: cancel, concurrency: 3');
    r.schedule();
    r.complete('each[0]');
    r.schedule();
    expect(types(r.complete('each[2]'))).to.deep.equal([
      'TaskCompleted',
      'TaskYielded',
      'TaskCancelled',
      'TaskCancelled',
      'TaskCompleted',
    ]);
    expect(FIVE.map((index) => r.status(`each[${index}]`))).to.deep.equal([
      'completed',
      'cancelled',
      'completed',
      'cancelled',
      undefined,
    ]);
    expect(types(r.complete('each[1]', 'late'))).to.deep.equal(['TaskResultIgnored']);
    r.run('next');
    expect(r.state.status).to.equal('completed');
  });

  it('goes on at once while what can be undone is awaited and undone; the block ends after it', () => {
    const r = list('need: 1, rest: cancel, concurrency: 2', ', compensate: undo');
    r.schedule();
    expect(types(r.complete('each[0]'))).to.deep.equal(['TaskCompleted', 'TaskYielded', 'TaskClosing']);
    r.run('next');
    expect(r.state.status).to.equal('running');
    r.complete('each[1]', 'too late');
    expect(r.ready()).to.deep.equal(['each[1]@1']);
    expect(r.schedule()[0]).to.deep.include({ input: { input: 1, output: 'too late', outcome: 'completed' } });
    expect(types(r.complete('each[1]@1'))).to.deep.equal([
      'TaskCompleted',
      'TaskCancelled',
      'TaskCompleted',
      'RunCompleted',
    ]);
  });

  it('ends the child runs of its items, and awaits them', () => {
    const r = run('each: { workflow: other, forEach: { items: input, need: 1, rest: cancel, concurrency: 2 } }', FIVE);
    const end = (id: string, outcome: object) => {
      const { child = '', attempt } = r.task(id);
      return r.send({ type: 'EndChild', taskId: id, attempt, child, outcome } as never);
    };
    expect(types(end('each[1]', { status: 'completed', output: 1 }))).to.deep.equal([
      'TaskCompleted',
      'TaskYielded',
      'TaskClosing',
    ]);
    expect(types(end('each[0]', { status: 'cancelled' }))).to.deep.equal([
      'TaskCancelled',
      'TaskCompleted',
      'RunCompleted',
    ]);
  });

  it('bears failures as long as enough can complete, then fails with the last of them', () => {
    const r = list('need: 3');
    r.schedule();
    r.fail('each[0]', { code: 'ONE' });
    r.fail('each[1]', { code: 'TWO' });
    expect(r.status('each')).to.equal('running');
    r.fail('each[2]', { code: 'THREE' });
    expect(r.task('each').error)
      .to.include({ code: 'REPRISE_ITEMS_UNMET' })
      .and.have.nested.property('cause.code', 'THREE');
    expect(r.state.status).to.equal('failed');
  });

  it('fails at once when there are fewer items, and has what it is for when none is needed', () => {
    const few = list('need: 6');
    expect(few.task('each').error?.code).to.equal('REPRISE_ITEMS_UNMET');
    const none = list('need: input.size() - 5');
    expect(none.ready()).to.deep.equal(['each[0]', 'each[1]', 'each[2]', 'each[3]', 'each[4]', 'next']);
  });

  it('asks how many are needed when it begins, and records it', () => {
    const r = list(`need: 'input.size() > 4 ? 2 : 1'`);
    expect(r.of('TaskExpanded')[0]).to.include({ need: 2 });
    const wrong = list(`need: '"many"'`);
    expect(wrong.task('each').error?.code).to.equal('REPRISE_ITEMS_INVALID');
    expect(list('need: input.nothing').task('each').error?.code).to.equal('REPRISE_EXPRESSION_FAILED');
  });

  it('completes when all that are needed are all', () => {
    const r = list('need: 5');
    for (const index of FIVE) r.run(`each[${index}]`);
    expect(r.of('TaskYielded')).to.deep.equal([]);
    expect(r.status('each')).to.equal('completed');
  });

  it('counts for a join as one that completed', () => {
    const r = list(
      'need: 1',
      '',
      'slow: { agent: a }\nfirst: { agent: b, after: [each, slow], join: any, rest: cancel }',
    );
    r.schedule('each[0]', 'each[1]', 'slow');
    expect(types(r.complete('each[0]'))).to.deep.equal(['TaskCompleted', 'TaskYielded', 'TaskCancelled', 'TaskReady']);
    expect([r.status('slow'), r.status('each[1]')]).to.deep.equal(['cancelled', 'scheduled']);
  });

  it('is ended by the end of its block, with what its items did until it yielded kept', () => {
    const r = run(
      `
book:
  scope:
    each: { agent: a, compensate: undo, forEach: { items: input, need: 1, concurrency: 2 } }
    stop: { end: { output: enough }, after: each }
last: { agent: b, after: book }`,
      FIVE,
    );
    r.schedule();
    r.complete('book/each[0]');
    expect(r.task('book').closing?.why).to.equal('end');
    r.complete('book/each[1]');
    expect(r.ready(), 'only what came after is undone').to.deep.equal(['book/each[1]@1']);
    r.run('book/each[1]@1');
    expect(r.task('book')).to.include({ status: 'completed', output: 'enough' });
  });

  it('keeps the time limit of the whole list for what goes on', () => {
    const r = list('need: 1', ', timeout: { all: 1m }');
    r.schedule();
    r.complete('each[0]');
    const since = r.task('each').firstScheduledAt ?? 0;
    r.fire({ kind: 'all', taskId: 'each', since });
    expect(r.status('each[1]')).to.equal('failed');
    expect(r.status('each')).to.equal('completed');
    r.run('next');
    expect(r.state.status).to.equal('completed');
  });

  it('makes many blocks, of which some are needed, and undoes what the others did', () => {
    const r = run(
      `
each:
  forEach: { items: input, need: 1, rest: cancel, concurrency: 2 }
  scope: { do: { agent: a, compensate: undo }, then: { agent: b, after: do } }`,
      FIVE,
    );
    r.schedule();
    r.complete('each[0]/do');
    r.run('each[1]/do');
    r.run('each[0]/then');
    expect(r.status('each'), 'the other block did something').to.equal('running');
    expect(r.ready()).to.deep.equal(['each[1]/do@1']);
    r.run('each[1]/do@1');
    expect(r.state).to.deep.include({ status: 'completed', output: ['each[0]/then done', null, null, null, null] });
  });

  it('replays, and is restored, to the same', () => {
    const r = list('need: 2, rest: cancel, concurrency: 3', ', compensate: undo');
    r.schedule();
    r.complete('each[0]');
    r.complete('each[1]');
    const again = r.replayed();
    expect(again.tasks.get('each')?.yieldedAt).to.equal(r.task('each').yieldedAt);
    expect(again.tasks.get('each')?.items).to.deep.include({ completed: 2, dropped: 1, need: 2 });
  });
});

describe('a list that goes on until', () => {
  it('is asked after each item, and reads the list so far', () => {
    const r = list(`until: 'output.exists(one, one == "found")', rest: cancel`);
    r.schedule();
    r.complete('each[0]', 'nothing');
    expect(r.status('next')).to.equal('pending');
    r.complete('each[4]', 'found');
    expect(r.task('each')).to.deep.include({ status: 'completed', output: ['nothing', null, null, null, 'found'] });
    expect(r.ready()).to.deep.equal(['next']);
  });

  it('completes with what there is when it never holds', () => {
    const r = list(`until: 'completed > 10', onItemFailure: continue`);
    r.schedule();
    for (const index of FIVE.slice(1)) r.complete(`each[${index}]`, index);
    r.fail('each[0]');
    expect(r.task('each').output).to.deep.equal([null, 1, 2, 3, 4]);
  });

  it('fails with an item, unless it says otherwise', () => {
    const r = list(`until: 'ended == total - 1'`);
    r.schedule();
    r.fail('each[0]', { code: 'ONE' });
    expect(r.task('each').error?.code).to.equal('ONE');
  });

  it('fails when it cannot be asked, once what is outstanding in it has ended', () => {
    const r = list(`until: 'output[0].nothing', concurrency: 2`);
    r.schedule();
    r.complete('each[1]');
    expect(r.task('each').error?.code).to.equal('REPRISE_EXPRESSION_FAILED');
    const children = run(
      `each: { workflow: other, forEach: { items: input, until: 'output[9]', concurrency: 2 } }`,
      FIVE,
    );
    const { child = '', attempt } = children.task('each[0]');
    children.send({ type: 'EndChild', taskId: 'each[0]', attempt, child, outcome: { status: 'completed', output: 1 } });
    expect(children.task('each').closing).to.include({ why: 'failure' });
  });

  it('asks no more once an item has failed it', () => {
    const r = list(`until: 'ended > 1', need: 4`);
    r.schedule();
    r.complete('each[0]');
    r.fail('each[1]');
    expect(r.of('TaskYielded').length, 'whichever comes first').to.equal(1);
  });
});

describe('words about the rest of a list', () => {
  const problem = (task: string): string => {
    try {
      parseWorkflow(`name: w\ntasks:\n  before: { agent: a }\n  each: ${task}\n`);
    } catch (error) {
      if (isRepriseError(error)) return error.message;
      throw error;
    }
    return '';
  };

  it('are refused where they mean nothing', () => {
    expect(problem('{ agent: a, forEach: { items: input, need: 0 } }')).to.include(
      'must be a whole number of 1 or more',
    );
    expect(problem('{ agent: a, forEach: { items: input, rest: cancel } }')).to.include('say how many are (need)');
    expect(problem('{ agent: a, forEach: { items: input, need: 1, onItemFailure: continue } }')).to.include(
      'has no effect beside need',
    );
    expect(problem("{ agent: a, forEach: { items: input, until: 'item' } }")).to.include(
      "'item' is not available here",
    );
    expect(problem("{ agent: a, when: 'completed' }")).to.include("'completed' is not available here");
    const segment = `{ agent: a, after: before, forEach: { items: input, need: 1 } }\n  again: { agent: a, after: each, repeat: { from: before, until: 'true', max: 2 } }`;
    expect(problem(segment)).to.include("the list 'each' may leave items under way");
  });
});
