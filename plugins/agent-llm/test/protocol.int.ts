import { parseWorkflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type AgentOptions, llmAgent } from '../src/index.ts';
import type { Reply, RequestBody } from './model-server.ts';
import { API_KEY, call, eventsOf, optionsFor, run, withServers } from './support.ts';

const LATE = new Date(Date.now() + 3_600_000).toUTCString();

describe('a model', () => {
  const { serve, open } = withServers();

  for (const stream of [true, false]) {
    it(`is asked with its prompt and parameters, ${stream ? 'and heard as it speaks' : 'and answers as a whole'}`, async () => {
      const usage = { prompt_tokens: 1000, completion_tokens: 200, prompt_tokens_details: { cached_tokens: 400 } };
      const server = await serve({ text: 'Bees make honey, as ever.', reasoning: 'Let me think.', usage });
      const own: AgentOptions = {
        system: 'You know bees.',
        temperature: 0.5,
        topP: 0.9,
        maxOutputTokens: 300,
        parameters: { seed: 7, reasoning_effort: 'low' },
        prices: { input: 2, output: 10, cachedInput: 0.5 },
        stream,
      };
      const called = await call(server, own, { topic: 'bees' }, { all: { headers: { 'x-team': 'apiary' } } });
      expect(called.output).to.equal('Bees make honey, as ever.');
      const [request] = server.requests;
      expect(request?.headers).to.include({ authorization: `Bearer ${API_KEY}`, 'x-team': 'apiary' });
      const {
        messages,
        stream_options: told,
        stream: streamed = false,
        ...parameters
      } = (request?.body ?? {}) as RequestBody;
      expect(messages).to.deep.equal([
        { role: 'system', content: 'You know bees.' },
        { role: 'user', content: '{\n  "topic": "bees"\n}' },
      ]);
      expect(streamed).to.equal(stream);
      expect(told).to.deep.equal(stream ? { include_usage: true } : undefined);
      const sent = { temperature: 0.5, top_p: 0.9, max_tokens: 300, seed: 7, reasoning_effort: 'low' };
      expect(parameters).to.deep.equal({ model: 'small', ...sent });
      const heard = called.emitted as readonly { readonly kind: string; readonly text?: string }[];
      const said = (kind: string) => heard.flatMap((one) => (one.kind === kind ? [one.text] : [])).join('');
      expect(said('text')).to.equal(stream ? 'Bees make honey, as ever.' : '');
      expect(said('reasoning')).to.equal(stream ? 'Let me think.' : '');
      const used = {
        requests: 1,
        inputTokens: 1000,
        outputTokens: 200,
        cachedInputTokens: 400,
        reasoningTokens: 0,
        cost: 0.0034,
      };
      expect(called.emitted.at(-1)).to.deep.equal({ kind: 'usage', turn: 1, ...used });
      expect(called.logged[0]?.fields).to.include({ model: 'small-0613', finishReason: 'stop', ...used });
    });
  }

  it('is handed a conversation, where the input is one', async () => {
    const server = await serve({ text: 'Fine.' });
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: 'How are you?' },
    ];
    expect(await call(server, {}, { messages })).to.include({ output: 'Fine.' });
    expect(server.bodies[0]?.messages).to.deep.equal(messages);
    for (const input of [
      '  ',
      { messages: [] },
      { messages: [{ role: 'system', content: 'x' }] },
      { messages: 'Hi' },
    ]) {
      const { error } = await call(server, {}, input);
      expect(error, JSON.stringify(input)).to.include({ code: 'LLM_INPUT_INVALID', retryable: false });
    }
    expect(server.requests).to.have.length(1);
  });

  it('says of a server that tells no usage that it does not know it', async () => {
    for (const stream of [true, false])
      for (const usage of [null, {}]) {
        const server = await serve({ text: 'Fine.', usage });
        const { emitted } = await call(server, { stream, prices: { input: 1, output: 1 } });
        expect(emitted.at(-1)).to.include({ requests: 1, untold: 1, inputTokens: 0 });
      }
  });

  it('gives the record of its turn where that is asked for', async () => {
    const server = await serve({ text: 'Ask 555-1234.' });
    const own = { record: true, system: 'Be short.', temperature: 0 };
    const { output } = await call(server, own, 'Who is 555-9876?', { all: { redact: ['\\d{3}-\\d{4}'] } });
    expect(output).to.deep.equal({
      turn: 1,
      model: 'small-0613',
      parameters: { model: 'small', temperature: 0 },
      system: 'Be short.',
      prompt: [{ role: 'user', content: 'Who is [redacted]?' }],
      text: 'Ask 555-1234.',
      answer: 'Ask 555-1234.',
      finishReason: 'stop',
      usage: { requests: 1, inputTokens: 12, outputTokens: 5, cachedInputTokens: 0, reasoningTokens: 0 },
    });
    expect(server.bodies[0]?.messages.at(-1)?.content, 'what is on record is what was sent').to.equal(
      'Who is [redacted]?',
    );
  });

  const error = (message: string, code?: string) => ({ message, ...(code === undefined ? {} : { code }) });
  const FAULTS: Readonly<Record<string, readonly [Reply, code: string, retryable: boolean, more?: object]>> = {
    'too many requests, and says when to come back': [
      { status: 429, headers: { 'retry-after': '20' }, error: error('slow down') },
      ...(['LLM_RATE_LIMITED', true, { status: 429, retryAfterMs: 20_000 }] as const),
    ],
    'too many requests, with exact ms': [
      { status: 429, headers: { 'retry-after': '1', 'retry-after-ms': '350' }, error: error('slow down') },
      ...(['LLM_RATE_LIMITED', true, { retryAfterMs: 350 }] as const),
    ],
    'no money left': [
      { status: 429, error: error('pay', 'insufficient_quota') },
      ...(['LLM_QUOTA_EXHAUSTED', false, { status: 429 }] as const),
    ],
    'a fault of its own': [{ status: 500, error: error('oops') }, 'LLM_SERVER_FAILED', true, { status: 500 }],
    'a page of a proxy': [
      { status: 502, page: '<html>Bad Gateway</html>' },
      'LLM_SERVER_FAILED',
      true,
      { status: 502 },
    ],
    'a key that is none': [{ status: 401, error: error('no such key') }, 'LLM_UNAUTHORIZED', false, { status: 401 }],
    'a model that it has not': [{ status: 404, error: error('no such model') }, 'LLM_REQUEST_REFUSED', false],
    'a prompt that is too long, by its code': [
      { status: 400, error: error('no', 'context_length_exceeded') },
      ...([
        'LLM_CONTEXT_TOO_LONG',
        false,
        { status: 400, details: { serverCode: 'context_length_exceeded' } },
      ] as const),
    ],
    'a prompt that is too long, in words': [
      { status: 400, error: error("This model's maximum context length is 8192 tokens") },
      ...(['LLM_CONTEXT_TOO_LONG', false] as const),
    ],
    'an answer that was cut off': [{ text: 'and so', finish: 'length' }, 'LLM_OUTPUT_TRUNCATED', false],
    'an answer that it holds back': [{ text: '', finish: 'content_filter' }, 'LLM_OUTPUT_FILTERED', false],
    'no JSON': [{ raw: 'data: {nope\n\n' }, 'LLM_RESPONSE_BROKEN', true],
    'JSON of another protocol': [{ raw: 'data: {"hello":1}\n\n' }, 'LLM_RESPONSE_BROKEN', true],
    'nothing at all': [{ raw: '' }, 'LLM_RESPONSE_BROKEN', true],
  };
  const STREAM_FAULTS: typeof FAULTS = {
    'a connection that is cut in the middle': [{ text: 'Bees make honey', cutAfter: 3 }, 'LLM_RESPONSE_BROKEN', true],
    'a stream that ends too soon': [{ text: 'Bees make honey', endAfter: 3 }, 'LLM_RESPONSE_BROKEN', true],
    'an error in the stream': [
      { raw: 'data: {"error":{"message":"overloaded","code":503}}\n\n' },
      ...(['LLM_SERVER_FAILED', true] as const),
    ],
    'an error in the stream that no other attempt mends': [
      { raw: 'data: {"error":{"message":"no","code":"context_length_exceeded"}}\n\n' },
      ...(['LLM_CONTEXT_TOO_LONG', false] as const),
    ],
    'silence in the middle': ['hang after a piece', 'LLM_SILENT', true],
  };
  for (const [faults, stream] of [
    [{ ...FAULTS, ...STREAM_FAULTS }, true],
    [FAULTS, false],
  ] as const)
    for (const [fault, [reply, code, retryable, more = {}]] of Object.entries(faults))
      it(`that answers with ${fault} fails with ${code} (${stream ? 'stream' : 'whole'})`, async () => {
        const server = await serve(reply);
        const { error: failed, output } = await call(server, {
          stream,
          ...(typeof reply === 'string' ? { idleTimeout: 100 } : {}),
        });
        expect(output).to.equal(undefined);
        expect(failed).to.include({ code, retryable });
        expect(failed).to.deep.include(more);
        expect(server.requests, 'the SDK tries nothing again').to.have.length(1);
      });

  it('that heeds a date in Retry-After', async () => {
    const server = await serve({ status: 503, headers: { 'retry-after': LATE }, error: error('later') });
    const { error: failed } = await call(server, {});
    expect(failed?.retryAfterMs).to.be.within(3_500_000, 3_600_000);
    expect(failed?.message).to.match(/^The model server 127\.0\.0\.1:\d+ answered 503: later\. It is tried again/);
  });

  it('that says nothing is given up, and its request with it', async () => {
    const server = await serve('hang');
    const { error: failed } = await call(server, { idleTimeout: 100, stream: false });
    expect(failed).to.include({ code: 'LLM_SILENT', retryable: true });
    await server.requests[0]?.gone;
  });

  it('that is not there is said so, with where it should be', async () => {
    const server = await serve();
    const { error: failed } = await call(server, {}, 'Hi', { all: { baseURL: 'http://127.0.0.1:9/v1' } });
    expect(failed).to.include({ code: 'LLM_UNREACHABLE', retryable: true });
    expect(failed?.message).to.include('127.0.0.1:9');
  });

  it('is tried again by the run, not before its server wants it to', async () => {
    const server = await serve(
      { status: 429, headers: { 'retry-after-ms': '400' }, error: error('slow down') },
      { text: 'Now.' },
    );
    const ran = await run(open, optionsFor(server, { agents: { bees: {} } }), {
      tasks: '  ask: { agent: bees, input: Hi, retry: { maxAttempts: 2, initialDelay: 1ms } }',
    });
    expect(ran).to.include({ status: 'completed', output: 'Now.' });
    expect(server.requests[0]?.headers['traceparent']).to.match(/^00-[0-9a-f]{32}-/);
    const [failed] = eventsOf(ran.events, 'TaskAttemptFailed');
    expect(failed?.error).to.include({ code: 'LLM_RATE_LIMITED', retryAfterMs: 400 });
    expect((failed?.retryAt ?? 0) - (failed?.at ?? 0)).to.equal(400);
  });

  it('is not tried again where that is of no use', async () => {
    const server = await serve({ status: 401, error: error('no') }, { text: 'never asked' });
    const ran = await run(open, optionsFor(server, { agents: { bees: {} } }), {
      tasks: '  ask: { agent: bees, input: Hi }',
    });
    expect(ran.error?.cause?.code).to.equal('LLM_UNAUTHORIZED');
    expect(server.requests).to.have.length(1);
  });

  for (const reply of ['hang', 'hang after a piece'] as const)
    it(`lets go of its request when the run is cancelled (${reply})`, async () => {
      const server = await serve(reply);
      const reprise = await open({
        plugins: [llmAgent(optionsFor(server, { agents: { bees: {} } }))],
        workflows: [parseWorkflow('name: w\ntasks:\n  ask: { agent: bees, input: Hi }')],
      });
      const handle = await reprise.startRun('w', null);
      const request = await server.requested(1);
      await handle.cancel('enough');
      await request.gone;
      expect(await handle.outcome()).to.include({ status: 'cancelled' });
    });

  it('keeps its secrets, whatever the server says of them', async () => {
    const headers = { 'x-project-token': 'token-of-the-team' };
    const echo = { status: 401, error: error(`key ${API_KEY} of token-of-the-team is wrong`, API_KEY) };
    for (const reply of [
      echo,
      { status: 500, error: `${API_KEY}` },
      { raw: `data: {"error":{"message":"${API_KEY}"}}\n\n` },
    ]) {
      const server = await serve(reply);
      const ran = await run(open, optionsFor(server, { headers, agents: { bees: {} } }), {
        tasks: '  ask: { agent: bees, input: Hi, retry: 1 }',
      });
      expect(ran.status).to.equal('failed');
      expect(ran.all).to.include('[secret]');
      expect(ran.all).to.not.include(API_KEY);
      expect(ran.all).to.not.include('token-of-the-team');
      expect(server.requests[0]?.headers['x-project-token']).to.equal('token-of-the-team');
    }
  });
});
