import { bindDefinition, isRepriseError, type Json, type MaxUsage, parseWorkflow, workflowToYaml } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { stateDigest } from '../../../src/orchestration/workflow/digest/state-digest.ts';
import { explain } from '../../../src/orchestration/workflow/explain/explain.ts';
import { restoreState, serializeState } from '../../../src/orchestration/workflow/state-codec.ts';
import { viewOf } from '../../../src/orchestration/workflow/view-of.ts';
import { type PureRun, types } from '../pure-run.ts';
import { goOnFrom } from './going-on.ts';
import { run as written } from './yaml-run.ts';

// `onBudget: { ask }`: what needs more than is left asks somebody for it.

const EXHAUSTED = 'REPRISE_BUDGET_EXHAUSTED';
const HOUR_MS = 3_600_000;
const YES = { decision: 'approve', raise: 50 };
const NO = { decision: 'reject', comment: 'too dear' };

const run = (tasks: string, budget = 'tokens: 100', ask = '{ ask: kim }', input: Json = null): PureRun =>
  written(tasks, input, `budget: { ${budget}, onBudget: ${ask} }`);
const schedule = (r: PureRun, maxUsage: MaxUsage | undefined, ...ids: readonly string[]) => {
  const said = maxUsage === undefined ? {} : { maxUsage };
  const chosen = ids.length === 0 ? r.ready() : ids;
  return r.send({
    type: 'ScheduleTasks',
    strategy: 'test',
    assignments: chosen.map((taskId) => ({ taskId, agent: 'agent', ...said })),
  });
};
const complete = (r: PureRun, taskId: string, tokens: number) =>
  r.send({ type: 'CompleteTask', taskId, attempt: r.task(taskId).attempt, output: taskId, usage: { tokens } });
const answer = (r: PureRun, taskId: string, given: Json, commandId = `answer-${taskId}`) =>
  r.send({ type: 'AnswerForm', taskId, answer: given, commandId });
const seen = (r: PureRun) => JSON.parse(JSON.stringify(viewOf(r.state).budgets));
const waits = (r: PureRun, taskId: string): string =>
  explain(r.state, { now: r.now }).find((one) => one.taskId === taskId)?.waits ?? 'nothing';
const copyOf = (r: PureRun) =>
  restoreState(serializeState(r.state), (one) => bindDefinition(one, r.state.definition).definition);

/** `a` has used 90 of 100 tokens; `b` may use 60. */
function short(tasks = 'a: { agent: agent }\nb: { agent: agent, after: a }', ask?: string): PureRun {
  const r = run(tasks, 'tokens: 100', ask);
  schedule(r, { tokens: 60 }, 'a');
  complete(r, 'a', 90);
  return r;
}

describe('onBudget: { ask }', () => {
  it('makes an open form of what needs more than is left, and goes on once that is answered with more', () => {
    const r = short();
    expect(schedule(r, { tokens: 60 })).to.deep.equal([
      {
        type: 'BudgetAsked',
        at: r.now,
        ...{ taskId: 'b', attempt: 0, scope: '', budget: 'tokens' },
        ...{ limit: 100, spent: 90, least: 50, assignee: 'kim' },
      },
    ]);
    expect(r.status('b')).to.equal('waiting');
    expect(viewOf(r.state).tasks.get('b')?.form).to.deep.equal({
      assignee: 'kim',
      next: undefined,
      expiresAt: undefined,
      about: { scope: '', budget: 'tokens', limit: 100, spent: 90, least: 50 },
    });
    expect(waits(r, 'b')).to.equal(
      "needs more than what is left of the budget of 100 tokens of the run, and asks 'kim' for it",
    );
    expect(types(answer(r, 'b', YES))).to.deep.equal(['FormAnswered', 'BudgetRaised', 'TaskReady']);
    expect(r.of('BudgetRaised')).to.deep.equal([
      { type: 'BudgetRaised', at: r.now, scope: '', raised: { tokens: 50 }, taskId: 'b' },
    ]);
    expect(seen(r)[''].tokens).to.deep.equal({ limit: 150, spent: 90 });
    expect(viewOf(r.state).tasks.get('b')?.form, 'it is no form any more').to.equal(undefined);
    expect(types(schedule(r, { tokens: 60 }))).to.deep.equal(['TaskScheduled']);
    complete(r, 'b', 20);
    expect(r.state.status).to.equal('completed');
  });

  it('takes no answer that does not fit: less than is missing, none, more than can be counted', () => {
    const r = short();
    schedule(r, { tokens: 60 });
    const refused = (given: Json): string => {
      const [event] = answer(r, 'b', given, `c-${JSON.stringify(given)}`);
      return event?.type === 'CommandRejected' ? `${event.code} ${event.message}` : String(event?.type);
    };
    expect(refused({ decision: 'approve', raise: 49 })).to.match(/^REPRISE_FORM_INVALID .*raise.*50/);
    expect(refused({ decision: 'approve' })).to.match(/^REPRISE_FORM_INVALID .*raise/);
    expect(refused({ decision: 'reject', raise: 50 })).to.match(/^REPRISE_FORM_INVALID .*raise/);
    expect(refused({ decision: 'approve', raise: 50.5 })).to.match(/^REPRISE_FORM_INVALID .*raise/);
    expect(refused({ decision: 'approve', raise: Number.MAX_SAFE_INTEGER })).to.match(/more tokens then than can/);
    expect(refused({ decision: 'edit' })).to.match(/^REPRISE_FORM_INVALID/);
    expect(r.status('b')).to.equal('waiting');
    expect(answer(r, 'a', YES)[0]).to.have.property('code', 'REPRISE_FORM_NOT_OPEN');
    expect(types(r.send({ type: 'AssignForm', taskId: 'b', to: 'lee' }))).to.deep.equal(['FormAssigned']);
    expect(viewOf(r.state).tasks.get('b')?.form?.assignee).to.equal('lee');
  });

  it('fails with no, and so does what needs more of it from then on; nobody is asked again until it is raised', () => {
    const r = short(
      'a: { agent: agent }\nb: { agent: agent, after: a, fallback: { value: none } }\nc: { agent: agent, after: b }\nd: { agent: agent, after: a, fallback: { value: none } }',
    );
    schedule(r, { tokens: 60 }, 'b');
    answer(r, 'b', NO);
    expect(r.of('TaskCompleted').at(-1)).to.deep.include({ taskId: 'b', via: 'fallback-value' });
    expect(r.of('TaskCompleted').at(-1)?.error).to.deep.include({
      code: EXHAUSTED,
      message:
        "'b', which may use 60 tokens, would take the run beyond its budget of 100 tokens, of which 90 are spent. Raise budget.tokens, say less in maxUsage, or find out what uses it up. 'kim', who was asked to raise it said no: too dear.",
      details: { scope: '', budget: 'tokens', limit: 100 },
    });
    expect(types(schedule(r, { tokens: 60 }, 'd'))).to.deep.equal(['TaskCompleted']);
    r.send({ type: 'RaiseBudget', scope: '', raised: { tokens: 1 }, commandId: 'more' } as never);
    expect(types(schedule(r, { tokens: 60 }, 'c')), 'another budget, another question').to.deep.equal(['BudgetAsked']);
    expect(r.of('BudgetAsked').map(({ taskId, limit }) => [taskId, limit])).to.deep.equal([
      ['b', 100],
      ['c', 101],
    ]);
  });

  it('asks once a budget: what else needs more of it waits with it, and goes on with it', () => {
    const r = run('each: { agent: agent, forEach: "[1, 2, 3, 4]" }', 'attempts: 2');
    expect(types(schedule(r, undefined))).to.deep.equal([
      'TaskScheduled',
      'TaskScheduled',
      'BudgetAsked',
      'BudgetReached',
    ]);
    expect(r.ready()).to.deep.equal(['each[3]']);
    expect(schedule(r, undefined)).to.deep.equal([]);
    expect(waits(r, 'each[3]')).to.equal(
      "needs more than what is left of the budget of 2 attempts of the run, which 'each[2]' asks for",
    );
    answer(r, 'each[2]', { decision: 'approve', raise: 2 });
    expect(types(schedule(r, undefined))).to.deep.equal(['TaskScheduled', 'TaskScheduled', 'BudgetReached']);
  });

  it('waits for so long at the most, by the clock of the run', () => {
    const r = short(undefined, '{ ask: kim, timeout: 1h }');
    const [asked] = schedule(r, { tokens: 60 });
    expect(asked).to.deep.include({ type: 'BudgetAsked', until: r.now + HOUR_MS });
    r.now += HOUR_MS / 2;
    r.send({ type: 'PauseRun' });
    r.now += 9 * HOUR_MS;
    r.send({ type: 'ResumeRun' });
    const timer = { kind: 'retry', taskId: 'b', attempt: 0 } as const;
    r.now += HOUR_MS / 2 - 1;
    expect(r.fire(timer, r.now)).to.deep.equal([]);
    r.now += 1;
    expect(types(r.fire(timer, r.now))).to.deep.equal(['TaskExpired', 'TaskFailed', 'RunFailed']);
    expect(r.task('b').error?.message).to.match(/'kim', who was asked to raise it did not answer in time\.$/);
    expect(r.fire(timer, r.now), 'once').to.deep.equal([]);
  });

  it('goes on when the budget is raised by hand, and asks again when that is too little', () => {
    const r = short();
    schedule(r, { tokens: 60 });
    const more = (raised: object, commandId: string) =>
      types(r.send({ type: 'RaiseBudget', scope: '', raised, commandId } as never));
    expect(more({ tokens: 10 }, 'one')).to.deep.equal(['BudgetRaised', 'TaskReady']);
    expect(types(schedule(r, { tokens: 60 }))).to.deep.equal(['BudgetAsked']);
    expect(r.of('BudgetAsked').at(-1)).to.deep.include({ limit: 110, least: 40 });
    expect(answer(r, 'b', NO, 'late')[0]?.type).to.equal('FormAnswered');
  });

  it('is asked by child runs, by what an agent may do in a block, and of the innermost block that has nothing left', () => {
    const r = written(
      'part:\n  budget: { agents: { agent: { attempts: 1 } }, onBudget: { ask: lee } }\n  scope:\n    x: { agent: agent }\n    y: { agent: agent, after: x }\n  catch: [{ on: { code: REPRISE_BUDGET_EXHAUSTED }, then: continue, output: spent }]\nsub: { workflow: other, budget: { tokens: 30 }, after: part }',
      null,
      'budget: { tokens: 20, onBudget: { ask: kim } }',
    );
    schedule(r, { tokens: 1 }, 'part/x');
    complete(r, 'part/x', 1);
    expect(schedule(r, { tokens: 1 })[0]).to.deep.include({
      ...{ type: 'BudgetAsked', taskId: 'part/y', scope: 'part', budget: 'attempts', agent: 'agent', assignee: 'lee' },
    });
    expect(types(answer(r, 'part/y', NO))).to.deep.equal([
      'FormAnswered',
      'TaskFailed',
      'ScopeCaught',
      'TaskCompleted',
      'BudgetAsked',
    ]);
    expect(r.of('BudgetAsked').at(-1)).to.deep.include({ taskId: 'sub', scope: '', least: 11, assignee: 'kim' });
    expect(types(answer(r, 'sub', { decision: 'approve', raise: 11 }))).to.deep.equal([
      'FormAnswered',
      'BudgetRaised',
      'TaskReady',
      'TaskEntered',
    ]);
  });

  it('ends with the task, however that ends, and is asked anew by whoever needs it then', () => {
    const tasks = 'a: { agent: agent }\nb: { agent: agent, after: a }\nc: { agent: agent, after: a }';
    const skipped = short(tasks);
    schedule(skipped, { tokens: 60 }, 'b');
    skipped.send({ type: 'SkipTask', taskId: 'b', commandId: 'skip' } as never);
    expect(skipped.status('b')).to.equal('skipped');
    expect(types(schedule(skipped, { tokens: 60 }))).to.deep.equal(['BudgetAsked']);
    const cancelled = short(tasks);
    schedule(cancelled, { tokens: 60 }, 'b');
    cancelled.send({ type: 'CancelRun' });
    expect(cancelled.state.status).to.equal('cancelled');
    expect(viewOf(cancelled.state).tasks.get('b')?.form).to.equal(undefined);
    expect(answer(cancelled, 'b', YES)[0]).to.have.property('code', 'REPRISE_RUN_CLOSED');
  });

  it('is asked anew by a run that goes on from another, whatever was answered there', () => {
    const r = short();
    schedule(r, { tokens: 60 });
    const open = goOnFrom(r, { as: 'fork' });
    expect(open.ready()).to.deep.equal(['b']);
    expect(types(schedule(open, { tokens: 60 }))).to.deep.equal(['BudgetAsked']);
    answer(r, 'b', NO);
    expect(r.state.status).to.equal('failed');
    const again = goOnFrom(r);
    expect(types(schedule(again, { tokens: 60 }))).to.deep.equal(['BudgetAsked']);
    const more = goOnFrom(r, { raised: { '': { tokens: 100 } } });
    expect(types(schedule(more, { tokens: 60 }))).to.deep.equal(['TaskScheduled']);
  });

  it('is answered once: the least counts what is under way, as it stands when the answer comes', () => {
    const asking = (): PureRun => {
      const r = run('a: { agent: agent }\nb: { agent: agent }\nc: { agent: agent }');
      schedule(r, { tokens: 60 }, 'a');
      schedule(r, { tokens: 120 }, 'b');
      return r;
    };
    const r = asking();
    expect(r.of('BudgetAsked')[0]).to.deep.include({ limit: 100, spent: 0, reserved: 60, least: 80 });
    expect(viewOf(r.state).tasks.get('b')?.form?.about).to.deep.include({ spent: 0, reserved: 60, least: 80 });
    expect(answer(r, 'b', { decision: 'approve', raise: 79 })[0]).to.have.property('code', 'REPRISE_FORM_INVALID');
    answer(r, 'b', { decision: 'approve', raise: 80 }, 'enough');
    expect(types(schedule(r, { tokens: 120 }, 'b'))).to.deep.equal(['TaskScheduled']);
    // What has begun since counts, too.
    const later = asking();
    schedule(later, { tokens: 40 }, 'c');
    expect(answer(later, 'b', { decision: 'approve', raise: 119 })[0]).to.have.property('code', 'REPRISE_FORM_INVALID');
    answer(later, 'b', { decision: 'approve', raise: 120 }, 'more');
    expect(types(schedule(later, { tokens: 120 }, 'b'))).to.deep.equal(['TaskScheduled']);
  });

  it('takes no answer once its time is up, whoever has said so yet', () => {
    const r = short(undefined, '{ ask: kim, timeout: 1h }');
    schedule(r, { tokens: 60 });
    r.now += HOUR_MS;
    expect(answer(r, 'b', YES)[0]).to.deep.include({ type: 'CommandRejected', code: 'REPRISE_FORM_NOT_OPEN' });
    const timer = { kind: 'retry', taskId: 'b', attempt: 0 } as const;
    expect(types(r.fire(timer, r.now))).to.deep.equal(['TaskExpired', 'TaskFailed', 'RunFailed']);
  });

  it('is asked anew by a fork at the very no', () => {
    const r = short();
    schedule(r, { tokens: 60 });
    answer(r, 'b', NO);
    const at = r.events.findIndex(({ type }) => type === 'FormAnswered');
    const again = goOnFrom(r, { as: 'fork', at });
    expect(again.ready()).to.deep.equal(['b']);
    expect(types(schedule(again, { tokens: 60 }))).to.deep.equal(['BudgetAsked']);
  });

  it('is not asked where the answer is of no use: a block further out has nothing left, and said no', () => {
    const tasks =
      'a: { agent: agent }\ns:\n  budget: { attempts: 1, onBudget: { ask: lee } }\n  scope:\n    b: { agent: agent }\n    c: { agent: agent, after: b }\nd: { agent: agent, after: a, fallback: { value: none } }';
    const r = run(tasks, 'attempts: 2');
    schedule(r, undefined, 'a');
    schedule(r, undefined, 's/b');
    complete(r, 'a', 1);
    expect(types(schedule(r, undefined, 'd'))).to.deep.equal(['BudgetAsked']);
    answer(r, 'd', NO);
    complete(r, 's/b', 1);
    expect(types(schedule(r, undefined, 's/c')))
      .to.include('TaskFailed')
      .and.not.to.include('BudgetAsked');
    expect(r.task('s/c').error?.message).to.match(
      /beyond its budget of 2 attempts\. .*Somebody was asked to raise it, in vain, and is not asked again\.$/,
    );
  });

  it('holds the turn of the task where tasks take turns', () => {
    const r = written(
      'a: { agent: agent }\nb: { agent: agent }\nc: { agent: agent }',
      null,
      'strategy: sequential\nbudget: { attempts: 1, onBudget: { ask: kim } }',
    );
    schedule(r, undefined);
    r.complete('a');
    schedule(r, undefined);
    expect(r.status('b')).to.equal('waiting');
    expect(r.ready()).to.deep.equal([]);
    answer(r, 'b', { decision: 'approve', raise: 1 });
    expect(r.ready()).to.deep.equal(['b']);
  });

  it('comes back from replay and snapshot, and is in the digest', () => {
    const r = short('a: { agent: agent }\nb: { agent: agent, after: a }\nc: { agent: agent, after: a }');
    const before = stateDigest(r.state);
    schedule(r, { tokens: 60 }, 'b');
    expect(stateDigest(r.state)).to.not.equal(before);
    const copy = copyOf(r);
    expect(serializeState(copy)).to.equal(serializeState(r.state));
    expect(stateDigest(copy)).to.equal(stateDigest(r.state));
    expect([...copy.tasks.values()].find(({ id }) => id === 'b')?.asks).to.deep.equal(r.task('b').asks);
    answer(r, 'b', { decision: 'reject' });
    const refused = copyOf(r);
    expect(serializeState(refused)).to.equal(serializeState(r.state));
  });

  it('is written in a budget, and said of a start; refused where nothing would ever be asked', () => {
    const problems = (budget: string): string => {
      try {
        parseWorkflow(`name: w\nbudget: ${budget}\ntasks: { a: { agent: a } }`);
        return '';
      } catch (error) {
        return isRepriseError(error) ? error.message : String(error);
      }
    };
    expect(problems('{ messages: 1, onBudget: { ask: kim } }')).to.match(/limits neither tasks, attempts, tokens nor/);
    expect(problems('{ agents: { a: { attempts: 1 } }, onBudget: { ask: kim } }')).to.equal('');
    expect(problems('{ tasks: 1, onBudget: { ask: "" } }')).to.match(/the name of somebody/);
    expect(problems('{ tasks: 1, onBudget: { ask: kim, timeout: soon } }')).to.match(/timeout/);
    expect(problems('{ tasks: 1, onBudget: { ask: kim, agent: a } }')).to.match(/either names an agent, or/);
    expect(problems('{ tasks: 1, onBudget: { timeout: 1h } }')).to.match(/names nobody/);
    const { definition } = parseWorkflow(
      'name: w\nbudget: { tokens: 5, onBudget: { ask: kim lee, timeout: 90m } }\ntasks:\n  a: { agent: a }\n',
    );
    expect(definition.budget?.onBudget).to.deep.equal({ ask: 'kim lee', timeoutMs: 5_400_000 });
    expect(workflowToYaml(definition)).to.contain('timeout: 90m');
    expect(parseWorkflow(workflowToYaml(definition)).definition).to.deep.equal(definition);
    const r = written('a: { agent: a }\nb: { agent: a }', null, '', {
      budget: { attempts: 1, onBudget: { ask: 'ann' } },
    });
    r.run('a');
    expect(types(r.schedule('b'))).to.deep.equal(['BudgetAsked']);
  });
});
