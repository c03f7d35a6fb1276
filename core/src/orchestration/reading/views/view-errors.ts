import type { Position } from '../../../event-store/position.ts';
import { RepriseError } from '../../../shared/errors.ts';
import type { ViewId } from './view-store.ts';

const shown = (position: Position | undefined): string => (position === undefined ? 'its beginning' : `'${position}'`);

/** REPRISE_VIEW_CONFLICT as every view store words it. */
export const viewConflict = (
  { name, version }: ViewId,
  expected: Position | undefined,
  actual: Position | undefined,
): RepriseError =>
  new RepriseError(
    'REPRISE_VIEW_CONFLICT',
    `The view '${name}' (version ${version}) is at ${shown(actual)}, not at ${shown(expected)}: another process builds it, too.`,
    { details: { view: name, version, expected: expected ?? null, actual: actual ?? null } },
  );

/** REPRISE_VIEW_STORE_CLOSED as every view store words it. */
export const viewStoreClosed = (): RepriseError =>
  new RepriseError('REPRISE_VIEW_STORE_CLOSED', 'The view store was used after close().');
