import type { EventStore, RecordedEvent } from '../../../event-store/event-store.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { runStream } from '../../../shared/ids.ts';
import { isEnd } from '../../workflow/end-of-run.ts';
import { decodeEvent } from '../../workflow/event-schema.ts';
import type { ParentTask, RunParked } from '../../workflow/events.ts';
import { eventIds, toNewEvent } from '../new-event.ts';

/**
 * Parks a run whose history cannot be folded, without folding it: so every list says so, and it can be resumed by a build that
 * folds it. Does nothing when the run has ended or is parked already. Rejects with what the store does.
 */
export async function appendUnfolded(
  store: EventStore,
  runId: string,
  error: ErrorData,
  command: string,
  at: number,
  writer: string,
): Promise<void> {
  const stream = runStream(runId);
  const [first] = await store.read(stream, { limit: 1 });
  const [last] = await store.read(stream, { direction: 'backwards', limit: 1 });
  if (first === undefined || last === undefined || last.type === 'RunParked' || isEnd(decodeEvent(last))) return;
  const commandId = `${runId}/park/${at}`;
  const event: RunParked = { type: 'RunParked', at, commandId, error, command };
  const revision = last.revision + 1;
  const summary = { kind: 'run', name: nameIn(first), status: 'parked', createdAt: first.time, updatedAt: at };
  const id = eventIds(writer, runId, last.revision, commandId)(revision);
  const { traceparent, tenant } = first.data;
  const parent = first.data['parent'] as ParentTask | undefined;
  const source = {
    runId,
    traceparent: typeof traceparent === 'string' ? traceparent : undefined,
    tenant: typeof tenant === 'string' ? tenant : undefined,
    parent,
  };
  await store.append(stream, [toNewEvent(event, id, { commandId }, source)], last.revision, { summary });
}

function nameIn(first: RecordedEvent): string {
  const { definition } = first.data as { readonly definition?: { readonly name?: unknown } };
  return typeof definition?.name === 'string' ? definition.name : '';
}
