import { type NewEvent, runStream, uuidv5 } from '@reprise/core/plugin';

/** The event that stands at `revision` of a run's stream in these tests: the same for every process. */
export const sampleEvent = (runId: string, revision: number, text = ''): NewEvent => ({
  id: uuidv5(runId, String(revision)),
  type: 'Tested',
  time: 1_700_000_000_000 + revision,
  data: { revision, text },
  metadata: { causationId: `cmd-${revision}`, correlationId: runId, schemaVersion: 1 },
});

export const sampleEvents = (runId: string, from: number, count: number, text?: string): NewEvent[] =>
  Array.from({ length: count }, (_, index) => sampleEvent(runId, from + index, text));

export { runStream };
