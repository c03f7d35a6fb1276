import { parseWorkflow, type Workflow } from '@reprise/core';
import type { Decision, TeamSchedulingView, TeamStrategy } from '@reprise/core/plugin';
import type { Scenario } from './scenario.ts';

const LED = parseWorkflow(`
name: led
strategy: { name: leader, goal: a report }
budget: { delegations: 20 }
tasks:
  fixed: { agent: echo }
  inner:
    scope: {}
    strategy: { name: leader, give: up }
    fallback: { value: nothing }
`) as Workflow;

const CALLED = parseWorkflow(`
name: called
tasks:
  market:
    scope: { job: { capability: work } }
    strategy: { name: caller }
`) as Workflow;

/** What is ready goes to whom it is for, or to the first that can. */
const given = ({ ready, slots, agents }: TeamSchedulingView): readonly Decision[] =>
  [...ready].slice(0, slots).flatMap(({ taskId, agent, capability = '' }) => {
    const taker = agent ?? [...agents.values()].find(({ capabilities }) => capabilities.includes(capability))?.name;
    // What is called for goes to whoever wins.
    return agent === undefined || taker === undefined || !agents.has(taker) ? [] : [{ taskId, agent: taker }];
  });

const strategy = (
  name: string,
  decide: (view: TeamSchedulingView, stage: number) => readonly Decision[],
): TeamStrategy => ({
  name,
  team: { writes: 1 },
  select: (view) => {
    const { stage = 0 } = (view.team.ledger ?? {}) as { readonly stage?: number };
    const decisions = decide(view, stage);
    return decisions.length === 0 ? given(view) : [...decisions, ...given(view)];
  },
});

/** One step after the other, whenever something is new. */
const leader = strategy('leader', ({ team: { spec, news, tasks } }, stage) => {
  if (spec['give'] === 'up') return [{ kind: 'giveUp', message: 'Nothing can be done here.', why: 'as it is told' }];
  if (stage > 0 && news.length === 0) return [];
  const ledger = { stage: stage + 1, seen: news.map(({ kind }) => kind) };
  const state = (id: string): string => tasks.get(id)?.status ?? 'none';
  switch (stage) {
    case 0:
      return [
        { kind: 'ask', id: 'plan', role: 'plan', agent: 'echo', input: { what: 'to do' }, ledger, why: 'a plan first' },
        { kind: 'add', tasks: { bad: { agent: 'broken', retry: 1 }, late: { agent: 'echo', after: 'bad' } } },
      ];
    case 1:
      if (state('plan') !== 'completed' || state('bad') !== 'failed') return [{ kind: 'note' }];
      return [
        { kind: 'accept', task: 'plan', ledger },
        { kind: 'drop', tasks: ['late'], why: 'what it comes after has failed' },
        { kind: 'accept', task: 'nobody' },
      ];
    case 2:
      return [{ kind: 'note', wakeInMs: 5_000, ledger }];
    case 3:
      if (!news.some(({ kind }) => kind === 'woken')) return [{ kind: 'note' }];
      return [{ kind: 'reject', task: 'fixed', feedback: { more: true }, ledger }];
    case 4:
      if (state('fixed') !== 'completed') return [{ kind: 'note' }];
      return [{ kind: 'finish', output: { fixed: tasks.get('fixed')?.output ?? null }, ledger }];
    default:
      return [];
  }
});

const caller = strategy('caller', ({ team: { tasks, bids } }, stage) => {
  const bidders = (round: number, agents: readonly string[]) =>
    agents.map((agent) => ({ id: `bid-${round}-${agent}`, agent }));
  const job = tasks.get('job');
  if (stage === 0)
    return [
      {
        ...{ kind: 'announce', task: 'job', bids: bidders(1, ['cheap', 'dear', 'shy']), data: { pages: 3 } },
        deadlineMs: 60_000,
        ledger: { stage: 1 },
      },
    ];
  if (stage === 1 && bids('job').size === 3)
    return [
      { kind: 'award', task: 'job', bid: 'bid-1-cheap', ledger: { stage: 2 }, why: 'the least' },
      { kind: 'assign', taskId: 'market/job', agent: 'cheap', why: 'its bid was taken' },
    ];
  if (stage === 2 && job?.status === 'ready' && job.tries > 0)
    return [{ kind: 'handOver', task: 'job', agent: 'dear', why: 'the first failed at it', ledger: { stage: 3 } }];
  if (job?.status === 'completed') return [{ kind: 'finish', output: job.output ?? null }];
  return stage < 3 ? [{ kind: 'note' }] : [];
});

export const SCENARIOS_OF_TEAMS: Readonly<Record<string, Scenario>> = {
  led: {
    about:
      'A team whose strategy asks, adds, accepts, drops, is refused, sleeps, has something done again with feedback and finishes; in it another, which gives up, and a value stands in.',
    async play(stage) {
      const reprise = await stage.start(
        LED,
        {
          echo: ({ taskId, input }) => ({ taskId, input }),
          broken: () => {
            throw new Error('no');
          },
        },
        {},
        [leader],
      );
      await reprise.startRun(LED, { topic: 'bees' }, { id: 'led-1' });
      await stage.toEnd('led-1');
      return 'led-1';
    },
  },
  called: {
    about:
      'A team that calls for proposals: one bids by its output, one by a message, one refuses; who wins fails, and it is handed over.',
    async play(stage) {
      const reprise = await stage.start(
        CALLED,
        {
          cheap: ({ taskId }) => {
            if (taskId === 'market/job') throw new Error('too much');
            return { price: 1 };
          },
          dear: async ({ taskId }, { messages }) => {
            if (taskId === 'market/job') return 'done';
            const call = await messages.receive();
            if (call !== undefined) await messages.reply(call, { price: 9 }, { performative: 'propose' });
            return (await messages.receive())?.performative;
          },
          shy: () => ({ refuse: 'busy' }),
        },
        {},
        [caller],
        { cheap: ['work'], dear: ['work'] },
      );
      await reprise.startRun(CALLED, null, { id: 'called-1' });
      await stage.toEnd('called-1');
      return 'called-1';
    },
  },
};
