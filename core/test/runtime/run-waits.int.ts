import { type AgentContext, createReprise, defineAgent, outsideWaits, parseWorkflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';

describe('a run that is read', () => {
  it('is at rest, of a name of no run from which a task has taken all there was', async () => {
    const packer = defineAgent({
      name: 'packer',
      async handle(_task: unknown, { messages }: AgentContext) {
        const message = await messages.receive({ mailbox: '@jobs', timeout: '5s' });
        if (message !== undefined) await messages.ack(message);
        return message?.data ?? null;
      },
    });
    const pack = parseWorkflow('name: pack\ntasks: { pack: { agent: packer, may: sendAcross } }');
    const order = parseWorkflow(
      'name: order\ntasks: { order: { send: { to: "@jobs", data: 1, until: acknowledged } } }',
    );
    const reprise = await createReprise({ workflows: [pack, order], agents: [packer] });
    await reprise.start();
    const packed = await reprise.startRun('pack', null);
    // The task asks before anything is there.
    while ((await reprise.runs.list()).every(({ workflow }) => workflow !== 'reprise.mailbox'))
      await new Promise(setImmediate);
    await (await reprise.startRun('order', null)).outcome();
    await packed.outcome();
    const name = (await reprise.runs.list()).find(({ workflow }) => workflow === 'reprise.mailbox');
    const waits = outsideWaits(await reprise.runs.state(name?.runId ?? ''));
    await reprise.stop();
    expect(waits).to.deep.equal({ signals: ['close'], mailboxes: [], forms: [], children: [] });
  });

  it('is at rest when it waits for another message than what is there', async () => {
    const wait = parseWorkflow(
      'name: wait\nmailboxes: { desk: {} }\ntasks: { a: { wait: { message: { mailbox: "#desk", type: more } } } }',
    );
    const reprise = await createReprise({ workflows: [wait] });
    await reprise.start();
    const run = await reprise.startRun('wait', null);
    await run.send('#desk', 1, { type: 'less' });
    const waits = outsideWaits(await reprise.runs.state(run.id));
    await run.send('#desk', 2, { type: 'more' });
    expect((await run.outcome()).status).to.equal('completed');
    await reprise.stop();
    expect(waits).to.deep.equal({ signals: [], mailboxes: ['#desk'], forms: [], children: [] });
  });
});
