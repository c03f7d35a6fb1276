import { crc32 } from 'node:zlib';
import type { EventColumns } from './mapping.ts';

// Pure: the chain of checksums over a stream. Each event's value covers the event and, as the start value of its CRC-32, the
// value of the event before it; the first one's covers the name of the stream. It finds damage; it is no signature: whoever
// may write the file can compute it again (docs/adr/0008).

/** What the chain of a stream begins with. */
export const rootOf = (stream: string): number => crc32(stream);

/** The value of the event at `revision`; `previous` is that of the event before it, or the stream's root. */
export function chained(previous: number, revision: number, columns: EventColumns): number {
  const [id, type, time, data, causation, correlation, schemaVersion, traceparent, meta] = columns;
  const head = `${revision}\n${id}\n${type}\n${time}\n${causation}\n${correlation ?? ''}\n${schemaVersion}\n${traceparent ?? ''}\n${meta === null ? '' : `${meta}\n`}`;
  return data.length < ONE_TEXT ? crc32(head + data, previous) : crc32(data, crc32(head, previous));
}

/** Below this many characters it is cheaper to join the text than to call twice. */
const ONE_TEXT = 4096;

/** Of a text on its own (a snapshot's state). */
export const checksumOf = (text: string): number => crc32(text);
