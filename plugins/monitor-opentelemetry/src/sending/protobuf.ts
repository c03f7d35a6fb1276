// https://protobuf.dev/programming-guides/encoding

/** What a field's number is followed by. */
const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/** Of anything that is written after one look at the room that is left, and has no length of its own. */
const MARGIN = 64;
const TWO_32 = 2 ** 32;

/** Writes protobuf into a buffer that grows, and is used again. Field numbers are below 2,048. */
export class ProtobufWriter {
  #buffer = Buffer.allocUnsafe(64 * 1024);
  /** The last text of 32 hexadecimal digits (spans come in traces), and its bytes. */
  #digits = '';
  readonly #bytes = Buffer.alloc(16);
  #at = 0;

  /** Ends a message: a copy of it. The next begins. */
  take(): Uint8Array {
    const bytes = Uint8Array.prototype.slice.call(this.#buffer, 0, this.#at);
    this.#at = 0;
    return bytes;
  }

  /** Begins a message in the message; it goes on until `close` is given what this returns. */
  open(field: number): number {
    this.#grow(MARGIN);
    this.#tag(field, DELIMITED);
    this.#at += 1;
    return this.#at;
  }

  close(start: number): void {
    const length = this.#at - start;
    this.#grow(MARGIN);
    // One byte was left for the length; few need more.
    const more = sizeOf(length) - 1;
    if (more > 0) this.#buffer.copyWithin(start + more, start, this.#at);
    this.#at = start - 1;
    this.#varint(length);
    this.#at += length;
  }

  text(field: number, text: string): void {
    const { length } = text;
    this.#grow(3 * length + MARGIN);
    this.#tag(field, DELIMITED);
    const before = this.#at;
    this.#varint(length);
    const buffer = this.#buffer;
    let at = this.#at;
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 127) {
        this.#at = before;
        return this.#utf8(text);
      }
      buffer[at] = code;
      at += 1;
    }
    this.#at = at;
  }

  /** Bytes, as hexadecimal digits: of a span's id. */
  hex(field: number, digits: string): void {
    this.#grow(digits.length + MARGIN);
    this.#tag(field, DELIMITED);
    this.#varint(digits.length / 2);
    this.#at = writeHex(this.#buffer, this.#at, digits);
  }

  /** The same, for one that is likely the same as the last: of a trace's id. */
  sameHex(field: number, digits: string): void {
    if (digits.length !== 2 * this.#bytes.length) return this.hex(field, digits);
    if (digits !== this.#digits) {
      writeHex(this.#bytes, 0, digits);
      this.#digits = digits;
    }
    this.#grow(MARGIN);
    this.#tag(field, DELIMITED);
    this.#varint(this.#bytes.length);
    for (let index = 0; index < this.#bytes.length; index += 1)
      this.#buffer[this.#at + index] = this.#bytes[index] ?? 0;
    this.#at += this.#bytes.length;
  }

  /** A whole number of 64 bits. */
  whole(field: number, value: number): void {
    this.#grow(MARGIN);
    this.#tag(field, VARINT);
    if (value >= 0 && value < TWO_32) return this.#varint(value);
    for (let left = BigInt.asUintN(64, BigInt(value)); ; left >>= 7n) {
      const last = left < 128n;
      this.#buffer[this.#at] = Number(left & 127n) | (last ? 0 : 128);
      this.#at += 1;
      if (last) return;
    }
  }

  double(field: number, value: number): void {
    this.#grow(MARGIN);
    this.#tag(field, FIXED64);
    this.#at = this.#buffer.writeDoubleLE(value, this.#at);
  }

  fixed32(field: number, value: number): void {
    this.#grow(MARGIN);
    this.#tag(field, FIXED32);
    this.#at = this.#buffer.writeUInt32LE(value, this.#at);
  }

  /** Milliseconds, as nanoseconds. */
  time(field: number, ms: number): void {
    this.#grow(MARGIN);
    this.#tag(field, FIXED64);
    const seconds = Math.floor(ms / 1000);
    const nanos = Math.round((ms - seconds * 1000) * 1e6);
    // In two halves, each of which a number holds exactly.
    const upper = Math.floor(seconds / 65_536) * 1e9;
    const lower = (seconds % 65_536) * 1e9 + nanos + (upper % 65_536) * 65_536;
    this.#at = this.#buffer.writeUInt32LE(lower % TWO_32, this.#at);
    this.#at = this.#buffer.writeUInt32LE((Math.floor(upper / 65_536) + Math.floor(lower / TWO_32)) % TWO_32, this.#at);
  }

  #utf8(text: string): void {
    this.#varint(Buffer.byteLength(text));
    this.#at += this.#buffer.write(text, this.#at);
  }

  #tag(field: number, wire: number): void {
    this.#varint((field << 3) | wire);
  }

  /** Below 2^32. */
  #varint(value: number): void {
    const buffer = this.#buffer;
    let left = value;
    while (left > 127) {
      buffer[this.#at] = (left & 127) | 128;
      this.#at += 1;
      left >>>= 7;
    }
    buffer[this.#at] = left;
    this.#at += 1;
  }

  #grow(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#buffer.length, this.#at + bytes));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

/** Bytes of a varint below 2^32. */
function sizeOf(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/** Returns where it ends. */
function writeHex(buffer: Buffer, from: number, digits: string): number {
  let at = from;
  for (let index = 0; index < digits.length; index += 2) {
    buffer[at] = (nibble(digits, index) << 4) | nibble(digits, index + 1);
    at += 1;
  }
  return at;
}

/** Of a digit, 0 to 9 or a to f. */
function nibble(digits: string, at: number): number {
  const code = digits.charCodeAt(at);
  return code < 58 ? code - 48 : code - 87;
}
