import { type AnyWorkflow, bindDefinition, type EventStore, runStream } from '@reprise/core';
import { entryOf } from './recorded-history.ts';

export interface MissingFunctions {
  /** `name@version` of the workflow that the run started with. */
  readonly workflow: string;
  /** Places whose function no registered workflow has: while there are any, the run is held. */
  readonly missing: readonly string[];
  /** Why the first event cannot be read by this build, if so. */
  readonly unreadable?: string;
}

/** What keeps an open run from being driven with these workflows. Reads its first event only. */
export async function missingFunctions(
  store: EventStore,
  runId: string,
  workflows: readonly AnyWorkflow[],
): Promise<MissingFunctions> {
  const [first] = await store.read(runStream(runId), { limit: 1 });
  const entry = first === undefined ? undefined : entryOf(first);
  if (entry !== undefined && 'unreadable' in entry) return { workflow: '', missing: [], unreadable: entry.unreadable };
  const event = entry?.event;
  if (event?.type !== 'RunStarted') return { workflow: '', missing: [] };
  const { name, version } = event.definition;
  const registered = workflows.findLast(({ definition }) => definition.name === name && definition.version === version);
  const { missing } = bindDefinition(event.definition, registered?.definition);
  return { workflow: `${name}@${version}`, missing };
}
