import { hmacSha256, isSameSecret } from '../../shared/hash.ts';

/** The attempt that a token is for. */
export interface TokenSubject {
  readonly runId: string;
  /** The path of the task. */
  readonly taskId: string;
  readonly attempt: number;
  /** The id of the dispatch: the same whenever the attempt is sent again. */
  readonly dispatchId: string;
}

/** `1.<round>.<HMAC-SHA256, base64url>`. */
const FORM = /^1\.([1-9]\d{0,9})\.([A-Za-z0-9_-]{43})$/;

/**
 * Tokens that dispatches carry, and that whoever reports of the attempt gives back: nobody who was not handed it can make one, and that of one attempt
 * is none of another. Nothing is kept: whoever has the secret takes the tokens of everybody who has it, so a run may change hands. Tokens are
 * made with the first secret, and taken with any: secrets are changed by putting a new one before the old one, which goes once the attempts that
 * were handed out under it have ended.
 */
export class DispatchTokens {
  readonly #secrets: readonly string[];

  /** Without a secret no token is made, and none is asked for. */
  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  get enabled(): boolean {
    return this.#secrets.length > 0;
  }

  /** Undefined without a secret. */
  tokenOf(subject: TokenSubject, round: number): string | undefined {
    const [secret] = this.#secrets;
    return secret === undefined ? undefined : `1.${round}.${hmacSha256(secret, signed(subject, round))}`;
  }

  /** Whether the token was made for this very attempt, with one of the secrets. */
  verifies(subject: TokenSubject, token: unknown): boolean {
    const [, round, mac] = (typeof token === 'string' ? FORM.exec(token) : null) ?? [];
    if (round === undefined || mac === undefined) return false;
    const text = signed(subject, Number(round));
    // All of them, so that how long it takes does not say which it was.
    return this.#secrets.map((secret) => isSameSecret(hmacSha256(secret, text), mac)).includes(true);
  }
}

/** No two subjects have the same text. */
const signed = ({ runId, taskId, attempt, dispatchId }: TokenSubject, round: number): string =>
  JSON.stringify(['reprise.dispatch', 1, runId, taskId, round, attempt, dispatchId]);
