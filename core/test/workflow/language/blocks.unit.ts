import { expect } from 'chai';
import { describe, it } from 'mocha';
import { START, types } from '../pure-run.ts';
import { run } from './yaml-run.ts';

describe('a scope', () => {
  const book = `
before: { agent: a }
book:
  after: before
  scope:
    pay: { agent: a }
    ship: { agent: a, after: pay, input: { order: '\${ block.input }', paid: '\${ outputs.pay }', seen: '\${ outputs.before }' } }
after: { agent: a, after: book }`;

  it('is a task: entered with its input, its tasks are its own, its output is that of its leaves', () => {
    const r = run(book);
    r.run('before', 'b');
    expect(r.ready()).to.deep.equal(['book/pay']);
    expect(r.task('book')).to.deep.include({ status: 'running', input: 'b' });
    expect(r.schedule('book/pay')[0]).to.deep.include({ input: 'b' });
    r.complete('book/pay', 'p');
    expect(r.schedule('book/ship')[0]).to.deep.include({ input: { order: 'b', paid: 'p', seen: 'b' } });
    r.complete('book/ship', 's');
    expect(r.task('book')).to.deep.include({ status: 'completed', output: 's' });
    expect(r.schedule('after')[0]).to.deep.include({ input: 's' });
  });

  it('fails with the failure of a task in it, whose code is kept, and cancels the rest', () => {
    const r = run('book:\n  scope:\n    pay: { agent: a, retry: 1 }\n    ship: { agent: a }');
    r.schedule();
    r.fail('book/pay', { code: 'CARD_DECLINED', message: 'no money' });
    expect(r.task('book').error).to.include({ code: 'CARD_DECLINED', message: 'pay: no money' });
    expect(r.status('book/ship')).to.equal('cancelled');
    expect(r.state.error?.cause).to.include({ code: 'CARD_DECLINED' });
  });

  it('falls back as any task does: to a value, an agent or a task', () => {
    const block = (fallback: string) =>
      run(
        `rescue: { agent: a }\nbook:\n  scope: { pay: { agent: a, retry: 1 } }\n  fallback: ${fallback}`.replace(
          fallback.includes('task') ? '' : 'rescue: { agent: a }\n',
          '',
        ),
      );
    const value = block('{ value: 1 }');
    value.schedule();
    value.fail('book/pay');
    expect(value.state).to.include({ status: 'completed', output: 1 });
    const agent = block('{ agent: other }');
    agent.schedule();
    agent.fail('book/pay');
    expect(agent.ready()).to.deep.equal(['book']);
    agent.run('book', 'by hand');
    expect(agent.state).to.include({ status: 'completed', output: 'by hand' });
    const task = block('{ task: rescue }');
    task.schedule();
    task.fail('book/pay');
    task.run('rescue', 'saved');
    expect(task.state).to.include({ status: 'completed', output: 'saved' });
  });

  it('has a time limit for all that is in it', () => {
    const r = run('book:\n  scope: { pay: { agent: a } }\n  timeout: 1m');
    r.schedule();
    expect(types(r.fire({ kind: 'task', taskId: 'book', since: START }))).to.deep.equal(['TaskFailed', 'RunFailed']);
    expect(r.status('book/pay')).to.equal('cancelled');
    expect(r.task('book').error?.code).to.equal('REPRISE_TASK_TIMEOUT');
  });

  it('has a concurrency of its own', () => {
    const r = run(
      'book:\n  scope: { a: { agent: a }, b: { agent: a }, c: { agent: a } }\n  concurrency: 2\nfree: { agent: a }',
    );
    expect(r.ready(), 'all may be chosen from').to.deep.equal(['free', 'book/a', 'book/b', 'book/c']);
    r.schedule('book/a', 'book/b', 'book/c');
    expect(r.status('book/c'), 'no slot').to.equal('ready');
    expect(r.ready()).to.deep.equal(['free']);
    r.complete('book/a');
    expect(r.ready()).to.deep.equal(['free', 'book/c']);
  });

  it('gives one instance for each item of a forEach, whose tasks read the item', () => {
    const r = run(
      `each:\n  forEach: { items: input, concurrency: 2 }\n  scope:\n    one: { agent: a, input: '\${ item.n }' }\n    two: { agent: a, after: one, input: '\${ index }' }`,
      [{ n: 5 }, { n: 6 }, { n: 7 }],
    );
    expect(r.ready()).to.deep.equal(['each[0]/one', 'each[1]/one']);
    expect(r.schedule('each[1]/one')[0]).to.include({ input: 6 });
    r.complete('each[1]/one');
    expect(r.schedule('each[1]/two')[0]).to.include({ input: 1 });
    r.complete('each[1]/two', 'second');
    expect(r.ready()).to.include('each[2]/one');
    for (const k of [0, 2]) {
      r.run(`each[${k}]/one`);
      r.run(`each[${k}]/two`, k);
    }
    expect(r.state).to.deep.include({ status: 'completed', output: [0, 'second', 2] });
  });
});

describe('catch', () => {
  const caught = (clause: string) =>
    run(
      `book:\n  scope:\n    pay: { agent: a, retry: 1 }\n  catch:\n    - ${clause}\nafter: { agent: a, after: book }`,
    );
  const declined = { code: 'CARD_DECLINED', message: 'no', retryable: false, details: { limit: 5 } };

  it('retries the block as a new round, after its handler, with the error and what the handler gave as feedback', () => {
    const r = run(`
book:
  scope:
    pay: { agent: a, retry: 1, input: '\${ feedback }' }
  catch:
    - { on: { code: CARD_DECLINED }, do: { card: { agent: a } }, then: retry, max: 1 }`);
    r.schedule();
    r.fail('book/pay', declined);
    expect(r.ready()).to.deep.equal(['book/card']);
    expect(r.schedule('book/card')[0]).to.have.nested.property('input.error.code', 'CARD_DECLINED');
    r.complete('book/card', 'new card');
    expect(r.task('book/pay')).to.include({ status: 'ready', round: 2, attempt: 1 });
    const [again] = r.schedule('book/pay');
    expect(again).to.have.property('attempt', 2);
    expect(again).to.have.nested.property('input.output', 'new card');
    expect(again).to.have.nested.property('input.error.details.limit', 5);
    r.fail('book/pay', declined);
    expect(r.state.status, 'max is used up').to.equal('failed');
  });

  it('continues with what the handler gave, with an output of its own, or with null', () => {
    for (const [clause, output] of [
      ['{ do: { ask: { agent: a } }, then: continue }', 'asked'],
      [`{ then: continue, output: 'in place of \${ error.code }' }`, `in place of \${ error.code }`],
      [`{ then: continue, output: '\${ error.code }' }`, 'CARD_DECLINED'],
      ['{ then: continue }', null],
    ] as const) {
      const r = caught(clause);
      r.schedule();
      r.fail('book/pay', declined);
      if (clause.includes('ask')) r.run('book/ask', 'asked');
      expect(r.task('book'), clause).to.deep.include({ status: 'completed', output });
      expect(r.ready()).to.deep.equal(['after']);
    }
  });

  it('fails with the error after its handler, or with that of the handler, which nothing here catches', () => {
    const r = caught('{ do: { note: { agent: a, retry: 1 } }, then: fail }');
    r.schedule();
    r.fail('book/pay', declined);
    r.run('book/note');
    expect(r.task('book').error).to.include({ code: 'CARD_DECLINED' });
    const worse = caught('{ do: { note: { agent: a, retry: 1 } }, then: continue }');
    worse.schedule();
    worse.fail('book/pay', declined);
    worse.schedule();
    worse.fail('book/note', { code: 'WORSE' });
    expect(worse.task('book').error)
      .to.include({ code: 'WORSE' })
      .and.have.nested.property('cause.code', 'CARD_DECLINED');
  });

  it('is chosen by code, task, cause and condition; the first that fits', () => {
    const r = run(`
book:
  scope:
    pay: { agent: a, retry: 1 }
    other: { agent: a, retry: 1 }
  catch:
    - { on: { code: OTHER }, then: continue, output: code }
    - { on: { task: other }, then: continue, output: task }
    - { on: { cause: DEEP }, then: continue, output: cause }
    - { when: 'error.details.limit > 3', then: continue, output: condition }
    - { then: continue, output: rest }`);
    r.schedule();
    r.fail('book/pay', declined);
    expect(r.task('book').output).to.equal('condition');
    const deep = run(`
book:
  scope: { pay: { agent: a, retry: 1 } }
  catch: [{ on: { cause: DEEP }, then: continue, output: cause }]`);
    deep.schedule();
    const cause = { code: 'DEEP', message: 'deep', retryable: false };
    deep.fail('book/pay', { ...declined, cause });
    expect(deep.task('book').output).to.equal('cause');
  });

  it('of the workflow catches what fails the run', () => {
    const r = run('pay: { agent: a, retry: 1 }', null, 'catch: [{ then: continue, output: saved }]');
    r.schedule();
    r.fail('pay', declined);
    expect(r.state).to.include({ status: 'completed', output: 'saved' });
  });

  it('goes outwards: what nothing inside catches, a block around may', () => {
    const r = run(`
outer:
  scope:
    inner:
      scope: { pay: { agent: a, retry: 1 } }
      catch: [{ on: { code: NOT_THIS }, then: continue }]
  catch: [{ on: { code: CARD_DECLINED }, then: continue, output: outside }]`);
    r.schedule();
    r.fail('outer/inner/pay', declined);
    expect(r.task('outer').output).to.equal('outside');
  });
});

describe('a loop', () => {
  it('asks after each round, and hands the feedback on', () => {
    const r = run(`
loop:
  scope:
    draft: { agent: a, input: '\${ feedback }' }
  loop: { until: output == 'good', max: 3, feedback: '\${ output + "!" }' }`);
    expect(r.schedule()[0]).to.deep.include({ input: null });
    r.complete('loop/draft', 'bad');
    expect(r.task('loop/draft')).to.include({ round: 2, status: 'ready', attempt: 1 });
    expect(r.schedule()[0]).to.deep.include({ input: 'bad!', attempt: 2 });
    r.complete('loop/draft', 'good');
    expect(r.state).to.include({ status: 'completed', output: 'good' });
  });

  it('asks before each round: none at all gives null', () => {
    const never = run('loop:\n  scope: { a: { agent: a } }\n  loop: { while: input > 3, max: 3 }', 1);
    expect(never.state).to.include({ status: 'completed', output: null });
    const once = run(
      "loop:\n  scope: { a: { agent: a } }\n  loop: { while: output == null || output == 'more', max: 3 }",
    );
    once.run('loop/a', 'more');
    once.run('loop/a', 'enough');
    expect(once.state).to.include({ status: 'completed', output: 'enough' });
    const counted = run('loop:\n  scope: { a: { agent: a } }\n  loop: { while: round < 1, max: 3 }');
    counted.run('loop/a', 'the only round');
    expect(counted.state).to.include({ status: 'completed', output: 'the only round' });
  });

  it('fails, or gives what the last round gave, when its rounds are used up', () => {
    const loop = (end: string) =>
      run(`loop:\n  scope: { a: { agent: a } }\n  loop: { until: 'false', max: 2, onExhausted: ${end} }`);
    const failed = loop('fail');
    failed.run('loop/a', 1);
    failed.run('loop/a', 2);
    expect(failed.task('loop').error?.code).to.equal('REPRISE_REPEAT_EXHAUSTED');
    const accepted = loop('accept');
    accepted.run('loop/a', 1);
    accepted.run('loop/a', 2);
    expect(accepted.state).to.include({ status: 'completed', output: 2 });
  });

  it('is left by an end, which gives the output of the block', () => {
    const r = run(`
loop:
  scope:
    look: { agent: a }
    enough: { end: { output: '\${ outputs.look }' }, after: look, when: outputs.look > 2 }
    work: { agent: a, after: look, when: outputs.look <= 2 }
  loop: { until: 'false', max: 9 }`);
    r.run('loop/look', 1);
    r.run('loop/work');
    r.run('loop/look', 3);
    expect(r.state).to.include({ status: 'completed', output: 3 });
  });

  it('in a loop begins anew in each of its rounds; a repeat inside counts its own', () => {
    const r = run(`
outer:
  scope:
    inner:
      scope:
        a: { agent: a }
        b: { agent: a, after: a, repeat: { until: round >= 2, max: 2 } }
      loop: { until: round >= 2, max: 2 }
  loop: { until: round >= 2, max: 2 }`);
    const rounds: string[] = [];
    for (let step = 0; step < 12; step += 1) {
      const [id = ''] = r.ready();
      rounds.push(`${id.split('/').at(-1)}${r.task(id).round}.${r.task(id).attempt + 1}`);
      r.run(id);
    }
    expect(rounds.join(' ')).to.equal('a1.1 b1.1 b2.2 a2.2 b1.3 b2.4 a1.5 b1.5 b2.6 a2.6 b1.7 b2.8');
    expect(r.state.status).to.equal('completed');
  });
});

describe('compensation', () => {
  const saga = `
hotel: { agent: a, compensate: undo }
flight: { agent: a, after: hotel, compensate: undo }
pay: { agent: a, after: flight, retry: 1 }`;

  it('undoes what was done, last first, before the run fails', () => {
    const r = run(saga, 'trip');
    r.run('hotel', 'h');
    r.run('flight', 'f');
    r.schedule();
    expect(types(r.fail('pay'))).to.deep.equal(['TaskAttemptFailed', 'TaskFailed', 'TaskClosing', 'CompensationBegan']);
    expect(r.schedule()[0]).to.deep.include({
      taskId: 'flight@1',
      input: { input: 'h', output: 'f', outcome: 'completed' },
    });
    r.complete('flight@1');
    expect(r.schedule()[0]).to.deep.include({
      taskId: 'hotel@1',
      input: { input: 'trip', output: 'h', outcome: 'completed' },
    });
    expect(types(r.complete('hotel@1'))).to.deep.equal(['TaskCompleted', 'RunFailed']);
    expect(r.state.error?.details).to.include({ taskId: 'pay' });
  });

  it('is on record when it fails, and does not stop the rest', () => {
    const r = run(saga.replaceAll('compensate: undo', 'compensate: { agent: undo, retry: 1 }'));
    r.run('hotel');
    r.run('flight');
    r.schedule();
    r.fail('pay');
    r.schedule();
    r.fail('flight@1');
    expect(r.status('flight@1')).to.equal('failed');
    r.run('hotel@1');
    expect(r.state.status).to.equal('failed');
  });

  it('is of the block that fails: what completed outside stays, what an inner block did is undone with it', () => {
    const r = run(`
before: { agent: a, compensate: undo }
book:
  after: before
  scope:
    inner: { scope: { hotel: { agent: a, compensate: undo } } }
    pay: { agent: a, after: inner, retry: 1 }
  fallback: { value: none }`);
    r.run('before');
    r.run('book/inner/hotel');
    r.schedule();
    r.fail('book/pay');
    expect(r.ready()).to.deep.equal(['book/inner/hotel@1']);
    r.run('book/inner/hotel@1');
    expect(r.state).to.include({ status: 'completed', output: 'none' });
  });

  it('of an inner block as a whole stands for all that is in it', () => {
    const r = run(`
inner: { scope: { hotel: { agent: a, compensate: undo } }, compensate: undoAll }
pay: { agent: a, after: inner, retry: 1 }`);
    r.run('inner/hotel', 'h');
    r.schedule();
    r.fail('pay');
    expect(r.schedule()[0]).to.deep.include({
      taskId: 'inner@1',
      input: { input: null, output: 'h', outcome: 'completed' },
    });
  });

  it('comes before another round; what was done in all rounds is undone in the end', () => {
    const r = run(`
book:
  scope:
    hotel: { agent: a, compensate: undo }
    pay: { agent: a, after: hotel, retry: 1 }
  catch: [{ then: retry, max: 1 }]`);
    r.run('book/hotel');
    r.schedule();
    r.fail('book/pay');
    expect(r.ready()).to.deep.equal(['book/hotel@1']);
    r.run('book/hotel@1');
    expect(r.task('book/hotel')).to.include({ round: 2, status: 'ready' });
    r.run('book/hotel');
    r.schedule();
    r.fail('book/pay');
    expect(r.ready()).to.deep.equal(['book/hotel@2']);
  });

  it('waits for an attempt that would have to be undone, and takes its completion', () => {
    const r = run('hotel: { agent: a, compensate: undo }\npay: { agent: a, retry: 1 }');
    r.schedule();
    expect(types(r.fail('pay'))).to.deep.equal(['TaskAttemptFailed', 'TaskFailed', 'TaskClosing']);
    expect(r.status('hotel')).to.equal('scheduled');
    r.complete('hotel', 'h');
    expect(r.schedule()[0]).to.deep.include({ taskId: 'hotel@1' });
    r.complete('hotel@1');
    expect(r.state.status).to.equal('failed');
  });

  it('comes also before a block fails by its own loop or output', () => {
    for (const more of ["loop: { until: 'false', max: 1 }", `output: '\${ input.nothing.at.all }'`]) {
      const r = run(`book:\n  scope: { hotel: { agent: a, compensate: undo } }\n  ${more}`, {});
      r.run('book/hotel');
      expect(r.ready(), more).to.deep.equal(['book/hotel@1']);
      r.run('book/hotel@1');
      expect(r.state.status).to.equal('failed');
    }
  });

  it('is told of an outcome that nobody knows', () => {
    const r = run('hotel: { agent: a, delivery: at-most-once, compensate: undo, timeout: 1m }');
    r.schedule();
    r.fire({ kind: 'attempt', taskId: 'hotel', attempt: 1 });
    expect(r.schedule()[0]).to.deep.include({
      taskId: 'hotel@1',
      input: { input: null, output: null, outcome: 'unknown' },
    });
  });

  it('belongs to a cancellation, too, also of a run that is paused; force leaves it out', () => {
    const r = run('hotel: { agent: a, compensate: undo }\nmore: { agent: a, after: hotel }');
    r.run('hotel');
    r.send({ type: 'PauseRun' });
    expect(types(r.send({ type: 'CancelRun', reason: 'enough' }))).to.deep.equal(['TaskClosing', 'CompensationBegan']);
    r.run('hotel@1');
    expect(r.state).to.include({ status: 'cancelled', cancelReason: 'enough' });
    const forced = run('hotel: { agent: a, compensate: undo }\nmore: { agent: a, after: hotel }');
    forced.run('hotel');
    expect(types(forced.send({ type: 'CancelRun', force: true }))).to.deep.equal(['RunCancelled']);
  });
});
