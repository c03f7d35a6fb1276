import { type Json, parseWorkflow } from '@reprise/core';
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
};
