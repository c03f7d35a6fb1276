import { bindDefinition, isRepriseError, type Json, parseWorkflow, workflow, workflowToYaml } from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { stateDigest } from '../../../src/orchestration/workflow/digest/state-digest.ts';
import { restoreState, serializeState } from '../../../src/orchestration/workflow/state-codec.ts';
import { viewOf } from '../../../src/orchestration/workflow/view-of.ts';
import { type PureRun, types } from '../pure-run.ts';
import { goOnFrom } from './going-on.ts';
import { run as written } from './yaml-run.ts';

const run = (tasks: string, more = '', input: Json = null): PureRun => written(tasks, input, more);
const RETRY = '{ maxAttempts: 5, initialDelay: 0, jitter: 0 }';
const EXHAUSTED = 'REPRISE_BUDGET_EXHAUSTED';

const reached = (r: PureRun) => r.of('BudgetReached').map(({ scope, budget }) => `${scope}:${budget}`);

describe('a budget', () => {
  it('is spent by attempts, retries too; it is on record when it is used up, and what would be one too many fails, with its last cause', () => {
    const r = run(`a: { agent: a, retry: ${RETRY} }\nb: { agent: a }`, 'budget: { attempts: 2 }');
    r.schedule('a');
    r.fail('a', { code: 'BOOM' });
    expect(reached(r)).to.deep.equal([]);
    r.retry('a');
    expect(types(r.schedule('a'))).to.deep.equal(['TaskScheduled', 'BudgetReached']);
    r.fail('a', { code: 'BOOM' });
    r.retry('a');
    r.schedule('a');
    const { error } = r.task('a');
    expect(error).to.deep.include({
      code: EXHAUSTED,
      retryable: false,
      details: { scope: '', budget: 'attempts', limit: 2 },
    });
    expect(error?.message).to.equal(
      "Another attempt of 'a' would take the run beyond its budget of 2 attempts. Raise budget.attempts, or find out what uses it up. Before that: BOOM: BOOM!",
    );
    expect(error?.cause).to.include({ code: 'BOOM' });
    expect(r.state.status).to.equal('failed');
    expect(reached(r)).to.deep.equal([':attempts']);
  });

  it('does not speak of another attempt where there was none', () => {
    const r = run('a: { agent: a }\nb: { agent: a, after: a }', 'budget: { tasks: 1 }');
    r.run('a');
    r.schedule('b');
    expect(r.task('b').error?.message).to.match(/^'b' would take the run beyond its budget of 1 task\./);
  });

  it('counts tasks that agents and child runs do, each time they begin, and no others', () => {
    const r = run(
      `
a: { agent: a, retry: ${RETRY} }
v: { set: 1 }
s: { sleep: 1s }
c: { workflow: child, after: v }
w: { wait: { signal: go } }
each: { agent: a, forEach: '[1, 2, 3]' }`,
      'budget: { tasks: 4 }',
    );
    r.schedule('a');
    r.fail('a');
    r.retry('a');
    r.run('a');
    r.run('each[0]');
    expect(reached(r)).to.deep.equal([]);
    r.run('each[1]');
    expect(reached(r)).to.deep.equal([':tasks']);
    r.schedule('each[2]');
    expect(r.task('each[2]').error?.code).to.equal(EXHAUSTED);
  });

  it('holds child runs back, too', () => {
    const r = run(
      'a: { workflow: child }\nb: { workflow: child, fallback: { value: none } }',
      'budget: { attempts: 1 }',
    );
    expect(r.status('a')).to.equal('running');
    expect(r.task('b')).to.deep.include({ status: 'completed', output: 'none' });
  });

  it('lets a value stand in, and nobody who would need more of it', () => {
    const r = run(
      'a: { agent: a, after: b, fallback: [{ agent: other }, { value: instead }] }\nb: { agent: a }',
      'budget: { attempts: 1 }',
    );
    r.run('b');
    expect(types(r.schedule('a'))).to.deep.equal(['TaskCompleted', 'RunCompleted']);
    expect(r.task('a').output).to.equal('instead');
  });

  it('is caught by its code, by the block that has it and by those around; a handler in that block is under it', () => {
    const clause = (agent: string) =>
      `catch: [{ on: { code: ${EXHAUSTED} }, do: { rescue: { ${agent} } }, then: continue }]`;
    const inner = (own: string, around: string) =>
      run(
        `around:\n  ${around === '' ? 'priority: 0' : around}\n  scope:\n    book:\n      ${own === '' ? 'priority: 0' : own}\n      budget: { attempts: 1 }\n      scope: { x: { agent: a }, y: { agent: a, after: x } }`,
      );
    const value = inner(clause('set: saved'), '');
    value.run('around/book/x');
    value.schedule('around/book/y');
    expect(value.state).to.include({ status: 'completed', output: 'saved' });
    const outside = inner('', clause('agent: a'));
    outside.run('around/book/x');
    outside.schedule('around/book/y');
    outside.run('around/rescue', 'by hand');
    expect(outside.state).to.include({ status: 'completed', output: 'by hand' });
    const under = inner(clause('agent: a'), '');
    under.run('around/book/x');
    under.schedule('around/book/y');
    under.schedule('around/book/rescue');
    expect(under.state.status).to.equal('failed');
    expect(JSON.stringify(under.state.error)).to.contain(EXHAUSTED);
  });

  it('leaves what is borne: a list completes with what it has', () => {
    const r = run(
      'each: { agent: a, forEach: { items: input, onItemFailure: continue } }',
      'budget: { attempts: 2 }',
      [1, 2, 3, 4],
    );
    // All of them at once: the decisions of one command count, too.
    expect(r.schedule().filter(({ type }) => type === 'TaskScheduled')).to.have.length(2);
    r.complete('each[0]', 'a');
    r.complete('each[1]', 'b');
    expect(r.state).to.deep.include({ status: 'completed', output: ['a', 'b', null, null] });
  });

  it('is that of all blocks around, of which the innermost that is used up is named', () => {
    const r = run(
      'book: { budget: { attempts: 2 }, scope: { x: { agent: a }, y: { agent: a } } }\nz: { agent: a, after: book, fallback: { value: 0 } }',
      'budget: { attempts: 2 }',
    );
    r.schedule();
    expect(reached(r)).to.deep.equal(['book:attempts', ':attempts']);
    r.complete('book/x');
    r.complete('book/y');
    r.schedule('z');
    expect(r.state.status).to.equal('completed');
  });

  it('is for all rounds of its block; a block that is entered again begins with its own', () => {
    const own = run("book: { budget: { attempts: 2 }, loop: { until: 'false', max: 9 }, scope: { x: { agent: a } } }");
    own.run('book/x');
    own.run('book/x');
    own.schedule('book/x');
    expect(own.state.error?.cause).to.include({ code: EXHAUSTED });
    const around = run(
      'all:\n  loop: { until: round == 2, max: 3 }\n  scope:\n    book: { budget: { attempts: 1 }, scope: { x: { agent: a } } }',
    );
    around.run('all/book/x');
    around.run('all/book/x');
    expect(around.state.status).to.equal('completed');
  });

  it('does not hold up what undoes others, which is not counted', () => {
    const r = run(
      'a: { agent: a, compensate: undo }\nb: { agent: a, after: a, retry: 1 }',
      'budget: { attempts: 2, tasks: 2 }',
    );
    r.run('a');
    r.schedule('b');
    r.fail('b');
    r.run('a@1');
    expect(r.state.status).to.equal('failed');
    expect(r.of('TaskCompleted').map(({ taskId }) => taskId)).to.deep.equal(['a', 'a@1']);
  });

  it('counts messages: a call of an agent is refused, a send fails', () => {
    const r = run(
      'a: { agent: a, may: [send] }\nb: { agent: a, after: a }\ns: { send: { to: b }, after: a, fallback: { value: unsaid } }',
      'budget: { messages: 2 }',
    );
    r.schedule('a');
    r.begin('a');
    const say = (call: number, count: number) =>
      r.send({
        type: 'SendMessages',
        taskId: 'a',
        attempt: 1,
        worker: 'w',
        call,
        messages: Array.from({ length: count }, () => ({ to: 'b', data: 'hello' })),
      });
    expect(say(1, 3)[0], 'all or none').to.include({ type: 'CommandRejected', code: EXHAUSTED });
    expect(types(say(1, 2))).to.deep.equal(['MessageSent', 'MessageSent', 'BudgetReached']);
    r.complete('a');
    expect(r.task('s')).to.include({ output: 'unsaid' });
    // What comes from outside is nobody's in the run.
    r.send({ type: 'PostMessage', commandId: 'm', from: 'me', message: { to: 'b', data: 1 } } as never);
    expect(r.of('MessageSent')).to.have.length(3);
  });

  it('counts what is published with an output as one message, however many have it: none, or many', () => {
    for (const subscribers of ['', 'b', 'b, c, d']) {
      const others = ['b', 'c', 'd'].map((id) => `${id}: { agent: a, after: a }`).join('\n');
      const fresh = () =>
        run(
          `a: { agent: a, may: [send], retry: ${RETRY} }\n${others}`,
          `budget: { messages: 2 }\ntopics: { news: { subscribers: [${subscribers}] } }`,
        );
      const publishing = (r: PureRun, count: number) => {
        const said = { kind: 'send', message: { topic: '#news', data: 1 } } as const;
        const directives = Array.from({ length: count }, () => said);
        const { attempt } = r.task('a');
        return types(r.send({ type: 'CompleteTask', taskId: 'a', attempt, output: null, directives }));
      };
      const many = fresh();
      many.schedule('a');
      // All or none; and the next attempt would be no other.
      expect(publishing(many, 3)).to.include('TaskFailed').and.not.include('MessageSent');
      expect(many.task('a').error).to.deep.include({
        code: EXHAUSTED,
        retryable: false,
        details: { scope: '', budget: 'messages', limit: 2 },
      });
      const r = fresh();
      r.schedule('a');
      expect(publishing(r, 2)).to.include('BudgetReached');
      expect(r.of('MessageSent').map(({ recipients }) => recipients?.length)).to.deep.equal(
        Array.from({ length: 2 }, () => subscribers.split(', ').filter((one) => one !== '').length),
      );
    }
  });

  it('does not count what is said in undoing something', () => {
    const r = run(
      'a: { agent: a, may: [send], compensate: undo }\nb: { agent: a, after: a, retry: 1 }',
      'budget: { messages: 1 }\nmailboxes: { desk: {} }',
    );
    let calls = 0;
    const call = (taskId: string, more: object) => {
      calls += 1;
      return types(r.send({ taskId, attempt: r.task(taskId).attempt, worker: 'w', call: calls, ...more } as never));
    };
    r.schedule('a');
    r.begin('a');
    call('a', { type: 'SendMessages', messages: [{ to: '#desk', data: 'booked' }] });
    expect(reached(r)).to.deep.equal([':messages']);
    r.complete('a');
    r.schedule('b');
    r.fail('b');
    r.schedule('a@1');
    r.begin('a@1');
    r.send({ type: 'PostMessage', commandId: 'm', from: 'me', message: { to: '#desk', data: 'undone?' } } as never);
    call('a@1', { type: 'AwaitMessages', mailbox: '#desk', max: 9 });
    const inReplyTo = r.of('MessageDelivered')[0]?.messages[1];
    const answer = { to: 'me', data: 'undone', inReplyTo };
    expect(call('a@1', { type: 'SendMessages', messages: [answer] })).to.include('MessageSent');
    expect(r.state.scopes.get('')?.spent).to.include({ messages: 1 });
    r.complete('a@1');
    expect(r.state.status).to.equal('failed');
  });

  it('counts what is added, begun again, or handed on', () => {
    const r = run('a: { agent: a, may: [handOff] }\nb: { agent: a, after: a }', 'budget: { attempts: 3, tasks: 9 }');
    r.schedule('a');
    r.send({
      type: 'CompleteTask',
      taskId: 'a',
      attempt: 1,
      output: null,
      directives: [{ kind: 'handOff', agent: 'b' }],
    });
    r.run('a');
    r.run('b');
    expect(reached(r)).to.deep.equal([':attempts']);
  });

  it('is kept by snapshots and digests', () => {
    const r = run('a: { agent: a }\nb: { agent: a }', 'budget: { attempts: 3 }');
    r.run('a');
    const copy = restoreState(serializeState(r.state), (one) => bindDefinition(one, r.state.definition).definition);
    expect(copy.scopes.get('')?.spent).to.deep.equal({ tasks: 1, attempts: 1, messages: 0, delegations: 0 });
    expect(stateDigest(copy)).to.equal(stateDigest(r.state));
    const other = restoreState(serializeState(r.state), (one) => one);
    Object.assign(other.scopes.get('') ?? {}, { spent: { tasks: 1, attempts: 2, messages: 0 } });
    expect(stateDigest(other)).to.not.equal(stateDigest(r.state));
  });

  it('goes on, in a retry of the run, with what was spent; with more, when the workflow was mended', () => {
    const r = run('a: { agent: a }\nb: { agent: a, after: a }\nc: { agent: a, after: b }', 'budget: { attempts: 2 }');
    r.run('a');
    r.run('b');
    r.schedule('c');
    expect(r.state.status).to.equal('failed');
    const again = goOnFrom(r);
    expect(viewOf(again.state).budgets.get('')).to.deep.equal({ attempts: { limit: 2, spent: 2 } });
    again.schedule('c');
    expect(again.state.error?.cause).to.include({ code: EXHAUSTED });
    const mended = goOnFrom(r, { definition: { ...r.state.definition, budget: { attempts: 3 } } });
    mended.run('c');
    expect(mended.state.status).to.equal('completed');
    expect(viewOf(mended.state).budgets.get('')).to.deep.equal({ attempts: { limit: 3, spent: 3 } });
    const less = goOnFrom(r, { definition: { ...r.state.definition, budget: { attempts: 1 } } });
    less.schedule('c');
    expect(less.state.error?.cause).to.include({ code: EXHAUSTED });
  });

  it('is seen, what is left of it, too', () => {
    const r = run(
      'book: { budget: { tasks: 2 }, scope: { x: { agent: a }, y: { agent: a } } }',
      'budget: { attempts: 3, messages: 5 }',
    );
    r.run('book/x');
    expect(JSON.parse(JSON.stringify(viewOf(r.state).budgets))).to.deep.equal({
      '': { attempts: { limit: 3, spent: 1 }, messages: { limit: 5, spent: 0 } },
      book: { tasks: { limit: 2, spent: 1 } },
    });
    r.run('book/y');
    expect([...viewOf(r.state).budgets.keys()], 'the run has ended').to.deep.equal(['']);
  });

  it('is written in both forms, of a workflow and of a scope', () => {
    const yaml =
      'name: w\nbudget: { tasks: 5, messages: 2 }\ntasks:\n  book:\n    budget: { attempts: 3 }\n    scope: { x: { agent: a } }\n';
    const { definition } = parseWorkflow(yaml);
    const built = workflow('w', { budget: { tasks: 5, messages: 2 } })
      .scope('book', (b) => b.task('x', 'a'), { budget: { attempts: 3 } })
      .build();
    expect(built.definition).to.deep.equal(definition);
    expect(parseWorkflow(workflowToYaml(definition)).definition).to.deep.equal(definition);
  });

  it('is refused where it means nothing', () => {
    const problems = (more: string): string => {
      try {
        parseWorkflow(`name: w\n${more}`);
        return '';
      } catch (error) {
        return isRepriseError(error) ? error.message : String(error);
      }
    };
    const task = 'tasks: { a: { agent: a } }';
    expect(problems(`budget: { attempts: 0 }\n${task}`)).to.include('budget.attempts');
    expect(problems(`budget: {}\n${task}`)).to.include('limits nothing');
    expect(problems(`budget: { token: 5 }\n${task}`)).to.match(/budget.token.*did you mean .*tokens/);
    expect(problems('tasks: { a: { agent: a, budget: { attempts: 2 } } }')).to.include(
      'belongs to a scope, and this task has none',
    );
  });

  it('is never exceeded, whatever agents do, in whatever order, and however often the run is read again', () => {
    const tasks = `
a: { agent: a, retry: ${RETRY}, may: [handOff], fallback: { agent: b } }
each: { agent: a, forEach: { items: '[1, 2, 3, 4]', onItemFailure: continue }, retry: ${RETRY} }
book:
  budget: { attempts: 4, tasks: 3 }
  loop: { until: 'round >= 3', max: 3 }
  catch: [{ do: { h: { agent: a, retry: 1 } }, then: continue }]
  scope: { x: { agent: a, retry: ${RETRY} }, c: { workflow: child, after: x, retry: 2 } }
z: { agent: a, after: [a, each, book], join: any }`;
    let used = 0;
    fc.assert(
      fc.property(
        fc.record({ attempts: fc.integer({ min: 1, max: 12 }), tasks: fc.integer({ min: 1, max: 9 }) }),
        fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 40, maxLength: 40 }),
        (limits, rolls) => {
          const r = run(tasks, `budget: { attempts: ${limits.attempts}, tasks: ${limits.tasks} }`);
          for (const roll of rolls) step(r, roll);
          used += reached(r).length;
          const begun = r.events.filter(
            (event) => event.type === 'TaskScheduled' || (event.type === 'TaskEntered' && event.child !== undefined),
          ) as { taskId: string }[];
          expect(begun.length).to.be.at.most(limits.attempts);
          expect(begun.filter(({ taskId }) => taskId.startsWith('book/')).length).to.be.at.most(4);
          expect(new Set(begun.map(({ taskId }) => taskId)).size).to.be.at.most(limits.tasks);
          expect(serializeState(r.replayed())).to.equal(
            serializeState({ ...r.state, definition: r.replayed().definition }),
          );
        },
      ),
      { numRuns: 300 },
    );
    expect(used, 'budgets that were used up').to.be.above(100);
  });
});

/** One thing of what agents, child runs, timers and restarts may do. */
function step(r: PureRun, roll: number): void {
  const at = <T>(list: readonly T[]): T | undefined => list[Math.floor(roll / 10) % Math.max(1, list.length)];
  const open = [...r.state.tasks.values()];
  const flying = at(open.filter(({ status, agent }) => status === 'scheduled' && agent !== undefined));
  const child = at(open.filter(({ status, child: id }) => status === 'running' && id !== undefined));
  const waiting = at(open.filter(({ status, retryAt }) => status === 'waiting' && retryAt !== undefined));
  switch (roll % 8) {
    case 0:
    case 1:
      if (r.ready().length > 0) r.schedule(...(roll % 3 === 0 ? r.ready() : [at(r.ready()) ?? '']));
      return;
    case 2:
      if (flying !== undefined) r.complete(flying.id);
      return;
    case 3:
      if (flying !== undefined) r.fail(flying.id, { lost: roll % 3 === 0 });
      return;
    case 4:
      if (waiting !== undefined) r.retry(waiting.id);
      return;
    case 5:
      if (child?.child !== undefined)
        r.send({
          type: 'EndChild',
          taskId: child.id,
          attempt: child.attempt,
          child: child.child,
          outcome:
            roll % 3 === 0
              ? { status: 'completed', output: 1 }
              : { status: 'failed', error: { code: 'BOOM', message: 'm', retryable: true } },
        });
      return;
    case 6:
      if (flying?.id === 'a')
        r.send({
          type: 'CompleteTask',
          taskId: 'a',
          attempt: flying.attempt,
          output: null,
          directives: [{ kind: 'handOff', agent: 'b' }],
        });
      return;
    default: {
      const { definition } = r.state;
      Object.assign(
        r.state,
        restoreState(serializeState(r.state), () => definition),
      );
    }
  }
}
