import type { Clock } from '@reprise/core/plugin';
import { kept, type Person, type Role, type Sessions, secret } from './sessions.ts';
import type { Token } from './token-file.ts';

/** A session ends by itself after so long; ms. */
const LASTS_MS = 12 * 3_600_000;
/** Sessions with one token; the oldest gives way. */
const MOST = 20;

export interface TokenSessionsParts {
  /** The token with this hash, as the file is now. */
  find(sha256: string): Token | undefined;
  readonly clock: Clock;
  /** Nobody may do more. */
  readonly atMost: Role;
}

interface Begun {
  readonly sha256: string;
  readonly until: number;
}

/** Sessions of people with tokens. Name and role are looked up at every call: who is struck out of the file is out, his open sessions too. */
export class TokenSessions implements Sessions {
  readonly by = 'token';
  readonly #parts: TokenSessionsParts;
  /** By the hash of the session, oldest first. */
  readonly #sessions = new Map<string, Begun>();

  constructor(parts: TokenSessionsParts) {
    this.#parts = parts;
  }

  begin(token: string): string | undefined {
    const { find, clock } = this.#parts;
    const sha256 = kept(token);
    if (find(sha256) === undefined) return undefined;
    const now = clock.now();
    for (const [key, { until }] of this.#sessions) if (until <= now) this.#sessions.delete(key);
    const same = [...this.#sessions].filter(([, begun]) => begun.sha256 === sha256);
    const [oldest] = same;
    if (same.length >= MOST && oldest !== undefined) this.#sessions.delete(oldest[0]);
    const session = secret();
    this.#sessions.set(kept(session), { sha256, until: now + LASTS_MS });
    return session;
  }

  who(session: string | undefined): Person | undefined {
    const { find, clock, atMost } = this.#parts;
    const begun = session === undefined ? undefined : this.#sessions.get(kept(session));
    if (begun === undefined || begun.until <= clock.now()) return undefined;
    const token = find(begun.sha256);
    return token === undefined ? undefined : { name: token.name, role: atMost === 'viewer' ? 'viewer' : token.role };
  }

  end(session: string): void {
    this.#sessions.delete(kept(session));
  }
}
