import { sha256 } from '../../../shared/hash.ts';
import { hasEnded, type ItemsState } from '../state.ts';

/** Items that are hashed as one piece. Part of digest version 1: never changes. */
const PIECE = 256;

interface Noted {
  /** How many items of each piece have ended. */
  readonly ended: number[];
  /** Pieces that have ended and were not hashed yet. */
  readonly due: number[];
  /** Of pieces that have not changed since they were hashed. */
  readonly hashes: (string | undefined)[];
}

/** What is known of the pieces of a list. A memo: what is missing is made anew. */
const notes = new WeakMap<ItemsState, Noted>();

/** What a digest says of one item. */
export type ItemText = (index: number) => string;

/** What stands for the items of a list in a digest: SHA-256 of each piece of it. `textOf` is asked about pieces that have changed. */
export function itemsPart(items: ItemsState, textOf: ItemText): string {
  const { hashes } = notes.get(items) ?? begun(items);
  let text = '';
  for (let piece = 0; piece * PIECE < items.values.length; piece += 1) {
    hashes[piece] ??= hashOf(items, piece, textOf);
    text += ` ${hashes[piece]}`;
  }
  return text;
}

/** An item has ended: a piece all of which has is hashed now, so that the end of a long list has little left to do. */
export function noteEnded(items: ItemsState, index: number, textOf: ItemText): void {
  const known = notes.get(items);
  const noted = known ?? begun(items);
  // `begun` has counted it.
  if (known !== undefined) count(noted, index);
  const due = noted.due.pop();
  if (due !== undefined && noted.ended[due] === PIECE) noted.hashes[due] = hashOf(items, due, textOf);
}

/** Something of an item is about to change, or its value has come: its piece is hashed again. */
export function noteChange(items: ItemsState, index: number): void {
  const noted = notes.get(items);
  if (noted === undefined) return;
  const piece = Math.floor(index / PIECE);
  noted.hashes[piece] = undefined;
  const item = items.instances[index];
  if (item !== undefined && hasEnded(item)) noted.ended[piece] = (noted.ended[piece] ?? 0) - 1;
}

function begun(items: ItemsState): Noted {
  const noted: Noted = { ended: [], due: [], hashes: [] };
  notes.set(items, noted);
  for (const [index, item] of items.instances.entries()) if (item !== undefined && hasEnded(item)) count(noted, index);
  return noted;
}

function count(noted: Noted, index: number): void {
  const piece = Math.floor(index / PIECE);
  const ended = (noted.ended[piece] ?? 0) + 1;
  noted.ended[piece] = ended;
  if (ended === PIECE) noted.due.push(piece);
}

function hashOf(items: ItemsState, piece: number, textOf: ItemText): string {
  const to = Math.min(items.values.length, (piece + 1) * PIECE);
  let text = '';
  for (let index = piece * PIECE; index < to; index += 1) text += textOf(index);
  return sha256(text);
}
