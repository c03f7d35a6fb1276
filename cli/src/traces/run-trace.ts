import { type EventStore, isId, type RecordedEvent, readStream, runStream } from '@reprise/core';
import { type ObservedEvent, RunTrace } from '@reprise/core/plugin';

/** What the spans of a run refer to beside its own history. */
export interface RunTraceInfo {
  readonly runId: string;
  /** 32 hexadecimal digits: of its first part, where a run has several. */
  readonly traceId: string;
  readonly hasEnded: boolean;
  /** Runs that it started, in the order in which it did; those that another run started, whose history it goes on from, are not among them. */
  readonly children: readonly string[];
  /** Other runs that its spans may link to, and the trace context that each was started in. */
  readonly known: ReadonlyMap<string, string | undefined>;
}

const ENDS: readonly string[] = ['RunCompleted', 'RunFailed', 'RunCancelled'];

/** Runs whose messages a run has taken, that are looked up for links. */
const MOST_SENDERS = 1000;

/** A history as monitors are shown it. Rejects as the store does. */
export async function* observedHistory(store: EventStore, runId: string): AsyncGenerator<ObservedEvent> {
  for await (const event of readStream(store, runStream(runId))) yield { runId, revision: event.revision, event };
}

/** Reads all of a history once. Rejects as the store does. */
export async function traceInfo(store: EventStore, runId: string): Promise<RunTraceInfo> {
  const children = new Set<string>();
  const others = new Set<string>();
  let traceId = '';
  let last = '';
  for await (const { type, data, metadata, revision } of readStream(store, runStream(runId))) {
    if (revision === 0) {
      traceId = traceOf(runId, { data, metadata });
      add(others, memberOf(data['lineage'], 'runId'));
    }
    last = type;
    if (type === 'TaskEntered' && metadata['origin'] === undefined) add(children, data['child']);
    if (type === 'MessageReceived' && others.size < MOST_SENDERS) add(others, memberOf(data['from'], 'run'));
  }
  return {
    runId,
    traceId,
    hasEnded: ENDS.includes(last),
    children: [...children],
    known: await startedIn(store, others),
  };
}

/** As the monitor has it: of the context that the run was started in, or else as every event says it. */
export function traceOf(runId: string, { data, metadata }: Pick<RecordedEvent, 'data' | 'metadata'>): string {
  const { traceparent } = data;
  const trace = new RunTrace(runId, typeof traceparent === 'string' ? traceparent : metadata.traceparent);
  return trace.context('').slice(3, 35);
}

/** Of runs that are in the store. */
async function startedIn(
  store: EventStore,
  runIds: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string | undefined>> {
  const found = new Map<string, string | undefined>();
  for (const runId of runIds) {
    const [first] = await store.read(runStream(runId), { limit: 1 });
    if (first === undefined) continue;
    const { traceparent } = first.data;
    found.set(runId, typeof traceparent === 'string' ? traceparent : undefined);
  }
  return found;
}

function add(to: Set<string>, runId: unknown): void {
  if (isId(runId)) to.add(runId);
}

const memberOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
