import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Agent,
  type AgentContext,
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
import { hierarchicalScheduler, managerAgent } from '@reprise/scheduler-hierarchical';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { autonomousScheduler } from '../src/index.ts';

// Teams without a manager, through the engine.

type Work = (input: Json, context: AgentContext, task: AgentTask<Json>) => Json | Promise<Json>;

const agent = (name: string, handle: Work, capabilities: readonly string[] = []): Agent<Json, Json> =>
  defineAgent({
    name,
    capabilities,
    handle: async (task: AgentTask<Json>, context) => handle(task.input, context, task),
  });

interface Call {
  readonly work: { readonly id: string };
  readonly round: number;
}

/** CEL in a value, as in a workflow. */
const cel = (source: string): string => `\${ ${source} }`;

const callOf = (input: Json): Call | undefined =>
  typeof input === 'object' && input !== null && 'work' in input && 'round' in input
    ? (input as unknown as Call)
    : undefined;

/** Bids, and does what it is given. */
const bidder = (name: string, bids: (call: Call) => Json | Promise<Json>, work: Work = () => ({ by: name })) =>
  agent(
    name,
    (input, context, task) => {
      const call = callOf(input);
      return call === undefined ? work(input, context, task) : bids(call);
    },
    ['paint'],
  );

const flowOf = (spec: JsonObject, tasks = '{}', more = '') =>
  parseWorkflow(`
name: crew
tasks:
  team:
    scope: ${tasks}
    strategy: ${JSON.stringify({ name: 'autonomous', ...spec })}
${more}
`);

const only = <Type extends RunEvent['type']>(events: readonly RunEvent[], type: Type) =>
  events.filter((event): event is Extract<RunEvent, { type: Type }> => event.type === type);

interface Ran {
  readonly output?: Json;
  readonly error?: ErrorData;
  readonly events: readonly RunEvent[];
}

/** What was decided, one line each; notes left out. */
const decided = ({ events }: Ran): readonly string[] =>
  events.flatMap((event) =>
    (event.type === 'DecisionMade' || event.type === 'DecisionRefused') && event.kind !== 'note'
      ? [
          `${event.type === 'DecisionRefused' ? 'refused ' : ''}${event.kind} ${event.tasks?.join(',') ?? ''}${
            !('to' in event) || event.to === undefined ? '' : ` > ${event.to}`
          }`.trim(),
        ]
      : [],
  );

const given = ({ events }: Ran, task: string): readonly string[] =>
  only(events, 'TaskScheduled').flatMap((event) => (event.taskId === task ? [event.agent] : []));

const fails = (code: string): never => {
  throw Object.assign(new Error('it cannot'), { code });
};

const HAND_OFF = { mode: 'hand-off', members: ['ann', 'bob', 'cid'] };
const JOB = '{ job: { capability: paint } }';
const BID = { mode: 'bid', members: ['ann', 'bob', 'cid'] };

describe('an autonomous team', () => {
  const opened: Orchestrator[] = [];
  const folders: string[] = [];
  afterEach(async () => {
    for (const reprise of opened.splice(0)) await reprise.stop({ drainMs: 0 });
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  const start = async (config: RepriseConfig): Promise<Orchestrator> => {
    const { plugins = [], ...rest } = config;
    const reprise = await createReprise({ plugins: [autonomousScheduler(), ...plugins], ...rest });
    opened.push(reprise);
    await reprise.start();
    return reprise;
  };

  const eventsOf = async (reprise: Orchestrator, runId: string): Promise<readonly RunEvent[]> => {
    const events: RunEvent[] = [];
    for await (const { event } of reprise.runs.history(runId)) events.push(event);
    return events;
  };

  const ended = async (reprise: Orchestrator, id: string): Promise<Ran> => {
    const output = await reprise
      .run(id)
      .result()
      .then(
        (value) => value as Json,
        () => undefined,
      );
    expect((await reprise.runs.replay(id)).matches).to.equal(true);
    const events = await eventsOf(reprise, id);
    const [failed] = only(events, 'RunFailed');
    return { events, ...(output !== undefined && { output }), ...(failed && { error: failed.error }) };
  };

  const run = async (flow: Workflow, agents: RepriseConfig['agents'], input: Json = null): Promise<Ran> => {
    const reprise = await start({ workflows: [flow], ...(agents && { agents }) });
    const { id } = await reprise.startRun(flow, input);
    return ended(reprise, id);
  };

  const to =
    (name: string): Work =>
    (_input, context) => {
      context.handOff(name, { why: 'yours' });
      return null;
    };

  describe('that hands off', () => {
    it('gives the floor there and back, and what its last holder gives', async () => {
      const ran = await run(
        flowOf(HAND_OFF),
        [
          agent('ann', (input, context) => {
            if (input !== 'checked') context.handOff('bob', { input: 'check' });
            return { ann: input };
          }),
          agent('bob', (input, context) => {
            context.handOff('ann', { input: 'checked' });
            return input;
          }),
          agent('cid', () => null),
        ],
        'begin',
      );
      expect(ran.output).to.deep.equal({ ann: 'checked' });
      expect(given(ran, 'team/floor')).to.deep.equal(['ann', 'bob', 'ann']);
      expect(decided(ran)).to.deep.equal(['add floor', 'finish']);
    });

    it('ends what goes to and fro', async () => {
      const ran = await run(flowOf(HAND_OFF), [
        agent('ann', to('bob')),
        agent('bob', to('ann')),
        agent('cid', to('ann')),
      ]);
      expect(ran.error?.cause?.code).to.equal('REPRISE_HAND_OFF_CIRCLE');
      expect(only(ran.events, 'TaskHandedOff')).to.have.length(8);
    });

    it('has a circle broken by who is named for it', async () => {
      const ran = await run(flowOf({ ...HAND_OFF, onCircle: 'cid' }), [
        agent('ann', to('bob')),
        agent('bob', to('ann')),
        agent('cid', () => 'enough'),
      ]);
      expect(ran.output).to.deep.equal('enough');
      expect(decided(ran)).to.deep.equal(['add floor', 'handOver floor > cid', 'finish']);
    });

    it('gives it back when it was handed to somebody who is no member', async () => {
      let asked = 0;
      const ran = await run(flowOf({ mode: 'hand-off', members: ['ann', 'bob'] }), [
        agent('ann', (_input, context) => {
          asked += 1;
          if (asked === 1) context.handOff('cid');
          return asked;
        }),
        agent('bob', () => null),
        agent('cid', () => expect.fail('it has the floor')),
      ]);
      expect(ran.output).to.deep.equal(2);
      expect(decided(ran)).to.deep.equal(['add floor', 'handOver floor > ann', 'finish']);
    });

    it('fails with what its holder failed with', async () => {
      const flow = flowOf({ ...HAND_OFF, task: { retry: 1 } });
      const ran = await run(flow, [
        agent('ann', to('bob')),
        agent('bob', () => fails('ILL')),
        agent('cid', () => null),
      ]);
      expect(ran.error?.cause?.code).to.equal('REPRISE_TEAM_FAILED');
      expect(ran.error?.cause?.cause?.code).to.equal('ILL');
      expect(ran.error?.cause?.message).to.match(/^'floor', which goes from hand to hand, failed: it cannot$/);
    });
  });

  describe('that bids', () => {
    it('gives work to who bids least, and hears refusals', async () => {
      const ran = await run(flowOf(BID, JOB), [
        bidder('ann', () => ({ price: 3 })),
        bidder('bob', () => ({ price: 2, note: 'soon' })),
        bidder('cid', () => ({ refuse: 'busy' })),
      ]);
      expect(ran.output).to.deep.equal({ by: 'bob' });
      expect(decided(ran)).to.deep.equal(['announce bid-1-ann,bid-1-bob,bid-1-cid', 'award job > bid-1-bob', 'finish']);
      const said = only(ran.events, 'MessageSent').map(({ performative }) => performative);
      expect(said.toSorted()).to.deep.equal([
        ...['accept-proposal', 'cfp', 'cfp', 'cfp', 'propose', 'propose', 'refuse', 'reject-proposal'],
      ]);
    });

    it('takes no bid that is none: without a number, negative, text, or late', async () => {
      const ran = await run(flowOf({ ...BID, bidTimeout: 300, members: ['ann', 'bob', 'cid', 'dan', 'eve'] }, JOB), [
        bidder('ann', () => ({ price: -1 })),
        bidder('bob', () => 'cheap'),
        bidder('cid', () => ({ price: 1e300 })),
        bidder('dan', async () => sleep(20_000).then(() => ({ price: 0 }))),
        bidder('eve', () => fails('ILL')),
      ]);
      expect(ran.output).to.deep.equal({ by: 'cid' });
      expect(decided(ran).slice(1)).to.deep.equal(['drop bid-1-dan', 'award job > bid-1-cid', 'finish']);
    });

    it('takes bids by messages, whose bidders hear what became of them', async () => {
      const heard: string[] = [];
      const talker = (name: string, price: number) =>
        agent(
          name,
          async (input, { messages }) => {
            if (callOf(input) === undefined) return name === 'ann' ? fails('ILL') : { by: name };
            const cfp = await messages.receive();
            if (cfp === undefined) return { refuse: 'nobody called' };
            await messages.reply(cfp, { price }, { performative: 'propose' });
            const ruling = await messages.receive();
            heard.push(`${name} ${ruling?.performative}`);
            return null;
          },
          ['paint'],
        );
      const job = '{ job: { capability: paint, retry: { maxAttempts: 3, initialDelay: 1 } } }';
      const ran = await run(flowOf(BID, job), [
        talker('ann', 1),
        talker('bob', 2),
        bidder('cid', () => ({ price: 3 })),
      ]);
      expect(ran.output).to.deep.equal({ by: 'bob' });
      expect(given(ran, 'team/job')).to.deep.equal(['ann', 'bob']);
      expect(heard.toSorted()).to.deep.equal(['ann accept-proposal', 'bob reject-proposal']);
    });

    it('waits with its calls while the run has as many conversations as it may', async () => {
      const jobs = JSON.stringify(
        Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`j${index}`, { capability: 'paint' }])),
      );
      const strategy = JSON.stringify({ name: 'autonomous', mode: 'bid', output: 'board.size()' });
      const flow = parseWorkflow(`
name: crew
tasks:
  one: { scope: ${jobs}, strategy: ${strategy} }
  two: { scope: ${jobs}, strategy: ${strategy} }
`);
      const many = Array.from({ length: 100 }, (_, index) => bidder(`b${index}`, () => ({ price: index })));
      const ran = await run(flow, many);
      expect(ran.output).to.deep.equal({ one: 10, two: 10 });
      expect(only(ran.events, 'DecisionRefused').map(({ code }) => code)).to.include('REPRISE_MESSAGE_INVALID');
    });

    it('calls again when nobody bids', async () => {
      const ran = await run(flowOf(BID, JOB), [
        bidder('ann', ({ round }) => (round === 1 ? { refuse: 'not now' } : { price: 1 })),
        bidder('bob', () => ({ refuse: 'never' })),
        bidder('cid', () => ({ refuse: 'never' })),
      ]);
      expect(ran.output).to.deep.equal({ by: 'ann' });
      expect(decided(ran).filter((one) => one.startsWith('announce'))).to.have.length(2);
    });

    it('calls again when all that is bid counts for nothing', async () => {
      const ran = await run(flowOf(BID, JOB), [
        bidder('ann', ({ round }) => (round === 1 ? { done: 'job' } : { price: 1 })),
        bidder('bob', () => 'cheap'),
        bidder('cid', () => ({ refuse: 'never' })),
      ]);
      expect(ran.output).to.deep.equal({ by: 'ann' });
      expect(decided(ran).filter((one) => /^a/.test(one))).to.have.length(4);
      expect(only(ran.events, 'DecisionRefused')).to.deep.equal([]);
    });

    for (const [onNoBid, end] of [
      ['assign', { by: 'ann' }],
      [{ agent: 'cid' }, { by: 'cid' }],
      ['fail', 'REPRISE_NO_BID'],
    ] as const)
      it(`does what it is told when nobody ever bids: ${JSON.stringify(onNoBid)}`, async () => {
        const never = (name: string) => bidder(name, () => ({ refuse: 'never' }));
        const ran = await run(flowOf({ ...BID, rounds: 1, onNoBid }, JOB), ['ann', 'bob', 'cid'].map(never));
        expect(ran.output ?? ran.error?.cause?.code).to.deep.equal(end);
      });

    it('says who was asked when nobody bids', async () => {
      const ran = await run(flowOf({ ...BID, rounds: 1, onNoBid: 'fail' }, JOB), [
        bidder('ann', () => ({ refuse: 'on holiday' })),
        bidder('bob', () => ({ price: -1 })),
        bidder('cid', () => ({ refuse: 'never' })),
      ]);
      expect(ran.error?.cause?.message).to.equal(
        "Nobody bids for 'job', which was called once: asked were ann (on holiday), bob, cid (never).",
      );
    });

    it('takes the next bid when the winner fails', async () => {
      const ran = await run(flowOf(BID, '{ job: { capability: paint, retry: { maxAttempts: 3, initialDelay: 1 } } }'), [
        bidder(
          'ann',
          () => ({ price: 1 }),
          () => fails('ILL'),
        ),
        bidder('bob', () => ({ price: 2 })),
        bidder('cid', () => ({ price: 3 })),
      ]);
      expect(ran.output).to.deep.equal({ by: 'bob' });
      expect(given(ran, 'team/job')).to.deep.equal(['ann', 'bob']);
      expect(decided(ran).filter((one) => one.startsWith('announce'))).to.have.length(1);
    });

    it('tells bidders what the task will be handed, and weighs their bids by it', async () => {
      const job = { capability: 'paint', input: { walls: cel('2 + 3') } };
      const tasks = JSON.stringify({ job, other: { capability: 'paint', input: cel('input.big') } });
      const heard: Json[] = [];
      const painter = (name: string, each: number) =>
        bidder(name, (call) => {
          heard.push({ ...call } as unknown as Json);
          return { each };
        });
      const award = 'bid.each * (has(work.input.walls) ? work.input.walls : 1.0)';
      const flow = flowOf({ ...BID, members: ['ann', 'bob'], award }, tasks);
      const ran = await run(flow, [painter('ann', 3), painter('bob', 2)], { big: 'x'.repeat(20_000) });
      expect(ran.output).to.deep.equal({ job: { by: 'bob' }, other: { by: 'bob' } });
      expect(only(ran.events, 'DecisionMade').find(({ kind }) => kind === 'award')?.why).to.equal('bob bids 10');
      const [first, second] = ['job', 'other'].map((id) => heard.find((one) => callOf(one)?.work.id === id));
      expect(first).to.deep.include({ input: null, round: 1 });
      expect(first).to.have.nested.property('work.input.walls', 5);
      expect(second).to.have.nested.property('work.input', null);
    });

    it('weighs bids by an expression', async () => {
      const ran = await run(flowOf({ ...BID, award: '0.0 - bid.quality' }, JOB), [
        bidder('ann', () => ({ quality: 1.5 })),
        bidder('bob', () => ({ quality: 7.5 })),
        bidder('cid', () => ({ price: 0 })),
      ]);
      expect(ran.output).to.deep.equal({ by: 'bob' });
    });

    it('does what comes after what, and fails with what failed, once all else is done', async () => {
      const tasks =
        '{ one: { capability: paint, retry: 1 }, two: { capability: paint, after: one }, three: { capability: paint } }';
      const agents = () => [
        bidder(
          'ann',
          () => ({ price: 1 }),
          (_input, _context, { taskId }) => (taskId === 'team/one' ? fails('ILL') : { did: taskId }),
        ),
      ];
      const ran = await run(flowOf({ mode: 'bid' }, tasks), agents());
      expect(ran.error?.cause?.code).to.equal('REPRISE_TEAM_FAILED');
      expect(ran.error?.cause?.cause?.code).to.equal('ILL');
      expect(given(ran, 'team/three')).to.deep.equal(['ann']);
      const other = await run(flowOf({ mode: 'bid', onFailure: 'go-on' }, tasks), agents());
      expect(other.output).to.deep.equal({ three: { did: 'team/three' } });
    });

    it('goes on where it was after a crash in the middle of an auction', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'reprise-autonomous-'));
      folders.push(folder);
      const flow = flowOf(BID, JOB);
      const plugins = () => [sqliteEventStore({ path: join(folder, 'events.db') })];
      let called = 0;
      const first = await start({
        workflows: [flow],
        plugins: plugins(),
        agents: [
          bidder('ann', () => ({ price: 2 })),
          bidder('bob', async () => {
            called += 1;
            return sleep(60_000).then(() => null);
          }),
          bidder('cid', () => ({ refuse: 'busy' })),
        ],
      });
      const { id } = await first.startRun(flow, null);
      while (
        (called === 0 && (await sleep(10)) === undefined) ||
        only(await eventsOf(first, id), 'TaskCompleted').length < 2
      )
        await sleep(10);
      await first.stop({ drainMs: 0 });
      const second = await start({
        workflows: [flow],
        plugins: plugins(),
        agents: [
          bidder('ann', () => expect.fail('it is asked twice')),
          bidder('bob', () => ({ price: 1 })),
          bidder('cid', () => expect.fail('it is asked twice')),
        ],
      });
      const ran = await ended(second, id);
      expect(ran.output).to.deep.equal({ by: 'bob' });
      expect(decided(ran)).to.deep.equal(['announce bid-1-ann,bid-1-bob,bid-1-cid', 'award job > bid-1-bob', 'finish']);
    });

    it('calls for bids anew when its run is tried again', async () => {
      let isThere = false;
      const flow = flowOf({ mode: 'bid' }, '{ job: { capability: paint, retry: 1 } }');
      const ann = bidder(
        'ann',
        () => ({ price: 1 }),
        () => (isThere ? 'done' : fails('ILL')),
      );
      const reprise = await start({ workflows: [flow], agents: [ann] });
      const { id } = await reprise.startRun(flow, null);
      expect((await ended(reprise, id)).error?.cause?.cause?.code).to.equal('ILL');
      isThere = true;
      const again = await reprise.retryRun(id);
      expect((await ended(reprise, again.id)).output).to.deep.equal('done');
    });
  });

  describe('that claims', () => {
    const did =
      (name: string): Work =>
      (_input, _context, { taskId }) =>
        `${taskId} by ${name}`;

    it('gives work to whose trigger holds, by the task and by the board', async () => {
      const members = [
        { agent: 'ann', trigger: "work.id == 'draft'" },
        { agent: 'bob', trigger: "'draft' in board && work.id != 'draft'", atOnce: 2 },
      ];
      const tasks = '{ print: { capability: paint }, bind: { capability: paint }, draft: { capability: paint } }';
      const ran = await run(flowOf({ mode: 'claim', members }, tasks), [
        agent('ann', did('ann'), ['paint']),
        agent('bob', did('bob'), ['paint']),
      ]);
      expect(ran.output).to.deep.equal({
        print: 'team/print by bob',
        bind: 'team/bind by bob',
        draft: 'team/draft by ann',
      });
      expect(decided(ran).toSorted()).to.deep.equal([
        ...['assign team/bind > bob', 'assign team/draft > ann', 'assign team/print > bob', 'finish'],
      ]);
      expect(decided(ran)[0]).to.equal('assign team/draft > ann');
    });

    it('has what its claimer is silent about claimed by another', async () => {
      const members = [{ agent: 'ann' }, { agent: 'bob' }];
      const tasks =
        '{ job: { capability: paint, timeout: { heartbeat: 200 }, retry: { maxAttempts: 3, initialDelay: 1 } } }';
      const ran = await run(flowOf({ mode: 'claim', members, output: 'board.job' }, tasks), [
        agent('ann', async () => sleep(20_000).then(() => 'late'), ['paint']),
        agent('bob', did('bob'), ['paint']),
      ]);
      expect(ran.output).to.deep.equal('team/job by bob');
      expect(given(ran, 'team/job')).to.deep.equal(['ann', 'bob']);
    });

    for (const [onNoClaim, end] of [
      ['fail', 'REPRISE_NOT_CLAIMED'],
      ['assign', 'team/job by ann'],
    ] as const)
      it(`does what it is told when nobody claims: ${onNoClaim}`, async () => {
        const members = [
          { agent: 'ann', trigger: 'work.nothing.like.it' },
          { agent: 'bob', trigger: 'false' },
        ];
        const ran = await run(flowOf({ mode: 'claim', members, onNoClaim }, JOB), [
          agent('ann', did('ann'), ['paint']),
          agent('bob', did('bob')),
        ]);
        expect(ran.output ?? ran.error?.cause?.code).to.deep.equal(end);
      });

    it('says of each member why it claims nothing', async () => {
      const members = [{ agent: 'ann', trigger: 'has(board.nothing)' }, { agent: 'bob' }];
      const ran = await run(flowOf({ mode: 'claim', members }, JOB), [
        agent('ann', did('ann'), ['paint']),
        agent('bob', did('bob')),
      ]);
      expect(ran.error?.cause?.message).to.equal(
        "Nobody claims 'job', and nothing else is under way: ann has a trigger that does not hold; bob has not the capability 'paint'.",
      );
    });

    it('has what an agent adds claimed, too', async () => {
      const tasks = '{ plan: { agent: ann, may: [spawn] } }';
      const ran = await run(flowOf({ mode: 'claim', members: [{ agent: 'bob' }] }, tasks), [
        agent('ann', (_input, context) => {
          context.spawn({ extra: { capability: 'paint' } });
          return 'planned';
        }),
        agent('bob', did('bob'), ['paint']),
      ]);
      expect(ran.output).to.deep.equal({ plan: 'planned', extra: 'team/extra by bob' });
    });
  });

  describe('within budgets', () => {
    const finishes: Work = () => 'done';
    const all = (work: Work = finishes) =>
      ['ann', 'bob', 'cid'].map((name) => bidder(name, () => ({ price: 1 }), work));
    const CLAIM = { mode: 'claim', members: [{ agent: 'ann' }, { agent: 'bob' }] };
    const JOBS = '{ one: { capability: paint }, two: { capability: paint, after: one } }';
    const cases: readonly (readonly [string, JsonObject, string, string, Work])[] = [
      ['hand-off, delegations', { ...HAND_OFF, members: ['ann', 'bob'] }, '{}', '{ delegations: 1 }', to('cid')],
      ['hand-off, tasks', HAND_OFF, '{ before: { agent: cid } }', '{ tasks: 1 }', finishes],
      ['hand-off, attempts', HAND_OFF, '{}', '{ attempts: 2 }', to('bob')],
      ['bid, delegations', BID, JOBS, '{ delegations: 1 }', finishes],
      ['bid, tasks: the bids take them', BID, JOBS, '{ tasks: 2 }', finishes],
      ['bid, tasks: there is none for the next call', BID, JOBS, '{ tasks: 4 }', finishes],
      ['claim, tasks', CLAIM, JOBS, '{ tasks: 1 }', finishes],
      ['claim, attempts', CLAIM, JOBS, '{ attempts: 1 }', finishes],
    ];
    for (const [what, spec, tasks, budget, work] of cases)
      it(`fails with the error of the budget that is used up: ${what}`, async () => {
        const ran = await run(flowOf(spec, tasks, `    budget: ${budget}`), all(work));
        expect(ran.error?.cause?.code).to.equal('REPRISE_BUDGET_EXHAUSTED');
        expect(decided(ran).at(-1)).to.match(/^giveUp/);
      });

    it('goes on with what there is, if it is told to', async () => {
      const ran = await run(flowOf({ ...CLAIM, onFailure: 'go-on' }, JOBS, '    budget: { tasks: 1 }'), all());
      expect(ran.output).to.deep.equal({ one: 'done' });
    });
  });

  describe('beside other teams', () => {
    const LED = { name: 'hierarchical', goal: 'Write it', manager: 'lead' };
    /** Plans one step for `to`, and gives what that gives. */
    const lead = (to: string) =>
      managerAgent({
        name: 'lead',
        decide: ({ ask, news: [one] }) => {
          const progress = { satisfied: false, progressing: true, looping: false, next: '' };
          if (ask === 'plan') return { do: [{ plan: [{ step: 'floor', work: 'write', to }] }] };
          return { progress, do: [{ accept: one?.step ?? '' }, { finishWith: one?.step ?? '' }] };
        },
      });

    it('is a worker of a team that is led', async () => {
      const crew = { name: 'crew', team: { name: 'autonomous', mode: 'hand-off', members: ['ann', 'bob'] } };
      const flow = parseWorkflow(JSON.stringify({ name: 'led', strategy: { ...LED, workers: [crew] }, tasks: {} }));
      const reprise = await start({
        workflows: [flow],
        plugins: [hierarchicalScheduler()],
        agents: [lead('crew'), agent('ann', to('bob')), agent('bob', (input) => ({ bob: input }))],
      });
      const ran = await ended(reprise, (await reprise.startRun(flow, null)).id);
      expect((ran.output as JsonObject)['bob']).to.include({ work: 'write' });
      const floors = only(ran.events, 'TaskHandedOff').map(({ taskId, agent: next }) => `${taskId} > ${next}`);
      expect(floors).to.deep.equal(['floor/floor.1 > bob']);
    });

    it('has a team that is led among its tasks, whose work is not up for claims', async () => {
      const inner = { scope: {}, strategy: { ...LED, workers: ['writer'] }, after: 'one' };
      const tasks = JSON.stringify({
        one: { capability: 'paint' },
        book: inner,
        two: { capability: 'paint', after: 'book' },
      });
      const flow = flowOf({ mode: 'claim', members: [{ agent: 'ann' }] }, tasks);
      const reprise = await start({
        workflows: [flow],
        plugins: [hierarchicalScheduler()],
        agents: [lead('writer'), agent('writer', () => 'a book', ['paint']), agent('ann', () => 'ann', ['paint'])],
      });
      const ran = await ended(reprise, (await reprise.startRun(flow, null)).id);
      expect(ran.output).to.deep.equal({ one: 'ann', book: 'a book', two: 'ann' });
    });

    it('assigns what is ready in blocks of it that have no team of their own', async () => {
      const tasks =
        '{ one: { capability: paint }, part: { scope: { x: { capability: paint }, y: { agent: cid, after: x } } } }';
      for (const spec of [{ mode: 'claim', members: [{ agent: 'ann' }] }, { mode: 'bid' }, HAND_OFF]) {
        const ran = await run(
          flowOf(spec, tasks),
          ['ann', 'bob', 'cid'].map((name) => bidder(name, () => ({ price: 1 }))),
        );
        if (spec.mode === 'hand-off') expect(ran.output).to.deep.equal({ by: 'ann' });
        else expect(ran.output).to.have.all.keys('one', 'part');
      }
    });
  });

  describe('whose run is tried again', () => {
    const twice = async (spec: JsonObject, tasks: string, work: (isThere: boolean) => Work) => {
      let isThere = false;
      const flow = flowOf(spec, tasks);
      const members = ['ann', 'bob', 'cid'].map((name) =>
        agent(name, (input, context, task) => work(isThere)(input, context, task), ['paint']),
      );
      const reprise = await start({ workflows: [flow], agents: members });
      const { id } = await reprise.startRun(flow, null);
      const first = await ended(reprise, id);
      isThere = true;
      const again = await reprise.retryRun(id);
      return { first, second: await ended(reprise, again.id) };
    };

    it('has its floor back, with its hand-offs counted anew', async () => {
      const { first, second } = await twice(HAND_OFF, '{}', (isThere) => (isThere ? () => 'done' : to('bob')));
      expect(first.error?.cause?.code).to.equal('REPRISE_HAND_OFF_CIRCLE');
      expect(second.output).to.deep.equal('done');
    });

    it('has its floor begun again when its holder failed', async () => {
      const spec = { ...HAND_OFF, task: { retry: 1 } };
      const { first, second } = await twice(spec, '{}', (isThere) => (isThere ? () => 'done' : () => fails('ILL')));
      expect(first.error?.cause?.cause?.code).to.equal('ILL');
      expect(second.output).to.deep.equal('done');
    });

    it('has the hand-offs of its floor looked at from the first, when that is begun again', async () => {
      const spec = { ...HAND_OFF, members: ['ann', 'bob'], task: { retry: 1 } };
      let turn = 0;
      const { first, second } = await twice(spec, '{}', (isThere) => (_input, context, { attempt }) => {
        turn = isThere ? turn + 1 : 0;
        if (!isThere && attempt > 2) return fails('ILL');
        // To somebody who is no member; it comes back.
        if (!isThere || turn < 3) context.handOff(isThere && turn === 1 ? 'cid' : attempt % 2 === 0 ? 'ann' : 'bob');
        return `turn ${turn}`;
      });
      expect(first.error?.cause?.cause?.code).to.equal('ILL');
      expect(only(first.events, 'TaskHandedOff')).to.have.length(2);
      expect(second.output).to.equal('turn 3');
      expect(decided(second)).to.include('handOver floor > ann');
    });

    it('has claimed again what failed, and that only', async () => {
      const tasks = '{ one: { capability: paint }, two: { capability: paint, after: one, retry: 1 } }';
      const spec = { mode: 'claim', members: [{ agent: 'ann' }, { agent: 'bob' }] };
      const { first, second } = await twice(
        spec,
        tasks,
        (isThere) =>
          (_input, _context, { taskId }) =>
            taskId === 'team/one' || isThere ? `${taskId} ${isThere}` : fails('ILL'),
      );
      expect(first.error?.cause?.cause?.code).to.equal('ILL');
      expect(second.output).to.deep.equal({ one: 'team/one false', two: 'team/two true' });
    });

    it('has what nobody claimed looked at again', async () => {
      const spec = { mode: 'claim', members: [{ agent: 'ann', trigger: 'has(board.other)' }] };
      const { first, second } = await twice(spec, JOB, () => () => 'done');
      expect(first.error?.cause?.code).to.equal('REPRISE_NOT_CLAIMED');
      expect(second.error?.cause?.code).to.equal('REPRISE_NOT_CLAIMED');
    });
  });

  it('waits for a member that would claim, and has no room', async () => {
    const hold = Promise.withResolvers<void>();
    const ann = defineAgent({
      name: 'ann',
      capabilities: ['paint'],
      concurrency: 1,
      handle: async ({ input }: AgentTask<Json>) => (input === 'hold' ? hold.promise.then(() => 'held') : 'done'),
    });
    const flow = flowOf({ mode: 'claim', members: [{ agent: 'ann' }] }, JOB);
    const admission = { agents: { ann: { concurrency: 1 } } };
    const reprise = await start({ workflows: [flow], agents: [ann, agent('bob', () => 'bob', ['paint'])], admission });
    const held = await reprise.startRun(flow, 'hold');
    while (only(await eventsOf(reprise, held.id), 'TaskStarted').length === 0) await sleep(10);
    const other = await reprise.startRun(flow, null);
    await sleep(100);
    hold.resolve();
    expect((await ended(reprise, other.id)).output).to.deep.equal('done');
    expect((await ended(reprise, held.id)).output).to.deep.equal('held');
  });
});
