import { RepriseError } from '../../../shared/errors.ts';

/** Where a row stands in a list: its number in the order (undefined: none), and its key. */
export interface RowPlace {
  readonly rank: number | undefined;
  readonly key: string;
}

/** The cursor of a row's place in its order: opaque to those who pass it on. */
export const encodeRowPlace = ({ rank, key }: RowPlace): string => JSON.stringify([rank ?? null, key]);

/** Throws REPRISE_INVALID_ID for text that no list handed out. */
export function decodeRowPlace(cursor: string): RowPlace {
  try {
    const [rank, key, ...more] = JSON.parse(cursor) as readonly unknown[];
    if ((rank === null || typeof rank === 'number') && typeof key === 'string' && more.length === 0)
      return { rank: rank ?? undefined, key };
  } catch {
    // Said below.
  }
  throw new RepriseError('REPRISE_INVALID_ID', `${JSON.stringify(cursor)} is not a cursor of a list of rows.`, {
    fix: 'Give the cursor that the page before ended with, or none for the first page.',
  });
}
