import { defineAgent, workflow } from '@reprise/core';
import { nextTurn } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventsOf, eventually, gate, only, orchestrators } from './support.ts';

describe('Patterns of work, through real agents', () => {
  const { start } = orchestrators();

  it('an editor and a critic repeat until the critic is content', async () => {
    const seen: unknown[] = [];
    const editor = defineAgent({
      name: 'editor',
      handle: async ({
        input,
        round,
        idempotencyKey,
      }: {
        input: { text: string; feedback: unknown };
        round: number;
        idempotencyKey: string;
      }) => {
        seen.push({ round, feedback: input.feedback, idempotencyKey });
        return input.text + '!'.repeat(round);
      },
    });
    const critic = defineAgent({
      name: 'critic',
      handle: async ({ input }: { input: string }) => ({ content: input.endsWith('!!!'), said: `saw ${input}` }),
    });
    const definition = workflow<{ text: string }>('edited')
      .task('edit', editor, { input: ({ input, feedback }) => ({ text: input.text, feedback }) })
      .task('review', critic, {
        after: 'edit',
        repeat: { from: 'edit', until: ({ output }) => output.content, max: 5 },
      })
      .output(({ outputs }) => outputs.edit)
      .build();
    const reprise = await start({ workflows: [definition] });
    const run = await reprise.startRun(definition, { text: 'hello' }, { id: 'r1' });
    expect(await run.result()).to.equal('hello!!!');
    expect(seen).to.deep.equal([
      { round: 1, feedback: null, idempotencyKey: 'r1/edit' },
      { round: 2, feedback: { content: false, said: 'saw hello!' }, idempotencyKey: 'r1/edit~2' },
      { round: 3, feedback: { content: false, said: 'saw hello!!' }, idempotencyKey: 'r1/edit~3' },
    ]);
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });

  const failing = defineAgent({
    name: 'failing',
    handle: async (_task: { input: unknown }): Promise<string> => {
      throw Object.assign(new Error('never works'), { code: 'ENEVER' });
    },
  });

  it('another agent stands in when every attempt has failed', async () => {
    const spare = defineAgent({ name: 'spare', handle: async ({ input }: { input: unknown }) => `spare of ${input}` });
    const definition = workflow<string>('spared')
      .task('a', failing, { retry: { maxAttempts: 2, initialDelay: 0 }, fallback: { agent: spare } })
      .build();
    const reprise = await start({ workflows: [definition] });
    const run = await reprise.startRun(definition, 'in');
    expect(await run.result()).to.equal('spare of in');
    const events = await eventsOf(reprise, run.id);
    expect(only(events, 'TaskScheduled').map(({ agent, attempt }) => `${agent} ${attempt}`)).to.deep.equal([
      'failing 1',
      'failing 2',
      'spare 3',
    ]);
  });

  it('a fallback task is told what failed, and its output counts', async () => {
    let told: unknown;
    const spare = defineAgent({
      name: 'spare',
      handle: async ({ input }: { input: { input: unknown; error: { code: string } | null } }) => {
        told = input;
        return 'from the spare';
      },
    });
    const last = defineAgent({ name: 'last', handle: async ({ input }: { input: string }) => `last: ${input}` });
    const definition = workflow<string>('stand-in')
      .fallbackTask('spare', spare)
      .task('a', failing, { retry: 1, fallback: { task: 'spare' } })
      .task('b', last, { after: 'a' })
      .build();
    const reprise = await start({ workflows: [definition] });
    expect(await (await reprise.startRun(definition, 'in')).result()).to.equal('last: from the spare');
    expect(told).to.deep.equal({ input: 'in', error: { code: 'ENEVER', message: 'never works' } });
  });

  it('items that fail leave a gap when they may', async () => {
    const half = defineAgent({
      name: 'half',
      handle: async ({ input }: { input: number }) => {
        if (input % 2 === 1) throw Object.assign(new Error('odd'), { retryable: false });
        return input / 2;
      },
    });
    const definition = workflow<number>('gaps')
      .task('a', half, { forEach: { items: () => [0, 1, 2, 3, 4], onItemFailure: 'continue', concurrency: 2 } })
      .build();
    const reprise = await start({ workflows: [definition] });
    expect(await (await reprise.startRun(definition, 1)).result()).to.deep.equal([0, null, 1, null, 2]);
  });

  it('tasks go by priority, then by declaration, when there is one slot', async () => {
    const order: string[] = [];
    const note = defineAgent({
      name: 'note',
      handle: async ({ taskId }: { input: unknown; taskId: string }) => {
        await nextTurn();
        order.push(taskId);
      },
    });
    const definition = workflow('ordered', { concurrency: 1 })
      .task('low', note, { priority: -1 })
      .task('first', note)
      .task('second', note)
      .task('high', note, { priority: 5 })
      .task('after', note, { after: 'high', priority: 4 })
      .build();
    const reprise = await start({ workflows: [definition] });
    await (await reprise.startRun(definition, 1)).result();
    expect(order).to.deep.equal(['high', 'after', 'first', 'second', 'low']);
  });

  it('a capability is served by whoever has it and has least to do, over all runs', async () => {
    const [ada, bob] = [gate('ada', { capabilities: ['write'] }), gate('bob', { capabilities: ['write', 'read'] })];
    const busy = workflow('busy').task('a', ada.agent).task('b', ada.agent).build();
    const asking = workflow<number>('asking')
      .task('a', { capability: 'write' }, { forEach: () => [1, 2, 3] })
      .build();
    const reprise = await start({ workflows: [busy, asking], agents: [bob.agent] });
    const first = await reprise.startRun(busy, 1);
    await eventually(() => ada.waiting === 2);
    const run = await reprise.startRun(asking, 1);
    // Two for bob, who had nothing to do, then one for ada: both have two, and she comes first.
    await eventually(() => ada.waiting + bob.waiting === 5);
    expect([ada.waiting, bob.waiting]).to.deep.equal([3, 2]);
    while (ada.waiting > 0) ada.answer();
    while (bob.waiting > 0) bob.answer();
    await Promise.all([first.result(), run.result()]);
    // Nobody has anything to do any more: the next goes to ada again, then bob.
    const again = await reprise.startRun(asking, 1);
    await eventually(() => ada.waiting + bob.waiting === 3);
    expect([ada.waiting, bob.waiting]).to.deep.equal([2, 1]);
    while (ada.waiting > 0) ada.answer();
    while (bob.waiting > 0) bob.answer();
    await again.result();
  });

  it('a capability goes on being shared fairly after attempts that were cancelled', async () => {
    const [ada, bob] = [gate('ada', { capabilities: ['write'] }), gate('bob', { capabilities: ['write'] })];
    const asking = workflow<number>('asking')
      .task('a', { capability: 'write' }, { forEach: () => [1, 2] })
      .build();
    const reprise = await start({ workflows: [asking], agents: [ada.agent, bob.agent] });
    for (let round = 0; round < 3; round += 1) {
      const run = await reprise.startRun(asking, 1);
      await eventually(() => ada.waiting + bob.waiting === 2);
      expect([ada.waiting, bob.waiting]).to.deep.equal([1, 1]);
      await run.cancel();
      ada.answer();
      bob.answer();
    }
  });
});
