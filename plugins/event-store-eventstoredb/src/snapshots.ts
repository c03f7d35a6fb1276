import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { NO_STREAM, type Snapshot, type SnapshotCache, systemIds, uuidv5 } from '@reprise/core/plugin';
import { ANY } from './append.ts';
import type { Log } from './log.ts';
import { type Proposed, sizeOf } from './mapping.ts';
import type { StreamNames } from './streams.ts';

const TYPE = 'Snapshot';
/** Of what fills in JSON what it takes anyhow, nothing is gained. */
const PACKED_FROM = 4096;

interface Data {
  readonly revision: number;
  readonly schema: string;
  readonly state?: string;
  /** Gzip, in base64. */
  readonly packed?: string;
}

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/**
 * The last snapshot of each stream, as the one event of a stream beside it ($maxCount 1; what came before goes with the next scavenge). One that
 * is too large for an append, packed, is not kept. What cannot be saved or read is as good as not there.
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
    const found = await this.#log.last(this.#names.snapshotOf(stream));
    if (found === undefined) return undefined;
    try {
      const { revision, schema, state, packed } = JSON.parse(Buffer.from(found.kept.data).toString('utf8')) as Data;
      const text = packed === undefined ? state : String(await promisify(gunzip)(Buffer.from(packed, 'base64')));
      return text === undefined ? undefined : { revision, schema, state: text };
    } catch {
      return undefined;
    }
  }

  async save(stream: string, { revision, schema, state }: Snapshot): Promise<void> {
    const name = this.#names.snapshotOf(stream);
    const kept = state.length < PACKED_FROM ? { state } : { packed: (await promisify(gzip)(state)).toString('base64') };
    const event = proposed(TYPE, { revision, schema, ...kept });
    if (sizeOf(event) > this.#maxBytes) return;
    await this.#keepOne(name);
    await this.#log.append(name, [event], ANY);
  }

  /** Before the first snapshot of a stream: only the last is to be kept. Whoever said that already, said the same. */
  async #keepOne(name: string): Promise<void> {
    if (await this.#log.last(name)) return;
    await this.#log.append(`$$${name}`, [proposed('$metadata', { $maxCount: 1 })], NO_STREAM);
  }
}

/** An event that is no history. */
export const proposed = (type: string, data: unknown): Proposed => ({
  id: uuidv5('reprise/beside', systemIds.next()),
  type,
  data: bytes(data),
  metadata: bytes({}),
});
