import type { Json, TeamSchedulingView, TeamTask } from '@reprise/core/plugin';
import type { ManagerTask, Question, ToldEnd, ToldStep, ToldWorker } from './contract.ts';
import { type Ledger, openWith, type Step, stepOf } from './ledger.ts';
import type { Team, Worker } from './spec.ts';

/** Characters of outputs that a manager is shown: of one, and of all. */
const MOST_OF_ONE = 32_000;
const MOST_OF_ALL = 400_000;
/** Of what the team was handed. */
const MOST_OF_INPUT = 200_000;

/** What the manager is handed with a question. Plain JSON: what is not known is left out. */
export function tell(
  ask: Question,
  names: readonly string[],
  ledger: Ledger,
  team: Team,
  view: TeamSchedulingView,
  wrong: readonly string[],
): ManagerTask {
  const { input, feedback, left } = view.team;
  const each = Math.min(MOST_OF_ONE, Math.floor(MOST_OF_ALL / Math.max(1, names.length)));
  return {
    ask,
    goal: team.goal,
    input: clipped(input, MOST_OF_INPUT) ?? input,
    feedback,
    ledger: { facts: ledger.facts, plan: ledger.plan.map(toldStep), progress: ledger.progress },
    news: names.flatMap((name) => toldEnd(name, ledger, view, each) ?? []),
    workers: team.workers
      .values()
      .map((worker) => toldWorker(worker, ledger, view))
      .toArray(),
    left: {
      delegations: team.bounds.delegations - ledger.delegations,
      stalls: team.bounds.stalls - ledger.stalls,
      resets: team.bounds.resets - ledger.resets,
      nonsense: team.bounds.nonsense - ledger.nonsense,
      budget: Object.fromEntries(Object.entries(left).filter(([, count]) => count !== undefined)),
    },
    ...(wrong.length > 0 && { wrong }),
  };
}

const toldStep = ({ step, work, to, after, state, rejections }: Step): ToldStep => ({
  step,
  work,
  ...(to !== undefined && { to }),
  after,
  state,
  rejections,
});

function toldEnd(name: string, ledger: Ledger, view: TeamSchedulingView, most: number): ToldEnd | undefined {
  const step = stepOf(ledger, name);
  const task = view.team.tasks.get(step === undefined ? name : (step.task ?? ''));
  if (step?.error !== undefined) return { ...endOf(step, task), status: 'failed', error: step.error };
  if (task === undefined) return undefined;
  const { status, error, output } = task;
  const excerpt = output === undefined ? undefined : clipped(output, most);
  return {
    ...endOf(step, task),
    step: name,
    status: status as ToldEnd['status'],
    ...(excerpt !== undefined ? { excerpt } : output !== undefined && { output }),
    ...(error !== undefined && { error: { code: error.code, message: error.message } }),
  };
}

const endOf = (step: Step | undefined, task: TeamTask | undefined) => ({
  step: step?.step ?? '',
  ...(step?.to !== undefined && { to: step.to }),
  review: step?.state === 'ended' || step?.state === 'failed',
  attempts: task === undefined ? 0 : task.tries + (task.status === 'completed' ? 1 : 0),
  rejections: step?.rejections ?? 0,
});

function clipped(value: Json, most: number): { readonly excerpt: string; readonly characters: number } | undefined {
  const text = JSON.stringify(value);
  return text.length <= most ? undefined : { excerpt: text.slice(0, most).toWellFormed(), characters: text.length };
}

function toldWorker(worker: Worker, ledger: Ledger, view: TeamSchedulingView): ToldWorker {
  const { name, agent, description, atOnce } = worker;
  return {
    name,
    ...(description !== undefined && { description }),
    capabilities: worker.capabilities ?? (agent === undefined ? [] : (view.agents.get(agent)?.capabilities ?? [])),
    open: openWith(ledger, name),
    atOnce,
    failed: ledger.failed[name] ?? 0,
  };
}
