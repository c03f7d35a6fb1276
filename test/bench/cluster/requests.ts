import { Socket } from 'node:net';

/** What a process has written to Kafka, by kind, since it began: requests of each driver look the same on the wire. */
export interface Requests {
  readonly produce: number;
  readonly fetch: number;
  readonly commit: number;
  readonly other: number;
  readonly bytes: number;
}

export const NO_REQUESTS: Requests = { produce: 0, fetch: 0, commit: 0, other: 0, bytes: 0 };

export const NAMES = ['produce', 'fetch', 'commit', 'other', 'bytes'] as const;

/** By the API key of Kafka's protocol, which follows the length of a request. */
const KINDS: Readonly<Record<number, 'produce' | 'fetch' | 'commit'>> = { 0: 'produce', 1: 'fetch', 8: 'commit' };
const KEY_AT = 4;

/** Counts from now on: both clients write a request as one buffer. */
export function countRequests(port: number): () => Requests {
  const counts = { ...NO_REQUESTS } as { -readonly [Name in keyof Requests]: number };
  const { write } = Socket.prototype;
  Socket.prototype.write = function counted(this: Socket, ...args: unknown[]): boolean {
    const [data] = args;
    if (this.remotePort === port && data instanceof Uint8Array && data.byteLength > KEY_AT + 1) {
      const key = ((data[KEY_AT] ?? 0) << 8) | (data[KEY_AT + 1] ?? 0);
      counts[KINDS[key] ?? 'other'] += 1;
      counts.bytes += data.byteLength;
    }
    return Reflect.apply(write, this, args) as boolean;
  } as Socket['write'];
  return () => ({ ...counts });
}
