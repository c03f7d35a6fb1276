import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Message {
  readonly role: string;
  readonly content: string | null;
}

type Call = readonly [tool: string, given: object];

/**
 * Stands in for a model, so that the example runs without one: a server on this machine that speaks the chat completions protocol, in whole answers. There is no
 * model in it. It says what a script makes of the conversation so far: the answer, or calls of tools.
 */
export async function standInModel(script: (said: readonly Message[]) => string | readonly Call[]): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    const { model, messages } = JSON.parse(Buffer.concat(chunks).toString()) as { model: string; messages: Message[] };
    const said = script(messages);
    const message =
      typeof said === 'string'
        ? { role: 'assistant', content: said }
        : { role: 'assistant', content: null, tool_calls: said.map(asToolCall) };
    const finish = typeof said === 'string' ? 'stop' : 'tool_calls';
    const choices = [{ index: 0, message, finish_reason: finish }];
    const usage = { prompt_tokens: JSON.stringify(messages).length, completion_tokens: JSON.stringify(said).length };
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ model, choices, usage }));
  });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

const asToolCall = ([name, given]: Call, index: number) => ({
  id: `call_${index}`,
  type: 'function',
  function: { name, arguments: JSON.stringify(given) },
});

const COMMON = /^\(?(MIT|ISC|Apache-2\.0|0BSD|BSD-[23]-Clause|BlueOak-1\.0\.0)\b/;

/** What the stand-in of the clerk says: it counts, looks at what is not common, and answers. */
export function clerk(said: readonly Message[]): string | readonly Call[] {
  const results = said.filter(({ role }) => role === 'tool').map(({ content }) => JSON.parse(content ?? 'null'));
  const [counts, ...packages] = results as [Record<string, number> | undefined, ...string[][]];
  if (counts === undefined) return [['count', {}]];
  const rare = Object.keys(counts).filter((licence) => !COMMON.test(licence));
  if (packages.length < rare.length) return rare.map((licence) => ['packages', { licence }]);
  return JSON.stringify({ unusual: rare.map((licence, index) => ({ licence, packages: packages[index] })) });
}
