import { expect } from 'chai';
import { describe, it } from 'mocha';
import { START, types } from '../pure-run.ts';
import { undoAll } from './playing.ts';
import { run } from './yaml-run.ts';

describe('a loser that is an attempt under way', () => {
  const race = (more = '') =>
    run(`
a: { agent: a, compensate: undo${more} }
b: { agent: a, compensate: undo, retry: 2${more} }
first: { agent: a, after: [a, b], join: any, rest: cancel }`);

  it('is awaited, its completion is applied and undone, then it is cancelled; the join goes on at once', () => {
    const r = race();
    r.schedule();
    expect(types(r.complete('a', 'A'))).to.deep.equal(['TaskCompleted', 'TaskClosing', 'TaskReady']);
    expect(r.status('b')).to.equal('scheduled');
    r.run('first', 'won');
    expect(r.state.status, 'the loser is awaited').to.equal('running');
    expect(types(r.complete('b', 'B'))).to.deep.equal(['TaskAttemptCompleted', 'CompensationBegan']);
    expect(r.schedule()[0]).to.deep.include({
      taskId: 'b@1',
      input: { input: null, output: 'B', outcome: 'completed' },
    });
    expect(types(r.complete('b@1'))).to.deep.equal(['TaskCompleted', 'TaskCancelled', 'RunCompleted']);
    expect(r.task('b')).to.include({ status: 'cancelled', output: null });
    expect(r.state.output).to.equal('won');
  });

  it('is undone and told so when nobody knows its outcome; it is not tried again', () => {
    const r = race();
    r.schedule();
    r.complete('a');
    expect(types(r.fail('b', { lost: true }))).to.deep.equal(['TaskAttemptFailed', 'CompensationBegan']);
    expect(r.schedule('b@1')[0]).to.have.deep.nested.property('input.outcome', 'unknown');
    r.complete('b@1');
    expect(r.status('b')).to.equal('cancelled');
  });

  it('is cancelled when it fails, and there is nothing to undo', () => {
    const r = race();
    r.schedule();
    r.complete('a');
    expect(types(r.fail('b'))).to.deep.equal(['TaskAttemptFailed', 'TaskCancelled']);
    r.run('first');
    expect(r.state.status).to.equal('completed');
  });

  it('is awaited up to its limits: that of the task, too', () => {
    const r = race(', timeout: { task: 1m }');
    r.schedule();
    r.complete('a');
    r.fire({ kind: 'task', taskId: 'b', since: START });
    expect(undoAll(r)).to.deep.equal(['b@1']);
    expect(r.status('b')).to.equal('cancelled');
  });

  it('is undone when it waits for another attempt, and nobody knows what the last one did', () => {
    const r = race();
    r.schedule();
    r.fail('b', { lost: true });
    expect(types(r.complete('a'))).to.deep.equal(['TaskCompleted', 'TaskClosing', 'TaskReady', 'CompensationBegan']);
    expect(undoAll(r)).to.deep.equal(['b@1']);
    expect(r.status('b')).to.equal('cancelled');
  });

  it('ends with its block when that fails meanwhile', () => {
    const r = run(`
box:
  scope:
    a: { agent: a }
    b: { agent: a, compensate: undo }
    first: { agent: a, after: [a, b], join: any, rest: cancel, retry: 1 }
  fallback: { value: saved }`);
    r.schedule();
    r.complete('box/a');
    r.schedule();
    expect(types(r.fail('box/first'))).to.deep.equal(['TaskAttemptFailed', 'TaskFailed', 'TaskClosing']);
    r.complete('box/b');
    expect(undoAll(r)).to.deep.equal(['box/b@1']);
    expect(r.state).to.include({ status: 'completed', output: 'saved' });
  });

  it('without anything to undo is aborted, as ever', () => {
    const r = run('a: { agent: a }\nb: { agent: a }\nfirst: { agent: a, after: [a, b], join: any, rest: cancel }');
    r.schedule();
    expect(types(r.complete('a'))).to.deep.equal(['TaskCompleted', 'TaskCancelled', 'TaskReady']);
  });

  it('that is a child run is undone when it completed before it was told to end', () => {
    const r = run(`
a: { agent: a }
b: { workflow: other, compensate: undo }
first: { agent: a, after: [a, b], join: any, rest: cancel }`);
    r.run('a');
    const { child = '', attempt } = r.task('b');
    r.send({ type: 'EndChild', taskId: 'b', attempt, child, outcome: { status: 'completed', output: 'C' } });
    expect(r.schedule('b@1')[0]).to.have.deep.nested.property('input.output', 'C');
    r.complete('b@1');
    expect(r.status('b')).to.equal('cancelled');
  });
});

describe('a list that does not complete', () => {
  const list = (more: string, fails = '') =>
    run(
      `
a: { agent: a }
list: { forEach: input, agent: a, retry: 1, compensate: undo${fails} }
${more}`,
      [1, 2, 3],
    );

  it('as a loser: what its items did is undone, the last first, and those under way are awaited', () => {
    const r = list('first: { agent: a, after: [a, list], join: any, rest: cancel }');
    r.schedule();
    r.complete('list[1]');
    r.complete('list[0]');
    r.complete('a');
    expect(r.ready().filter((id) => id.includes('@'))).to.deep.equal([]);
    r.complete('list[2]');
    expect(undoAll(r)).to.deep.equal(['list[2]@1', 'list[0]@1', 'list[1]@1']);
    r.run('first');
    expect(r.state.status).to.equal('completed');
    expect(r.status('list')).to.equal('cancelled');
  });

  it('that fails, and a join goes on without it: likewise, before it has failed', () => {
    const r = list('first: { agent: a, after: [a, list], join: any }');
    r.schedule();
    r.complete('list[0]');
    r.fail('list[1]');
    expect(r.status('list')).to.equal('running');
    r.complete('list[2]');
    expect(undoAll(r)).to.deep.equal(['list[2]@1', 'list[0]@1']);
    expect(r.status('list')).to.equal('failed');
    r.run('a');
    r.run('first');
    expect(r.state.status).to.equal('completed');
  });

  it('whose time is up: the same', () => {
    const r = list('first: { agent: a, after: [a, list], join: any }', ', timeout: { all: 1m }');
    r.schedule();
    r.complete('list[0]');
    r.fire({ kind: 'all', taskId: 'list', since: START });
    expect(undoAll(r)).to.have.members(['list[2]@1', 'list[1]@1', 'list[0]@1']);
    expect(r.status('list')).to.equal('failed');
  });

  it('and fails its block is undone with the block, in the order of all that was done', () => {
    const r = list('');
    r.schedule();
    r.complete('list[0]');
    r.complete('list[2]');
    expect(types(r.fail('list[1]'))).to.deep.equal([
      'TaskAttemptFailed',
      'TaskFailed',
      'TaskFailed',
      'TaskClosing',
      'CompensationBegan',
    ]);
    expect(undoAll(r)).to.deep.equal(['list[2]@1', 'list[0]@1']);
    expect(r.state.status).to.equal('failed');
  });

  it('of blocks: what was done in those that completed, too', () => {
    const r = run(
      `
a: { agent: a }
list: { forEach: input, scope: { pay: { agent: a, compensate: undo }, more: { agent: a, after: pay } } }
first: { agent: a, after: [a, list], join: any, rest: cancel }`,
      [1, 2],
    );
    r.run('list[0]/pay');
    r.run('list[1]/pay');
    r.run('list[0]/more');
    r.run('a');
    expect(undoAll(r), 'the block that completed was done last').to.deep.equal(['list[0]/pay@1', 'list[1]/pay@1']);
    expect(r.status('list')).to.equal('cancelled');
  });

  it('item by item, when its failures are let be: an item of which nobody knows is undone, what others did is kept', () => {
    const r = run('list: { forEach: input, agent: a, retry: 1, compensate: undo, onItemFailure: continue }', [1, 2]);
    r.schedule();
    r.complete('list[0]', 'kept');
    r.fail('list[1]', { lost: true, retryable: false });
    r.retry('list[1]');
    r.schedule();
    r.fail('list[1]', { code: 'REPRISE_OUTCOME_UNKNOWN', retryable: false });
    expect(undoAll(r)).to.deep.equal(['list[1]@2']);
    expect(r.state.output).to.deep.equal(['kept', null]);
  });
});

describe('a task that repeats', () => {
  const repeat = (more: string, rest = '') =>
    run(`book: { agent: a, compensate: undo, repeat: { until: 'output == "good"', max: 2 }${more} }\n${rest}`);

  it('and uses up its rounds: what the last one did is undone, too, and its output is handed over', () => {
    const r = repeat('');
    r.run('book', 'one');
    r.schedule();
    expect(types(r.complete('book', 'two'))).to.deep.equal([
      'TaskAttemptCompleted',
      'TaskFailed',
      'TaskClosing',
      'CompensationBegan',
    ]);
    expect(r.schedule()[0]).to.deep.include({
      taskId: 'book@2',
      input: { input: null, output: 'two', outcome: 'completed' },
    });
    r.complete('book@2');
    expect(undoAll(r)).to.deep.equal(['book@1']);
    expect(r.state.error?.cause?.code).to.equal('REPRISE_REPEAT_EXHAUSTED');
  });

  it('and whose condition throws: the same', () => {
    const r = run(`book: { agent: a, compensate: undo, repeat: { until: 'output.size() > 3', max: 2 } }`);
    r.run('book', 1);
    expect(undoAll(r)).to.deep.equal(['book@1']);
    expect(r.state.status).to.equal('failed');
  });

  it('and falls back: what the round did is undone before something else takes its place', () => {
    const r = repeat(', fallback: { value: good }');
    r.run('book', 'one');
    r.schedule();
    expect(types(r.complete('book', 'two'))).to.deep.equal([
      'TaskAttemptCompleted',
      'TaskClosing',
      'CompensationBegan',
    ]);
    expect(undoAll(r), 'what the round before did was accepted').to.deep.equal(['book@2']);
    expect(r.state).to.include({ status: 'completed', output: 'good' });
  });

  it('as a loser: what it did in all rounds is undone', () => {
    const r = repeat('', 'a: { agent: a }\nfirst: { agent: a, after: [a, book], join: any, rest: cancel }');
    r.run('book', 'one');
    expect(r.task('book')).to.include({ status: 'ready', round: 2 });
    r.run('a');
    expect(r.status('book'), 'it does not begin').to.equal('waiting');
    expect(undoAll(r)).to.deep.equal(['book@1']);
    expect(r.status('book')).to.equal('cancelled');
  });
});

describe('a block that repeats', () => {
  it('and whose time is up, while a join goes on without it: what it did in the round before is undone', () => {
    const r = run(`
a: { agent: a }
box: { scope: { pay: { agent: a, compensate: undo }, more: { agent: a } }, repeat: { until: 'false', max: 3 }, timeout: 1m }
first: { agent: a, after: [a, box], join: any }`);
    r.run('box/pay');
    r.run('box/more');
    r.fire({ kind: 'task', taskId: 'box', since: r.task('box').firstScheduledAt ?? 0 });
    expect(undoAll(r)).to.deep.equal(['box/pay@1']);
    expect(r.task('box')).to.have.nested.property('error.code', 'REPRISE_TASK_TIMEOUT');
    r.run('a');
    r.run('first');
    expect(r.state.status).to.equal('completed');
  });
});

describe('a task that something else takes the place of', () => {
  it('is undone first when nobody knows what it did', () => {
    const r = run('book: { agent: a, retry: 1, compensate: undo, fallback: { agent: other } }\nnext: { agent: a }');
    r.schedule('book');
    r.fail('book', { code: 'REPRISE_OUTCOME_UNKNOWN' });
    expect(undoAll(r)).to.deep.equal(['book@1']);
    expect(r.ready()).to.include('book');
    r.run('book', 'by the other');
    expect(r.status('book')).to.equal('completed');
  });

  it('is undone once when a later attempt of the same round completed: they have one key', () => {
    const r = run('book: { agent: a, retry: 2, compensate: undo }\nnext: { agent: a, after: book, retry: 1 }');
    r.schedule();
    r.fail('book', { code: 'REPRISE_ATTEMPT_TIMEOUT' });
    r.retry('book');
    r.run('book');
    r.schedule();
    r.fail('next');
    expect(undoAll(r)).to.deep.equal(['book@2']);
  });

  it('is undone when it failed, and a join goes on without it', () => {
    const r = run(`
a: { agent: a, retry: 1, compensate: undo }
b: { agent: a }
first: { agent: a, after: [a, b], join: any }`);
    r.schedule();
    r.fail('a', { code: 'REPRISE_OUTCOME_UNKNOWN' });
    expect(undoAll(r)).to.deep.equal(['a@1']);
    expect(r.status('a')).to.equal('failed');
    r.complete('b');
    r.run('first');
    expect(r.state.status).to.equal('completed');
  });
});

describe('what an end cuts short', () => {
  const tasks = `
kept: { agent: a, compensate: undo }
open: { agent: a, compensate: undo }
box: { scope: { in: { agent: a, compensate: undo }, more: { agent: a, after: in } } }
list: { forEach: '[1, 2]', agent: a, compensate: undo }
stop: { end: { output: enough }, after: kept }`;

  it('is awaited and undone; what had completed before stays', () => {
    const r = run(tasks);
    r.run('box/in');
    r.run('list[0]');
    r.schedule('open', 'kept');
    r.complete('kept');
    expect(r.status('open')).to.equal('scheduled');
    r.complete('open');
    expect(undoAll(r)).to.deep.equal(['open@1', 'list[0]@1', 'box/in@1']);
    expect(r.state).to.include({ status: 'completed', output: 'enough' });
  });

  it('stays to be undone with what is around the block', () => {
    const indented = tasks.replaceAll('\n', '\n    ');
    const r = run(`outer:\n  scope:${indented}\nfails: { agent: a, after: outer, retry: 1 }`);
    r.schedule('outer/open', 'outer/kept');
    r.complete('outer/kept');
    r.complete('outer/open');
    expect(undoAll(r)).to.deep.equal(['outer/open@1']);
    r.schedule('fails');
    r.fail('fails');
    expect(undoAll(r)).to.deep.equal(['outer/kept@1']);
  });

  it('of a loop: rounds before stay, too', () => {
    const r = run(`
loop:
  scope:
    pay: { agent: a, compensate: undo }
    look: { agent: a }
    enough: { end: {}, after: look, when: outputs.look > 1 }
  loop: { until: 'false', max: 3 }`);
    r.run('loop/pay');
    r.run('loop/look', 1);
    r.schedule('loop/pay', 'loop/look');
    r.complete('loop/look', 2);
    r.complete('loop/pay');
    expect(undoAll(r)).to.deep.equal(['loop/pay@2']);
    expect(r.state.status).to.equal('completed');
  });

  it('is so of a failure that the block goes on after, too', () => {
    const r = run(
      'kept: { agent: a, compensate: undo }\nopen: { agent: a, compensate: undo }\nbad: { agent: a, retry: 1 }',
      null,
      'catch: [{ then: continue, output: saved }]',
    );
    r.schedule();
    r.complete('kept');
    r.fail('bad');
    r.complete('open');
    expect(undoAll(r)).to.deep.equal(['open@1']);
    expect(r.state).to.include({ status: 'completed', output: 'saved' });
  });
});
