import { sha256 } from '../../shared/hash.ts';
import { canonicalJson } from '../../shared/json.ts';
import { stateDigest } from './digest/state-digest.ts';
import type { RunCancelled, RunCompleted, RunEvent, RunFailed } from './events.ts';
import { closingMail } from './messaging/closing.ts';
import type { RunState } from './state.ts';

/** The terminal events: one of them ends a history. */
export type RunEnd = RunCompleted | RunFailed | RunCancelled;

const ENDS: readonly string[] = ['RunCompleted', 'RunFailed', 'RunCancelled'] satisfies RunEnd['type'][];

/** Whether an event is the end of its run. */
export const isEnd = (event: RunEvent): event is RunEnd => ENDS.includes(event.type);

/** The same of an event of which no more than its type is known. */
export const isTypeOfEnd = (type: string): boolean => ENDS.includes(type);

/** SHA-256 of the state just before the end, and of all that the end itself says; with the version of the state's digest before it. */
export function endDigest(state: RunState, end: Omit<RunEnd, 'stateDigest'>): string {
  const before = stateDigest(state);
  const version = /^\d+:/.exec(before)?.[0] ?? '';
  return version + sha256(`${before}\n${canonicalJson({ ...end, stateDigest: undefined })}`);
}

/** The end of a run, given the state before it, with its digest; what is open of its messages ends before it. */
export function ending<End extends RunEnd>(
  state: RunState,
  end: Omit<End, 'stateDigest'> & { readonly type: End['type'] },
): readonly RunEvent[] {
  // The fold of the first changes nothing: what was open is part of the digest.
  return [...closingMail(state, end.at), sealed<End>(state, end)];
}

function sealed<End extends RunEnd>(
  state: RunState,
  end: Omit<End, 'stateDigest'> & { readonly type: End['type'] },
): End {
  return { ...end, stateDigest: endDigest(state, end as Omit<RunEnd, 'stateDigest'>) } as End;
}
