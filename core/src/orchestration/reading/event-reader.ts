import type { EventStore, RecordedEvent } from '../../event-store/event-store.ts';
import { RepriseError } from '../../shared/errors.ts';
import { runStream } from '../../shared/ids.ts';
import type { Json } from '../../shared/json.ts';
import { decodeEvent } from '../workflow/event-schema.ts';
import type { RunEvent } from '../workflow/events.ts';
import type { RecordedPlace, SourceOf } from '../workflow/sources/source.ts';
import { walk } from '../workflow/sources/walk.ts';

/** Events that were read for what stands in them: the children of a run are read together, and mostly have the same ones. */
const KEPT = 4;

/**
 * Reads what a store has recorded as events: the one way from a stream to what can be folded. The input of a child run may stand in the history of
 * another run only; it is fetched from there, by one read for each event that has a part of it.
 */
export class EventReader {
  readonly #store: Pick<EventStore, 'read'>;
  readonly #kept = new Map<string, RunEvent>();

  constructor(store: Pick<EventStore, 'read'>) {
    this.#store = store;
  }

  /** A promise only when something has to be fetched. Throws (rejects with) REPRISE_EVENT_UNREADABLE, also when what it refers to is not there. */
  read(recorded: RecordedEvent): RunEvent | Promise<RunEvent> {
    const event = decodeEvent(recorded);
    if (event.type !== 'RunStarted' || event.inputFrom === undefined) return event;
    return this.#valueOf(event.inputFrom).then((input) => ({ ...event, input }));
  }

  async #valueOf(source: SourceOf<RecordedPlace>): Promise<Json> {
    if ('value' in source) return source.value;
    if ('runId' in source) return this.#fetch(source);
    if ('list' in source) {
      const list: Json[] = [];
      for (const one of source.list) list.push(await this.#valueOf(one));
      return list;
    }
    const fields: [string, Json][] = [];
    for (const [key, one] of Object.entries(source.fields)) fields.push([key, await this.#valueOf(one)]);
    return Object.fromEntries(fields);
  }

  async #fetch({ runId, revision, path }: RecordedPlace): Promise<Json> {
    const event = await this.#eventAt(runId, revision);
    const value = event === undefined ? undefined : walk(event as unknown as Json, path);
    if (value !== undefined) return value;
    const message = `The input of a child run stands in event ${revision} of run '${runId}', and is not there.`;
    throw new RepriseError('REPRISE_EVENT_UNREADABLE', message);
  }

  async #eventAt(runId: string, revision: number): Promise<RunEvent | undefined> {
    const key = `${runId}/${revision}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const [recorded] = await this.#store.read(runStream(runId), { from: revision, limit: 1 });
    if (recorded?.revision !== revision) return undefined;
    const event = decodeEvent(recorded);
    this.#kept.set(key, event);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value ?? '');
    return event;
  }
}
