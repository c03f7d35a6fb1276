import { sha256 } from '../../../shared/hash.ts';
import type { Json } from '../../../shared/json.ts';

/** JSON texts up to this long stand for themselves in a digest; longer ones by their hash. Part of digest version 1: never changes. */
const INLINE_CHARS = 512;
/** Payloads from about this size on are hashed when they come, so that the end of a run has nothing large left to do. */
const NOTE_CHARS = 32 * 1024;

interface Noted {
  readonly value: Json;
  readonly part: string;
}

/** Parts of large payloads by who holds them. A memo: what is missing, or of another value, is made anew. */
const notes = new WeakMap<object, Map<string | number, Noted>>();

/** What stands for a payload in a digest: its JSON text when that is short, else `#` and the SHA-256 of it. */
const partOf = (value: Json): string => {
  const text = JSON.stringify(value);
  return text.length <= INLINE_CHARS ? text : `#${sha256(text)}`;
};

/** Hashes a large payload now and keeps that for payloadPart. `size`: about how many characters it has. */
export function notePayload(holder: object, field: string | number, value: Json, size: number): void {
  if (size < NOTE_CHARS) return;
  let noted = notes.get(holder);
  if (noted === undefined) {
    noted = new Map();
    notes.set(holder, noted);
  }
  noted.set(field, { value, part: partOf(value) });
}

/** What stands for `value`, which `holder` has as `field`. Each large payload is hashed once. */
export function payloadPart(holder: object, field: string | number, value: Json): string {
  const noted = notes.get(holder)?.get(field);
  return noted !== undefined && noted.value === value ? noted.part : partOf(value);
}
