import { createReprise, defineAgent, parseWorkflow, type Workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { world } from './remote-world.ts';
import { codeOfAsync, eventsOf, gate, only, orchestrators } from './support.ts';

const flow = (text: string): Workflow => parseWorkflow(text) as Workflow;

// A task that asks for `writer@2` is made by workers whose agent `writer` is a version 2, and by nobody else.

describe('agents by version', () => {
  const { until, quiet, pass, engine, worker } = world({ durable: true });
  const writer = (version: string) =>
    defineAgent({ name: 'writer', version, capabilities: ['writes'], handle: () => version });
  const many = flow(`
name: many
tasks:
  old: { agent: writer@1, forEach: '[1, 2, 3, 4]' }
  new: { agent: writer@2, forEach: '[1, 2, 3, 4]' }
  exact: { agent: writer@2.1.0, after: new }
  any: { capability: writes, after: exact }
`);

  it('go to the workers that announce them, whichever comes first', async () => {
    await worker(writer('1.4.0'));
    const reprise = await engine({ workflows: [many] });
    await worker(writer('2.1.0'));
    await worker(writer('20.0.0'));
    const run = await reprise.startRun(many, null);
    await until(() => false, 10_000);
    const { tasks } = await run.state();
    expect(tasks.get('old')?.output).to.deep.equal(Array(4).fill('1.4.0'));
    expect(tasks.get('new')?.output).to.deep.equal(Array(4).fill('2.1.0'));
    expect(tasks.get('exact')?.output).to.equal('2.1.0');
    expect((await run.state()).status).to.equal('completed');
    const scheduled = only(await eventsOf(reprise, run.id), 'TaskScheduled').map(({ agent }) => agent);
    expect(new Set(scheduled)).to.deep.equal(new Set(['writer@1', 'writer@2', 'writer@2.1.0', 'writer']));
    const shown = reprise.agents.find(({ name }) => name === 'writer@2');
    expect(shown?.versions).to.deep.equal(['2.1.0']);
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });

  it('that nobody announces are waited for, which explain says, and made when a worker comes', async () => {
    const three = flow('name: three\ntasks: { a: { agent: writer@3, retry: 2 } }');
    const reprise = await engine({ workflows: [three] });
    const { kill } = await worker(writer('2.0.0'));
    const run = await reprise.startRun(three, null);
    await quiet();
    await pass(20_000);
    expect(JSON.stringify(await run.explain())).to.contain("'writer@3'");
    expect(only(await eventsOf(reprise, run.id), 'TaskScheduled')).to.deep.equal([]);
    await kill();
    const it = gate('writer', { version: '3.0.0' });
    const { kill: end } = await worker(it.agent);
    await until(() => it.waiting === 1, 10_000);
    await end();
    // Its lease, and the next attempt.
    const next = gate('writer', { version: '3.5.1' });
    await worker(next.agent);
    await until(() => next.waiting === 1, 120_000);
    next.answer('by 3.5.1');
    expect(await run.result()).to.equal('by 3.5.1');
  });

  it('stand where an agent may: fallbacks, undoing, hand-offs; one before a release is meant by its whole name', async () => {
    const falls = flow(`
name: falls
tasks:
  a: { agent: broken@2, retry: 1, fallback: { agent: writer@2.0.0-beta } }
`);
    const broken = defineAgent({
      name: 'broken',
      version: '2.0.0',
      handle: () => {
        throw new Error('no');
      },
    });
    const reprise = await engine({ workflows: [falls] });
    await worker(broken, writer('2.0.0-beta'));
    const run = await reprise.startRun(falls, null);
    await until(() => false, 10_000);
    expect(await run.result()).to.equal('2.0.0-beta');
    expect(reprise.agents.map(({ name }) => name)).to.deep.equal(['broken', 'broken@2', 'writer', 'writer@2.0.0-beta']);
  });

  it('count to what limits the agent', async () => {
    const list = flow("name: list\ntasks: { each: { agent: writer@2, forEach: '[1, 2, 3, 4, 5]' } }");
    const it = gate('writer', { version: '2.0.0', concurrency: 10 });
    const reprise = await engine({ workflows: [list], admission: { agents: { writer: { concurrency: 2 } } } });
    await worker(it.agent);
    const run = await reprise.startRun(list, null);
    await until(() => it.waiting === 2, 10_000);
    await pass(5000);
    expect(it.calls.length).to.equal(2);
    for (let n = 0; n < 5; n += 1) {
      await until(() => it.waiting > 0, 10_000);
      it.answer(n);
    }
    expect(await run.result()).to.have.length(5);
  });
});

describe('agents by version, on one machine', () => {
  const { start } = orchestrators();
  const writer = (version: string | undefined) =>
    defineAgent({ name: 'writer', ...(version !== undefined && { version }), handle: () => version ?? 'none' });
  const two = flow('name: two\ntasks: { a: { agent: writer@2 }, b: { agent: writer, after: a } }');

  it('are there when the agent is one', async () => {
    const reprise = await start({ workflows: [two], agents: [writer('2.3.4')] });
    expect(await (await reprise.startRun(two, null)).result()).to.equal('2.3.4');
  });

  it('are missed at the start when it is none, and said so', async () => {
    for (const version of ['1.0.0', '20.0.0', '2-beta', undefined])
      expect(await codeOfAsync(createReprise({ workflows: [two], agents: [writer(version)] }))).to.equal(
        'REPRISE_AGENT_UNKNOWN',
      );
    for (const agent of ['writer@', 'writer@@2', '@2', 'writer@^2', 'writer@ 2'])
      expect(() => flow(`name: x\ntasks: { a: { agent: "${agent}" } }`), agent).to.throw(/is not the name of an agent/);
  });
});
