import { CompatCheck, heldByAgents, heldByFunctions, type RunReader, toErrorData } from '@reprise/core';
import { type Hands, takersOf } from '../store/run-holds.ts';
import type { CompatVerdict } from './compat-verdict.ts';

/** What becomes of a run in a process with these hands. Reads all of its history; one that cannot be read is a verdict, too. */
export async function verdictOf(reader: RunReader, runId: string, hands: Hands): Promise<CompatVerdict> {
  const check = new CompatCheck();
  try {
    for await (const { event } of reader.history(runId)) check.fold(event);
  } catch (error) {
    const { code, message } = toErrorData(error, 'REPRISE_EVENT_UNREADABLE');
    return unreadable(runId, check, `${code}: ${message}`);
  }
  const { state } = check;
  const { status, revision } = state;
  const found = check.result(hands.workflows);
  const hold =
    found.next === 'ended'
      ? undefined
      : (heldByFunctions(state, found.missing) ?? heldByAgents(state, takersOf(hands)));
  return { ...found, status, revision, next: hold === undefined ? found.next : 'held', why: hold?.message };
}

function unreadable(runId: string, check: CompatCheck, why: string): CompatVerdict {
  const { status, revision, definition, definitionHash } = check.state;
  const { name: workflow, version } = definition;
  const nothing = { definition: 'none', missing: [], changes: [], touched: false, fork: undefined } as const;
  return { ...nothing, runId, workflow, version, definitionHash, status, revision, next: 'unreadable', why };
}
