import { type JsonObject, type NewEvent, NO_STREAM, RepriseError, sha256, sleep, uuidv5 } from '@reprise/core/plugin';
import type { Log } from './log.ts';
import type { StreamNames } from './streams.ts';

/** A definition of fewer characters stays in the event that holds it. */
const SHARED_FROM = 8 * 1024;
/** Definitions that are remembered. */
const REMEMBERED = 100;
/** Pauses before a definition is looked for again that is not there, in ms, doubled up to the last: the node that answers may be behind. */
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 400;

/**
 * Definitions that many runs share: the start of a run has one in full, and a large one is kept once, in a stream of its own, by the hash of its
 * text. The event has null in its place, and the hash in its metadata; who reads it here gets it whole.
 */
export class Definitions {
  readonly #log: Log;
  readonly #names: StreamNames;
  readonly #known = new Map<string, JsonObject>();

  constructor(log: Log, names: StreamNames) {
    this.#log = log;
    this.#names = names;
  }

  /** The event as it is to be kept, with the hash of what was taken out of it; its definition is durable then. */
  async share(event: NewEvent): Promise<{ readonly event: NewEvent; readonly definition?: string }> {
    const { definition } = event.data;
    if (event.type !== 'RunStarted' || typeof definition !== 'object' || definition === null) return { event };
    const text = JSON.stringify(definition);
    if (text.length < SHARED_FROM) return { event };
    const hash = sha256(text);
    if (!this.#known.has(hash)) await this.#keep(hash, text);
    return { event: { ...event, data: { ...event.data, definition: null } }, definition: hash };
  }

  /** The data as they were handed over. */
  async restore(data: JsonObject, hash: string): Promise<JsonObject> {
    return { ...data, definition: this.#known.get(hash) ?? (await this.#read(hash)) };
  }

  async #keep(hash: string, text: string): Promise<void> {
    const name = this.#names.definitionOf(hash);
    const event = {
      id: uuidv5('reprise/definition', hash),
      type: 'Definition',
      data: Buffer.from(text),
      metadata: Buffer.from('{}'),
    };
    this.#log.assertFits(name, [event], []);
    const { kind } = await this.#log.append(name, [event], NO_STREAM);
    // Of the same text it is the same append. A conflict is somebody else's event in this stream.
    if (kind === 'conflict') await this.#read(hash);
    else this.#remember(hash, JSON.parse(text));
  }

  async #read(hash: string): Promise<JsonObject> {
    const name = this.#names.definitionOf(hash);
    const find = async () => (await this.#log.readStream(name, 0, false, 1)).answers[0];
    let found = await find();
    for (let pause = FIRST_PAUSE_MS; found === undefined && pause <= LAST_PAUSE_MS; pause *= 2) {
      await sleep(pause);
      found = await find();
    }
    const text = found === undefined ? '' : Buffer.from(found.kept.data).toString('utf8');
    if (sha256(text) !== hash) {
      const problem = found === undefined ? 'is not there' : 'is not what it was';
      throw new RepriseError('REPRISE_STORE_CORRUPT', `The definition in stream ${name} of EventStoreDB ${problem}.`);
    }
    return this.#remember(hash, JSON.parse(text));
  }

  #remember(hash: string, definition: JsonObject): JsonObject {
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(hash, definition);
    return definition;
  }
}
