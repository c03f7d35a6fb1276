import { expect } from 'chai';
import * as fc from 'fast-check';
import { afterEach, describe, it } from 'mocha';
import { LLM_CODES, type ToolOptions } from '../src/index.ts';
import type { Reply } from './model-server.ts';
import { eventsOf, optionsFor, run, withServers } from './support.ts';

const tool = (agent: string): ToolOptions => ({
  agent,
  description: 'Does something',
  parameters: { type: 'object', properties: { q: { type: 'string' } }, required: ['q'] },
  task: { retry: 2 },
});

const MAX_TURNS = 4;
const REPAIRS = 1;
const ATTEMPTS = 2;

const EXPRESSION = `\${ input }`;
const text = fc.oneof(
  fc.string(),
  fc.constantFrom('', '{"n":1}', '{"n":"x"}', '{"__proto__":1}', EXPRESSION, '\u0000'),
);
const given = fc.oneof(
  fc.constantFrom('{"q":"x"}', JSON.stringify({ q: EXPRESSION }), '{', '', 'null', '{"q":7}', '[]'),
  fc.json({ maxDepth: 2 }),
);
const calls = fc.array(
  fc.record({
    id: fc.constantFrom('a', 'b', ''),
    name: fc.constantFrom('good', 'bad', 'absent', ''),
    arguments: given,
  }),
  { minLength: 1, maxLength: 3 },
);
const reply: fc.Arbitrary<Reply> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ text }) },
  { weight: 6, arbitrary: fc.record({ calls }) },
  { weight: 1, arbitrary: fc.record({ text, calls }) },
  { weight: 1, arbitrary: fc.record({ text, finish: fc.constantFrom('length', 'content_filter', 'odd') }) },
  { weight: 1, arbitrary: fc.record({ text, cutAfter: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      status: fc.constantFrom(400, 401, 429, 500, 503),
      error: fc.anything() as fc.Arbitrary<unknown>,
    }),
  },
  { weight: 1, arbitrary: fc.record({ raw: fc.string() }) },
);

describe('a model that says whatever it likes', () => {
  const { serve, open } = withServers();
  let restore = (): unknown => undefined;
  afterEach(() => restore());

  it('ends its run all the same: within its bounds, with an answer that fits or an error of its own', async function () {
    this.timeout(120_000);
    const ends = new Map<string, number>();
    // The SDK would tell the console of its errors and warnings.
    const printed: unknown[] = [];
    const { warn, error, info } = console;
    Object.assign(
      console,
      Object.fromEntries(['warn', 'error', 'info'].map((name) => [name, (said: unknown) => printed.push(said)])),
    );
    restore = () => Object.assign(console, { warn, error, info });
    await fc.assert(
      fc.asyncProperty(fc.array(reply, { maxLength: 12 }), fc.boolean(), async (replies, stream) => {
        const server = await serve(...replies);
        let called = 0;
        const does = (fails: boolean) => () => {
          called += 1;
          if (fails) throw Object.assign(new Error('never'), { retryable: false });
          return 'done';
        };
        const retry = { maxAttempts: ATTEMPTS, initialDelay: 0 };
        const schema = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] };
        const options = { agents: { wild: {} }, tools: { good: tool('good'), bad: tool('bad') }, stream };
        const ran = await run(
          open,
          optionsFor(server, { ...options, schema, repairs: REPAIRS, maxTurns: MAX_TURNS, turn: { retry } }),
          {
            tasks: `  answer: { scope: { ask: { agent: wild, may: [spawn, finish], input: Go, retry: ${JSON.stringify(retry)} } } }`,
            agents: [
              { name: 'good', does: does(false) },
              { name: 'bad', does: does(true) },
            ],
          },
        );
        const code = ran.error?.cause?.code ?? '';
        if (ran.status === 'completed') expect(ran.output).to.have.property('n').that.is.a('number');
        else expect([...Object.keys(LLM_CODES), 'REPRISE_OUTPUT_INVALID']).to.include(code);
        expect(server.requests.length).to.be.at.most(MAX_TURNS * (REPAIRS + 1) * ATTEMPTS);
        const onRecord = eventsOf(ran.events, 'TaskScheduled').filter(
          ({ agent }) => agent === 'good' || agent === 'bad',
        );
        expect(called, 'each call is on record').to.equal(onRecord.length);
        ends.set(
          ran.status === 'completed' ? 'completed' : code,
          (ends.get(ran.status === 'completed' ? 'completed' : code) ?? 0) + 1,
        );
        await server.stop();
      }),
      {
        numRuns: 150,
        seed: 7,
        examples: [[[{ calls: [{ name: 'good', arguments: '{"q":"x"}' }] }, { text: '{"n":1}' }], true]],
      },
    );
    expect(printed, 'nothing is printed').to.deep.equal([]);
    expect([...ends.keys()], 'of several kinds').to.have.length.above(4);
    expect(ends.get('completed') ?? 0).to.be.above(3);
  });
});
