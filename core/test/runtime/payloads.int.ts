import { defineAgent, isRepriseError, type Json, RepriseError, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { z } from 'zod';
import { eventsOf, only, orchestrators } from './support.ts';

describe('Payloads', () => {
  const { start } = orchestrators();
  const limits = { maxPayloadChars: 1000 };
  // A retry would show: it is due at once.
  const retry = { maxAttempts: 2, initialDelay: 0 } as const;

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  class Money {
    amount = 1;
  }
  const bad: Record<string, [value: unknown, says: RegExp]> = {
    'a Date': [{ at: new Date(0) }, /at \.at: an instance of Date/],
    'a BigInt': [{ n: 1n }, /at \.n: bigint/],
    'a BigInt at the top': [1n, /at the top: bigint/],
    'a function': [[() => 1], /at \[0\]: function/],
    'a symbol': [Symbol('s'), /symbol/],
    NaN: [Number.NaN, /NaN has no JSON form/],
    Infinity: [{ a: [Number.POSITIVE_INFINITY] }, /at \.a\[0\]: Infinity/],
    'a cycle': [cycle, /cycle/],
    'a key "__proto__"': [JSON.parse('{"a":{"__proto__":{"admin":true}}}'), /"__proto__" is refused/],
    'a class instance': [new Money(), /an instance of Money/],
    'a Map': [new Map(), /an instance of Map/],
    'undefined in an array': [[undefined], /at \[0\]: undefined/],
  };

  for (const [what, [value, says]] of Object.entries(bad)) {
    it(`refuse ${what}, as an output and as an input of a run, without trying again`, async () => {
      const odd = defineAgent({ name: 'odd', handle: async () => value });
      const definition = workflow('odd').task('a', odd, { retry }).build();
      const reprise = await start({ workflows: [definition] });
      const run = await reprise.startRun(definition, 1);
      const outcome = await run.outcome();
      expect(outcome).to.have.nested.property('error.details.code', 'REPRISE_OUTPUT_INVALID');
      expect(outcome).to.have.nested.property('error.message').that.matches(says);
      expect(only(await eventsOf(reprise, run.id), 'TaskScheduled')).to.have.length(1);
      const refused = await reprise.startRun(definition, value).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(isRepriseError(refused, 'REPRISE_INVALID_PAYLOAD')).to.equal(true);
      expect(String(refused)).to.match(says);
    });
  }

  it('that are too large are refused: of a run, of an agent, and as an input that a mapping makes', async () => {
    const echo = defineAgent({ name: 'echo', handle: async ({ input }: { input: string }) => input });
    const grow = defineAgent({ name: 'grow', handle: async () => 'x'.repeat(2000) });
    const echoes = workflow<string>('echoes')
      .task('a', echo)
      .task('b', echo, { after: 'a', input: ({ outputs }) => outputs.a.repeat(3) })
      .build();
    const grows = workflow('grows').task('a', grow, { retry }).build();
    const reprise = await start({ workflows: [echoes, grows], limits });
    const refused = await reprise.startRun(echoes, 'y'.repeat(2000)).then(
      () => undefined,
      (error: unknown) => error as RepriseError,
    );
    expect(refused?.code).to.equal('REPRISE_PAYLOAD_TOO_LARGE');
    expect(refused?.message).to.match(/limit of 1000 characters.*reference/);
    const grown = await reprise.startRun(grows, 1);
    expect(await grown.outcome()).to.have.nested.property('error.details.code', 'REPRISE_PAYLOAD_TOO_LARGE');
    expect(only(await eventsOf(reprise, grown.id), 'TaskScheduled')).to.have.length(1);
    const mapped = await (await reprise.startRun(echoes, 'y'.repeat(500))).outcome();
    expect(mapped).to.have.nested.property('error.details.code', 'REPRISE_PAYLOAD_TOO_LARGE');
  });

  it('that are undefined count as null', async () => {
    const silent = defineAgent({ name: 'silent', handle: () => undefined });
    const definition = workflow<undefined>('silent').task('a', silent).build();
    const reprise = await start({ workflows: [definition] });
    const run = await reprise.startRun(definition, undefined);
    expect(await run.result()).to.equal(null);
    expect((await run.state()).input).to.equal(null);
  });

  it('are copied: what an agent does to them later reaches nobody', async () => {
    const kept: { list: number[] } = { list: [1] };
    const first = defineAgent({ name: 'first', handle: async () => kept });
    const vandal = defineAgent({
      name: 'vandal',
      handle: async ({ input }: { input: { list: number[] } }) => {
        input.list.push(99);
        return input.list.length;
      },
    });
    const definition = workflow<{ list: number[] }>('copied')
      .task('a', first)
      .task('b', vandal, { after: 'a' })
      .task('c', vandal, { after: ['a', 'b'], input: ({ outputs }) => outputs.a })
      .task('d', vandal, { after: 'c', input: ({ input }) => input })
      .task('e', vandal, { after: 'd', input: ({ input }) => input })
      .output(({ outputs, input }) => ({ ...outputs, input }))
      .build();
    const reprise = await start({ workflows: [definition] });
    const mine = { list: [7] };
    const run = await reprise.startRun(definition, mine);
    mine.list.push(8);
    const output = await run.result();
    kept.list.push(2);
    expect(output).to.deep.equal({ a: { list: [1] }, b: 2, c: 2, d: 2, e: 2, input: { list: [7] } });
    expect((await run.state()).tasks.get('a')?.output).to.deep.equal({ list: [1] });
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });

  it('are checked against schemas on both sides of an agent, and every mismatch is listed', async () => {
    const strict = defineAgent({
      name: 'strict',
      inputSchema: z.object({ name: z.string(), tags: z.array(z.string()) }),
      outputSchema: z.object({ score: z.number(), parts: z.object({ a: z.number() }) }),
      handle: async ({ input }) => (input.name === 'good' ? { score: 1, parts: { a: 1 } } : ({ score: 'no' } as never)),
    });
    const definition = workflow<unknown>('strict').task('a', 'strict', { retry }).build();
    const reprise = await start({ workflows: [definition], agents: [strict] });
    // An output that does not fit is tried again, as any failure is; an input would not fit the next time either.
    const outcomeOf = async (input: unknown, attempts = 1) => {
      const run = await reprise.startRun(definition, input);
      const outcome = await run.outcome();
      expect(only(await eventsOf(reprise, run.id), 'TaskScheduled')).to.have.length(attempts);
      return outcome;
    };
    expect((await outcomeOf({ name: 'good', tags: [] })).status).to.equal('completed');
    const input = await outcomeOf({ name: 1, tags: ['a', 2] });
    expect(input).to.have.nested.property('error.details.code', 'REPRISE_INPUT_INVALID');
    expect(input).to.have.nested.property('error.message').that.contains('name: ').and.contains('tags.1: ');
    const output = await outcomeOf({ name: 'bad', tags: [] }, 2);
    expect(output).to.have.nested.property('error.details.code', 'REPRISE_OUTPUT_INVALID');
    expect(output).to.have.nested.property('error.message').that.contains('score: ').and.contains('parts: ');
  });

  it('of a run are checked against its schema, and what the schema makes of them is recorded', async () => {
    const echo = defineAgent({ name: 'echo', handle: async ({ input }: { input: { n: number } }) => input.n });
    const definition = workflow('schema', { input: z.object({ n: z.coerce.number().default(5) }) })
      .task('a', echo)
      .build();
    const reprise = await start({ workflows: [definition] });
    const run = await reprise.startRun(definition, {});
    expect(await run.result()).to.equal(5);
    expect((await run.state()).input).to.deep.equal({ n: 5 });
    const refused = await reprise.startRun('schema', { n: 'many' }).then(
      () => undefined,
      (error: unknown) => error as RepriseError,
    );
    expect(refused?.code).to.equal('REPRISE_INPUT_INVALID');
    expect(refused?.message).to.contain('n: ');
  });

  const thrown: Record<string, [error: unknown, code: string]> = {
    'an error with a code': [Object.assign(new Error('no'), { code: 'EACCES', retryable: false }), 'EACCES'],
    'a string': ['no', 'REPRISE_AGENT_FAILED'],
    nothing: [undefined, 'REPRISE_AGENT_FAILED'],
    'an object without a prototype': [Object.create(null), 'REPRISE_AGENT_FAILED'],
    'an error whose details are no JSON': [
      new RepriseError('REPRISE_AGENT_FAILED', 'odd', { details: { n: 1n } as unknown as Record<string, Json> }),
      'REPRISE_AGENT_FAILED',
    ],
    'an error whose details are a cycle': [
      new RepriseError('REPRISE_AGENT_FAILED', 'odd', { details: cycle as Record<string, Json> }),
      'REPRISE_AGENT_FAILED',
    ],
    'an error with details without end': [
      new RepriseError('REPRISE_AGENT_FAILED', 'much', { details: { text: 'x'.repeat(3_000_000) } }),
      'REPRISE_AGENT_FAILED',
    ],
  };
  for (const [what, [error, code]] of Object.entries(thrown)) {
    it(`that are errors end the attempt, whatever they are: ${what}`, async () => {
      const failing = defineAgent({
        name: 'failing',
        handle: () => {
          throw error;
        },
      });
      const definition = workflow('failing').task('a', failing, { retry: 1 }).build();
      const reprise = await start({ workflows: [definition], limits: { leaseMs: 600_000 } });
      const run = await reprise.startRun(definition, 1);
      expect(await run.outcome()).to.have.nested.property('error.details.code', code);
      const history = JSON.stringify(await eventsOf(reprise, run.id));
      expect(history.length).to.be.lessThan(100_000);
      expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
    });
  }

  it('that an agent emits must be JSON, too', async () => {
    const loud = defineAgent({
      name: 'loud',
      handle: async (_task: { input: unknown }, { emit }) => {
        emit({ at: 1n } as never);
      },
    });
    const definition = workflow('loud').task('a', loud, { retry }).build();
    const reprise = await start({ workflows: [definition] });
    const outcome = await (await reprise.startRun(definition, 1)).outcome();
    expect(outcome).to.have.nested.property('error.details.code', 'REPRISE_INVALID_PAYLOAD');
  });
});
