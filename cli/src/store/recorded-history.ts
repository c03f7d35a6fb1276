import {
  decodeEvent,
  EventReader,
  type EventStore,
  type HistoryEntry,
  isRepriseError,
  type RecordedEvent,
  readStream,
  runStream,
} from '@reprise/core';

/** An event of a run, or one that this build cannot read, and why. */
export type RecordedEntry =
  | HistoryEntry
  | { readonly revision: number; readonly recorded: RecordedEvent; readonly unreadable: string };

/** The events of a run from revision `from` on. One that cannot be read (of an unknown type, say) does not hide those after it. */
export async function* recordedHistory(
  store: EventStore,
  runId: string,
  from = 0,
): AsyncGenerator<RecordedEntry, void, undefined> {
  const events = new EventReader(store);
  for await (const recorded of readStream(store, runStream(runId), from)) {
    const { revision } = recorded;
    try {
      yield { revision, recorded, event: await events.read(recorded) };
    } catch (error) {
      yield unreadable(recorded, error);
    }
  }
}

/** The entry of one event alone. The input of a child run, which may stand in another one, is left out. */
export function entryOf(recorded: RecordedEvent): RecordedEntry {
  const { revision } = recorded;
  try {
    return { revision, recorded, event: decodeEvent(recorded) };
  } catch (error) {
    return unreadable(recorded, error);
  }
}

function unreadable(recorded: RecordedEvent, error: unknown): RecordedEntry {
  if (isRepriseError(error, 'REPRISE_EVENT_UNREADABLE'))
    return { revision: recorded.revision, recorded, unreadable: error.message };
  throw error;
}
