import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { jsonLines, projects, type Result, Running, reprise } from './support.ts';

const project = projects();

const AGENTS = `
export const clerk = {
  name: 'clerk',
  handle: async (_, { messages }) => {
    const { id, data, from, type, performative, inReplyTo } = await messages.receive({ mailbox: '#desk' });
    return { id, data, from, type, performative, inReplyTo: inReplyTo ?? null };
  },
};

export const asker = {
  name: 'asker',
  handle: async (_, { messages }) => {
    await messages.send('#questions', 'How much?', { conversation: 'c-1' });
    const { data, conversation, inReplyTo } = await messages.receive();
    return { data, conversation, inReplyTo };
  },
};
`;
const DESK = `
name: desk
mailboxes: { desk: {} }
tasks:
  clerk: { agent: clerk }
output: "\${ outputs.clerk }"
`;
const ASK = `
name: ask
mailboxes: { questions: {} }
tasks:
  asker: { agent: asker, may: send }
output: "\${ outputs.asker }"
`;

describe('run send', () => {
  let cwd: string;
  let worker: Running | undefined;
  const at = ['-c', 'reprise.config.yaml'];
  const say = (...args: string[]): Promise<Result> => reprise([...args, ...at], { cwd });
  const json = async (...args: string[]) =>
    jsonLines((await say(...args, '--json')).stdout)[0] as Record<string, unknown>;
  const start = async (id: string, workflow = 'desk'): Promise<void> => {
    const { code, stderr } = await say('run', 'start', workflow, '--id', id);
    expect(code, stderr).to.equal(0);
  };
  const messagesOf = async (id: string) => (await json('run', 'messages', id, '--data'))['messages'];
  const outputOf = async (id: string): Promise<unknown> => {
    await say('run', 'watch', id);
    return (await json('run', 'show', id))['output'];
  };

  const working = (): void => {
    worker ??= new Running(['worker', 'start', '--log', 'silent', ...at], { cwd });
  };

  before(() => {
    cwd = project();
    mkdirSync(join(cwd, 'mail'));
    writeFileSync(join(cwd, 'mail', 'agents.mjs'), AGENTS);
    writeFileSync(join(cwd, 'mail', 'desk.yaml'), DESK);
    writeFileSync(join(cwd, 'mail', 'ask.yaml'), ASK);
    writeFileSync(
      join(cwd, 'reprise.config.yaml'),
      'agents: [mail/agents.mjs]\nworkflows: [mail/desk.yaml, mail/ask.yaml]\n',
    );
  });

  after(() => worker?.child.kill('SIGTERM'));

  it('is refused for what is no mailbox, no sender and no JSON, and leaves no message', async () => {
    await start('refused');
    const cases: readonly (readonly [readonly string[], RegExp, number])[] = [
      [['refused', '#nowhere'], /REPRISE_MAILBOX_UNKNOWN[\s\S]*#nowhere/, 1],
      [['refused', 'clark'], /REPRISE_MAILBOX_UNKNOWN[\s\S]*clark/, 1],
      [['refused', '#desk', '--from', 'clerk'], /REPRISE_MESSAGE_INVALID[\s\S]*that of no task/, 1],
      [['refused', '#desk', '--by', 'clerk'], /REPRISE_MESSAGE_INVALID[\s\S]*that of no task/, 1],
      [['refused', '#desk', '--performative', 'shout'], /REPRISE_MESSAGE_INVALID[\s\S]*performative/, 1],
      [['refused', '#desk', '--expires', 'soon'], /REPRISE_MESSAGE_INVALID[\s\S]*`expires`/, 1],
      [['refused', '#desk', '--drop'], /--expires/, 2],
      [['refused', '#desk', '--data', '{a}'], /The data in --data is not JSON/, 2],
      [['refused', '#desk', '--data', '@none.json'], /The data file none\.json could not be read/, 2],
      [['nobody', '#desk'], /REPRISE_RUN_NOT_FOUND/, 3],
    ];
    for (const [args, text, code] of cases) {
      const result = await say('run', 'send', ...args);
      expect(result.stderr, args.join(' ')).to.match(text);
      expect([result.code, result.stdout], args.join(' ')).to.deep.equal([code, '']);
    }
    expect(await messagesOf('refused')).to.deep.equal([]);
  });

  it('is kept for a run that nobody drives, once for one request id', async () => {
    await start('kept');
    writeFileSync(join(cwd, 'card.json'), '{"card":"file"}');
    const args = ['run', 'send', 'kept', '#desk', '--data', '@card.json', '--request-id', 'r-1'];
    const first = await say(...args);
    expect(first.stdout).to.equal('kept#PostMessage/r-1\n');
    expect(first.stderr).to.match(
      /^Run kept has the message for '#desk'\.\n.*run messages kept.*\nNo process drives.*worker start/,
    );
    expect((await say(...args)).stdout).to.equal(first.stdout);
    expect(await messagesOf('kept')).to.have.length(1);
  });

  it('reaches a task that waits in another process', async () => {
    working();
    expect(await outputOf('kept')).to.deep.include({ data: { card: 'file' }, from: 'outside', performative: 'inform' });
    const options = ['--type', 'pay', '--performative', 'request', '--by', 'kim', '--reason', 'a call'];
    await start('driven');
    const sent = await json('run', 'send', 'driven', '#desk', '-d', '{"card":"4711"}', ...options);
    expect(sent).to.have.all.keys('runId', 'message', 'to', 'status', 'revision', 'driven');
    expect(sent).to.include({ runId: 'driven', to: '#desk', driven: true });
    expect(await outputOf('driven')).to.deep.equal({
      id: sent['message'],
      data: { card: '4711' },
      from: 'kim',
      type: 'pay',
      performative: 'request',
      inReplyTo: null,
    });
    const history = await say('run', 'history', 'driven', '--type', 'MessageSent');
    expect(history.stdout).to.match(/by kim: a call/);
    const late = await say('run', 'send', 'driven', '#desk');
    expect([late.code, late.stderr.includes('REPRISE_RUN_CLOSED')]).to.deep.equal([1, true]);
  });

  it('answers a message as it is shown, in its conversation', async () => {
    working();
    await start('asked', 'ask');
    for (let asked: unknown; asked === undefined; ) [asked] = (await messagesOf('asked')) as unknown[];
    const which = ['--in-reply-to', 'asker/1/1', '--conversation', 'c-1'];
    const answer = await say('run', 'send', 'asked', 'asker', ...which, '--data', '7');
    expect(answer.code, answer.stderr).to.equal(0);
    expect(await outputOf('asked')).to.deep.equal({ data: 7, conversation: 'c-1', inReplyTo: 'asked/asker/1/1' });
  });

  it('expires, and is dropped then', async () => {
    working();
    await start('brief', 'ask');
    const sent = await json('run', 'send', 'brief', '#questions', '--expires', '1ms', '--drop');
    for (let status: unknown; status !== 'expired'; )
      status = ((await messagesOf('brief')) as Record<string, unknown>[]).find(
        ({ message }) => message === sent['message'],
      )?.['status'];
  });
});
