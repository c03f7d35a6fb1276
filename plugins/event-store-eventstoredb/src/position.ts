import { BEGINNING, type Position, RepriseError } from '@reprise/core/plugin';

/** A place in the log of EventStoreDB, as its protocol writes it: whole numbers of up to 64 bits as text. */
export interface LogPosition {
  readonly commit: string;
  readonly prepare: string;
}

/** Enough for 64 bits. */
const DIGITS = 20;

const padded = (digits: string): string => digits.padStart(DIGITS, '0');
const bare = (digits: string): string => digits.replace(/^0+(?=\d)/, '');

/** Commit and prepare are the same for whatever is written through gRPC: one of them is enough then. */
export const toPosition = ({ commit, prepare }: LogPosition): Position =>
  commit === prepare ? padded(commit) : `${padded(commit)}-${padded(prepare)}`;

/** Undefined for BEGINNING. Throws REPRISE_INVALID_ID for text that this store never handed out. */
export function fromPosition(position: Position): LogPosition | undefined {
  if (position === BEGINNING) return undefined;
  const [, commit, prepare = commit] = /^(\d{20})(?:-(\d{20}))?$/.exec(position) ?? [];
  if (commit !== undefined && prepare !== undefined) return { commit: bare(commit), prepare: bare(prepare) };
  throw new RepriseError('REPRISE_INVALID_ID', `${JSON.stringify(position)} is not a position of an EventStoreDB.`);
}
