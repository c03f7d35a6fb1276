import { closeSync, constants, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** How far a store had come at least: `position` was committed, with this checksum in its row, by `time` (ms). */
export interface Mark {
  /** Of the store file, as hex. */
  readonly storeId: string;
  readonly position: number;
  readonly checksum: number | null;
  readonly time: number;
}

/**
 * The mark is kept in two slots, written in turn, each in a sector of its own and with a checksum of its own: a write that is
 * torn leaves the slot of the time before. Whatever is not a whole slot counts as absent.
 */
export const SLOT_BYTES = 64;
export const SLOT_AT: readonly number[] = [0, 512];
const MAGIC = 'RPRSMRK1';
const CHECKED_BYTES = SLOT_BYTES - 4;

export const markPath = (storePath: string): string => `${storePath}-mark`;

export function encodeMark({ storeId, position, checksum, time }: Mark): Buffer {
  const slot = Buffer.alloc(SLOT_BYTES);
  slot.write(MAGIC, 0, 'latin1');
  slot.write(storeId, 8, 16, 'hex');
  slot.writeDoubleLE(position, 24);
  slot.writeDoubleLE(time, 32);
  slot.writeUInt8(checksum === null ? 0 : 1, 40);
  slot.writeUInt32LE(checksum ?? 0, 44);
  slot.writeUInt32LE(crc32(slot.subarray(0, CHECKED_BYTES)), CHECKED_BYTES);
  return slot;
}

/** Of each slot, what it holds; undefined for one that is not whole. */
function decodeSlots(bytes: Buffer): readonly (Mark | undefined)[] {
  return SLOT_AT.map((at) => {
    const slot = bytes.subarray(at, at + SLOT_BYTES);
    if (slot.length < SLOT_BYTES || slot.toString('latin1', 0, 8) !== MAGIC) return undefined;
    if (slot.readUInt32LE(CHECKED_BYTES) !== crc32(slot.subarray(0, CHECKED_BYTES))) return undefined;
    return {
      storeId: slot.toString('hex', 8, 24),
      position: slot.readDoubleLE(24),
      checksum: slot.readUInt8(40) === 0 ? null : slot.readUInt32LE(44),
      time: slot.readDoubleLE(32),
    };
  });
}

/** The furthest whole mark in the bytes of a mark file. */
export const decodeMark = (bytes: Buffer): Mark | undefined => furthest(decodeSlots(bytes));

function furthest([first, second]: readonly (Mark | undefined)[]): Mark | undefined {
  return second === undefined || (first !== undefined && first.position >= second.position) ? first : second;
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** The mark beside a store; undefined where there is none. */
export const readMark = (storePath: string): Mark | undefined => decodeMark(bytesOf(markPath(storePath)));

/**
 * Writes and syncs the mark beside a store, unless a mark of the same store is as far already (several processes may write
 * it). Only for what is committed: a mark that ran ahead of the file would be a false alarm.
 */
export function writeMark(storePath: string, mark: Mark): void {
  const path = markPath(storePath);
  const slots = decodeSlots(bytesOf(path));
  const best = furthest(slots);
  const known = best?.storeId === mark.storeId;
  if (known && best.position >= mark.position) return;
  // The slot that is not the best one; both, when they tell of another file.
  const places = known ? [SLOT_AT[slots[0] === best ? 1 : 0] ?? 0] : SLOT_AT;
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644);
  try {
    for (const at of places) writeSync(file, encodeMark(mark), 0, SLOT_BYTES, at);
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
}
