import { createHash, randomBytes } from 'node:crypto';
import type { Permission } from './route.ts';

/** A viewer reads; an operator may change runs, too. */
export type Role = 'viewer' | 'operator';

/** Somebody who has a session. What he changes is on record under his name. */
export interface Person {
  readonly name: string;
  readonly role: Role;
}

/** Who has a session. */
export interface Sessions {
  /** How one is begun: with the printed link, once; or with a token of a file, as often as there is need. */
  readonly by: 'link' | 'token';
  /** A session for a token; undefined for one that is not known. */
  begin(token: string): string | undefined;
  /** Whose it is; undefined when nobody has begun it, or it has ended. */
  who(session: string | undefined): Person | undefined;
  end(session: string): void;
}

/** Whether that role is enough. */
export const may = (role: Role, permission: Permission): boolean => permission !== 'operate' || role === 'operator';

/** 256 bits that nobody can guess, as 43 characters. */
export const secret = (): string => randomBytes(32).toString('base64url');

/**
 * What is kept of a secret. One round of SHA-256 and no salt: what is hashed are 256 random bits, so there is no list of likely ones to try, and a slow
 * hash would only be work that strangers can ask for. Looking a hash up tells nothing about what is near to it.
 */
export const kept = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Sessions that are kept; the oldest gives way. */
const MOST = 100;

/** What another process needs to serve in the place of this one, so that nobody has to enter again. Of sessions it has hashes alone; the token is a secret. */
export interface DashboardState {
  readonly token: string;
  readonly sessions: readonly string[];
}

/** Sessions of one person, who has the printed link: its token works once, then there is another. */
export class LinkSessions implements Sessions {
  readonly by = 'link';
  readonly #person: Person;
  readonly #sessions: Set<string>;
  #token: string;

  /** `state`: of the one whose place it takes. */
  constructor(person: Person, { token = secret(), sessions = [] }: Partial<DashboardState> = {}) {
    this.#person = person;
    this.#sessions = new Set(sessions.slice(-MOST));
    this.#token = token;
  }

  get state(): DashboardState {
    return { token: this.#token, sessions: [...this.#sessions] };
  }

  /** The token that works next. */
  get token(): string {
    return this.#token;
  }

  begin(token: string): string | undefined {
    if (kept(token) !== kept(this.#token)) return undefined;
    this.#token = secret();
    const session = secret();
    this.#sessions.add(kept(session));
    const [oldest] = this.#sessions;
    if (this.#sessions.size > MOST && oldest !== undefined) this.#sessions.delete(oldest);
    return session;
  }

  who(session: string | undefined): Person | undefined {
    return session !== undefined && this.#sessions.has(kept(session)) ? this.#person : undefined;
  }

  end(session: string): void {
    this.#sessions.delete(kept(session));
  }
}
