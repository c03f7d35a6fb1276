import { bindDefinition } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Budget } from '../../../src/definition/definition.ts';
import { stateDigest } from '../../../src/orchestration/workflow/digest/state-digest.ts';
import { restoreState, serializeState } from '../../../src/orchestration/workflow/state-codec.ts';
import { viewOf } from '../../../src/orchestration/workflow/view-of.ts';
import { type PureRun, types } from '../pure-run.ts';
import { goOnFrom } from './going-on.ts';
import { run as written } from './yaml-run.ts';

const CHAIN = 'a: { agent: a }\nb: { agent: a, after: a }\nc: { agent: a, after: b }';
const run = (tasks: string, workflow = '', budget?: Budget): PureRun =>
  written(tasks, null, workflow, budget === undefined ? {} : { budget });
const raise = (r: PureRun, raised: Budget | object, scope = '', commandId = 'more') =>
  r.send({ type: 'RaiseBudget', commandId, scope, raised } as never);
const budgets = (r: PureRun) => JSON.parse(JSON.stringify(viewOf(r.state).budgets));

describe('a budget of a start', () => {
  it('holds in a run whose workflow has none, and of each kind the lesser where both have one', () => {
    const r = run(CHAIN, '', { attempts: 2 });
    expect(r.of('RunStarted')[0]?.budget).to.deep.equal({ attempts: 2 });
    r.run('a');
    r.run('b');
    r.schedule('c');
    expect(r.task('c').error).to.deep.include({ details: { scope: '', budget: 'attempts', limit: 2 } });
    const both = run(CHAIN, 'budget: { attempts: 5, tasks: 2 }', { attempts: 3, tasks: 9, messages: 1 });
    expect(budgets(both)['']).to.deep.equal({
      tasks: { limit: 2, spent: 0 },
      attempts: { limit: 3, spent: 0 },
      messages: { limit: 1, spent: 0 },
    });
  });

  it('is kept by a retry of the run, and read again', () => {
    const r = run(CHAIN, '', { attempts: 1 });
    r.run('a');
    r.schedule('b');
    const again = goOnFrom(r);
    expect(budgets(again)).to.deep.equal({ '': { attempts: { limit: 1, spent: 1 } } });
    const copy = restoreState(
      serializeState(again.state),
      (one) => bindDefinition(one, again.state.definition).definition,
    );
    expect(serializeState(copy)).to.equal(serializeState(again.state));
  });
});

describe('RaiseBudget', () => {
  it('lets a run and a block spend more, before it is used up and after, as often as it is said', () => {
    const r = run(
      'book: { budget: { attempts: 1 }, scope: { x: { agent: a }, y: { agent: a, after: x } } }\nz: { agent: a, after: book }',
      'budget: { attempts: 2 }',
    );
    expect(raise(r, { attempts: 1 }, 'book')).to.deep.equal([
      { type: 'BudgetRaised', at: r.now, scope: 'book', raised: { attempts: 1 }, commandId: 'more' },
    ]);
    expect(raise(r, { attempts: 1 }, 'book'), 'the same command again').to.deep.equal([]);
    r.run('book/x');
    r.run('book/y');
    expect(r.of('BudgetReached').map(({ scope }) => scope)).to.deep.equal(['book', '']);
    raise(r, { attempts: 1 }, '', 'two');
    raise(r, { attempts: 1 }, '', 'three');
    expect(budgets(r)).to.deep.equal({ '': { attempts: { limit: 4, spent: 2 } } });
    r.run('z');
    expect(r.state.status).to.equal('completed');
  });

  it('is refused for what is not limited, is no amount, or is not under way', () => {
    const r = run(
      'book: { scope: { x: { agent: a } } }\nlater: { budget: { tasks: 1 }, after: book, scope: { y: { agent: a } } }',
      'budget: { attempts: 1 }',
    );
    const refused = (raised: object, scope = ''): string => {
      const [event] = raise(r, raised, scope, `more-${r.events.length}`);
      return event?.type === 'CommandRejected' ? `${event.code}: ${event.message}` : `${event?.type}`;
    };
    expect(refused({ tasks: 1 })).to.equal(
      'REPRISE_COMMAND_INVALID: The budget cannot be raised: the run has no budget of tasks that could be raised.',
    );
    expect(refused({ attempts: 1 }, 'book')).to.include("'book' has no budget of attempts");
    expect(refused({ attemps: 1 })).to.include("there is no budget of 'attemps'; did you mean 'attempts'?");
    expect(refused({})).to.include('it is not said what');
    for (const by of [0, -1, 1.5, Number.NaN]) expect(refused({ attempts: by })).to.include(`and not by ${by}`);
    expect(refused({ attempts: Number.MAX_SAFE_INTEGER })).to.include('than can be counted');
    expect(refused({ tasks: 1 }, 'later')).to.match(/^REPRISE_BLOCK_CLOSED/);
    r.run('book/x');
    r.schedule('later/y');
    expect(r.state.status).to.equal('failed');
    expect(refused({ attempts: 1 })).to.match(/^REPRISE_RUN_CLOSED/);
  });

  it('is part of digests and snapshots; without one, nothing of them changes', () => {
    const r = run(CHAIN, 'budget: { attempts: 2 }');
    const before = stateDigest(r.state);
    raise(r, { attempts: 3 });
    expect(stateDigest(r.state)).to.not.equal(before);
    const copy = restoreState(serializeState(r.state), (one) => bindDefinition(one, r.state.definition).definition);
    expect(stateDigest(copy)).to.equal(stateDigest(r.state));
    expect(budgets(r)['']).to.deep.equal({ attempts: { limit: 5, spent: 0 } });
  });

  it('comes first in a retry: what failed for want of it is done', () => {
    const r = run(CHAIN, 'budget: { attempts: 2 }');
    r.run('a');
    r.run('b');
    r.schedule('c');
    const again = goOnFrom(r, { raised: { '': { attempts: 1 } } });
    expect(types(again.events).slice(-3)).to.deep.equal(['TasksReset', 'BudgetRaised', 'RunForked']);
    again.run('c');
    expect(again.state.status).to.equal('completed');
    expect(budgets(again)['']).to.deep.equal({ attempts: { limit: 3, spent: 3 } });
    // What was raised is in the prefix of a run that goes on from that one.
    const fork = goOnFrom(again, { as: 'fork', at: again.events.length - 4, runId: 'run-3' });
    expect(budgets(fork)['']).to.deep.equal({ attempts: { limit: 3, spent: 3 } });
  });
});
