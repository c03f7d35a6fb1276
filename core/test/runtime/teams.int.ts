import {
  type AgentTask,
  defineAgent,
  definePlugin,
  type Json,
  type JsonObject,
  parseWorkflow,
  type RunEvent,
  sleep,
} from '@reprise/core';
import type { Clock, Decision, Monitor, ReadyTask, TeamSchedulingView, TeamStrategy } from '@reprise/core/plugin';
import { ManualClock } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { stateOf } from '../../src/orchestration/workflow/view-of.ts';
import { eventsOf, eventually, gate, manualTime, only, orchestrators, typesOf } from './support.ts';

// Teams, through the engine: a strategy decides, core carries it out and keeps it on record.

type Decide = (view: TeamSchedulingView) => readonly Decision[];

/** A strategy that does what a function says, and hands out what is ready. */
const scripted = (decide: Decide, name = 'scripted', handsOut: (task: ReadyTask) => boolean = () => true) =>
  definePlugin({
    name,
    kind: 'scheduler',
    create: (): TeamStrategy => ({
      name,
      team: { writes: 1 },
      select: (view) => [
        ...decide(view),
        ...[...view.ready]
          .filter(handsOut)
          .slice(0, view.slots)
          .flatMap(({ taskId, agent, capability }) => {
            const taker =
              agent ??
              [...view.agents.values()].find(({ capabilities }) => capabilities.includes(capability ?? ''))?.name;
            return taker === undefined || !view.agents.has(taker) ? [] : [{ taskId, agent: taker }];
          }),
      ],
    }),
  });

const worker = (name: string, handle: (task: AgentTask) => Json | Promise<Json> = ({ input }) => ({ [name]: input })) =>
  defineAgent({ name, capabilities: ['work'], handle: async (task: AgentTask) => handle(task) });

const decisions = (events: readonly RunEvent[]) =>
  events.flatMap((event) =>
    event.type === 'DecisionMade' || event.type === 'DecisionRefused'
      ? [
          `${event.n} ${event.type === 'DecisionRefused' ? 'refused ' : ''}${event.kind} ${(event.tasks ?? []).join(',')}`.trim(),
        ]
      : [],
  );

const ended = ({ team: { news } }: TeamSchedulingView): readonly string[] =>
  news.flatMap((one) => (one.kind === 'ended' ? [one.task] : []));

const team = (spec: JsonObject = {}, more = '') =>
  parseWorkflow(`
name: team
strategy: ${JSON.stringify({ name: 'scripted', ...spec })}
${more}
tasks: {}
`);

// biome-ignore lint/suspicious/noTemplateCurlyInString: CEL in a value, as in a workflow.
const INPUT = '${ input }';
// biome-ignore lint/suspicious/noTemplateCurlyInString: CEL in a value, as in a workflow.
const FEEDBACK = '${ feedback }';

describe('Teams', () => {
  const { start } = orchestrators();
  const run = async (decide: Decide, agents = [worker('a'), worker('b')], flow = team(), input: Json = 1) => {
    const reprise = await start({ workflows: [flow], agents, plugins: [scripted(decide)] });
    const handle = await reprise.startRun(flow, input);
    const outcome = await handle.result().then(
      (output) => ({ output }),
      (error: unknown) => ({ error: error as Error & { code: string; cause?: { code?: string } } }),
    );
    const events = await eventsOf(reprise, handle.id);
    expect((await reprise.runs.replay(handle.id)).matches).to.equal(true);
    return { ...outcome, events, reprise, handle };
  };

  it('add tasks, hear what they gave, and finish', async () => {
    const { output, events } = (await run(({ team: { ledger, tasks, input, news } }) => {
      if (ledger === undefined)
        return [{ kind: 'add', tasks: { one: { agent: 'a', input: INPUT } }, ledger: { stage: 1 }, why: 'begin' }];
      if (news.length === 0) return [];
      return [{ kind: 'finish', output: { got: tasks.get('one')?.output ?? null, input } }];
    })) as { output: Json; events: readonly RunEvent[] };
    expect(output).to.deep.equal({ got: { a: 1 }, input: 1 });
    expect(decisions(events)).to.deep.equal(['1 add one', '2 finish']);
    expect(only(events, 'DecisionMade')[0]).to.deep.include({ strategy: 'scripted', why: 'begin', scope: '' });
  });

  it('hear of a failure, which is not that of the run, and have a task done again with feedback', async () => {
    const b = worker('b', ({ input }) => ({ said: (input as JsonObject)['told'] ?? null }));
    const failing = worker('a', () => {
      throw new Error('no');
    });
    const { output, events } = (await run(
      (view) => {
        const { ledger, tasks } = view.team;
        if (ledger === undefined)
          return [
            {
              kind: 'add',
              tasks: { bad: { agent: 'a', retry: 1 }, good: { agent: 'b', input: { told: FEEDBACK } } },
              ledger: { redone: false },
            },
          ];
        const decided: Decision[] = [];
        if (ended(view).includes('good') && ledger['redone'] === false)
          decided.push({ kind: 'reject', task: 'good', feedback: 'better', ledger: { redone: true } });
        else if (tasks.get('good')?.status === 'completed' && tasks.get('bad')?.status === 'failed')
          decided.push({
            kind: 'finish',
            output: { good: tasks.get('good')?.output ?? null, bad: tasks.get('bad')?.error?.code ?? null },
          });
        else if (view.team.news.length > 0) decided.push({ kind: 'note' });
        return decided;
      },
      [failing, b],
    )) as { output: Json; events: readonly RunEvent[] };
    expect(output).to.deep.equal({ good: { said: 'better' }, bad: 'REPRISE_AGENT_FAILED' });
    expect(only(events, 'TasksReset')[0]).to.deep.include({ why: 'goto', feedback: 'better', from: 'good' });
  });

  it('ask an agent, drop what is not wanted, and give up', async () => {
    const { error, events } = (await run(({ team: { ledger, news, tasks } }) => {
      if (ledger === undefined)
        return [
          { kind: 'ask', id: 'plan-1', role: 'plan', agent: 'a', input: { goal: 'g' }, ledger: { asked: 1 } },
          { kind: 'add', tasks: { late: { after: 'plan-1', agent: 'b' } } },
        ];
      const [first] = news;
      if (first?.kind !== 'ended' || first.task !== 'plan-1') return [];
      expect(first.role).to.equal('plan');
      expect(tasks.get('plan-1')?.output).to.deep.equal({ a: { goal: 'g' } });
      return [
        { kind: 'drop', tasks: ['late'] },
        { kind: 'giveUp', message: 'It cannot be done.', why: 'tired' },
      ];
    })) as unknown as { error: Error & { code: string }; events: readonly RunEvent[] };
    expect(error.message).to.contain('It cannot be done.');
    expect(only(events, 'TaskCancelled')[0]).to.deep.include({ taskId: 'late', reason: 'team' });
    expect(only(events, 'RunFailed')[0]?.error.code).to.equal('REPRISE_TEAM_FAILED');
  });

  it('say why they gave up while what was done is undone', async () => {
    const flow = parseWorkflow(
      'name: team\nstrategy: { name: scripted }\ntasks: { w: { agent: a, compensate: undoer } }',
    );
    const undoer = gate('undoer');
    const decide: Decide = ({ team: { tasks } }) =>
      tasks.get('w')?.status === 'completed' ? [{ kind: 'giveUp', message: 'It cannot be done.' }] : [];
    const reprise = await start({
      workflows: [flow],
      agents: [worker('a'), undoer.agent],
      plugins: [scripted(decide)],
    });
    const handle = await reprise.startRun(flow, 1);
    await eventually(() => undoer.waiting === 1);
    const { failure, summary } = await handle.explain();
    expect(failure?.error).to.include({ code: 'REPRISE_TEAM_FAILED', message: 'It cannot be done.' });
    expect(summary).to.contain('It cannot be done.');
    undoer.answer();
    expect((await handle.outcome()).status).to.equal('failed');
  });

  it('have their monitors told of a strategy that is slow, once a minute', async () => {
    const time = new ManualClock();
    let late = 0;
    const clock: Clock = { now: () => time.now() + late, schedule: (ms, call) => time.schedule(ms, call) };
    const heard: string[] = [];
    const ears: Monitor = {
      name: 'ears',
      onEvent: () => undefined,
      onNotice: (notice) => void (notice.kind === 'log' && notice.level === 'warn' && heard.push(notice.message)),
      forceFlush: async () => undefined,
      shutdown: async () => undefined,
    };
    const slow: Decide = ({ team: { tasks } }) => {
      late += 300;
      const { size } = tasks;
      if ([...tasks.values()].some(({ status }) => status !== 'completed')) return [];
      return size === 2
        ? [{ kind: 'finish', output: null }]
        : [{ kind: 'add', tasks: { [`n${size}`]: { agent: 'a' } } }];
    };
    const flow = parseWorkflow('name: team\nstrategy: { name: scripted }\ntasks: {}');
    const monitor = definePlugin({ name: 'ears', kind: 'monitor', create: () => ears });
    const reprise = await start({
      workflows: [flow],
      agents: [worker('a')],
      plugins: [scripted(slow), monitor],
      clock,
    });
    await (await reprise.startRun(flow, 1)).result();
    expect(late).to.be.greaterThan(600);
    expect(heard.filter((line) => line.includes("'scripted'"))).to.deep.equal([
      "the strategy 'scripted' took 300 ms for one answer; no run goes on in this process meanwhile",
    ]);
  });

  it('fail when their strategy decides nothing and nothing more would happen', async () => {
    const { events } = await run(() => []);
    expect(only(events, 'RunFailed')[0]?.error.code).to.equal('REPRISE_TEAM_STALLED');
    expect(decisions(events)).to.deep.equal(['1 giveUp']);
  });

  it('are told what could not be, and fail when that happens three times in a row', async () => {
    const seen: string[] = [];
    const { events } = await run(({ team: { news } }) => {
      for (const one of news) if (one.kind === 'refused') seen.push(`${one.decision} ${one.code}`);
      return [
        { kind: 'accept', task: 'nobody' },
        { kind: 'finish', output: 'never' },
      ];
    });
    expect(seen).to.deep.equal(['accept REPRISE_DECISION_INVALID', 'accept REPRISE_DECISION_INVALID']);
    expect(decisions(events)).to.deep.equal(['1 refused accept', '2 refused accept', '3 refused accept', '4 giveUp']);
    const [failed] = only(events, 'RunFailed');
    expect(failed?.error.code).to.equal('REPRISE_TEAM_REFUSED');
    expect(failed?.error.cause?.code).to.equal('REPRISE_DECISION_INVALID');
  });

  it('in a block are its own: the run goes on with what they give, their budget bounds them', async () => {
    const flow = parseWorkflow(`
name: nested
tasks:
  before: { agent: a }
  work:
    after: before
    scope: {}
    strategy: { name: scripted, goal: go }
    budget: { delegations: 2 }
  last: { after: work, agent: b }
`);
    const { output, events } = (await run(
      ({ team: { ledger, left, input, news, spec, depth }, region }) => {
        expect(region).to.equal('work');
        expect(spec).to.deep.equal({ goal: 'go' });
        expect(depth).to.equal(0);
        if (ledger === undefined) {
          expect(left.delegations).to.equal(2);
          return [{ kind: 'add', tasks: { x: { agent: 'b' }, y: { agent: 'b' } }, ledger: { at: 1 } }];
        }
        if (news.some((one) => one.kind === 'refused'))
          return [{ kind: 'finish', output: { left: left.delegations ?? null, input } }];
        return [{ kind: 'add', tasks: { z: { agent: 'b' } } }];
      },
      [worker('a'), worker('b')],
      flow,
    )) as { output: Json; events: readonly RunEvent[] };
    expect(output).to.deep.equal({ b: { left: 0, input: { a: 1 } } });
    expect(only(events, 'DecisionRefused')[0]?.code).to.equal('REPRISE_BUDGET_EXHAUSTED');
    expect(only(events, 'BudgetReached')[0]).to.deep.include({ scope: 'work', budget: 'delegations' });
  });

  it('call for proposals, and award: it is a conversation in the log of all messages', async () => {
    const flow = parseWorkflow(`
name: auction
strategy: { name: scripted }
tasks:
  job: { capability: work }
`);
    // One bids by what it gives, one by a message, one refuses, one fails.
    const talker = defineAgent({
      name: 'talker',
      handle: async (_: AgentTask, { messages }) => {
        const call = await messages.receive();
        if (call === undefined) return null;
        await messages.reply(call, { price: 3 }, { performative: 'propose' });
        const ruling = await messages.receive();
        return ruling?.performative ?? 'none';
      },
    });
    const agents = [
      worker('a', ({ taskId, input }) => (taskId === 'bid-a' ? { price: 5, asked: input } : 'done')),
      talker,
      worker('c', () => ({ refuse: 'no time' })),
      worker('d', () => {
        throw new Error('broken');
      }),
    ];
    const reprise = await start({
      workflows: [flow],
      agents,
      plugins: [
        definePlugin({
          name: 'scripted',
          kind: 'scheduler',
          create: (): TeamStrategy => ({
            name: 'scripted',
            team: { writes: 1 },
            select: ({ team: { ledger, tasks, bids }, ready }) => {
              if (ledger === undefined) {
                const names = ['a', 'talker', 'c', 'd'];
                const bidders = names.map((agent) => ({ id: `bid-${agent}`, agent }));
                return [
                  {
                    kind: 'announce',
                    task: 'job',
                    bids: bidders,
                    data: { what: 'job' },
                    deadlineMs: 60_000,
                    ledger: {},
                  },
                ];
              }
              const first = [...ready].flatMap(({ taskId, agent }) => (agent === undefined ? [] : [{ taskId, agent }]));
              const all = bids('job');
              if (tasks.get('job')?.status === 'completed' && tasks.get('bid-talker')?.status === 'completed')
                return [{ kind: 'finish', output: { talker: tasks.get('bid-talker')?.output ?? null } }];
              if (all.size < 4 || ledger['awarded'] !== undefined) return first;
              expect(Object.fromEntries(all)).to.deep.equal({
                'bid-a': { price: 5, asked: { what: 'job' } },
                'bid-talker': { price: 3 },
                'bid-c': undefined,
                'bid-d': undefined,
              });
              return [
                { kind: 'award', task: 'job', bid: 'bid-a', ledger: { awarded: 'a' } },
                { kind: 'assign', taskId: 'job', agent: 'a' },
              ];
            },
          }),
        }),
      ],
    });
    const handle = await reprise.startRun(flow, null);
    expect(await handle.result()).to.deep.equal({ talker: 'reject-proposal' });
    const events = await eventsOf(reprise, handle.id);
    const said = only(events, 'MessageSent').map(
      ({ from, to, performative }) => `${from.task ?? from.client} ${performative} ${to}`,
    );
    expect(said.slice(0, 4)).to.deep.equal(['a', 'talker', 'c', 'd'].map((name) => `team: cfp bid-${name}`));
    expect(said.slice(4).sort()).to.deep.equal([
      'bid-a propose client:team:',
      'bid-c refuse client:team:',
      'bid-d refuse client:team:',
      'bid-talker propose client:team:',
      'team: accept-proposal bid-a',
      'team: reject-proposal bid-talker',
    ]);
    expect((await reprise.runs.replay(handle.id)).matches).to.equal(true);
  });

  it('may choose long after the deadline of their call, which is that of its bids', async () => {
    const flow = parseWorkflow('name: slow\nstrategy: { name: scripted }\ntasks:\n  job: { capability: work }\n');
    const call: Decision = {
      kind: 'announce',
      task: 'job',
      bids: [{ id: 'bid', agent: 'a' }],
      data: 'job',
      deadlineMs: 1000,
      ledger: {},
    };
    const decide: Decide = ({ team: { ledger, news, tasks, bids } }) => {
      if (ledger === undefined) return [call];
      const job = tasks.get('job');
      if (job?.status === 'completed') return [{ kind: 'finish', output: job.output ?? null }];
      if (bids('job').size === 0 || ledger['chosen'] === true) return [];
      if (ledger['thinks'] === undefined) return [{ kind: 'note', wakeInMs: 60_000, ledger: { thinks: true } }];
      if (!news.some(({ kind }) => kind === 'woken')) return [];
      return [
        { kind: 'award', task: 'job', bid: 'bid', ledger: { chosen: true } },
        { kind: 'assign', taskId: 'job', agent: 'a' },
      ];
    };
    const clock = new ManualClock();
    const hold = (task: ReadyTask) => task.taskId !== 'job';
    const reprise = await start({
      workflows: [flow],
      agents: [worker('a')],
      plugins: [scripted(decide, 'scripted', hold)],
      clock,
    });
    const handle = await reprise.startRun(flow, 'x');
    await eventually(async () => only(await eventsOf(reprise, handle.id), 'DecisionMade').length === 2);
    clock.advance(1000);
    // Nothing is due any more, so nothing rings: it would do so again and again.
    const before = clock.scheduled;
    for (let turn = 0; turn < 50; turn += 1) {
      clock.advance(1);
      await new Promise(setImmediate);
    }
    expect(clock.scheduled - before).to.be.lessThan(10);
    clock.advance(60_000);
    expect(await handle.result()).to.deep.equal({ a: 'x' });
    expect(typesOf(await eventsOf(reprise, handle.id))).not.to.include('ConversationExpired');
  });

  it('have no bid done again, and leave no proposal open that they did not take', async () => {
    const flow = parseWorkflow(`
name: bids
tasks:
  part: { strategy: { name: scripted }, scope: { job: { capability: work } } }
  last: { agent: b, after: part }
`);
    const held = gate('b');
    const decide: Decide = ({ team: { ledger, bids, news } }) => {
      if (ledger === undefined) {
        const two = ['one', 'two'].map((id) => ({ id, agent: 'a' }));
        return [{ kind: 'announce', task: 'job', bids: two, data: 1, deadlineMs: 60_000, ledger: {} }];
      }
      if (bids('job').size < 2) return [];
      if (!news.some(({ kind }) => kind === 'refused')) return [{ kind: 'reject', task: 'one', feedback: 'less' }];
      return [{ kind: 'finish', output: null }];
    };
    const reprise = await start({
      workflows: [flow],
      agents: [worker('a'), held.agent],
      plugins: [scripted(decide, 'scripted', ({ taskId }) => taskId !== 'part/job')],
    });
    const handle = await reprise.startRun(flow, null);
    await eventually(() => held.waiting === 1);
    const refused = only(await eventsOf(reprise, handle.id), 'DecisionRefused');
    expect(refused.map(({ kind, message }) => [kind, message])).to.deep.equal([
      ['reject', "The decision rejects 'one', which is a bid: award another, or call again."],
    ]);
    expect(stateOf(await handle.state()).mail?.conversations.size).to.equal(0);
    held.answer();
    expect((await handle.outcome()).status).to.equal('completed');
    expect((await reprise.runs.replay(handle.id)).matches).to.equal(true);
  });

  it('are asked again when they asked for it', async () => {
    const { output, events } = (await run(({ team: { ledger, news, wakeAt } }) => {
      if (ledger === undefined) return [{ kind: 'note', wakeInMs: 1_000, ledger: { slept: true } }];
      if (!news.some(({ kind }) => kind === 'woken')) return [];
      expect(wakeAt).to.equal(undefined);
      return [{ kind: 'finish', output: 'awake' }];
    })) as { output: Json; events: readonly RunEvent[] };
    expect(output).to.equal('awake');
    expect(only(events, 'TeamWoken')).to.have.length(1);
  });

  it('are led by the strategy that a start names instead, of the run or of a block', async () => {
    const flow = parseWorkflow(`
name: chosen
tasks:
  one: { agent: a }
  part:
    scope: { two: { agent: b }, three: { agent: b } }
`);
    const reprise = await start({
      workflows: [flow],
      agents: [worker('a'), worker('b')],
      plugins: [
        scripted(({ team: { tasks } }) =>
          [...tasks.values()].every(({ status }) => status === 'completed') ? [{ kind: 'finish', output: 'led' }] : [],
        ),
      ],
    });
    const strategies = { '': 'sequential', part: { name: 'scripted' } };
    const handle = await reprise.startRun(flow, 1, { strategies });
    expect(await handle.result()).to.deep.equal({ one: { a: 1 }, part: 'led' });
    const events = await eventsOf(reprise, handle.id);
    expect(only(events, 'RunStarted')[0]?.strategies).to.deep.equal({
      '': 'sequential',
      part: { name: 'scripted', team: {} },
    });
    // The block is one piece of work for the run: it has its turn once the first task has ended.
    const order = events.flatMap((event) =>
      'taskId' in event && (event.type === 'TaskEntered' || event.type === 'TaskCompleted')
        ? [`${event.type} ${event.taskId}`]
        : [],
    );
    expect(order.indexOf('TaskEntered part')).to.be.greaterThan(order.indexOf('TaskCompleted one'));
    const refused = async (wrong: NonNullable<Parameters<typeof reprise.startRun>[2]>['strategies'] & object) =>
      reprise.startRun(flow, 1, { strategies: wrong }).then(
        () => 'taken',
        (error: Error) => error.message,
      );
    expect(await refused({ part: 'scripted' })).to.match(/leads teams; write strategy: \{ name: scripted/);
    expect(await refused({ part: { name: 'sequential' } })).to.match(/leads no teams; write strategy: sequential/);
    expect(await refused({ nowhere: 'sequential' })).to.match(/no block 'nowhere'/);
    expect(await refused({ part: 'nobody' })).to.match(/no scheduler strategy 'nobody'/);
  });

  it('are named by a start only where a workflow may name them', async () => {
    const flows = [
      'name: caught\ncatch: [{ then: continue, do: { c: { agent: a } } }]\ntasks: { x: { agent: a } }',
      'name: empty\ntasks: { part: { scope: {}, strategy: { name: scripted } } }',
      'name: deep\ntasks: { a1: { scope: { a2: { scope: { a3: { scope: { a4: { scope: { x: { agent: a } } } } } } } } } }',
    ].map((text) => parseWorkflow(text));
    const reprise = await start({ workflows: flows, agents: [worker('a')], plugins: [scripted(() => [])] });
    const refused = (name: string, strategies: Record<string, string | { name: string }>): Promise<string> =>
      reprise.startRun(name, 1, { strategies }).then(
        () => 'taken',
        (error: Error & { code: string }) => `${error.code} ${error.message}`,
      );
    const led = { name: 'scripted' };
    expect(await refused('caught', { '': led })).to.match(/REPRISE_CONFIG_INVALID .*catch of the run has nothing/);
    expect(await refused('empty', { part: 'sequential' })).to.match(/nothing would be done in 'part'/);
    const deep = { '': led, a1: led, 'a1/a2': led, 'a1/a2/a3': led };
    expect(await refused('deep', deep)).to.equal('taken');
    expect(await refused('deep', { ...deep, 'a1/a2/a3/a4': led })).to.match(/'a1\/a2\/a3\/a4' leads a team in 4 teams/);
  });

  it('take turns in a block that says so, whatever is around it', async () => {
    const flow = parseWorkflow(`
name: turns
tasks:
  free: { agent: a, forEach: { items: '[1, 2]' } }
  part:
    strategy: sequential
    scope: { x: { agent: b }, y: { agent: b }, z: { agent: b } }
`);
    let inPart = 0;
    let most = 0;
    const b = worker('b', async () => {
      inPart += 1;
      most = Math.max(most, inPart);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inPart -= 1;
      return 'done';
    });
    const reprise = await start({ workflows: [flow], agents: [worker('a'), b] });
    const handle = await reprise.startRun(flow, null);
    await handle.result();
    expect(most).to.equal(1);
    const events = await eventsOf(reprise, handle.id);
    const scheduled = only(events, 'TaskScheduled').map(({ taskId }) => taskId);
    expect(scheduled.filter((id) => id.startsWith('part'))).to.deep.equal(['part/x', 'part/y', 'part/z']);
    expect(scheduled.slice(0, 3).sort()).to.deep.equal(['free[0]', 'free[1]', 'part/x']);
  });

  it('go on where they were in a fork: ledger, news and decisions are copied', async () => {
    let fails = true;
    const once = worker('a', () => {
      if (fails) throw new Error('not yet');
      return 'mended';
    });
    const decide: Decide = ({ team: { ledger, tasks, news } }) => {
      if (ledger === undefined)
        return [
          { kind: 'add', tasks: { x: { agent: 'b' }, y: { agent: 'a', retry: 1, after: 'x' } }, ledger: { n: 1 } },
        ];
      const y = tasks.get('y');
      if (y?.status === 'failed') return [{ kind: 'giveUp', message: 'y failed', task: 'y' }];
      if (y?.status === 'completed') return [{ kind: 'finish', output: { y: y.output ?? null, n: ledger['n'] ?? 0 } }];
      return news.length === 0 ? [] : [{ kind: 'note', ledger: { n: Number(ledger['n']) + 1 } }];
    };
    const flow = team();
    const reprise = await start({ workflows: [flow], agents: [once, worker('b')], plugins: [scripted(decide)] });
    const first = await reprise.startRun(flow, 1);
    const error = await first.result().then(
      () => undefined,
      (thrown: Error & { cause?: { code?: string } }) => thrown,
    );
    expect(error?.message).to.contain('y failed');
    fails = false;
    const before = (await eventsOf(reprise, first.id)).findIndex(
      (event) => event.type === 'TaskStarted' && event.taskId === 'y',
    );
    const fork = await reprise.forkRun(first.id, { at: before - 1 });
    expect(await fork.result()).to.deep.equal({ y: 'mended', n: 2 });
    expect((await reprise.runs.replay(fork.id)).matches).to.equal(true);
    expect(only(await eventsOf(reprise, fork.id), 'DecisionMade').map(({ n }) => n)).to.deep.equal([1, 2, 3]);
  });

  it('are shown all that an agent could begin, whatever else is ready for it, and are not asked again for nothing', async () => {
    let asked = 0;
    let rooms: readonly number[] = [];
    const choosy = definePlugin({
      name: 'choosy',
      kind: 'scheduler',
      create: (): TeamStrategy => ({
        name: 'choosy',
        team: { writes: 1 },
        select(view) {
          asked += 1;
          const { tasks } = view.team;
          if (asked === 1) rooms = [view.room('a', 'work'), view.room('a', 'draw'), view.room('a')];
          const isOpen = (id: string): boolean => tasks.get(id)?.status !== 'completed';
          // What it leaves alone is ready for the very agent that it gives something.
          const next = isOpen('named') ? ['named', 'long'] : isOpen('long') ? ['long'] : ['held', 'other'];
          const given = [...view.ready].flatMap(({ taskId, agent }): Decision[] =>
            next.includes(taskId) ? [{ taskId, agent: agent ?? 'a' }] : [],
          );
          if ([...tasks.keys()].some(isOpen)) return given;
          return [{ kind: 'finish', output: [...tasks.keys()] }];
        },
      }),
    });
    const flow = parseWorkflow(`
name: choosy
strategy: { name: choosy }
tasks:
  held: { capability: work }
  other: { capability: draw }
  named: { agent: a }
  long: { agent: b }
`);
    const a = defineAgent({ name: 'a', capabilities: ['work', 'draw'], concurrency: 1, handle: () => null });
    const b = worker('b', async () => sleep(300).then(() => null));
    const reprise = await start({ workflows: [flow], agents: [a, { ...b, capabilities: [] }], plugins: [choosy] });
    const handle = await reprise.startRun(flow, null);
    expect(await handle.result()).to.deep.equal(['held', 'other', 'named', 'long']);
    const order = only(await eventsOf(reprise, handle.id), 'TaskScheduled').map(({ taskId }) => taskId);
    expect(order).to.deep.equal(['named', 'long', 'held', 'other']);
    expect(rooms, 'the same room may be used for any of them').to.deep.equal([1, 1, 1]);
    expect(asked, 'nothing changes while the long one is under way').to.be.at.most(12);
  });

  it('fail when their strategy assigns nothing of what is ready, and nothing else goes on', async () => {
    const inBlock = `
name: idle
strategy: { name: scripted }
tasks:
  part: { scope: { x: { agent: a }, y: { agent: a, after: x } } }
`;
    const lazy = definePlugin({
      name: 'scripted',
      kind: 'scheduler',
      create: (): TeamStrategy => ({ name: 'scripted', team: { writes: 1 }, select: () => [] }),
    });
    const reprise = await start({ workflows: [parseWorkflow(inBlock)], agents: [worker('a')], plugins: [lazy] });
    const handle = await reprise.startRun('idle', 1);
    const outcome = await handle.outcome();
    expect(outcome.status === 'failed' && outcome.error).to.deep.include({
      code: 'REPRISE_TEAM_STALLED',
      message: 'Nothing more would happen in the team, and its strategy assigns nothing of what is ready.',
    });
    expect((await reprise.runs.replay(handle.id)).matches).to.equal(true);
  });

  it('are held, and asked again, when their strategy gives no usable answer while something is ready', async () => {
    let fails = true;
    const { time, parts } = manualTime();
    const plugin = scripted(({ team: { tasks } }) => {
      if (fails) throw new Error('boom');
      return tasks.get('x')?.status === 'completed' ? [{ kind: 'finish', output: 'done' }] : [];
    });
    const { plugins = [], ...clock } = parts();
    const flow = parseWorkflow('name: thrown\nstrategy: { name: scripted }\ntasks: { x: { agent: a } }');
    const reprise = await start({
      workflows: [flow],
      agents: [worker('a')],
      ...clock,
      plugins: [...plugins, plugin],
    });
    const handle = await reprise.startRun(flow, 1);
    const ended = handle.outcome();
    await time.quiet();
    expect(reprise.holdOf(handle.id)).to.deep.include({ reason: 'strategy' });
    expect((await handle.explain()).summary).to.contain('boom');
    fails = false;
    let outcome: Awaited<typeof ended> | undefined;
    ended.then((one) => {
      outcome = one;
    });
    await time.until(() => outcome !== undefined, 60_000);
    expect(outcome).to.deep.include({ status: 'completed', output: 'done' });
  });

  it('are forked at no revision that is within a decision', async () => {
    const { handle, reprise, events } = await run(({ team: { ledger, news } }) => {
      if (ledger === undefined)
        return [
          {
            kind: 'add',
            tasks: { job: { agent: 'a' }, late: { agent: 'b', after: 'job' }, later: { agent: 'b', after: 'late' } },
            ledger: {},
          },
          { kind: 'announce', task: 'job', bids: [{ id: 'bid', agent: 'b' }], data: 1, deadlineMs: 60_000 },
          { kind: 'drop', tasks: ['late', 'later'] },
        ];
      return news.some((one) => one.kind === 'ended' && one.task === 'job') ? [{ kind: 'finish', output: 1 }] : [];
    });
    const within: number[] = [];
    for (let at = 0; at < events.length; at += 1) {
      const fork = await reprise.forkRun(handle.id, { at }).catch((error: Error) => error);
      if (fork instanceof Error) {
        expect(fork.message).to.match(/was within a decision of a team .* Choose \d+ or \d+\./);
        within.push(at);
      } else expect(await fork.result()).to.equal(1);
    }
    const made = events.flatMap(({ type }, at) => (type === 'DecisionMade' ? [at] : []));
    const [add = 0, announce = 0, drop = 0] = made;
    expect(within).to.deep.equal([add, announce, announce + 1, drop, drop + 1]);
  });

  it('are not asked any more while what they did is undone', async () => {
    const flow = parseWorkflow(`
name: late
tasks:
  part:
    scope: { x: { agent: a, compensate: undo }, y: { agent: stuck } }
    strategy: { name: scripted }
    timeout: 50ms
`);
    const stuck = defineAgent({
      name: 'stuck',
      handle: (_: AgentTask, { signal }) =>
        new Promise<Json>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    const { events } = await run(() => [], [worker('a'), worker('undo'), stuck], flow);
    expect(only(events, 'CompensationBegan')).to.have.length(1);
    expect(decisions(events)).to.deep.equal([]);
    expect(only(events, 'RunFailed')[0]?.error.cause?.code).to.equal('REPRISE_TASK_TIMEOUT');
  });

  for (const isBeside of [false, true])
    it(`are asked again after a while, once each time, by a strategy that throws${isBeside ? ' while others are at work' : ''}`, async () => {
      let asked = 0;
      let fails = true;
      const { time, parts, pass } = manualTime();
      const plugin = scripted(() => {
        asked += 1;
        if (fails) throw new Error('boom');
        return [{ kind: 'finish', output: 'led' }];
      });
      const { plugins = [], ...clock } = parts();
      const flow = parseWorkflow(
        `name: beside\ntasks:\n  part: { scope: {}, strategy: { name: scripted } }\n${isBeside ? '  long: { agent: a }\n' : ''}`,
      );
      const long = gate('a');
      const reprise = await start({ workflows: [flow], agents: [long.agent], ...clock, plugins: [...plugins, plugin] });
      const handle = await reprise.startRun(flow, 1);
      await time.quiet();
      for (let count = 0; count < 20; count += 1) await handle.signal(`s${count}`);
      asked = 0;
      // Every 30 s.
      await pass(100_000);
      expect(asked).to.be.within(3, 4);
      fails = false;
      await pass(31_000);
      const ends = only(await eventsOf(reprise, handle.id), 'TaskCompleted');
      expect(ends.map(({ taskId }) => taskId)).to.deep.equal(['part']);
      long.answer(1);
      expect(await handle.result()).to.deep.equal(isBeside ? { part: 'led', long: 1 } : 'led');
    });

  it('take no bid that was made in a round before', async () => {
    let asked = 0;
    const fickle = worker('fickle', () => {
      asked += 1;
      return asked === 1 ? { price: 1 } : { refuse: 'no' };
    });
    const flow = parseWorkflow(`
name: rounds
tasks:
  part:
    loop: { until: round >= 2, max: 2 }
    scope: { job: { agent: b } }
    strategy: { name: scripted }
`);
    const { output, events } = (await run(
      ({ team: { ledger, bids, news, round } }) => {
        if (ledger === undefined) {
          const bidders = [{ id: 'bid', agent: 'fickle' }];
          return [{ kind: 'announce', task: 'job', bids: bidders, data: 1, deadlineMs: 60_000, ledger: {} }];
        }
        if (news.some((one) => one.kind === 'refused')) return [{ kind: 'finish', output: 'refused' }];
        if (bids('job').size === 0) return [];
        return [round === 1 ? { kind: 'finish', output: 1 } : { kind: 'award', task: 'job', bid: 'bid' }];
      },
      [worker('b'), fickle],
      flow,
    )) as { output: Json; events: readonly RunEvent[] };
    expect(output).to.equal('refused');
    expect(only(events, 'DecisionMade').map(({ kind }) => kind)).to.deep.equal([
      'announce',
      'finish',
      'announce',
      'finish',
    ]);
    expect(only(events, 'DecisionRefused')[0]?.message).to.contain("takes the bid 'bid', which proposes nothing");
  });
});
