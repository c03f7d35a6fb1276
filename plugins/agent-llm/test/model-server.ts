import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request, as the server had it. */
export interface Requested {
  readonly headers: IncomingMessage['headers'];
  readonly body: RequestBody;
  /** Resolves when the client is gone before the answer was. */
  readonly gone: Promise<void>;
}

export interface RequestBody {
  readonly model: string;
  readonly stream?: boolean;
  readonly messages: readonly {
    readonly role: string;
    readonly content: string | null;
    readonly tool_calls?: readonly { readonly id: string; readonly function: { name: string; arguments: string } }[];
    readonly tool_call_id?: string;
  }[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
  readonly [key: string]: unknown;
}

export interface Said {
  readonly text?: string;
  readonly reasoning?: string;
  /** `arguments` is JSON, or whatever a model says in its place. */
  readonly calls?: readonly { readonly id?: string; readonly name: string; readonly arguments: string }[];
  readonly finish?: string;
  /** Null: the server does not tell. */
  readonly usage?: object | null;
  /** The stream ends after so many pieces: by a cut of the connection, or as if it were whole. */
  readonly cutAfter?: number;
  readonly endAfter?: number;
}

/** What the server does with a request. */
export type Reply =
  | Said
  | {
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly error?: unknown;
      readonly page?: string;
    }
  /** Text in the place of a body, or of the events of a stream. */
  | { readonly raw: string }
  /** Never answers, or begins to and says no more. */
  | 'hang'
  | 'hang after a piece';

export type Script = readonly (Reply | ((body: RequestBody) => Reply))[];

const USAGE = { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 };

/**
 * A server that speaks the chat completions protocol on 127.0.0.1 and says what its script says: for each request the next reply, or what a function makes of
 * the request.
 */
export class ModelServer {
  readonly requests: Requested[] = [];
  readonly #replies: Script[number][];
  readonly #server: Server;
  readonly #arrived = new Set<() => void>();

  private constructor(replies: Script) {
    this.#replies = [...replies];
    this.#server = createServer((request, response) => void this.#handle(request, response));
  }

  static async start(...replies: Script): Promise<ModelServer> {
    const made = new ModelServer(replies);
    made.#server.listen(0, '127.0.0.1');
    await once(made.#server, 'listening');
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** The bodies of the requests, in order. */
  get bodies(): readonly RequestBody[] {
    return this.requests.map(({ body }) => body);
  }

  async requested(count: number): Promise<Requested> {
    while (this.requests.length < count) await new Promise<void>((resolve) => this.#arrived.add(resolve));
    return this.requests[count - 1] as Requested;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as RequestBody;
    const gone = new Promise<void>((resolve) => {
      response.on('close', () => (response.writableFinished ? undefined : resolve()));
    });
    const next = this.#replies.shift() ?? { status: 599, error: { message: 'the script has no further reply' } };
    this.requests.push({ headers: request.headers, body, gone });
    for (const tell of this.#arrived) tell();
    this.#arrived.clear();
    if (request.url !== '/v1/chat/completions')
      return answer(response, 404, {}, { error: { message: 'no such path' } });
    const reply = typeof next === 'function' ? next(body) : next;
    if (reply === 'hang') return;
    if (reply === 'hang after a piece') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event({ choices: [{ index: 0, delta: { content: 'well' } }] }));
    } else if ('raw' in reply) {
      response.writeHead(200, { 'content-type': body.stream === true ? 'text/event-stream' : 'application/json' });
      response.end(reply.raw);
    } else if ('status' in reply) {
      const { status, headers = {}, error, page } = reply;
      if (page === undefined) answer(response, status, headers, { error });
      else response.writeHead(status, { 'content-type': 'text/html' }).end(page);
    } else if (body.stream === true) stream(response, reply, body.model);
    else answer(response, 200, {}, whole(reply, body.model));
  }
}

const event = (data: unknown): string => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;

function answer(response: ServerResponse, status: number, headers: Record<string, string>, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

const called = ({ calls = [] }: Said) =>
  calls.map(({ id, name, arguments: given }, index) => ({
    id: id ?? `call_${index}`,
    type: 'function',
    function: { name, arguments: given },
  }));

const usageIn = ({ usage }: Said): object | null => (usage === undefined ? USAGE : usage);

const finishOf = ({ finish, calls = [] }: Said): string => finish ?? (calls.length > 0 ? 'tool_calls' : 'stop');

function whole(said: Said, model: string): unknown {
  const calls = called(said);
  const message = {
    role: 'assistant',
    content: said.text ?? null,
    ...(said.reasoning === undefined ? {} : { reasoning_content: said.reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  const choices = [{ index: 0, message, finish_reason: finishOf(said) }];
  return {
    id: 'r',
    object: 'chat.completion',
    created: 1,
    model: `${model}-0613`,
    choices,
    usage: usageIn(said),
  };
}

/** Text in pieces of five characters, arguments of calls in two. */
function stream(response: ServerResponse, said: Said, model: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const piece = (delta: object, finish: string | null = null): string =>
    event({ id: 'r', created: 1, model: `${model}-0613`, choices: [{ index: 0, delta, finish_reason: finish }] });
  const pieces = (text = ''): readonly string[] => text.match(/[\s\S]{1,5}/g) ?? [];
  const parts = [
    piece({ role: 'assistant', content: '' }),
    ...pieces(said.reasoning).map((text) => piece({ reasoning_content: text })),
    ...pieces(said.text).map((text) => piece({ content: text })),
    ...called(said).flatMap((call, index) => {
      const { name, arguments: given } = call.function;
      const half = Math.floor(given.length / 2);
      return [
        piece({ tool_calls: [{ index, ...call, function: { name, arguments: given.slice(0, half) } }] }),
        piece({ tool_calls: [{ index, function: { arguments: given.slice(half) } }] }),
      ];
    }),
    piece({}, finishOf(said)),
    event({ id: 'r', created: 1, model: `${model}-0613`, choices: [], usage: usageIn(said) }),
    event('[DONE]'),
  ];
  const { cutAfter, endAfter } = said;
  response.write(parts.slice(0, cutAfter ?? endAfter ?? parts.length).join(''), () => {
    if (cutAfter === undefined) response.end();
    else response.destroy();
  });
}
