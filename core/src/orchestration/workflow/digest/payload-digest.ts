import { sha256 } from '../../../shared/hash.ts';
import type { Json } from '../../../shared/json.ts';

/** JSON texts up to this long stand for themselves in a digest; longer ones by their hash. Part of digest version 1: never changes. */
const INLINE_CHARS = 512;
/** Payloads from about this size on are hashed when they come, so that the end of a run has nothing large left to do. */
const NOTE_CHARS = 32 * 1024;
/** What is shorter is hashed again sooner than remembered. */
const MEMO_CHARS = 4 * 1024;

/** Parts of large lists and objects, which are never changed: one that many tasks share is hashed once. */
const parts = new WeakMap<object, string>();

interface Noted {
  readonly value: Json;
  readonly part: string;
}

/** Parts of large texts by who holds them. A memo: what is missing, or of another value, is made anew. */
const notes = new WeakMap<object, Map<string | number, Noted>>();

/** The last large text that was hashed: tasks that share one are looked at one after another. */
let last: Noted = { value: '', part: '""' };

/** What stands for a payload in a digest: its JSON text when that is short, else `#` and the SHA-256 of it. */
function partOf(value: Json): string {
  const isObject = typeof value === 'object' && value !== null;
  const known = isObject ? parts.get(value) : value === last.value ? last.part : undefined;
  if (known !== undefined) return known;
  const text = JSON.stringify(value);
  if (text.length <= INLINE_CHARS) return text;
  const part = `#${sha256(text)}`;
  if (text.length < MEMO_CHARS) return part;
  if (isObject) parts.set(value, part);
  else last = { value, part };
  return part;
}

/** Hashes a large payload now and keeps that for payloadPart. `size`: about how many characters it has. */
export function notePayload(holder: object, field: string | number, value: Json, size: number): void {
  if (size < NOTE_CHARS) return;
  const part = partOf(value);
  if (typeof value === 'object') return;
  let noted = notes.get(holder);
  if (noted === undefined) {
    noted = new Map();
    notes.set(holder, noted);
  }
  noted.set(field, { value, part });
}

/** What stands for `value`, which `holder` has as `field`. Each large payload is hashed once. */
export function payloadPart(holder: object, field: string | number, value: Json): string {
  const noted = typeof value === 'string' ? notes.get(holder)?.get(field) : undefined;
  return noted !== undefined && noted.value === value ? noted.part : partOf(value);
}
