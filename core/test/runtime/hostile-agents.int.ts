import { type AgentTask, defineAgent, type ErrorData, type Json, parseWorkflow, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { orchestrators } from './support.ts';

const getter = (base: object, ...keys: readonly string[]): object => {
  for (const key of keys) {
    Object.defineProperty(base, key, {
      get: () => {
        throw new Error(`the getter of ${key}`);
      },
    });
  }
  return base;
};
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const cycle = (): object => {
  const one: Record<string, unknown> = { message: 'round and round' };
  one['self'] = one;
  return Object.assign(one, { details: one });
};

const THROWN: Readonly<Record<string, () => unknown>> = {
  'an error whose message throws': () => getter(new Error('x'), 'message'),
  'an error whose code, stack and cause throw': () =>
    getter(new Error('x'), 'code', 'stack', 'cause', 'details', 'name'),
  'an error whose toString and toJSON throw': () =>
    Object.assign(new Error('x'), {
      toString: () => {
        throw new Error('no');
      },
      toJSON: () => {
        throw new Error('no');
      },
    }),
  'a revoked proxy': revoked,
  'an error with a revoked proxy as cause': () => new Error('x', { cause: revoked() }),
  'a cyclic object': cycle,
  'an object without a prototype': () => Object.create(null),
  nothing: () => undefined,
  'a symbol': () => Symbol('odd'),
  'a function': () => () => 1,
  'a very long text': () => 'x'.repeat(10_000_000),
  'an error with a very long code': () => Object.assign(new Error('x'), { code: 'C'.repeat(1_000_000) }),
  'an error whose details throw that very error': () => {
    const error: Error = new Error('over and over');
    return Object.assign(error, {
      details: new Proxy(
        {},
        {
          ownKeys: () => {
            throw error;
          },
        },
      ),
    });
  },
  'an error whose details are a revoked proxy': () => Object.assign(new Error('x'), { details: revoked() }),
  'an error with a member of its details that throws': () =>
    Object.assign(new Error('x'), { details: getter({}, 'a') }),
  'an error with huge details': () => Object.assign(new Error('x'), { details: { text: 'x'.repeat(1_000_000) } }),
};

const nested = (depth: number): unknown => {
  let value: unknown = 'leaf';
  for (let level = 0; level < depth; level += 1) value = { left: value, right: value };
  return value;
};
const large = 'x'.repeat(900_000);

const RETURNED: Readonly<Record<string, readonly [make: () => unknown, code: string]>> = {
  'seven hundred references to one large text': [
    () => Array.from({ length: 700 }, () => ({ a: large })),
    'REPRISE_PAYLOAD_TOO_LARGE',
  ],
  'a value whose members are shared a hundred levels deep': [() => nested(100), 'REPRISE_PAYLOAD_TOO_LARGE'],
  'an array of a billion holes': [
    () => {
      const holes: unknown[] = [];
      holes.length = 1_000_000_000;
      return holes;
    },
    'REPRISE_PAYLOAD_TOO_LARGE',
  ],
  'a revoked proxy': [revoked, 'REPRISE_AGENT_FAILED'],
  'a getter that throws': [() => getter({}, 'then'), 'REPRISE_AGENT_FAILED'],
  'a thenable that throws': [
    () => ({
      then: () => {
        throw new Error('no');
      },
    }),
    'REPRISE_AGENT_FAILED',
  ],
};

describe('An agent', () => {
  const { start } = orchestrators();

  const outcomeOf = async (handle: () => unknown) => {
    const odd = defineAgent({ name: 'odd', handle: handle as () => Json });
    const definition = workflow('odd').task('a', odd, { retry: 1 }).build();
    const reprise = await start({ workflows: [definition] });
    const run = await reprise.startRun(definition, null);
    const outcome = await run.outcome();
    expect(reprise.running, 'attempts in hand').to.equal(0);
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
    return outcome as { readonly status: string; readonly error: ErrorData };
  };

  for (const [what, make] of Object.entries(THROWN)) {
    it(`that throws ${what} fails its attempt, and leaves nothing behind`, async () => {
      const { status, error } = await outcomeOf(() => {
        throw make();
      });
      expect(status).to.equal('failed');
      expect(error.cause?.code.length).to.be.within(1, 128);
      expect(JSON.stringify(error).length).to.be.below(100_000);
      expect(structuredClone(error)).to.deep.equal(error);
    });
  }

  for (const [what, [make, code]] of Object.entries(RETURNED)) {
    it(`that returns ${what} fails its attempt with ${code}`, async () => {
      const { status, error } = await outcomeOf(make);
      expect(status).to.equal('failed');
      expect(error.cause?.code).to.equal(code);
    });
  }

  it('that throws a plain object keeps its text, code, status and details, to the fallback task and the end of the run', async () => {
    const thrown = { status: 429, message: 'rate limited', code: 'RATE', details: { bucket: 'a', left: 0 } };
    const busy = defineAgent({
      name: 'busy',
      handle: (): Json => {
        throw thrown as unknown as Error;
      },
    });
    let handed: unknown;
    const hand = defineAgent({
      name: 'hand',
      handle: ({ input }: AgentTask): Json => {
        handed = input;
        throw thrown as unknown as Error;
      },
    });
    const definition = parseWorkflow(
      'name: rate\ntasks:\n  call: { agent: busy, retry: 1, fallback: { task: manual } }\n  manual: { agent: hand, retry: 1 }\n',
    );
    const reprise = await start({ workflows: [definition], agents: [busy, hand] });
    const run = await reprise.startRun('rate', { n: 1 });
    const outcome = await run.outcome();
    expect(handed).to.deep.equal({ input: { n: 1 }, error: thrown });
    expect(outcome).to.have.nested.property('error.cause').that.deep.includes(thrown);
    expect(outcome).to.have.nested.property('error.message').that.contains('rate limited');
  });

  it('whose details cannot be read keeps its text, code and status', async () => {
    const { error } = await outcomeOf(() => {
      throw Object.assign(new Error('rate limited'), { code: 'RATE', status: 429, details: revoked() });
    });
    expect(error.cause).to.deep.include({ code: 'RATE', message: 'rate limited', status: 429 });
  });

  it('whose error says how long to wait is not called before', async () => {
    const calls: number[] = [];
    const busy = defineAgent({
      name: 'busy',
      handle: ({ attempt }): Json => {
        calls.push(Date.now());
        if (attempt === 1) throw Object.assign(new Error('later'), { retryAfterMs: 120 });
        return 'done';
      },
    });
    const definition = workflow('later')
      .task('a', busy, { retry: { maxAttempts: 2, initialDelay: 1, maxDelay: 5, jitter: 0 } })
      .build();
    const reprise = await start({ workflows: [definition] });
    const run = await reprise.startRun(definition, null);
    expect(await run.result()).to.equal('done');
    const failed = (await Array.fromAsync(reprise.runs.history(run.id), ({ event }) => event)).find(
      (event) => event.type === 'TaskAttemptFailed',
    );
    expect(failed?.type === 'TaskAttemptFailed' && (failed.retryAt ?? 0) - failed.at).to.equal(120);
  });
});
