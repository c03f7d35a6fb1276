import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { type Clock, isRepriseError } from '@reprise/core/plugin';
import {
  generateText,
  jsonSchema,
  type LanguageModelUsage,
  type ModelMessage,
  Output,
  streamText,
  type ToolSet,
  tool,
} from 'ai';
import { LlmError } from './errors.ts';
import { failureOf } from './failure.ts';
import type { Schema } from './schema.ts';
import type { Secrets } from './secrets.ts';
import type { Settings } from './settings.ts';
import { isStrict } from './strict.ts';
import { type Usage, usageOf } from './usage.ts';

export interface Asked {
  readonly settings: Settings;
  readonly system: string | undefined;
  readonly messages: readonly ModelMessage[];
  /** False: it has tools, and may call none of them. */
  readonly mayCall: boolean;
  readonly traceparent: string | undefined;
  readonly signal: AbortSignal;
  /** What comes, as it comes. An empty text is a sign of life. */
  heard(kind: 'text' | 'reasoning', text: string): void;
}

export interface ReplyCall {
  readonly id: string;
  readonly tool: string;
  readonly input: unknown;
}

export interface Reply {
  readonly text: string;
  readonly calls: readonly ReplyCall[];
  readonly finishReason: string;
  /** As the server calls what answered. */
  readonly model: string;
  readonly usage: Usage;
}

/** As the SDK has it. */
interface Raw extends Omit<Reply, 'usage'> {
  readonly used: LanguageModelUsage | undefined;
}

const PROVIDER = 'openai-compatible-server';

/** Asks a server. One request is one answer: nothing is tried again here. */
export class Requests {
  readonly #baseURL: string;
  readonly #server: string;
  readonly #secrets: Secrets;
  readonly #clock: Clock;

  constructor(baseURL: string, secrets: Secrets, clock: Clock) {
    this.#baseURL = baseURL;
    this.#server = new URL(baseURL).host;
    this.#secrets = secrets;
    this.#clock = clock;
  }

  /** Throws an LlmError, or the reason of the signal. */
  async ask(asked: Asked): Promise<Reply> {
    const { signal, settings } = asked;
    const silence = new AbortController();
    const watch = this.#watch(settings.idleMs, silence);
    try {
      const abort = AbortSignal.any([signal, silence.signal]);
      const heard: Asked['heard'] = (kind, text) => {
        watch.again();
        asked.heard(kind, text);
      };
      const call = callOf(this.#provider(settings), { ...asked, signal: abort }, await this.#secrets.headers());
      const { used, ...reply } = await (settings.stream ? streamed(call, heard) : whole(call));
      return { ...reply, usage: usageOf(used, settings.prices) };
    } catch (error) {
      signal.throwIfAborted();
      if (isRepriseError(error)) throw error;
      if (silence.signal.aborted) throw silence.signal.reason;
      const strike = (text: string): string => this.#secrets.strike(text);
      throw failureOf(error, { now: this.#clock.now(), server: this.#server, strike });
    } finally {
      watch.stop();
      // Whatever ended it, nothing of the request goes on.
      silence.abort();
    }
  }

  #provider({ structured, parameters }: Settings): ReturnType<typeof createOpenAICompatible> {
    return createOpenAICompatible({
      name: PROVIDER,
      baseURL: this.#baseURL,
      includeUsage: true,
      supportsStructuredOutputs: structured === 'json_schema',
      transformRequestBody: (body) => ({ ...body, ...parameters }),
    });
  }

  #watch(idleMs: number, silence: AbortController): { again(): void; stop(): void } {
    const arm = () =>
      this.#clock.schedule(idleMs, () =>
        silence.abort(new LlmError('LLM_SILENT', `The model server ${this.#server} said nothing for ${idleMs} ms.`)),
      );
    let armed = arm();
    return {
      again: () => {
        armed.cancel();
        armed = arm();
      },
      stop: () => armed.cancel(),
    };
  }
}

function callOf(
  provider: ReturnType<typeof createOpenAICompatible>,
  { settings, system, messages, mayCall, traceparent, signal }: Asked,
  headers: Readonly<Record<string, string>>,
) {
  const { schema, structured, tools, temperature, topP, maxOutputTokens } = settings;
  const toolChoice = mayCall ? ('auto' as const) : ('none' as const);
  return {
    model: provider.chatModel(settings.model),
    messages: [...messages],
    ...(system === undefined ? {} : { instructions: system }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(tools.size === 0 ? {} : { tools: toolSet(settings), toolChoice }),
    ...(schema === undefined || structured === 'prompt' ? {} : { output: outputOf(schema, structured) }),
    headers: { ...headers, ...(traceparent === undefined ? {} : { traceparent }) },
    ...(schema === undefined
      ? {}
      : { providerOptions: { openaiCompatible: { strictJsonSchema: isStrict(schema.json) } } }),
    maxRetries: 0,
    abortSignal: signal,
  };
}

type Call = ReturnType<typeof callOf>;

/** How the server is told of the schema. What comes is held against it here: the SDK would throw it away. */
const outputOf = ({ json }: Schema, structured: 'json_schema' | 'json_object') => ({
  ...(structured === 'json_schema'
    ? Output.object({ schema: jsonSchema(json as never), name: 'answer' })
    : Output.json()),
  parseCompleteOutput: async ({ text }: { readonly text: string }) => text,
  parsePartialOutput: async () => undefined,
});

/** Nothing is executed by the SDK: what is called is a task of the run. */
const toolSet = ({ tools }: Settings): ToolSet =>
  Object.fromEntries(
    Array.from(tools, ([name, { description, parameters }]) => [
      name,
      tool({ description, inputSchema: jsonSchema(parameters.json as never) }),
    ]),
  );

async function whole(call: Call): Promise<Raw> {
  const { text, toolCalls, finishReason, response, usage } = await generateText(call);
  return { text, calls: toolCalls.map(callIn), finishReason, model: response.modelId, used: usage };
}

async function streamed(call: Call, heard: Asked['heard']): Promise<Raw> {
  let raw: Raw = { text: '', calls: [], finishReason: 'other', model: '', used: undefined };
  // Its errors are parts of the stream; the default writes them to the console.
  for await (const part of streamText({ ...call, onError: () => undefined }).fullStream) {
    if (part.type === 'error') throw part.error;
    if (part.type === 'text-delta') raw = { ...raw, text: raw.text + part.text };
    if (part.type === 'tool-call') raw = { ...raw, calls: [...raw.calls, callIn(part)] };
    if (part.type === 'finish-step')
      raw = { ...raw, finishReason: part.finishReason, model: part.response.modelId, used: part.usage };
    const kind = part.type === 'text-delta' ? 'text' : 'reasoning';
    heard(kind, part.type === 'text-delta' || part.type === 'reasoning-delta' ? part.text : '');
  }
  call.abortSignal.throwIfAborted();
  return raw;
}

const callIn = (one: {
  readonly toolCallId: string;
  readonly toolName: string;
  readonly input: unknown;
}): ReplyCall => ({
  id: one.toolCallId,
  tool: one.toolName,
  input: one.input,
});
