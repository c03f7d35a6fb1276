import { encodeEvent, type Json, type RunEvent, UntrustedHistory, uuidv5 } from '@reprise/core';
import { TEST_RUN_ID } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { loadTasks } from '../../../src/definition/text/parse-workflow.ts';
import { idempotencyKey } from '../../../src/orchestration/workflow/attempt-key.ts';
import type { Directive, HandOff } from '../../../src/orchestration/workflow/directives.ts';
import { effectsOf } from '../../../src/orchestration/workflow/effects.ts';
import { wantedBy } from '../../../src/orchestration/workflow/ready-tasks.ts';
import { viewOf } from '../../../src/orchestration/workflow/view-of.ts';
import type { PureRun } from '../pure-run.ts';
import { types } from '../pure-run.ts';
import { expectKept, expectSame } from './add.ts';
import { goOnFrom } from './going-on.ts';
import { run } from './yaml-run.ts';

// What agents do to their run with their output.

const spawn = (tasks: Json, ...before: readonly string[]): Directive => ({
  kind: 'spawn',
  tasks: loadTasks(tasks, 'tasks'),
  ...(before.length > 0 && { before }),
});
const finish = (output: Json): Directive => ({ kind: 'finish', output });
const handOff = (agent: string, more: Partial<HandOff> = {}): Directive => ({ kind: 'handOff', agent, ...more });

/** Completes a task with directives, which may be anything. */
function give(run: PureRun, id: string, directives: unknown, output: Json = `${id} done`): readonly RunEvent[] {
  const { attempt } = run.task(id);
  return run.send({
    type: 'CompleteTask',
    taskId: id,
    attempt,
    output,
    directives: directives as readonly Directive[],
  });
}

/** Why an attempt was refused. */
function refusal(events: readonly RunEvent[]): string {
  const [first] = events;
  expect(first?.type).to.equal('TaskAttemptFailed');
  const { error } = first as Extract<RunEvent, { type: 'TaskAttemptFailed' }>;
  expect(error.code).to.equal('REPRISE_DIRECTIVE_REFUSED');
  return error.message;
}

const chain = 'plan: { agent: a, may: [spawn, finish] }\nlast: { agent: a, after: plan }';

describe('spawn', () => {
  it('adds tasks after the task itself, before what waits, with the limits of tasks; the output is what the agent returned', () => {
    const r = run(chain);
    r.schedule('plan');
    const tasks = {
      look: { agent: 'x', after: 'plan', retry: 3, timeout: '5s' },
      read: { agent: 'y', after: 'look', input: { seen: `\${ outputs.look }`, plan: `\${ outputs.plan }` } },
    };
    expect(types(give(r, 'plan', [spawn(tasks, 'last')], 'the plan'))).to.deep.equal(['TasksAdded', 'TaskCompleted']);
    expect(r.events.at(-2)).to.deep.include({ scope: '', spawnedBy: { taskId: 'plan', attempt: 1 } });
    expect(r.events.at(-2)).to.deep.include({ before: [{ taskId: 'last', dependency: 'read' }] });
    expect(r.events.at(-1)).to.include({ output: 'the plan' }).and.to.not.have.property('directives');
    expect(r.ready()).to.deep.equal(['look']);
    expect(viewOf(r.state).tasks.get('look')?.added).to.deep.include({ timeouts: { attemptMs: 5000 } });
    r.run('look', 'l');
    expect(r.schedule('read')[0]).to.deep.include({ input: { seen: 'l', plan: 'the plan' } });
    expect(r.ready(), 'last waits for what was put before it').to.deep.equal([]);
    r.complete('read', 'r');
    expect(r.schedule('last')[0], 'and is handed what it would be without').to.include({ input: 'the plan' });
    r.complete('last', 'l');
    expect(r.state).to.include({ status: 'completed', output: 'l' });
    expectKept(r);
  });

  it('is one addition, however often it was called: the tasks may name each other', () => {
    const r = run(chain);
    r.schedule('plan');
    give(r, 'plan', [spawn({ one: { agent: 'x' } }), spawn({ two: { agent: 'x', after: ['one', 'plan'] } })]);
    expect(r.of('TasksAdded')).to.have.length(1);
    expect(r.ready()).to.deep.equal(['one', 'last']);
    expectKept(r);
  });

  it('takes effect with the completion, once, or not at all', () => {
    const r = run(chain);
    r.schedule('plan');
    const given = [spawn({ one: { agent: 'x' }, two: { agent: 'x', after: 'nobody' } })];
    expect(refusal(give(r, 'plan', given))).to.match(/'plan' wanted .*'two' is to come after 'nobody'.*UNKNOWN/);
    expect([...r.state.tasks.keys()]).to.deep.equal(['plan', 'last']);
    expect(types(give(r, 'plan', given)), 'again, late').to.deep.equal(['TaskResultIgnored']);
    expect(give(r, 'plan', given)).to.deep.equal([]);
    r.retry('plan');
    r.schedule('plan');
    const good = [spawn({ one: { agent: 'x' } })];
    give(r, 'plan', good);
    expect(give(r, 'plan', good), 'a second time').to.deep.equal([]);
    expect(r.of('TasksAdded')).to.have.length(1);
    expectKept(r);
  });

  it('is dropped with an attempt that comes too late, or whose output the run has no room for', () => {
    const r = run('plan: { agent: a, may: spawn, retry: 1 }');
    r.schedule('plan');
    r.fail('plan', { lost: true, code: 'REPRISE_WORKER_LOST' });
    const attempt = 1;
    r.send({ type: 'CompleteTask', taskId: 'plan', attempt, output: 1, directives: [spawn({ one: { agent: 'x' } })] });
    expect(r.of('TasksAdded')).to.deep.equal([]);
    expectKept(r);
  });

  it('goes into the block of the task, be it an item of a list, in each of its rounds', () => {
    const r = run(
      'each: { forEach: input, scope: { a: { agent: a, may: spawn }, z: { agent: a, after: a } } }\nrest: { agent: a, after: each }',
      ['x', 'y'],
    );
    r.schedule();
    const more = [spawn({ more: { agent: 'x', after: 'a', input: `\${ item }` } }, 'z')];
    give(r, 'each[0]/a', more);
    give(r, 'each[1]/a', more);
    expect(r.schedule('each[1]/more')[0]).to.include({ input: 'y' });
    expectKept(r);
    r.run('each[0]/more');
    expect(r.ready()).to.deep.equal(['each[0]/z']);
  });

  it('of an item adds to the block that its list is in', () => {
    const r = run('each: { agent: a, forEach: input, may: spawn }\nlast: { agent: b, after: each }', [1, 2]);
    r.schedule();
    give(r, 'each[0]', [spawn({ sum: { agent: 'x', after: 'each' } }, 'last')]);
    r.complete('each[1]', 2);
    expect(r.ready()).to.deep.equal(['sum']);
    expect(r.schedule('sum')[0]).to.deep.include({ input: ['each[0] done', 2] });
    expectKept(r);
  });

  it('of a repeating task is done in the round that it ended', () => {
    const r = run('a: { agent: a, may: spawn, repeat: { until: round > 1, max: 3 } }');
    r.schedule('a');
    expect(types(give(r, 'a', [spawn({ one: { agent: 'x', after: 'a' } })]))).to.deep.equal([
      'TasksAdded',
      'TasksReset',
    ]);
    expect(r.ready()).to.deep.equal(['a']);
    r.schedule('a');
    give(r, 'a', [spawn({ two: { agent: 'x', after: 'a' } })]);
    expect(r.ready()).to.deep.equal(['one', 'two']);
    expectKept(r);
  });

  it('lets agents spawn agents that spawn: a recursion', () => {
    const r = run('n0: { agent: a, may: spawn }');
    for (let depth = 0; depth < 5; depth += 1) {
      r.schedule(`n${depth}`);
      give(r, `n${depth}`, [spawn({ [`n${depth + 1}`]: { agent: 'a', after: `n${depth}`, may: 'spawn' } })]);
    }
    r.run('n5');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  const refused: Readonly<Record<string, readonly [unknown, RegExp]>> = {
    'an id that is taken': [[spawn({ last: { agent: 'x' } })], /a task 'last' .* already.*REPRISE_TASK_EXISTS/],
    'a cycle': [[spawn({ one: { agent: 'x', after: 'last' } }, 'last')], /cycle.*REPRISE_CYCLE/],
    'a task that waits for nothing': [
      [spawn({ one: { agent: 'x' } }, 'plan')],
      /'plan', which is scheduled.*TASK_BEGUN/,
    ],
    'outputs that do not come before': [[spawn({ one: { agent: 'x', when: 'outputs.last' } })], /not valid/],
    'a permission of its own': [[spawn({ one: { agent: 'x', may: ['spawn', 'finish'] } })], /'one' may finish, which/],
    'an end': [[spawn({ one: { end: {} } })], /'one' would end the block/],
    'a cancel': [
      [spawn({ one: { scope: { two: { cancel: 'last' } } } })],
      /'two' would cancel tasks of the run, which takes/,
    ],
    'no list': [{ kind: 'spawn' }, /directives must be a list/],
    'no directive': [[{ kind: 'become', agent: 'root' }], /directives\[0\]\.kind must be "spawn"/],
    'more fields': [[{ kind: 'finish', output: 1, more: 1 }], /directives\[0\].more is not a field/],
    'tasks of another form': [[{ kind: 'spawn', tasks: [{ id: 'one', agent: 'x' }] }], /tasks\[0\]\.after is missing/],
    'no tasks': [[{ kind: 'spawn', tasks: [] }], /no tasks are added/],
    'what is no JSON': [[{ kind: 'finish', output: new Date(0) }], /no plain JSON/],
    functions: [
      [
        {
          kind: 'spawn',
          tasks: loadTasks({ one: { agent: 'x' } }, '').map((one) => ({
            ...one,
            when: { kind: 'function', digest: 'd' },
          })),
        },
      ],
      /is a function/,
    ],
    'what is too large': [[finish('x'.repeat(200_000))], /larger than the limit of 100000/],
    'two ends': [[finish(1), finish(2)], /finished twice/],
    'tasks in a block that is finished': [[finish(1), spawn({ one: { agent: 'x' } })], /would never run/],
  };
  const MAY_FINISH = new Set([
    'more fields',
    'what is no JSON',
    'what is too large',
    'two ends',
    'tasks in a block that is finished',
  ]);
  for (const [what, [given, message]] of Object.entries(refused)) {
    it(`refuses ${what}, and the attempt fails`, () => {
      const may = MAY_FINISH.has(what) ? '[spawn, finish]' : 'spawn';
      const r = run(`plan: { agent: a, may: ${may} }\nlast: { agent: a, after: plan }`);
      r.maxPayloadChars = 100_000;
      r.schedule('plan');
      expect(refusal(give(r, 'plan', given))).to.match(message);
      expect(r.status('plan')).to.equal('waiting');
      expectKept(r);
    });
  }

  it('is refused for nobody to do it, where it is known who is there', () => {
    const r = run(chain);
    r.takers = { has: (agent) => agent === 'x', hasCapability: (one) => one === 'able' };
    r.schedule('plan');
    const given = { a1: { scope: { in: { agent: 'x', compensate: 'undoer' } } } };
    expect(refusal(give(r, 'plan', [spawn(given)]))).to.match(/'in': no agent that is there is called 'undoer'/);
    r.retry('plan');
    r.schedule('plan');
    give(r, 'plan', [spawn({ a2: { agent: 'x' }, a3: { capability: 'able' } })]);
    expect(r.ready()).to.include.members(['a2', 'a3']);
  });

  it('is not allowed unless the task says so, and that is not tried again', () => {
    const r = run('plan: { agent: a }');
    r.schedule('plan');
    const events = give(r, 'plan', [spawn({ one: { agent: 'x' } })]);
    expect(refusal(events)).to.match(/'plan' may not spawn; say so on the task: may: \[spawn\]/);
    expect(r.state.status).to.equal('failed');
    expectKept(r);
  });

  it('is of no use to a task that is only waited for, or that nobody needs any more', () => {
    const r = run('one: { agent: a, may: [spawn, finish], compensate: undo }\ntwo: { agent: a, retry: 1 }');
    r.schedule();
    r.fail('two');
    expect(r.state.closing?.why).to.equal('failure');
    expect(types(give(r, 'one', [spawn({ more: { agent: 'x' } })]))).to.deep.equal([
      'TaskCompleted',
      'CompensationBegan',
    ]);
    r.run('one@1');
    expect(r.state.status).to.equal('failed');
    expectKept(r);
  });

  it('whose attempt was refused did what it did: it is undone', () => {
    const r = run('one: { agent: a, may: spawn, retry: 1, compensate: undo }');
    r.schedule();
    refusal(give(r, 'one', [spawn({ one: { agent: 'x' } })]));
    expect(r.of('CompensationBegan')[0]).to.include({ taskId: 'one@1', outcome: 'unknown' });
    expectKept(r);
  });

  it('at most once is not tried again', () => {
    const r = run('one: { agent: a, may: spawn, delivery: at-most-once }');
    r.schedule();
    refusal(give(r, 'one', [spawn({ one: { agent: 'x' } })]));
    expect(r.state.status).to.equal('failed');
  });
});

describe('finish', () => {
  it('ends the run with what the agent gave for it, beside its own output; what is under way is cancelled', () => {
    const r = run(`${chain}\nother: { agent: a }\nloser: { agent: a, after: other }`);
    r.schedule('plan', 'other');
    const events = give(r, 'plan', [finish({ found: true })], 'mine');
    expect(types(events)).to.deep.equal(['TaskCompleted', 'RunCompleted']);
    expect(events[0]).to.deep.include({ output: 'mine', ends: { found: true } });
    expect(r.state).to.deep.include({ status: 'completed', output: { found: true } });
    expect(r.status('other')).to.equal('cancelled');
    expect(r.status('last'), 'what comes after it did not begin').to.equal('skipped');
    expectKept(r);
  });

  it('ends the innermost block, and is an exit of its loop; null is an output', () => {
    const r = run(
      'book: { scope: { a: { agent: a, may: finish }, b: { agent: a, after: a } }, loop: { until: "false", max: 9 } }\nlast: { agent: a, after: book }',
    );
    r.run('book/a');
    r.run('book/b');
    expect(r.state.scopes.get('book')?.round).to.equal(2);
    r.schedule('book/a');
    give(r, 'book/a', [finish(null)]);
    expect(r.task('book')).to.include({ status: 'completed', output: null });
    expect(r.schedule('last')[0]).to.include({ input: null });
    expectKept(r);
  });

  it('ends what repeats, whatever its until says', () => {
    const r = run('a: { agent: a, may: finish, repeat: { until: "false", max: 3 } }');
    r.schedule('a');
    give(r, 'a', [finish('enough')]);
    expect(r.state).to.include({ status: 'completed', output: 'enough' });
    expectKept(r);
  });

  it('of an item cuts its list short: what the others did is undone, what it did is kept', () => {
    const r = run(
      'book: { scope: { each: { agent: a, forEach: block.input, may: finish, compensate: undo } } }\nlast: { agent: a, after: book, retry: 1 }',
      [1, 2, 3],
    );
    r.schedule();
    r.complete('book/each[0]');
    give(r, 'book/each[1]', [finish('first')]);
    r.complete('book/each[2]');
    for (const id of r.ready()) r.run(id);
    for (const id of r.ready()) if (id.includes('@')) r.run(id);
    expect(r.task('book')).to.include({ status: 'completed', output: 'first' });
    const undone = r.of('CompensationBegan').map(({ taskId }) => taskId);
    expect(undone).to.have.members(['book/each[0]@1', 'book/each[2]@1']);
    expectKept(r);
  });

  it('in a handler ends the block well', () => {
    const r = run(
      'book: { scope: { a: { agent: a, retry: 1 } }, catch: [{ do: { mend: { agent: a, may: finish } }, then: fail }] }',
    );
    r.schedule();
    r.fail('book/a');
    r.schedule();
    give(r, 'book/mend', [finish('mended')]);
    expect(r.state).to.include({ status: 'completed', output: 'mended' });
    expectKept(r);
  });

  it('is taken while the run is paused, and ends it', () => {
    const r = run(chain);
    r.schedule('plan');
    r.send({ type: 'PauseRun' });
    give(r, 'plan', [finish(1)]);
    expect(r.state).to.include({ status: 'completed', output: 1 });
    expectKept(r);
  });
});

describe('handOff', () => {
  const triage = 'ask: { agent: front, may: handOff, retry: 2, timeout: { task: 1m } }\nlast: { agent: a, after: ask }';
  const assign = (r: PureRun, taskId: string, agent: string) =>
    r.send({ type: 'ScheduleTasks', strategy: 'test', assignments: [{ taskId, agent }] });

  it('gives the task to another agent, with its input; the output is that of the last', () => {
    const r = run(triage, 'please');
    assign(r, 'ask', 'front');
    const events = give(r, 'ask', [handOff('billing', { input: { about: 'a bill' }, why: 'money' })], 'not the output');
    expect(events).to.have.length(1);
    expect(events[0]).to.deep.include({
      type: 'TaskHandedOff',
      agent: 'billing',
      input: { about: 'a bill' },
      why: 'money',
    });
    expect(events[0]).to.not.have.property('output');
    expect(effectsOf(r.state, events[0] as RunEvent)).to.deep.equal([
      { kind: 'close-attempt', taskId: 'ask', attempt: 1, reason: 'agent' },
    ]);
    expect(wantedBy(r.state, r.task('ask')).agent).to.equal('billing');
    expectSame(r);
    expect(assign(r, 'ask', 'billing')[0])
      .to.include({ attempt: 2, agent: 'billing' })
      .and.to.not.have.property('input');
    expect(r.task('ask').input).to.deep.equal({ about: 'a bill' });
    expect(viewOf(r.state).tasks.get('ask')?.handOffs).to.deep.equal([
      { attempt: 1, from: 'front', to: 'billing', why: 'money' },
    ]);
    r.complete('ask', 'paid');
    expect(r.schedule('last')[0]).to.include({ input: 'paid' });
    expectKept(r);
  });

  it('begins the attempts anew, with a key of its own; the limit of the task goes on', () => {
    const r = run(triage);
    assign(r, 'ask', 'front');
    const since = r.task('ask').firstScheduledAt;
    const key = idempotencyKey(r.state, r.task('ask'));
    r.fail('ask');
    r.retry('ask');
    assign(r, 'ask', 'front');
    expect(idempotencyKey(r.state, r.task('ask')), 'the same for both attempts').to.equal(key);
    give(r, 'ask', [handOff('billing')]);
    expect(r.task('ask')).to.include({ tries: 0, error: undefined, firstScheduledAt: since });
    for (let nth = 0; nth < 2; nth += 1) {
      assign(r, 'ask', 'billing');
      expect(idempotencyKey(r.state, r.task('ask'))).to.equal(`${key}>1`);
      r.fail('ask');
      if (nth === 0) r.retry('ask');
    }
    expect(r.state.status).to.equal('failed');
    expectKept(r);
  });

  it('is answered once, however often it comes', () => {
    const r = run(triage);
    assign(r, 'ask', 'front');
    const command = {
      type: 'CompleteTask',
      taskId: 'ask',
      attempt: 1,
      output: 1,
      directives: [handOff('billing')],
    } as const;
    expect(types(r.send(command))).to.deep.equal(['TaskHandedOff']);
    expect(r.send(command)).to.deep.equal([]);
    assign(r, 'ask', 'billing');
    expect(r.send(command)).to.deep.equal([]);
    expectKept(r);
  });

  it('is bounded: at most 32 times a round', () => {
    const r = run('ask: { agent: front, may: handOff, repeat: { until: round > 1, max: 2 } }');
    for (let nth = 0; nth < 32; nth += 1) {
      assign(r, 'ask', 'a');
      give(r, 'ask', [handOff('b')]);
    }
    assign(r, 'ask', 'b');
    expect(refusal(give(r, 'ask', [handOff('c')]))).to.match(/handed off 32 times in this round/);
    r.retry('ask');
    assign(r, 'ask', 'b');
    r.complete('ask');
    expect(wantedBy(r.state, r.task('ask')).agent, 'the next round is for the first agent again').to.equal('front');
    expectKept(r);
  });

  it('of what can be undone: each attempt that handed on did something, and is undone for itself', () => {
    const r = run(
      'ask: { agent: front, may: handOff, compensate: undo }\nlast: { agent: a, after: ask, retry: 1 }',
      'in',
    );
    assign(r, 'ask', 'front');
    expect(give(r, 'ask', [handOff('b', { input: 'more' })], 'half')[0]).to.include({ output: 'half' });
    assign(r, 'ask', 'b');
    r.complete('ask', 'whole');
    r.schedule('last');
    r.fail('last');
    expect(r.schedule('ask@2')[0]).to.deep.include({ input: { input: 'more', output: 'whole', outcome: 'completed' } });
    r.complete('ask@2');
    expect(r.schedule('ask@1')[0]).to.deep.include({ input: { input: 'in', output: 'half', outcome: 'completed' } });
    r.complete('ask@1');
    expect(r.state.status).to.equal('failed');
    expectKept(r);
  });

  it('at most once: each agent begins once', () => {
    const r = run('ask: { agent: front, may: handOff, delivery: at-most-once }');
    assign(r, 'ask', 'front');
    give(r, 'ask', [handOff('b')]);
    expect(types(assign(r, 'ask', 'b'))).to.deep.equal(['TaskScheduled', 'TaskStarted']);
    r.fail('ask');
    expect(r.state.status).to.equal('failed');
    expectKept(r);
  });

  it('works for items, beside spawn, while the run is paused, and by what has fallen back', () => {
    const r = run(
      'each: { agent: a, forEach: input, may: [handOff, spawn], concurrency: 1, retry: 1, fallback: { agent: other } }',
      [1, 2],
    );
    assign(r, 'each[0]', 'a');
    r.send({ type: 'PauseRun' });
    give(r, 'each[0]', [handOff('b'), spawn({ more: { agent: 'x', after: 'each' } })]);
    r.send({ type: 'ResumeRun' });
    expect(r.ready(), 'it keeps its place in the list').to.deep.equal(['each[0]']);
    assign(r, 'each[0]', 'b');
    r.fail('each[0]');
    expect(wantedBy(r.state, r.task('each[0]')).agent).to.equal('other');
    assign(r, 'each[0]', 'other');
    give(r, 'each[0]', [handOff('c')]);
    expect(wantedBy(r.state, r.task('each[0]')).agent).to.equal('c');
    assign(r, 'each[0]', 'c');
    r.complete('each[0]', 'one');
    r.run('each[1]', 'two');
    expect(r.schedule('more')[0]).to.deep.include({ input: ['one', 'two'] });
    expectKept(r);
  });

  it('stays with whom it was handed to when the run is retried, with the same key', () => {
    const r = run('ask: { agent: front, may: handOff, retry: 1 }', 'in');
    assign(r, 'ask', 'front');
    give(r, 'ask', [handOff('b', { input: 'handed' })]);
    assign(r, 'ask', 'b');
    const key = idempotencyKey(r.state, r.task('ask'));
    r.fail('ask');
    expect(r.state.status).to.equal('failed');
    const next = goOnFrom(r);
    expect(wantedBy(next.state, next.task('ask')).agent).to.equal('b');
    assign(next, 'ask', 'b');
    expect(next.task('ask')).to.include({ input: 'handed', attempt: 3 });
    expect(idempotencyKey(next.state, next.task('ask'))).to.equal(key);
    next.complete('ask', 'done');
    expect(next.state).to.include({ status: 'completed', output: 'done' });
    expect(next.replayed().stateDigest).to.equal(next.state.stateDigest);
  });

  it('is refused twice, with finish, to nobody, and where it is not allowed', () => {
    const refused = (tasks: string, ...given: readonly Directive[]) => {
      const r = run(tasks);
      r.takers = { has: (agent) => agent !== 'nobody', hasCapability: () => false };
      r.schedule('ask');
      return refusal(give(r, 'ask', given));
    };
    expect(refused(triage, handOff('a'), handOff('b'))).to.match(/handed to 'a' and to 'b'/);
    expect(refused('ask: { agent: a, may: [handOff, finish] }', handOff('a'), finish(1))).to.match(/do one of the two/);
    expect(refused(triage, handOff('nobody'))).to.match(/handed to 'nobody'.*REPRISE_AGENT_UNKNOWN/);
    expect(refused('ask: { agent: a }', handOff('b'))).to.match(/may not handOff/);
    expect(refused(triage, handOff('not a name'))).to.match(/agent must be the name of an agent/);
  });
});

describe('cancel', () => {
  const cancel = (...tasks: readonly string[]): Directive => ({ kind: 'cancel', tasks });

  it('ends tasks of the block and of those around it, once the task itself has ended; what has ended stays', () => {
    const r = run(
      'other: { agent: a }\ndone: { agent: a }\nbook: { scope: { a: { agent: a, may: cancel }, b: { agent: a }, c: { agent: a, after: b } } }\nlast: { agent: a, after: [other, book] }',
    );
    r.run('done');
    r.schedule();
    const events = give(r, 'book/a', [cancel('b', 'other'), cancel('done')], 'mine');
    expect(types(events).slice(0, 3)).to.deep.equal(['TaskCompleted', 'TaskCancelled', 'TaskCancelled']);
    expect(r.of('TaskCancelled').slice(0, 2)).to.deep.equal([
      { type: 'TaskCancelled', at: r.now, taskId: 'book/b', reason: 'cancel', by: 'book/a' },
      { type: 'TaskCancelled', at: r.now, taskId: 'other', reason: 'cancel', by: 'book/a' },
    ]);
    expect(r.status('done')).to.equal('completed');
    expect(r.status('book/c'), 'what comes after it is skipped').to.equal('skipped');
    expectKept(r);
  });

  it('of a block that it is in itself: what it did is undone with the block', () => {
    const r = run(
      'book: { scope: { a: { agent: a, may: cancel, compensate: undo }, b: { agent: a } } }\nlast: { agent: a }',
    );
    r.schedule();
    give(r, 'book/a', [cancel('book')]);
    expect(r.status('book/b')).to.equal('cancelled');
    r.run('book/a@1');
    expect(r.status('book')).to.equal('cancelled');
    r.complete('last');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  it('goes with a hand-off, and with an end of the block', () => {
    const r = run('a: { agent: a, may: [cancel, handOff] }\nb: { agent: a }');
    r.schedule();
    expect(types(give(r, 'a', [handOff('x'), cancel('b')]))).to.deep.equal(['TaskHandedOff', 'TaskCancelled']);
    r.run('a');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
    const other = run('book: { scope: { a: { agent: a, may: [cancel, finish] }, z: { agent: a } } }\nb: { agent: a }');
    other.schedule();
    give(other, 'book/a', [finish(1), cancel('b')]);
    expect([other.status('book'), other.status('b')]).to.deep.equal(['completed', 'cancelled']);
    expectKept(other);
  });

  it('is refused for what is not there, and for the task itself', () => {
    const of = (...names: readonly string[]) => {
      const r = run('a: { agent: a, may: cancel }\nb: { scope: { c: { agent: a } } }');
      r.schedule('a');
      return refusal(give(r, 'a', [cancel(...names)]));
    };
    expect(of('b', 'c')).to.match(/'c' is to be cancelled, and there is no such task/);
    expect(of('a')).to.match(/would cancel itself/);
    expect(of('b/c')).to.match(/tasks\[0\] must be the id of a task/);
  });

  it('is refused for what stands by for another, which would begin before its time', () => {
    const r = run(
      'a: { agent: a, may: cancel }\nb: { agent: a }\nc: { agent: a, after: b, fallback: { task: d } }\nd: { agent: a }',
    );
    r.schedule();
    expect(refusal(give(r, 'a', [cancel('d')]))).to.match(/'d' runs only as the fallback of 'c'; cancel that one/);
    expect([r.status('c'), r.status('d')]).to.deep.equal(['pending', 'pending']);
    r.retry('a');
    r.schedule('a');
    give(r, 'a', [cancel('c')]);
    expect([r.status('c'), r.status('d')]).to.deep.equal(['cancelled', 'pending']);
    r.complete('b');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });
});

describe('a hostile history of directives', () => {
  const flawIn = (events: readonly RunEvent[]): string => {
    const history = new UntrustedHistory(TEST_RUN_ID);
    for (const [revision, event] of events.entries()) {
      const metadata = { causationId: 'c', correlationId: TEST_RUN_ID, schemaVersion: 1 };
      const flaw = history.add({ revision, id: uuidv5('hostile', String(revision)), ...encodeEvent(event), metadata });
      if (flaw !== undefined) return `${event.type} ${flaw.field}: ${flaw.problem}`;
    }
    return 'taken';
  };
  const flawOf = (change: (events: Record<string, unknown>[]) => void): string => {
    const r = run('plan: { agent: a, may: [spawn, finish] }\nother: { agent: a }\nlast: { agent: a, after: plan }');
    r.schedule('plan', 'other');
    give(r, 'plan', [spawn({ one: { agent: 'x' } })]);
    const events = JSON.parse(JSON.stringify(r.events)) as Record<string, unknown>[];
    change(events);
    return flawIn(events as unknown as RunEvent[]);
  };
  const at = (events: Record<string, unknown>[], type: string) =>
    events.find((event) => event['type'] === type) as Record<string, unknown>;

  it('is taken as it is', () => expect(flawOf(() => undefined)).to.equal('taken'));

  it('adds with an attempt that is under way and may', () => {
    const by = (spawnedBy: Json) => flawOf((events) => (at(events, 'TasksAdded')['spawnedBy'] = spawnedBy));
    expect(by({ taskId: 'nobody', attempt: 1 })).to.match(/which the run does not have/);
    expect(by({ taskId: 'last', attempt: 1 })).to.match(/'last' is pending/);
    expect(by({ taskId: 'plan', attempt: 2 })).to.match(/data\.attempt: is 2/);
    expect(by({ taskId: 'other', attempt: 1 })).to.match(/'other', whose agent may add no tasks/);
    expect(by({ taskId: 'plan' })).to.match(/spawnedBy\.attempt: is missing/);
  });

  it('hands off what may be', () => {
    const handed = (change: Json, tasks = 'plan: { agent: a, may: handOff }') => {
      const r = run(tasks);
      r.schedule('plan');
      give(r, 'plan', [handOff('b')]);
      return flawIn(
        r.events.map((event) => (event.type === 'TaskHandedOff' ? { ...event, ...(change as object) } : event)),
      );
    };
    expect(handed({})).to.equal('taken');
    expect(handed({ attempt: 7 })).to.match(/data\.attempt: is 7/);
    expect(handed({ output: 1 })).to.match(/data\.output: cannot stand beside 'plan'/);
    expect(handed({ agent: 'no name' })).to.match(/data\.agent: must be the name/);
    expect(handed({ why: 'x'.repeat(1001) })).to.match(/data\.why: must have 0 to 1000/);
    expect(handed({}, 'plan: { agent: a, may: handOff, compensate: undo }')).to.equal('taken');
    expect(handed({ taskId: 'nobody' })).to.match(/which the run does not have/);
    expect(handed({ taskId: 'other' }, 'plan: { agent: a, may: handOff }\nother: { agent: a, after: plan }')).to.match(
      /cannot come: 'other' is pending/,
    );
    const asked = run('plan: { agent: a, may: spawn }');
    asked.schedule('plan');
    const handOffs = { type: 'TaskHandedOff', at: asked.now, taskId: 'plan', attempt: 1, agent: 'b' } as const;
    expect(flawIn([...asked.events, handOffs])).to.match(/the agent of 'plan' may not hand it off/);
    const r = run('plan: { agent: a, may: handOff }');
    for (let time = 0; time < 32; time += 1) {
      r.schedule('plan');
      give(r, 'plan', [handOff('b')]);
    }
    r.schedule('plan');
    expect(flawIn(r.events)).to.equal('taken');
    expect(flawIn([...r.events, { ...handOffs, attempt: 33 }])).to.match(/'plan' was handed off 32 times/);
    r.complete('plan');
    expect(flawIn([...r.events, { ...handOffs, attempt: 33 }])).to.match(/cannot come/);
  });

  it('ends a block by an agent that may', () => {
    expect(flawOf((events) => (at(events, 'TaskCompleted')['ends'] = 1))).to.equal('taken');
    const other = { taskId: 'other', ends: 1 };
    expect(flawOf((events) => Object.assign(at(events, 'TaskCompleted'), other))).to.match(/may not finish/);
    const value = { via: 'items', output: undefined, ends: 1 };
    expect(flawOf((events) => Object.assign(at(events, 'TaskCompleted'), value))).to.match(/ends: cannot stand beside/);
  });
});

describe('addItems', () => {
  const crawl = `
crawl: { agent: a, may: addItems, forEach: { items: input, concurrency: 2 } }
last: { agent: a, after: crawl }`;
  const more = (...items: readonly Json[]): Directive => ({ kind: 'addItems', items });

  it('gives the list of an item more of them, until none finds any', () => {
    const r = run(crawl, ['/']);
    r.schedule();
    const events = give(r, 'crawl[0]', [more('/a', '/b'), more('/c')], 'root');
    expect(types(events)).to.deep.equal(['ItemsAdded', 'TaskCompleted']);
    expect(events[0]).to.deep.include({ taskId: 'crawl', from: 1, items: ['/a', '/b', '/c'] });
    r.schedule();
    expect(r.task('crawl[1]').input).to.equal('/a');
    for (const index of [1, 2, 3]) r.run(`crawl[${index}]`, index);
    expect(r.task('crawl').output).to.deep.equal(['root', 1, 2, 3]);
    r.run('last');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  it('of a task in a block that is one of many gives them to that list', () => {
    const r = run(
      'each: { forEach: input, scope: { look: { agent: a, may: addItems }, write: { agent: a, after: look } } }',
      [1],
    );
    r.schedule();
    give(r, 'each[0]/look', [more(2)]);
    expect(r.task('each').items?.total).to.equal(2);
    expect(r.status('each[1]/look')).to.equal('ready');
    expectKept(r);
  });

  it('is refused outside of a list, and with the attempt', () => {
    const r = run('a: { agent: a, may: addItems, retry: 1 }');
    r.schedule();
    expect(refusal(give(r, 'a', [more(1)]))).to.include('neither an item of a list nor in one');
    const enough = run('a: { agent: a, may: addItems, forEach: { items: input, need: 1, rest: cancel } }', [1]);
    enough.schedule();
    expect(types(give(enough, 'a[0]', [more(2)]))).to.include('ItemsAdded');
  });
});

describe('link', () => {
  const plan = 'plan: { agent: a, may: link }\nslow: { agent: a }\nlast: { agent: a, after: plan }';
  const link = (task: string, ...after: readonly string[]): Directive => ({ kind: 'link', task, after });

  it('makes a task that waits come after another one, too', () => {
    const r = run(plan);
    r.schedule('plan', 'slow');
    expect(types(give(r, 'plan', [link('last', 'slow')]))).to.deep.equal(['TasksLinked', 'TaskCompleted']);
    expect(r.status('last')).to.equal('pending');
    r.complete('slow');
    r.run('last');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  it('is refused where it would close a circle, is twice, or names nobody', () => {
    const fresh = () => {
      const r = run(`${plan}\nend: { agent: a, after: last }`);
      r.schedule('plan');
      return r;
    };
    expect(refusal(give(fresh(), 'plan', [link('last', 'end')]))).to.include('REPRISE_CYCLE');
    expect(refusal(give(fresh(), 'plan', [link('last', 'nobody')]))).to.include('REPRISE_DEPENDENCY_UNKNOWN');
    expect(refusal(give(fresh(), 'plan', [link('slow', 'last')]))).to.include('REPRISE_TASK_BEGUN');
    expect(refusal(give(fresh(), 'plan', [link('last', 'slow'), link('end', 'slow')]))).to.include(
      'one task at a time',
    );
  });
});
