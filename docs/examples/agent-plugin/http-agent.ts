import { type Agent, defineAgent, definePlugin, type Json, type Plugin, RepriseError } from '@reprise/core/plugin';

export interface HttpAgentOptions {
  /** What workflows call it. */
  readonly name: string;
  /** Where the input is sent, by POST, as JSON; what is answered is the output. */
  readonly url: string;
}

/** Throws REPRISE_CONFIG_INVALID for options that cannot be. */
export function httpAgent({ name, url }: HttpAgentOptions): Plugin<'agent'> {
  if (!URL.canParse(url)) throw new RepriseError('REPRISE_CONFIG_INVALID', `http agent: ${url} is not a URL.`);
  return definePlugin({ name: `http-${name}`, kind: 'agent', create: () => createHttpAgent({ name, url }) });
}

const createHttpAgent = ({ name, url }: HttpAgentOptions): Agent =>
  defineAgent({
    name,
    async handle({ input, idempotencyKey }: { input: Json; idempotencyKey: string }, { signal }) {
      const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey };
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(input), signal });
      if (!response.ok)
        throw Object.assign(new Error(`${url} answered ${response.status}`), {
          code: 'HTTP_STATUS',
          status: response.status,
          retryable: response.status >= 500,
        });
      return response.json();
    },
  }) as Agent;
