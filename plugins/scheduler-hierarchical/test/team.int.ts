import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Agent,
  type AgentTask,
  createReprise,
  defineAgent,
  type ErrorData,
  type Json,
  type JsonObject,
  type Orchestrator,
  parseWorkflow,
  type RepriseConfig,
  type RunEvent,
  sleep,
  type Workflow,
} from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import {
  hierarchicalScheduler,
  type ManagerReply,
  type ManagerTask,
  managerAgent,
  type WorkerTask,
} from '../src/index.ts';
import { progress, reply } from './support.ts';

// Teams that a manager leads, through the engine.

type Work = (task: WorkerTask, attempt: AgentTask<WorkerTask>) => Json | Promise<Json>;

const worker = (name: string, work: Work, capabilities: readonly string[] = []): Agent<WorkerTask, Json> =>
  defineAgent({ name, capabilities, handle: async (task: AgentTask<WorkerTask>) => work(task.input, task) });

const manager = (decide: (asked: ManagerTask) => ManagerReply | Promise<ManagerReply>, name = 'editor') =>
  managerAgent({ name, decide });

const flowOf = (spec: JsonObject, more = '') =>
  parseWorkflow(`
name: report
tasks:
  team:
    scope: {}
    strategy: ${JSON.stringify({ name: 'hierarchical', goal: 'Write the report', manager: 'editor', workers: ['writer', 'critic'], ...spec })}
${more}
`);

interface Ran {
  readonly output?: Json;
  readonly error?: ErrorData;
  readonly events: readonly RunEvent[];
}

const only = <Type extends RunEvent['type']>(events: readonly RunEvent[], type: Type) =>
  events.filter((event): event is Extract<RunEvent, { type: Type }> => event.type === type);

/** What was decided, one line each. */
const decided = ({ events }: Ran, scope = 'team'): readonly string[] =>
  events.flatMap((event) =>
    (event.type === 'DecisionMade' || event.type === 'DecisionRefused') && event.scope === scope
      ? [`${event.type === 'DecisionRefused' ? 'refused ' : ''}${event.kind} ${event.tasks?.join(',') ?? ''}`.trim()]
      : [],
  );

const plan = (...steps: readonly { step: string; to?: string; after?: string[] }[]): ManagerReply => ({
  do: [{ plan: steps.map((step) => ({ work: `do ${step.step}`, ...step })) }],
});

const done: Work = ({ step, feedback, results }) => ({ step, feedback, results });

describe('a hierarchical team', () => {
  const opened: Orchestrator[] = [];
  const folders: string[] = [];
  afterEach(async () => {
    for (const reprise of opened.splice(0)) await reprise.stop({ drainMs: 0 });
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  const start = async (config: RepriseConfig): Promise<Orchestrator> => {
    const { plugins = [], ...rest } = config;
    const reprise = await createReprise({ plugins: [hierarchicalScheduler(), ...plugins], ...rest });
    opened.push(reprise);
    await reprise.start();
    return reprise;
  };

  const eventsOf = async (reprise: Orchestrator, runId: string): Promise<readonly RunEvent[]> => {
    const events: RunEvent[] = [];
    for await (const { event } of reprise.runs.history(runId)) events.push(event);
    return events;
  };

  const run = async (
    flow: Workflow,
    agents: RepriseConfig['agents'],
    input: Json = null,
    more: RepriseConfig = {},
  ): Promise<Ran> => {
    const reprise = await start({ workflows: [flow], ...(agents && { agents }), ...more });
    const handle = await reprise.startRun(flow, input);
    const output = await handle.result().then(
      (value) => value as Json,
      () => undefined,
    );
    expect((await reprise.runs.replay(handle.id)).matches).to.equal(true);
    const events = await eventsOf(reprise, handle.id);
    const [failed] = only(events, 'RunFailed');
    return { events, ...(output !== undefined && { output }), ...(failed && { error: failed.error }) };
  };

  it('plans, delegates, and gives what a step gave to whatever comes after it', async () => {
    const ran = await run(
      flowOf({}, '  last: { after: team, agent: printer }'),
      [
        manager(({ ask, news }) =>
          ask === 'plan'
            ? plan({ step: 'draft', to: 'writer' }, { step: 'review', to: 'critic', after: ['draft'] })
            : reply(
                ...news.map(({ step }) => ({ accept: step })),
                ...(news.some(({ step }) => step === 'review') ? [{ finishWith: 'review' }] : []),
              ),
        ),
        worker('writer', done),
        worker('critic', done),
        defineAgent({ name: 'printer', handle: ({ input }: { input: Json }) => ({ printed: input }) }),
      ],
      { topic: 'tea' },
    );
    const draft = { step: 'draft', feedback: null, results: {} };
    expect(ran.output).to.deep.equal({ printed: { step: 'review', feedback: null, results: { draft } } });
    expect(decided(ran)).to.deep.equal([
      'ask plan-1',
      'note',
      'add draft',
      'ask next-2',
      'accept draft',
      'add review',
      'ask next-3',
      'accept review',
      'finish',
    ]);
  });

  it('has a step that was rejected done again, told why', async () => {
    const ran = await run(flowOf({}), [
      manager(({ ask, news: [news] }) => {
        if (ask === 'plan') return plan({ step: 'draft', to: 'writer' });
        const { feedback } = (news?.output ?? {}) as { feedback?: Json };
        return feedback === null
          ? reply({ reject: 'draft', feedback: { why: 'too long' } })
          : reply({ accept: 'draft' }, { finishWith: 'draft' });
      }),
      worker('writer', done),
      worker('critic', done),
    ]);
    expect(ran.output).to.deep.equal({ step: 'draft', feedback: { why: 'too long' }, results: {} });
    expect(only(ran.events, 'TasksReset')).to.have.length(1);
  });

  it('replans after a worker has failed, and cancels what is open', async () => {
    const ran = await run(flowOf({}), [
      manager(({ ask, news }) => {
        if (ask === 'plan') return plan({ step: 'read', to: 'writer' }, { step: 'wait', to: 'critic' });
        const failed = news.find(({ status }) => status === 'failed');
        if (failed?.step === 'read') {
          expect(failed.error).to.deep.equal({ code: 'NO_INK', message: 'there is no ink' });
          return { progress: progress(), do: [{ replan: [{ step: 'read', work: 'otherwise', to: 'critic' }] }] };
        }
        return reply(...news.map(({ step }) => ({ accept: step })), { finishWith: 'read' });
      }),
      worker('writer', () => {
        throw Object.assign(new Error('there is no ink'), { code: 'NO_INK', retryable: false });
      }),
      worker('critic', async ({ step, work }) => {
        if (step === 'wait') await sleep(60_000);
        return work;
      }),
    ]);
    expect(ran.output).to.equal('otherwise');
    expect(decided(ran)).to.include.members(['drop wait', 'add read-2']);
  });

  it('breaks a stall with another plan, and gives up when that stalls, too', async () => {
    const stuck = { progress: progress('nothing helps', { looping: true }), do: [] };
    const spec = { bounds: { stalls: 1, resets: 1 } };
    const agents = (breaks: boolean) => [
      manager(({ ask, news }) => {
        if (ask === 'plan') return { facts: 'known', ...plan({ step: 'draft' }) };
        if (ask === 'replan') return breaks ? plan({ step: 'draft', to: 'writer' }) : plan({ step: 'draft' });
        return news.length > 0 ? reply({ accept: 'draft' }, { finishWith: 'draft' }) : stuck;
      }),
      worker('writer', done),
      worker('critic', done),
    ];
    const broken = await run(flowOf(spec), agents(true));
    expect(broken.output).to.include({ step: 'draft' });
    expect(decided(broken).filter((line) => line.startsWith('ask'))).to.deep.equal([
      'ask plan-1',
      'ask next-2',
      'ask next-3',
      'ask replan-4',
      'ask next-5',
    ]);
    const { error, events } = await run(flowOf(spec), agents(false));
    expect(error).to.include({ code: 'REPRISE_TASK_FAILED' });
    expect(error?.cause).to.include({ code: 'REPRISE_MANAGER_STALLED' });
    expect(only(events, 'DecisionMade').at(-1)).to.include({ kind: 'giveUp' });
  });

  it('fails by nonsense with all of it on record, which the block around may catch', async () => {
    const more = `    budget: { tasks: 20 }
  after: { after: team, agent: writer }`;
    const catching = parseWorkflow(`
name: catching
tasks:
  outer:
    scope:
      team:
        scope: {}
        strategy: { name: hierarchical, goal: g, manager: editor, workers: [writer], bounds: { nonsense: 2 } }
    catch: [{ on: { code: REPRISE_MANAGER_NONSENSE }, then: continue, output: { caught: "\${ error.code }" } }]
`);
    const agents = [manager(() => 'Sure!' as unknown as ManagerReply), worker('writer', done), worker('critic', done)];
    const failed = await run(flowOf({ bounds: { nonsense: 1 } }, more), agents);
    expect(failed.error?.cause).to.include({ code: 'REPRISE_MANAGER_NONSENSE' });
    expect(failed.error?.cause?.message).to.match(
      /2 answers in a row that are of no use\. Of the last: Your answer is text/,
    );
    expect(only(failed.events, 'TaskCompleted').map(({ taskId, output }) => [taskId, output])).to.deep.equal([
      ['team/plan-1', 'Sure!'],
      ['team/plan-2', 'Sure!'],
    ]);
    const caught = await run(catching, agents);
    expect(caught.output).to.deep.equal({ caught: 'REPRISE_MANAGER_NONSENSE' });
  });

  it('has teams as workers, which have workers of their own', async () => {
    const crew = { name: 'hierarchical', goal: 'Do what you are handed', manager: 'foreman', workers: ['writer'] };
    const ran = await run(flowOf({ workers: [{ name: 'crew', team: crew, task: { timeout: '1m' } }] }), [
      manager(({ ask, news: [news] }) => {
        if (ask === 'plan') return plan({ step: 'book', to: 'crew' });
        return ((news?.output ?? {}) as JsonObject)['feedback'] === null
          ? reply({ reject: 'book', feedback: 'thicker' })
          : reply({ accept: 'book' }, { finishWith: 'book' });
      }),
      manager(({ ask, input, news: [news] }) => {
        const { work, feedback } = input as unknown as WorkerTask;
        if (ask === 'plan') return { do: [{ plan: [{ step: 'page', work, to: 'writer', input: { feedback } }] }] };
        return reply({ accept: 'page' }, { finish: { page: news?.output ?? null, feedback } });
      }, 'foreman'),
      worker('writer', ({ work, input }) => ({ work, input })),
    ]);
    expect(ran.output).to.deep.equal({
      page: { work: 'do book', input: { feedback: 'thicker' } },
      feedback: 'thicker',
    });
    expect(decided(ran, 'team/book')).to.deep.equal([
      ...['ask plan-1.1', 'note', 'add page.1', 'ask next-2.1', 'accept page.1', 'finish'],
      ...['ask plan-1.1', 'note', 'add page.1', 'ask next-2.1', 'accept page.1', 'finish'],
    ]);
  });

  it('is told when a team would be one too many in teams', async () => {
    const nested = (depth: number): JsonObject => ({
      goal: 'Go down',
      manager: 'editor',
      workers: depth === 0 ? ['writer'] : [{ name: 'crew', team: { name: 'hierarchical', ...nested(depth - 1) } }],
    });
    const ran = await run(flowOf(nested(6)), [
      manager(({ ask, workers: [one], news: [news] }) => {
        if (ask === 'plan') return plan({ step: 'down', to: one?.name ?? '' });
        const below = news?.error?.message ?? (news?.output as Json[]);
        return reply({ accept: 'down' }, { finish: [below ?? null].flat() });
      }),
      worker('writer', done),
    ]);
    expect(ran.output).to.deep.equal(['There are 4 teams in each other already.']);
    expect(new Set(only(ran.events, 'DecisionMade').map(({ scope }) => scope)).size).to.equal(4);
  });

  it('has child runs and whoever has a capability as workers', async () => {
    const audit = parseWorkflow(`
name: audit
tasks:
  look: { agent: looker }
`);
    const flow = flowOf({ workers: [{ workflow: 'audit' }, { capability: 'check' }] });
    const ran = await run(
      flow,
      [
        manager(({ ask, news }) =>
          ask === 'plan'
            ? {
                do: [
                  {
                    plan: [
                      { step: 'a', work: 'w', to: 'audit', input: { at: '.' } },
                      { step: 'b', work: 'w', to: 'check', after: ['a'] },
                    ],
                  },
                ],
              }
            : reply(
                ...news.map(({ step }) => ({ accept: step })),
                ...(news.some(({ step }) => step === 'b') ? [{ finishWith: 'b' }] : []),
              ),
        ),
        defineAgent({ name: 'looker', handle: ({ input }: { input: Json }) => ({ looked: input }) }),
        worker('checker', ({ results }) => results['a'] ?? null, ['check']),
      ],
      null,
      { workflows: [flow, audit] },
    );
    expect(ran.output).to.deep.equal({ looked: { at: '.' } });
  });

  it('has child runs that may spend so much, which the team has reserved, each time that a step is done', async () => {
    const audit = parseWorkflow(
      'name: audit\ntasks: { look: { agent: looker }, again: { agent: looker, after: look } }',
    );
    const allotted = { workflow: 'audit', task: { budget: { tokens: 40, attempts: 2 } } };
    const flow = flowOf({ workers: [allotted] }, '    budget: { tokens: 100, attempts: 20 }');
    const left: Json[] = [];
    let isRejected = false;
    const step = (name: string, ...after: string[]) => ({ step: name, work: 'w', to: 'audit', input: name, after });
    const ran = await run(
      flow,
      [
        manager(({ ask, news: [news], left: { budget } }) => {
          left.push({ ...budget });
          if (ask === 'plan') return { do: [{ plan: [step('a'), step('b', 'a'), step('c', 'b')] }] };
          if (news?.step === 'b' && !isRejected) {
            isRejected = true;
            return reply({ reject: 'b', feedback: 'again' });
          }
          const last = news?.step === 'c' ? [{ finish: news.status }] : [];
          return reply(...(news?.status === 'completed' ? [{ accept: news.step }] : []), ...last);
        }),
        defineAgent({
          name: 'looker',
          maxUsage: { tokens: 20 },
          handle: ({ input }: { input: Json }, context) => {
            context.usage({ tokens: 15 });
            return input;
          },
        }),
      ],
      null,
      { workflows: [flow, audit] },
    );
    const entered = only(ran.events, 'TaskEntered').filter(({ child }) => child !== undefined);
    expect(entered.map(({ allotted: of }) => of)).to.deep.equal(Array(3).fill({ tokens: 40, attempts: 2 }));
    const used = only(ran.events, 'TaskCompleted').filter(({ via }) => via === 'child');
    expect(used.map(({ usage }) => usage)).to.deep.equal(Array(3).fill({ tokens: 30, attempts: 2 }));
    expect(ran.output, 'nothing was left for it: 90 of 100 were spent').to.equal('failed');
    expect(left[0]).to.deep.include({ tokens: 100 });
  });

  it('tells of what its workers add to the block, and waits for it', async () => {
    const ran = await run(flowOf({ workers: [{ agent: 'writer', task: { may: 'spawn' } }, 'critic'] }), [
      manager(({ ask, news }) => {
        if (ask === 'plan') return plan({ step: 'draft', to: 'writer' });
        const extra = news.find(({ step }) => step === 'extra');
        if (extra !== undefined) return reply({ finish: { extra: extra.output ?? null, to: extra.to ?? null } });
        return reply(...news.map(({ step }) => ({ accept: step })));
      }),
      defineAgent({
        name: 'writer',
        handle: (_task: AgentTask, context) => {
          context.spawn({ extra: { agent: 'slow', input: 7 } });
          return 'done';
        },
      }),
      worker('critic', done),
      defineAgent({
        name: 'slow',
        handle: async ({ input }: { input: Json }) => {
          await sleep(50);
          return { slow: input };
        },
      }),
    ]);
    expect(ran.output).to.deep.equal({ extra: { slow: 7 }, to: null });
    expect(decided(ran).filter((line) => line.startsWith('ask'))).to.have.length(3);
  });

  it('hands on what looks like CEL as it is, to the manager and to workers', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: text, here.
    const texts = ['${ input.secret }', '$${ x }', '${ not closed', '$'];
    const seen: Json[] = [];
    const ran = await run(
      flowOf({}),
      [
        manager(({ ask, input, news: [news] }) => {
          seen.push(input);
          if (ask === 'plan')
            return { do: [{ plan: [{ step: 'a', work: texts[0] ?? '', to: 'writer', input: texts }] }] };
          return reply({ accept: 'a' }, { finish: news?.output ?? null });
        }),
        worker('writer', ({ work, input }) => [work, input]),
        worker('critic', done),
      ],
      { texts, secret: 7 },
    );
    expect(ran.output).to.deep.equal([texts[0], texts]);
    expect(seen).to.deep.equal([
      { texts, secret: 7 },
      { texts, secret: 7 },
    ]);
  });

  it('ends when its budget of delegations, tasks or attempts is used up, with that error', async () => {
    for (const budget of ['delegations: 4', 'tasks: 4', 'attempts: 4']) {
      const { error, events } = await run(flowOf({ workers: ['writer'] }, `    budget: { ${budget} }`), [
        manager(({ ask, news, ledger }) => {
          const more = { plan: [{ step: `s${ledger.plan.length}`, work: 'w', to: 'writer' }] };
          return ask === 'plan' ? { do: [more] } : reply(...news.map(({ step }) => ({ accept: step })), more);
        }),
        worker('writer', done),
      ]);
      expect(error?.cause, budget).to.include({ code: 'REPRISE_BUDGET_EXHAUSTED' });
      expect(only(events, 'BudgetReached')).to.have.length(1);
      expect(only(events, 'TaskScheduled')).to.have.length(4);
    }
  });

  it('goes on where it was in another process, and its history is read without the plugin', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reprise-hierarchical-'));
    folders.push(folder);
    const path = join(folder, 'events.db');
    const flow = flowOf({});
    const asked: string[] = [];
    const agents = (stays: boolean) => [
      manager(({ ask, news, ledger: { facts } }) => {
        asked.push(ask);
        if (ask === 'plan')
          return {
            facts: 'kept',
            ...plan({ step: 'draft', to: 'writer' }, { step: 'review', to: 'critic', after: ['draft'] }),
          };
        return reply(
          ...news.map(({ step }) => ({ accept: step })),
          ...(news.some(({ step }) => step === 'review') ? [{ finish: facts }] : []),
        );
      }),
      worker('writer', done),
      worker('critic', async () => {
        if (stays) await sleep(60_000);
        return 'fine';
      }),
    ];
    const open = (stays: boolean) =>
      start({ workflows: [flow], agents: agents(stays), plugins: [sqliteEventStore({ path })] });
    const first = await open(true);
    const { id } = await first.startRun(flow, null);
    while (!only(await eventsOf(first, id), 'TaskStarted').some(({ taskId }) => taskId === 'team/review'))
      await sleep(5);
    await first.stop({ drainMs: 0 });
    const second = await open(false);
    expect(await second.run(id).result()).to.equal('kept');
    expect(asked).to.deep.equal(['plan', 'next', 'next']);
    await second.stop({ drainMs: 0 });
    const reader = await createReprise({ plugins: [sqliteEventStore({ path })] });
    opened.push(reader);
    expect((await reader.runs.replay(id)).matches).to.equal(true);
  });

  it('is refused before it starts when its workflow says it wrong', async () => {
    const flow = flowOf({ goals: 'x', workers: ['writer', 'writer'] });
    await start({ workflows: [flow], agents: [worker('writer', done)] }).then(
      () => expect.fail('it started'),
      (error: Error) => {
        expect(error).to.include({ code: 'REPRISE_CONFIG_INVALID' });
        expect(error.message).to.match(/no "goals"; did you mean 'goal'\?.*workers\[1\] is called 'writer'/);
      },
    );
  });

  it('goes on where it was when its run is tried again', async () => {
    let isThere = false;
    const asked: string[] = [];
    const flow = flowOf({ managerAttempts: 1 });
    const reprise = await start({
      workflows: [flow],
      agents: [
        manager(({ ask, news }) => {
          asked.push(ask);
          if (ask === 'plan') return plan({ step: 'draft', to: 'writer' });
          if (!isThere) throw Object.assign(new Error('I am ill'), { code: 'ILL' });
          return reply(...news.map(({ step }) => ({ accept: step })), { finishWith: 'draft' });
        }),
        worker('writer', done),
        worker('critic', done),
      ],
    });
    const first = await reprise.startRun(flow, null);
    await first.result().catch(() => undefined);
    const [failed] = only(await eventsOf(reprise, first.id), 'RunFailed');
    expect(failed?.error.cause?.code).to.equal('REPRISE_MANAGER_FAILED');
    expect(failed?.error.cause?.cause?.code).to.equal('ILL');
    isThere = true;
    const second = await reprise.retryRun(first.id);
    expect(await second.result()).to.include({ step: 'draft' });
    expect((await reprise.runs.replay(second.id)).matches).to.equal(true);
    expect(asked).to.deep.equal(['plan', 'next', 'next']);
  });
});
