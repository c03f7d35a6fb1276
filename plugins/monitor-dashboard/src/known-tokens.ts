import { statSync } from 'node:fs';
import type { Clock } from '@reprise/core/plugin';
import { readTokens, type Token } from './token-file.ts';

/** The file is looked at so often, when somebody asks; ms. */
const LOOK_MS = 1000;

/** The tokens of a file, as it is now. While it cannot be read nobody is let in: what is wrong with it may be what was to be taken back. */
export class KnownTokens {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #tokens: ReadonlyMap<string, Token>;
  #seen: string;
  #lookedAt: number;

  /** Throws REPRISE_TOKEN_FILE_INVALID. `onError` is told what is wrong with the file later, once. */
  constructor(path: string, clock: Clock, onError: (error: unknown) => void) {
    this.#path = path;
    this.#clock = clock;
    this.#onError = onError;
    this.#seen = this.#look();
    this.#tokens = byHash(readTokens(path));
    this.#lookedAt = clock.now();
  }

  get size(): number {
    return this.#tokens.size;
  }

  readonly find = (sha256: string): Token | undefined => {
    this.#refresh();
    return this.#tokens.get(sha256);
  };

  #refresh(): void {
    const now = this.#clock.now();
    if (now >= this.#lookedAt && now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    const seen = this.#look();
    if (seen === this.#seen) return;
    this.#seen = seen;
    try {
      this.#tokens = byHash(readTokens(this.#path));
    } catch (error) {
      this.#tokens = new Map();
      this.#onError(error);
    }
  }

  #look(): string {
    try {
      const { ino, size, mtimeNs, ctimeNs } = statSync(this.#path, { bigint: true });
      return [ino, size, mtimeNs, ctimeNs].join(' ');
    } catch (error) {
      return `${(error as NodeJS.ErrnoException).code}`;
    }
  }
}

const byHash = (tokens: readonly Token[]): ReadonlyMap<string, Token> =>
  new Map(tokens.map((token) => [token.sha256, token]));
