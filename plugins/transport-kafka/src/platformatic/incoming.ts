import type { RecordsBatch } from '@platformatic/kafka';
import type { IncomingRecord } from '../driver.ts';

/** Of a batch that says how a transaction ended: none of its records is for anybody. */
const IS_CONTROL = 0x20;

/** The records from `from` on, and where to go on: a batch comes whole, and may begin before. */
export function incoming(
  batches: readonly RecordsBatch[],
  from: bigint,
): { readonly records: readonly IncomingRecord[]; readonly next: bigint } {
  let next = from;
  const records: IncomingRecord[] = [];
  for (const batch of batches) {
    const after = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
    if (after > next) next = after;
    if ((batch.attributes & IS_CONTROL) !== 0) continue;
    for (const { offsetDelta, key, value, headers } of batch.records) {
      const offset = batch.firstOffset + BigInt(offsetDelta);
      if (offset >= from) records.push({ offset, key, value, headers: toHeaders(headers) });
    }
  }
  return { records, next };
}

/** Of headers with one name the last counts. */
const toHeaders = (headers: readonly (readonly [unknown, unknown])[]): Readonly<Record<string, Uint8Array>> =>
  Object.fromEntries(headers.flatMap(([name, value]) => (value instanceof Uint8Array ? [[String(name), value]] : [])));
