import {
  type AttemptsByTask,
  createInMemoryStorage,
  createReprise,
  defineAgent,
  definePlugin,
  type Json,
  parseWorkflow,
  RunAttempts,
  type RunEvent,
  type Storage,
} from '@reprise/core';
import { hierarchicalScheduler, managerAgent } from '@reprise/scheduler-hierarchical';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readDecisions } from '../../src/dashboard/read-decisions.ts';
import { eventShape } from '../../src/dashboard/shapes.ts';
import { attemptsUsed, budgetsOf, usageOf } from '../../src/dashboard/usage-of.ts';
import { recordedHistory } from '../../src/store/recorded-history.ts';

interface Row {
  readonly revision: number;
  readonly group: string;
  readonly type: string;
  readonly kind: string;
  readonly n?: number;
  readonly scope: string;
  readonly strategy?: string;
  readonly tasks?: readonly string[];
  readonly why?: string;
  readonly hasLedger?: boolean;
}

const lead = managerAgent({
  name: 'lead',
  decide: ({ ask, news }, _task, { usage }) => {
    usage({ tokens: 100, cost: 0.000_001 });
    return ask === 'plan'
      ? { facts: { topic: 'tea' }, do: [{ plan: [{ step: 'draft', work: 'write', to: 'writer' }] }] }
      : {
          progress: { satisfied: true, progressing: true, looping: false, next: 'done' },
          do: [...news.map(({ step }) => ({ accept: step })), { finishWith: 'draft' }],
        };
  },
});
const writer = defineAgent({
  name: 'writer',
  handle: ({ attempt }: { readonly attempt: number }, { usage }) => {
    usage({ tokens: 7, cost: 0.25 });
    if (attempt === 1) throw new Error('not yet');
    return 'a page';
  },
});
const quiet = defineAgent({ name: 'quiet', handle: () => null });
const report = parseWorkflow(`
name: report
budget: { tokens: 10000, agents: { writer: { cost: 5 } } }
tasks:
  team:
    scope: {}
    strategy: { name: hierarchical, goal: A page, manager: lead, workers: [{ agent: writer, task: { retry: { maxAttempts: 2, initialDelay: 1 } } }] }
  after: { agent: quiet, after: team }
  hold: { after: team, wait: { signal: go } }
`);

describe('what the dashboard tells of decisions and costs', () => {
  it('is what the history has, in pages, with ledgers as they were left and sums that are exact', async () => {
    let storage: Storage | undefined;
    const store = definePlugin({
      name: 'kept',
      kind: 'event-store',
      create: () => {
        storage = createInMemoryStorage();
        return storage;
      },
    });
    const reprise = await createReprise({
      workflows: [report],
      agents: [lead, writer, quiet],
      plugins: [hierarchicalScheduler(), store],
    });
    await reprise.start();
    const run = await reprise.startRun(report, null);
    await run.pause('the budget is used up', { by: 'ann' });
    await run.resume({ by: 'ann' });
    await run.signal('go', null);
    expect(await run.result()).to.not.equal(undefined);
    if (storage === undefined) throw new Error('There is no store.');
    const { events } = storage;

    const history: RunEvent[] = [];
    const attempts = new RunAttempts();
    for await (const { event } of reprise.runs.history(run.id)) {
      history.push(event);
      attempts.fold(event);
    }
    const whole = await readDecisions(events, run.id, { from: 0, limit: 1000 });
    const rows = whole.decisions as readonly Row[];
    expect(whole).to.include({ next: history.length, more: false });
    const made = history.flatMap((event, revision) => (event.type === 'DecisionMade' ? [{ ...event, revision }] : []));
    expect(made.length).to.be.above(3);
    expect(rows.filter(({ group }) => group === 'decision').map(({ revision }) => revision)).to.deep.equal(
      made.map(({ revision }) => revision),
    );
    expect(rows.map(({ n }) => n)).to.deep.equal(rows.map((_, at) => at + 1));
    for (const one of rows) expect(one).to.include({ scope: 'team', strategy: 'hierarchical' });
    expect(rows.find(({ kind }) => kind === 'add')?.tasks).to.deep.equal(['team/draft']);
    // The same, one by one.
    const paged: object[] = [];
    for (let next = 0, more = true; more; ) {
      const page = await readDecisions(events, run.id, { from: next, limit: 1 });
      expect(page.decisions.length).to.be.at.most(1);
      paged.push(...page.decisions);
      ({ next, more } = page);
    }
    expect(paged).to.deep.equal(rows);

    // The ledger at each decision, and none once the team is done.
    const changed = rows.filter(({ hasLedger }) => hasLedger === true);
    expect(changed.length).to.be.above(1);
    const ledgers = await Promise.all(
      changed.map(async ({ revision }) => (await reprise.runs.state(run.id, revision)).ledgers.get('team')),
    );
    expect(JSON.stringify(ledgers.at(-1))).to.include('"topic":"tea"');
    expect(new Set(ledgers.map((ledger) => JSON.stringify(ledger))).size).to.equal(ledgers.length);
    expect(Object.isFrozen(ledgers[0])).to.equal(true);

    const used = usageOf(attempts.tasks);
    const asked = made.filter(({ kind }) => kind === 'ask').length;
    expect(used.byAgent).to.deep.equal([
      { agent: 'writer', tokens: 14, cost: 0.5, attempts: 2, reported: 2 },
      { agent: 'lead', tokens: 100 * asked, cost: asked / 1_000_000, attempts: asked, reported: asked },
    ]);
    expect(used.byTask[0]).to.deep.equal({ taskId: 'team/draft', tokens: 14, cost: 0.5, attempts: 2, reported: 2 });
    expect(used.byTask.some(({ taskId }) => taskId === 'after')).to.equal(false);
    expect(used).to.include({
      tokens: 14 + 100 * asked,
      cost: 0.5 + asked / 1_000_000,
      reported: 2 + asked,
      attempts: 3 + asked,
    });
    expect(attemptsUsed(attempts.tasks['team/draft'] ?? [])).to.deep.equal([
      { attempt: 1, agent: 'writer', status: 'failed', tokens: 7, cost: 0.25 },
      { attempt: 2, agent: 'writer', status: 'completed', tokens: 7, cost: 0.25 },
    ]);
    expect(usageOf(attempts.tasks, 0)).to.include({ tokens: 0, reported: 0 });
    expect(budgetsOf(await run.state())).to.deep.equal([
      { scope: '', agent: undefined, kind: 'tokens', limit: 10_000, spent: 14 + 100 * asked },
      { scope: '', agent: 'writer', kind: 'cost', limit: 5, spent: 0.5 },
    ]);

    // Why somebody paused it stands in the event.
    const shapes: Readonly<Record<string, Json>>[] = [];
    for await (const entry of recordedHistory(events, run.id))
      shapes.push(JSON.parse(JSON.stringify(eventShape(entry))) as Record<string, Json>);
    expect(shapes.find(({ type }) => type === 'RunPaused')).to.include({ by: 'ann', reason: 'the budget is used up' });
    await reprise.stop();
  });

  it('sums up what is odd: nothing at all, and names of tasks that objects have', () => {
    expect(usageOf({})).to.deep.equal({
      tokens: 0,
      cost: 0,
      attempts: 0,
      reported: 0,
      byTask: [],
      moreTasks: 0,
      byAgent: [],
    });
    const many: AttemptsByTask = Object.fromEntries(
      Array.from({ length: 600 }, (_, at) => [
        at === 0 ? 'constructor' : `t${at}`,
        [{ attempt: 1, agent: 'toString', ended: 1, status: 'completed' as const, usage: { tokens: at + 1 } }],
      ]),
    );
    const used = usageOf(many);
    expect(used.byTask).to.have.length(500);
    expect(used).to.include({ moreTasks: 100, tokens: 180_300 });
    expect(used.byAgent.map(({ agent }) => agent)).to.deep.equal(['toString']);
    // A child run counts, and is nobody's.
    expect(usageOf({ child: [{ attempt: 1, ended: 1, status: 'completed', usage: { cost: 3 } }] })).to.deep.include({
      cost: 0.000_003,
      byAgent: [],
    });
  });
});
