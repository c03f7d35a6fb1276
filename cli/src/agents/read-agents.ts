import { type AgentRow, EVERYTHING, OPEN_RUNS, systemClock } from '@reprise/core';
import { knownAgents } from '../config/load-project.ts';
import type { Terminal } from '../output/terminal.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { openRunReader } from '../store/open-run-reader.ts';
import { type OpenViews, withViews } from '../views/open-views.ts';

/** An agent, as the project has it and the store tells of it. */
export interface AgentStanding {
  readonly name: string;
  /** Undefined: the project has no such agent, so that they are not known. */
  readonly capabilities: readonly string[] | undefined;
  /** `trying`: the rest is over, and nothing has ended well there since. */
  readonly state: 'ready' | 'rested' | 'trying';
  readonly restedUntil: number | undefined;
  /** Attempts that it has in hand, in the open runs that were read. */
  readonly load: number;
  /** The workers that have begun some of those. */
  readonly workers: readonly string[];
  readonly attempts: number;
  readonly failed: number;
  readonly lost: number;
  readonly lastFailure: AgentRow['lastFailure'];
}

export interface AgentsRead {
  readonly agents: readonly AgentStanding[];
  /** Open runs that were read for what agents have in hand, and whether there are others. */
  readonly runs: number;
  readonly more: boolean;
}

/** Open runs that are read, the newest first. */
const MOST_RUNS = 1000;
const PAGE = 500;

interface InHand {
  count: number;
  readonly workers: Set<string>;
}

/** Every agent of the project, and every other one that attempts were handed to, by name. */
export async function readAgents(where: Whereabouts, terminal: Terminal): Promise<AgentsRead> {
  return withViews(where, terminal, async (open) => {
    const [rows, inHand] = [await rowsOf(open), await inHandOf(open)];
    const known = new Map<string, readonly string[]>();
    for (const { name, capabilities = [] } of open.project === undefined ? [] : knownAgents(open.project))
      known.set(name, capabilities);
    const names = [...new Set([...known.keys(), ...rows.keys(), ...inHand.agents.keys()])].sort();
    const agents = names.map((name) => standing(name, known.get(name), rows.get(name), inHand.agents.get(name)));
    return { agents, runs: inHand.runs, more: inHand.more };
  });
}

function standing(
  name: string,
  capabilities: readonly string[] | undefined,
  row: AgentRow | undefined,
  inHand: InHand | undefined,
): AgentStanding {
  const { attempts = 0, failed = 0, lost = 0, rested, lastFailure } = row ?? {};
  const rests = rested !== undefined && rested.until > systemClock.now();
  return {
    name,
    capabilities,
    state: rested === undefined ? 'ready' : rests ? 'rested' : 'trying',
    restedUntil: rests ? rested.until : undefined,
    load: inHand?.count ?? 0,
    workers: [...(inHand?.workers ?? [])].sort(),
    attempts,
    failed,
    lost,
    lastFailure,
  };
}

async function rowsOf({ views }: OpenViews): Promise<ReadonlyMap<string, AgentRow>> {
  const rows = new Map<string, AgentRow>();
  await views.start(['agents']);
  await views.reachEnd('agents');
  for (let after: string | undefined; ; ) {
    const page = await views.list('agents', {
      where: EVERYTHING,
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    });
    for (const { key, row } of page.rows) rows.set(key, row as unknown as AgentRow);
    if (page.next === undefined) return rows;
    after = page.next;
  }
}

/** What agents have in hand is in the runs themselves: an attempt may be ended by what its task is in. */
async function inHandOf({ storage, access }: OpenViews) {
  const { reader, close } = openRunReader(storage, access);
  const agents = new Map<string, InHand>();
  try {
    const page = await reader.list({ where: OPEN_RUNS, limit: MOST_RUNS + 1 });
    const read = page.slice(0, MOST_RUNS);
    for (const { runId } of read) {
      const { tasks } = await reader.state(runId);
      for (const { status, agent, worker, items } of tasks.values()) {
        if ((status !== 'scheduled' && status !== 'running') || agent === undefined || items !== undefined) continue;
        const one = agents.get(agent) ?? { count: 0, workers: new Set<string>() };
        one.count += 1;
        if (worker !== undefined) one.workers.add(worker);
        agents.set(agent, one);
      }
    }
    return { agents, runs: read.length, more: page.length > read.length };
  } finally {
    await close();
  }
}
