import { encodeEvent, UntrustedHistory, uuidv5 } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { idempotencyKey } from '../../../src/orchestration/workflow/attempt-key.ts';
import { openEffects } from '../../../src/orchestration/workflow/effects.ts';
import { type PureRun, START } from '../pure-run.ts';
import { expectKept } from './add.ts';
import { DAY, goOnFrom } from './going-on.ts';
import { run } from './yaml-run.ts';

const keyOf = (r: PureRun, id: string): string => idempotencyKey(r.state, r.task(id));
const resetIn = (r: PureRun) => r.of('TasksReset').find(({ why }) => why === 'fork');

describe('a run that goes on from one that failed', () => {
  it('begins with its events, at the same revisions, and not with its end', () => {
    const r = run('a: { agent: a }\nb: { agent: a, after: a, retry: 1 }\nc: { agent: a, after: b }');
    r.run('a', 1);
    r.schedule('b');
    r.fail('b');
    const next = goOnFrom(r);
    const cut = r.events.findIndex(({ type }) => type === 'TaskFailed');
    expect(next.events.slice(1, cut)).to.deep.equal(r.events.slice(1, cut));
    expect(next.events.slice(cut).map(({ type }) => type)).to.deep.equal(['TasksReset', 'RunForked']);
    expect(next.state).to.include({ status: 'running', runId: 'run-2' });
    expect(next.ready()).to.deep.equal(['b']);
    expect(next.task('a')).to.include({ status: 'completed', output: 1 });
    expect(next.task('b')).to.include({ attempt: 1, tries: 0 });
    next.run('b', 2);
    expect(next.schedule('c')[0]).to.include({ attempt: 1, input: 2 });
    next.complete('c');
    expect(next.state.status).to.equal('completed');
    expect(next.replayed().stateDigest).to.equal(next.state.stateDigest);
  });

  it('decides nothing before all of them are there, and can only be cancelled until then', () => {
    const r = run('a: { agent: a, retry: 1 }');
    r.schedule();
    r.fail('a');
    const next = goOnFrom(r);
    const [first] = next.events;
    if (first?.type !== 'RunStarted') throw new Error('no start');
    const half = goOnFrom(r);
    Object.assign(half.state, { status: 'forking', revision: 0 });
    expect(half.send({ type: 'PauseRun' })[0]).to.include({ code: 'REPRISE_RUN_FORKING' });
    expect(half.send({ type: 'SendSignal', signal: 's', data: 1 })[0]).to.include({ code: 'REPRISE_RUN_FORKING' });
    expect(half.send({ type: 'CloseFork', failed: [], undone: [], late: [], signals: [] })).to.deep.equal([]);
    expect(half.send({ type: 'CopyEvents', from: 5, events: [] })).to.deep.equal([]);
    expect(half.schedule('a')).to.deep.equal([]);
    expect(openEffects(half.state)).to.deep.equal([{ kind: 'copy-history' }]);
    expect(half.send({ type: 'CancelRun' })[0]).to.include({ type: 'RunCancelled' });
  });

  it('goes on inside the loop where it failed: rounds and what they gave stand, and max is not exceeded', () => {
    const r = run(
      'polish:\n  scope:\n    draft: { agent: a, retry: 1 }\n    check: { agent: a, after: draft }\n  loop: { until: outputs.check == true, max: 3 }',
    );
    r.run('polish/draft', 'one');
    r.run('polish/check', false);
    r.schedule('polish/draft');
    r.fail('polish/draft');
    const next = goOnFrom(r);
    expect(next.ready()).to.deep.equal(['polish/draft']);
    expect(next.state.scopes.get('polish')).to.include({ round: 2, feedback: false });
    next.run('polish/draft', 'two');
    next.run('polish/check', false);
    next.run('polish/draft', 'three');
    next.run('polish/check', false);
    expect(next.state.error?.cause?.code).to.equal('REPRISE_REPEAT_EXHAUSTED');
  });

  it('goes on inside a segment that repeats, with its feedback', () => {
    const r = run(
      `edit: { agent: a, input: '\${ { "said": feedback } }' }\ncheck: { agent: a, after: edit, retry: 1, repeat: { from: edit, until: output == true, max: 3 } }`,
    );
    r.run('edit');
    r.run('check', 'worse');
    r.run('edit');
    r.schedule('check');
    r.fail('check');
    const next = goOnFrom(r);
    expect(next.ready()).to.deep.equal(['check']);
    expect(next.task('check')).to.include({ round: 2, feedback: 'worse' });
    expect(keyOf(next, 'check')).to.equal('run-1/check~2');
    next.run('check', true);
    expect(next.state.status).to.equal('completed');
  });

  it('keeps how often a catch has tried again', () => {
    const r = run(
      'book:\n  scope: { pay: { agent: a, retry: 1 } }\n  catch: [{ on: { code: DECLINED }, then: retry, max: 1 }]',
    );
    r.schedule();
    r.fail('book/pay', { code: 'DECLINED' });
    r.schedule();
    r.fail('book/pay', { code: 'DECLINED' });
    const next = goOnFrom(r);
    next.schedule();
    next.fail('book/pay', { code: 'DECLINED' });
    expect(next.state.status).to.equal('failed');
  });

  it('does again the items that failed, not the others', () => {
    const r = run('list: { agent: a, forEach: { items: "[1, 2, 3]", concurrency: 1 }, retry: 1 }');
    r.run('list[0]', 'one');
    r.schedule();
    r.fail('list[1]');
    const next = goOnFrom(r);
    expect(next.ready()).to.deep.equal(['list[1]']);
    next.run('list[1]', 'two');
    next.run('list[2]', 'three');
    expect(next.state).to.deep.include({ status: 'completed', output: ['one', 'two', 'three'] });
  });

  it('tries a task again as a whole whose fallback failed, too', () => {
    const r = run(
      'rescue: { agent: a, retry: 1 }\na: { agent: a, retry: 1, fallback: { task: rescue } }\nb: { agent: a, after: a }',
    );
    r.schedule('a');
    r.fail('a');
    r.schedule('rescue');
    r.fail('rescue');
    const next = goOnFrom(r);
    expect(next.ready()).to.deep.equal(['a']);
    expect(next.status('rescue')).to.equal('pending');
    next.schedule('a');
    next.fail('a');
    next.run('rescue', 'saved');
    expect(next.task('a')).to.include({ status: 'completed', output: 'saved' });
  });

  it('does again what a join missed', () => {
    const r = run(
      'x: { agent: a, retry: 1 }\ny: { agent: a, retry: 1 }\nz: { agent: a, retry: 1 }\nj: { agent: a, after: [x, y, z], join: 2 }',
    );
    r.schedule();
    r.complete('x', 'x');
    r.fail('y');
    r.fail('z');
    expect(r.task('j').error?.code).to.equal('REPRISE_JOIN_UNMET');
    const next = goOnFrom(r);
    expect(next.ready()).to.have.members(['y', 'z']);
    next.run('z', 'z');
    expect(next.schedule('j')[0]).to.deep.include({ input: { x: 'x', y: null, z: 'z' } });
  });

  it('does again what a list lacked, and goes on with the rest of it', () => {
    const r = run(
      'each: { agent: a, retry: 1, forEach: { items: input, need: 2 } }\nlast: { agent: a, after: each }',
      [1, 2, 3],
    );
    r.schedule();
    r.fail('each[0]');
    r.complete('each[1]', 'one');
    r.fail('each[2]');
    expect(r.task('each').error?.code).to.equal('REPRISE_ITEMS_UNMET');
    const next = goOnFrom(r);
    expect(next.ready()).to.have.members(['each[0]', 'each[2]']);
    next.run('each[2]', 'two');
    expect(next.schedule('last')[0]).to.deep.include({ input: [null, 'one', 'two'] });
    next.run('each[0]', 'nobody needs it');
    next.complete('last');
    expect(next.state.status).to.equal('completed');
  });

  it('makes the items of a list again that never had enough', () => {
    const r = run('more: { agent: a }\neach: { agent: a, after: more, forEach: { items: outputs.more, need: 2 } }');
    r.run('more', [1]);
    expect(r.state.status).to.equal('failed');
    const next = goOnFrom(r, { outcomes: { more: [1, 2] } });
    expect(next.ready()).to.deep.equal(['each[0]', 'each[1]']);
  });

  it('goes on with a list that has yielded, whatever came after it failed', () => {
    const r = run(
      'each: { agent: a, retry: 1, forEach: { items: input, need: 1 } }\nlast: { agent: a, after: each, retry: 1 }',
      [1, 2],
    );
    r.schedule();
    r.complete('each[0]', 'one');
    r.schedule('last');
    r.fail('last');
    const next = goOnFrom(r);
    expect(next.ready(), 'its open item was lost').to.have.members(['each[1]', 'last']);
    expect(next.schedule('last')[0]).to.deep.include({ input: ['one', null] });
    next.complete('last');
    next.run('each[1]');
    expect(next.state.status).to.equal('completed');
  });

  it('makes attempts that were open again, takes those results that came before the end', () => {
    const r = run('a: { agent: a, retry: 1 }\nb: { agent: a, compensate: { agent: undo } }\nc: { agent: a }');
    r.schedule();
    r.fail('a');
    expect(r.state.closing?.why).to.equal('failure');
    r.complete('b', 'came late');
    r.schedule('b@1');
    r.fail('b@1', { retryable: false });
    expect(r.state.status).to.equal('failed');
    const next = goOnFrom(r);
    expect(resetIn(next)).to.deep.include({ tasks: ['a', 'c'] });
    expect(next.task('b'), 'it could not be undone, so it stands').to.include({
      status: 'completed',
      output: 'came late',
    });
    expect(next.ready()).to.have.members(['a', 'c']);
  });

  it('takes of several results of a task behind the cut that of the attempt which was open there', () => {
    const r = run('a: { agent: a, retry: 1 }\nc: { agent: a }');
    r.schedule();
    r.fail('a');
    const late = [1, 2].map((attempt) => ({ taskId: 'c', attempt, via: 'agent' as const, output: `of ${attempt}` }));
    const next = goOnFrom(r, { late });
    expect(resetIn(next)).to.deep.include({ tasks: ['a'] });
    expect(next.task('c')).to.include({ status: 'completed', attempt: 1, output: 'of 1' });
    expect(next.ready()).to.deep.equal(['a']);
  });

  it('undoes a result that came before the end, and that is not accepted, and may be taken to another store', () => {
    const r = run(
      'pay: { agent: a, compensate: undo, fallback: { value: 0 }, repeat: { until: output.nothing, max: 2 } }\nb: { agent: a, retry: 1 }',
    );
    r.schedule();
    r.fail('b');
    r.complete('pay', {});
    r.schedule('pay@1');
    r.fail('pay@1', { retryable: false });
    expect(r.state.status).to.equal('failed');
    const next = goOnFrom(r);
    expect(next.of('TaskClosing').at(-1)).to.include({ taskId: 'pay', why: 'failure' });
    const history = new UntrustedHistory('run-2');
    for (const [revision, event] of next.events.entries()) {
      const metadata = { causationId: 'c', correlationId: 'run-2', schemaVersion: 1 };
      const id = uuidv5('going-on', String(revision));
      const flaw = history.add(JSON.parse(JSON.stringify({ revision, id, ...encodeEvent(event), metadata })));
      expect(flaw, event.type).to.equal(undefined);
    }
  });

  it('keeps signals that nobody took, also those that came at its end', () => {
    const r = run(
      'a: { agent: a, retry: 1 }\nslow: { agent: a, compensate: { agent: undo } }\nw: { wait: { signal: go }, after: a }\nw2: { wait: { signal: go }, after: w }',
    );
    r.schedule();
    r.send({ type: 'SendSignal', signal: 'go', data: 1 });
    r.fail('a');
    r.send({ type: 'SendSignal', signal: 'go', data: 2, commandId: 'second' });
    r.fail('slow', { retryable: false });
    expect(r.state.status).to.equal('failed');
    const next = goOnFrom(r);
    next.run('a');
    expect(next.task('w')).to.include({ status: 'completed', output: 1 });
    expect(next.task('w2')).to.include({ status: 'completed', output: 2 });
    expect(
      next.send({ type: 'SendSignal', signal: 'go', data: 2, commandId: 'second' }),
      'it came twice',
    ).to.deep.equal([]);
  });

  it('has stood still since: sleeps and limits of blocks go on, that of the run begins anew', () => {
    const r = run(
      'nap: { sleep: 1h }\nbook:\n  scope: { pay: { agent: a, retry: 1 } }\n  timeout: 2h\n',
      null,
      'timeout: 3h',
    );
    r.schedule();
    r.now += 1_800_000;
    r.fail('book/pay');
    const next = goOnFrom(r);
    const timers = openEffects(next.state).flatMap((effect) =>
      effect.kind === 'set-timer' ? [`${effect.timer.kind} ${(effect.at - next.now) / 60_000}`] : [],
    );
    expect(timers).to.have.members(['run 180', 'wake 30', 'task 90']);
    expect(next.now).to.equal(START + 1_800_000 + DAY);
  });

  it('gives a block all its time again when that was up, and keeps what was done in it', () => {
    const r = run('book:\n  scope:\n    pay: { agent: a }\n    ship: { agent: a, after: pay }\n  timeout: 1h');
    r.run('book/pay', 'paid');
    r.schedule();
    r.now += 3_600_000;
    r.fire({ kind: 'task', taskId: 'book', since: START });
    const next = goOnFrom(r);
    expect(resetIn(next)).to.deep.include({ tasks: ['book/ship'], renewed: ['book'] });
    expect(next.task('book/pay')).to.include({ status: 'completed', output: 'paid' });
    const limit = openEffects(next.state).find((effect) => effect.kind === 'set-timer');
    expect(limit).to.include({ at: next.now + 3_600_000 });
    next.run('book/ship');
    expect(next.state.status).to.equal('completed');
  });

  it('gives a list all its time again', () => {
    const r = run('list: { agent: a, forEach: { items: "[1, 2]", concurrency: 1 }, timeout: { all: 1h } }');
    r.run('list[0]', 'one');
    r.schedule();
    r.now += 3_600_000;
    r.fire({ kind: 'all', taskId: 'list', since: START });
    expect(r.state.status).to.equal('failed');
    const next = goOnFrom(r);
    expect(resetIn(next)).to.deep.include({ tasks: ['list[1]'], renewed: ['list'] });
    next.run('list[1]', 'two');
    expect(next.state).to.deep.include({ status: 'completed', output: ['one', 'two'] });
  });

  it('goes by a definition that was mended', () => {
    const r = run(`a: { agent: a }\nb: { agent: a, after: a, retry: 1, input: '\${ 1 / 0 }' }`);
    r.run('a', 1);
    expect(r.schedule('b').map(({ type }) => type)).to.include('TaskFailed');
    const mended = run(`a: { agent: a }\nn: { agent: a, after: a }\nb: { agent: a, after: [a, n], input: '\${ 7 }' }`);
    const next = goOnFrom(r, { definition: mended.state.definition });
    expect(next.ready()).to.deep.equal(['n']);
    next.run('n');
    expect(next.schedule('b')[0]).to.include({ input: 7 });
  });
});

describe('a run that goes on by another definition', () => {
  const last = 'z: { agent: a, after: m }';
  const failedAt = (m: string, id: string, first: readonly string[] = []): PureRun => {
    const r = run(`m: ${m}\n${last}`);
    for (const done of first) r.run(done);
    r.schedule(id);
    r.fail(id, { retryable: false });
    return r;
  };
  const cases: Readonly<Record<string, readonly [PureRun, string, readonly string[]]>> = {
    'a list that is none any more': [
      failedAt('{ agent: a, forEach: { items: "[1, 2]" } }', 'm[1]', ['m[0]']),
      '{ agent: a }',
      ['m'],
    ],
    'a block that is a task for an agent': [
      failedAt('{ scope: { p: { agent: a }, q: { agent: a, after: p } } }', 'm/q', ['m/p']),
      '{ agent: a }',
      ['m'],
    ],
    'a list of blocks that is one block': [
      failedAt('{ forEach: { items: "[1, 2]" }, scope: { p: { agent: a } } }', 'm[0]/p'),
      '{ scope: { p: { agent: a } } }',
      ['m/p'],
    ],
    'a task that is a list': [
      failedAt('{ agent: a }', 'm'),
      '{ agent: a, forEach: { items: "[1, 2]" } }',
      ['m[0]', 'm[1]'],
    ],
    'a block whose task has another name': [
      failedAt('{ scope: { p: { agent: a }, q: { agent: a, after: p } } }', 'm/q', ['m/p']),
      '{ scope: { p: { agent: a }, qq: { agent: a, after: p } } }',
      ['m/qq'],
    ],
  };
  for (const [what, [source, mended, ready]] of Object.entries(cases)) {
    it(`does again what does not fit it: ${what}`, () => {
      const next = goOnFrom(source, { definition: run(`m: ${mended}\n${last}`).state.definition });
      expect(next.ready()).to.deep.equal(ready);
      for (const id of ready) next.run(id);
      next.run('z');
      expect(next.state.status).to.equal('completed');
      expect(next.replayed().stateDigest).to.equal(next.state.stateDigest);
    });
  }
});

describe('what was undone, in a run that goes on', () => {
  const trip = `
before: { agent: a }
trip:
  after: before
  scope:
    hotel: { agent: a, compensate: { agent: undo } }
    car: { agent: a, after: hotel }
    pay: { agent: a, after: car, retry: 1 }`;

  const failed = (): PureRun => {
    const r = run(trip);
    r.run('before');
    r.run('trip/hotel', 'H1');
    r.run('trip/car');
    r.schedule('trip/pay');
    r.fail('trip/pay');
    r.run('trip/hotel@1');
    expect(r.state.status).to.equal('failed');
    return r;
  };

  it('was not done: it and all downstream begin anew, with new keys', () => {
    const next = goOnFrom(failed());
    expect(resetIn(next)).to.deep.include({
      restarted: ['trip/hotel', 'trip/car', 'trip/pay'],
      undone: ['trip/hotel@1'],
    });
    expect(next.status('before')).to.equal('completed');
    expect(next.ready()).to.deep.equal(['trip/hotel']);
    expect(keyOf(next, 'trip/hotel')).to.equal('run-2/trip/hotel');
    expect(keyOf(next, 'trip/pay')).to.equal('run-2/trip/pay');
    expect(keyOf(next, 'before')).to.equal('run-1/before');
    next.run('trip/hotel', 'H2');
    next.run('trip/car');
    next.schedule();
    next.fail('trip/pay');
    expect(next.of('CompensationBegan').at(-1)).to.include({ taskId: 'trip/hotel@2' });
    expect(keyOf(next, 'trip/hotel@2'), 'what undoes it is another thing, too').to.equal('run-2/trip/hotel@2');
    next.run('trip/hotel@2');
    expect(next.state.status).to.equal('failed');
    const third = goOnFrom(next, { runId: 'run-3' });
    expect(keyOf(third, 'trip/hotel')).to.equal('run-3/trip/hotel');
    expect(keyOf(third, 'before')).to.equal('run-1/before');
  });

  it('waits for its place in a list that gives one at a time: each item gets it in the end', () => {
    const list = '{ agent: a, forEach: { items: "[1, 2, 3]", concurrency: 1 }, retry: 1, compensate: { agent: undo } }';
    const r = run(`list: ${list}`);
    r.run('list[0]', 'one');
    r.schedule('list[1]');
    r.fail('list[1]');
    r.run('list[0]@1');
    expect(r.state.status).to.equal('failed');
    const next = goOnFrom(r);
    expect(resetIn(next)).to.deep.include({ tasks: ['list[1]'], restarted: ['list[0]'] });
    const order: string[] = [];
    for (let left = 3; left > 0; left -= 1) {
      const [id, ...others] = next.ready();
      expect(others).to.deep.equal([]);
      if (id === undefined) throw new Error(`nothing is ready after ${order.join(', ')}`);
      const waits = ['list[0]', 'list[1]'].filter((one) => one !== id && !order.includes(one));
      for (const one of waits) expect(next.task(one)).to.include({ status: 'pending', idle: true });
      order.push(id);
      next.run(id, `again ${id}`);
    }
    expect(order).to.have.members(['list[0]', 'list[1]', 'list[2]']);
    expect(next.state.status).to.equal('completed');
    expect(next.state.output).to.deep.equal(['again list[0]', 'again list[1]', 'again list[2]']);
    expect(next.replayed().stateDigest).to.equal(next.state.stateDigest);
  });

  it('is what the new run undoes, should it fail, too: a retry inherits what can be undone', () => {
    const r = run('hotel: { agent: a, compensate: { agent: undo } }\npay: { agent: a, after: hotel, retry: 1 }');
    r.run('hotel', 'H1');
    r.schedule();
    r.send({ type: 'CancelRun', force: true });
    expect(r.state.status).to.equal('cancelled');
    const next = goOnFrom(r);
    expect(next.status('hotel')).to.equal('completed');
    expect(keyOf(next, 'pay')).to.equal('run-1/pay');
    next.schedule();
    next.fail('pay');
    expect(next.of('CompensationBegan').at(-1)).to.include({ taskId: 'hotel@1' });
    expect(next.schedule('hotel@1')[0]).to.deep.include({ input: { input: null, output: 'H1', outcome: 'completed' } });
  });

  it('begins a loop from its first round when earlier rounds were undone', () => {
    const r = run(
      'trip:\n  scope: { stage: { agent: a, retry: 1, compensate: { agent: undo } } }\n  loop: { until: outputs.stage == true, max: 3 }',
    );
    r.run('trip/stage', false);
    r.schedule();
    r.fail('trip/stage');
    r.run('trip/stage@1');
    const next = goOnFrom(r);
    expect(resetIn(next)).to.deep.include({ restarted: ['trip'] });
    expect(next.state.scopes.get('trip')?.round).to.equal(1);
    expect(keyOf(next, 'trip/stage')).to.equal('run-2/trip/stage');
  });

  it('restarts a segment that repeats as a whole', () => {
    const r = run(
      'edit: { agent: a, compensate: { agent: undo } }\ncheck: { agent: a, after: edit, retry: 1, repeat: { from: edit, until: output == true, max: 3 } }',
    );
    r.run('edit');
    r.run('check', false);
    r.run('edit');
    r.schedule('check');
    r.fail('check');
    for (const { id } of [...r.state.tasks.values()].filter(({ undoes }) => undoes !== undefined)) r.run(id);
    while (r.state.status !== 'failed') r.run(r.ready()[0] ?? '');
    const next = goOnFrom(r);
    expect(next.ready()).to.deep.equal(['edit']);
    expect(next.task('edit').round).to.equal(1);
    expect(next.task('check').round).to.equal(1);
  });

  for (const then of ['fail', 'continue', 'retry, max: 2'])
    it(`leaves nothing to handle when it comes before what was being handled (then: ${then})`, () => {
      const r = run(
        `book:\n  scope:\n    pay: { agent: a, compensate: undo }\n    b: { agent: b, after: pay, retry: 1 }\n    slow: { agent: a }\n    h: { agent: c }\n  catch: [{ do: { mend: { agent: c }, tell: { agent: c, retry: 1, after: mend } }, then: ${then} }]`,
      );
      r.run('book/pay');
      r.schedule('book/b', 'book/slow');
      r.fail('book/b');
      if (r.ready().includes('book/pay@1')) r.run('book/pay@1');
      r.run('book/mend');
      r.schedule('book/tell');
      r.fail('book/tell');
      if (r.ready().includes('book/pay@1')) r.run('book/pay@1');
      expect(r.state.status).to.equal('failed');
      const next = goOnFrom(r);
      if (then.startsWith('retry')) {
        // It was undone before what handles the failure began, so that is gone on with.
        expect(next.ready()).to.deep.equal(['book/tell']);
        next.run('book/tell');
      }
      expect(next.ready()).to.have.members(['book/pay', 'book/slow', 'book/h']);
      for (const id of ['book/pay', 'book/slow', 'book/h', 'book/b']) next.run(id, id);
      expect(next.state.status).to.equal('completed');
      expect(next.task('book').output).to.deep.equal({ b: 'book/b', slow: 'book/slow', h: 'book/h' });
      expect(next.replayed().stateDigest).to.equal(next.state.stateDigest);
      if (then.startsWith('retry')) return;
      const again = goOnFrom(r, { runId: 'run-3' });
      again.run('book/pay');
      again.schedule('book/b');
      again.fail('book/b');
      again.run(again.ready().find((id) => id === 'book/mend') ?? '');
      expect(again.task('book/mend').attempt, 'numbers go on').to.equal(2);
    });

  it('restarts a block that had ended, whatever repeats in it', () => {
    const r = run(
      'book:\n  scope:\n    pay: { agent: a, compensate: undo, repeat: { until: "true", max: 2 } }\n    mail: { agent: a, after: pay }\nlast: { agent: b, after: book, retry: 1 }',
    );
    r.run('book/pay');
    r.run('book/mail');
    r.schedule('last');
    r.fail('last');
    r.run('book/pay@1');
    expect(r.state.status).to.equal('failed');
    const next = goOnFrom(r);
    expect(resetIn(next)).to.deep.include({ restarted: ['book', 'last'], undone: ['book/pay@1'] });
    for (const id of ['book/pay', 'book/mail', 'last']) next.run(id);
    expect(next.state.status).to.equal('completed');
  });

  it('is not undone a second time by a block that was about to fail when the run ended', () => {
    const r = run(
      'book:\n  scope:\n    a: { agent: a, compensate: { agent: undo } }\n    b: { agent: a, after: a, compensate: { agent: undo } }\n    c: { agent: a, after: b, retry: 1 }\n  catch: [{ on: { code: OTHER }, then: continue }]\nfree: { agent: a }',
    );
    r.run('book/a');
    r.run('book/b');
    r.schedule();
    r.fail('book/c');
    r.schedule('book/b@1');
    r.send({ type: 'CancelRun' });
    r.complete('book/b@1');
    r.run('book/a@1');
    expect(r.state.status).to.equal('cancelled');
    const next = goOnFrom(r);
    expect(next.status('book/b@1')).to.equal('completed');
    expect(next.status('book/a@1')).to.equal('completed');
    expect(next.status('book')).to.equal('failed');
    expect(next.state.status).to.equal('failed');
    expect(next.of('TaskScheduled').filter(({ taskId }) => taskId.includes('@'))).to.have.length(1);
  });
});

describe('an outcome that is given to a run that goes on', () => {
  const flow =
    'a: { agent: a }\nb: { agent: a, after: a, retry: 1 }\nc: { agent: a, after: b }\nd: { agent: a, after: a }';

  it('stands for what failed', () => {
    const r = run(flow);
    r.run('a', 1);
    r.schedule('b');
    r.fail('b');
    const next = goOnFrom(r, { outcomes: { b: { looked: 'up' } } });
    expect(next.task('b')).to.deep.include({ status: 'completed', output: { looked: 'up' } });
    expect(next.schedule('c')[0]).to.deep.include({ input: { looked: 'up' } });
  });

  it('waits for what the task comes after, when that is done again, and is undone like what it stands for', () => {
    const r = run(
      'stock: { agent: a, compensate: { agent: undo } }\npay: { agent: a, after: stock, delivery: at-most-once, compensate: { agent: undo } }\nship: { agent: a, after: pay, retry: 1 }',
    );
    r.run('stock', 'S1');
    r.schedule('pay');
    r.fail('pay', { code: 'REPRISE_OUTCOME_UNKNOWN' });
    while (r.state.status !== 'failed') r.run(r.ready()[0] ?? '');
    const next = goOnFrom(r, { outcomes: { pay: 'P-9' } });
    expect(next.ready()).to.deep.equal(['stock']);
    expect(next.status('pay')).to.equal('pending');
    next.run('stock', 'S2');
    expect(next.task('pay')).to.include({ status: 'completed', output: 'P-9' });
    next.schedule();
    next.fail('ship');
    const undo = next.schedule()[0];
    expect(undo).to.deep.include({ taskId: 'pay@2', input: { input: 'S1', output: 'P-9', outcome: 'completed' } });
    next.complete('pay@2');
    next.run(next.ready()[0] ?? '');
    expect(next.of('CompensationBegan').map(({ taskId }) => taskId)).to.include.members(['pay@2', 'stock@2']);
    expect(next.state.status).to.equal('failed');
    expect(next.replayed().stateDigest).to.equal(next.state.stateDigest);
  });

  for (const [what, words] of [
    ['a list', 'forEach: "[1, 2]"'],
    ['a join of each', 'join: each'],
  ])
    it(`is that of an item of ${what} whose items begin anew, too`, () => {
      const r = run(
        `stock: { agent: a, compensate: undo }\nmore: { agent: a }\npay: { agent: a, after: [stock, more], retry: 1, ${words} }`,
      );
      r.run('stock');
      r.run('more');
      r.schedule('pay[0]', 'pay[1]');
      r.fail('pay[1]');
      r.run('stock@1');
      expect(r.state.status).to.equal('failed');
      const next = goOnFrom(r, { outcomes: { 'pay[1]': 'by hand' } });
      next.run('stock');
      expect(next.ready()).to.deep.equal(['pay[0]']);
      next.run('pay[0]', 'by card');
      expect(next.state).to.deep.include({ status: 'completed', output: ['by card', 'by hand'] });
      expect(next.replayed().stateDigest).to.equal(next.state.stateDigest);
    });

  it('replaces a result of the past, and everything after it is done anew, with new keys', () => {
    const r = run(flow);
    r.run('a', 1);
    r.run('b', 2);
    r.run('c', 3);
    r.run('d', 4);
    expect(r.state.status).to.equal('completed');
    const next = goOnFrom(r, { as: 'fork', outcomes: { b: 20 } });
    expect(next.status('d')).to.equal('completed');
    expect(next.ready()).to.deep.equal(['c']);
    expect(keyOf(next, 'c')).to.equal('run-2/c');
    next.run('c', 30);
    expect(next.state.output).to.deep.equal({ c: 30, d: 4 });
    expect(r.state.output).to.deep.equal({ c: 3, d: 4 });
  });
});

describe('a fork', () => {
  it('goes on from any point, with the same keys, and never undoes what it did not do', () => {
    const r = run('hotel: { agent: a, compensate: { agent: undo } }\npay: { agent: a, after: hotel, retry: 1 }');
    r.run('hotel', 'H1');
    r.run('pay');
    for (let at = 0; at < r.events.length - 1; at += 1) {
      const next = goOnFrom(r, { as: 'fork', at });
      expect(next.state.status, `from ${at} on`).to.equal(next.status('pay') === 'completed' ? 'completed' : 'running');
      if (next.status('hotel') !== 'completed') continue;
      expect(keyOf(next, 'pay')).to.equal('run-1/pay');
      if (next.status('pay') === 'completed') continue;
      next.schedule();
      next.fail('pay');
      expect(next.state.status, 'nothing is undone').to.equal('failed');
      expect(next.of('CompensationBegan')).to.deep.equal([]);
    }
  });

  it('of a point right after something stood in begins the stand-in with what it stands in for', () => {
    const r = run(
      'a: { agent: a }\nb: { agent: b, after: a, retry: 1, fallback: { task: f } }\nf: { scope: { x: { agent: c } } }',
    );
    r.run('a');
    r.schedule('b');
    r.fail('b');
    const at = r.events.findIndex(({ type }) => type === 'TaskFellBack');
    const next = goOnFrom(r, { as: 'fork', at, outcomes: { a: 'given' } });
    expect([next.ready(), next.status('f')]).to.deep.equal([['b'], 'pending']);
    next.schedule('b');
    next.fail('b');
    next.run('f/x');
    expect(next.state.status).to.equal('completed');
  });

  it('of a point right before an item joins lets it join', () => {
    const r = run('a: { agent: a }\nb: { agent: a }\nt: { agent: b, after: [a, b], join: each }');
    r.run('a');
    r.run('t[0]');
    r.run('b');
    const at = r.events.findIndex(
      ({ type, taskId }: { type: string; taskId?: string }) => type === 'TaskCompleted' && taskId === 'b',
    );
    const next = goOnFrom(r, { as: 'fork', at, outcomes: { 't[0]': 'given' } });
    next.run('t[1]', 'second');
    expect(next.state).to.deep.include({ status: 'completed', output: ['given', 'second'] });
  });

  it('keeps the rules and the ids of the run that it is of', () => {
    const r = run('list: { agent: a, forEach: "[1, 2]" }');
    const old = goOnFrom(Object.assign(r, { state: Object.assign(r.state, { rules: 1 }) }), { as: 'fork', at: 0 });
    expect(old.state.rules).to.equal(1);
    expect(old.ready()).to.deep.equal(['list.0', 'list.1']);
  });
});

describe('what runs of a line have done', () => {
  const flow =
    'pay: { agent: a, retry: 1, compensate: { agent: undo } }\nb: { agent: a, after: pay, retry: 1 }\nc: { agent: a, after: b, retry: 1 }';

  it('is not undone by a fork, nor by a retry of the fork', () => {
    const r = run(flow);
    r.run('pay');
    const at = r.events.length - 1;
    r.run('b');
    r.run('c');
    expect(r.state.status).to.equal('completed');
    const two = goOnFrom(r, { as: 'fork', at });
    two.schedule('b');
    two.fail('b');
    expect(two.of('RunForked')[0]).to.include({ as: 'fork' });
    const three = goOnFrom(two, { runId: 'run-3' });
    expect(three.of('RunForked').at(-1)).to.not.have.property('as');
    three.run('b');
    three.schedule('c');
    three.fail('c');
    expect([three.state.status, three.of('CompensationBegan')]).to.deep.equal(['failed', []]);
    expectKept(three);
  });

  it('is undone by a retry of a retry, what somebody said that it gave, too', () => {
    const r = run(flow);
    r.schedule('pay');
    r.fail('pay');
    const two = goOnFrom(r, { outcomes: { pay: 'by hand' } });
    expect(two.of('TaskAdopted')[0]).to.include({ taskId: 'pay', attempt: 2 });
    two.schedule('b');
    two.send({ type: 'CancelRun', compensate: false });
    const three = goOnFrom(two, { runId: 'run-3' });
    expect(three.task('pay')).to.include({ status: 'completed', attempt: 2, output: 'by hand' });
    three.schedule('b');
    three.fail('b');
    expect(three.of('CompensationBegan').map(({ taskId }) => taskId)).to.deep.equal(['pay@2']);
    expect(three.schedule('pay@2')[0]).to.have.nested.property('input.output', 'by hand');
    three.complete('pay@2');
    expect(three.state.status).to.equal('failed');
    expectKept(three);
  });
});
