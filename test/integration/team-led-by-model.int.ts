import { llmAgent } from '@reprise/agent-llm';
import { createReprise, defineAgent, type Orchestrator, parseWorkflow, type RunEvent } from '@reprise/core';
import {
  hierarchicalScheduler,
  MANAGER_REPLY_SCHEMA,
  MANAGER_SYSTEM,
  type ManagerReply,
  type ManagerTask,
  type WorkerTask,
} from '@reprise/scheduler-hierarchical';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { ModelServer, type RequestBody } from '../../plugins/agent-llm/test/model-server.ts';

// A manager that is a model, on a server that speaks the protocol, and a worker that is one.

const FLOW = `
name: led
strategy: { name: hierarchical, goal: A poem about tea, manager: lead, workers: [poet, counter], managerAttempts: 1, bounds: { nonsense: 1 } }
tasks: {}
`;

/** What a model is told last: what its task was handed. */
const told = ({ messages }: RequestBody): string => messages.at(-1)?.content ?? '';
const handed = (body: RequestBody): ManagerTask => JSON.parse(told(body)) as ManagerTask;
const saying = (answer: ManagerReply) => ({ text: JSON.stringify(answer) });

const progress = { satisfied: false, progressing: true, looping: false, next: '' };

describe('a team that a model leads', () => {
  const opened: { stop(): Promise<unknown> }[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.stop();
  });

  async function run(server: ModelServer) {
    opened.push(server);
    const reprise: Orchestrator = await createReprise({
      workflows: [parseWorkflow(FLOW)],
      agents: [
        defineAgent({
          name: 'counter',
          handle: ({ input }: { input: WorkerTask }) => String(input.results['poem']).length,
        }),
      ],
      plugins: [
        hierarchicalScheduler(),
        llmAgent({
          baseURL: server.url,
          model: 'small',
          stream: false,
          agents: { lead: { system: MANAGER_SYSTEM, schema: MANAGER_REPLY_SCHEMA, repairs: 0 }, poet: {} },
        }),
      ],
    });
    opened.unshift(reprise);
    await reprise.start();
    const handle = await reprise.startRun('led', null);
    const outcome = await handle.outcome();
    const events: RunEvent[] = [];
    for await (const { event } of reprise.runs.history(handle.id)) events.push(event);
    return { outcome, events };
  }

  it('plans by the schema that it is told, is told what was wrong, and finishes', async () => {
    const answers: ManagerTask[] = [];
    const next = (answer: ManagerReply) => (body: RequestBody) => {
      answers.push(handed(body));
      return saying(answer);
    };
    const plan = (to: string): ManagerReply => ({
      do: [
        {
          plan: [
            { step: 'poem', work: 'Write four lines', to },
            { step: 'count', work: 'Count its characters', to: 'counter', after: ['poem'] },
          ],
        },
      ],
    });
    const server = await ModelServer.start(
      next(plan('poett')),
      next(plan('poet')),
      (body) => {
        expect(JSON.parse(told(body))).to.include({ step: 'poem', work: 'Write four lines' });
        return { text: 'Tea for two' };
      },
      next({ progress, do: [{ accept: 'poem' }] }),
      next({ progress: { ...progress, satisfied: true }, do: [{ accept: 'count' }, { finishWith: 'count' }] }),
    );
    const { outcome } = await run(server);
    expect(outcome).to.deep.include({ status: 'completed', output: 'Tea for two'.length });
    expect(answers[1]?.wrong?.[0]).to.match(/no worker 'poett'; did you mean 'poet'\?/);
    expect(answers[2]?.news[0]).to.include({ step: 'poem', output: 'Tea for two' });
    const [first] = server.requests;
    expect(first?.body.messages[0]).to.deep.include({ role: 'system' });
    expect(JSON.stringify(first?.body['response_format'])).to.include('finishWith');
  });

  it('that keeps to no schema fails by nonsense, with what was wrong', async () => {
    const never = { text: 'I would rather talk about coffee.' };
    const { outcome, events } = await run(await ModelServer.start(...Array.from({ length: 20 }, () => never)));
    expect(outcome).to.include({ status: 'failed' });
    const [failed] = events.filter((event) => event.type === 'RunFailed');
    expect(failed?.error.code).to.equal('REPRISE_MANAGER_NONSENSE');
    expect(failed?.error.cause?.code).to.equal('LLM_OUTPUT_INVALID');
  });
});
