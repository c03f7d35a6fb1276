import { createHash, randomBytes } from 'node:crypto';
import type { Permission } from './route.ts';

/** A viewer reads; an operator may change runs, too. */
export type Role = 'viewer' | 'operator';

/** Sessions that are kept; the oldest gives way. */
const MOST = 100;

const secret = (): string => randomBytes(32).toString('base64url');
// What is kept is no secret, and looking it up tells nothing about what is near.
const kept = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** What another process needs to serve in the place of this one, so that nobody has to enter again. Of sessions it has hashes alone; the token is a secret. */
export interface DashboardState {
  readonly token: string;
  readonly sessions: readonly string[];
}

/** Who may: a token of the link that works once is traded for a session. */
export class Sessions {
  readonly #role: Role;
  readonly #sessions: Set<string>;
  #token: string;
  #keptToken: string;

  constructor(role: Role, { token = secret(), sessions = [] }: Partial<DashboardState> = {}) {
    this.#role = role;
    this.#sessions = new Set(sessions.slice(-MOST));
    this.#token = token;
    this.#keptToken = kept(this.#token);
  }

  get state(): DashboardState {
    return { token: this.#token, sessions: [...this.#sessions] };
  }

  get role(): Role {
    return this.#role;
  }

  /** The token that works next. */
  get token(): string {
    return this.#token;
  }

  /** A session for a token, which is used up then; undefined for any other. */
  begin(token: string): string | undefined {
    if (kept(token) !== this.#keptToken) return undefined;
    this.#token = secret();
    this.#keptToken = kept(this.#token);
    const session = secret();
    this.#sessions.add(kept(session));
    const [oldest] = this.#sessions;
    if (this.#sessions.size > MOST && oldest !== undefined) this.#sessions.delete(oldest);
    return session;
  }

  /** Whether a session may; `undefined`: nobody has begun it. */
  may(session: string | undefined, permission: Permission): boolean | undefined {
    if (permission === 'open') return true;
    if (session === undefined || !this.#sessions.has(kept(session))) return undefined;
    return permission === 'view' || this.#role === 'operator';
  }
}
