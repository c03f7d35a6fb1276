import { bindDefinition, isRepriseError, type Json, parseWorkflow, workflow, workflowToYaml } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { spentOfAllotment } from '../../../src/orchestration/workflow/allotments.ts';
import { stateDigest } from '../../../src/orchestration/workflow/digest/state-digest.ts';
import type { Usage } from '../../../src/orchestration/workflow/events.ts';
import { explain } from '../../../src/orchestration/workflow/explain/explain.ts';
import { restoreState, serializeState } from '../../../src/orchestration/workflow/state-codec.ts';
import { viewOf } from '../../../src/orchestration/workflow/view-of.ts';
import { type PureRun, types } from '../pure-run.ts';
import { run as written } from './yaml-run.ts';

// Allotments: what a child run may spend is reserved when it begins, and settled by what it says at its end.

const EXHAUSTED = 'REPRISE_BUDGET_EXHAUSTED';
const RETRY = '{ maxAttempts: 3, initialDelay: 0, jitter: 0 }';

const run = (tasks: string, more = '', input: Json = null): PureRun => written(tasks, input, more);
const seen = (r: PureRun) => JSON.parse(JSON.stringify(viewOf(r.state).budgets));
const underWay = (r: PureRun) =>
  [...r.state.tasks.values()].flatMap(({ id, child, status }) =>
    child !== undefined && status === 'running' ? [id] : [],
  );
const failure = { code: 'BOOM', message: 'boom', retryable: true };
const end = (
  r: PureRun,
  taskId: string,
  spent?: Usage | object,
  outcome: object = { status: 'completed', output: taskId },
) =>
  r.send({
    type: 'EndChild',
    taskId,
    attempt: r.task(taskId).attempt,
    child: r.task(taskId).child ?? '',
    outcome,
    ...(spent === undefined ? {} : { spent }),
  } as never);

describe('an allotment of a child run', () => {
  it('is reserved whole in all blocks around, and settled by what the child says', () => {
    const r = run(
      `
  part:
    budget: { tokens: 80 }
    scope:
      each: { workflow: other, budget: { tokens: 30, cost: 0.5, attempts: 4 }, forEach: "[1, 2, 3]" }`,
      'budget: { attempts: 20, tasks: 9, cost: 9 }',
    );
    expect(underWay(r)).to.deep.equal(['part/each[0]', 'part/each[1]']);
    expect(r.of('TaskEntered').flatMap(({ allotted }) => allotted ?? [])).to.deep.equal([
      { attempts: 4, tokens: 30, cost: 500_000 },
      { attempts: 4, tokens: 30, cost: 500_000 },
    ]);
    expect(seen(r)).to.deep.equal({
      '': {
        attempts: { limit: 20, spent: 2, reserved: 8 },
        tasks: { limit: 9, spent: 2 },
        cost: { limit: 9, spent: 0, reserved: 1 },
      },
      part: { tokens: { limit: 80, spent: 0, reserved: 60 } },
    });
    const [first] = end(r, 'part/each[0]', { tokens: 10, cost: 20_000, attempts: 1, tasks: 7 });
    expect(first, 'of kinds that it was allotted').to.deep.include({
      type: 'TaskCompleted',
      usage: { attempts: 1, tokens: 10, cost: 20_000 },
    });
    expect(underWay(r), 'there is room again').to.deep.equal(['part/each[1]', 'part/each[2]']);
    expect(seen(r)).to.deep.equal({
      '': {
        attempts: { limit: 20, spent: 4, reserved: 8 },
        tasks: { limit: 9, spent: 3 },
        cost: { limit: 9, spent: 0.02, reserved: 1 },
      },
      part: { tokens: { limit: 80, spent: 10, reserved: 60 } },
    });
    end(r, 'part/each[1]', { tokens: 31 });
    expect(seen(r).part.tokens, 'more than it was allotted counts as it is').to.deep.equal({
      limit: 80,
      spent: 41,
      reserved: 30,
    });
    expect(seen(r)[''].attempts, 'what it does not say, as it was allotted').to.deep.equal({
      limit: 20,
      spent: 8,
      reserved: 4,
    });
  });

  it('waits for room, says for which, and holds nobody else up', () => {
    const r = run(
      `
  a: { workflow: other, budget: { tokens: 60 } }
  b: { workflow: other, budget: { tokens: 60 } }
  c: { workflow: other, budget: { tokens: 40 } }
  d: { agent: agent, maxUsage: { tokens: 10 } }`,
      'budget: { tokens: 100 }',
    );
    expect(underWay(r)).to.deep.equal(['a', 'c']);
    const [waiting] = explain(r.state, { now: r.now }).filter(({ taskId }) => taskId === 'b');
    expect(waiting).to.deep.include({
      reason: 'budget',
      of: '',
      budget: 'tokens',
      limit: 100,
      spent: 0,
      reserved: 100,
      most: 60,
    });
    expect(r.schedule('d')).to.deep.equal([]);
    end(r, 'c', { tokens: 15 });
    expect(underWay(r)).to.deep.equal(['a']);
    expect(types(r.schedule('d'))).to.deep.equal(['TaskScheduled']);
    end(r, 'a', { tokens: 10 });
    expect(underWay(r)).to.deep.equal(['b']);
  });

  it('fails at once when it can never fit', () => {
    const r = run('a: { workflow: other, budget: { tokens: 101 } }', 'budget: { tokens: 100 }');
    expect(r.state.status).to.equal('failed');
    expect(r.task('a').error).to.deep.include({
      code: EXHAUSTED,
      details: { scope: '', budget: 'tokens', limit: 100 },
    });
    expect(r.task('a').error?.message).to.contain(
      'which may use 101 tokens, would take the run beyond its budget of 100 tokens, of which 0 are spent. Raise budget.tokens, say less in the budget of the task,',
    );
  });

  it('is reserved anew by another attempt; what was spent before stays spent', () => {
    const r = run(`a: { workflow: other, budget: { tokens: 60 }, retry: ${RETRY} }`, 'budget: { tokens: 100 }');
    const [failed] = end(r, 'a', { tokens: 20 }, { status: 'failed', error: failure });
    expect(failed).to.deep.include({ type: 'TaskAttemptFailed', usage: { tokens: 20 } });
    r.retry('a');
    expect(seen(r)[''].tokens).to.deep.equal({ limit: 100, spent: 20, reserved: 60 });
    end(r, 'a', { tokens: 30 }, { status: 'failed', error: failure });
    expect(types(r.retry('a')).filter((type) => type !== 'TaskReady')).to.deep.equal(['TaskFailed', 'RunFailed']);
    expect(r.task('a').error).to.deep.include({ code: EXHAUSTED });
    expect(seen(r)[''].tokens).to.deep.equal({ limit: 100, spent: 50 });
  });

  it('is spent by a child that is lost, cancelled or given up', () => {
    const cancelled = run(
      'a: { workflow: other, budget: { tokens: 60 }, fallback: { value: none } }',
      'budget: { tokens: 100 }',
    );
    end(cancelled, 'a', undefined, { status: 'cancelled' });
    expect(seen(cancelled)[''].tokens).to.deep.equal({ limit: 100, spent: 60 });
    const forced = run(
      'a: { workflow: other, budget: { tokens: 60 } }\nb: { agent: agent }',
      'budget: { tokens: 100 }',
    );
    forced.send({ type: 'CancelRun', compensate: false, force: true });
    expect(forced.state.status).to.equal('cancelled');
    expect(seen(forced)[''].tokens).to.deep.equal({ limit: 100, spent: 60 });
  });

  it('is on record when it uses up a budget, counts too', () => {
    const r = run(
      'a: { workflow: other, budget: { attempts: 3, tokens: 100 } }',
      'budget: { attempts: 4, tokens: 100 }',
    );
    end(r, 'a', { attempts: 3, tokens: 100 });
    expect(r.of('BudgetReached').map(({ budget }) => budget)).to.deep.equal(['attempts', 'tokens']);
    expect(r.state.status).to.equal('completed');
  });

  it('holds counts that attempts and messages of others would need', () => {
    const r = run(
      `
  a: { workflow: other, budget: { attempts: 3, messages: 2 } }
  b: { agent: agent }
  w: { wait: { message: true }, timeout: 1h }
  s: { send: { to: w } }`,
      'budget: { attempts: 4, messages: 2 }',
    );
    expect(r.task('s').error?.message, 'a message does not wait').to.contain(
      'of which 0 are spent, and child runs under way may spend 2',
    );
    const other = run(
      'a: { workflow: other, budget: { attempts: 3 } }\nb: { agent: agent }',
      'budget: { attempts: 4 }',
    );
    expect(other.schedule('b'), 'an attempt does').to.deep.equal([]);
    expect(explain(other.state, { now: other.now }).find(({ taskId }) => taskId === 'b')).to.deep.include({
      reason: 'budget',
      most: 1,
      reserved: 3,
    });
    end(other, 'a', { attempts: 1 });
    expect(types(other.schedule('b'))).to.deep.equal(['TaskScheduled']);
  });

  it('is not there for kinds that it does not name: these count as ever', () => {
    const r = run(
      'a: { workflow: other, budget: { tokens: 10 } }\nb: { workflow: other }',
      'budget: { attempts: 2, messages: 1 }',
    );
    end(r, 'a', { tokens: 5, attempts: 9 });
    end(r, 'b', { attempts: 9 });
    expect(seen(r)['']).to.deep.equal({ attempts: { limit: 2, spent: 2 }, messages: { limit: 1, spent: 0 } });
    expect(r.of('TaskCompleted').map(({ usage }) => usage)).to.deep.equal([{ tokens: 5 }, undefined]);
  });

  it('takes its turn where tasks do', () => {
    const r = run(
      `
  part:
    strategy: sequential
    scope:
      a: { workflow: other, budget: { tokens: 60 } }
      b: { workflow: other, budget: { tokens: 10 } }
  c: { workflow: other, budget: { tokens: 60 } }`,
      'budget: { tokens: 100 }',
    );
    // What is in no sequence begins first; the one that has the turn waits for room, and keeps it.
    const [first] = underWay(r);
    expect(underWay(r)).to.have.length(1);
    end(r, first ?? '', { tokens: 5 });
    expect(underWay(r)).to.have.length.at.least(1);
    for (let n = 0; n < 3; n += 1) for (const id of underWay(r)) end(r, id, { tokens: 5 });
    expect(r.state.status).to.equal('completed');
    expect(seen(r)[''].tokens).to.deep.equal({ limit: 100, spent: 15 });
  });

  it('comes back from replay and snapshot, and is in the digest', () => {
    const r = run(
      'each: { workflow: other, budget: { tokens: 30, attempts: 2 }, forEach: "[1, 2, 3, 4]" }',
      'budget: { tokens: 100, attempts: 20 }',
    );
    end(r, 'each[0]', { tokens: 3, attempts: 1 });
    const text = serializeState(r.state);
    const restored = restoreState(text, (one) => bindDefinition(one, r.state.definition).definition);
    expect(serializeState(restored)).to.equal(text);
    expect(stateDigest(restored)).to.equal(stateDigest(r.state));
    expect(stateDigest(r.replayed())).to.equal(stateDigest(r.state));
    const one = run('a: { workflow: other, budget: { tokens: 30 } }', 'budget: { tokens: 100 }');
    const before = stateDigest(one.state);
    one.task('a').allotted = { tokens: 29 };
    expect(stateDigest(one.state)).to.not.equal(before);
  });

  it('is what the child says of its own start: nothing that its workflow alone limits', () => {
    const child = written('a: { agent: agent }\nb: { agent: agent, after: a }', null, 'budget: { messages: 4 }');
    expect(spentOfAllotment(child.state)).to.equal(undefined);
  });

  it('is written beside workflow, and read back', () => {
    const text = `name: n\ntasks:\n  a: { workflow: { name: other, version: "2" }, budget: { tokens: 10, cost: 0.5 } }\n`;
    const { definition } = parseWorkflow(text);
    expect(definition.tasks[0]?.workflow).to.deep.equal({
      name: 'other',
      version: '2',
      budget: { tokens: 10, cost: 0.5 },
    });
    expect(parseWorkflow(workflowToYaml(definition)).definition).to.deep.equal(definition);
    const other = workflow<Json>('other').task('x', 'agent').build();
    const built = workflow<Json>('n')
      .workflow('a', other, { budget: { attempts: 3 } })
      .build();
    expect(built.definition.tasks[0]?.workflow).to.deep.include({ budget: { attempts: 3 } });
    const refused = (task: string): string => {
      try {
        parseWorkflow(`name: n\ntasks:\n  a: ${task}\n`);
        return 'taken';
      } catch (error) {
        return isRepriseError(error) ? error.message : String(error);
      }
    };
    expect(refused('{ workflow: other, budget: { tokens: 0 } }')).to.match(/tokens.* must be a whole number of 1/);
    expect(refused('{ workflow: other, budget: {} }')).to.match(/limits nothing/);
    expect(refused('{ agent: other, budget: { tokens: 1 } }')).to.match(/belongs to a scope/);
  });
});
