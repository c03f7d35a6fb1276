import {
  type AgentTask,
  createReprise,
  defineAgent,
  type Json,
  type JsonObject,
  type Orchestrator,
  parseWorkflow,
  type RepriseConfig,
  type RunEvent,
  type Workflow,
} from '@reprise/core';
import { autonomousScheduler, bidderAgent } from '@reprise/scheduler-autonomous';
import {
  hierarchicalScheduler,
  type ManagerTask,
  managerAgent,
  type WorkerTask,
} from '@reprise/scheduler-hierarchical';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';

// The same work in every mode of execution: what is done first says what is done next (branching), and each is handed what the one before gave (chaining).

interface Order {
  readonly kind: 'short' | 'long';
}

const flow = parseWorkflow(`
name: order
tasks:
  triage: { capability: triage, input: '\${ input }' }
  short: { capability: write, after: triage, when: 'outputs.triage.kind == "short"', input: '\${ outputs.triage }' }
  long: { capability: write, after: triage, when: 'outputs.triage.kind == "long"', input: '\${ outputs.triage }' }
  publish: { capability: publish, after: [short, long], join: any, input: '\${ [outputs.short, outputs.long] }' }
output: '\${ outputs.publish }'
`);

const does: Readonly<Record<string, (input: Json) => Json>> = {
  triage: (input) => ({ kind: (input as unknown as Order).kind, topic: 'tea' }),
  write: (input) => ({ text: `a ${(input as JsonObject)['kind']} one about ${(input as JsonObject)['topic']}` }),
  publish: (input) => ({ published: (input as readonly Json[]).filter((one) => one !== null) }),
};

const bidders = Object.entries(does).map(([name, work]) =>
  bidderAgent<Json, Json>({ name, capabilities: [name], bid: () => ({ price: 1 }), work: ({ input }) => work(input) }),
);

/** By rules of the order: what triage gave says what is planned next. */
const lead = managerAgent({
  name: 'lead',
  decide({ ask, input, news: [news] }: ManagerTask) {
    const step = (name: string, to: string, after: string[]) => ({ step: name, work: `${name}.`, to, after });
    if (ask !== 'next' || news === undefined) return { do: [{ plan: [{ ...step('triage', 'triage', []), input }] }] };
    const progress = { satisfied: false, progressing: true, looping: false, next: news.step };
    const accept = { accept: news.step };
    if (news.step === 'publish') return { progress, do: [accept, { finishWith: 'publish' }] };
    if (news.step !== 'triage') return { progress, do: [accept] };
    const { kind } = news.output as unknown as Order;
    return { progress, do: [accept, { plan: [step(kind, 'write', ['triage']), step('publish', 'publish', [kind])] }] };
  },
});

/** What a step works on: its own input, or what the steps before it gave. */
function handed(name: string, { input, results }: WorkerTask): Json {
  const before = Object.values(results);
  return name === 'triage' ? input : name === 'publish' ? before : (before[0] ?? null);
}

describe('Work that branches and is chained', () => {
  const opened: Orchestrator[] = [];
  afterEach(async () => {
    for (const reprise of opened.splice(0)) await reprise.stop({ drainMs: 0 });
  });

  const play = async (
    played: Workflow,
    agents: RepriseConfig['agents'],
    input: Order,
    strategies: Parameters<Orchestrator['startRun']>[2] = {},
  ) => {
    const plugins = [hierarchicalScheduler(), autonomousScheduler()];
    const reprise = await createReprise({ workflows: [played], ...(agents && { agents }), plugins });
    opened.push(reprise);
    await reprise.start();
    const run = await reprise.startRun(played, input as unknown as Json, strategies);
    const output = (await run.result()) as Json;
    const events: RunEvent[] = [];
    for await (const { event } of reprise.runs.history(run.id)) events.push(event);
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
    const done = events.flatMap((event) =>
      event.type === 'TaskCompleted' && event.via === 'agent' ? [event.taskId] : [],
    );
    return { output, events, done };
  };

  const MODES: Readonly<Record<string, JsonObject | string | undefined>> = {
    graph: undefined,
    sequential: 'sequential',
    'autonomous, bid': { name: 'autonomous', mode: 'bid', bidTimeout: '10s' },
    'autonomous, claim': { name: 'autonomous', mode: 'claim', members: Object.keys(does) },
  };
  for (const [mode, strategy] of Object.entries(MODES))
    for (const kind of ['short', 'long'] as const)
      it(`goes the same way in the mode ${mode}: ${kind}`, async () => {
        const { output, done } = await play(
          flow,
          bidders,
          { kind },
          strategy === undefined ? {} : { strategies: { '': strategy as never } },
        );
        const steps = done.filter((id) => ['triage', 'short', 'long', 'publish'].includes(id));
        expect(steps).to.deep.equal(['triage', kind, 'publish']);
        expect(JSON.stringify(output)).to.contain(`a ${kind} one about tea`);
      });

  for (const kind of ['short', 'long'] as const) {
    it(`goes the same way in the mode hierarchical: ${kind}`, async () => {
      const led = parseWorkflow(`
name: led
strategy: { name: hierarchical, goal: An order, manager: lead, workers: [triage, write, publish] }
tasks: {}
`);
      const workers = Object.entries(does).map(([name, work]) =>
        defineAgent({ name, handle: async ({ input }: AgentTask<WorkerTask>) => work(handed(name, input)) }),
      );
      const { output, done } = await play(led, [lead, ...workers], { kind });
      expect(done.filter((id) => id !== 'lead' && !/^(plan|next)-/.test(id))).to.deep.equal([
        'triage',
        kind,
        'publish',
      ]);
      expect(output).to.deep.equal({ published: [{ text: `a ${kind} one about tea` }] });
    });

    it(`goes the same way in the mode autonomous, hand-off: ${kind}`, async () => {
      const floor = parseWorkflow(`
name: floor
strategy: { name: autonomous, mode: hand-off, members: [triage, short, long, publish], task: { input: '\${ input }' } }
tasks: {}
`);
      const order = ['triage', kind, 'publish'];
      const members = ['triage', 'short', 'long', 'publish'].map((name) =>
        defineAgent({
          name,
          handle: async ({ input }: AgentTask<Json>, context) => {
            const gave = (does[name] ?? does['write'])?.(name === 'publish' ? [input] : input) ?? null;
            if (name === 'publish') return gave;
            context.handOff(name === 'triage' ? (gave as unknown as Order).kind : 'publish', { input: gave });
            return null;
          },
        }),
      );
      const { output, events } = await play(floor, members, { kind });
      expect(events.flatMap((event) => (event.type === 'TaskScheduled' ? [event.agent] : []))).to.deep.equal(order);
      expect(output).to.deep.equal({ published: [{ text: `a ${kind} one about tea` }] });
    });
  }
});
