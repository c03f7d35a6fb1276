import { type AgentTask, defineAgent, type Json, remoteAgent, template, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventually, orchestrators } from './support.ts';

// What agents do to their run, through a worker and the engine.

const echo = (name: string) => defineAgent({ name, handle: ({ input }: AgentTask) => ({ [name]: input }) });

describe('an agent that does something to its run', () => {
  const { start } = orchestrators();

  it('adds tasks, which are done before the run goes on', async () => {
    const planner = defineAgent({
      name: 'planner',
      handle: ({ input, taskId }: AgentTask<{ questions: readonly string[] }>, context) => {
        for (const [index, question] of input.questions.entries())
          context.spawn(
            { [`ask-${index}`]: { agent: 'asker', after: taskId, input: { question } } },
            { before: 'report' },
          );
        return 'planned';
      },
    });
    const report = defineAgent({ name: 'report', handle: () => 'reported' });
    const flow = workflow<{ questions: readonly string[] }>('research')
      .task('plan', planner, { may: 'spawn' })
      .task('report', report, { after: 'plan' })
      .build();
    const reprise = await start({ workflows: [flow], agents: [echo('asker')] });
    const run = await reprise.startRun(flow, { questions: ['why', 'how'] });
    expect(await run.outcome()).to.deep.equal({ status: 'completed', output: 'reported' });
    const { tasks } = await run.state();
    expect(tasks.get('ask-1')?.output).to.deep.equal({ asker: { question: 'how' } });
    expect((tasks.get('report')?.startedAt ?? 0) >= (tasks.get('ask-1')?.endedAt ?? 1)).to.equal(true);
  });

  it('is told what was wrong, and may do better', async () => {
    const seen: Json[] = [];
    const planner = defineAgent({
      name: 'planner',
      handle: ({ error = null, attempt }: AgentTask, context) => {
        seen.push(error);
        context.spawn({ more: { agent: attempt === 1 ? 'aksr' : 'asker' } });
        return attempt;
      },
    });
    const retry = { maxAttempts: 2, initialDelay: 0 };
    const flow = workflow('told').task('plan', planner, { may: 'spawn', retry }).build();
    const reprise = await start({ workflows: [flow], agents: [echo('asker')] });
    const run = await reprise.startRun(flow, null);
    expect(await run.outcome()).to.deep.equal({ status: 'completed', output: 2 });
    expect(seen[0]).to.equal(null);
    expect(seen[1]).to.have.property('code', 'REPRISE_DIRECTIVE_REFUSED');
    expect(seen[1])
      .to.have.property('message')
      .that.matches(/no agent that is there is called 'aksr'/);
  });

  it('may add a task for an agent that is not there yet, where a workflow asks for one', async () => {
    const planner = defineAgent({
      name: 'planner',
      handle: (_: AgentTask, context) => context.spawn({ far: { agent: 'far-away' }, near: { agent: 'asker' } }),
    });
    const flow = workflow('far').task('plan', planner, { may: 'spawn' }).build();
    const other = workflow('other')
      .task('one', remoteAgent({ name: 'far-away' }))
      .build();
    const reprise = await start({ workflows: [flow, other], agents: [echo('asker')] });
    const run = await reprise.startRun(flow, null);
    await eventually(async () => (await run.state()).tasks.get('near')?.status === 'completed');
    expect((await run.state()).tasks.get('far')).to.include({ status: 'ready' });
    await run.cancel();
  });

  it('goes back, and what begins again has another key; a restart from outside does so, too', async () => {
    const calls: string[] = [];
    const writer = defineAgent({
      name: 'writer',
      handle: ({ input, idempotencyKey, runId }: AgentTask) => {
        calls.push(`${idempotencyKey.replace(runId, '')} ${JSON.stringify(input)}`);
        return calls.length;
      },
    });
    const critic = defineAgent({
      name: 'critic',
      handle: ({ input }: AgentTask<number>, context) => {
        if (input < 2) context.goto('draft', { feedback: `not ${input}`, why: 'too short' });
        return input;
      },
    });
    const flow = workflow('paper')
      .task('draft', writer, { input: template(`\${ feedback }`) })
      .task('review', critic, { after: 'draft', may: 'goto' })
      .wait('go', { signal: 'go' }, { after: 'review' })
      .build();
    const reprise = await start({ workflows: [flow], agents: [] });
    const run = await reprise.startRun(flow, null);
    await eventually(async () => (await run.state()).tasks.get('go')?.status === 'running');
    await run.restart('draft', { requestId: 'again', by: 'anna' });
    await run.restart('draft', { requestId: 'again', by: 'anna' });
    await eventually(async () => (await run.state()).tasks.get('go')?.status === 'running' && calls.length === 3);
    await run.signal('go', 'gone');
    expect(await run.outcome()).to.deep.equal({ status: 'completed', output: 'gone' });
    expect(calls).to.deep.equal(['/draft null', '/draft+1 "not 1"', '/draft+2 "not 1"']);
  });

  it('ends its run', async () => {
    const finder = defineAgent({ name: 'finder', handle: (_: AgentTask, context) => context.finish({ found: 1 }) });
    const flow = workflow('found')
      .task('find', finder, { may: 'finish' })
      .task('next', echo('next'), { after: 'find' })
      .build();
    const reprise = await start({ workflows: [flow] });
    const run = await reprise.startRun(flow, null);
    expect(await run.outcome()).to.deep.equal({ status: 'completed', output: { found: 1 } });
  });
});
