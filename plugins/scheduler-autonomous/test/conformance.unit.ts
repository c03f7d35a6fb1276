import { strategyConformance } from '@reprise/conformance';
import type { SchedulerStrategy, SchedulingView, TeamTask, TeamView } from '@reprise/core/plugin';
import { createAutonomousStrategy } from '../src/index.ts';
import { emptyLedger } from '../src/ledger.ts';

// While somebody has the floor, a team assigns what else is ready, and is held to what every strategy that assigns is.

const FLOOR: TeamTask = {
  id: 'floor',
  taskId: 'floor',
  status: 'running',
  agent: 'holder',
  capability: undefined,
  priority: 0,
  again: 0,
  tries: 0,
  tried: [],
  role: undefined,
  handOffs: [],
  input: null,
  output: undefined,
  error: undefined,
};

const TEAM: TeamView = {
  spec: { mode: 'hand-off', members: ['holder'] },
  ledger: { ...emptyLedger(), floor: 'floor', works: {} },
  news: [],
  input: null,
  feedback: null,
  round: 1,
  tasks: new Map([['floor', FLOOR]]),
  open: 1,
  inFlight: 1,
  outputs: {},
  bids: () => new Map(),
  left: {},
  decisions: 1,
  maxDecisions: 10_000,
  depth: 0,
  wakeAt: undefined,
  idle: false,
  holds: () => false,
  evaluate: () => null,
};

function assigning(): SchedulerStrategy {
  const strategy = createAutonomousStrategy();
  return {
    name: strategy.name,
    select: (view: SchedulingView) => {
      const decisions = strategy.select({
        ...view,
        get groups() {
          return view.groups;
        },
        get ready() {
          return view.ready;
        },
        room: (agent: string, capability?: string) => view.room(agent, capability),
        team: TEAM,
      });
      return decisions.map((decision) => {
        if (!('taskId' in decision)) throw new Error(`it decided ${decision.kind}`);
        return decision;
      });
    },
  };
}

strategyConformance('autonomous', { create: assigning });
