import {
  bindDefinition,
  isRepriseError,
  type Json,
  type MaxUsage,
  parseWorkflow,
  workflow,
  workflowToYaml,
} from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { stateDigest } from '../../../src/orchestration/workflow/digest/state-digest.ts';
import type { Usage } from '../../../src/orchestration/workflow/events.ts';
import { explain } from '../../../src/orchestration/workflow/explain/explain.ts';
import { restoreState, serializeState } from '../../../src/orchestration/workflow/state-codec.ts';
import { viewOf } from '../../../src/orchestration/workflow/view-of.ts';
import { type PureRun, types } from '../pure-run.ts';
import { goOnFrom } from './going-on.ts';
import { run as written } from './yaml-run.ts';

// Budgets of tokens and cost: what may be used is reserved, and settled by what was.

const EXHAUSTED = 'REPRISE_BUDGET_EXHAUSTED';
const RETRY = '{ maxAttempts: 9, initialDelay: 0, jitter: 0 }';

const run = (tasks: string, more = '', input: Json = null): PureRun => written(tasks, input, more);

/** Hands tasks to the agent `agent`, which declares `maxUsage`. */
const schedule = (r: PureRun, maxUsage: MaxUsage | undefined, ...ids: readonly string[]) => {
  const chosen = ids.length === 0 ? r.ready() : ids;
  const said = maxUsage === undefined ? {} : { maxUsage };
  return r.send({
    type: 'ScheduleTasks',
    strategy: 'test',
    assignments: chosen.map((taskId) => ({ taskId, agent: 'agent', ...said })),
  });
};
const complete = (r: PureRun, taskId: string, usage?: Usage | object, more: object = {}) =>
  r.send({
    type: 'CompleteTask',
    taskId,
    attempt: r.task(taskId).attempt,
    output: taskId,
    ...(usage === undefined ? {} : { usage }),
    ...more,
  } as never);
const fail = (r: PureRun, taskId: string, usage?: Usage, more: object = {}) =>
  r.send({
    type: 'FailTask',
    taskId,
    attempt: r.task(taskId).attempt,
    error: { code: 'BOOM', message: 'boom', retryable: true },
    ...(usage === undefined ? {} : { usage }),
    ...more,
  } as never);
const seen = (r: PureRun) => JSON.parse(JSON.stringify(viewOf(r.state).budgets));
const open = (r: PureRun) =>
  [...r.state.tasks.values()].flatMap(({ id, agent, status }) =>
    agent !== undefined && status === 'scheduled' ? [id] : [],
  );

describe('a budget of tokens and cost', () => {
  it('admits what fits beside what is spent and what others may use; the rest waits, and begins once others used less', () => {
    const r = run('each: { agent: agent, forEach: "[1, 2, 3, 4]" }', 'budget: { tokens: 100 }');
    schedule(r, { tokens: 40 });
    expect(open(r)).to.deep.equal(['each[0]', 'each[1]']);
    expect(r.of('TaskScheduled').map(({ reserved }) => reserved)).to.deep.equal([{ tokens: 40 }, { tokens: 40 }]);
    expect(seen(r)).to.deep.equal({ '': { tokens: { limit: 100, spent: 0, reserved: 80 } } });
    expect(schedule(r, { tokens: 40 }), 'nothing, not even a failure').to.deep.equal([]);
    complete(r, 'each[0]', { tokens: 5 });
    expect(seen(r)['']).to.deep.equal({ tokens: { limit: 100, spent: 5, reserved: 40 } });
    schedule(r, { tokens: 40 });
    expect(open(r)).to.deep.equal(['each[1]', 'each[2]']);
    expect(r.of('BudgetReached')).to.deep.equal([]);
  });

  it('fails what can never fit, with what it may use', () => {
    const r = run('a: { agent: agent }\nb: { agent: agent, after: a }', 'budget: { tokens: 100 }');
    schedule(r, { tokens: 60 }, 'a');
    complete(r, 'a', { tokens: 50 });
    expect(types(schedule(r, { tokens: 60 }, 'b'))).to.deep.equal(['TaskFailed', 'RunFailed']);
    expect(r.task('b').error).to.deep.include({
      code: EXHAUSTED,
      retryable: false,
      details: { scope: '', budget: 'tokens', limit: 100 },
      message:
        "'b', which may use 60 tokens, would take the run beyond its budget of 100 tokens, of which 50 are spent. Raise budget.tokens, say less in maxUsage, or find out what uses it up.",
    });
  });

  it('counts cost in whole millionths, and shows it in the unit of the user', () => {
    const r = run('each: { agent: agent, forEach: "[1, 2, 3]" }', 'budget: { cost: 0.3 }');
    schedule(r, { cost: 0.1 });
    expect(open(r), '0.1 + 0.1 + 0.1 is 0.3').to.have.length(3);
    expect(r.of('TaskScheduled')[0]?.reserved).to.deep.equal({ cost: 100_000 });
    for (const id of open(r)) complete(r, id, { cost: 100_000 });
    expect(seen(r)['']).to.deep.equal({ cost: { limit: 0.3, spent: 0.3 } });
    expect(r.of('BudgetReached')).to.deep.equal([{ type: 'BudgetReached', at: r.now, scope: '', budget: 'cost' }]);
    expect(r.state.status).to.equal('completed');
  });

  it('settles by what is reported, also of an attempt that fails; by the reservation where nobody says', () => {
    const r = run(`a: { agent: agent, retry: ${RETRY} }`, 'budget: { tokens: 1000, cost: 1 }');
    const most = { tokens: 100, cost: 0.1 };
    const spent = () => ({ tokens: seen(r)[''].tokens.spent, cost: seen(r)[''].cost.spent });
    schedule(r, most);
    const [failed] = fail(r, 'a', { tokens: 30, cost: 20_000 });
    expect(failed).to.deep.include({ type: 'TaskAttemptFailed', usage: { tokens: 30, cost: 20_000 } });
    expect(spent()).to.deep.equal({ tokens: 30, cost: 0.02 });
    r.retry('a');
    schedule(r, most);
    fail(r, 'a', { tokens: 10 });
    expect(spent(), 'what it does not say').to.deep.equal({ tokens: 40, cost: 0.12 });
    r.retry('a');
    schedule(r, most);
    fail(r, 'a', undefined, { lost: true });
    expect(spent(), 'it was lost').to.deep.equal({ tokens: 140, cost: 0.22 });
    r.retry('a');
    schedule(r, most);
    complete(r, 'a', { tokens: 500, cost: 0 });
    expect(spent(), 'more than it might: it counts as it is').to.deep.equal({ tokens: 640, cost: 0.22 });
    expect(r.of('TaskCompleted')[0]?.usage).to.deep.equal({ tokens: 500, cost: 0 });
  });

  it('lets the first of an agent of which nobody knows run alone, then reserves the most that was seen', () => {
    const r = run('each: { agent: agent, forEach: "[1, 2, 3, 4, 5]" }', 'budget: { tokens: 100 }');
    schedule(r, undefined);
    expect(open(r)).to.deep.equal(['each[0]']);
    expect(r.of('TaskScheduled')[0]?.reserved).to.deep.equal({});
    complete(r, 'each[0]', { tokens: 30 });
    schedule(r, undefined);
    expect(open(r)).to.deep.equal(['each[1]', 'each[2]']);
    expect(r.of('TaskScheduled').at(-1)?.reserved).to.deep.equal({ tokens: 30, cost: 0 });
    complete(r, 'each[1]', { tokens: 35 });
    complete(r, 'each[2]', { tokens: 5 });
    // 70 are spent, and one of them used 35.
    schedule(r, undefined);
    expect(r.task('each[3]').error?.code).to.equal(EXHAUSTED);
  });

  it('lets another begin while the first, of which nobody knows, waits for messages: they may be for each other', () => {
    const r = run('a: { agent: agent }\nb: { agent: agent }', 'budget: { tokens: 100 }');
    schedule(r, undefined, 'a');
    r.begin('a');
    expect(schedule(r, undefined, 'b')).to.deep.equal([]);
    r.send({ type: 'AwaitMessages', taskId: 'a', attempt: 1, worker: 'w', call: 1, max: 1 } as never);
    expect(types(schedule(r, undefined, 'b'))).to.deep.equal(['TaskScheduled']);
  });

  it('goes on trying whom nobody knows, one at a time, when the first says nothing: it failed, or was lost', () => {
    const r = run(`each: { agent: agent, forEach: "[1, 2]", retry: ${RETRY} }`, 'budget: { tokens: 100 }');
    schedule(r, undefined);
    fail(r, 'each[0]', undefined, { lost: true });
    r.retry('each[0]');
    schedule(r, undefined);
    expect(open(r)).to.have.length(1);
    complete(r, open(r)[0] ?? '', undefined);
    // It completed and said nothing: it uses nothing, and is not held up.
    schedule(r, undefined);
    expect(r.of('TaskScheduled').at(-1)?.reserved).to.deep.equal({ tokens: 0, cost: 0 });
  });

  it('does not hold up what declares that it uses nothing, whatever is spent', () => {
    const r = run(
      'a: { agent: agent }\nb: { agent: agent, after: a, maxUsage: { tokens: 0 } }',
      'budget: { tokens: 10 }',
    );
    schedule(r, { tokens: 10 }, 'a');
    complete(r, 'a', { tokens: 25 });
    schedule(r, { tokens: 10 }, 'b');
    complete(r, 'b');
    expect(r.state.status).to.equal('completed');
  });

  it('goes by what the task says before what its agent declares, of each kind', () => {
    const r = run('a: { agent: agent, maxUsage: { tokens: 7 } }', 'budget: { tokens: 100, cost: 1 }');
    schedule(r, { tokens: 50, cost: 0.5 });
    expect(r.of('TaskScheduled')[0]?.reserved).to.deep.equal({ tokens: 7, cost: 500_000 });
  });

  it('is that of all blocks around, and of an agent where a block says so', () => {
    const r = run(
      `
book:
  budget: { tokens: 60, agents: { agent: { attempts: 3, tokens: 50 } } }
  scope: { each: { agent: agent, forEach: { items: '[1, 2, 3, 4]', onItemFailure: continue } } }`,
      'budget: { tokens: 1000 }',
    );
    schedule(r, { tokens: 20 });
    expect(open(r), 'of the agent, not three').to.have.length(2);
    for (const id of open(r)) complete(r, id, { tokens: 10 });
    schedule(r, { tokens: 20 });
    expect(open(r), 'the third is the last attempt').to.have.length(1);
    expect(seen(r)['book']).to.deep.equal({
      tokens: { limit: 60, spent: 20, reserved: 20 },
      agents: { agent: { attempts: { limit: 3, spent: 3 }, tokens: { limit: 50, spent: 20, reserved: 20 } } },
    });
    expect(r.task('book/each[3]').error).to.deep.include({
      code: EXHAUSTED,
      details: { scope: 'book', budget: 'attempts', limit: 3, agent: 'agent' },
    });
    expect(r.of('BudgetReached')).to.deep.equal([
      { type: 'BudgetReached', at: r.now, scope: 'book', budget: 'attempts', agent: 'agent' },
    ]);
    complete(r, open(r)[0] ?? '', { tokens: 35 });
    expect(r.of('BudgetReached').at(-1)).to.deep.include({ budget: 'tokens', agent: 'agent' });
  });

  it('settles what is given up by its reservation: a time limit, a block that ends, a race', () => {
    const r = run(
      `
race: { agent: agent, after: [x, y], join: any, rest: cancel }
x: { agent: agent }
y: { agent: agent }
t: { agent: agent, timeout: 1s, fallback: { value: 0 }, retry: 1 }`,
      'budget: { tokens: 1000 }',
    );
    schedule(r, { tokens: 10 });
    complete(r, 'x', { tokens: 1 });
    expect(r.status('y')).to.equal('cancelled');
    expect(seen(r)[''].tokens).to.deep.equal({ limit: 1000, spent: 11, reserved: 10 });
    r.begin('t');
    r.now += 1000;
    r.fire({ kind: 'attempt', taskId: 't', attempt: 1 });
    expect(seen(r)[''].tokens).to.deep.equal({ limit: 1000, spent: 21 });
    complete(r, 't', { tokens: 999 });
    expect(seen(r)[''].tokens.spent, 'it came too late').to.equal(21);
  });

  it('counts hand-offs, repeats and attempts whose output is not accepted by what each used', () => {
    const handed = run('a: { agent: agent, may: [handOff] }', 'budget: { tokens: 100 }');
    schedule(handed, { tokens: 20 });
    complete(handed, 'a', { tokens: 5 }, { directives: [{ kind: 'handOff', agent: 'other' }] });
    expect(handed.of('TaskHandedOff')[0]?.usage).to.deep.equal({ tokens: 5 });
    expect(seen(handed)[''].tokens).to.deep.equal({ limit: 100, spent: 5 });
    const repeated = run('a: { agent: agent, repeat: { until: "round >= 2", max: 3 } }', 'budget: { tokens: 100 }');
    schedule(repeated, { tokens: 20 });
    complete(repeated, 'a', { tokens: 6 });
    expect(repeated.of('TasksReset')[0]?.usage).to.deep.equal({ tokens: 6 });
    schedule(repeated, { tokens: 20 });
    complete(repeated, 'a', { tokens: 7 });
    expect(seen(repeated)[''].tokens.spent).to.equal(13);
    const refused = run('a: { agent: agent, may: [spawn] }', 'budget: { tokens: 100 }');
    refused.maxPayloadChars = 10;
    schedule(refused, { tokens: 20 });
    complete(refused, 'a', { tokens: 8 }, { directives: [{ kind: 'goto', task: 'nobody' }] });
    expect(seen(refused)[''].tokens.spent).to.equal(8);
  });

  it('does not count what undoes others', () => {
    const r = run(
      'a: { agent: agent, compensate: undo }\nb: { agent: agent, after: a, retry: 1 }',
      'budget: { tokens: 20 }',
    );
    schedule(r, { tokens: 10 }, 'a');
    complete(r, 'a', { tokens: 10 });
    schedule(r, { tokens: 10 }, 'b');
    fail(r, 'b', { tokens: 10 });
    schedule(r, { tokens: 10 }, 'a@1');
    expect(r.of('TaskScheduled').at(-1)?.reserved).to.equal(undefined);
    complete(r, 'a@1', { tokens: 10 });
    expect(r.state.status).to.equal('failed');
    expect(seen(r)[''].tokens.spent).to.equal(20);
  });

  it('takes from a worker only what can be counted', () => {
    for (const usage of [{ tokens: -1 }, { tokens: 1.5 }, { tokens: 'many' }, { hours: 3 }, {}]) {
      const r = run('a: { agent: agent }', 'budget: { tokens: 100 }');
      schedule(r, { tokens: 20 });
      complete(r, 'a', usage);
      expect(r.of('TaskCompleted')[0]).to.not.have.property('usage');
      expect(seen(r)[''].tokens.spent).to.equal(20);
    }
  });

  it('is on record without any budget, and then nothing is reserved', () => {
    const r = run('a: { agent: agent }');
    schedule(r, { tokens: 20 });
    expect(r.of('TaskScheduled')[0]).to.not.have.property('reserved');
    complete(r, 'a', { tokens: 20 });
    expect(r.of('TaskCompleted')[0]?.usage).to.deep.equal({ tokens: 20 });
  });

  it('is raised, and what waits or comes later has room', () => {
    const r = run(
      'each: { agent: agent, forEach: "[1, 2]" }',
      'budget: { cost: 0.3, agents: { agent: { cost: 0.3 } } }',
    );
    schedule(r, { cost: 0.2 });
    expect(open(r)).to.have.length(1);
    r.send({ type: 'RaiseBudget', scope: '', raised: { cost: 0.05, agents: { agent: { cost: 0.1 } } } } as never);
    r.send({ type: 'RaiseBudget', scope: '', raised: { cost: 0.05 } } as never);
    expect(r.state.scopes.get('')?.raised).to.deep.equal({ cost: 0.1, agents: { agent: { cost: 0.1 } } });
    schedule(r, { cost: 0.2 });
    expect(open(r)).to.have.length(2);
    const refused = (raised: object) =>
      r.send({ type: 'RaiseBudget', commandId: JSON.stringify(raised), scope: '', raised } as never)[0];
    expect(refused({ agents: { nobody: { cost: 1 } } }))
      .to.have.property('message')
      .that.includes("the run, of the agent 'nobody', has no budget of cost");
    expect(refused({ agents: { agent: { tasks: 1 } } }))
      .to.have.property('message')
      .that.includes("no budget of 'tasks'");
    expect(refused({ cost: 0 }))
      .to.have.property('message')
      .that.includes('by a number from 0.000001');
  });

  it('is kept by snapshots and digests, and by a retry of the run: what was under way is settled', () => {
    const r = run('a: { agent: agent }\nb: { agent: agent, retry: 1 }', 'budget: { tokens: 100 }');
    schedule(r, { tokens: 20 });
    const copy = restoreState(serializeState(r.state), (one) => bindDefinition(one, r.state.definition).definition);
    expect(serializeState(copy)).to.equal(serializeState(r.state));
    expect(stateDigest(copy)).to.equal(stateDigest(r.state));
    Object.assign(copy.tasks.get('a') ?? {}, { reserved: { tokens: 21 } });
    expect(stateDigest(copy)).to.not.equal(stateDigest(r.state));
    fail(r, 'b', { tokens: 3 });
    const again = goOnFrom(r);
    expect(seen(again)['']).to.deep.equal({ tokens: { limit: 100, spent: 23 } });
    schedule(again, { tokens: 20 });
    expect(seen(again)['']).to.deep.equal({ tokens: { limit: 100, spent: 23, reserved: 40 } });
  });

  it('is what explain says of a task that waits for it', () => {
    const r = run('each: { agent: agent, forEach: "[1, 2]" }\nother: { agent: agent }', 'budget: { tokens: 100 }');
    schedule(r, { tokens: 60 }, 'each[0]');
    const takers = { has: () => true, hasCapability: () => true, maxUsageOf: () => ({ tokens: 60 }) };
    const waiting = explain(r.state, { now: r.now, takers }).filter(({ reason }) => reason === 'budget');
    expect(waiting).to.have.length(2);
    expect(waiting[0]).to.deep.include({ of: '', budget: 'tokens', limit: 100, spent: 0, reserved: 60, most: 60 });
    expect(waiting[0]?.waits).to.equal(
      'may use 60 tokens, for which there is no room now in the budget of 100 of the run: 0 are spent, and what is under way may use 60',
    );
    const unknown = run('each: { agent: agent, forEach: "[1, 2]" }', 'budget: { tokens: 100 }');
    schedule(unknown, undefined);
    const said = explain(unknown.state, { now: r.now });
    expect(JSON.stringify(said)).to.include('nobody knows how much of the budget of 100 tokens');
  });
});

describe('onBudget: { agent }', () => {
  const CHEAPER = 'budget: { tokens: 100, onBudget: { agent: cheap } }';
  const assign = (r: PureRun, taskId: string, agent: string, maxUsage: MaxUsage) =>
    r.send({ type: 'ScheduleTasks', strategy: 'test', assignments: [{ taskId, agent, maxUsage }] });

  it('gives what would never fit to a cheaper agent, in the same step, with its own fallback untouched; then it is stopped', () => {
    const r = run('a: { agent: dear }\nb: { agent: dear, after: a, fallback: { value: none } }', CHEAPER);
    assign(r, 'a', 'dear', { tokens: 80 });
    complete(r, 'a', { tokens: 70 });
    expect(assign(r, 'b', 'dear', { tokens: 80 })).to.deep.equal([
      { type: 'TaskHandedOff', at: r.now, taskId: 'b', attempt: 0, agent: 'cheap', budget: '' },
    ]);
    expect(r.ready()).to.deep.equal(['b']);
    assign(r, 'b', 'cheap', { tokens: 20 });
    expect(r.of('TaskScheduled').at(-1)).to.deep.include({ agent: 'cheap', reserved: { tokens: 20 } });
    fail(r, 'b', { tokens: 20 });
    r.retry('b');
    assign(r, 'b', 'cheap', { tokens: 20 });
    expect(r.task('b')).to.deep.include({ status: 'completed', output: 'none' });
    expect(serializeState(r.replayed())).to.equal(serializeState({ ...r.state, definition: r.replayed().definition }));
  });

  it('waits where the dear one may fit yet; counts do not become less by another agent', () => {
    const r = run(
      'a: { agent: dear }\nb: { agent: dear }',
      'budget: { tokens: 100, attempts: 2, onBudget: { agent: cheap } }',
    );
    assign(r, 'a', 'dear', { tokens: 80 });
    expect(assign(r, 'b', 'dear', { tokens: 80 })).to.deep.equal([]);
    fail(r, 'a', { tokens: 0 });
    assign(r, 'b', 'dear', { tokens: 80 });
    complete(r, 'b', { tokens: 0 });
    r.retry('a');
    assign(r, 'a', 'dear', { tokens: 80 });
    expect(r.task('a').error).to.deep.include({
      code: EXHAUSTED,
      details: { scope: '', budget: 'attempts', limit: 2 },
    });
  });

  it('is that of the block whose budget has nothing left; a start may say another, or stop', () => {
    const inner = 'book: { budget: { tokens: 10 }, scope: { x: { agent: dear, fallback: { value: none } } } }';
    const stopped = run(inner, CHEAPER);
    assign(stopped, 'book/x', 'dear', { tokens: 20 });
    expect(stopped.task('book/x').output).to.equal('none');
    for (const [onBudget, agent] of [
      [{ agent: 'cheapest' }, 'cheapest'],
      ['stop', undefined],
      [undefined, 'cheap'],
    ] as const) {
      const budget = { tokens: 50, ...(onBudget === undefined ? {} : { onBudget }) };
      const r = written('a: { agent: dear }', null, CHEAPER, { budget });
      assign(r, 'a', 'dear', { tokens: 80 });
      expect(r.of('TaskHandedOff')[0]?.agent).to.equal(agent);
    }
  });

  it('is refused where it means nothing, or names nobody', () => {
    const problems = (budget: string): string => {
      try {
        parseWorkflow(`name: w\nbudget: ${budget}\ntasks: { a: { agent: a } }`);
        return '';
      } catch (error) {
        return isRepriseError(error) ? error.message : String(error);
      }
    };
    expect(problems('{ tasks: 1, onBudget: { agent: cheap } }')).to.match(/budget\.onBudget.*limits neither/);
    expect(problems('{ tokens: 1, onBudget: {} }')).to.match(/names nobody/);
    expect(problems('{ tokens: 1, onBudget: { agnt: cheap } }')).to.match(/did you mean .*agent/);
    expect(problems('{ tokens: 1, onBudget: ask }')).to.match(/onBudget/);
    expect(problems('{ onBudget: stop }')).to.match(/limits nothing/);
    const yaml = 'name: w\nbudget: { tokens: 5, onBudget: { agent: cheap } }\ntasks:\n  a: { agent: a }\n';
    const { definition } = parseWorkflow(yaml);
    expect(parseWorkflow(workflowToYaml(definition)).definition).to.deep.equal(definition);
  });
});

describe('maxUsage and budgets of amounts', () => {
  const problems = (text: string): string => {
    try {
      parseWorkflow(`name: w\n${text}`);
      return '';
    } catch (error) {
      return isRepriseError(error) ? error.message : String(error);
    }
  };

  it('are written in both forms', () => {
    const yaml =
      'name: w\nbudget: { tokens: 5000, cost: 2.5, agents: { writer: { attempts: 3, cost: 1 } } }\ntasks:\n  a: { agent: writer, maxUsage: { tokens: 500, cost: 0.05 } }\n';
    const { definition } = parseWorkflow(yaml);
    const built = workflow('w', { budget: { tokens: 5000, cost: 2.5, agents: { writer: { attempts: 3, cost: 1 } } } })
      .task('a', 'writer', { maxUsage: { tokens: 500, cost: 0.05 } })
      .build();
    expect(built.definition).to.deep.equal(definition);
    expect(parseWorkflow(workflowToYaml(definition)).definition).to.deep.equal(definition);
  });

  it('are refused where they mean nothing', () => {
    const task = 'tasks: { a: { agent: a } }';
    expect(problems(`budget: { tokens: 1.5 }\n${task}`)).to.match(
      /budget\.tokens.*whole number of 1 or more, not 1\.5/,
    );
    expect(problems(`budget: { cost: 0 }\n${task}`)).to.match(/budget\.cost.*0\.000001 or more, not 0/);
    expect(problems(`budget: { cost: 0.0000001 }\n${task}`)).to.match(/budget\.cost/);
    expect(problems(`budget: { agents: { writer: { tasks: 1 } } }\n${task}`)).to.match(/budget\.agents\.writer\.tasks/);
    expect(problems(`budget: { agents: { writer: {} } }\n${task}`)).to.match(/budget\.agents\.writer.*limits nothing/);
    expect(problems(`budget: { agents: {} }\n${task}`)).to.match(/budget\.agents.*name an agent/);
    expect(problems(`budget: { agents: { "a b": { tokens: 1 } } }\n${task}`)).to.match(/the name of an agent/);
    expect(problems('tasks: { a: { agent: a, maxUsage: { token: 5 } } }')).to.match(
      /maxUsage\.token.*did you mean .*tokens/,
    );
    expect(problems('tasks: { a: { agent: a, maxUsage: { tokens: -5 } } }')).to.match(/whole number of 0 or more/);
    expect(problems('tasks: { a: { agent: a, maxUsage: {} } }')).to.match(/says nothing/);
    expect(problems('tasks: { a: { set: 1, maxUsage: { tokens: 5 } } }')).to.match(/no agent does this task/);
  });
});

describe('what is reserved', () => {
  it('is never more than there is, whatever agents do, in whatever order, and however often the run is read again', () => {
    const tasks = `
a: { agent: agent, retry: ${RETRY}, may: [handOff] }
each: { agent: agent, forEach: { items: '[1, 2, 3, 4, 5]', onItemFailure: continue }, retry: ${RETRY} }
book:
  budget: { tokens: 60 }
  loop: { until: 'round >= 3', max: 3 }
  catch: [{ do: { h: { agent: agent, retry: 1 } }, then: continue }]
  scope: { x: { agent: agent, retry: ${RETRY} }, y: { agent: agent } }
z: { agent: agent, after: [a, each, book], join: any }`;
    let settled = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 200 }),
        fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 60, maxLength: 60 }),
        (limit, rolls) => {
          const r = run(tasks, `budget: { tokens: ${limit}, cost: 0.0001 }`);
          for (const roll of rolls) {
            step(r, roll);
            for (const [path, { meters }] of r.state.budgets) {
              const most = path === '' ? limit : 60;
              if (meters === undefined) continue;
              // Nobody uses more than was reserved.
              expect(meters.spent.tokens + meters.reserved.tokens, `tokens of '${path}'`).to.be.at.most(most);
              if (path === '') expect(meters.spent.cost + meters.reserved.cost).to.be.at.most(100);
              settled += meters.spent.tokens > 0 ? 1 : 0;
            }
          }
          expect(serializeState(r.replayed())).to.equal(
            serializeState({ ...r.state, definition: r.replayed().definition }),
          );
        },
      ),
      { numRuns: 200 },
    );
    expect(settled).to.be.above(1000);
  });
});

/** One thing of what agents, timers and restarts may do; each attempt uses at most what was reserved. */
function step(r: PureRun, roll: number): void {
  const at = <T>(list: readonly T[]): T | undefined => list[Math.floor(roll / 10) % Math.max(1, list.length)];
  const all = [...r.state.tasks.values()];
  const flying = at(all.filter(({ status, agent }) => status === 'scheduled' && agent !== undefined));
  const waiting = at(all.filter(({ status, retryAt }) => status === 'waiting' && retryAt !== undefined));
  const most = { tokens: 5 + (roll % 20), cost: 0.00001 };
  const { tokens = 0, cost = 0 } = flying?.reserved ?? {};
  const used = roll % 5 === 0 ? undefined : { tokens: Math.floor(tokens / (1 + (roll % 3))), cost };
  switch (roll % 7) {
    case 0:
    case 1:
      if (r.ready().length > 0) schedule(r, most, ...(roll % 3 === 0 ? r.ready() : [at(r.ready()) ?? '']));
      return;
    case 2:
      if (flying !== undefined) complete(r, flying.id, used);
      return;
    case 3:
      if (flying !== undefined) fail(r, flying.id, used, { lost: roll % 2 === 0 });
      return;
    case 4:
      if (waiting !== undefined) r.retry(waiting.id);
      return;
    case 5:
      if (flying?.id === 'a') complete(r, 'a', used, { directives: [{ kind: 'handOff', agent: 'agent' }] });
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
