import { MAX_LEVELS, MAX_PATH_CHARS } from '../../shared/task-path.ts';
import type { BlockPlace, TaskGroup } from '../blocks.ts';
import { type Catch, isList, type TaskDefinition } from '../definition.ts';
import { didYouMean } from '../did-you-mean.ts';
import { TOO_MANY_LEVELS } from '../form/read-tasks.ts';
import type { Path, Report } from '../problem.ts';
import { checkBudget, checkCount, checkName } from './value-rules.ts';

/** Characters that the place of an item may add to a path: `[999999999]`. */
const ITEM_CHARS = 11;

/** What holds of blocks as such: their tasks have names of their own, and what is said about the whole makes sense. */
export function checkBlocks(blocks: readonly BlockPlace[], report: Report): void {
  const room = new Map<BlockPlace, number>();
  for (const place of blocks) {
    const { block, path, owner } = place;
    // A strategy may add them.
    if (block.tasks.length === 0 && block.team === undefined) {
      if (owner === undefined) report(['tasks'], 'a workflow needs at least one task');
      else report([...path, 'scope'], 'is empty: a scope needs at least one task');
    }
    checkIds(place, report);
    const begun = owner === undefined ? 0 : (room.get(owner.group.block) ?? 0) + charsOf(owner.task) + 1;
    room.set(place, begun);
    for (const group of place.groups) checkPaths(group, begun, report);
    if (block.concurrency !== undefined && owner !== undefined)
      checkCount(block.concurrency, [...path, 'concurrency'], report);
    if (owner !== undefined && block.strategy !== undefined)
      checkName(block.strategy, [...path, 'strategy'], 'the name of a strategy', report);
    if (block.budget !== undefined) checkBudget(block.budget, [...path, 'budget'], report);
    if (block.team !== undefined && teamsAround(place) >= MAX_TEAMS)
      report([...path, 'strategy'], `leads a team in ${MAX_TEAMS} teams; that is as many as may be in each other`);
    if (block.team !== undefined && block.catch !== undefined)
      report(
        [...path, 'catch'],
        'has nothing to catch: the failures of its tasks are for the strategy of the team; put it around the team',
      );
    for (const [index, clause] of (block.catch ?? []).entries())
      checkClause(clause, place, [...path, 'catch', index], report);
    checkLoop(place, [...path, 'loop'], report);
  }
}

/** Teams in each other. */
const MAX_TEAMS = 4;

function teamsAround(place: BlockPlace): number {
  let count = 0;
  for (let at = place.owner?.group.block; at !== undefined; at = at.owner?.group.block)
    if (at.block.team !== undefined) count += 1;
  return count;
}

const charsOf = (task: TaskDefinition): number => task.id.length + (isList(task) ? ITEM_CHARS : 0);

function checkPaths({ tasks, path, block }: TaskGroup, begun: number, report: Report): void {
  for (const task of tasks) {
    if (begun > 0 && begun + charsOf(task) > MAX_PATH_CHARS)
      report(
        [...path, task.id],
        `its path may have more than ${MAX_PATH_CHARS} characters; use shorter ids, or fewer levels`,
      );
    if (task.scope !== undefined && block.level === MAX_LEVELS) report([...path, task.id, 'scope'], TOO_MANY_LEVELS);
  }
}

/** Ids differ within a block, its handlers included, and from those of the blocks around it. */
function checkIds(place: BlockPlace, report: Report): void {
  const around: BlockPlace[] = [];
  for (let outer = place.owner?.group.block; outer !== undefined; outer = outer.owner?.group.block) around.push(outer);
  const seen = new Set<string>();
  for (const { tasks, path } of place.groups) {
    for (const { id } of tasks) {
      if (seen.has(id)) report([...path, id], `there is another task '${id}'; ids must differ`);
      else if (around.some(({ groups }) => groups.some(({ known }) => known.has(id))))
        report([...path, id], `there is a task '${id}' in a block around this one, too; give it another id`);
      seen.add(id);
    }
  }
}

function checkClause(clause: Catch, { main }: BlockPlace, path: Path, report: Report): void {
  const { codes, causes, tasks, handler, then, max, output } = clause;
  for (const [key, list] of Object.entries({ code: codes, cause: causes, task: tasks })) {
    if (list?.length === 0) report([...path, 'on', key], 'is empty, so that nothing would fit; leave it out');
    if (list?.includes('') === true) report([...path, 'on', key], 'one is empty');
  }
  for (const id of tasks ?? []) {
    if (!main.known.has(id))
      report([...path, 'on', 'task'], `there is no task '${id}' in this block${didYouMean(id, main.known.keys())}`);
  }
  if (handler?.length === 0) report([...path, 'do'], 'is empty; leave it out');
  if (then === 'retry' && max === undefined) report(path, 'needs max: how often the block is run again at most');
  if (max !== undefined && then !== 'retry') report([...path, 'max'], 'belongs to then: retry');
  else if (max !== undefined) checkCount(max, [...path, 'max'], report);
  if (output !== undefined && then !== 'continue') report([...path, 'output'], 'belongs to then: continue');
}

function checkLoop({ block: { loop } }: BlockPlace, path: Path, report: Report): void {
  if (loop === undefined) return;
  if (loop.while === undefined && loop.until === undefined)
    report(path, 'needs while (asked before each round) or until (asked after it)');
  checkCount(loop.max, [...path, 'max'], report);
}
