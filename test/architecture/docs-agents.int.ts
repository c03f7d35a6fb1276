import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Agent, type AgentContext, createReprise, defineAgent, isRepriseError, workflow } from '@reprise/core';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { z } from 'zod';
import { ROOT } from './support/tools.ts';

// What docs/agents.md says becomes of what an agent returns, throws and leaves undone: each case is run, and compared with the row of its code.

const page = readFileSync(join(ROOT, 'docs/agents.md'), 'utf8');

/** What the table of failures says of a code: of those that stand in several rows, of the one with these words. */
function said(code: string, words = ''): string {
  const table = page.slice(page.indexOf('| what else fails an attempt |'));
  const rows = table.split('\n').filter((line) => line.startsWith('|') && line.split('|')[2]?.includes(code));
  return (
    rows
      .find((row) => row.includes(words))
      ?.split('|')[3]
      ?.trim() ?? 'not in the table'
  );
}

const never = (): Promise<never> => new Promise(() => undefined);
/** Answers when it is told to stop. */
const untilAborted = (_task: unknown, { signal }: AgentContext): Promise<unknown> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });

type Handle = Agent<unknown, unknown>['handle'];

interface Case {
  readonly name: string;
  readonly handle: Handle;
  readonly more?: Partial<Agent<unknown, unknown>>;
  readonly timeout?: object;
  readonly code: string;
  readonly words?: string;
}

const CASES: readonly Case[] = [
  { name: 'attempt', handle: untilAborted, timeout: { attempt: 20 }, code: 'REPRISE_ATTEMPT_TIMEOUT' },
  { name: 'heartbeat', handle: never, timeout: { heartbeat: 20 }, code: 'REPRISE_HEARTBEAT_TIMEOUT' },
  { name: 'task', handle: untilAborted, timeout: { task: 20 }, code: 'REPRISE_TASK_TIMEOUT' },
  {
    name: 'input',
    handle: never,
    more: { inputSchema: z.string() },
    code: 'REPRISE_INPUT_INVALID',
  },
  {
    name: 'output',
    handle: () => 1,
    more: { outputSchema: z.string() },
    code: 'REPRISE_OUTPUT_INVALID',
    words: 'does not fit',
  },
  { name: 'date', handle: () => new Date(), code: 'REPRISE_OUTPUT_INVALID', words: 'is not JSON' },
  { name: 'large', handle: () => 'x'.repeat(1_048_576), code: 'REPRISE_PAYLOAD_TOO_LARGE' },
];

describe('what docs/agents.md says of an agent', () => {
  const agents = CASES.map(({ name, handle, more }) => defineAgent({ name, handle, ...more }));
  const workflows = CASES.map(({ name, timeout }) =>
    workflow(name)
      .task('try', name, { retry: { maxAttempts: 2, initialDelay: 0 }, ...(timeout && { timeout }) })
      .build(),
  );
  let reprise: Awaited<ReturnType<typeof createReprise>>;
  before(async () => {
    reprise = await createReprise({ workflows, agents, limits: { leaseMs: 500 } });
    await reprise.start();
  });
  after(() => reprise.stop({ drainMs: 0 }));

  for (const { name, code, words } of CASES) {
    it(`fails an attempt with ${code} (${name}), tried again: ${said(code, words)}`, async () => {
      const run = await reprise.startRun(name, { x: 1 });
      const outcome = await run.outcome();
      expect(outcome.status === 'failed' && outcome.error.cause?.code).to.equal(code);
      const { attempt = 0 } = (await run.state()).tasks.get('try') ?? {};
      expect(said(code, words)).to.equal(attempt === 2 ? 'yes' : 'no');
    });
  }

  it('keeps what is thrown, as the table has it', async () => {
    const error = { code: 'MINE', message: 'no', retryable: false, retryAfterMs: 5, status: 418, details: { a: 1 } };
    const fails = defineAgent({ name: 'fails', handle: () => Promise.reject(Object.assign(new Error('no'), error)) });
    const plain = defineAgent({ name: 'plain', handle: () => Promise.reject('no') });
    const both = [fails, plain].map((agent) => workflow(agent.name).task('try', agent, { retry: 1 }).build());
    const own = await createReprise({ workflows: both });
    await own.start();
    const causeOf = async (name: string) => {
      const outcome = await (await own.startRun(name, null)).outcome();
      return outcome.status === 'failed' ? outcome.error.cause : undefined;
    };
    expect(await causeOf('fails')).to.deep.equal(error);
    expect(await causeOf('plain')).to.deep.equal({ code: 'REPRISE_AGENT_FAILED', message: 'no', retryable: true });
    await own.stop();
  });

  it('hands an attempt its own copy of the input, and takes one of the output', async () => {
    const given: object[] = [];
    const greedy = defineAgent({
      name: 'greedy',
      handle: ({ input, attempt }: { input: { left: number }; attempt: number }) => {
        input.left -= 1;
        given.push({ ...input });
        if (attempt === 1) throw new Error('again');
        return { left: input.left, none: undefined };
      },
    });
    const eat = workflow<{ left: number }>('eat')
      .task('try', greedy, { retry: { initialDelay: 0 } })
      .build();
    const own = await createReprise({ workflows: [eat] });
    await own.start();
    expect(await (await own.startRun(eat, { left: 3 })).result()).to.deep.equal({ left: 2 });
    expect(given).to.deep.equal([{ left: 2 }, { left: 2 }]);
    await own.stop();
  });

  it('says why it is to stop', async () => {
    const reasons: unknown[] = [];
    const waits = defineAgent({
      name: 'waits',
      handle: async (task: { taskId: string }, context: AgentContext) => {
        await untilAborted(task, context).catch((reason: unknown) =>
          reasons.push(isRepriseError(reason) && reason.code),
        );
      },
    });
    const fails = defineAgent({ name: 'gives-up', handle: () => Promise.reject(new Error('no')) });
    const lone = workflow('lone').task('wait', waits).build();
    const pair = workflow('pair').task('wait', waits).task('fail', fails, { retry: 1 }).build();
    const short = workflow('short', { timeout: 50 }).task('wait', waits).build();
    const own = await createReprise({ workflows: [lone, pair, short] });
    await own.start();
    const cancelled = await own.startRun(lone, null);
    while (own.running === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await cancelled.cancel('enough');
    await cancelled.outcome();
    for (const one of [pair, short]) await (await own.startRun(one, null)).outcome();
    await own.startRun(lone, null);
    while (own.running === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await own.stop({ drainMs: 0 });
    expect(reasons).to.deep.equal([
      'REPRISE_RUN_CLOSED',
      'REPRISE_TASK_FAILED',
      'REPRISE_RUN_TIMEOUT',
      'REPRISE_STOPPED',
    ]);
    for (const reason of reasons) expect(page).to.match(new RegExp(`^\\| [A-Z_, ]*${reason}\\b`, 'm'));
  });
});
