import { type Json, parseWorkflow } from '@reprise/core';
import { hierarchicalScheduler, type ManagerTask, type WorkerTask } from '@reprise/scheduler-hierarchical';
import type { Deed, Script, SweepScenario } from './sweep-scenario.ts';

const handed = <T>(input: Json): T => input as unknown as T;

/** Plans twice over, the first time in text that is no JSON; rejects the first draft, and replans when the critic has failed. */
function manage({ ask, wrong, news, ledger }: ManagerTask): unknown {
  const progress = { satisfied: false, progressing: true, looping: false, next: '' };
  if (ask === 'plan' && wrong === undefined) return 'Let me think.';
  if (ask === 'plan')
    return {
      do: [
        {
          plan: [
            { step: 'draft', work: 'write', to: 'writer' },
            { step: 'wait', work: 'wait', to: 'sleeper' },
            { step: 'review', work: 'read', to: 'critic', after: ['draft'] },
          ],
        },
      ],
    };
  const [one] = news;
  if (one?.step === 'draft')
    return { progress, do: [one.rejections === 0 ? { reject: 'draft', feedback: 'shorter' } : { accept: 'draft' }] };
  if (one?.status === 'failed')
    return { progress, do: [{ replan: [{ step: 'review', work: 'read again', to: 'crew', after: ['draft'] }] }] };
  return {
    progress,
    do: [{ accept: one?.step ?? '' }, { finish: { plan: ledger.plan.length, gave: one?.output ?? null } }],
  };
}

function lead({ ask, input, news: [one] }: ManagerTask): unknown {
  if (ask === 'plan') return { do: [{ plan: [{ step: 'page', work: handed<WorkerTask>(input).work, to: 'writer' }] }] };
  const progress = { satisfied: true, progressing: true, looping: false, next: '' };
  return { progress, do: [{ accept: one?.step ?? '' }, { finishWith: one?.step ?? '' }] };
}

const thinking =
  (decide: (asked: ManagerTask) => unknown): Script =>
  ({ input }): Deed => ({ wait: 10, output: decide(handed<ManagerTask>(input)) as Json });

/** Teams, whose strategy is asked in each process anew. */
export const SWEPT_TEAMS: Readonly<Record<string, SweepScenario>> = {
  'a team that talks nonsense, rejects, replans, and has a team in it': {
    workflow: parseWorkflow(`
name: led
tasks:
  begin: { agent: writer }
  team:
    after: begin
    scope: {}
    strategy:
      name: hierarchical
      goal: Write the report
      manager: editor
      workers:
        - writer
        - sleeper
        - { agent: critic, task: { retry: 1 } }
        - { name: crew, team: { name: hierarchical, goal: Do it, manager: foreman, workers: [writer] } }
  end: { agent: writer, after: team }
`),
    plugins: [hierarchicalScheduler()],
    agents: {
      editor: thinking(manage),
      foreman: thinking(lead),
      writer: ({ input }) => ({ wait: 5, output: { wrote: handed<Partial<WorkerTask>>(input)?.feedback ?? null } }),
      critic: () => ({ wait: 5, fail: 'NO_INK' }),
      sleeper: () => ({ hang: true }),
    },
    about: ['DecisionMade', 'TasksReset', 'TasksAdded'],
    ends: 'completed',
  },
};
