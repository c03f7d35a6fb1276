import { readFile } from 'node:fs/promises';
import { invalid } from './invalid.ts';
import type { ResolvedLlmAgentOptions } from './options.ts';

type From = Pick<ResolvedLlmAgentOptions, 'apiKeyEnv' | 'apiKeyFile' | 'headers'>;

/** Values shorter than that are in any text by chance. */
const LEAST_CHARS = 6;

/** The API key and the values of headers: handed out for requests, and struck out of whatever is said of them. */
export class Secrets {
  readonly #from: From;
  readonly #known = new Set<string>();

  constructor(from: From) {
    this.#from = from;
    for (const value of Object.values(from.headers ?? {})) this.#learn(value);
  }

  /** Headers of a request. A file is read each time, so that a key may be changed while runs go on. Throws REPRISE_CONFIG_INVALID. */
  async headers(): Promise<Record<string, string>> {
    const key = await this.#key();
    return { ...(key === undefined ? {} : { authorization: `Bearer ${key}` }), ...this.#from.headers };
  }

  /** The text without any of them. */
  strike(text: string): string {
    let struck = text;
    for (const secret of this.#known) struck = struck.replaceAll(secret, '[secret]');
    return struck;
  }

  async #key(): Promise<string | undefined> {
    const { apiKeyEnv, apiKeyFile } = this.#from;
    if (apiKeyEnv !== undefined) {
      const key = process.env[apiKeyEnv]?.trim();
      if (key === undefined || key === '')
        throw invalid(`apiKeyEnv is ${apiKeyEnv}, and there is no such variable in the environment.`);
      return this.#learn(key);
    }
    if (apiKeyFile === undefined) return undefined;
    let key: string;
    try {
      key = (await readFile(apiKeyFile, 'utf8')).trim();
    } catch (error) {
      const { code = 'it cannot be read' } = error as NodeJS.ErrnoException;
      throw invalid(`apiKeyFile is ${apiKeyFile}, which cannot be read (${code}).`);
    }
    // A header has no line feeds: whatever is in the file then is no key.
    if (!/^[\x21-\x7e]+$/.test(key))
      throw invalid(`apiKeyFile is ${apiKeyFile}, which does not hold a key and nothing else.`);
    return this.#learn(key);
  }

  #learn(secret: string): string {
    if (secret.length >= LEAST_CHARS) this.#known.add(secret);
    return secret;
  }
}
