import { createHash, createHmac, hash, timingSafeEqual } from 'node:crypto';

/** SHA-256 of `text` as lower-case hex. Pure. */
export const sha256 = (text: string): string => hash('sha256', text, 'hex');

/** HMAC-SHA256 of `text` in base64url: 43 characters. Pure. */
export const hmacSha256 = (secret: string, text: string): string =>
  createHmac('sha256', secret).update(text).digest('base64url');

/** Whether two texts of the same length are the same; how long it takes says nothing of where they differ. */
export function isSameSecret(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The SHA-256 of a text that is given in pieces. */
export interface TextHash {
  update(text: string): void;
  /** Lower-case hex. Ends the hash. */
  digest(): string;
}

/** Pieces are gathered up to about this many characters: a call for each small one would cost more than the hashing. */
const GATHERED_CHARS = 16 * 1024;

/** SHA-256 of a text of any length, of which never more than a piece is in memory. The same as sha256 of the whole. */
export function textHash(): TextHash {
  let gathered = '';
  let inner: ReturnType<typeof createHash> | undefined;
  const flush = () => {
    inner ??= createHash('sha256');
    inner.update(gathered);
    gathered = '';
    return inner;
  };
  return {
    update(text) {
      gathered += text;
      if (gathered.length > GATHERED_CHARS) flush();
    },
    digest: () => (inner === undefined ? sha256(gathered) : flush().digest('hex')),
  };
}

/** RFC 9562 UUID version 5 (name-based, SHA-1) of `name` in `namespace` (any string). Pure: equal inputs, equal id. */
export function uuidv5(namespace: string, name: string): string {
  const hex = hash('sha1', `${namespace}\n${name}`, 'hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
