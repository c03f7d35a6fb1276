import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

// What a fold uses of node:crypto, in the page.

/** The hash of a text, as hex. */
export function hash(algorithm: string, text: string, _encoding: 'hex'): string {
  if (algorithm !== 'sha256' && algorithm !== 'sha1') throw new TypeError(`The page has no ${algorithm}.`);
  return bytesToHex((algorithm === 'sha1' ? sha1 : sha256)(utf8ToBytes(text)));
}

const absent = (): never => {
  throw new TypeError('A fold has no use for this: it is not in the page.');
};

export { absent as createHash, absent as createHmac, absent as randomUUID, absent as timingSafeEqual };
