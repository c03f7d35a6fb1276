import type { Json, JsonObject } from '../../shared/json.ts';

/** An agent of a worker. */
export interface AnnouncedAgent {
  readonly name: string;
  readonly version?: string;
  readonly capabilities: readonly string[];
  /** Attempts that the worker takes of it at once. */
  readonly concurrency: number;
  /** How many more it could take now. */
  readonly free: number;
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

/** What came over the transport as an announcement; undefined when it is none: it is from another process, and nothing is taken for granted. */
export function readAnnouncement(data: Json): Announcement | undefined {
  if (!isObject(data) || !isName(data['worker'])) return undefined;
  const { worker, agents, leaseMs } = data as { worker: string; agents?: Json; leaseMs?: Json };
  if (!Array.isArray(agents) || agents.length > MOST_AGENTS || !agents.every(isAgent)) return undefined;
  if (leaseMs === undefined) return { worker, agents };
  return typeof leaseMs === 'number' && Number.isFinite(leaseMs) && leaseMs > 0
    ? { worker, agents, leaseMs }
    : undefined;
}

function isAgent(value: Json): value is Json & AnnouncedAgent {
  if (!isObject(value)) return false;
  const { name, version, capabilities, concurrency, free } = value;
  return (
    isName(name) &&
    (version === undefined || typeof version === 'string') &&
    Array.isArray(capabilities) &&
    capabilities.every(isName) &&
    isCount(concurrency, 1) &&
    isCount(free, 0)
  );
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isName = (value: Json | undefined): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= 256;

const isCount = (value: Json | undefined, least: number): boolean =>
  Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= MOST_ATTEMPTS;
