import { type Json, parseWorkflow } from '@reprise/core';
import { autonomousScheduler } from '@reprise/scheduler-autonomous';
import { hierarchicalScheduler, type ManagerTask, type WorkerTask } from '@reprise/scheduler-hierarchical';
import type { Deed, Script, SweepScenario } from './sweep-scenario.ts';

const handed = <T>(input: Json): T => input as unknown as T;

/** Rejects the first draft, replans when the critic has failed, and has a team do it again. */
function manage({ ask, news: [one] }: ManagerTask): unknown {
  if (ask === 'plan') return { do: [{ plan: [{ step: 'draft', work: 'write', to: 'critic' }] }] };
  const progress = { satisfied: false, progressing: true, looping: false, next: '' };
  if (one?.status === 'failed') return { progress, do: [{ replan: [{ step: 'draft', work: 'again', to: 'crew' }] }] };
  if (one?.rejections === 0) return { progress, do: [{ reject: 'draft', feedback: 'shorter' }] };
  return { progress, do: [{ accept: 'draft' }, { finishWith: 'draft' }] };
}

/** Has a page written, and gives it. */
function lead({ ask, input, news: [one] }: ManagerTask): unknown {
  const { feedback } = handed<WorkerTask>(input);
  if (ask === 'plan') return { do: [{ plan: [{ step: 'page', work: 'write', to: 'writer', input: feedback }] }] };
  const progress = { satisfied: true, progressing: true, looping: false, next: '' };
  return { progress, do: [{ finishWith: one?.step ?? '' }] };
}

const thinking =
  (decide: (asked: ManagerTask) => unknown): Script =>
  ({ input }): Deed => ({ wait: 10, output: decide(handed<ManagerTask>(input)) as Json });

/** Bids when it is called, and else does what it was awarded. */
const bidding =
  (bid: Json, work: Script): Script =>
  (task, failures): Deed => {
    const { input } = task;
    const isCall = typeof input === 'object' && input !== null && 'round' in input;
    return isCall ? { wait: 5, output: bid } : work(task, failures);
  };

const done: Script = ({ taskId }) => ({ wait: 10, output: taskId });

/** Teams, whose strategy is asked in each process anew. */
export const SWEPT_TEAMS: Readonly<Record<string, SweepScenario>> = {
  'a team that rejects and replans, with a team in it': {
    workflow: parseWorkflow(`
name: led
strategy:
  name: hierarchical
  goal: Write the report
  manager: editor
  workers:
    - { agent: critic, task: { retry: 1 } }
    - { name: crew, team: { name: hierarchical, goal: Do it, manager: foreman, workers: [writer] } }
tasks: {}
`),
    plugins: [hierarchicalScheduler()],
    agents: {
      editor: thinking(manage),
      foreman: thinking(lead),
      writer: ({ input }) => ({ wait: 5, output: { wrote: handed<WorkerTask>(input).input } }),
      critic: () => ({ wait: 5, fail: 'NO_INK' }),
    },
    about: ['DecisionMade', 'TasksReset', 'TasksAdded'],
    ends: 'completed',
  },
  'an auction whose winner fails': {
    workflow: parseWorkflow(`
name: auction
tasks:
  team:
    scope:
      walls: { capability: paint, retry: { maxAttempts: 20, initialDelay: 10ms } }
      doors: { capability: paint, after: walls, retry: { maxAttempts: 20, initialDelay: 10ms } }
    strategy: { name: autonomous, mode: bid, bidTimeout: 1h, rounds: 5, award: 'bid.price' }
`),
    plugins: [autonomousScheduler()],
    capability: 'paint',
    agents: {
      ann: bidding({ price: 1 }, () => ({ wait: 5, fail: 'NO_PAINT' })),
      bob: bidding({ price: 2 }, done),
      cid: bidding({ refuse: 'busy' }, done),
    },
    about: ['DecisionMade', 'TasksAdded', 'MessageSent', 'TaskAttemptFailed'],
    ends: 'completed',
  },
  'claims that wait for what others claimed': {
    workflow: parseWorkflow(`
name: claims
strategy:
  name: autonomous
  mode: claim
  members:
    - { agent: ann, trigger: 'work.id == "draft"' }
    - { agent: bob, trigger: 'has(board.draft)' }
  output: board.print
tasks:
  print: { capability: write, retry: { maxAttempts: 20, initialDelay: 10ms } }
  bind: { capability: write, retry: { maxAttempts: 20, initialDelay: 10ms } }
  draft: { capability: write, retry: { maxAttempts: 20, initialDelay: 10ms } }
`),
    plugins: [autonomousScheduler()],
    capability: 'write',
    agents: { ann: done, bob: done },
    about: ['DecisionMade'],
    ends: 'completed',
  },
  'a floor that goes from hand to hand': {
    workflow: parseWorkflow(`
name: floor
strategy: { name: autonomous, mode: hand-off, members: [ann, bob], onCircle: ann, task: { retry: 20 } }
tasks: {}
`),
    plugins: [autonomousScheduler()],
    agents: {
      ann: ({ input }) =>
        input === 'back' ? { wait: 5, output: 'done' } : { wait: 5, direct: (context) => context.handOff('cid') },
      bob: () => ({ wait: 5, direct: (context) => context.handOff('ann', { input: 'back' }) }),
      cid: () => ({ wait: 5, output: 'it is no member' }),
    },
    about: ['DecisionMade', 'TasksAdded', 'TaskHandedOff'],
    ends: 'failed',
  },
};
