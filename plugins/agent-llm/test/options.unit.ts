import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReprise, parseWorkflow } from '@reprise/core';
import { callAgent } from '@reprise/core/testing';
import { expect } from 'chai';
import { after, describe, it } from 'mocha';
import { z } from 'zod';
import { createLlmAgents, type LlmAgentOptions, llmAgent } from '../src/index.ts';
import { API_KEY, call, optionsFor, withServers } from './support.ts';

const GOOD: LlmAgentOptions = { baseURL: 'http://127.0.0.1:1/v1', model: 'small', agents: { a: {} } };
const TOOL = { agent: 'x', description: 'y', parameters: { type: 'object' } };

const refused = (options: unknown): string => {
  try {
    llmAgent(options as LlmAgentOptions);
  } catch (error) {
    const { code, message } = error as { readonly code: string; readonly message: string };
    expect(code).to.equal('REPRISE_CONFIG_INVALID');
    return message;
  }
  throw new Error(`taken: ${JSON.stringify(options)}`);
};

const MISTAKES: readonly (readonly [mistake: unknown, says: RegExp])[] = [
  [null, /they are not an object/],
  [{}, /baseURL is missing/],
  [{ baseURL: GOOD.baseURL }, /agents is missing, or empty/],
  [{ ...GOOD, agents: {} }, /agents is missing, or empty/],
  [{ ...GOOD, model: undefined }, /agents\.a has no model/],
  [{ ...GOOD, modl: 'x' }, /there is no option modl; there are baseURL, /],
  [{ ...GOOD, agents: { a: { baseURL: 'x' } } }, /there is no option agents\.a\.baseURL/],
  [{ ...GOOD, agents: { 'a b': {} } }, /"a b", which is no name/],
  [{ ...GOOD, agents: { a: 'small' } }, /agents\.a is not an object/],
  [{ ...GOOD, baseURL: 'api.example.com' }, /baseURL is not an http or https URL/],
  [{ ...GOOD, baseURL: 'ftp://api.example.com' }, /baseURL is not an http/],
  [{ ...GOOD, temperature: 'hot' }, /temperature is not a number/],
  [{ ...GOOD, agents: { a: { topP: 2 } } }, /agents\.a\.topP is not a number from 0 to 1/],
  [{ ...GOOD, maxOutputTokens: 0.5 }, /maxOutputTokens is not a whole number from 1/],
  [{ ...GOOD, parameters: { stream: false } }, /parameters is not an object of plain JSON without model, /],
  [{ ...GOOD, parameters: { at: new Date() } }, /parameters is not an object of plain JSON/],
  [{ ...GOOD, schema: 'object' }, /schema is not a JSON Schema/],
  [{ ...GOOD, schema: { '~standard': { version: 1, vendor: 'x', validate: () => ({ value: 1 }) } } }, /schema is not/],
  [{ ...GOOD, structuredOutput: 'xml' }, /structuredOutput is not one of json_schema/],
  [{ ...GOOD, repairs: -1 }, /repairs is not a whole number from 0/],
  [{ ...GOOD, idleTimeout: 'soon' }, /idleTimeout is not a duration/],
  [{ ...GOOD, prices: { input: 1 } }, /prices is not an object with input, output/],
  [{ ...GOOD, redact: ['('] }, /redact is not a list of regular expressions/],
  [{ ...GOOD, headers: { a: 1 } }, /headers is not an object of texts/],
  [{ ...GOOD, turn: { delivery: 'at-most-once' } }, /turn is not an object with some of retry, timeout, priority/],
  [{ ...GOOD, tools: { 'a.b': TOOL } }, /tools\.a\.b: a tool is called by/],
  [{ ...GOOD, tools: { 2: TOOL } }, /tools\.2: a tool is called by/],
  [{ ...GOOD, tools: { t: { ...TOOL, agent: undefined } } }, /tools\.t needs one of agent, capability, workflow/],
  [{ ...GOOD, agents: { a: { tools: { t: { ...TOOL, workflow: 'w' } } } } }, /agents\.a\.tools\.t needs one of/],
  [{ ...GOOD, tools: { t: { agent: 'x', parameters: {} } } }, /tools\.t\.description is missing/],
  [{ ...GOOD, tools: { t: { ...TOOL, task: { after: 'x' } } } }, /tools\.t\.task is not an object with some of retry/],
  [{ ...GOOD, apiKeyEnv: 'A', apiKeyFile: 'b' }, /both apiKeyEnv and apiKeyFile/],
];

describe('the options of models', () => {
  const { serve } = withServers();
  const file = join(tmpdir(), `reprise-llm-key-${process.pid}`);
  after(() => rmSync(file, { force: true }));

  for (const [index, [mistake, says]] of MISTAKES.entries())
    it(`are refused with what is wrong (${index + 1}: ${says.source})`, () => {
      expect(refused(mistake))
        .to.match(says)
        .and.match(/^Options of the plugin agent-llm: /);
    });

  it('show no secret that stands in the wrong place', () => {
    for (const options of [
      { ...GOOD, baseURL: `https://user:${API_KEY}@api.example.com/v1` },
      { ...GOOD, apiKeyEnv: { key: API_KEY } },
      { ...GOOD, headers: [API_KEY] },
      { ...GOOD, apiKey: API_KEY },
    ])
      expect(refused(options)).to.not.include(API_KEY);
  });

  it('make several agents, each with what it says itself, and else with what is said for all', async () => {
    const server = await serve({ text: 'a' }, { text: 'b' });
    const [small, large] = await createLlmAgents(
      optionsFor(server, {
        temperature: 0,
        parameters: { seed: 1, top_k: 2 },
        agents: {
          small: { description: 'Quick', capabilities: ['write'], concurrency: 2 },
          large: { model: 'large', temperature: 1, parameters: { seed: 3 } },
        },
      }),
    );
    expect(small).to.include({ name: 'small', description: 'Quick', concurrency: 2 });
    expect(small?.capabilities).to.deep.equal(['write']);
    expect(large?.name).to.equal('large');
    await callAgent(small as never, 'Hi');
    await callAgent(large as never, 'Hi');
    const asked = server.bodies.map(({ model, temperature, seed, top_k: topK }) => [model, temperature, seed, topK]);
    expect(asked).to.deep.equal([
      ['small', 0, 1, 2],
      ['large', 1, 3, 2],
    ]);
  });

  it('make agents that workflows ask for by name and by capability', async () => {
    const server = await serve({ text: 'one' }, { text: 'two' });
    const agents = { writer: {}, critic: { capabilities: ['review'] } };
    const reprise = await createReprise({
      plugins: [llmAgent(optionsFor(server, { agents }))],
      workflows: [parseWorkflow('name: w\ntasks: { a: { agent: writer }, b: { capability: review, after: a } }')],
    });
    await reprise.start();
    expect(await (await reprise.startRun('w', 'Hi')).result()).to.equal('two');
    expect(server.bodies.map(({ messages }) => messages[0]?.content)).to.deep.equal(['Hi', 'one']);
    await reprise.stop();
  });

  it('name a key that has to be there', async () => {
    const missing = { ...GOOD, apiKeyEnv: 'REPRISE_TEST_NO_SUCH_KEY' };
    const failures: unknown[] = [];
    for (const options of [missing, { ...GOOD, apiKeyFile: '/no/such/file' }])
      await createReprise({ plugins: [llmAgent(options)] }).catch((error: unknown) => failures.push(error));
    expect(failures.map((error) => (error as { code: string }).code)).to.deep.equal(
      Array.from({ length: 2 }, () => 'REPRISE_CONFIG_INVALID'),
    );
    expect(String(failures[0])).to.include('REPRISE_TEST_NO_SUCH_KEY');
    expect(String(failures[1])).to.include('/no/such/file').and.to.include('ENOENT');
  });

  it('take a key from a file, which may change meanwhile', async () => {
    writeFileSync(file, 'first-key-of-the-file\n');
    const server = await serve({ text: 'a' }, { text: 'b' });
    const all = { apiKeyEnv: undefined, apiKeyFile: file } as unknown as LlmAgentOptions;
    const [agent] = await createLlmAgents({ ...optionsFor(server), ...all, agents: { one: {} } });
    await callAgent(agent as never, 'Hi');
    writeFileSync(file, 'second-key-of-the-file');
    await callAgent(agent as never, 'Hi');
    expect(server.requests.map(({ headers }) => headers.authorization)).to.deep.equal([
      'Bearer first-key-of-the-file',
      'Bearer second-key-of-the-file',
    ]);
    rmSync(file);
    const { error } = await callAgent(agent as never, 'Hi');
    expect(error).to.include({ code: 'REPRISE_CONFIG_INVALID' });
    writeFileSync(file, 'not a key\nbut a text');
    expect((await callAgent(agent as never, 'Hi')).error?.message)
      .to.include('does not hold a key')
      .and.not.include('text');
  });

  it('send no key where there is none', async () => {
    const server = await serve({ text: 'a' });
    await call(server, {}, 'Hi', { all: { apiKeyEnv: undefined } as unknown as LlmAgentOptions });
    expect(server.requests[0]?.headers).to.not.have.property('authorization');
  });

  it('take schemas of zod', () => {
    expect(
      llmAgent({ ...GOOD, schema: z.object({ a: z.string() }), tools: { t: { ...TOOL, parameters: z.object({}) } } }),
    ).to.include({ kind: 'agent', name: 'llm-a' });
  });

  it('are described to whoever installs the plugin', () => {
    const schema = JSON.parse(readFileSync(join(import.meta.dirname, '../options.schema.json'), 'utf8')) as {
      readonly properties: object;
      readonly $defs: { readonly agent: { readonly properties: object } };
    };
    const ofAgent = Object.keys(schema.$defs.agent.properties);
    for (const key of ofAgent)
      expect(refused({ ...GOOD, agents: { a: { [key]: Symbol('none') } } })).to.include(`agents.a.${key} is not`);
    expect(refused({ ...GOOD, agents: { a: { x: 1 } } })).to.include(`there are ${ofAgent.join(', ')}.`);
  });
});
