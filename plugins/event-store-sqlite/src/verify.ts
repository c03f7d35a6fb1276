import type { RecordedEvent } from '@reprise/core/plugin';
import { chained, rootOf } from './checksum.ts';
import { toColumns, toRecordedEvent } from './mapping.ts';
import type { Row } from './node-sqlite.ts';
import { corrupt, StoreFaultError } from './store-fault.ts';
import type { Trace } from './trace-packing.ts';

/** What the row before another one in its stream says: its checksum, null for one of version 1; undefined: it is not there. */
export type PreviousOf = (streamId: number, revision: number) => number | null | undefined;

/** What the rows of a stream are read with. */
export interface StreamFacts {
  readonly stream: string;
  /** See trace-packing.ts. */
  readonly trace: Trace | undefined;
}

/**
 * An event from its row, when the row's checksum fits it and the checksum of the row before. Throws StoreFaultError
 * (REPRISE_STORE_CORRUPT) that names the place. `firstChecked`: from this position on every event has a checksum.
 */
export function verified(
  row: Row,
  { stream, trace }: StreamFacts,
  previous: number | null | undefined,
  { path, firstChecked }: { readonly path: string; readonly firstChecked: number },
): RecordedEvent {
  const revision = Number(row.revision);
  const fail = (why: string, cause?: unknown): StoreFaultError =>
    new StoreFaultError(
      corrupt(path, `the event at revision ${revision} of ${stream} (position ${row.position}) ${why}`),
      cause,
    );
  let event: RecordedEvent;
  try {
    event = toRecordedEvent(row, stream, trace);
  } catch (error) {
    throw fail('is not JSON', error);
  }
  if (revision > 0 && previous === undefined) throw fail('has none before it');
  if (row.checksum === null) {
    if (Number(row.position) >= firstChecked) throw fail('has lost its checksum');
    return event;
  }
  const expected = chained(previous ?? rootOf(stream), revision, toColumns(stream, event, row.data as string));
  if (expected !== row.checksum) throw fail('does not fit its checksum, or the event before it was changed');
  return event;
}
