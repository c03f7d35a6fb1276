import { type Agent, isolatedAgent, type Json, type Notice } from '@reprise/core';
import { type CallAgentOptions, type CalledAgent, callAgent } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { plainNotice } from '../../../src/orchestration/monitoring/plain-notice.ts';
import { any, director, type Order } from './agents.ts';
import { AGENTS, ISOLATIONS, isolatedAny } from './support.ts';
import { strict } from './talking-agents.ts';

// What an agent sees and what comes of it is the same wherever it runs: each case is played in this thread, in another, and in another process.

interface Case {
  readonly name: string;
  readonly order: Order;
  readonly options?: CallAgentOptions;
}

const told = { attempt: 3, round: 2, runId: 'r', taskId: 'book/pay', workflow: 'w', idempotencyKey: 'r/book/pay~2' };

const CASES: readonly Case[] = [
  { name: 'gives its output', order: { do: 'echo', text: 'hé "\u2028' } },
  {
    name: 'is told of its task',
    order: { do: 'task' },
    options: { task: { ...told, error: { code: 'BEFORE' }, budget: { tokens: 5 } }, may: ['send'] },
  },
  { name: 'beats, emits, logs and says what it used', order: { do: 'beats' }, options: { heartbeatMs: 2000 } },
  { name: 'may do nothing to its run', order: { do: 'misuse' }, options: { may: [] } },
  { name: 'throws what it says of itself', order: { do: 'throw-coded' } },
  { name: 'throws text', order: { do: 'throw-text' } },
  { name: 'gives what is no JSON', order: { do: 'date' } },
  { name: 'gives too much', order: { do: 'large' } },
  { name: 'fails', order: { do: 'nothing that it knows' } },
  { name: 'is silent', order: { do: 'never' }, options: { heartbeatMs: 30 } },
];

/** Stacks and numbers of processes are of where it ran. */
const comparable = ({ logged, ...called }: CalledAgent): unknown => {
  const plain = logged.map((line) => plainNotice({ kind: 'log', ...line } as Notice));
  const withoutPlace = (key: string, value: unknown): unknown => (key === 'stack' ? typeof value : value);
  return JSON.parse(JSON.stringify({ ...called, plain }, withoutPlace));
};

describe('an agent is the same in a thread and in a process', () => {
  for (const isolation of ISOLATIONS) {
    const isolated = isolatedAny(isolation);
    for (const { name, order, options } of CASES)
      it(`${isolation}: ${name}`, async () => {
        const here = await callAgent(any, { ...order }, options);
        const there = await callAgent(isolated, { ...order }, options);
        expect(comparable(there)).to.deep.equal(comparable(here));
      });

    it(`${isolation}: checks its schemas there`, async () => {
      const module = import.meta.resolve('./talking-agents.ts');
      const agent = isolatedAgent<typeof strict>({ name: 'strict', module, export: 'strict', isolation });
      for (const input of [{ n: 2 }, { n: 'x' }, { n: 99 }])
        expect(await callAgent(agent, input)).to.deep.equal(await callAgent(strict, input));
    });

    it(`${isolation}: says what is to be done to its run`, async () => {
      const agent = isolatedAgent<typeof director>({ name: 'director', module: AGENTS, export: 'director', isolation });
      for (const what of ['spawn', 'link', 'finish', 'handOff', 'cancel', 'goto', 'addItems', 'say', 'unknown']) {
        const here = await callAgent(director, { what });
        expect(here.directives ?? here.error, what).not.to.equal(undefined);
        expect(await callAgent(agent, { what }), what).to.deep.equal(here);
      }
    });

    it(`${isolation}: is a function, or made by one`, async () => {
      const source = { module: new URL(AGENTS), isolation };
      const shout = isolatedAgent<typeof import('./agents.ts').shout>({ ...source, name: 'shout', export: 'shout' });
      const greeter = isolatedAgent<typeof import('./agents.ts').greeter>({
        ...source,
        name: 'greeter',
        export: 'greeter',
        options: { word: 'Hello' },
      });
      expect((await callAgent(shout, 'tea')).output).to.equal('TEA');
      expect((await callAgent(greeter, 'tea')).output).to.equal('Hello tea');
    });

    it(`${isolation}: is told why it is to stop`, async () => {
      await callAgent(isolated, { do: 'echo' });
      const stop = new AbortController();
      const asked = [any, isolated].map((agent) => callAgent(agent, { do: 'reason' }, { signal: stop.signal }));
      const both = Promise.all(asked);
      setTimeout(() => stop.abort(), 300);
      const [here, there] = await both;
      expect(here?.output).to.deep.equal({ name: 'RepriseError', code: 'REPRISE_RUN_CLOSED', retryable: false });
      expect(there).to.deep.equal(here);
    });
  }

  it('takes what a schema of this side makes of the input only as JSON', async () => {
    const dated = { ...isolatedAny('thread'), inputSchema: DATE } as unknown as Agent<Order, Json>;
    const { error } = await callAgent(dated, { do: 'echo' });
    expect(error).to.include({ code: 'REPRISE_INPUT_INVALID', retryable: false });
    expect(error?.message).to.match(/crosses to another thread, is not plain JSON: .*Date/);
  });
});

const DATE = { '~standard': { version: 1, vendor: 'test', validate: () => ({ value: { at: new Date() } }) } };
