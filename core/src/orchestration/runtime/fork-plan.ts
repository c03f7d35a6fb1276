import { hasEnded } from '../workflow/state.ts';
import type { PlannedFork } from './fork-start.ts';

/** What would become of a run that goes on from another one. Paths of tasks, in the order of that one. */
export interface ForkPlan {
  readonly runId: string;
  /** The last revision that is taken over. */
  readonly revision: number;
  /** With another input: nothing is taken over but what `outcomes` say. */
  readonly edited: boolean;
  /** What they gave is taken over. */
  readonly kept: readonly string[];
  /** They are given what `outcomes` say, and are not done. */
  readonly given: readonly string[];
  /** They had begun there, or ended, and are done anew. */
  readonly again: readonly string[];
  /** They had not begun. */
  readonly pending: readonly string[];
  /** At-most-once tasks that would be done again: the fork is refused unless `again` or `outcomes` names them. */
  readonly repeats: readonly string[];
}

export function forkPlanOf({ source, begins, again: repeats, start }: PlannedFork): ForkPlan {
  const { lineage } = start;
  const given = Object.keys(lineage?.outcomes ?? {});
  const named = new Set(given);
  const kept: string[] = [];
  const again: string[] = [];
  const pending: string[] = [];
  const sort = (id: string): void => {
    if (named.has(id)) return;
    const [before, after] = [source.tasks.get(id), begins.tasks.get(id)];
    if (after !== undefined && hasEnded(after)) kept.push(id);
    else if (before !== undefined && (hasEnded(before) || before.attempt > 0)) again.push(id);
    else pending.push(id);
  };
  for (const id of source.tasks.keys()) sort(id);
  for (const id of begins.tasks.keys()) if (!source.tasks.has(id)) sort(id);
  return {
    runId: source.runId,
    revision: lineage?.revision ?? source.revision,
    edited: lineage?.edited === true,
    kept,
    given,
    again,
    pending,
    repeats,
  };
}
