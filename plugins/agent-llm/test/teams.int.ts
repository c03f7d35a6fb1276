import { type Json, type JsonObject, parseWorkflow } from '@reprise/core';
import { autonomousScheduler, BIDDER_SCHEMA, BIDDER_SYSTEM, isCall } from '@reprise/scheduler-autonomous';
import {
  hierarchicalScheduler,
  MANAGER_REPLY_SCHEMA,
  MANAGER_SYSTEM,
  type ManagerTask,
} from '@reprise/scheduler-hierarchical';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type LlmAgentOptions, llmAgent } from '../src/index.ts';
import type { Reply, RequestBody } from './model-server.ts';
import { eventsOf, optionsFor, withServers } from './support.ts';

// Models in teams: one that leads, and some that bid, over the protocol of their server.

/** What the model was told last. */
const told = ({ messages }: RequestBody): JsonObject => JSON.parse(messages.at(-1)?.content ?? 'null') as JsonObject;
const json = (value: unknown): Reply => ({ text: JSON.stringify(value) });

const PROGRESS = { satisfied: false, progressing: true, looping: false, next: 'go on' };

describe('models in teams', () => {
  const { serve, open } = withServers();

  const run = async (strategy: JsonObject, tasks: JsonObject, llm: LlmAgentOptions, input: Json = null) => {
    const flow = parseWorkflow(JSON.stringify({ name: 'w', strategy, tasks }));
    const plugins = [llmAgent(llm), hierarchicalScheduler(), autonomousScheduler()];
    const reprise = await open({ workflows: [flow], plugins });
    const handle = await reprise.startRun('w', input);
    const outcome = (await handle.outcome()) as { output?: Json; error?: { code: string; message: string } };
    expect((await reprise.runs.replay(handle.id)).matches).to.equal(true);
    return { ...outcome, events: (await Array.fromAsync(reprise.runs.history(handle.id))).map(({ event }) => event) };
  };

  it('lead, by a schema: one plans, rejects and finishes, and is asked again about nonsense', async () => {
    const LED = { name: 'hierarchical', goal: 'A slogan about bees', manager: 'lead', workers: ['writer'] };
    let drafts = 0;
    const server = await serve(
      ...Array.from({ length: 8 }, () => (body: RequestBody): Reply => {
        if (body.model === 'small-writer') {
          drafts += 1;
          return { text: drafts === 1 ? 'Bees are insects that make honey.' : 'Buzz on.' };
        }
        const { ask, news, wrong } = told(body) as unknown as ManagerTask;
        if (ask === 'plan' && wrong === undefined)
          return json({
            progress: null,
            facts: null,
            do: [{ plan: [{ step: 'draft', work: 'Write', to: 'nobody', after: null, input: null }] }],
          });
        if (ask === 'plan')
          return json({
            progress: null,
            facts: ['short'],
            do: [{ plan: [{ step: 'draft', work: 'Write it', to: 'writer', after: null, input: null }] }],
          });
        const [one] = news;
        if (String(one?.output).length > 20)
          return json({ progress: PROGRESS, facts: null, do: [{ reject: 'draft', feedback: 'Shorter' }] });
        return json({
          progress: { ...PROGRESS, satisfied: true },
          facts: null,
          do: [{ accept: 'draft' }, { finishWith: 'draft' }],
        });
      }),
    );
    const { output, events } = await run(
      LED,
      {},
      optionsFor(server, {
        agents: {
          lead: { model: 'small-lead', system: MANAGER_SYSTEM, schema: MANAGER_REPLY_SCHEMA },
          writer: { model: 'small-writer', system: 'You write slogans.' },
        },
      }),
    );
    expect(output).to.equal('Buzz on.');
    const decisions = eventsOf(events, 'DecisionMade').map(({ kind, tasks = [] }) => `${kind} ${tasks.join()}`.trim());
    expect(decisions).to.include.members(['add draft', 'reject draft', 'accept draft', 'finish']);
    const asked = server.bodies.filter(({ model }) => model === 'small-lead');
    expect(asked).to.have.length(4);
    expect(told(asked[1] as RequestBody)['wrong']).to.match(/nobody/);
    expect(asked[0]).to.have.nested.property('response_format.json_schema.schema.required').that.deep.equals(['do']);
    expect(asked[0]?.messages[0]).to.deep.equal({ role: 'system', content: MANAGER_SYSTEM });
    const [, second] = server.bodies.filter(({ model }) => model === 'small-writer');
    expect(told(second as RequestBody)).to.deep.include({ work: 'Write it', feedback: 'Shorter' });
  });

  it('bid, by a schema: the cheaper one does the work, and the next when it fails', async () => {
    const nothing = { price: null, estimateMs: null, note: null, refuse: null, result: null };
    const answer = (body: RequestBody): Reply => {
      const input = told(body);
      const isCheap = body.model === 'cheap';
      if (!isCall(input))
        return isCheap ? { status: 503, error: { message: 'busy' } } : json({ ...nothing, result: { sum: 5 } });
      if (input.work.id === 'poem')
        return json({ ...nothing, ...(isCheap ? { refuse: 'I cannot rhyme' } : { price: 1 }) });
      return json({ ...nothing, price: isCheap ? 1 : 7, note: 'soon' });
    };
    const server = await serve(...Array.from({ length: 12 }, () => answer));
    const agent = (model: string) => ({ model, capabilities: ['think'], system: BIDDER_SYSTEM, schema: BIDDER_SCHEMA });
    const { output, events } = await run(
      {
        name: 'autonomous',
        mode: 'bid',
        onNoBid: 'fail',
        output: '{ "poem": board.poem.result, "sum": board.sum.result }',
      },
      {
        sum: { capability: 'think', input: { add: [2, 3] }, retry: { maxAttempts: 3, initialDelay: 1 } },
        poem: { capability: 'think', after: 'sum', input: { about: 'bees' } },
      },
      optionsFor(server, { agents: { cheap: agent('cheap'), dear: agent('dear') } }),
    );
    expect(output).to.deep.equal({ poem: { sum: 5 }, sum: { sum: 5 } });
    const workers = eventsOf(events, 'TaskScheduled').flatMap(({ taskId, agent: by }) =>
      taskId.startsWith('bid') ? [] : [`${taskId} ${by}`],
    );
    expect(workers).to.deep.equal(['sum cheap', 'sum dear', 'poem dear']);
    const said = eventsOf(events, 'MessageSent').map(({ performative }) => performative);
    expect(said.filter((one) => one === 'propose')).to.have.length(3);
    expect(said.filter((one) => one === 'refuse')).to.have.length(1);
    const [call] = server.bodies;
    expect(told(call as RequestBody))
      .to.have.nested.property('work.input.add')
      .that.deep.equals([2, 3]);
    expect(call?.['response_format']).to.have.nested.property('json_schema.strict', false);
  });
});
