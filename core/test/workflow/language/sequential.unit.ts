import { bindDefinition, type Json, parseWorkflow, type Workflow } from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { explainRun } from '../../../src/orchestration/workflow/explain/explain-run.ts';
import { rootOf } from '../../../src/orchestration/workflow/state.ts';
import { restoreState, serializeState } from '../../../src/orchestration/workflow/state-codec.ts';
import { viewOf } from '../../../src/orchestration/workflow/view-of.ts';
import type { PureRun } from '../pure-run.ts';
import { goOnFrom } from './going-on.ts';
import { run as written } from './yaml-run.ts';

const run = (tasks: string, input: Json = null): PureRun => written(tasks, input, 'strategy: sequential');

/** What an agent does with a task: completes it with that, or (undefined) fails. */
type Does = (id: string, attempt: number) => Json | undefined;

/** Plays what is ready until nothing is, and says what began in which order. Never may more than one be ready. */
function play(r: PureRun, does: Does = (id) => id): readonly string[] {
  const begun: string[] = [];
  for (let step = 0; step < 200; step += 1) {
    const [id, ...others] = r.ready();
    expect(others, 'one at a time').to.deep.equal([]);
    if (id === undefined) {
      const waiting = [...r.state.tasks.values()].find(({ retryAt, status }) => status === 'waiting' && retryAt);
      if (waiting === undefined) return begun;
      r.retry(waiting.id);
      continue;
    }
    r.schedule(id);
    begun.push(id);
    expect(r.state.inFlight).to.equal(1);
    expect(r.ready(), `nothing begins beside ${id}`).to.deep.equal([]);
    const output = does(id, r.task(id).attempt);
    if (output === undefined) r.fail(id, { code: 'BOOM' });
    else r.complete(id, output);
  }
  throw new Error('no end');
}

const failing =
  (...ids: readonly string[]): Does =>
  (id) =>
    ids.includes(id) ? undefined : id;

const retry = '{ maxAttempts: 3, initialDelay: 1s, jitter: 0 }';

describe('strategy: sequential', () => {
  it('does one task at a time: by what comes before, then priority, then declaration, whatever became ready first', () => {
    const r = run(`
a: { agent: a }
after-a: { agent: a, after: a }
b: { agent: a }
urgent: { agent: a, priority: 5 }
last: { agent: a, after: [after-a, b], priority: 9 }
c: { agent: a }`);
    expect(play(r)).to.deep.equal(['urgent', 'a', 'after-a', 'b', 'last', 'c']);
    expect(r.state.status).to.equal('completed');
  });

  it('hands outputs on by `after`, as every mode does', () => {
    const r = run('a: { agent: a }\nb: { agent: a, after: a }\nc: { agent: a }', 'in');
    r.run('a', 'from a');
    expect(r.schedule('b')[0]).to.deep.include({ input: 'from a' });
    r.complete('b');
    expect(r.schedule('c')[0]).to.deep.include({ input: 'in' });
  });

  it('takes no other task than the one whose turn it is, whoever asks', () => {
    const r = run('a: { agent: a }\nb: { agent: a }');
    expect(r.schedule('b')).to.deep.equal([]);
    expect(r.schedule('b', 'a').map((event) => 'taskId' in event && event.taskId)).to.deep.equal(['a']);
    expect(r.schedule('b'), 'while a is under way').to.deep.equal([]);
  });

  it('keeps the turn over a retry, and the wait before it', () => {
    const r = run(`a: { agent: a, retry: ${retry} }\nb: { agent: a, priority: 9, after: gate }\ngate: { agent: a }`);
    r.schedule('a');
    r.fail('a');
    expect(r.task('a').status).to.equal('waiting');
    expect(r.ready()).to.deep.equal([]);
    r.retry('a');
    expect(r.ready()).to.deep.equal(['a']);
    r.schedule('a');
    r.fail('a', { lost: true });
    r.retry('a');
    r.run('a');
    expect(play(r)).to.deep.equal(['gate', 'b']);
  });

  it('goes on behind a failure that is borne, caught, or stood in for; a fallback agent has the turn of the task', () => {
    const r = run(`
first: { agent: a, retry: 1 }
second: { agent: a, retry: 1, fallback: { agent: b } }
any: { agent: a, after: [first, third], join: any }
third: { agent: a, retry: 1, fallback: { task: spare } }
spare: { agent: a }
fourth: { agent: a }`);
    const tries = new Map<string, number>();
    const does: Does = (id) => {
      tries.set(id, (tries.get(id) ?? 0) + 1);
      return ['first', 'second', 'third'].includes(id) && tries.get(id) === 1 ? undefined : id;
    };
    expect(play(r, does)).to.deep.equal(['first', 'second', 'second', 'third', 'spare', 'any', 'fourth']);
    const caught = written(
      'a: { agent: a, retry: 1 }\nb: { agent: a }',
      null,
      'strategy: sequential\ncatch: [{ do: { c: { agent: a }, d: { agent: a } }, then: continue }]',
    );
    expect(play(caught, failing('a'))).to.deep.equal(['a', 'c', 'd']);
    expect(caught.state.status).to.equal('completed');
  });

  it('passes over what is skipped: by a condition, a case, or with all that it comes after', () => {
    const r = run(`
a: { agent: a }
no: { agent: a, when: 'false' }
behind: { agent: a, after: no }
choose: { switch: [{ when: 'input == 1', then: one }, { else: two }] }
one: { agent: a, after: choose }
two: { agent: a, after: choose }
z: { agent: a }`);
    expect(play(r)).to.deep.equal(['a', 'two', 'z']);
  });

  it('does what is added last in its block, in the order in which it was added; before and after hold', () => {
    const r = run(`
plan: { agent: a, may: [spawn] }
b: { agent: a }
end: { agent: a, after: plan }`);
    r.schedule('plan');
    const { attempt } = r.task('plan');
    const spawn = (tasks: object, before?: string) => ({ kind: 'spawn', tasks, ...(before && { before: [before] }) });
    const written = (yaml: string) => (parseWorkflow(`name: w\ntasks:\n${yaml}`) as Workflow).definition.tasks;
    r.send({
      type: 'CompleteTask',
      taskId: 'plan',
      attempt,
      output: 1,
      directives: [
        spawn(written('  y: { agent: a }\n  x: { agent: a, after: y }\n  q: { agent: a }')),
        spawn(written('  first: { agent: a }'), 'end'),
      ],
    } as never);
    r.send({ type: 'AddTasks', commandId: 'more', scope: '', tasks: written('  w: { agent: a }') } as never);
    expect(play(r)).to.deep.equal(['b', 'y', 'x', 'q', 'first', 'end', 'w']);
  });

  it('does a list item by item, a retried one before the next, whatever its concurrency', () => {
    for (const concurrency of [1, 3]) {
      const r = run(
        `each: { agent: a, forEach: { items: input, concurrency: ${concurrency}, onItemFailure: continue }, retry: ${retry} }\nz: { agent: a }`,
        [1, 2, 3],
      );
      expect(play(r, (id, attempt) => (id === 'each[1]' && attempt < 3 ? undefined : id))).to.deep.equal([
        'each[0]',
        'each[1]',
        'each[1]',
        'each[1]',
        'each[2]',
        'z',
      ]);
    }
  });

  it('does what is in a block where the block is written; of blocks that are a list, one after the other', () => {
    const r = run(
      `
a: { agent: a }
book: { scope: { x: { agent: a }, y: { agent: a, after: x } } }
many: { forEach: input, scope: { p: { agent: a }, q: { agent: a } } }
z: { agent: a }`,
      [1, 2],
    );
    const order = ['a', 'book/x', 'book/y', 'many[0]/p', 'many[0]/q', 'many[1]/p', 'many[1]/q', 'z'];
    expect(play(r)).to.deep.equal(order);
  });

  it('begins a block anew where it was, with a loop or a catch that retries; a repeat, too', () => {
    const r = run(`
seg: { agent: a }
until: { agent: a, after: seg, repeat: { from: seg, until: 'round == 2', max: 3 } }
book:
  scope: { x: { agent: a }, y: { agent: a, retry: 1 } }
  catch: [{ then: retry, max: 1 }]
z: { agent: a }`);
    let failed = false;
    const does: Does = (id) => {
      if (id !== 'book/y' || failed) return id;
      failed = true;
      return undefined;
    };
    const order = ['seg', 'until', 'seg', 'until', 'book/x', 'book/y', 'book/x', 'book/y', 'z'];
    expect(play(r, does)).to.deep.equal(order);
  });

  it('does not hold up others with what is nobody’s work; a race of waits is one', () => {
    const r = run(`
news: { wait: { signal: news } }
nap: { sleep: 1h }
first: { set: done, after: [news, nap], join: any, rest: cancel }
a: { agent: a, after: first }
b: { agent: a }`);
    expect(r.status('nap')).to.equal('running');
    expect(play(r)).to.deep.equal(['b']);
    r.send({ type: 'SendSignal', commandId: 's', signal: 'news', data: 1 });
    expect(r.status('nap')).to.equal('cancelled');
    expect(play(r)).to.deep.equal(['a']);
  });

  it('has child runs take their turn, and those that come after wait for their end', () => {
    const r = run('a: { workflow: child }\nb: { workflow: child }\nc: { agent: a }');
    expect([r.status('a'), r.status('b')]).to.deep.equal(['running', 'ready']);
    expect(r.ready()).to.deep.equal([]);
    const endOf = (id: string) =>
      r.send({
        type: 'EndChild',
        taskId: id,
        attempt: 1,
        child: r.task(id).child ?? '',
        outcome: { status: 'completed', output: 1 },
      });
    endOf('a');
    expect(r.status('b')).to.equal('running');
    endOf('b');
    expect(play(r)).to.deep.equal(['c']);
  });

  it('lets the next begin while an attempt listens for messages, and nobody once it works again', () => {
    const r = run('a: { agent: a }\nb: { agent: a, may: [send] }\nc: { agent: a }');
    r.schedule('a');
    r.begin('a');
    r.send({ type: 'AwaitMessages', taskId: 'a', attempt: 1, worker: 'w', call: 1 });
    expect(r.ready()).to.deep.equal(['b']);
    r.schedule('b');
    r.begin('b');
    r.send({
      type: 'SendMessages',
      taskId: 'b',
      attempt: 1,
      worker: 'w',
      call: 1,
      messages: [{ to: 'a', data: 'hello' }],
    });
    r.complete('b');
    expect(r.ready(), 'a has what it waited for').to.deep.equal([]);
    r.complete('a');
    expect(play(r)).to.deep.equal(['c']);
  });

  it('undoes what was done, one after the other', () => {
    const r = run(
      'a: { agent: a, compensate: u }\nb: { agent: a, compensate: u }\nc: { agent: a, retry: 1 }\nd: { agent: a }',
    );
    expect(play(r, failing('c'))).to.deep.equal(['a', 'b', 'c', 'b@1', 'a@1']);
    expect(r.state.status).to.equal('failed');
  });

  it('undoes what a block did that had the turn, and then what was done before it, though that block has not ended', () => {
    const r = run(`
book:
  forEach: '[1, 2]'
  strategy: sequential
  scope: { w: { agent: a, compensate: u }, x: { agent: a, after: w } }`);
    for (const id of ['book[0]/w', 'book[0]/x', 'book[1]/w']) {
      r.schedule(id);
      r.complete(id, 1);
    }
    r.schedule('book[1]/x');
    r.send({ type: 'CancelRun', commandId: 'stop' } as never);
    expect(r.status('book[1]')).to.equal('running');
    expect(play(r)).to.deep.equal(['book[1]/w@1', 'book[0]/w@1']);
    expect(r.state.status).to.equal('cancelled');
  });

  it('passes over what waits for a mutex that another run has', () => {
    const r = run('a: { agent: a, mutex: { key: k, across: workflow } }\nb: { agent: a }\nc: { agent: a }');
    expect(r.ready()).to.deep.equal(['b']);
    r.schedule('b');
    r.send({ type: 'GrantMutex', taskId: 'a', mutex: r.task('a').mutex ?? '' });
    r.complete('b');
    expect(play(r)).to.deep.equal(['a', 'c']);
  });

  it('gives a mutex to what is in the block that has the turn, not to whom has yet to begin behind it', () => {
    for (const across of ['run', 'workflow']) {
      const r = run(`
block: { strategy: graph, scope: { x: { agent: a }, y: { agent: a, after: x, mutex: { key: k, across: ${across} } } } }
last: { agent: a, mutex: { key: k, across: ${across} } }`);
      const grant = (taskId: string) => r.send({ type: 'GrantMutex', taskId, mutex: r.task(taskId).mutex ?? '' });
      if (across !== 'run') grant('last');
      r.run('block/x');
      expect(r.ready(), across).to.deep.equal(['block/y']);
      expect(explainRun(viewOf(r.state), { now: r.now }).tasks.find(({ taskId }) => taskId === 'last')).to.deep.include(
        { reason: 'mutex', holder: 'block/y', ahead: 1 },
      );
      expect(serializeState(restoreState(serializeState(r.state), (one) => one))).to.equal(serializeState(r.state));
      r.run('block/y');
      if (across !== 'run') grant('last');
      expect(play(r)).to.deep.equal(['last']);
    }
  });

  it('refuses a mutex of a task that has begun, and needs the turn that a block around has', () => {
    const r = run(`
plain: { mutex: k, scope: { nap: { sleep: 1h }, then: { agent: a, after: nap } } }
block: { strategy: graph, scope: { x: { agent: a }, y: { agent: a, after: x, mutex: k } } }`);
    r.run('block/x');
    expect(r.task('block/y').error).to.deep.include({ code: 'REPRISE_MUTEX_DEADLOCK' });
    expect(r.task('block/y').error?.message).to.match(/or for the turn that it has/);
    expect(r.state.status).to.equal('failed');
  });

  it('puts a task forward or back when its priority is set', () => {
    const r = run('a: { agent: a }\nb: { agent: a }\nc: { workflow: child }');
    r.send({ type: 'SetPriority', commandId: 'p', taskId: 'b', priority: 3 } as never);
    expect(r.ready()).to.deep.equal(['b']);
    r.send({ type: 'SetPriority', commandId: 'q', taskId: 'c', priority: 4 } as never);
    expect(r.status('c'), 'a child run is entered once it is its turn').to.equal('running');
  });

  it('goes on in its order in a retry of the run', () => {
    const r = run(`a: { agent: a }\nb: { agent: a, retry: 1 }\nc: { workflow: child }\nd: { agent: a }`);
    expect(play(r, failing('b'))).to.deep.equal(['a', 'b']);
    const again = goOnFrom(r);
    expect(again.ready()).to.deep.equal(['b']);
    again.run('b');
    expect([again.status('c'), again.ready()]).to.deep.equal(['running', []]);
  });

  it('explains who comes first', () => {
    const r = run('a: { agent: a }\nb: { agent: a }');
    const reasonOf = (id: string) =>
      explainRun(viewOf(r.state), { now: r.now }).tasks.find(({ taskId }) => taskId === id);
    expect(reasonOf('b')).to.deep.include({ reason: 'turn', of: 'a', mover: 'tasks' });
    expect(reasonOf('a')).to.deep.include({ reason: 'ready', strategy: 'sequential' });
    r.schedule('a');
    expect(reasonOf('b')).to.deep.include({ waits: "waits for its turn: 'a' comes first" });
  });

  it('has the same order whatever agents take, fail and when the run is restarted: it follows from what tasks gave', () => {
    const tasks = `
a: { agent: a, retry: ${retry}, fallback: { agent: b } }
many: { agent: a, after: a, forEach: { items: '[1, 2, 3]', onItemFailure: continue }, retry: ${retry} }
book: { scope: { x: { agent: a, retry: ${retry} }, y: { agent: a, retry: 1, fallback: { value: 1 } } } }
z: { agent: a, after: [many, book] }
b: { agent: a, priority: 1, after: book }`;
    const outcome = (seed: number): Does => {
      let at = seed;
      return (id) => {
        at = (at * 1_103_515_245 + 12_345) % 2_147_483_648;
        return at % 3 === 0 && id !== 'z' && id !== 'b' && id !== 'book/x' ? undefined : id;
      };
    };
    const restored = (r: PureRun): PureRun => {
      const { definition } = r.state;
      const copy = restoreState(serializeState(r.state), (one) => bindDefinition(one, definition).definition);
      expect(rootOf(copy).turns?.had).to.deep.equal(rootOf(r.state).turns?.had);
      Object.assign(r.state, copy);
      return r;
    };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (seed) => {
        const plain = play(run(tasks), outcome(seed));
        const r = run(tasks);
        const does = outcome(seed);
        const again = play(restored(r), (id, attempt) => {
          restored(r);
          return does(id, attempt);
        });
        expect(again).to.deep.equal(plain);
      }),
      { numRuns: 100 },
    );
  });
});
