import type { EventStore, RecordedEvent } from './event-store.ts';

const PAGE = 1000;

/** Every event of a stream from revision `from` (0) on, page by page, ending with the last one there when it is reached. */
export async function* readStream(
  store: Pick<EventStore, 'read'>,
  stream: string,
  from = 0,
): AsyncGenerator<RecordedEvent, void, undefined> {
  let next = from;
  for (;;) {
    const page = await store.read(stream, { from: next, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.complete === true) return; // a short page alone says nothing: its events may be large
    next = last.revision + 1;
  }
}
