import {
  type AgentTask,
  createReprise,
  defineAgent,
  type Json,
  type JsonObject,
  parseWorkflow,
  type RunEvent,
} from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { hierarchicalScheduler, type ManagerTask } from '../src/index.ts';
import { answer, type Bounds, bounds, CODES, fitting, specOf } from './hostile-managers.ts';

// The same managers through the engine, with teams in teams that are led as badly: every run ends within its bounds, and replays.

const AUDIT = parseWorkflow('name: audit\ntasks:\n  look: { agent: writer }\n');

const flowOf = (spec: JsonObject, delegations: number) =>
  parseWorkflow(`
name: hostile
tasks:
  before: { agent: critic }
  team:
    after: before
    scope: {}
    strategy: ${JSON.stringify({ ...spec, name: 'hierarchical', managerAttempts: 1 })}
    budget: { delegations: ${delegations} }
    fallback: { value: none }
  s1: { agent: critic, after: team }
`);

interface Ended {
  readonly status: string;
  readonly events: readonly RunEvent[];
  readonly matches: boolean;
}

async function run(
  spec: JsonObject,
  delegations: number,
  answers: readonly unknown[],
  dice: readonly number[],
): Promise<Ended> {
  let turn = 0;
  const roll = (): number => dice[turn++ % dice.length] ?? 0;
  const worker = (name: string) =>
    defineAgent({
      name,
      handle: (_task: AgentTask) => {
        if (roll() % 4 === 0) throw Object.assign(new Error('no'), { code: 'E', retryable: false });
        return name;
      },
    });
  const flow = flowOf(spec, delegations);
  const reprise = await createReprise({
    workflows: [flow, AUDIT],
    agents: [
      worker('writer'),
      defineAgent({ name: 'critic', handle: ({ input }: { input: Json }) => ({ seen: input }) }),
      defineAgent({
        name: 'editor',
        handle: ({ input }: { input: Json }) => {
          const n = roll();
          if (n % 29 === 0) throw new Error('a manager that fails');
          return (
            n % 3 === 0 ? answers[n % answers.length] : fitting(input as unknown as ManagerTask, roll(), turn)
          ) as Json;
        },
      }),
    ],
    plugins: [hierarchicalScheduler({ bounds: { delegations: 3, nonsense: 1, resets: 0 } })],
  });
  await reprise.start();
  try {
    const handle = await reprise.startRun(flow, null);
    const { status } = await handle.outcome();
    const events: RunEvent[] = [];
    for await (const { event } of reprise.runs.history(handle.id)) events.push(event);
    return { status, events, matches: (await reprise.runs.replay(handle.id)).matches === true };
  } finally {
    await reprise.stop({ drainMs: 0 });
  }
}

describe('hierarchical, whatever its manager says, through the engine', function () {
  this.timeout(120_000);
  it('ends within its bounds and its budget, and replays', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        bounds,
        fc.constantFrom('all', 'failed', 'none'),
        fc.array(answer, { minLength: 1, maxLength: 10 }),
        fc.array(fc.nat(1000), { minLength: 5, maxLength: 30 }),
        fc.integer({ min: 1, max: 60 }),
        async (limits: Bounds, review, answers, dice, delegations) => {
          const { status, events, matches } = await run(specOf(limits, review), delegations, answers, dice);
          expect(status).to.equal('completed');
          expect(matches).to.equal(true);
          const of = (scope: string) =>
            events.filter((event) => event.type === 'DecisionMade' && event.scope === scope);
          const made = of('team').flatMap((event) => (event.type === 'DecisionMade' ? [event] : []));
          expect(made.filter(({ kind }) => kind === 'add').length).to.be.at.most(limits.delegations);
          for (const event of events) {
            if (event.type === 'DecisionRefused')
              expect(event.code).to.be.oneOf(['REPRISE_BUDGET_EXHAUSTED', 'REPRISE_TASK_EXISTS']);
            if (event.type !== 'DecisionMade' || event.kind !== 'giveUp') continue;
            expect(event.error?.code).to.be.oneOf(CODES);
            seen.add(event.error?.code ?? '');
          }
          const spent = events.flatMap((event) =>
            event.type === 'DecisionMade' && ['add', 'ask'].includes(event.kind) ? [event] : [],
          );
          expect(spent.length).to.be.at.most(delegations);
        },
      ),
      { numRuns: 100 },
    );
    expect([...seen]).to.include.members([
      'REPRISE_MANAGER_NONSENSE',
      'REPRISE_BUDGET_EXHAUSTED',
      'REPRISE_MANAGER_STALLED',
    ]);
  });
});
