import { isIPv6 } from 'node:net';
import type { Clock } from '@reprise/core/plugin';

/** So many wrong ones from an address, then none is looked at until the minute is over. */
const MOST = 10;
const WINDOW_MS = 60_000;
/** Addresses that are remembered; the oldest gives way. */
const MAX_ADDRESSES = 10_000;

/** Counts wrong tokens by address. Tokens cannot be guessed; this is for the peace of the server and of whoever reads what it says. */
export class WrongTokens {
  readonly #clock: Clock;
  readonly #addresses = new Map<string, { readonly since: number; count: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** ms until a token of that address is looked at; 0: now. */
  wait(address: string): number {
    const found = this.#addresses.get(networkOf(address));
    if (found === undefined || found.count < MOST) return 0;
    return Math.max(0, found.since + WINDOW_MS - this.#clock.now());
  }

  count(address: string): void {
    const key = networkOf(address);
    const now = this.#clock.now();
    const found = this.#addresses.get(key);
    if (found !== undefined && now - found.since < WINDOW_MS) {
      found.count += 1;
      return;
    }
    this.#addresses.delete(key);
    this.#addresses.set(key, { since: now, count: 1 });
    const [oldest] = this.#addresses.keys();
    if (this.#addresses.size > MAX_ADDRESSES && oldest !== undefined) this.#addresses.delete(oldest);
  }
}

/** Of IPv6, the /64: a single customer has all of it. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = address.toLowerCase().replace(/%.*$/, '').split('::');
  const [before, after] = [head, tail].map((part) => (part === '' ? [] : part.split(':'))) as [string[], string[]];
  const zeros = Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...(address.includes('::') ? new Array<string>(zeros).fill('0') : []), ...after];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
