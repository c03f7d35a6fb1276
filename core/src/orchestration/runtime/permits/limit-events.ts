import type { NewEvent, RecordedEvent } from '../../../event-store/event-store.ts';
import { RepriseError } from '../../../shared/errors.ts';
import { sha256 } from '../../../shared/hash.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { Rate } from '../admission/token-bucket.ts';
import { eventIds } from '../new-event.ts';

// The history of a limit over all orchestrators: a stream of its own, beside those of runs. A holder is a run (of a mutex), or an orchestrator.

/** A holder wants so many permits, of which it has `has` already, whatever anybody knows; `most` is how many there are. */
export interface PermitsAsked {
  readonly type: 'PermitsAsked';
  /** For people: what is limited. */
  readonly limit: string;
  readonly most: number;
  readonly holder: string;
  /** Names this asking: what is released by another name is not what this asked for. */
  readonly request: string;
  /** The orchestrator that asks. */
  readonly by: string;
  readonly has: number;
  readonly wants: number;
}

/** The holder has `held` from now on. */
export interface PermitsGranted {
  readonly type: 'PermitsGranted';
  readonly holder: string;
  readonly held: number;
}

/** It has `left` at the most from now on, and wants no more. `gone`: others found that it is not there any more. `expired`: it was silent for a lease. */
export interface PermitsReleased {
  readonly type: 'PermitsReleased';
  readonly holder: string;
  readonly left: number;
  readonly why: 'released' | 'gone' | 'expired';
}

/** The holder is alive. */
export interface PermitsRenewed {
  readonly type: 'PermitsRenewed';
  readonly holder: string;
}

/** So many attempts may begin, by the clock of whoever took them. */
export interface TokensTaken {
  readonly type: 'TokensTaken';
  readonly limit: string;
  readonly holder: string;
  readonly rate: Rate;
  readonly count: number;
  readonly at: number;
}

export interface SummedEntry {
  readonly holder: string;
  readonly request: string;
  readonly by: string;
  readonly held: number;
  readonly wants: number;
  /** Of the last event about it by itself: a sum is no sign of life. */
  readonly revision: number;
}

/** Where all of it stands, so that nobody has to read what was before. */
export interface LimitSummed {
  readonly type: 'LimitSummed';
  readonly most: number;
  /** In the order in which they began to wait. */
  readonly entries: readonly SummedEntry[];
  readonly tokens: { readonly left: number; readonly at: number } | null;
}

export type LimitEvent = PermitsAsked | PermitsGranted | PermitsReleased | PermitsRenewed | TokensTaken | LimitSummed;

const TYPES: ReadonlySet<string> = new Set<LimitEvent['type']>([
  'PermitsAsked',
  'PermitsGranted',
  'PermitsReleased',
  'PermitsRenewed',
  'TokensTaken',
  'LimitSummed',
]);

const SCHEMA_VERSION = 1;

/** The stream of a limit: names may be long, and have any character. */
export const limitStream = (limit: string): string => `limit-${sha256(limit).slice(0, 40)}`;

/** Whether a stream is one of a limit. */
export const isLimitStream = (stream: string): boolean => stream.startsWith('limit-');

/** Appends of this process: part of the ids of events, so that two of them never have the same. */
let appends = 0;

/** As they are handed to a store, to be appended behind `revision`. */
export function toNewEvents(
  stream: string,
  revision: number,
  events: readonly LimitEvent[],
  by: string,
  now: number,
): readonly NewEvent[] {
  appends += 1;
  const causationId = `${by}/permits/${appends}`;
  const idOf = eventIds(by, stream, revision, causationId);
  const metadata = { causationId, correlationId: stream, schemaVersion: SCHEMA_VERSION };
  return events.map(({ type, ...data }, index) => ({
    id: idOf(revision + 1 + index),
    type,
    time: now,
    data: data as unknown as JsonObject,
    metadata,
  }));
}

/** Throws REPRISE_EVENT_UNREADABLE for one of another version. */
export function readLimitEvent({ type, data, metadata, stream, revision }: RecordedEvent): LimitEvent {
  if (TYPES.has(type) && metadata.schemaVersion === SCHEMA_VERSION) return { ...data, type } as unknown as LimitEvent;
  throw new RepriseError(
    'REPRISE_EVENT_UNREADABLE',
    `Event ${revision} of '${stream}' is a ${type} of version ${metadata.schemaVersion}, which this version of Reprise does not know.`,
  );
}
