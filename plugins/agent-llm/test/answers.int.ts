import { createReprise, parseWorkflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { z } from 'zod';
import { type AgentOptions, llmAgent } from '../src/index.ts';
import type { RequestBody } from './model-server.ts';
import { call, optionsFor, withServers } from './support.ts';

const PRICE = {
  type: 'object',
  properties: { price: { type: 'number', minimum: 1 }, currency: { enum: ['EUR', 'USD'] } },
  required: ['price', 'currency'],
  additionalProperties: false,
};
const GOOD = '{"price":12,"currency":"EUR"}';

describe('an answer with a schema', () => {
  const { serve } = withServers();

  it('is asked for by response_format, and given as what it is', async () => {
    const server = await serve({ text: GOOD });
    const { output } = await call(server, { schema: PRICE });
    expect(output).to.deep.equal({ price: 12, currency: 'EUR' });
    const { response_format: format, messages } = server.bodies[0] as RequestBody;
    expect(format).to.deep.equal({ type: 'json_schema', json_schema: { schema: PRICE, strict: true, name: 'answer' } });
    expect(messages).to.have.length(1);
  });

  for (const [structuredOutput, format] of [
    ['json_object', { type: 'json_object' }],
    ['prompt', undefined],
  ] as const)
    it(`is asked for in words, too, of a server that knows no more (${structuredOutput})`, async () => {
      const server = await serve({ text: `\`\`\`json\n${GOOD}\n\`\`\`` });
      const { output } = await call(server, { schema: PRICE, structuredOutput, system: 'You sell.' });
      expect(output).to.deep.equal({ price: 12, currency: 'EUR' });
      const [body] = server.bodies;
      expect(body?.['response_format']).to.deep.equal(format);
      expect(body?.messages[0]).to.include({ role: 'system' });
      expect(body?.messages[0]?.content).to.match(/^You sell\.\n\nAnswer with JSON only/);
      expect(body?.messages[0]?.content).to.include(JSON.stringify(PRICE));
    });

  it('is what a Standard Schema makes of it', async () => {
    const schema = z.object({ price: z.number().transform((price) => price * 100), note: z.string().default('none') });
    const server = await serve({ text: '{"price":12}' });
    const { output } = await call(server, { schema });
    expect(output).to.deep.equal({ price: 1200, note: 'none' });
    const format = server.bodies[0]?.['response_format'] as { json_schema: { schema: { properties: object } } };
    expect(format.json_schema.schema.properties).to.have.all.keys('price', 'note');
  });

  it('is known to whoever checks a workflow', async () => {
    const schemas = { plain: PRICE, zod: z.object({ price: z.number(), currency: z.string() }) };
    for (const [name, schema] of Object.entries(schemas)) {
      const server = await serve({ text: GOOD });
      const open = (member: string, more: AgentOptions = {}) =>
        createReprise({
          plugins: [llmAgent(optionsFor(server, { agents: { seller: { schema, ...more } } }))],
          workflows: [
            parseWorkflow(`name: w
tasks: { ask: { agent: seller, input: Hi }, next: { after: ask, set: "\${ outputs.ask.${member} }" } }`),
          ],
        });
      const refused = await open('prise').catch((error: unknown) => String(error));
      expect(refused, name).to.include("outputs.ask has no 'prise'; did you mean 'price'?");
      const reprise = await open('price');
      await reprise.start();
      expect(await (await reprise.startRun('w', null)).result()).to.equal(12);
      await reprise.stop();
      await open('prise', { record: true });
      // What a transform makes cannot be said as JSON Schema.
      await open('price', { schema: z.object({ price: z.number().transform(String) }) });
    }
  });

  for (const stream of [true, false])
    it(`that does not fit is asked for again, with what was wrong (${stream ? 'stream' : 'whole'})`, async () => {
      const server = await serve(
        { text: 'Twelve euros.' },
        { text: '{"price":0,"currency":"GBP","x":1}' },
        { text: GOOD },
      );
      const { output } = await call(server, { schema: PRICE, record: true, stream });
      const { answer, repairs, usage } = output as unknown as {
        answer: unknown;
        repairs: { said: string; problem: string }[];
        usage: { requests: number };
      };
      expect(answer).to.deep.equal({ price: 12, currency: 'EUR' });
      expect(usage).to.include({ requests: 3, inputTokens: 36, outputTokens: 15 });
      expect(repairs.map(({ said }) => said)).to.deep.equal(['Twelve euros.', '{"price":0,"currency":"GBP","x":1}']);
      const roles = server.bodies.map(({ messages }) => messages.map(({ role }) => role).join(' '));
      expect(roles).to.deep.equal(['user', 'user assistant user', 'user assistant user assistant user']);
      const [, , first, , second] = server.bodies[2]?.messages ?? [];
      expect(first?.content).to.include('it is not JSON');
      for (const place of ['#/price: ', '#/currency: ', '#/x: ']) expect(second?.content).to.include(place);
    });

  it('that a Standard Schema refuses is asked for again in its words', async () => {
    const server = await serve({ text: '{"to":[{"mail":"nobody"}]}' }, { text: '{"to":[{"mail":"a@b.org"}]}' });
    const schema = z.object({ to: z.array(z.object({ mail: z.email() })) });
    expect(await call(server, { schema })).to.have.deep.property('output', { to: [{ mail: 'a@b.org' }] });
    expect(server.bodies[1]?.messages.at(-1)?.content).to.include('#/to/0/mail: Invalid email address');
  });

  it('that never fits fails, with what was said last, and what it cost', async () => {
    const bad = { text: '{"price":-1,"currency":"EUR"}' };
    const server = await serve(bad, bad, bad, bad);
    const prices = { input: 1, output: 1 };
    const { error } = await call(server, { schema: PRICE, repairs: 2, prices });
    expect(error).to.include({ code: 'LLM_OUTPUT_INVALID', retryable: true });
    expect(error?.message).to.match(/^None of 3 replies of the model fits: #\/price: /);
    expect(error?.details).to.deep.include({ said: bad.text });
    expect(error?.details?.['usage']).to.include({ requests: 3, inputTokens: 36, cost: 0.000051 });
    expect(server.requests).to.have.length(3);
    const once = await serve(bad, bad);
    expect((await call(once, { schema: PRICE, repairs: 0 })).error?.message).to.match(/^None of 1 reply /);
    expect(once.requests).to.have.length(1);
  });

  it('without one is text, and no answer is none', async () => {
    const server = await serve({ text: ' ' }, { text: '{"a":1}' });
    expect(await call(server, {})).to.have.property('output', '{"a":1}');
    expect(server.bodies[1]?.messages.at(-1)?.content).to.equal('Your answer was empty. Answer again.');
  });

  it('that is followed by a fault of the server is paid for, and that is said', async () => {
    const server = await serve({ text: 'no JSON' }, { status: 500, error: { message: 'oops' } });
    const { error } = await call(server, { schema: PRICE } satisfies AgentOptions);
    expect(error).to.include({ code: 'LLM_SERVER_FAILED' });
    expect(error?.details?.['usage'], 'what was used until then').to.include({ requests: 1, inputTokens: 12 });
  });
});
