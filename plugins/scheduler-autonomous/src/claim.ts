import type { JsonObject } from '@reprise/core/plugin';
import { type Desk, groupOf, type Work } from './desk.ts';
import { boardOf, endIfDone, ownTasks, resumeWork } from './ending.ts';
import type { Claimer, ClaimSpec, Rules } from './spec.ts';

/** A blackboard: what is ready goes to the members whose trigger holds. */
export function claim(desk: Desk, spec: ClaimSpec, rules: Rules): void {
  desk.hear();
  if (desk.isOver) return;
  if (resumeWork(desk, rules)) return;
  endIfDone(desk, spec, rules);
  if (desk.isOver) return;
  const { work, others } = desk.ready();
  const open = openClaims(desk);
  const isUnderWay = open.size > 0 || isBusy(desk);
  const board = boardOf(desk);
  const left: Work[] = [];
  let claimed = false;
  for (const one of work) {
    if (desk.slots() <= 0) break;
    const able = spec.members.filter((member) => isAble(desk, member, one, board));
    const [best] = able
      .filter(({ agent, atOnce = 1 }) => (open.get(agent) ?? 0) < atOnce && desk.room(agent, one.capability) > 0)
      .sort((member, other) => order(member, other, one, open));
    if (best !== undefined && desk.assign(one, best.agent, 'claim')) {
      open.set(best.agent, (open.get(best.agent) ?? 0) + 1);
      claimed = true;
    } else if (able.length === 0) left.push(one);
  }
  desk.assignInOrder(others);
  const [first] = left;
  if (first === undefined || claimed || isUnderWay || left.length < work.length || desk.said.some(isAssigned)) return;
  if (spec.onNoClaim === 'assign') return desk.assignInOrder(left.map(groupOf));
  const more = left.length === 1 ? '' : `, nor ${left.length - 1} more`;
  desk.giveUp('REPRISE_NOT_CLAIMED', `Nobody claims '${first.task.id}'${more}, and nothing else is under way.`);
}

const isAssigned = ({ kind = 'assign' }: Desk['said'][number]): boolean => kind === 'assign';

/** Who failed at it comes last, the one that did so longest ago first; then fewest claims, then the order of the members. */
const order = (
  { agent: one }: Claimer,
  { agent: other }: Claimer,
  { ready: { tried } }: Work,
  open: ReadonlyMap<string, number>,
): number => tried.indexOf(one) - tried.indexOf(other) || (open.get(one) ?? 0) - (open.get(other) ?? 0);

function openClaims(desk: Desk): Map<string, number> {
  const open = new Map<string, number>();
  for (const { agent, capability, status } of ownTasks(desk))
    if (agent !== undefined && capability !== undefined && (status === 'scheduled' || status === 'running'))
      open.set(agent, (open.get(agent) ?? 0) + 1);
  return open;
}

const isBusy = (desk: Desk): boolean =>
  ownTasks(desk).some(({ status }) => status === 'scheduled' || status === 'running' || status === 'waiting');

/** A trigger that cannot be asked does not hold. */
function isAble(desk: Desk, { agent, trigger }: Claimer, { task, capability }: Work, board: JsonObject): boolean {
  const there = desk.view.agents.get(agent);
  if (there === undefined || there.rested || !there.capabilities.includes(capability)) return false;
  if (trigger === undefined) return true;
  try {
    return desk.view.team.holds(trigger, { work: workOf(task, capability), board });
  } catch {
    return false;
  }
}

/** A task, as expressions and bidders see it. */
export const workOf = ({ id, priority, input = null, tries }: Work['task'], capability: string): JsonObject => ({
  id,
  capability,
  priority,
  input,
  tries,
});
