import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '@reprise/core/plugin';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { ModelServer, Reply, RequestBody } from './model-server.ts';
import { withServers } from './support.ts';

const PROGRAM = join(import.meta.dirname, 'crash-program.ts');

const calling = (name: string, q: string): Reply => ({ calls: [{ name, arguments: JSON.stringify({ q }) }] });

const toldLast = ({ messages }: RequestBody): string => messages.at(-1)?.content ?? '';

describe('a process that is killed in the middle of a conversation with tools', () => {
  const { serve } = withServers();
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-llm-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const log = (): readonly string[] => {
    const file = join(folder, 'log');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  };

  const begin = (server: ModelServer) => {
    const args = ['--conditions=reprise-source', PROGRAM, join(folder, 'store.db'), server.url, join(folder, 'log')];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => {
      stdout += String(data);
    });
    child.stderr.on('data', (data) => {
      stderr += String(data);
    });
    const ended = new Promise<string>((resolve) => child.on('close', () => resolve(stdout === '' ? stderr : stdout)));
    return { child, ended };
  };

  const killWhen = async (server: ModelServer, isTime: () => boolean): Promise<void> => {
    const { child, ended } = begin(server);
    const over = ended.then((said) => `it ended: ${said}`);
    while (!isTime()) expect(await Promise.race([over, sleep(20)])).to.equal(undefined);
    child.kill('SIGKILL');
    await ended;
  };

  it('makes no call again that was made, and one that was under way again, under its key', async () => {
    const server = await serve(calling('note', 'first'), calling('note', 'hang'), ({ messages }) => ({
      text: `Then: ${messages.at(-1)?.content}`,
    }));
    await killWhen(server, () => log().length === 2);
    const outcome = JSON.parse(await begin(server).ended) as object;
    expect(outcome).to.include({ status: 'completed', output: 'Then: did hang' });
    expect(log()).to.deep.equal([
      'note first answer/ask.1.note',
      'note hang answer/ask.2.note',
      'note hang answer/ask.2.note',
    ]);
    expect(server.requests, 'no turn was paid for twice').to.have.length(3);
    expect(server.bodies[2]?.messages.map(({ role }) => role)).to.deep.equal([
      'user',
      'assistant',
      'tool',
      'assistant',
      'tool',
    ]);
  });

  it('makes no call again that is made at most once, and says so to the model', async () => {
    const server = await serve(calling('note', 'first'), calling('pay', 'hang'), (body) => ({ text: toldLast(body) }));
    await killWhen(server, () => log().length === 2);
    const outcome = JSON.parse(await begin(server).ended) as { readonly output: string };
    expect(outcome).to.include({ status: 'completed' });
    expect(outcome.output).to.match(/^REPRISE_OUTCOME_UNKNOWN: .* must not be\.$/);
    expect(log()).to.deep.equal(['note first answer/ask.1.note', 'pay hang answer/ask.2.pay']);
  });

  it('asks again what was not answered, and makes no call again for that', async () => {
    const server = await serve(calling('note', 'first'), 'hang', (body) => ({ text: toldLast(body) }));
    await killWhen(server, () => server.requests.length === 2);
    const outcome = JSON.parse(await begin(server).ended) as object;
    expect(outcome).to.include({ status: 'completed', output: 'did first' });
    expect(log()).to.deep.equal(['note first answer/ask.1.note']);
    expect(server.bodies[2]).to.deep.equal(server.bodies[1]);
  });
});
