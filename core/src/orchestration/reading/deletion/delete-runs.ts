import { type NewEvent, NO_STREAM } from '../../../event-store/event-store.ts';
import type { Storage } from '../../../event-store/storage.ts';
import type { Clock, Ids } from '../../../shared/clock.ts';
import { isRepriseError, RepriseError } from '../../../shared/errors.ts';
import { runStream } from '../../../shared/ids.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { RunReader } from '../run-reader.ts';
import { AUDIT_STREAM, type DeletedRun, RUN_DELETED } from './deletions.ts';
import { familyOf, type Removable } from './removable-runs.ts';

/** The store that runs are deleted from, and a reader of it. */
export interface DeletingParts {
  readonly storage: Pick<Storage, 'events' | 'remove'>;
  readonly reader: RunReader;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** What is put on record of a deletion. */
export interface DeleteRunOptions {
  /** Who does it, and why: on record. */
  readonly by?: string;
  readonly reason: string;
  /** Where its history was written to before. */
  readonly archive?: string;
}

/** Others may append to the record at the same time. */
const TRIES = 20;

/** Runs that would go together, with what is kept on record of each: the run, and the child runs that it started, theirs included. Throws as deleteRun() does, and changes nothing. */
export async function lookAtDeletion(
  { reader, storage }: Pick<DeletingParts, 'storage' | 'reader'>,
  runId: string,
): Promise<readonly DeletedRun[]> {
  return (await familyOf(reader, storage.events, runId)).map(({ deleted }) => deleted);
}

/**
 * Deletes a run that has ended, and the child runs that it started, in one step with the record of it (`audit-runs`): the histories are gone from the store,
 * and views are built anew without them. What goes on from the run (retries, forks) has a history of its own, and stays.
 *
 * Throws REPRISE_RUN_NOT_FOUND; REPRISE_RUN_NEEDED when it is open, is the child of a run that is there, or is needed by one that goes on from it;
 * REPRISE_STORE_UNAVAILABLE for a store that cannot remove. Then nothing was deleted.
 */
export async function deleteRun(
  { storage, reader, clock, ids }: DeletingParts,
  runId: string,
  { by, reason, archive }: DeleteRunOptions,
): Promise<readonly DeletedRun[]> {
  const { events, remove } = storage;
  if (remove === undefined)
    throw new RepriseError('REPRISE_STORE_UNAVAILABLE', 'This event store cannot remove histories.', {
      retryable: false,
      fix: 'Export what is to be kept, and use the tools of that store.',
    });
  const family = await familyOf(reader, events, runId);
  const causationId = ids.next();
  const record = family.map(({ deleted }): NewEvent => {
    const data = { ...deleted, ...(archive === undefined ? {} : { archive }) };
    return {
      id: ids.next(),
      type: RUN_DELETED,
      time: clock.now(),
      data: data as unknown as JsonObject,
      metadata: {
        ...{ causationId, correlationId: runId, schemaVersion: 1, reason },
        ...(by === undefined ? {} : { by }),
      },
    };
  });
  const streams = family.map(({ stream, revision }: Removable) => ({ stream, revision }));
  for (let tries = 1; ; tries += 1) {
    const [last] = await events.read(AUDIT_STREAM, { direction: 'backwards', limit: 1 });
    try {
      const expectedRevision = last?.revision ?? NO_STREAM;
      await remove(streams, { stream: AUDIT_STREAM, events: record, expectedRevision });
      return family.map(({ deleted }) => deleted);
    } catch (error) {
      if (!isRepriseError(error, 'REPRISE_STORE_CONFLICT')) throw error;
      const moved = error.details?.['stream'];
      if (moved === AUDIT_STREAM && tries < TRIES) continue;
      if (moved === AUDIT_STREAM) throw error;
      // Somebody else deleted it, or it has gone on.
      throw (await events.read(runStream(runId), { limit: 1 })).length === 0 ? gone(runId) : error;
    }
  }
}

const gone = (runId: string): RepriseError =>
  new RepriseError('REPRISE_RUN_NOT_FOUND', `There is no run '${runId}' in this store any more.`, {
    details: { runId },
  });
