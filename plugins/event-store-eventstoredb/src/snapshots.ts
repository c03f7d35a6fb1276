import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { NO_STREAM, type Snapshot, type SnapshotCache, systemIds, uuidv5 } from '@reprise/core/plugin';
import { ANY } from './append.ts';
import type { Log } from './log.ts';
import { type Kept, type Proposed, sizeOf } from './mapping.ts';
import type { StreamNames } from './streams.ts';

const TYPE = 'Snapshot';
const PART = 'SnapshotPart';
/** Of what fills in JSON what it takes anyhow, nothing is gained. */
const PACKED_FROM = 4096;
/** A part takes this much less than an append may, in bytes: for what is beside it. */
const BESIDE = 512;
/** The most that is unpacked, in bytes. The engine makes no snapshot of more than 16 Mi characters. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Events that are looked at at once for a snapshot that is not the last event. */
const PAGE = 16;

interface Data {
  readonly revision: number;
  readonly schema: string;
  readonly state?: string;
  /** Gzip, in base64. */
  readonly packed?: string;
  /** Of one in parts: which they are, and how many. */
  readonly save?: string;
  readonly parts?: number;
}

interface Part {
  readonly save: string;
  /** From 0 on. */
  readonly part: number;
  readonly packed: string;
}

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/**
 * The last snapshot of each stream, in a stream beside it: one event, or, where that is too large for an append, its parts and after them the event
 * that says so. Parts without that are of a save that did not come to its end: they are passed over. $maxCount has room for the last
 * snapshot and the one that is being saved; what came before goes with the next scavenge. What cannot be saved or read is as good as not there.
 */
export class Snapshots implements SnapshotCache {
  readonly #log: Log;
  readonly #names: StreamNames;
  readonly #maxBytes: number;

  constructor(log: Log, names: StreamNames, maxBytes: number) {
    this.#log = log;
    this.#names = names;
    this.#maxBytes = maxBytes;
  }

  async load(stream: string): Promise<Snapshot | undefined> {
    let last: Data | undefined;
    const parts = new Map<number, string>();
    for await (const kept of this.#backwards(this.#names.snapshotOf(stream))) {
      if (last === undefined) {
        if (kept.type !== TYPE) continue;
        last = dataOf<Data>(kept);
        if (last?.parts === undefined) return last === undefined ? undefined : unpacked(last, last.packed);
        continue;
      }
      const part = kept.type === PART ? dataOf<Part>(kept) : undefined;
      if (part === undefined || part.save !== last.save) continue;
      parts.set(part.part, part.packed);
      if (parts.size === last.parts)
        return unpacked(last, Array.from({ length: parts.size }, (_, index) => parts.get(index) ?? '').join(''));
    }
    return undefined;
  }

  async save(stream: string, { revision, schema, state }: Snapshot): Promise<void> {
    const name = this.#names.snapshotOf(stream);
    if (state.length < PACKED_FROM && (await this.#saveOne(name, { revision, schema, state }))) return;
    const packed = (await promisify(gzip)(state)).toString('base64');
    if (await this.#saveOne(name, { revision, schema, packed })) return;
    await this.#saveParts(name, { revision, schema }, packed);
  }

  /** False when it is too large for an append. */
  async #saveOne(name: string, data: Data): Promise<boolean> {
    const event = proposed(TYPE, data);
    if (sizeOf(event) > this.#maxBytes) return false;
    // Before the first snapshot of a stream: only the last is to be kept. Whoever said that already, said the same.
    if ((await this.#log.last(name)) === undefined)
      await this.#log.append(`$$${name}`, [proposed('$metadata', { $maxCount: 1 })], NO_STREAM);
    await this.#log.append(name, [event], ANY);
    return true;
  }

  async #saveParts(name: string, data: Data, packed: string): Promise<void> {
    const length = this.#maxBytes - BESIDE;
    const parts = Math.ceil(packed.length / length);
    await this.#makeRoom(name, parts + 1);
    const save = systemIds.next();
    for (let part = 0; part < parts; part += 1) {
      const piece: Part = { save, part, packed: packed.slice(part * length, (part + 1) * length) };
      await this.#log.append(name, [proposed(PART, piece)], ANY);
    }
    await this.#log.append(name, [proposed(TYPE, { ...data, save, parts })], ANY);
  }

  /** For twice as many events, so that the last snapshot is there until the next is whole. In powers of two: it grows seldom. */
  async #makeRoom(name: string, events: number): Promise<void> {
    const said = await this.#log.last(`$$${name}`);
    const { $maxCount = 0 } = (said && dataOf<{ readonly $maxCount?: number }>(said.kept)) ?? {};
    if ($maxCount >= 2 * events) return;
    const room = 2 ** Math.ceil(Math.log2(2 * events));
    await this.#log.append(`$$${name}`, [proposed('$metadata', { $maxCount: room })], ANY);
  }

  /** The events of a stream, the last first, a few at a time. */
  async *#backwards(name: string): AsyncGenerator<Kept> {
    let from: number | undefined;
    for (let count = 1; ; count = PAGE) {
      const { answers } = await this.#log.readStream(name, from, true, count);
      for (const { kept } of answers) yield kept;
      const first = answers.at(-1)?.kept.revision ?? 0;
      if (first === 0) return;
      from = first - 1;
    }
  }
}

/** Undefined for what is no JSON. */
function dataOf<T>({ data }: Kept): T | undefined {
  try {
    return JSON.parse(Buffer.from(data).toString('utf8')) as T;
  } catch {
    return undefined;
  }
}

async function unpacked({ revision, schema, state }: Data, packed?: string): Promise<Snapshot | undefined> {
  if (packed === undefined) return state === undefined ? undefined : { revision, schema, state };
  try {
    const text = await promisify(gunzip)(Buffer.from(packed, 'base64'), { maxOutputLength: MOST_BYTES });
    return { revision, schema, state: text.toString('utf8') };
  } catch {
    return undefined;
  }
}

/** An event that is no history. */
export const proposed = (type: string, data: unknown): Proposed => ({
  id: uuidv5('reprise/beside', systemIds.next()),
  type,
  data: bytes(data),
  metadata: bytes({}),
});
