import type { ErrorCode, TeamTask } from '@reprise/core/plugin';
import type { Desk } from './desk.ts';
import type { BidSpec, ClaimSpec, Rules } from './spec.ts';

/** Tasks that are somebody's work: not what the strategy asked. */
export function* ownTasks({ view }: Desk): Generator<TeamTask> {
  for (const task of view.team.tasks.values()) if (task.role === undefined) yield task;
}

/** Ends the team once all that can be done has been. What comes after a task that failed never begins. */
export function endIfDone(desk: Desk, { output }: BidSpec | ClaimSpec, { onFailure }: Rules): void {
  const { groups, team } = desk.view;
  if (team.open > 0 && (groups.length > 0 || !team.idle)) return;
  const tasks = [...ownTasks(desk)];
  const failed = tasks.filter(({ status }) => status === 'failed');
  const [first] = failed;
  if (first !== undefined && onFailure === 'fail') {
    const others = failed.length === 1 ? '' : `, and so did ${failed.length - 1} more`;
    const message = `'${first.id}' failed${others}: ${first.error?.message ?? ''}`;
    return desk.giveUp(codeOf(first), message, first.id);
  }
  const board = Object.fromEntries(
    tasks.flatMap(({ id, status, output: gave = null }) => (status === 'completed' ? [[id, gave] as const] : [])),
  );
  if (output === undefined) {
    const [only] = Object.values(board);
    return desk.finish(tasks.length === 1 ? (only ?? null) : board);
  }
  try {
    desk.finish(team.evaluate(output, { board }));
  } catch (error) {
    desk.giveUp('REPRISE_TEAM_FAILED', `output cannot be made of the board: ${(error as Error).message}`);
  }
}

const BUDGET = 'REPRISE_BUDGET_EXHAUSTED';

/** Whether it needed what no budget around the team has left. */
export const isOutOfBudget = ({ error }: TeamTask): boolean => error?.code === BUDGET;

/** What a team fails with, whose task failed: a budget that is used up is the team's, too, so that what is around can catch it. */
export const codeOf = (task: TeamTask): ErrorCode => (isOutOfBudget(task) ? BUDGET : 'REPRISE_TEAM_FAILED');

/** Asked again after it gave up: what failed is begun again, all else has its chances anew. True: that is all for now. */
export function resumeWork(desk: Desk, { onFailure }: Rules): boolean {
  const { ledger } = desk;
  if (!ledger.over) return false;
  ledger.over = false;
  ledger.works = {};
  ledger.claims = {};
  if (onFailure === 'fail')
    for (const { id, status, error } of ownTasks(desk))
      if (status === 'failed')
        desk.say({ kind: 'reject', task: id, feedback: error === undefined ? null : { ...error } });
  if (desk.said.length === 0) desk.note('tried again');
  return true;
}
