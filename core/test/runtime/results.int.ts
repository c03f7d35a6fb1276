import { definePlugin, type Json, type Notice, remoteAgent, workflow } from '@reprise/core';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { world } from './remote-world.ts';
import { eventsOf, gate, only } from './support.ts';

const SECRETS = { REPRISE_TEST_A: 'a'.repeat(32), REPRISE_TEST_B: 'b'.repeat(32) };
const [A, B] = [{ env: 'REPRISE_TEST_A' }, { env: 'REPRISE_TEST_B' }];

describe('Results over a transport that others can reach', () => {
  const { until, quiet, pass, engine, worker, send, overhear, recorded } = world({ durable: true });
  Object.assign(process.env, SECRETS);
  afterEach(() => warnings.splice(0));

  const warnings: Extract<Notice, { kind: 'log' }>[] = [];
  const ears = definePlugin({
    name: 'ears',
    kind: 'monitor',
    create: () => ({
      name: 'ears',
      onEvent: () => undefined,
      onNotice: (notice) => void (notice.kind === 'log' && notice.level === 'warn' && warnings.push(notice)),
      forceFlush: async () => undefined,
      shutdown: async () => undefined,
    }),
  });
  const codes = (): unknown[] =>
    warnings.flatMap(({ fields }) => (fields?.['refused'] === undefined ? [] : [fields['code']]));

  const write = remoteAgent<null, string>({ name: 'writer' });
  const book = workflow<null>('book').task('write', write, { retry: 3 }).build();
  const config = { workflows: [book], dispatchSecret: A };
  const outcome = (runId: string, attempt = 1, output: Json = 'forged') =>
    ({ type: 'CompleteTask', commandId: `forged/${attempt}`, runId, taskId: 'write', attempt, output }) as const;
  const sendersOf = async (runId: string): Promise<(readonly [string, unknown])[]> =>
    (await recorded(runId)).map(({ type, metadata }) => [type, metadata.sender]);

  it('count with the token of their dispatch, and say on record who sent them', async () => {
    const reprise = await engine(config, [ears]);
    const writer = gate('writer');
    const { worker: made } = await worker(writer.agent);
    const run = await reprise.startRun(book, null);
    await until(() => writer.waiting === 1);
    writer.answer('a text');
    expect(await run.result()).to.equal('a text');
    const sender = { worker: made.id, verified: true };
    const senders = await sendersOf(run.id);
    expect(senders).to.deep.include(['TaskStarted', sender]).and.deep.include(['TaskCompleted', sender]);
    expect(senders.find(([type]) => type === 'RunStarted')?.[1]).to.equal(undefined);
    expect(warnings).to.deep.equal([]);
    expect(reprise.border).to.deep.equal({ verifiesResults: true, refused: 0 });
  });

  it('do not count without it, with a wrong one, or with that of another attempt, and the run goes on', async () => {
    const heard = await overhear('writer');
    const reprise = await engine(config, [ears]);
    const writer = gate('writer');
    const { kill } = await worker(writer.agent);
    const run = await reprise.startRun(book, null);
    await until(() => writer.waiting === 1);
    const [first] = heard;
    // It is claimed by then.
    await pass(10);
    await kill();
    await pass(60_000);
    const second = gate('writer');
    await worker(second.agent);
    await until(() => second.waiting === 1);
    await pass(10);
    expect(second.calls[0]?.attempt).to.equal(2);
    const forged: readonly (string | undefined)[] = [
      undefined,
      '',
      'x',
      first?.dispatchtoken,
      `${heard[1]?.dispatchtoken}x`,
    ];
    for (const dispatchtoken of forged)
      await send(
        'reprise.results',
        'reprise.command',
        outcome(run.id, 2),
        dispatchtoken === undefined ? {} : { dispatchtoken },
      );
    for (const type of ['StartTask', 'FailTask', 'SendMessages'])
      await send('reprise.results', 'reprise.command', { ...bodies[type], runId: run.id, taskId: 'write', attempt: 2 });
    await quiet();
    expect(codes()).to.deep.equal(Array.from({ length: 8 }, () => 'REPRISE_RESULT_UNVERIFIED'));
    expect(reprise.border?.refused).to.equal(8);
    expect(warnings.at(-1)?.fields).to.include({ refused: 8 });
    expect((await run.state()).tasks.get('write')).to.include({ status: 'running', attempt: 2 });
    second.answer('a real text');
    expect(await run.result()).to.equal('a real text');
  });

  const mail = { commandId: 'c', worker: 'w', call: 1, messages: [{ to: 'write', data: 1 }] };
  const bodies: Readonly<Record<string, { readonly [key: string]: Json }>> = {
    StartTask: { type: 'StartTask', commandId: 'c', worker: 'w' },
    FailTask: { type: 'FailTask', commandId: 'c', error: { code: 'X', message: 'x', retryable: false } },
    SendMessages: { type: 'SendMessages', ...mail },
  };

  it('are the only commands there: any other is refused, and a result elsewhere', async () => {
    const heard = await overhear('writer');
    const reprise = await engine(config, [ears]);
    const writer = gate('writer');
    await worker(writer.agent);
    const run = await reprise.startRun(book, null);
    await until(() => writer.waiting === 1);
    const { dispatchtoken = '' } = heard[0] ?? {};
    const cancel = {
      type: 'CancelRun',
      commandId: 'c',
      runId: run.id,
      reason: 'not yours',
      taskId: 'write',
      attempt: 1,
    };
    await send('reprise.results', 'reprise.command', cancel, { dispatchtoken });
    await send('reprise.commands', 'reprise.command', outcome(run.id), { dispatchtoken });
    await send('reprise.commands', 'reprise.command', cancel, { dispatchtoken });
    await quiet();
    expect(codes()).to.deep.equal(Array.from({ length: 3 }, () => 'REPRISE_CHANNEL_REFUSED'));
    writer.answer('a text');
    expect(await run.result()).to.equal('a text');
    expect((await eventsOf(reprise, run.id)).map(({ type }) => type)).to.not.include('CommandRejected');
  });

  it('are told of when they are refused, but no more than twenty in a second, and all of them are counted', async () => {
    const reprise = await engine(config, [ears]);
    const writer = gate('writer');
    await worker(writer.agent);
    const run = await reprise.startRun(book, null);
    await until(() => writer.waiting === 1);
    for (let sent = 0; sent < 50; sent += 1) await send('reprise.results', 'reprise.command', outcome(run.id));
    await quiet();
    expect(codes()).to.have.length(20);
    await pass(15_000);
    await send('reprise.results', 'reprise.command', outcome(run.id));
    await quiet();
    expect(warnings.at(-1)?.message).to.contain('(30 more were refused and not told one by one)');
    expect(reprise.border?.refused).to.equal(51);
    writer.answer('a text');
    expect(await run.result()).to.equal('a text');
  });

  it('say of nobody but the sender who they are from, and are no larger than an output may be', async () => {
    const heard = await overhear('writer');
    const limits = { maxPayloadChars: 1000 };
    const reprise = await engine({ ...config, limits }, [ears]);
    const writer = gate('writer');
    await worker(writer.agent);
    const run = await reprise.startRun(book, null);
    await until(() => writer.waiting === 1);
    const { dispatchtoken = '' } = heard[0] ?? {};
    const lies = { said: { by: 'root' }, sender: { worker: 'root', verified: true } };
    await send(
      'reprise.results',
      'reprise.command',
      { ...outcome(run.id, 1, 'x'.repeat(2000)), ...lies },
      { dispatchtoken },
    );
    await quiet();
    const [failed] = only(await eventsOf(reprise, run.id), 'TaskFailed');
    expect(failed?.error).to.include({ code: 'REPRISE_PAYLOAD_TOO_LARGE' });
    const senders = await sendersOf(run.id);
    expect(senders).to.deep.include(['TaskFailed', { worker: 'anybody', verified: true }]);
    for (const { metadata } of await recorded(run.id)) expect(metadata.by).to.equal(undefined);
  });

  it('count with tokens of another orchestrator, and with those of before its secret was changed', async () => {
    const heard = await overhear('writer');
    const first = await engine(config, [ears]);
    const writer = gate('writer');
    await worker(writer.agent);
    const run = await first.startRun(book, null);
    await until(() => writer.waiting === 1);
    await first.stop({ drainMs: 0 });
    // The new secret first, the one before beside it.
    const second = await engine({ ...config, dispatchSecret: [B, A] }, [ears]);
    await quiet();
    writer.answer('a text');
    expect(await second.run(run.id).result()).to.equal('a text');
    const next = await second.startRun(book, null);
    await until(() => writer.waiting === 1);
    await second.stop({ drainMs: 0 });
    const third = await engine({ ...config, dispatchSecret: A }, [ears]);
    const { dispatchtoken = '' } = heard.at(-1) ?? {};
    await send('reprise.results', 'reprise.command', outcome(next.id), { dispatchtoken });
    await quiet();
    expect(codes(), 'who has the old one only takes no token of the new one').to.include('REPRISE_RESULT_UNVERIFIED');
    expect((await third.run(next.id).state()).status).to.equal('running');
  });

  it('are marked as unverified without a secret, which a start says', async () => {
    const heard = await overhear('writer');
    const reprise = await engine({ workflows: [book] }, [ears]);
    const writer = gate('writer');
    const { worker: made } = await worker(writer.agent);
    const run = await reprise.startRun(book, null);
    await until(() => writer.waiting === 1);
    expect(heard[0]).to.not.have.property('dispatchtoken');
    writer.answer('a text');
    expect(await run.result()).to.equal('a text');
    expect(await sendersOf(run.id)).to.deep.include(['TaskCompleted', { worker: made.id, verified: false }]);
    expect(warnings.map(({ message }) => message)).to.have.length(1);
    expect(warnings[0]?.message).to.contain('results are not verified').and.contain('REPRISE_DISPATCH_SECRET');
    expect(reprise.border).to.deep.equal({ verifiesResults: false, refused: 0 });
  });
});

describe('Results within one process', () => {
  const { until, engine, overhear, recorded } = world({ spans: false });

  it('have no token, and no sender, whatever secret there is', async () => {
    const heard = await overhear('local');
    const local = gate('local');
    const definition = workflow('w').task('a', local.agent).build();
    const reprise = await engine({ workflows: [definition], dispatchSecret: A });
    const run = await reprise.startRun(definition, null);
    await until(() => local.waiting === 1);
    expect(heard[0]).to.not.have.property('dispatchtoken');
    local.answer('done');
    expect((await run.outcome()).status).to.equal('completed');
    for (const { metadata } of await recorded(run.id)) expect(metadata).to.not.have.property('sender');
    expect(reprise.border).to.equal(undefined);
  });
});
