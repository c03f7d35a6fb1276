import {
  type AgentContext,
  type AgentTask,
  createReprise,
  defineAgent,
  type Json,
  type JsonObject,
  parseWorkflow,
} from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { autonomousScheduler } from '../src/index.ts';

// Members that lie, stall, bid wrongly, hand off in circles and throw: every team ends, and within its bounds.

const NAMES = ['ann', 'bob', 'cid', 'dan', 'eve'];
const MOST_HAND_OFFS = 30;
const BIDS: readonly Json[] = [
  { price: 1 },
  { price: -1 },
  { price: 1e308 },
  { price: '1' },
  {},
  null,
  'x',
  [3],
  { refuse: 1 },
];

/** Numbers below `below`, the same for the same seed. */
function chance(seed: number): (below: number) => number {
  let state = seed * 2654435761 + 1;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822507) + 3266489909) >>> 0;
    return state % below;
  };
}

type Deed = (name: string, input: Json, context: AgentContext) => Json | Promise<Json>;

interface End {
  readonly status: string;
  readonly code: string | undefined;
  readonly handOffs: number;
  readonly calls: number;
}

async function play(spec: JsonObject, tasks: string, deed: Deed): Promise<End> {
  const flow = parseWorkflow(
    `name: crew\nconcurrency: 4\ntasks:\n  team:\n    scope: ${tasks}\n    strategy: ${JSON.stringify({ name: 'autonomous', ...spec })}\n`,
  );
  const agents = NAMES.map((name) =>
    defineAgent({
      name,
      capabilities: ['paint'],
      handle: async ({ input }: AgentTask<Json>, context) => deed(name, input, context),
    }),
  );
  const reprise = await createReprise({ workflows: [flow], agents, plugins: [autonomousScheduler()] });
  try {
    await reprise.start();
    const handle = await reprise.startRun(flow, null);
    await handle.result().catch(() => undefined);
    const end = { status: '', code: undefined as string | undefined, handOffs: 0, calls: 0 };
    for await (const { event } of reprise.runs.history(handle.id)) {
      if (event.type === 'TaskHandedOff') end.handOffs += 1;
      if (event.type === 'DecisionMade' && event.kind === 'announce') end.calls += 1;
      if (event.type === 'DecisionRefused') expect.fail(`refused: ${event.kind} ${event.message}`);
      if (event.type === 'RunCompleted' || event.type === 'RunFailed') end.status = event.type;
      if (event.type === 'RunFailed') end.code = event.error.cause?.code;
    }
    expect((await reprise.runs.replay(handle.id)).matches).to.equal(true);
    return end;
  } finally {
    await reprise.stop({ drainMs: 0 });
  }
}

describe('an autonomous team of hostile members', () => {
  for (const length of [2, 3, 4, 5])
    it(`ends a circle of ${length}`, async () => {
      const next = (name: string) => NAMES[(NAMES.indexOf(name) + 1) % length] ?? '';
      const end = await play({ mode: 'hand-off', members: NAMES }, '{}', (name, _input, context) => {
        context.handOff(next(name));
        return null;
      });
      expect(end.code).to.equal(length <= 4 ? 'REPRISE_HAND_OFF_CIRCLE' : 'REPRISE_HAND_OFFS_EXHAUSTED');
      expect(end.handOffs).to.equal(length <= 4 ? 4 * length : MOST_HAND_OFFS + 1);
    });

  it('ends whatever members hand on to whom', async () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const draw = chance(seed);
      const members = NAMES.slice(0, 2 + draw(3));
      const onCircle = draw(2) === 0 ? { onCircle: members[0] ?? '' } : {};
      const spec = { mode: 'hand-off', members, ...onCircle, task: { retry: 1 } };
      const end = await play(spec, '{}', (_name, _input, context) => {
        if (draw(40) === 0) throw new Error('it cannot');
        if (draw(40) === 0) return 'done';
        context.handOff(NAMES[draw(NAMES.length)] ?? '');
        return null;
      });
      expect(end.status, `seed ${seed}`).to.match(/^Run(Completed|Failed)$/);
      expect(end.handOffs, `seed ${seed}`).to.be.at.most(MOST_HAND_OFFS + 1);
      expect(end.code ?? 'none', `seed ${seed}`).to.match(/none|TEAM_FAILED|HAND_OFF/);
    }
  });

  it('ends whatever members bid, and whether they do it', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const draw = chance(seed);
      const onNoBid = (['assign', 'fail', { agent: 'ann' }] as const)[draw(3)] ?? 'assign';
      const spec = { mode: 'bid', rounds: 1, onNoBid, bidTimeout: 50 };
      const task = '{ capability: paint, retry: { maxAttempts: 3, initialDelay: 1 } }';
      const end = await play(spec, `{ one: ${task}, two: ${task}, three: ${task} }`, async (_name, input, context) => {
        if (draw(5) === 0) throw Object.assign(new Error('it cannot'), { retryable: true });
        const isCall = input !== null && typeof input === 'object' && 'round' in input;
        if (isCall && draw(8) === 0)
          return new Promise((resolve) => context.signal.addEventListener('abort', () => resolve(null)));
        return isCall ? (BIDS[draw(BIDS.length)] ?? null) : 'done';
      });
      expect(end.status, `seed ${seed}`).to.match(/^Run(Completed|Failed)$/);
      expect(end.code ?? 'none', `seed ${seed}`).to.match(/none|TEAM_FAILED|NO_BID/);
      expect(end.calls, `seed ${seed}`).to.be.at.most(3);
    }
  });

  it('ends whatever triggers say', async () => {
    const triggers = ['true', 'false', 'work.tries > 0', 'board.nothing', '1', "'one' in board"];
    for (let seed = 1; seed <= 20; seed += 1) {
      const draw = chance(seed);
      const members = NAMES.slice(0, 3).map((agent) => ({ agent, trigger: triggers[draw(triggers.length)] ?? 'true' }));
      const spec = { mode: 'claim', members, onNoClaim: draw(2) === 0 ? 'fail' : 'assign' };
      const task = '{ capability: paint, retry: { maxAttempts: 2, initialDelay: 1 } }';
      const end = await play(spec, `{ one: ${task}, two: ${task}, three: ${task} }`, () => {
        if (draw(4) === 0) throw Object.assign(new Error('it cannot'), { retryable: true });
        return 'done';
      });
      expect(end.status, `seed ${seed}`).to.match(/^Run(Completed|Failed)$/);
      expect(end.code ?? 'none', `seed ${seed}`).to.match(/none|TEAM_FAILED|NOT_CLAIMED/);
    }
  });
});
