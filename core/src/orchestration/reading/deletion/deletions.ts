import type { EventMetadata, EventStore, RecordedEvent } from '../../../event-store/event-store.ts';
import { BEGINNING, type Position } from '../../../event-store/position.ts';
import { readStream } from '../../../event-store/read-stream.ts';
import type { JsonObject } from '../../../shared/json.ts';

/** The stream that says which runs were deleted: by whom, why, and what they were. */
export const AUDIT_STREAM = 'audit-runs';

/** The type of its events. */
export const RUN_DELETED = 'RunDeleted';

/** What is on record of a run that was deleted. Times are ms since the Unix epoch. */
export interface DeletedRun {
  readonly runId: string;
  readonly workflow: string;
  readonly version: string;
  readonly status: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly events: number;
  /** Of its last state: what `run import` of an archive comes to again. */
  readonly digest: string;
  /** Of the first event and of the last. */
  readonly positions: { readonly first: Position; readonly last: Position };
  /** The run of which it was a child. */
  readonly parent?: string;
  /** Where it was written to before. */
  readonly archive?: string;
}

/** The same, with when, by whom and why. */
export interface Deletion extends DeletedRun {
  readonly at: number;
  readonly by: string | undefined;
  readonly reason: string | undefined;
  readonly position: Position;
}

/** Whether an event says that a run was deleted. */
export const isDeletion = ({ stream, type }: Pick<RecordedEvent, 'stream' | 'type'>): boolean =>
  stream === AUDIT_STREAM && type === RUN_DELETED;

/** Deletions on record, in their order. */
export async function* deletions(store: Pick<EventStore, 'read'>): AsyncGenerator<Deletion, void, undefined> {
  for await (const { type, data, metadata, time, position } of readStream(store, AUDIT_STREAM)) {
    if (type !== RUN_DELETED) continue;
    const { by, reason }: Pick<EventMetadata, 'by' | 'reason'> = metadata;
    yield { ...(data as JsonObject & DeletedRun), at: time, by, reason, position };
  }
}

/** Of the last deletion on record; BEGINNING when there was none. Whatever reads everything from now on finds nothing of what was deleted up to it. */
export async function lastDeletion(store: Pick<EventStore, 'read'>): Promise<Position> {
  const [last] = await store.read(AUDIT_STREAM, { direction: 'backwards', limit: 1 });
  return last?.position ?? BEGINNING;
}
