import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { endTerminals, noTerminal, OnTerminal } from './pseudo-terminal.ts';
import { jsonLines, projects, type Result, Running, reprise } from './support.ts';

const project = projects();

const AGENTS = `
export const writer = {
  name: 'writer',
  handle: async ({ input }, { messages }) => {
    const many = Array.from({ length: input.many ?? 0 }, (_, n) => n);
    for (let at = 0; at < many.length; at += 50)
      await Promise.all(many.slice(at, at + 50).map((n) => messages.send('#other', { n }, { expires: 1 })));
    for (const card of input.cards) {
      const note = 'secret \\u001b[31mred\\u001b[0m\\u202e';
      await messages.send('#desk', { card, note }, { type: 'pay\\u001b[2J', conversation: 'c-' + card });
    }
    return null;
  },
};

export const clerk = {
  name: 'clerk',
  handle: async (_, { messages }) => {
    for (const done = []; ; ) {
      const message = await messages.receive({ mailbox: '#desk' });
      if (message.data.card === 'stop') return done;
      if (message.data.card !== 'good') throw Object.assign(new Error('declined \\u001b[31m' + message.data.card), { code: 'CARD_DECLINED' });
      done.push(message.data.card);
      await messages.ack(message);
    }
  },
};
`;
const PAY = `
name: pay
mailboxes: { desk: { retry: 1 }, other: {} }
tasks:
  writer: { agent: writer, input: "\${ input }", may: send }
  clerk: { agent: clerk, retry: { maxAttempts: 100, initialDelay: 1ms } }
`;

describe('dead letters', () => {
  let cwd: string;
  let worker: Running;
  const say = (...args: string[]): Promise<Result> => reprise([...args, '-c', 'reprise.config.yaml'], { cwd });
  const json = async (...args: string[]) =>
    jsonLines((await say(...args, '--json')).stdout)[0] as Record<string, unknown>;
  const start = async (id: string, ...cards: string[]): Promise<void> => {
    const input = JSON.stringify({ cards });
    expect((await say('run', 'start', 'pay', '--id', id, '--input', input)).code).to.equal(0);
  };
  const messagesOf = async (id: string, ...more: string[]) =>
    ((await json('run', 'messages', id, ...more))['messages'] ?? []) as Record<string, unknown>[];
  const letters = async (...args: string[]) =>
    ((await json('dead-letter', 'list', ...args))['deadLetters'] ?? []) as Record<string, unknown>[];
  /** Waits until the messages of a run stand so. */
  const stands = async (id: string, ...statuses: string[]): Promise<void> => {
    for (let last = ''; last !== statuses.join(); ) last = (await messagesOf(id)).map(({ status }) => status).join();
  };

  before(() => {
    cwd = project();
    mkdirSync(join(cwd, 'mail'));
    writeFileSync(join(cwd, 'mail', 'agents.mjs'), AGENTS);
    writeFileSync(join(cwd, 'mail', 'pay.yaml'), PAY);
    writeFileSync(join(cwd, 'reprise.config.yaml'), 'agents: [mail/agents.mjs]\nworkflows: [mail/pay.yaml]\n');
    worker = new Running(['worker', 'start', '--log', 'silent', '-c', 'reprise.config.yaml'], { cwd });
  });

  after(() => worker.child.kill('SIGTERM'));
  after(endTerminals);

  it('are none where there is no run', async () => {
    expect((await say('dead-letter', 'list')).stderr).to.contain('There is no dead letter.');
    expect(await json('dead-letter', 'list')).to.deep.equal({ deadLetters: [], next: null });
  });

  it('are listed, shown, mended and redriven, and what agents wrote is shown, never obeyed', async () => {
    await start('r-1', 'bad', 'good');
    await stands('r-1', 'dead', 'acknowledged');
    const [letter, ...others] = await letters();
    expect(others).to.deep.equal([]);
    expect(letter).to.include({
      runId: 'r-1',
      workflow: 'pay',
      mailbox: '#desk',
      from: 'writer',
      performative: 'inform',
      code: 'CARD_DECLINED',
      deliveries: 1,
      status: 'open',
      type: 'pay\u001b[2J',
    });
    const listed = await say('dead-letter', 'list', 'mailbox:#desk code:CARD_DECLINED since>=-1h');
    expect(listed.stdout).to.match(/RUN +MESSAGE +MAILBOX +FROM +ABOUT +SINCE +DELIVERIES +CODE +REASON/);
    expect(listed.stdout).to.match(
      /r-1 +writer\/1\/1 +#desk +writer +inform pay\\u001b\[2J .* CARD_DECLINED +declined \\u001b\[31mbad/,
    );
    expect((await say('dead-letter', 'list', 'mailbox:other')).stderr).to.contain('No dead letter fits.');
    expect((await say('dead-letter', 'list', 'mailbux:other')).code).to.equal(2);

    const shown = await say('dead-letter', 'show', 'r-1', 'writer/1/1');
    expect(shown.stdout)
      .to.match(
        /From +writer\nMailbox +#desk\n[\s\S]*Part of +c-bad\n[\s\S]*Why +CARD_DECLINED: declined[\s\S]*Now +dead: CARD_DECLINED/,
      )
      .and.to.match(/Who had it\n {2}\S+ \S+ {2}clerk \(attempt 1\): CARD_DECLINED: declined/)
      .and.to.match(/"card": "bad",\n {4}"note": "secret \\u001b\[31mred\\u001b\[0m\\u202e"/);
    expect((await json('dead-letter', 'show', 'r-1', 'writer/1/1'))['data']).to.deep.include({ card: 'bad' });

    for (const { stdout } of [listed, shown]) expect(stdout).to.not.contain('\u001b').and.to.not.contain('\u202e');
    for (const text of [listed.stdout, JSON.stringify(letter)]) expect(text).to.not.contain('secret');

    writeFileSync(join(cwd, 'mended.json'), '{"card":"good"}');
    const edited = await say(
      'dead-letter',
      'edit',
      'r-1',
      'writer/1/1',
      '--data',
      '@mended.json',
      '--reason',
      'typing error',
      '--by',
      'kim',
    );
    expect(edited.stderr).to.contain("Dead letter 'writer/1/1' of run r-1 says something else now.");
    expect(edited.stderr).to.match(
      /Nobody gets it until it is redriven: .*dead-letter redrive r-1 'writer\/1\/1' --reason WHY --config reprise\.config\.yaml\n/,
    );
    expect((await say('dead-letter', 'show', 'r-1', 'writer/1/1')).stdout).to.match(
      /\nNow +dead: CARD_DECLINED\nEdited +once, \S+ \S+ by kim: typing error\n/,
    );
    const redriven = await json('dead-letter', 'redrive', 'r-1', 'writer/1/1', '--reason', 'mended', '--by', 'kim');
    expect(redriven).to.deep.include({ runId: 'r-1', messages: ['r-1/writer/1/1'], status: 'running', driven: true });
    await stands('r-1', 'acknowledged', 'acknowledged');
    expect(await letters()).to.deep.equal([]);
    expect(await letters('status:redriven')).to.have.length(1);
    const after = await json('dead-letter', 'show', 'r-1', 'writer/1/1');
    expect(after['lastEdit']).to.deep.include({ by: 'kim', reason: 'typing error' });
    expect(after).to.deep.include({
      message: 'r-1/writer/1/1',
      status: 'acknowledged',
      edited: 1,
      redriven: 1,
    });
    const history = await say('run', 'history', 'r-1', '--type', 'DeadLettersRedriven', '--type', 'DeadLetterEdited');
    expect(history.stdout).to.match(/by kim: typing error[\s\S]*by kim: mended/);
  });

  it('of a run that ended are closed, and nothing more is done with them', async () => {
    await start('r-2', 'bad', 'stop');
    await stands('r-2', 'closed', 'acknowledged');
    expect(await letters()).to.deep.equal([]);
    expect((await letters('--closed')).map(({ runId, status }) => [runId, status])).to.deep.equal([['r-2', 'closed']]);
    expect((await say('dead-letter', 'list', '--closed')).stdout).to.match(/STATUS/);
    const late = await say('dead-letter', 'redrive', 'r-2', 'writer/1/1', '--reason', 'late');
    expect([late.code, late.stderr.includes('REPRISE_RUN_CLOSED')]).to.deep.equal([1, true]);
  });

  it('are settled by query, after a look; what is refused is said by run, and ends with 1', async () => {
    await start('m-1', 'x', 'y', 'good');
    await start('m-2', 'z', 'good');
    await stands('m-1', 'dead', 'dead', 'acknowledged');
    await stands('m-2', 'dead', 'acknowledged');
    const query = ['--query', 'run:m-1,m-2 code:CARD_DECLINED'];
    const why = ['--reason', 'the service is back'];
    const dry = await say('dead-letter', 'redrive', ...query, ...why, '--dry-run');
    expect(dry.stderr).to.match(
      /It would redrive 3 dead letters:\n {2}m-1 {2}writer\/1\/1 {2}#desk {2}CARD_DECLINED\n/,
    );
    const asked = await say('dead-letter', 'redrive', ...query, ...why);
    expect([asked.code, asked.stderr.includes('--yes')]).to.deep.equal([2, true]);
    if (noTerminal === undefined) {
      const args = ['dead-letter', 'redrive', ...query, ...why, '-c', 'reprise.config.yaml'];
      const doubtful = new OnTerminal(args, { cwd, columns: 100 });
      await doubtful.shows(/This will redrive 3 dead letters:[\s\S]*Go on\? \[y\/N\]/);
      doubtful.type('n\n');
      await doubtful.shows(/Nothing was done\./);
      expect(await doubtful.ended).to.equal(1);
      expect(await letters('run:m-1,m-2')).to.have.length(3);
    }
    const refused = await json('dead-letter', 'redrive', ...query, ...why, '--to', '#nowhere', '--yes');
    expect(refused).to.deep.include({ matched: 3, done: [] });
    expect(
      (refused['failed'] as { runId: string; code: string }[]).map(({ runId, code }) => [runId, code]),
    ).to.have.deep.members([
      ['m-1', 'REPRISE_MAILBOX_UNKNOWN'],
      ['m-2', 'REPRISE_MAILBOX_UNKNOWN'],
    ]);
    const said = await say('dead-letter', 'redrive', ...query, ...why, '--to', '#nowhere', '--yes');
    expect(said.code).to.equal(1);
    expect(said.stderr).to.match(/m-[12]: REPRISE_MAILBOX_UNKNOWN[\s\S]*0 dead letters redriven, 3 refused\./);
    const other = await say('dead-letter', 'redrive', ...query, ...why, '--to', '#other', '--yes');
    expect([other.code, other.stderr]).to.deep.equal([0, '3 dead letters redriven.\n']);
    await stands('m-1', 'open', 'open', 'acknowledged');
    expect((await messagesOf('m-1', '--mailbox', '#other')).map(({ redriven }) => redriven)).to.deep.equal([1, 1]);
    await start('m-3', 'x', 'good');
    await stands('m-3', 'dead', 'acknowledged');
    const discarded = await say('dead-letter', 'discard', '-q', 'run:m-3', '--reason', 'paid by hand', '-y');
    expect(discarded.stderr).to.equal('1 dead letter discarded.\n');
    await stands('m-3', 'discarded', 'acknowledged');
    expect((await say('dead-letter', 'discard', '-q', 'run:m-3', '--reason', 'again', '-y')).stderr).to.equal(
      'No dead letter fits.\n',
    );
  });

  it('are settled up to 256 of a run at once', async () => {
    const input = JSON.stringify({ cards: ['good'], many: 600 });
    expect((await say('run', 'start', 'pay', '--id', 'many', '--input', input)).code).to.equal(0);
    for (let dead = 0; dead < 600; ) dead = (await messagesOf('many')).filter(({ status }) => status === 'dead').length;
    expect(await letters('run:many', '--limit', '10')).to.have.length(10);
    const page = await json('dead-letter', 'list', 'run:many', '--limit', '599');
    const rest = await letters('run:many', '--limit', '599', '--after', String(page['next']));
    expect(rest).to.have.length(1);
    expect(rest[0]).to.include({ code: 'REPRISE_MESSAGE_EXPIRED', deliveries: 0 });
    const all = await json('dead-letter', 'discard', '--query', 'run:many', '--reason', 'old', '--yes');
    expect((all['done'] as { messages: unknown[] }[]).map(({ messages }) => messages.length)).to.deep.equal([
      256, 256, 88,
    ]);
    expect(await letters('run:many')).to.deep.equal([]);
  });

  it('are named as they are used, or it is said how', async () => {
    const cases: readonly (readonly [readonly string[], RegExp, number])[] = [
      [['redrive', '--reason', 'x'], /Name a run and dead letters of it/, 2],
      [['redrive', 'm-1', '--reason', 'x'], /Name a run and dead letters of it/, 2],
      [['redrive', 'm-1', 'a', '--query', 'run:m-1', '--reason', 'x'], /not both/, 2],
      [['redrive', 'm-1', 'a', '--yes', '--reason', 'x'], /--yes and --dry-run are for many/, 2],
      [['redrive', '--query', ' ', '--reason', 'x'], /The query is empty/, 2],
      [['redrive', 'm-1', 'a'], /Missing required flag reason/, 2],
      [['redrive', 'none', 'a', '--reason', 'x'], /REPRISE_RUN_NOT_FOUND/, 3],
      [['discard', 'm-1', 'a', '--reason', 'x'], /REPRISE_DEAD_LETTER_UNKNOWN[\s\S]*dead-letter list/, 1],
      [['edit', 'm-1', 'a', '--data', '1', '--reason', 'x'], /REPRISE_DEAD_LETTER_UNKNOWN/, 1],
      [['edit', 'm-1', 'a', '--data', '{a}', '--reason', 'x'], /The data in --data is not JSON/, 2],
      [['edit', 'm-1', 'a', '--data', '@none.json', '--reason', 'x'], /The data file none\.json could not be read/, 2],
      [['show', 'm-1', 'writer/1/3'], /is a message, and never was a dead letter: acknowledged by clerk/, 1],
      [['show', 'm-3', 'writer/1/7'], /did you mean 'writer\/1\/1'\? It has 'writer\/1\/1'/, 1],
    ];
    for (const [args, text, code] of cases) {
      const result = await say('dead-letter', ...args);
      expect(result.stderr, args.join(' ')).to.match(text);
      expect(result.code, args.join(' ')).to.equal(code);
    }
  });

  it('stand beside all messages of a run, which say nothing unless they are asked to', async () => {
    const told = await say('run', 'messages', 'm-1');
    expect(told.stdout).to.match(/MESSAGE +SENT +FROM +TO +ABOUT +SIZE +BECAME/);
    expect(told.stdout).to.match(
      /writer\/1\/1 .* writer +#other +inform pay\\u001b\[2J +\d+ +open, redriven, came back once/,
    );
    expect(told.stdout).to.match(/writer\/1\/3 .* writer +#desk .* acknowledged by clerk/);
    expect(told.stdout).to.not.contain('secret').and.to.not.contain('\u001b');
    const data = await say('run', 'messages', 'm-1', '--data', '--mailbox', '#desk');
    expect(data.stdout).to.contain('secret \\u001b').and.not.to.contain('\u001b').and.not.to.contain('#other');
    const [first] = await messagesOf('m-1');
    expect(first).to.include({ from: 'writer', attempt: 1, outside: false, mailbox: '#other', type: 'pay\u001b[2J' });
    expect(first).to.not.have.property('data');
    expect((await messagesOf('m-1', '--data'))[0]).to.have.property('data');
    expect((await say('run', 'messages', 'm-1', '-m', '#none')).stderr).to.contain("is or was in '#none'");
    const views = (await json('views', 'show', 'who-told-whom')) as { rows: Record<string, unknown>[] };
    expect(views.rows.find(({ to }) => to === '#desk')).to.include({ from: 'writer', workflow: 'pay' });
  });
});
