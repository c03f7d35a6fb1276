import type { Json, TeamTask } from '@reprise/core/plugin';
import { type Desk, hasEnded } from './desk.ts';
import type { BidSpec, ClaimSpec, Rules } from './spec.ts';

/** Tasks that are somebody's work: not what the strategy asked. */
export function* ownTasks({ view }: Desk): Generator<TeamTask> {
  for (const task of view.team.tasks.values()) if (task.role === undefined) yield task;
}

/** What the tasks of the block gave so far, by id. */
export const boardOf = (desk: Desk): Record<string, Json> =>
  Object.fromEntries(
    ownTasks(desk)
      .filter(({ status }) => status === 'completed')
      .map(({ id, output = null }) => [id, output]),
  );

/** Ends the team once all that can be done has been. */
export function endIfDone(desk: Desk, { output }: BidSpec | ClaimSpec, { onFailure }: Rules): void {
  const { team } = desk.view;
  const tasks = [...ownTasks(desk)];
  // What comes after a task that failed never begins.
  if (!tasks.every(hasEnded) && !team.idle) return;
  const failed = tasks.filter(({ status }) => status === 'failed');
  const [first] = failed;
  if (first !== undefined && onFailure === 'fail') {
    const others = failed.length === 1 ? '' : `, and so did ${failed.length - 1} more`;
    const message = `'${first.id}' failed${others}: ${first.error?.message ?? ''}`;
    return desk.giveUp('REPRISE_TEAM_FAILED', message, first.id);
  }
  const board = boardOf(desk);
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

/** Asked again after it gave up: what failed is begun again, all else has its chances anew. True: that is all for now. */
export function resumeWork(desk: Desk, { onFailure }: Rules): boolean {
  const { ledger } = desk;
  if (!ledger.over) return false;
  ledger.over = false;
  ledger.works = {};
  if (onFailure === 'fail')
    for (const { id, status, error } of ownTasks(desk))
      if (status === 'failed')
        desk.say({ kind: 'reject', task: id, feedback: error === undefined ? null : { ...error } });
  if (desk.said.length === 0) desk.note('tried again');
  return true;
}
