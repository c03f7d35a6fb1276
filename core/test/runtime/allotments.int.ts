import { defineAgent, parseWorkflow, type Workflow, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { z } from 'zod';
import { eventsOf, only, orchestrators } from './support.ts';

// Allotments, through the engine: what a child run may spend is its start's budget, and its parent is told what it has spent.

const { start } = orchestrators();

const CHILD = parseWorkflow(`
name: child
tasks:
  a: { agent: writer }
  b: { agent: writer, after: a }
  c: { agent: writer, after: b }
`) as Workflow;

const parentOf = (child: string, more: string): Workflow =>
  parseWorkflow(`name: parent\n${more}\ntasks:\n  each: { workflow: child, ${child} }\n`) as Workflow;

/** Says that it used 10 tokens. */
const writer = defineAgent({
  name: 'writer',
  maxUsage: { tokens: 20 },
  handle: ({ taskId }, context) => {
    context.usage({ tokens: 10 });
    return taskId;
  },
});
const budgetsOf = async (run: { state(): Promise<{ budgets: Iterable<readonly [string, unknown]> }> }) =>
  JSON.parse(JSON.stringify(Object.fromEntries((await run.state()).budgets)));

describe('an allotment of a child run', () => {
  it('is what the child starts with, and is settled by what it has spent', async () => {
    const parent = parentOf(
      'budget: { tokens: 60, attempts: 5 }, forEach: "[1, 2, 3]"',
      'budget: { tokens: 130, attempts: 30 }',
    );
    const reprise = await start({ workflows: [parent, CHILD], agents: [writer] });
    const run = await reprise.startRun(parent, null, { id: 'p' });
    expect(await run.result()).to.deep.equal(['c', 'c', 'c']);
    const events = await eventsOf(reprise, 'p');
    const entered = only(events, 'TaskEntered');
    expect(entered.map(({ allotted }) => allotted)).to.deep.equal(Array(3).fill({ attempts: 5, tokens: 60 }));
    const ends = only(events, 'TaskCompleted').filter(({ taskId }) => taskId !== 'each');
    expect(ends.map(({ usage }) => usage)).to.deep.equal(Array(3).fill({ attempts: 3, tokens: 30 }));
    expect(
      events
        .flatMap(({ type }) => (type === 'TaskEntered' ? 'begins' : type === 'TaskCompleted' ? 'ends' : []))
        .slice(0, 6),
      'there is room for two',
    ).to.deep.equal(['begins', 'begins', 'ends', 'ends', 'begins', 'ends']);
    const [first] = await eventsOf(reprise, entered[0]?.child ?? '');
    expect(first).to.deep.include({ type: 'RunStarted', budget: { tokens: 60, attempts: 5 } });
    expect(await budgetsOf(run)).to.deep.equal({
      '': { tokens: { limit: 130, spent: 90 }, attempts: { limit: 30, spent: 12 } },
    });
  });

  it('fails the child that needs more, and is had anew by a retry of the run, which goes on with the child', async () => {
    const parent = parentOf('budget: { tokens: 35 }', 'budget: { tokens: 80 }');
    const reprise = await start({ workflows: [parent, CHILD], agents: [writer] });
    const run = await reprise.startRun(parent, null, { id: 'p' });
    const outcome = await run.outcome();
    expect(outcome.status === 'failed' && outcome.error.cause?.cause).to.deep.include({
      code: 'REPRISE_BUDGET_EXHAUSTED',
    });
    expect(await budgetsOf(run)).to.deep.equal({ '': { tokens: { limit: 80, spent: 20 } } });
    const retried = await reprise.retryRun('p', { id: 'again' });
    expect(await retried.result()).to.equal('c');
    expect(await budgetsOf(retried), 'the child says what it has spent since').to.deep.equal({
      '': { tokens: { limit: 80, spent: 30 } },
    });
    const events = await eventsOf(reprise, 'again');
    const [entered] = only(events, 'TaskEntered').filter(({ retries }) => retries !== undefined);
    const child = await eventsOf(reprise, entered?.child ?? '');
    expect(only(child, 'RunStarted').at(0)).to.deep.include({ budget: { tokens: 35 } });
    const view = await reprise.run(entered?.child ?? '').state();
    expect(JSON.parse(JSON.stringify(Object.fromEntries(view.budgets)))).to.deep.equal({
      '': { tokens: { limit: 55, spent: 30 } },
    });
  });

  it('is given back by a child that could not be started', async () => {
    const input = z.number();
    const picky = workflow('child', { input })
      .task('a', 'writer', { input: () => null })
      .build();
    const parent = parentOf(
      'budget: { tokens: 60 }, input: none, fallback: { value: none }',
      'budget: { tokens: 100 }',
    );
    const reprise = await start({ workflows: [parent, picky], agents: [writer] });
    const run = await reprise.startRun(parent, null, { id: 'p' });
    expect(await run.result()).to.equal('none');
    expect(await budgetsOf(run)).to.deep.equal({ '': { tokens: { limit: 100, spent: 0 } } });
  });
});
