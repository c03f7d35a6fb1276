import type { MaxUsage } from '../../definition/definition.ts';
import type { Json } from '../../shared/json.ts';
import { maxUsageShape } from '../workflow/untrusted/definition-shape.ts';
import { integer, listOf, number, text, withSchema } from '../workflow/untrusted/shape.ts';
import { membersOf } from './members.ts';

/** An agent of a worker. */
export interface AnnouncedAgent {
  readonly name: string;
  readonly version?: string;
  readonly capabilities: readonly string[];
  /** Attempts that the worker takes of it at once. */
  readonly concurrency: number;
  /** How many more it could take now. */
  readonly free: number;
  /** What an attempt uses at most, as the agent declares. */
  readonly maxUsage?: MaxUsage;
  /** From where in the agent's channel it takes dispatches now, and nobody else does. Absent: the transport has no places. */
  readonly places?: readonly number[];
}

/**
 * What a worker takes. It says so when it starts, when that changes, when it is asked (a roll call), and again three times in the lease that
 * it names; nothing (no agents) when it stops.
 */
export interface Announcement {
  readonly worker: string;
  readonly agents: readonly AnnouncedAgent[];
  /** How long it counts, in ms. Absent: until the worker says otherwise, because no engine outlives it. */
  readonly leaseMs?: number;
}

/** Agents that one worker announces at the most, and attempts that one of them takes at once. */
const MOST_AGENTS = 10_000;
const MOST_ATTEMPTS = 1_000_000;
const MOST_PLACES = 10_000;

const name = text(256, 1);

const positive = withSchema(
  (value, field) =>
    number(value, field) ?? (Number(value) > 0 ? undefined : { field, problem: 'must be a number above 0' }),
  () => ({ type: 'number', exclusiveMinimum: 0 }),
);

/** Its agents are read, too: whatever came is from another process, and nothing is taken for granted. */
export const announcementShape = membersOf<Announcement>(
  {
    worker: name,
    agents: listOf(
      membersOf<AnnouncedAgent>(
        { name, capabilities: listOf(name), concurrency: integer(1, MOST_ATTEMPTS), free: integer(0, MOST_ATTEMPTS) },
        { version: text(4096), maxUsage: maxUsageShape, places: listOf(integer(0, MOST_PLACES), MOST_PLACES) },
      ),
      MOST_AGENTS,
    ),
  },
  { leaseMs: positive },
);

/** What came over the transport as an announcement; undefined when it is none. */
export function readAnnouncement(data: Json): Announcement | undefined {
  if (announcementShape(data, '') !== undefined) return undefined;
  const { worker, agents, leaseMs } = data as unknown as Announcement;
  return { worker, agents, ...(leaseMs !== undefined && { leaseMs }) };
}
