import type { AttemptsByTask, BudgetUse, RunView, TimelineAttempt } from '@reprise/core';

/** What was used, as agents report it: cost in the user's unit. `reported`: attempts whose agent said anything. */
export interface Used {
  readonly tokens: number;
  readonly cost: number;
  readonly attempts: number;
  readonly reported: number;
}

export interface UsageTold extends Used {
  /** The dearest first; of those beyond, how many. */
  readonly byTask: readonly (Used & { readonly taskId: string })[];
  readonly moreTasks: number;
  readonly byAgent: readonly (Used & { readonly agent: string })[];
}

/** Tasks that are listed. */
const MOST_TASKS = 500;
const MILLIONTHS = 1_000_000;

/** In millionths, so that sums are exact. */
class Sum {
  tokens = 0;
  cost = 0;
  attempts = 0;
  reported = 0;

  add({ usage }: TimelineAttempt): void {
    this.attempts += 1;
    if (usage?.tokens === undefined && usage?.cost === undefined) return;
    this.reported += 1;
    this.tokens += usage.tokens ?? 0;
    this.cost += usage.cost ?? 0;
  }

  get used(): Used {
    const { tokens, cost, attempts, reported } = this;
    return { tokens, cost: cost / MILLIONTHS, attempts, reported };
  }
}

const dearest = (a: Used, b: Used): number => b.cost - a.cost || b.tokens - a.tokens;

/** What attempts used that had ended by `until`; without it, all. Tasks and agents of which none reports anything are left out. */
export function usageOf(tasks: AttemptsByTask, until = Number.POSITIVE_INFINITY): UsageTold {
  const all = new Sum();
  const byTask: (Used & { readonly taskId: string })[] = [];
  const agents = new Map<string, Sum>();
  for (const [taskId, attempts] of Object.entries(tasks)) {
    const own = new Sum();
    for (const one of attempts) {
      // A block, a wait or a sleep uses nothing of its own; what had not ended by then had not said anything.
      if (one.agent === undefined && one.usage === undefined) continue;
      if ((one.ended ?? Number.POSITIVE_INFINITY) > until && one.usage !== undefined) continue;
      own.add(one);
      all.add(one);
      // A child run is nobody's.
      if (one.agent === undefined) continue;
      const agent = agents.get(one.agent) ?? new Sum();
      agent.add(one);
      agents.set(one.agent, agent);
    }
    if (own.reported > 0) byTask.push({ taskId, ...own.used });
  }
  const byAgent = Array.from(agents, ([agent, sum]) => ({ agent, ...sum.used }));
  return {
    ...all.used,
    byTask: byTask.toSorted(dearest).slice(0, MOST_TASKS),
    moreTasks: Math.max(0, byTask.length - MOST_TASKS),
    byAgent: byAgent.filter(({ reported }) => reported > 0).toSorted(dearest),
  };
}

/** Attempts of one task with what each used. */
export const attemptsUsed = (
  attempts: readonly TimelineAttempt[],
  until = Number.POSITIVE_INFINITY,
): readonly object[] =>
  attempts.flatMap(({ attempt, agent, status, usage, ended = Number.POSITIVE_INFINITY }) =>
    usage === undefined || ended > until
      ? []
      : [
          {
            attempt,
            agent,
            status,
            tokens: usage.tokens,
            cost: usage.cost === undefined ? undefined : usage.cost / MILLIONTHS,
          },
        ],
  );

/** Every budget of a run, one by one: of which block, of which agent in it, of what. */
export const budgetsOf = ({ budgets }: Pick<RunView, 'budgets'>): readonly object[] =>
  Array.from(budgets).flatMap(([scope, { agents = {}, ...own }]) => [
    ...usesOf(scope, undefined, own),
    ...Object.entries(agents).flatMap(([agent, uses]) => usesOf(scope, agent, uses)),
  ]);

const usesOf = (scope: string, agent: string | undefined, uses: object): readonly object[] =>
  Object.entries(uses as Readonly<Record<string, BudgetUse>>).map(([kind, use]) => ({ scope, agent, kind, ...use }));
