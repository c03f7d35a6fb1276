import { RepriseError } from '../shared/errors.ts';

/**
 * A place in the global order of a store: opaque text. Of two positions of one store the later is the greater by `<`. It is kept, compared and
 * handed back, nothing else. No position is the word 'end'.
 */
export type Position = string;

/** Before every event of any store. */
export const BEGINNING: Position = '';

/** Digits of an encoded position: enough for every safe integer. */
const DIGITS = 16;
/** What stands before so many digits. Every event has a position, so none is made for each. */
const ZEROS = Array.from({ length: DIGITS + 1 }, (_, digits) => '0'.repeat(DIGITS - digits));

/** The position that a whole number of 0 or more (with 16 digits at most) stands for, for stores that count. Throws RangeError for any other number. */
export function encodePosition(place: number | bigint): Position {
  const digits = String(place);
  if (place < 0 || digits.length > DIGITS || !(typeof place === 'bigint' || Number.isSafeInteger(place)))
    throw new RangeError(`${digits} cannot be a position: it must be a whole number of 0 to 16 digits.`);
  return ZEROS[digits.length] + digits;
}

/** What encodePosition was given; -1 for BEGINNING. Throws REPRISE_INVALID_ID for text that no store which counts handed out. */
export function decodePosition(position: Position): number {
  if (position === BEGINNING) return -1;
  const place = /^\d{16}$/.test(position) ? Number(position) : Number.NaN;
  if (Number.isSafeInteger(place)) return place;
  throw new RepriseError('REPRISE_INVALID_ID', `${JSON.stringify(position)} is not a position of this event store.`);
}
