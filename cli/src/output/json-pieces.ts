/** An array or object that has been begun. `keys`: those of an object. */
interface Frame {
  readonly holder: Readonly<Record<string, unknown>> | readonly unknown[];
  readonly keys: readonly string[] | undefined;
  next: number;
  empty: boolean;
}

/**
 * The text of JSON.stringify(value) in pieces of about `size` characters, so that no value is too large to be written: a string
 * ends at 512 Mi characters. For plain JSON; members that are undefined drop out. Never cuts a surrogate pair in two. `end` comes
 * after it, in the last piece.
 */
export function* jsonPieces(value: unknown, size = 64 * 1024, end = ''): Generator<string, void, undefined> {
  const frames: Frame[] = [];
  let piece = '';
  let current: unknown = value;
  for (;;) {
    if (typeof current === 'string' && current.length > size) {
      piece += '"';
      for (const part of slices(current, size)) {
        yield piece + JSON.stringify(part).slice(1, -1);
        piece = '';
      }
      piece = '"';
    } else if (typeof current === 'object' && current !== null) {
      const keys = Array.isArray(current) ? undefined : Object.keys(current);
      frames.push({ holder: current as Frame['holder'], keys, next: 0, empty: true });
      piece += keys === undefined ? '[' : '{';
    } else {
      piece += JSON.stringify(current) ?? 'null';
    }
    if (piece.length >= size) {
      yield piece;
      piece = '';
    }
    // On to the next member, out of all that end here.
    let frame = frames.at(-1);
    while (frame !== undefined && !hasNext(frame)) {
      piece += frame.keys === undefined ? ']' : '}';
      frames.pop();
      frame = frames.at(-1);
    }
    if (frame === undefined) break;
    const key = frame.keys?.[frame.next] ?? frame.next;
    current = (frame.holder as Readonly<Record<string | number, unknown>>)[key];
    piece += `${frame.empty ? '' : ','}${typeof key === 'string' ? `${JSON.stringify(key)}:` : ''}`;
    frame.next += 1;
    frame.empty = false;
  }
  yield piece + end;
}

/** Whether a member is left; passes over those that have no JSON form. */
function hasNext(frame: Frame): boolean {
  const { holder, keys } = frame;
  if (keys === undefined) return frame.next < (holder as readonly unknown[]).length;
  while (frame.next < keys.length && (holder as Record<string, unknown>)[keys[frame.next] ?? ''] === undefined)
    frame.next += 1;
  return frame.next < keys.length;
}

function* slices(text: string, size: number): Generator<string, void, undefined> {
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + size);
    const last = text.charCodeAt(to - 1);
    if (to < text.length && last >= 0xd8_00 && last <= 0xdb_ff) to += 1;
    yield text.slice(from, to);
    from = to;
  }
}

/** The first `limit` characters of the JSON of a value, or all of it. */
export function jsonHead(value: unknown, limit: number): { readonly text: string; readonly whole: boolean } {
  let text = '';
  for (const piece of jsonPieces(value, limit)) {
    text += piece;
    if (text.length > limit) return { text: text.slice(0, limit), whole: false };
  }
  return { text, whole: true };
}

/** Characters of the JSON of a value; of more than `limit`, only that there are more. */
export function jsonLength(value: unknown, limit: number): { readonly length: number; readonly more: boolean } {
  let length = 0;
  for (const piece of jsonPieces(value)) {
    length += piece.length;
    if (length > limit) return { length: limit, more: true };
  }
  return { length, more: false };
}
