import { RepriseError } from '../shared/errors.ts';

/** REPRISE_STORE_CONFLICT as every store words it; `details` carries the revisions. */
export function storeConflict(stream: string, expectedRevision: number, actualRevision: number): RepriseError {
  return new RepriseError(
    'REPRISE_STORE_CONFLICT',
    `Stream ${stream} is at revision ${actualRevision}, not at ${expectedRevision} as this append expected.`,
    { details: { stream, expectedRevision, actualRevision } },
  );
}

/** REPRISE_STORE_CLOSED as every store words it. */
export const storeClosed = (): RepriseError =>
  new RepriseError('REPRISE_STORE_CLOSED', 'The event store was used after close().');
