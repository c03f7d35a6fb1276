import type { JsonObject, TeamTask } from '@reprise/core/plugin';
import { type Desk, hasEnded } from './desk.ts';
import { codeOf } from './ending.ts';
import type { HandOffSpec, Rules } from './spec.ts';

const MOST_PERIOD = 4;

/** One task, the floor: whoever has it hands it on, or completes it. The strategy decides whether the next one gets it. */
export function handOff(desk: Desk, spec: HandOffSpec, { bounds }: Rules): void {
  const { ledger, view } = desk;
  const { team } = view;
  desk.hear();
  if (desk.isOver) return;
  const floor = ledger.floor === null ? undefined : team.tasks.get(ledger.floor);
  if (floor === undefined) return begin(desk, spec);
  // It was begun again: what it was handed on before counts no more.
  if (floor.handOffs.length < ledger.looked) Object.assign(ledger, { looked: 0, base: 0, since: 0, circles: 0 });
  if (ledger.over && !resume(desk, floor)) return;
  if (hasEnded(floor)) return end(desk, floor);
  if (floor.status === 'ready' && floor.handOffs.length > ledger.looked) {
    look(desk, spec, floor, bounds);
    if (desk.said.length > 0) return;
  }
  desk.assignInOrder(view.groups);
}

function begin(desk: Desk, { first, members, task = {} }: HandOffSpec): void {
  const id = desk.freeId('floor');
  desk.ledger.floor = id;
  const floor: JsonObject = { ...task, agent: first ?? members[0] ?? '', may: ['handOff'] };
  desk.say({ kind: 'add', tasks: { [id]: floor }, why: `${floor['agent']} has the floor` });
}

/** Asked again after it gave up: bounds count anew, and a floor that failed is begun again. False: that is all for now. */
function resume(desk: Desk, { id, handOffs, error, status }: TeamTask): boolean {
  const { ledger } = desk;
  const { length } = handOffs;
  Object.assign(ledger, { over: false, looked: length, base: length, since: length, circles: 0, broken: false });
  if (status !== 'failed') return true;
  desk.say({ kind: 'reject', task: id, feedback: error === undefined ? null : { ...error } });
  return false;
}

function end(desk: Desk, floor: TeamTask): void {
  const { id, status, output = null, error } = floor;
  if (status === 'completed') return desk.finish(output);
  const why = error === undefined ? `was ${status}.` : `failed: ${error.message}`;
  desk.giveUp(codeOf(floor), `'${id}', which goes from hand to hand, ${why}`, id);
}

/** Whether who was handed the floor gets it. What is new in the ledger is said with the decision, or with none. */
function look(desk: Desk, spec: HandOffSpec, { id, handOffs }: TeamTask, bounds: Rules['bounds']): void {
  const { ledger } = desk;
  const count = handOffs.length - ledger.base;
  const last = handOffs.at(-1);
  if (last === undefined) return;
  ledger.looked = handOffs.length;
  if (count > bounds.handOffs) {
    const message = `'${id}' was handed on ${count} times, and ${bounds.handOffs} are as many as the team may.`;
    return desk.giveUp('REPRISE_HAND_OFFS_EXHAUSTED', message, id);
  }
  const names = handOffs.slice(ledger.since).map(({ to }) => to);
  const period = periodOf(names);
  if (period > 0) {
    ledger.circles += 1;
    ledger.since = handOffs.length;
    if (ledger.circles >= bounds.circles) {
      const circle = names.slice(-period).join(', ');
      if (spec.onCircle === undefined || ledger.broken || count >= bounds.handOffs)
        return desk.giveUp('REPRISE_HAND_OFF_CIRCLE', `'${id}' goes in circles: ${circle}, and again.`, id);
      ledger.broken = true;
      ledger.circles = 0;
      ledger.looked += 1;
      ledger.since += 1;
      return desk.say({ kind: 'handOver', task: id, agent: spec.onCircle, why: `it went in circles: ${circle}` });
    }
  }
  const why = whyNot(desk, spec, last.to);
  if (why === undefined) return desk.note(`${last.to} has the floor${last.why === undefined ? '' : `: ${last.why}`}`);
  if (count >= bounds.handOffs)
    return desk.giveUp(
      'REPRISE_HAND_OFFS_EXHAUSTED',
      `'${id}' was handed on ${count} times, the last time to ${why}.`,
      id,
    );
  ledger.looked += 1;
  desk.say({ kind: 'handOver', task: id, agent: last.from, why: `back: it was handed to ${why}` });
}

function whyNot({ view: { agents } }: Desk, { members }: HandOffSpec, to: string): string | undefined {
  if (!members.includes(to)) return `'${to}', who is no member`;
  const agent = agents.get(to);
  if (agent === undefined) return `'${to}', who is not there`;
  return agent.rested ? `'${to}', who is rested` : undefined;
}

/** The least number of hand-offs that come twice over at the end; 0: none. */
function periodOf(names: readonly string[]): number {
  for (let k = 1; k <= MOST_PERIOD && 2 * k <= names.length; k += 1) {
    const last = names.slice(-k);
    if (names.slice(-2 * k, -k).every((name, index) => name === last[index])) return k;
  }
  return 0;
}
