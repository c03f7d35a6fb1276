import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { fileReason, lookAtFile, type Refuse } from '../config/read-text-file.ts';
import { usageError } from '../errors/usage-error.ts';
import { importInvalid } from './export-format.ts';

/** The longest line that is read, in bytes. A store takes events of 16 MiB unless it is told otherwise. */
export const MAX_LINE_BYTES = 32 * 1024 * 1024;

export interface Line {
  readonly text: string;
  /** Counted from 1. */
  readonly number: number;
}

const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * The lines of a file; `-` is stdin. Only \n ends a line: U+2028 and U+2029 belong to the text. Holds one line at a time.
 * Throws REPRISE_USAGE for what cannot be opened, REPRISE_IMPORT_INVALID for what is no text in UTF-8.
 */
export async function* linesOf(file: string): AsyncGenerator<Line, void, undefined> {
  yield* splitLines(file === '-' ? process.stdin : await openText(file));
}

async function openText(file: string): Promise<AsyncIterable<Uint8Array>> {
  const refuse: Refuse = (why, cause) =>
    usageError(`The file ${file} could not be read: ${why}.`, {
      cause,
      fix: 'Name a file that `reprise run export` wrote, or `-` for what is piped in.',
    });
  await lookAtFile(file, refuse);
  const input = createReadStream(file);
  await once(input, 'open').catch((error: unknown) => {
    throw refuse(fileReason(error), error);
  });
  return input;
}

/** Splits bytes into lines, whatever the borders of the chunks. */
export async function* splitLines(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<Line, void, undefined> {
  let parts: Buffer[] = [];
  let length = 0;
  let number = 1;
  let offset = 0;
  const finish = (): Line => {
    const bytes = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, length);
    const line = { text: decode(bytes, number, offset), number };
    offset += length + 1;
    number += 1;
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk as Uint8Array);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      add(bytes.subarray(start, end));
      yield finish();
      start = end + 1;
    }
    add(bytes.subarray(start));
  }
  if (length > 0) yield finish();

  function add(part: Buffer): void {
    if (part.length === 0) return;
    length += part.length;
    if (length > MAX_LINE_BYTES) {
      throw importInvalid(number, `it has more than ${MAX_LINE_BYTES} bytes. That is no line of an export.`);
    }
    parts.push(part);
  }
}

function decode(bytes: Buffer, number: number, offset: number): string {
  const zero = bytes.indexOf(0);
  if (zero >= 0) {
    throw importInvalid(
      number,
      `there is a zero byte at offset ${offset + zero}: this is a binary file, not an export.`,
    );
  }
  const text = bytes.toString('utf8');
  if (!isUtf8(bytes)) {
    const at = offset + firstInvalid(bytes, text);
    throw importInvalid(
      number,
      `the bytes at offset ${at} are not UTF-8. The file was damaged, or saved in another encoding.`,
    );
  }
  const start = number === 1 && text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
  return text.slice(start);
}

/** Where the first byte is that was read as U+FFFD without being one. */
function firstInvalid(bytes: Buffer, text: string): number {
  for (let at = text.indexOf('\uFFFD'); at >= 0; at = text.indexOf('\uFFFD', at + 1)) {
    const offset = Buffer.byteLength(text.slice(0, at));
    if (bytes.toString('latin1', offset, offset + 3) !== '\u00EF\u00BF\u00BD') return offset;
  }
  return 0;
}
