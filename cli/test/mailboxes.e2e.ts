import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { endTerminals, noTerminal, OnTerminal } from './pseudo-terminal.ts';
import { jsonLines, projects, type Result, Running, reprise } from './support.ts';

const project = projects();

const AGENTS = `
export const teller = {
  name: 'teller',
  handle: async ({ input }, { messages }) => {
    for (const n of input.numbers) await messages.send(input.to, { n }, input.run === undefined ? {} : { run: input.run });
    return null;
  },
};
export const refuser = {
  name: 'refuser',
  handle: async (_, { messages }) => {
    await messages.nack(await messages.receive({ mailbox: '@refused' }), { reason: 'no address', requeue: false });
    return null;
  },
};
`;
const REFUSE = `
name: refuse
tasks:
  refuser: { agent: refuser, may: sendAcross }
`;
const TELL = `
name: tell
tasks:
  teller: { agent: teller, input: "\${ input }", may: sendAcross }
`;
const NARROW = `
name: narrow
mailboxes: { narrow: { limit: 1 } }
tasks:
  done: { wait: { signal: done } }
`;

type Shape = Record<string, unknown>;

describe('mailboxes of no run, and messages between runs', () => {
  let cwd: string;
  let worker: Running | undefined;
  const at = ['-c', 'reprise.config.yaml'];
  const say = (...args: string[]): Promise<Result> => reprise([...args, ...at], { cwd });
  const json = async (...args: string[]) => jsonLines((await say(...args, '--json')).stdout)[0] as Shape;
  const start = async (workflow: string, id: string, input: object = {}): Promise<void> => {
    const { code, stderr } = await say('run', 'start', workflow, '--id', id, '--input', JSON.stringify(input));
    expect(code, stderr).to.equal(0);
  };
  const working = (): void => {
    worker ??= new Running(['worker', 'start', '--log', 'silent', ...at], { cwd });
  };
  const messagesOf = async (...of: string[]) => ((await json(...of))['messages'] ?? []) as Shape[];
  /** Waits until the messages stand so. */
  const stand = async (of: readonly string[], ...statuses: string[]): Promise<void> => {
    for (let last = ''; last !== statuses.join(); ) last = (await messagesOf(...of)).map(({ status }) => status).join();
  };
  const mailboxes = async (...args: string[]) =>
    ((await json('mailbox', 'list', ...args))['mailboxes'] ?? []) as Shape[];

  before(() => {
    cwd = project();
    mkdirSync(join(cwd, 'mail'));
    writeFileSync(join(cwd, 'mail', 'agents.mjs'), AGENTS);
    writeFileSync(join(cwd, 'mail', 'tell.yaml'), TELL);
    writeFileSync(join(cwd, 'mail', 'narrow.yaml'), NARROW);
    writeFileSync(join(cwd, 'mail', 'refuse.yaml'), REFUSE);
    writeFileSync(
      join(cwd, 'reprise.config.yaml'),
      'agents: [mail/agents.mjs]\nworkflows: [mail/tell.yaml, mail/narrow.yaml, mail/refuse.yaml]\n',
    );
  });

  after(() => worker?.child.kill('SIGTERM'));
  after(endTerminals);

  it('are none before the first message', async () => {
    expect((await say('mailbox', 'list')).stderr).to.equal('There is no mailbox that is open.\n');
    expect(await json('mailbox', 'list')).to.deep.equal({ mailboxes: [], next: null });
    const shown = await say('mailbox', 'show', 'desk');
    expect([shown.code, shown.stdout]).to.deep.equal([3, '']);
    expect(shown.stderr).to.match(/There is no mailbox '@desk' yet[\s\S]*Fix: .*mailbox send desk/);
    expect((await say('mailbox', 'close', 'desk', '--yes')).code).to.equal(3);
  });

  it('are there from it on, each tenant has its own, and what is in them waits for whoever takes it', async () => {
    const first = await say(
      'mailbox',
      'send',
      'desk',
      '-d',
      '{"n":1}',
      '--type',
      'pay',
      '--by',
      'kim',
      '--reason',
      'a call',
    );
    expect(first.code, first.stderr).to.equal(0);
    expect(first.stderr).to.match(/^@desk has the message\.\nWhat becomes of it: .*mailbox show desk/);
    const twice = ['mailbox', 'send', '@desk', '--request-id', 'pay-42', '--performative', 'request'];
    expect((await say(...twice)).stdout).to.equal((await say(...twice)).stdout);
    const sent = await json('mailbox', 'send', 'desk', '--tenant', 'acme', '--data', '{"n":2}');
    expect(sent).to.have.all.keys('runId', 'message', 'to', 'driven');
    expect(sent).to.include({ to: '@desk' });
    const [acme, own, ...others] = await mailboxes();
    expect(others).to.deep.equal([]);
    expect(acme).to.include({ mailbox: '@desk', tenant: 'acme', runId: sent['runId'], open: 1, held: 0, dead: 0 });
    expect(own).to.include({ mailbox: '@desk', tenant: null, status: 'running', open: 2, onTheirWay: 0 });
    expect(await mailboxes('--tenant', 'acme')).to.have.length(1);
    const [message] = await messagesOf('mailbox', 'show', 'desk', '--data');
    expect(own?.['waitingSince']).to.equal(message?.['sentAt']);
    expect(message).to.deep.include({ from: 'kim', outside: true, mailbox: '#inbox', type: 'pay', data: { n: 1 } });
    expect(message).to.include({ status: 'open', fromRun: null, toRun: null });
    // Where a run is meant, its name will do.
    expect((await json('run', 'explain', '@desk'))['runId']).to.equal(own?.['runId']);
    expect((await say('run', 'show', '@nobody')).stderr).to.contain("There is no mailbox '@nobody' in this store");
    const listed = await say('mailbox', 'list');
    expect(listed.stdout).to.match(
      /MAILBOX +TENANT +OPEN +TAKEN +WAITING SINCE +DEAD +ON THEIR WAY +RUN\n@desk +acme +1 /,
    );
    const shown = await say('mailbox', 'show', 'desk', '--tenant', 'acme');
    expect(shown.stdout)
      .to.match(/outside \(from outside\) +@desk +inform .* open/)
      .and.to.not.contain('{"n":2}');
  });

  it('are no runs of anybody, unless they are asked for', async () => {
    const [{ runId } = {}] = await mailboxes();
    const id = String(runId);
    const listed = async (...args: string[]) => ((await json('run', 'list', ...args))['runs'] as Shape[]).length;
    expect(await listed()).to.equal(0);
    expect(await listed('status:running')).to.equal(0);
    expect(await listed('--workflow', 'reprise.mailbox')).to.equal(2);
    expect(await listed('workflow:reprise.*')).to.equal(2);
    expect(await listed('label.mailbox:desk')).to.equal(2);
    expect(await listed(`id:${id}`)).to.equal(1);
    expect((await say('run', 'show', 'last')).code).to.equal(3);
    expect((await say('run', 'show', id.slice(0, 12))).stdout).to.contain('reprise.mailbox');
    const cancelled = await json('run', 'cancel', '--query', 'id:*', '--dry-run');
    expect(cancelled).to.deep.include({ matched: 0 });
    const idle = await say('worker', 'start', '--until-idle', '--log', 'silent');
    expect(idle.stderr).to.contain('(0 open runs)').and.to.contain('Nothing is left to do.');
  });

  it('are what messages of tasks come to, from whatever run', async () => {
    working();
    await start('tell', 'tell-1', { to: '@orders', numbers: [1, 2] });
    await stand(['mailbox', 'show', 'orders'], 'open', 'open');
    const [there] = await messagesOf('mailbox', 'show', 'orders');
    expect(there).to.include({ from: 'teller', fromRun: 'tell-1', outside: false, message: 'tell-1/teller/1/1' });
    await stand(['run', 'messages', 'tell-1'], 'handed-over', 'handed-over');
    const told = await say('run', 'messages', 'tell-1');
    expect(told.stdout).to.match(/teller\/1\/1 .* teller +@orders +inform .* handed over/);
    const shown = await say('mailbox', 'show', 'orders');
    expect(shown.stdout).to.match(/tell-1\/teller\/1\/1 .* teller of run tell-1 +@orders .* open/);
    const [first] = await messagesOf('run', 'messages', 'tell-1', '--mailbox', '@orders');
    expect(first).to.include({ mailbox: '@orders', toRun: (await mailboxes())[0]?.['runId'], receipt: null });
  });

  it('say in the run that writes what is on its way, to which run, and that it waits for that before it ends', async () => {
    working();
    await start('narrow', 'narrow-1');
    await start('tell', 'tell-2', { to: '#narrow', run: 'narrow-1', numbers: [1, 2, 3] });
    await stand(['run', 'messages', 'tell-2'], 'handed-over', 'on-its-way', 'on-its-way');
    const told = await say('run', 'messages', 'tell-2');
    expect(told.stdout).to.match(/teller +#narrow of run narrow-1 +inform .* on its way/);
    expect(await messagesOf('run', 'messages', 'tell-2', '--mailbox', '#narrow')).to.have.length(0);
    expect(await messagesOf('run', 'messages', 'tell-2', '--mailbox', '>narrow-1/#narrow')).to.have.length(3);
    for (let handOver: unknown; handOver === undefined || handOver === null; )
      ({ handOver } = await json('run', 'explain', 'tell-2'));
    const { handOver } = await json('run', 'explain', 'tell-2');
    expect(handOver).to.have.all.keys('until', 'to');
    expect((handOver as Shape)['to']).to.deep.equal([{ runId: 'narrow-1', mailbox: '#narrow', messages: 2 }]);
    for (const command of ['explain', 'show'])
      expect((await say('run', command, 'tell-2')).stdout, command).to.match(
        /On their way to others; the run ends without them at .*\n {2}2 messages to #narrow of run narrow-1\n/,
      );
    const history = await say('run', 'history', 'tell-2');
    expect(history.stdout)
      .to.match(/teller to #narrow of run narrow-1, \{"n":3\}/)
      .and.to.match(/up to number 1, by #narrow of run narrow-1/)
      .and.to.match(/others have yet to take 2 messages; for 5m 0s at the most/);
    await say('run', 'signal', 'narrow-1', 'done');
    await stand(['run', 'messages', 'tell-2'], 'handed-over', 'closed', 'closed');
    const letters = (await json('dead-letter', 'list', '--closed', 'run:tell-2'))['deadLetters'] as Shape[];
    expect(letters.map(({ mailbox, toRun, code }) => [mailbox, toRun, code])).to.deep.equal([
      ['#narrow', 'narrow-1', 'REPRISE_RUN_CLOSED'],
      ['#narrow', 'narrow-1', 'REPRISE_RUN_CLOSED'],
    ]);
    expect((await say('dead-letter', 'list', '--closed', 'toRun:narrow-1')).stdout).to.contain(
      '#narrow of run narrow-1',
    );
  });

  it('are closed after a look at what is in them, and take nothing then', async () => {
    working();
    const asked = await say('mailbox', 'close', 'desk');
    expect([asked.code, asked.stdout]).to.deep.equal([2, '']);
    expect(asked.stderr).to.match(
      /would close @desk with 2 open messages \(the oldest of .*\), .*--yes.*mailbox show desk/,
    );
    if (noTerminal === undefined) {
      const doubtful = new OnTerminal(['mailbox', 'close', 'desk', ...at], { cwd, columns: 120 });
      await doubtful.shows(/This will close @desk with 2 open messages[\s\S]*Go on\? \[y\/N\]/);
      doubtful.type('n\n');
      await doubtful.shows(/Nothing was done\./);
      expect(await doubtful.ended).to.equal(1);
    }
    const closed = await json('mailbox', 'close', 'desk', '--yes', '--by', 'kim', '--reason', 'the desk has moved');
    expect(closed).to.include({ mailbox: '@desk', open: 2, dead: 0 });
    for (let open = 3; open > 2; ) open = (await mailboxes()).length;
    expect((await mailboxes('--closed')).map(({ mailbox, status }) => [mailbox, status])).to.deep.include([
      '@desk',
      'completed',
    ]);
    expect((await messagesOf('mailbox', 'show', 'desk')).map(({ status }) => status)).to.deep.equal([
      'closed',
      'closed',
    ]);
    for (const args of [
      ['send', 'desk'],
      ['close', 'desk', '--yes'],
    ]) {
      const late = await say('mailbox', ...args);
      expect([late.code, late.stdout], late.stderr).to.deep.equal([1, '']);
      expect(late.stderr).to.match(/REPRISE_RUN_CLOSED: The mailbox '@desk' was closed[\s\S]*Use another name/);
    }
  });

  it('have the dead letters of what was taken from them, when the run that had it is over', async () => {
    working();
    await start('tell', 'tell-refused', { to: '@refused', numbers: [1] });
    await start('refuse', 'refuse-1');
    await stand(['mailbox', 'show', 'refused'], 'dead');
    const { deadLetters } = await json('dead-letter', 'list', 'mailbox:@refused');
    const [row] = deadLetters as Shape[];
    expect(row).to.include({
      message: 'tell-refused/teller/1/1',
      reason: 'no address',
      from: 'teller',
      status: 'open',
    });
    const run = String(row?.['runId']);
    const { code, stderr } = await say('dead-letter', 'redrive', run, 'tell-refused/teller/1/1', '--reason', 'again');
    expect(code, stderr).to.equal(0);
    await stand(['mailbox', 'show', 'refused'], 'open');
    // Whoever takes it next gives it up, too.
    await start('refuse', 'refuse-2');
    await stand(['mailbox', 'show', 'refused'], 'dead');
    expect((await say('dead-letter', 'discard', run, 'tell-refused/teller/1/1', '--reason', 'enough')).code).to.equal(
      0,
    );
    expect((await say('dead-letter', 'list', 'mailbox:@refused')).stderr).to.contain('No dead letter fits.');
  });

  it('are named as such, or it is said what is meant', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['mailbox', 'show', '#desk'], /is a mailbox of a workflow[\s\S]*run messages/],
      [['mailbox', 'send', 'a desk'], /is no name of a mailbox/],
      [['mailbox', 'send', 'desk', '--data', '{a}'], /The data in --data is not JSON/],
      [['run', 'send', 'narrow-1', '@desk'], /is a name of no run[\s\S]*mailbox send @desk/],
      [['run', 'send', 'narrow-1', 'client:kim'], /is a program outside the runs[\s\S]*--in-reply-to/],
    ];
    for (const [args, text] of cases) {
      const { code, stdout, stderr } = await say(...args);
      expect(stderr, args.join(' ')).to.match(text);
      expect([code, stdout], args.join(' ')).to.deep.equal([2, '']);
    }
  });
});
